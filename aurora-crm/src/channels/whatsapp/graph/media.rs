//! Files: up, down and away.

use std::fmt;
use std::time::Duration;

use aurora_core::http::{BodyStream, Method, Url, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures::{Stream, StreamExt as _};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::client::{NumberAccess, WhatsAppClient, answer_of, lost, refused};
use super::error::SendFailure;
use super::multipart;
use crate::error::{Error, FieldError};

/// The most bytes of any file that WhatsApp takes: of documents; pictures have 5 MB, sound and films 16 MB.
pub const MAX_MEDIA: u64 = 100 * 1024 * 1024;

/// The least that is uploaded in a second, in bytes.
const SLOWEST: u64 = 128 * 1024;

/// A file that is uploaded.
#[derive(Debug, Clone)]
pub struct Upload {
    /// Its name.
    pub filename: String,
    /// Its media type, such as `image/jpeg`.
    pub mime_type: String,
    /// How many bytes it has.
    pub size: u64,
}

/// Where a file can be downloaded, for 5 minutes.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct MediaInfo {
    /// Its id.
    pub id: String,
    /// Its media type.
    pub mime_type: Option<String>,
    /// SHA-256 of its bytes, as Meta writes it.
    pub sha256: Option<String>,
    /// How many bytes it has.
    pub size: Option<u64>,
    url: Url,
}

/// A file as it arrives.
pub struct MediaBody {
    body: BodyStream,
    left: u64,
    seen: Sha256,
    expected: Option<[u8; 32]>,
}

impl WhatsAppClient {
    /// Uploads a file as it comes, without holding it in memory; its id can be sent for 30 days.
    ///
    /// # Errors
    /// [`SendFailure`]; uploading again does no harm.
    pub async fn upload(
        &self,
        access: &NumberAccess,
        upload: &Upload,
        file: impl Stream<Item = std::io::Result<Bytes>> + Send + 'static,
    ) -> Result<String, SendFailure> {
        let wrong = check(upload);
        if !wrong.is_empty() {
            return Err(SendFailure::Invalid(Error::invalid(wrong)));
        }
        self.admit(access)?;
        let form = multipart::form(upload, self.inner.clock.now(), file);
        let url = self.url(&[&access.number_id, "media"])?;
        let request = self
            .request(Method::POST, &url, access)
            .header(header::CONTENT_TYPE, &form.content_type)
            // The answer comes after the last byte has gone.
            .headers_timeout(self.inner.timeout + Duration::from_secs(upload.size / SLOWEST))
            .body_stream(form.length, form.body);
        let answer = answer_of(request.send().await).await;
        let answer = self.learn(access, answer)?;
        let answer: Option<Value> = serde_json::from_slice(&answer).ok();
        let id = answer.as_ref().and_then(|answer| answer.get("id")?.as_str());
        id.map(str::to_owned).ok_or(SendFailure::Uncertain(None))
    }

    /// Where a file is.
    ///
    /// # Errors
    /// [`SendFailure`].
    pub async fn media(&self, access: &NumberAccess, id: &str) -> Result<MediaInfo, SendFailure> {
        let url = self.url(&[id])?;
        let request = self.request(Method::GET, &url, access);
        let request = request.query("phone_number_id", &access.number_id);
        let answer = answer_of(request.send().await).await?;
        info(&answer).ok_or(SendFailure::Uncertain(None))
    }

    /// Downloads a file of at most so many bytes. The token goes to Meta's own hosts alone, whatever the address says.
    ///
    /// # Errors
    /// [`SendFailure`]; a 404 when the address is older than 5 minutes: ask for it again.
    pub async fn download(
        &self,
        access: &NumberAccess,
        media: &MediaInfo,
        max: u64,
    ) -> Result<MediaBody, SendFailure> {
        if media.size.is_some_and(|size| size > max) {
            return Err(SendFailure::TooLarge);
        }
        if !self.is_media_host(&media.url) {
            return Err(SendFailure::Invalid(Error::invalid(vec![FieldError {
                field: "url".to_owned(),
                code: "not_allowed",
                message: "the file is not at a host of Meta".to_owned(),
            }])));
        }
        let request = self.request(Method::GET, &media.url, access);
        let response = request.send().await.map_err(lost)?;
        let status = response.status();
        if !status.is_success() {
            let body = response.bytes().await.unwrap_or_default();
            return Err(refused(status, &body));
        }
        Ok(MediaBody {
            body: response.stream(),
            left: max,
            seen: Sha256::new(),
            expected: media.sha256.as_deref().and_then(digest),
        })
    }

