//! Why Redis did not answer.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use fred::error::ErrorKind as FredKind;

use crate::failure::{Failure, FailureClass};

type Source = Box<dyn StdError + Send + Sync>;

/// A question that Redis did not answer.
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    code: Option<Box<str>>,
    retry_after: Option<Duration>,
    source: Option<Source>,
}

/// What went wrong, by what the caller can do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A setting cannot be used; the source says which ones and what is allowed.
    InvalidSettings,
    /// The keys do not share a hash tag, or a script was given none. Nothing was sent.
    InvalidCommand,
    /// There is no connection, or the circuit is open. Nothing was carried out.
    Unavailable,
    /// No answer within the time limit. Whether it was carried out is not known.
    Timeout,
    /// The connection broke before the answer. Whether it was carried out is not known.
    Lost,
    /// Too many commands wait already. Nothing was sent.
    Busy,
    /// The server refused; [`Error::code`] says why. Of a script, what came before may have been carried out.
    Refused,
    /// The answer makes no sense.
    Protocol,
}

impl ErrorKind {
    /// A short lower-case name, for metrics and records.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidSettings => "invalid_settings",
            Self::InvalidCommand => "invalid_command",
            Self::Unavailable => "unavailable",
            Self::Timeout => "timeout",
            Self::Lost => "lost",
            Self::Busy => "busy",
            Self::Refused => "refused",
            Self::Protocol => "protocol",
        }
    }
}

impl Error {
    pub(super) const fn new(kind: ErrorKind) -> Self {
        Self {
            kind,
            code: None,
            retry_after: None,
            source: None,
        }
    }

    pub(super) fn settings(problems: &[Cow<'static, str>]) -> Self {
        Self {
            source: Some(problems.join("; ").into()),
            ..Self::new(ErrorKind::InvalidSettings)
        }
    }

    pub(super) fn circuit_open(retry_after: Duration) -> Self {
        Self {
            retry_after: Some(retry_after),
            ..Self::new(ErrorKind::Unavailable)
        }
    }

    /// Reads the library's error. Its text is left out: it may repeat addresses and arguments.
    pub(super) fn of(error: &fred::error::Error) -> Self {
        let kind = match error.kind() {
            FredKind::Timeout => ErrorKind::Timeout,
            FredKind::Backpressure => ErrorKind::Busy,
            // Of a command that ran into a moved slot and was not carried out there.
            FredKind::Routing => ErrorKind::Unavailable,
            FredKind::IO | FredKind::Canceled | FredKind::Sentinel | FredKind::Tls => ErrorKind::Lost,
            FredKind::Protocol | FredKind::Parse | FredKind::NotFound => ErrorKind::Protocol,
            FredKind::InvalidCommand | FredKind::InvalidArgument => ErrorKind::Refused,
            _ if code(error.details()).is_some() => ErrorKind::Refused,
            _ => ErrorKind::Lost,
        };
        let code = code(error.details()).filter(|_| kind == ErrorKind::Refused);
        Self {
            code: code.map(Into::into),
            ..Self::new(kind)
        }
    }

    /// What went wrong, by what the caller can do about it.
    #[must_use]
    pub const fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The first word of the server's refusal, such as `OOM`, `READONLY`, `LOADING` or `ERR`.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.code.as_deref()
    }

    /// Whether the command may have been carried out although there is no answer.
    #[must_use]
    pub const fn outcome_is_unknown(&self) -> bool {
        matches!(
            self.kind,
            ErrorKind::Timeout | ErrorKind::Lost | ErrorKind::Protocol
        )
    }

    /// Whether the same question can be answered a moment later.
    ///
    /// That it can be asked again does not mean that it may: see [`outcome_is_unknown`](Self::outcome_is_unknown).
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        self.class().is_retryable()
    }

    /// When it makes sense to ask again, if that is known.
    #[must_use]
    pub const fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }
}

/// The first word of a refusal, which the server writes in capitals.
fn code(details: &str) -> Option<&str> {
    let word = details.split_whitespace().next()?;
    let is_code = word.len() <= 32 && word.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
    is_code.then_some(word)
}

impl Failure for Error {
    fn class(&self) -> FailureClass {
        match self.kind {
            ErrorKind::InvalidSettings | ErrorKind::InvalidCommand => FailureClass::Rejected,
            ErrorKind::Refused => match self.code() {
                Some("NOAUTH" | "WRONGPASS" | "NOPERM") => FailureClass::Credential,
                Some(
                    "LOADING" | "READONLY" | "OOM" | "MISCONF" | "BUSY" | "MASTERDOWN" | "CLUSTERDOWN"
                    | "TRYAGAIN" | "NOREPLICAS",
                ) => FailureClass::Transient,
                _ => FailureClass::Rejected,
            },
            ErrorKind::Unavailable | ErrorKind::Lost | ErrorKind::Protocol => FailureClass::Transient,
            ErrorKind::Timeout => FailureClass::Timeout,
            ErrorKind::Busy => FailureClass::Throttled,
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            ErrorKind::InvalidSettings => "the settings of the connection to redis cannot be used",
            ErrorKind::InvalidCommand => {
                "the keys of one redis command must share a hash tag, and a script needs one"
            }
            ErrorKind::Unavailable if self.retry_after.is_some() => "the circuit to redis is open",
            ErrorKind::Unavailable => "there is no connection to redis",
            ErrorKind::Timeout => "redis did not answer in time",
            ErrorKind::Lost => "the connection to redis broke before the answer",
            ErrorKind::Busy => "too many commands wait for redis",
            ErrorKind::Refused => "redis refused",
            ErrorKind::Protocol => "redis gave an answer that makes no sense",
        })?;
        match &self.code {
            Some(code) => write!(f, ": {code}"),
            None => Ok(()),
        }
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}
