//! A file on its way in: the whole body, or the one file of a form. Nothing of it is held but the piece that is passing.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use axum::extract::{FromRequest, Request};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName};
use bytes::{Bytes, BytesMut};
use futures::stream::BoxStream;
use futures::{Stream, StreamExt as _};
use multer::{Constraints, Multipart, SizeLimit};

use crate::http::problem::{FieldError, Problem, ProblemKind};

/// Longest pause between two pieces of a body.
const PATIENCE: Duration = Duration::from_secs(30);
/// Fields of a form beside its file.
const MOST_FIELDS: usize = 16;
const LONGEST_FIELD: usize = 4 * 1_024;
const FILE_NAME: HeaderName = HeaderName::from_static("x-filename");

/// A file on its way in.
pub(crate) struct Upload {
    /// The fields of a form that stand before its file.
    fields: BTreeMap<String, String>,
    /// The name that its sender gives it.
    pub(crate) name: Option<String>,
    /// The media type that its sender declares.
    pub(crate) media_type: Option<String>,
    /// How long its sender says that it is; of a form nobody knows.
    pub(crate) size: Option<u64>,
    content: BoxStream<'static, Result<Bytes, Broken>>,
    end: End,
}

/// What is to be looked at once the content has passed.
pub(crate) struct End {
    form: Option<Multipart<'static>>,
    too_slow: Arc<AtomicBool>,
}

/// The content did not come to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Broken;

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the body broke off")
    }
}

impl std::error::Error for Broken {}

impl<S: Send + Sync> FromRequest<S> for Upload {
    type Rejection = Problem;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let too_slow = Arc::<AtomicBool>::default();
        let stream = Patient {
            body: body.into_data_stream().boxed(),
            wait: None,
            too_slow: Arc::clone(&too_slow),
        };
        let end = End { form: None, too_slow };
        let media_type = text(&parts.headers, &CONTENT_TYPE);
        let is_form = media_type
            .as_deref()
            .is_some_and(|kind| kind.to_ascii_lowercase().starts_with("multipart/form-data"));
        if is_form {
            let boundary = media_type.as_deref().map(multer::parse_boundary);
            let Some(Ok(boundary)) = boundary else {
                return Err(unreadable("the form names no boundary"));
            };
            return Self::of_form(stream, &boundary, end).await;
        }
        Ok(Self {
            fields: BTreeMap::new(),
            name: name_of(&parts.headers)?,
            media_type,
            size: text(&parts.headers, &CONTENT_LENGTH).and_then(|text| text.parse().ok()),
            content: stream.boxed(),
            end,
        })
    }
}

impl Upload {
    async fn of_form(stream: Patient, boundary: &str, end: End) -> Result<Self, Problem> {
        // Other fields have a limit of their own below.
        let limits = Constraints::new().size_limit(SizeLimit::new().whole_stream(u64::MAX));
        let mut form = Multipart::with_constraints(stream, boundary, limits);
        let mut fields = BTreeMap::new();
        loop {
            let field = form.next_field().await.map_err(|error| end.of_form(&error))?;
            let Some(mut field) = field else {
                let missing = FieldError::new("file", "required", "is required");
                return Err(Problem::new(ProblemKind::Invalid).errors([missing]));
            };
            let name = field.name().unwrap_or_default().to_owned();
            if field.file_name().is_some() || name == "file" {
                let upload = Self {
                    fields,
                    name: field.file_name().map(str::to_owned),
                    media_type: field.content_type().map(ToString::to_string),
                    size: None,
                    content: field.map(|piece| piece.map_err(|_| Broken)).boxed(),
                    end: End {
                        form: Some(form),
                        ..end
                    },
                };
                return Ok(upload);
            }
            let mut value = BytesMut::new();
            while let Some(piece) = field.chunk().await.map_err(|error| end.of_form(&error))? {
                if value.len().saturating_add(piece.len()) > LONGEST_FIELD {
                    return Err(unreadable("a field of the form is too long"));
                }
                value.extend_from_slice(&piece);
            }
            let value = String::from_utf8(value.into());
            let value = value.map_err(|_| unreadable("a field of the form is not UTF-8"))?;
            if fields.len() == MOST_FIELDS || fields.insert(name, value).is_some() {
                return Err(unreadable("the form has too many fields, or one of them twice"));
            }
        }
    }

