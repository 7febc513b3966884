//! What a channel must be able to do, and how it says that it could not.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aurora_core::failure::{Failure, FailureClass};
use serde::{Deserialize, Serialize};

use crate::notification::Notification;

/// A way to tell people: the terminal, a webhook, a chat.
///
/// The engine calls one `send` at a time per channel, gives it a time limit, and retries by what the error says. The
/// suite `testing::notifier_contract` (feature `testing`) checks an implementation.
///
/// # Examples
/// ```
/// use aurora_alerts::{Notification, Notifier, NotifyError, Receipt};
///
/// #[derive(Debug)]
/// struct Shout;
///
/// #[async_trait::async_trait]
/// impl Notifier for Shout {
///     fn name(&self) -> &str {
///         "shout"
///     }
///
///     async fn send(&self, notification: &Notification) -> Result<Receipt, NotifyError> {
///         eprintln!("{}", notification.title().to_uppercase());
///         Ok(Receipt::new())
///     }
/// }
/// ```
#[async_trait]
pub trait Notifier: fmt::Debug + Send + Sync + 'static {
    /// A short stable name for records and metrics, such as `webhook`; never an address.
    fn name(&self) -> &str;

    /// Tells people, once.
    ///
    /// A repetition carries the same [`Notification::id`] and a higher [`Notification::attempt`]. Texts that are too
    /// long for the channel are cut with a mark; they are no reason to fail.
    ///
    /// # Errors
    /// When the channel did not take it, or it is not known whether it did.
    ///
    /// # Cancel safety
    /// The future may be dropped at any point; the notification is then sent again with the same id.
    async fn send(&self, notification: &Notification) -> Result<Receipt, NotifyError>;
}

/// What a channel answered when it took a notification.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Receipt {
    /// The name that the channel gave the message, if it gave one.
    pub message: Option<String>,
}

impl Receipt {
    /// A channel that says no more than yes.
    #[must_use]
    pub const fn new() -> Self {
        Self { message: None }
    }

    /// A channel that named the message.
    #[must_use]
    pub fn named(message: impl Into<String>) -> Self {
        Self {
            message: Some(message.into()),
        }
    }
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
    /// The channel refuses this message or this address, for good.
    Client,
    /// The channel, or the way to it, is faulty: try again.
    Server,
    /// No answer in time; the message may have arrived.
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

    /// The lower-case name, for metrics and records.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Auth => "auth",
            Self::RateLimited => "rate_limited",
            Self::Client => "client",
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
            source: None,
        }
    }

    /// How long the channel asked to be left alone.
    #[must_use]
    pub fn with_retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
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
            NotifyErrorKind::Client | NotifyErrorKind::Other => FailureClass::Rejected,
            NotifyErrorKind::Server => FailureClass::Transient,
            NotifyErrorKind::Timeout => FailureClass::Timeout,
            NotifyErrorKind::Cancelled => FailureClass::Cancelled,
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }
}

#[async_trait]
impl<N: Notifier + ?Sized> Notifier for Box<N> {
    fn name(&self) -> &str {
        (**self).name()
    }

    async fn send(&self, notification: &Notification) -> Result<Receipt, NotifyError> {
        (**self).send(notification).await
    }
}

#[async_trait]
impl<N: Notifier + ?Sized> Notifier for Arc<N> {
    fn name(&self) -> &str {
        (**self).name()
    }

    async fn send(&self, notification: &Notification) -> Result<Receipt, NotifyError> {
        (**self).send(notification).await
    }
}
