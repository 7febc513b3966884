//! Why something was not done.

use std::fmt;
use std::time::Duration;

use aurora_core::failure::{Failure, FailureClass};
use aurora_core::http;
use serde_json::Value;

use super::advice::{Advice, PAIR_PAUSE, advice};

/// An error that the Graph API answers with.
///
/// `Debug` and `Display` show the codes and the trace alone: messages can repeat what was sent.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct GraphError {
    /// What decides.
    pub code: i64,
    /// More about it.
    pub subcode: Option<i64>,
    /// Whether Meta says that it passes.
    pub is_transient: bool,
    /// What Meta calls it.
    pub title: Option<String>,
    /// What happened.
    pub details: Option<String>,
    /// By which Meta's support finds the request.
    pub trace_id: Option<String>,
    /// The status of the answer.
    pub status: u16,
}

impl GraphError {
    /// Reads an answer; `None` where it has no error in Meta's form.
    pub(super) fn read(status: u16, body: &[u8]) -> Option<Self> {
        let body: Value = serde_json::from_slice(body).ok()?;
        let error = body.get("error")?;
        let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
        Some(Self {
            code: error.get("code")?.as_i64()?,
            subcode: error.get("error_subcode").and_then(Value::as_i64),
            is_transient: error
                .get("is_transient")
                .and_then(Value::as_bool)
                .unwrap_or_default(),
            title: text(error, "message"),
            details: error.get("error_data").and_then(|data| text(data, "details")),
            trace_id: text(error, "fbtrace_id"),
            status,
        })
    }

    /// What to do about it.
    #[must_use]
    pub const fn advice(&self) -> Advice {
        match advice(self.code) {
            // "Object does not exist, cannot be loaded due to missing permissions": the number is not this token's, so every
            // message would fail in the same way.
            Advice::Stop if self.code == 100 && matches!(self.subcode, Some(33)) => Advice::Account,
            Advice::Stop if self.is_transient => Advice::Retry,
            advice => advice,
        }
    }
}

impl fmt::Debug for GraphError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GraphError")
            .field("code", &self.code)
            .field("subcode", &self.subcode)
            .field("is_transient", &self.is_transient)
            .field("status", &self.status)
            .field("trace_id", &self.trace_id)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for GraphError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WhatsApp refuses with code {}", self.code)?;
        if let Some(subcode) = self.subcode {
            write!(f, "/{subcode}")?;
        }
        Ok(())
    }
}

impl std::error::Error for GraphError {}

/// Why a request came to nothing, by what can be done about it. It shows no number, token or text.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SendFailure {
    /// The message, or a setting, is not one that can be sent; nothing left.
    #[error("the message cannot be sent as it is: {0}")]
    Invalid(#[source] crate::Error),
    /// Our own limit of a number or of a pair: nothing left. Come again after this time.
    #[error("the limit of messages is used up")]
    Limited {
        /// When there is room again.
        retry_after: Duration,
        /// Of the pair, not of the number.
        is_pair: bool,
    },
    /// Meta saw nothing of it.
    #[error("the Graph API cannot be reached")]
    NotSent(#[source] http::Error),
    /// Meta refused it.
    #[error(transparent)]
    Refused(GraphError),
    /// Meta answered without saying what is wrong, so that it was not taken: a wrong address, a proxy.
    #[error("the Graph API answers with status {0} and no reason")]
    Status(u16),
    /// Meta may have taken it: no answer came, or one that cannot be read. Only a webhook can tell.
    #[error("whether the Graph API took the request is not known")]
    Uncertain(#[source] Option<http::Error>),
    /// What came is larger than was allowed.
    #[error("the file is larger than allowed")]
    TooLarge,
    /// What came is not what was sent: its checksum differs, or it ended early.
    #[error("the file did not arrive whole")]
    Damaged,
}

impl SendFailure {
    /// What to do about it; `None` when nobody can know before a webhook tells.
    #[must_use]
    pub const fn advice(&self) -> Option<Advice> {
        Some(match self {
            Self::Invalid(_) | Self::TooLarge => Advice::Stop,
            Self::Limited { is_pair: true, .. } => Advice::WaitForPair,
            Self::Limited { .. } => Advice::WaitForNumber,
            Self::NotSent(_) | Self::Damaged => Advice::Retry,
            Self::Refused(error) => error.advice(),
            Self::Status(401 | 403 | 404) => Advice::Account,
            Self::Status(429) => Advice::WaitForNumber,
            Self::Status(_) => Advice::Stop,
            Self::Uncertain(_) => return None,
        })
    }

    /// Meta's code, where it told one.
    #[must_use]
    pub const fn code(&self) -> Option<i64> {
        match self {
            Self::Refused(error) => Some(error.code),
            _ => None,
        }
    }

    /// The least time to wait, where it is known.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Limited { retry_after, .. } => Some(*retry_after),
            _ if self.advice() == Some(Advice::WaitForPair) => Some(PAIR_PAUSE),
            _ => None,
        }
    }
}

impl Failure for SendFailure {
    fn class(&self) -> FailureClass {
        match self.advice() {
            None => FailureClass::Timeout,
            Some(Advice::Retry) => FailureClass::Transient,
            Some(Advice::WaitForPair | Advice::WaitForNumber) => FailureClass::Throttled,
            Some(Advice::Account) => FailureClass::Credential,
            Some(Advice::UseTemplate | Advice::Stop) => FailureClass::Rejected,
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        Self::retry_after(self)
    }

    fn not_executed(&self) -> bool {
        !matches!(self, Self::Uncertain(_))
    }
}
