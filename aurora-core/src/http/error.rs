//! Why a call over HTTP gave no answer.

use std::error::Error as StdError;
use std::fmt;
use std::io;

use super::egress::BlockedAddress;
use crate::failure::{Failure, FailureClass};

type Source = Box<dyn StdError + Send + Sync>;

/// A call that did not bring an answer, or brought one that could not be read to its end.
///
/// An HTTP status is never an error here: 404 and 500 are answers, and their meaning is the caller's to decide.
/// Neither `Display` nor `Debug` nor any source shows a URL, a header value or a part of a body.
pub struct Error {
    kind: ErrorKind,
    detail: &'static str,
    source: Option<Source>,
}

/// What went wrong, by what the caller can do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The request, or the client's settings, cannot be used as they are.
    InvalidRequest,
    /// [`Egress::PublicOnly`](super::Egress::PublicOnly) does not let the request out.
    Blocked,
    /// No connection: refused, unknown name, TLS not agreed on.
    Connect,
    /// A time limit ran out.
    Timeout(Stage),
    /// The connection ended before the answer was complete.
    Interrupted,
    /// The answer is larger than the limit.
    TooLarge,
    /// The answer is not HTTP, or not what it says it is.
    Protocol,
}

/// The wait whose limit ran out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Stage {
    /// Name lookup, TCP and TLS.
    Connect,
    /// From sending until the head of the answer.
    Headers,
    /// Between two pieces of the body.
    Idle,
    /// The whole exchange.
    Total,
}

impl Error {
    pub(super) fn new(kind: ErrorKind, detail: &'static str) -> Self {
        Self {
            kind,
            detail,
            source: None,
        }
    }

    pub(super) fn invalid(detail: &'static str) -> Self {
        Self::new(ErrorKind::InvalidRequest, detail)
    }

    pub(super) fn timeout(stage: Stage) -> Self {
        let detail = match stage {
            Stage::Connect => "no connection within the time limit",
            Stage::Headers => "no answer within the time limit",
            Stage::Idle => "the answer stopped coming",
            Stage::Total => "the exchange took longer than its time limit",
        };
        Self::new(ErrorKind::Timeout(stage), detail)
    }

    pub(super) fn too_large() -> Self {
        Self::new(ErrorKind::TooLarge, "the answer is larger than the limit")
    }

    pub(super) fn with_source(mut self, source: impl Into<Source>) -> Self {
        self.source = Some(source.into());
        self
    }

    pub(super) fn from_reqwest(error: reqwest::Error) -> Self {
        let error = error.without_url();
        let kind = classify(&error);
        let detail = match kind {
            ErrorKind::InvalidRequest => "the request cannot be sent as it is",
            ErrorKind::Blocked => "the host has no public address",
            ErrorKind::Connect => "no connection",
            ErrorKind::Timeout(stage) => return Self::timeout(stage).with_source(error),
            ErrorKind::Interrupted => "the connection ended before the answer was complete",
            ErrorKind::TooLarge | ErrorKind::Protocol => "the answer cannot be understood",
        };
        Self::new(kind, detail).with_source(error)
    }

    /// What went wrong, by what the caller can do about it.
    #[must_use]
    pub const fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Whether the same call can succeed a moment later.
    ///
    /// It says nothing about whether repeating is safe: see [`before_sending`](Self::before_sending).
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        self.class().is_retryable()
    }

    /// Whether it is certain that the server saw nothing of the request, so that repeating it cannot do its work twice.
    #[must_use]
    pub const fn before_sending(&self) -> bool {
        matches!(
            self.kind,
            ErrorKind::InvalidRequest
                | ErrorKind::Blocked
                | ErrorKind::Connect
                | ErrorKind::Timeout(Stage::Connect)
        )
    }
}

impl Failure for Error {
    fn class(&self) -> FailureClass {
        match self.kind {
            ErrorKind::InvalidRequest | ErrorKind::Blocked | ErrorKind::TooLarge => FailureClass::Rejected,
            ErrorKind::Timeout(_) => FailureClass::Timeout,
            ErrorKind::Connect | ErrorKind::Interrupted | ErrorKind::Protocol => FailureClass::Transient,
        }
    }

    fn not_executed(&self) -> bool {
        self.before_sending()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.detail)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.kind)
            .field("detail", &self.detail)
            .field("source", &self.source)
            .finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

fn classify(error: &reqwest::Error) -> ErrorKind {
    if causes(error).any(|cause| cause.is::<BlockedAddress>()) {
        return ErrorKind::Blocked;
    }
    if error.is_builder() {
        return ErrorKind::InvalidRequest;
    }
    if error.is_connect() {
        return if error.is_timeout() {
            ErrorKind::Timeout(Stage::Connect)
        } else {
            ErrorKind::Connect
        };
    }
    let mut kind = ErrorKind::Protocol;
    for cause in causes(error) {
        if let Some(cause) = cause.downcast_ref::<hyper::Error>() {
            if cause.is_parse() {
                return ErrorKind::Protocol;
            }
            kind = ErrorKind::Interrupted;
        } else if let Some(cause) = cause.downcast_ref::<io::Error>() {
            // A broken chunk size or a broken gzip stream, rather than a broken connection.
            if matches!(
                cause.kind(),
                io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput
            ) {
                return ErrorKind::Protocol;
            }
            kind = ErrorKind::Interrupted;
        }
    }
    kind
}

fn causes<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |error| (*error).source())
}
