//! Signed tokens of pages and of visitors.

use std::fmt;

use aurora_core::secret::Secret;
use aurora_core::time::Timestamp;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use uuid::Uuid;

use crate::channels::ChannelId;
use crate::workspaces::WorkspaceId;

/// The least bytes of a secret: as many as the hash has (RFC 2104 §3).
const SECRET_BYTES: usize = 32;
const MAX_KEY_ID: usize = 16;
const PAYLOAD_BYTES: usize = 57;
/// The longest token: the name of a key, payload and signature in base64url, two full stops.
const MAX_TOKEN: usize = MAX_KEY_ID + 76 + 43 + 2;
/// Keeps these signatures apart from any other use of the same secret; the end is the version.
const PURPOSE: &[u8] = b"aurora-crm web chat 1\0";

/// A secret is too short, the name of a key is unusable, or two keys have the same name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a key needs a secret of at least 32 bytes and a name of its own of 1 to 16 letters, digits, - and _"
)]
pub struct InvalidWebChatKey;

/// What a token says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Grant {
    /// A page of a workspace, on which visitors can begin.
    Page(WorkspaceId, ChannelId),
    /// A visitor of it.
    Visitor(Visitor),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Visitor {
    pub(super) workspace: WorkspaceId,
    pub(super) channel: ChannelId,
    pub(super) id: Uuid,
    pub(super) expires_at: Timestamp,
}

impl Grant {
    fn to_bytes(self) -> [u8; PAYLOAD_BYTES] {
        let (kind, workspace, channel, visitor, secs) = match self {
            Self::Page(workspace, channel) => (0, workspace, channel, Uuid::nil(), i64::MAX),
            Self::Visitor(it) => (1, it.workspace, it.channel, it.id, it.expires_at.as_secs()),
        };
        let mut bytes = [0; PAYLOAD_BYTES];
        let parts = std::iter::once(kind)
            .chain(workspace.uuid().into_bytes())
            .chain(channel.uuid().into_bytes())
            .chain(visitor.into_bytes())
            .chain(secs.to_be_bytes());
        for (slot, byte) in bytes.iter_mut().zip(parts) {
            *slot = byte;
        }
        bytes
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (&[kind], rest) = bytes.split_first_chunk::<1>()?;
        let (workspace, rest) = rest.split_first_chunk::<16>()?;
        let (channel, rest) = rest.split_first_chunk::<16>()?;
        let (visitor, rest) = rest.split_first_chunk::<16>()?;
        let secs = i64::from_be_bytes(rest.try_into().ok()?);
        let workspace = WorkspaceId::from_uuid(Uuid::from_bytes(*workspace));
        let channel = ChannelId::from_uuid(Uuid::from_bytes(*channel));
        match kind {
            0 => Some(Self::Page(workspace, channel)),
            1 => Some(Self::Visitor(Visitor {
                workspace,
                channel,
                id: Uuid::from_bytes(*visitor),
                expires_at: Timestamp::from_secs(secs),
            })),
            _ => None,
        }
    }
}

/// Signs and checks the tokens of pages and visitors: the name of the key, what the token says, and the HMAC-SHA256 of both.
#[derive(Clone)]
pub struct WebChatKeys {
    present: Key,
    former: Vec<Key>,
}

#[derive(Clone)]
struct Key {
    id: String,
    key: Hmac<Sha256>,
}

impl WebChatKeys {
    /// Signs with a secret of at least 32 bytes, under a name that stands in each token.
    ///
    /// # Errors
    /// [`InvalidWebChatKey`].
    pub fn new(id: impl Into<String>, secret: impl Into<Secret>) -> Result<Self, InvalidWebChatKey> {
        Ok(Self {
            present: Key::new(id.into(), &secret.into())?,
            former: Vec::new(),
        })
    }

    /// Takes tokens too that were signed with a former secret.
    ///
    /// # Errors
    /// [`InvalidWebChatKey`].
    pub fn accepting(
        mut self,
        id: impl Into<String>,
        secret: impl Into<Secret>,
    ) -> Result<Self, InvalidWebChatKey> {
        let key = Key::new(id.into(), &secret.into())?;
        if self.keys().any(|other| other.id == key.id) {
            return Err(InvalidWebChatKey);
        }
        self.former.push(key);
        Ok(self)
    }

    pub(super) fn sign(&self, grant: Grant) -> String {
        let signed = format!("{}.{}", self.present.id, URL_SAFE_NO_PAD.encode(grant.to_bytes()));
        let mac = mac(&self.present.key, &signed).finalize().into_bytes();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(mac))
    }

    /// What a token says, if it was signed here. The signatures are compared in constant time.
    pub(super) fn read(&self, token: &str) -> Option<Grant> {
        if token.len() > MAX_TOKEN {
            return None;
        }
        let (signed, signature) = token.rsplit_once('.')?;
        let (id, payload) = signed.split_once('.')?;
        let key = self.keys().find(|key| key.id == id)?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        mac(&key.key, signed).verify_slice(&signature).ok()?;
        Grant::from_bytes(&URL_SAFE_NO_PAD.decode(payload).ok()?)
    }

    fn keys(&self) -> impl Iterator<Item = &Key> {
        std::iter::once(&self.present).chain(&self.former)
    }
}

impl fmt::Debug for WebChatKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebChatKeys").finish_non_exhaustive()
    }
}

impl Key {
    fn new(id: String, secret: &Secret) -> Result<Self, InvalidWebChatKey> {
        let secret = secret.expose().as_bytes();
        let is_named = (1..=MAX_KEY_ID).contains(&id.len())
            && id
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        if !is_named || secret.len() < SECRET_BYTES {
            return Err(InvalidWebChatKey);
        }
        Ok(Self {
            id,
            key: Hmac::new_from_slice(secret).map_err(|_| InvalidWebChatKey)?,
        })
    }
}

fn mac(key: &Hmac<Sha256>, signed: &str) -> Hmac<Sha256> {
    let mut mac = key.clone();
    mac.update(PURPOSE);
    mac.update(signed.as_bytes());
    mac
}