    /// A field of the form that stands before its file.
    pub(crate) fn take(&mut self, name: &str) -> Option<String> {
        self.fields.remove(name)
    }

    /// The end of reading fields.
    ///
    /// # Errors
    /// With every field that nobody took.
    pub(crate) fn finish_fields(&mut self) -> Result<(), Problem> {
        if self.fields.is_empty() {
            return Ok(());
        }
        let unknown = std::mem::take(&mut self.fields).into_keys().map(|name| {
            let name: String = name.chars().take(64).collect();
            FieldError::new(name, "unknown", "is not known here")
        });
        Err(Problem::new(ProblemKind::Invalid).errors(unknown))
    }

    /// The content, and what is to be asked once it has passed.
    pub(crate) fn into_parts(self) -> (BoxStream<'static, Result<Bytes, Broken>>, End) {
        (self.content, self.end)
    }

    /// The whole content, for what cannot be read piece by piece.
    ///
    /// # Errors
    /// `BodyTooLarge` beyond `most` bytes; what keeps it from arriving.
    pub(crate) async fn collect(self, most: usize) -> Result<Bytes, Problem> {
        let too_large =
            || Problem::new(ProblemKind::BodyTooLarge).detail(format!("the file may have {most} bytes"));
        let announced = self.size.and_then(|size| usize::try_from(size).ok());
        if self.size.is_some() && announced.is_none_or(|size| size > most) {
            return Err(too_large());
        }
        let (mut content, mut end) = self.into_parts();
        let mut whole = BytesMut::new();
        while let Some(piece) = content.next().await {
            let piece = piece.map_err(|broken| end.of_transport(broken))?;
            if whole.len().saturating_add(piece.len()) > most {
                return Err(too_large());
            }
            whole.extend_from_slice(&piece);
        }
        drop(content);
        end.check().await?;
        Ok(whole.freeze())
    }
}

impl End {
    /// Whether the client was too slow.
    pub(crate) fn is_too_slow(&self) -> bool {
        self.too_slow.load(Ordering::Relaxed)
    }

    /// Nothing may follow the file, or a sender would think that it was taken too.
    ///
    /// # Errors
    /// When something does, or the form has no end.
    pub(crate) async fn check(&mut self) -> Result<(), Problem> {
        let Some(mut form) = self.form.take() else {
            return Ok(());
        };
        match form.next_field().await {
            Ok(None) => Ok(()),
            Ok(Some(_)) => Err(unreadable(
                "the file has to be the last field of the form, and the only file in it",
            )),
            Err(error) => Err(self.of_form(&error)),
        }
    }

    fn of_form(&self, error: &multer::Error) -> Problem {
        tracing::debug!(%error, "the form cannot be read");
        if self.is_too_slow() {
            Problem::new(ProblemKind::BodyTimeout)
        } else {
            unreadable("the form cannot be read to its end")
        }
    }

    fn of_transport(&self, _broken: Broken) -> Problem {
        if self.is_too_slow() {
            Problem::new(ProblemKind::BodyTimeout)
        } else {
            unreadable("the body broke off or is not sent as HTTP demands")
        }
    }
}

fn unreadable(detail: &'static str) -> Problem {
    Problem::new(ProblemKind::BadRequest).detail(detail)
}

fn text(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    headers
        .get(name)
        .and_then(|value| value.to_str().ok())
        .map(str::to_owned)
}