    /// Deletes a file at WhatsApp.
    ///
    /// # Errors
    /// [`SendFailure`].
    pub async fn delete_media(&self, access: &NumberAccess, id: &str) -> Result<(), SendFailure> {
        let url = self.url(&[id])?;
        let request = self.request(Method::DELETE, &url, access);
        let request = request.query("phone_number_id", &access.number_id);
        answer_of(request.send().await).await.map(drop)
    }

    /// With `https`, unless the operator has put the API itself on `http`, as tests do.
    fn is_media_host(&self, url: &Url) -> bool {
        let is_encrypted = url.scheme() == "https" || self.inner.base.scheme() == "http";
        let host = url.host_str().unwrap_or_default();
        let is_listed = self.inner.media_hosts.iter().any(|listed| {
            host.strip_suffix(listed.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        });
        is_encrypted && is_listed
    }
}

impl MediaBody {
    /// The next piece; `None` at the end, when all of it has arrived and its checksum is right.
    ///
    /// # Errors
    /// [`SendFailure::TooLarge`], [`SendFailure::Damaged`].
    pub async fn next(&mut self) -> Result<Option<Bytes>, SendFailure> {
        let Some(piece) = self.body.next().await else {
            let seen: [u8; 32] = self.seen.clone().finalize().into();
            return match self.expected {
                Some(expected) if expected != seen => Err(SendFailure::Damaged),
                _ => Ok(None),
            };
        };
        let piece = piece.map_err(|_| SendFailure::Damaged)?;
        let size = u64::try_from(piece.len()).unwrap_or(u64::MAX);
        self.left = self.left.checked_sub(size).ok_or(SendFailure::TooLarge)?;
        self.seen.update(&piece);
        Ok(Some(piece))
    }

    /// All of it.
    ///
    /// # Errors
    /// As [`next`](Self::next).
    pub async fn bytes(mut self) -> Result<Vec<u8>, SendFailure> {
        let mut whole = Vec::new();
        while let Some(piece) = self.next().await? {
            whole.extend_from_slice(&piece);
        }
        Ok(whole)
    }
}

fn check(upload: &Upload) -> Vec<FieldError> {
    let is_type = upload.mime_type.len() <= 100
        && upload.mime_type.contains('/')
        && upload
            .mime_type
            .bytes()
            .all(|byte| byte == b' ' || byte.is_ascii_graphic());
    let is_name = !upload.filename.trim().is_empty() && upload.filename.len() <= 240;
    [
        ("mime_type", is_type, "must be a media type"),
        ("filename", is_name, "must have 1 to 240 bytes"),
        (
            "size",
            (1..=MAX_MEDIA).contains(&upload.size),
            "must be within 1 byte and 100 MB",
        ),
    ]
    .into_iter()
    .filter(|(_, holds, _)| !holds)
    .map(|(field, _, message)| FieldError {
        field: field.to_owned(),
        code: "invalid",
        message: message.to_owned(),
    })
    .collect()
}

fn info(answer: &[u8]) -> Option<MediaInfo> {
    let answer: Value = serde_json::from_slice(answer).ok()?;
    let text = |key: &str| answer.get(key).and_then(Value::as_str).map(str::to_owned);
    let size = answer.get("file_size");
    Some(MediaInfo {
        id: text("id")?,
        mime_type: text("mime_type"),
        sha256: text("sha256"),
        // A number, or, in Meta's own description, a text.
        size: size.and_then(|size| size.as_u64().or_else(|| size.as_str()?.parse().ok())),
        url: Url::parse(&text("url")?).ok()?,
    })
}

/// 64 hexadecimal digits or the same in base64; webhooks and the API write it in either way.
fn digest(text: &str) -> Option<[u8; 32]> {
    if text.len() != 64 {
        return STANDARD.decode(text).ok()?.try_into().ok();
    }
    let mut bytes = [0_u8; 32];
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(bytes)
}

impl fmt::Debug for MediaInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MediaInfo")
            .field("id", &self.id)
            .field("mime_type", &self.mime_type)
            .field("size", &self.size)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for MediaBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MediaBody")
            .field("left", &self.left)
            .finish_non_exhaustive()
    }
}
