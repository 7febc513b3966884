//! Signed links by which somebody without an account can fetch or send one file for a while.

use std::fmt;
use std::time::Duration;

use aurora_core::id::Id;
use aurora_core::secret::Secret;
use aurora_core::time::Timestamp;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use uuid::Uuid;

use super::{Disposition, FileId};
use crate::workspaces::WorkspaceId;

/// The least bytes of a secret: as many as the hash has (RFC 2104 §3).
const SECRET_BYTES: usize = 32;
const MAC_BYTES: usize = 32;
const PAYLOAD_BYTES: usize = 42;
/// The length of the payload and of the signature in base64url.
const TOKEN_TEXT: usize = PAYLOAD_BYTES.div_ceil(3) * 4 + 43 + 2 + MAX_KEY_ID;
const MAX_KEY_ID: usize = 16;
/// Keeps these signatures apart from any other use of the same secret; the end is the version.
const PURPOSE: &[u8] = b"aurora-crm file link 1\0";

/// What a link allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FileAction {
    /// Fetching the file.
    Download,
    /// Sending the file, once, under the number in the link; see [`NewFile::id`](super::NewFile::id).
    Upload,
}

/// What a valid link says: everything that whoever holds it may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct FileGrant {
    /// Whose file it is: the workspace of the [`Context`](crate::Context) to answer with.
    pub workspace: WorkspaceId,
    /// Which file.
    pub file: FileId,
    /// What may be done with it.
    pub action: FileAction,
    /// How a browser is to treat it, where the link says so.
    pub disposition: Option<Disposition>,
    /// When the link stops counting, exclusive; in whole seconds.
    pub expires_at: Timestamp,
}

impl FileGrant {
    /// Fetching a file of a workspace until `expires_at`.
    #[must_use]
    pub const fn download(workspace: WorkspaceId, file: FileId, expires_at: Timestamp) -> Self {
        Self::new(workspace, file, FileAction::Download, expires_at)
    }

    /// Sending a file of a workspace until `expires_at`, under a number made beforehand.
    #[must_use]
    pub const fn upload(workspace: WorkspaceId, file: FileId, expires_at: Timestamp) -> Self {
        Self::new(workspace, file, FileAction::Upload, expires_at)
    }

    const fn new(workspace: WorkspaceId, file: FileId, action: FileAction, expires_at: Timestamp) -> Self {
        Self {
            workspace,
            file,
            action,
            disposition: None,
            expires_at,
        }
    }

    /// Says how a browser is to treat the file.
    #[must_use]
    pub const fn disposition(mut self, disposition: Disposition) -> Self {
        self.disposition = Some(disposition);
        self
    }

    fn to_bytes(self) -> [u8; PAYLOAD_BYTES] {
        let action = match self.action {
            FileAction::Download => 1,
            FileAction::Upload => 2,
        };
        let disposition = match self.disposition {
            None => 0,
            Some(Disposition::Attachment) => 1,
            Some(Disposition::Inline) => 2,
        };
        let mut bytes = [0; PAYLOAD_BYTES];
        let parts = self.workspace.uuid().into_bytes().into_iter();
        let parts = parts
            .chain(self.file.uuid().into_bytes())
            .chain([action, disposition]);
        let parts = parts.chain(self.expires_at.as_secs().to_be_bytes());
        for (slot, byte) in bytes.iter_mut().zip(parts) {
            *slot = byte;
        }
        bytes
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (workspace, rest) = bytes.split_first_chunk::<16>()?;
        let (file, rest) = rest.split_first_chunk::<16>()?;
        let (&[action, disposition], rest) = rest.split_first_chunk::<2>()?;
        let expires_at = i64::from_be_bytes(rest.try_into().ok()?);
        Some(Self {
            workspace: Id::from_uuid(Uuid::from_bytes(*workspace)),
            file: Id::from_uuid(Uuid::from_bytes(*file)),
            action: match action {
                1 => FileAction::Download,
                2 => FileAction::Upload,
                _ => return None,
            },
            disposition: match disposition {
                0 => None,
                1 => Some(Disposition::Attachment),
                2 => Some(Disposition::Inline),
                _ => return None,
            },
            expires_at: Timestamp::from_secs(expires_at),
        })
    }
}

/// Why a link is not made or not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FileLinkError {
    /// The link was not made here, was changed, or has expired; which of them is not told.
    #[error("the link is not valid or has expired")]
    Invalid,
    /// A secret is too short, the name of a key is unusable, or two keys have the same name.
    #[error(
        "a key needs a secret of at least 32 bytes and a name of its own of 1 to 16 letters, digits, - and _"
    )]
    Key,
    /// A link would count for less than a second or for more than seven days.
    #[error("a link counts for 1 second to 7 days")]
    Lifetime,
}

