//! What a channel must be able to do, and how it says that it could not.

mod error;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aurora_core::time::Timestamp;
use serde::{Deserialize, Serialize};

pub use error::{NotifyError, NotifyErrorKind, Scope};

use crate::notification::Notification;

/// A way to tell people: the terminal, a webhook, a chat.
///
/// The engine calls one `send` at a time per target, gives it a time limit, and retries by what the error says. The
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

    /// What sort of channel it is, whatever its name: `slack`, `email`. The name unless told.
    fn kind(&self) -> &str {
        self.name()
    }

    /// Whom it tells, each on its own: the recipients of mail, the chats of a bot. Stable, unique, at most 255 bytes each.
    ///
    /// Each target gets deliveries of its own, so that one that fails is no reason to tell the others twice.
    fn targets(&self) -> Vec<String> {
        vec![String::new()]
    }

    /// What one message can hold and how often one may be sent.
    fn limits(&self) -> Limits {
        Limits::default()
    }

    /// What people would see, without sending it. Pure: the same notification gives the same text.
    fn render(&self, notification: &Notification) -> Rendered {
        Rendered::text(notification.title(), notification.to_string())
    }

    /// Tells one target ([`Notification::target`]), once.
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

    /// Tries the channel with a message that is clearly marked as a test.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    async fn probe(&self, target: &str, now: Timestamp) -> Result<Receipt, NotifyError> {
        self.send(&Notification::test(target, now)).await
    }
}

/// What one message of a channel can hold, and how often one may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// The most alerts that one message names, at least 1; default 20. More are told in further messages.
    pub alerts: usize,
    /// The least time between two messages to one target; zero sends as fast as the channel takes them.
    pub spacing: Duration,
    /// Whether the channel has a place for acknowledgements, such as an incident.
    pub acknowledges: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            alerts: 20,
            spacing: Duration::ZERO,
            acknowledges: false,
        }
    }
}

impl Limits {
    /// At most so many alerts in one message.
    #[must_use]
    pub const fn alerts(mut self, alerts: usize) -> Self {
        self.alerts = alerts;
        self
    }

    /// At least so long between two messages to one target.
    #[must_use]
    pub const fn spacing(mut self, spacing: Duration) -> Self {
        self.spacing = spacing;
        self
    }

    /// The channel has a place for acknowledgements.
    #[must_use]
    pub const fn acknowledging(mut self) -> Self {
        self.acknowledges = true;
        self
    }
}

/// A message as people would see it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Rendered {
    /// The headline or subject; may be empty.
    pub title: String,
    /// The whole text without markup.
    pub text: String,
    /// The text in HTML, where the channel shows it so.
    pub html: Option<String>,
    /// The body that is sent, where it is JSON; holds no secret.
    pub json: Option<serde_json::Value>,
}

impl Rendered {
    /// A text and its headline.
    #[must_use]
    pub fn text(title: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            text: text.into(),
            html: None,
            json: None,
        }
    }

    /// With the same in HTML.
    #[must_use]
    pub fn with_html(mut self, html: impl Into<String>) -> Self {
        self.html = Some(html.into());
        self
    }

    /// With the body that is sent.
    #[must_use]
    pub fn with_json(mut self, body: serde_json::Value) -> Self {
        self.json = Some(body);
        self
    }
}

/// What a channel answered when it took a notification.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Receipt {
    /// The name that the channel gave the message, if it gave one.
    pub message: Option<String>,
    /// How long the channel wants to be left alone now, although it took this one.
    pub rest: Option<Duration>,
    /// Where the target has moved; later notifications carry it in [`Notification::moved_to`].
    pub moved_to: Option<String>,
}

impl Receipt {
    /// A channel that says no more than yes.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            message: None,
            rest: None,
            moved_to: None,
        }
    }

    /// A channel that named the message.
    #[must_use]
    pub fn named(message: impl Into<String>) -> Self {
        Self {
            message: Some(message.into()),
            ..Self::new()
        }
    }

    /// The channel took it and wants to be left alone for so long.
    #[must_use]
    pub const fn resting(mut self, rest: Duration) -> Self {
        self.rest = Some(rest);
        self
    }

    /// The target has moved.
    #[must_use]
    pub fn moved_to(mut self, address: impl Into<String>) -> Self {
        self.moved_to = Some(address.into());
        self
    }
}

/// Hands every call on, so that none falls back to a default body.
macro_rules! hand_on {
    ($pointer:ident) => {
        #[async_trait]
        impl<N: Notifier + ?Sized> Notifier for $pointer<N> {
            fn name(&self) -> &str {
                (**self).name()
            }

            fn kind(&self) -> &str {
                (**self).kind()
            }

            fn targets(&self) -> Vec<String> {
                (**self).targets()
            }

            fn limits(&self) -> Limits {
                (**self).limits()
            }

            fn render(&self, notification: &Notification) -> Rendered {
                (**self).render(notification)
            }

            async fn send(&self, notification: &Notification) -> Result<Receipt, NotifyError> {
                (**self).send(notification).await
            }

            async fn probe(&self, target: &str, now: Timestamp) -> Result<Receipt, NotifyError> {
                (**self).probe(target, now).await
            }
        }
    };
}

hand_on!(Box);
hand_on!(Arc);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::AlertEngine;

    #[derive(Debug)]
    struct Chat {
        name: &'static str,
        kind: &'static str,
    }

    #[async_trait]
    impl Notifier for Chat {
        fn name(&self) -> &str {
            self.name
        }

        fn kind(&self) -> &str {
            self.kind
        }

        async fn send(&self, _notification: &Notification) -> Result<Receipt, NotifyError> {
            Ok(Receipt::new())
        }
    }

    #[test]
    fn a_channel_behind_a_pointer_says_what_kind_it_is() {
        let chat = || Chat {
            name: "ops",
            kind: "slack",
        };
        let boxed: Box<dyn Notifier> = Box::new(chat());
        assert_eq!((Notifier::name(&boxed), Notifier::kind(&boxed)), ("ops", "slack"));
        let shared: Arc<dyn Notifier> = Arc::new(chat());
        assert_eq!(Notifier::kind(&shared), "slack");
        let engine = AlertEngine::builder().notify(chat()).build().unwrap();
        assert_eq!(engine.channels()[0].kind, "slack");
    }
}
