use std::fmt;
use std::str::FromStr;

use aurora_core::id::{Id, IdKind};
use aurora_core::time::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::MediaType;

/// Names a file: `fil_` and 32 hexadecimal digits.
pub type FileId = Id<File>;

/// A stored file. It never changes: another content is another file.
///
/// `Debug` does not show its name, which may be personal data.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// Its name for programs.
    pub id: FileId,
    /// Its name for people.
    pub name: String,
    /// What it is, by its content.
    pub media_type: MediaType,
    /// How many bytes it has.
    pub size: u64,
    /// The hash of its content.
    pub sha256: FileHash,
    /// What it belongs to.
    pub subject: Option<FileSubject>,
    /// Who sent it, as [`Context::principal`](crate::Context) named them.
    pub uploaded_by: String,
    /// When it was sent.
    pub created_at: Timestamp,
}

impl IdKind for File {
    const PREFIX: &'static str = "fil";
}

impl fmt::Debug for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("File")
            .field("id", &self.id)
            .field("media_type", &self.media_type)
            .field("size", &self.size)
            .finish_non_exhaustive()
    }
}

/// SHA-256 (FIPS 180-4) of a content; as text 64 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct FileHash(pub [u8; 32]);

impl fmt::Display for FileHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// The text is no hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a SHA-256 is 64 hexadecimal digits")]
pub struct InvalidFileHash;

impl FromStr for FileHash {
    type Err = InvalidFileHash;

    fn from_str(text: &str) -> Result<Self, InvalidFileHash> {
        let (digits, []) = text.as_bytes().as_chunks::<2>() else {
            return Err(InvalidFileHash);
        };
        let digit = |byte: u8| {
            char::from(byte)
                .to_digit(16)
                .and_then(|digit| u8::try_from(digit).ok())
        };
        let bytes: Option<Vec<u8>> = digits
            .iter()
            .map(|[high, low]| Some((digit(*high)? << 4) | digit(*low)?))
            .collect();
        let bytes = bytes.and_then(|bytes| bytes.try_into().ok());
        bytes.map(Self).ok_or(InvalidFileHash)
    }
}

aurora_core::serde_as_text!(FileHash);

/// What a file belongs to: anything with an id. As text it is that id, such as `cli_019a…`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FileSubject {
    pub(super) kind: String,
    pub(super) id: Uuid,
}

impl FileSubject {
    /// The letters before the underscore of its id: `cli` for a client.
    #[must_use]
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// The id, if the subject is of this kind.
    #[must_use]
    pub fn id<T: IdKind>(&self) -> Option<Id<T>> {
        (self.kind == T::PREFIX).then(|| Id::from_uuid(self.id))
    }
}

impl<T: IdKind> From<Id<T>> for FileSubject {
    fn from(id: Id<T>) -> Self {
        Self {
            kind: T::PREFIX.to_owned(),
            id: id.uuid(),
        }
    }
}

impl fmt::Display for FileSubject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}", self.kind, self.id.as_simple())
    }
}

/// The text is no id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected an id: a prefix of up to 16 lower-case letters, an underscore and 32 hexadecimal digits")]
pub struct InvalidFileSubject;

impl FromStr for FileSubject {
    type Err = InvalidFileSubject;

    fn from_str(text: &str) -> Result<Self, InvalidFileSubject> {
        let (kind, id) = text.split_once('_').ok_or(InvalidFileSubject)?;
        let is_kind = (1..=16).contains(&kind.len()) && kind.bytes().all(|byte| byte.is_ascii_lowercase());
        if !is_kind || id.len() != 32 {
            return Err(InvalidFileSubject); // `Uuid` would also take hyphens and braces
        }
        Ok(Self {
            kind: kind.to_owned(),
            id: Uuid::try_parse(id).map_err(|_| InvalidFileSubject)?,
        })
    }
}

aurora_core::serde_as_text!(FileSubject);
