//! The JSON of files and links.

use aurora_core::config;
use aurora_crm::files::{Disposition, File};
use axum::http::header::{ETAG, LOCATION};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A stored file. It never changes: another content is another file.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = File)]
pub(super) struct FileView {
    /// `fil_` and 32 hexadecimal digits.
    #[schema(example = "fil_0190a8b0c0de7000800000000000000a")]
    id: String,
    /// Its name for people; of a path only the last part is kept.
    #[schema(example = "Laudo João.pdf")]
    name: String,
    /// What it is, by its content.
    #[schema(example = "application/pdf")]
    media_type: &'static str,
    /// How many bytes it has.
    size: u64,
    /// SHA-256 of its content, 64 hexadecimal digits.
    sha256: String,
    /// What it belongs to, such as `cli_…`.
    subject: Option<String>,
    /// Who sent it.
    uploaded_by: String,
    /// RFC 3339, UTC.
    #[schema(format = DateTime)]
    created_at: String,
}

impl From<File> for FileView {
    fn from(file: File) -> Self {
        Self {
            id: file.id.to_string(),
            name: file.name,
            media_type: file.media_type.as_str(),
            size: file.size,
            sha256: file.sha256.to_string(),
            subject: file.subject.map(|subject| subject.to_string()),
            uploaded_by: file.uploaded_by,
            created_at: file.created_at.to_string(),
        }
    }
}

/// The hash of the content, as a strong etag.
pub(super) fn etag(file: &File) -> HeaderValue {
    HeaderValue::try_from(format!("\"{}\"", file.sha256)).unwrap_or(HeaderValue::from_static("\"\""))
}

/// The answer to a file that was taken.
pub(super) fn stored(file: File) -> Response {
    let location = HeaderValue::try_from(format!("/api/v1/files/{}", file.id));
    let tag = etag(&file);
    let mut response = (
        StatusCode::CREATED,
        [(ETAG, tag)],
        axum::Json(FileView::from(file)),
    )
        .into_response();
    if let Ok(location) = location {
        response.headers_mut().insert(LOCATION, location);
    }
    response
}

/// One page of files.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct FilePage {
    /// The files, the newest first.
    pub(super) items: Vec<FileView>,
    /// The cursor of the next page; null on the last.
    pub(super) next: Option<String>,
}

/// How much a workspace stores.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct FileUsage {
    /// Bytes of all contents; equal ones count once.
    bytes: u64,
    /// The most that the workspace may store.
    quota_bytes: u64,
    /// The largest file that is taken.
    max_file_bytes: u64,
}

impl FileUsage {
    pub(super) const fn new(bytes: u64, settings: &config::Files) -> Self {
        Self {
            bytes,
            quota_bytes: settings.quota_bytes,
            max_file_bytes: settings.max_bytes,
        }
    }
}

/// A file in a form; fields stand before the file.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "describes what is read piece by piece")]
pub(super) struct UploadForm {
    /// What it belongs to, such as `cli_…`.
    subject: Option<String>,
    /// Its hash in hexadecimal digits; another content is refused.
    sha256: Option<String>,
    /// Another name than that of the file.
    name: Option<String>,
    /// The file, the last field and the only file.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
}

/// What is needed to make a link.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewFileLink, example = json!({"expires_in": 3600, "disposition": "inline"}))]
pub(super) struct NewLink {
    /// For how many seconds it counts, 1 to 604800; an hour unless told.
    #[serde(default)]
    pub(super) expires_in: Option<u64>,
    /// How a browser is to treat the file; an attachment unless told.
    #[serde(default)]
    pub(super) disposition: Option<Treatment>,
}

/// How a browser is to treat a file.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = FileDisposition)]
pub(super) enum Treatment {
    /// Save it.
    Attachment,
    /// Show it, if it can and the file runs nothing.
    Inline,
}

impl From<Treatment> for Disposition {
    fn from(treatment: Treatment) -> Self {
        match treatment {
            Treatment::Attachment => Self::Attachment,
            Treatment::Inline => Self::Inline,
        }
    }
}

/// A link that counts for a while.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FileLink)]
pub(super) struct LinkView {
    /// Where it leads to; a path alone while `server.public_url` is not set.
    #[schema(example = "https://aurora.example/files/…")]
    pub(super) url: String,
    /// When it stops counting: RFC 3339, UTC.
    #[schema(format = DateTime)]
    pub(super) expires_at: String,
}

/// A link by which one file can be sent.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FileUploadLink)]
pub(super) struct UploadLinkView {
    /// The id that the file will have.
    pub(super) file_id: String,
    #[serde(flatten)]
    pub(super) link: LinkView,
}
