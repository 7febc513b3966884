//! How a channel says that it did not take a notification.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use aurora_core::failure::{Failure, FailureClass};
use serde::{Deserialize, Serialize};

/// Who is meant by a wish to be left alone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// The whole channel, with all its targets.
    #[default]
    Channel,
    /// One target alone.
    Target,
}

/// Why a channel did not take a notification: a closed list, after Alertmanager's failure reasons.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum NotifyErrorKind {
    /// The channel refuses our credentials: correct them.
    Auth,
    /// The channel wants fewer messages: wait.
    RateLimited,
    /// The channel refuses this message, for good.
    Client,
    /// The channel says that the address is gone for good, or that nothing more must be sent there: the channel is
    /// switched off at once.
    Gone,
    /// The channel, or the way to it, is faulty: try again.
    Server,
    /// No answer, or none in time; the message may have arrived.
    Timeout,
    /// The attempt was given up from our side.
    Cancelled,
    /// Anything else; not tried again.
    Other,
}

impl NotifyErrorKind {
    /// Whether a later attempt can succeed.
    #[must_use]
    pub const fn is_retryable(self) -> bool {
        matches!(
            self,
            Self::RateLimited | Self::Server | Self::Timeout | Self::Cancelled
        )
    }

    /// Whether somebody has to correct the channel's address or credentials before anything can be sent there.
    #[must_use]
    pub const fn is_broken_channel(self) -> bool {
        matches!(self, Self::Auth | Self::Gone)
    }

    /// The lower-case name, for metrics and records.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Auth => "auth",
            Self::RateLimited => "rate_limited",
            Self::Client => "client",
            Self::Gone => "gone",
            Self::Server => "server",
            Self::Timeout => "timeout",
            Self::Cancelled => "cancelled",
            Self::Other => "other",
        }
    }
}

/// A channel did not take a notification.
///
/// Its text never holds an address or a secret: the address of a webhook is a secret.
#[derive(Debug)]
pub struct NotifyError {
    kind: NotifyErrorKind,
    detail: Cow<'static, str>,
    retry_after: Option<Duration>,
    scope: Scope,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl NotifyError {
    /// An error of a kind, with a lower-case text that holds no address and no secret.
    #[must_use]
    pub fn new(kind: NotifyErrorKind, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            kind,
            detail: detail.into(),
            retry_after: None,
            scope: Scope::Channel,
            source: None,
        }
    }

    /// How long the channel asked to be left alone.
    #[must_use]
    pub fn with_retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    /// Who is to be left alone; default the whole channel.
    #[must_use]
    pub fn with_scope(mut self, scope: Scope) -> Self {
        self.scope = scope;
        self
    }

    /// What lies beneath.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// What can be done about it.
    #[must_use]
    pub const fn kind(&self) -> NotifyErrorKind {
        self.kind
    }

    /// Whether a later attempt can succeed.
    #[must_use]
    pub const fn is_retryable(&self) -> bool {
        self.kind.is_retryable()
    }

    /// Who is to be left alone.
    #[must_use]
    pub const fn scope(&self) -> Scope {
        self.scope
    }

    /// How long the channel asked to be left alone, if it said so.
    #[must_use]
    pub const fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }
}

impl fmt::Display for NotifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

impl StdError for NotifyError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source
            .as_deref()
            .map(|source| source as &(dyn StdError + 'static))
    }
}

impl Failure for NotifyError {
    fn class(&self) -> FailureClass {
        match self.kind {
            NotifyErrorKind::Auth => FailureClass::Credential,
            NotifyErrorKind::RateLimited => FailureClass::Throttled,
            NotifyErrorKind::Client | NotifyErrorKind::Gone | NotifyErrorKind::Other => {
                FailureClass::Rejected
            }
            NotifyErrorKind::Server => FailureClass::Transient,
            NotifyErrorKind::Timeout => FailureClass::Timeout,
            NotifyErrorKind::Cancelled => FailureClass::Cancelled,
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }
}
