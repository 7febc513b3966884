//! What a simulated provider does with one call.

use std::time::Duration;

use aurora_core::time::Timestamp;
use http::{HeaderMap, HeaderValue};

use crate::error::{Error, ErrorKind};
use crate::wire::openai_chat::OpenAiChat;
use crate::wire::openai_chat::server::encode_error;
use crate::wire::{Codec as _, ResponseHead};

/// What a simulated provider does with one call.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Step {
    /// Answers.
    Ok,
    /// Fails before anything is said.
    Fail(Fault),
    /// Fails after this many tokens; a call that is not streamed fails as a whole.
    FailAfter(usize, Fault),
    /// Ends the stream without its end after this many tokens.
    TruncateAfter(usize),
    /// Says nothing at all, until the caller gives up.
    Stall,
    /// Falls silent after this many tokens, until the caller gives up.
    StallAfter(usize),
}

impl Step {
    /// Fails as a server does that answers with this HTTP status.
    #[must_use]
    pub const fn status(status: u16) -> Self {
        Self::Fail(Fault::status(status))
    }

    /// Fails in this way.
    #[must_use]
    pub const fn kind(kind: ErrorKind) -> Self {
        Self::Fail(Fault::kind(kind))
    }

    /// Asks to be left alone for this long; only with a failure.
    #[must_use]
    pub fn retry_after(self, wait: Duration) -> Self {
        match self {
            Self::Fail(fault) => Self::Fail(fault.retry_after(wait)),
            Self::FailAfter(tokens, fault) => Self::FailAfter(tokens, fault.retry_after(wait)),
            other => other,
        }
    }
}

/// How a simulated provider fails. Its errors are those that the same failure gives over HTTP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    cause: Cause,
    retry_after: Option<Duration>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cause {
    Status(u16),
    Kind(ErrorKind),
}

impl Fault {
    /// An answer with this HTTP status and nothing that explains it.
    #[must_use]
    pub const fn status(status: u16) -> Self {
        Self {
            cause: Cause::Status(status),
            retry_after: None,
        }
    }

    /// A failure of this kind.
    #[must_use]
    pub const fn kind(kind: ErrorKind) -> Self {
        Self {
            cause: Cause::Kind(kind),
            retry_after: None,
        }
    }

    /// Asks to be left alone for this long.
    #[must_use]
    pub const fn retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    pub(super) fn into_error(self, now: Timestamp) -> Error {
        let (kind, status, body) = match self.cause {
            Cause::Status(status) => {
                let body = br#"{"error":{"message":"simulated failure"}}"#.as_slice();
                (None, status, bytes::Bytes::from_static(body))
            }
            Cause::Kind(kind) => {
                let template = Error::new(kind).with_provider_message("simulated failure");
                let answer = encode_error(&template);
                (Some(kind), answer.status, answer.body)
            }
        };
        let mut headers = HeaderMap::new();
        if let Some(wait) = self.retry_after {
            let seconds = wait.as_secs_f64().to_string();
            headers.extend(HeaderValue::from_str(&seconds).map(|value| (http::header::RETRY_AFTER, value)));
        }
        let read = OpenAiChat::compatible().classify(&ResponseHead::new(status, headers), &body, now);
        match (kind, self.retry_after) {
            // Failures that come without an answer, such as a refused connection.
            (Some(kind), None) if kind != read.kind() => Error::new(kind),
            (Some(kind), Some(wait)) if kind != read.kind() => Error::new(kind).with_retry_after(wait),
            _ => read,
        }
    }
}
