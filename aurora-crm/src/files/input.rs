use std::fmt;

use aurora_core::time::Timestamp;

use super::{File, FileHash, FileId, FileSubject, MediaType};
use crate::context::Context;
use crate::error::{Error, ErrorKind};
use crate::fields::Fields;

const MAX_NAME: usize = 255;

/// What is known of a file before its bytes come.
///
/// The name is for people: of a path only what stands behind the last `/` or `\` is kept, and it has 1 to 255 characters
/// without control characters and without those that turn the direction of writing, by which `fdp.exe` can look like
/// `exe.pdf`. It is never part of a place on a disk or in a bucket.
///
/// # Examples
/// ```
/// use aurora_crm::files::NewFile;
///
/// let new = NewFile::new("Laudo João.pdf").media_type("application/pdf").size(48_213);
/// ```
#[derive(Clone, PartialEq)]
pub struct NewFile {
    id: Option<FileId>,
    name: String,
    media_type: Option<String>,
    size: Option<u64>,
    sha256: Option<FileHash>,
    subject: Option<FileSubject>,
}

impl NewFile {
    /// A file of this name.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            id: None,
            name: name.into(),
            media_type: None,
            size: None,
            sha256: None,
            subject: None,
        }
    }

    /// The number that was made for it beforehand, such as the one in a link to send it by; a second file of the same
    /// number is refused.
    #[must_use]
    pub const fn id(mut self, id: FileId) -> Self {
        self.id = Some(id);
        self
    }

    /// The media type that its sender declares. One that is not known here is passed over; one that the content
    /// contradicts is refused ([`MediaType::agree`]).
    #[must_use]
    pub fn media_type(mut self, text: impl Into<String>) -> Self {
        self.media_type = Some(text.into());
        self
    }

    /// How many bytes its sender declares (`Content-Length`). Too many are refused before any is read, and a content of
    /// another length is refused as incomplete.
    #[must_use]
    pub const fn size(mut self, bytes: u64) -> Self {
        self.size = Some(bytes);
        self
    }

    /// The hash that its sender declares; another content is refused.
    #[must_use]
    pub const fn sha256(mut self, hash: FileHash) -> Self {
        self.sha256 = Some(hash);
        self
    }

    /// What the file belongs to, such as a client.
    #[must_use]
    pub fn subject(mut self, subject: impl Into<FileSubject>) -> Self {
        self.subject = Some(subject.into());
        self
    }

    /// Checks every field and tells all that is wrong at once. What only the content tells is blank.
    pub(super) fn check(self, context: &Context, limit: u64, now: Timestamp) -> Result<Declared, Error> {
        let mut fields = Fields::default();
        let name = last_of_path(&self.name);
        let name = fields.line("name", name, MAX_NAME);
        if matches!(name.as_str(), "." | "..") {
            fields.refuse("name", "invalid", "must be the name of a file");
        } else if name.chars().any(turns) {
            fields.refuse(
                "name",
                "invalid",
                "must not hold characters that turn the direction of writing",
            );
        }
        match self.size {
            Some(0) => fields.refuse("content", "required", "must not be empty"),
            Some(size) if size > limit => {
                fields.refuse(
                    "content",
                    "too_large",
                    format_args!("must have at most {limit} bytes"),
                );
            }
            _ => {}
        }
        let file = File {
            id: self.id.unwrap_or_else(|| FileId::new(now)),
            name,
            media_type: MediaType::Binary,
            size: 0,
            sha256: FileHash::default(),
            subject: self.subject,
            uploaded_by: context.principal.clone(),
            created_at: now,
        };
        fields.finish(Declared {
            file,
            media_type: self.media_type.and_then(|text| text.parse().ok()),
            size: self.size,
            sha256: self.sha256,
        })
    }
}

/// What is known of a file before its bytes come, checked.
pub(super) struct Declared {
    pub(super) file: File,
    pub(super) media_type: Option<MediaType>,
    pub(super) size: Option<u64>,
    pub(super) sha256: Option<FileHash>,
}

pub(super) fn too_large(limit: u64) -> Error {
    refused(
        "content",
        "too_large",
        format_args!("must have at most {limit} bytes"),
    )
}

pub(super) fn over_quota(quota: u64) -> Error {
    refused(
        "content",
        "over_quota",
        format_args!("the workspace may store {quota} bytes"),
    )
}

/// One field that is wrong.
pub(super) fn refused(field: &str, code: &'static str, message: impl fmt::Display) -> Error {
    let mut fields = Fields::default();
    fields.refuse(field, code, message);
    fields.finish(()).err().unwrap_or(Error::new(ErrorKind::Internal))
}

/// Old browsers send the path on the sender's machine; RFC 7578 §4.2 says not to use it.
fn last_of_path(name: &str) -> &str {
    name.rsplit(['/', '\\']).next().unwrap_or_default()
}

/// <https://www.unicode.org/reports/tr9/#Explicit_Directional_Embeddings> and the isolates after it.
const fn turns(sign: char) -> bool {
    matches!(sign, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

impl fmt::Debug for NewFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewFile")
            .field("id", &self.id)
            .field("size", &self.size)
            .field("subject", &self.subject)
            .finish_non_exhaustive()
    }
}