/// The name of a file that is sent by itself: `x-filename`, which may be percent-encoded, or that of `content-disposition`.
fn name_of(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    if let Some(value) = headers.get(&FILE_NAME) {
        let name = String::from_utf8(decoded(value.as_bytes()));
        let name = name.map_err(|_| unreadable("the header x-filename is not UTF-8"))?;
        return Ok(Some(name));
    }
    let Some(value) = text(headers, &CONTENT_DISPOSITION) else {
        return Ok(None);
    };
    let parameter = |wanted: &str| {
        let parts = value.split(';').skip(1);
        let mut pairs = parts.filter_map(|part| part.trim().split_once('='));
        pairs
            .find(|(name, _)| name.trim().eq_ignore_ascii_case(wanted))
            .map(|(_, value)| value.trim().trim_matches('"').to_owned())
    };
    // RFC 8187: charset'language'percent-encoded.
    let extended = parameter("filename*").and_then(|value| {
        let (charset, rest) = value.split_once('\'')?;
        let (_, encoded) = rest.split_once('\'')?;
        let is_utf8 = charset.eq_ignore_ascii_case("utf-8");
        String::from_utf8(decoded(encoded.as_bytes()))
            .ok()
            .filter(|_| is_utf8)
    });
    Ok(extended.or_else(|| parameter("filename")))
}

/// `%41` becomes `A`; what is no such code stays.
fn decoded(text: &[u8]) -> Vec<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|it| u8::try_from(it).ok());
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, behind)) = rest.split_first() {
        rest = behind;
        let code = match (first, behind) {
            (b'%', [high, low, ..]) => digit(*high).zip(digit(*low)),
            _ => None,
        };
        match code {
            Some((high, low)) => {
                bytes.push(high * 16 + low);
                rest = behind.get(2..).unwrap_or_default();
            }
            None => bytes.push(*first),
        }
    }
    bytes
}

/// A body that is given up when its sender pauses for too long.
struct Patient {
    body: BoxStream<'static, Result<Bytes, axum::Error>>,
    wait: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
    too_slow: Arc<AtomicBool>,
}

impl Stream for Patient {
    type Item = Result<Bytes, Broken>;

    fn poll_next(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Poll::Ready(piece) = self.body.poll_next_unpin(task) {
            self.wait = None;
            return Poll::Ready(piece.map(|piece| {
                piece.map_err(|error| {
                    tracing::debug!(%error, "the body broke off");
                    Broken
                })
            }));
        }
        let wait = self.wait.get_or_insert_with(|| Box::pin(pause()));
        if wait.as_mut().poll(task).is_pending() {
            return Poll::Pending;
        }
        self.wait = None;
        self.body = Body::empty().into_data_stream().boxed();
        self.too_slow.store(true, Ordering::Relaxed);
        Poll::Ready(Some(Err(Broken)))
    }
}

async fn pause() {
    // Elapses always: nothing else ends it.
    drop(tokio::time::timeout(PATIENCE, std::future::pending::<()>()).await);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(pairs: &[(&'static str, &'static str)]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, value.parse().unwrap());
        }
        name_of(&headers).unwrap()
    }

    #[test]
    fn the_name_of_a_file_stands_in_a_header() {
        assert_eq!(
            name(&[("x-filename", "Laudo%20Jo%C3%A3o.pdf")]).unwrap(),
            "Laudo João.pdf"
        );
        assert_eq!(name(&[("x-filename", "100%.txt")]).unwrap(), "100%.txt");
        let both = "attachment; filename=\"a_.txt\"; filename*=UTF-8''a%C3%A7.txt";
        assert_eq!(name(&[("content-disposition", both)]).unwrap(), "aç.txt");
        assert_eq!(
            name(&[("content-disposition", "attachment; filename=b.txt")]).unwrap(),
            "b.txt"
        );
        assert_eq!(name(&[("content-disposition", "inline")]), None);
        assert_eq!(name(&[]), None);
    }
}