/// Makes and checks signed links.
///
/// A link's text is the name of the key, what it allows, and the HMAC-SHA256 of both, with full stops between them: 101
/// characters and the name, which are safe in a URL. It holds no name of a file or person. It cannot be changed, but
/// whoever has it can use it until it expires or the file is deleted.
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use aurora_core::time::Timestamp;
/// use aurora_crm::files::{FileGrant, FileId, FileLinks};
/// use aurora_crm::workspaces::WorkspaceId;
///
/// let links = FileLinks::new("2026-12", "0123456789abcdef0123456789abcdef")?
///     .accepting("2026-11", "fedcba9876543210fedcba9876543210")?;
/// let now = Timestamp::from_secs(1_767_225_600);
/// let grant = FileGrant::download(WorkspaceId::new(now), FileId::new(now), now + Duration::from_secs(3_600));
/// let link = links.sign(&grant, now)?;
/// assert_eq!(links.verify(&link, now)?, grant);
/// # Ok::<(), aurora_crm::files::FileLinkError>(())
/// ```
#[derive(Clone)]
pub struct FileLinks {
    present: Key,
    former: Vec<Key>,
}

#[derive(Clone)]
struct Key {
    id: String,
    key: Hmac<Sha256>,
}

impl FileLinks {
    /// The least time that a link counts.
    pub const MIN_LIFETIME: Duration = Duration::from_secs(1);
    /// The most time that a link counts.
    pub const MAX_LIFETIME: Duration = Duration::from_secs(7 * 24 * 60 * 60);

    /// Signs with a secret of at least 32 bytes, under a name that stands in each link.
    ///
    /// # Errors
    /// [`FileLinkError::Key`].
    pub fn new(id: impl Into<String>, secret: impl Into<Secret>) -> Result<Self, FileLinkError> {
        Ok(Self {
            present: Key::new(id.into(), &secret.into())?,
            former: Vec::new(),
        })
    }

    /// Takes links too that were signed with a former secret, so that a new one makes none of them invalid. It can go
    /// seven days after it signed for the last time.
    ///
    /// # Errors
    /// [`FileLinkError::Key`].
    pub fn accepting(
        mut self,
        id: impl Into<String>,
        secret: impl Into<Secret>,
    ) -> Result<Self, FileLinkError> {
        let key = Key::new(id.into(), &secret.into())?;
        if self.keys().any(|other| other.id == key.id) {
            return Err(FileLinkError::Key);
        }
        self.former.push(key);
        Ok(self)
    }

    /// The text of a link, signed with the present secret. Parts of a second of its end are cut off.
    ///
    /// # Errors
    /// [`FileLinkError::Lifetime`].
    pub fn sign(&self, grant: &FileGrant, now: Timestamp) -> Result<String, FileLinkError> {
        let expires_at = Timestamp::from_secs(grant.expires_at.as_secs());
        // `since` is zero for an end that has passed.
        if !(Self::MIN_LIFETIME..=Self::MAX_LIFETIME).contains(&expires_at.since(now)) {
            return Err(FileLinkError::Lifetime);
        }
        let signed = format!("{}.{}", self.present.id, URL_SAFE_NO_PAD.encode(grant.to_bytes()));
        let mac = mac(&self.present.key, &signed).finalize().into_bytes();
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(mac)))
    }

    /// What a link allows, if it was made here and has not expired. Nothing is looked up: that the file exists shows
    /// when it is asked for in the workspace of the grant.
    ///
    /// # Errors
    /// [`FileLinkError::Invalid`] whatever is wrong. The signatures are compared in constant time.
    pub fn verify(&self, link: &str, now: Timestamp) -> Result<FileGrant, FileLinkError> {
        self.read(link)
            .filter(|grant| now < grant.expires_at)
            .ok_or(FileLinkError::Invalid)
    }

    fn read(&self, link: &str) -> Option<FileGrant> {
        if link.len() > TOKEN_TEXT {
            return None;
        }
        let (signed, mac) = link.rsplit_once('.')?;
        let (id, payload) = signed.split_once('.')?;
        let key = self.keys().find(|key| key.id == id)?;
        let mac = URL_SAFE_NO_PAD
            .decode(mac)
            .ok()
            .filter(|mac| mac.len() == MAC_BYTES)?;
        self::mac(&key.key, signed).verify_slice(&mac).ok()?;
        FileGrant::from_bytes(&URL_SAFE_NO_PAD.decode(payload).ok()?)
    }

    fn keys(&self) -> impl Iterator<Item = &Key> {
        std::iter::once(&self.present).chain(&self.former)
    }
}

impl fmt::Debug for FileLinks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileLinks").finish_non_exhaustive()
    }
}

impl Key {
    fn new(id: String, secret: &Secret) -> Result<Self, FileLinkError> {
        let secret = secret.expose().as_bytes();
        let named = (1..=MAX_KEY_ID).contains(&id.len())
            && id
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        if !named || secret.len() < SECRET_BYTES {
            return Err(FileLinkError::Key);
        }
        Ok(Self {
            id,
            key: Hmac::new_from_slice(secret).map_err(|_| FileLinkError::Key)?,
        })
    }
}

fn mac(key: &Hmac<Sha256>, signed: &str) -> Hmac<Sha256> {
    let mut mac = key.clone();
    mac.update(PURPOSE);
    mac.update(signed.as_bytes());
    mac
}

#[cfg(test)]
mod tests;
