//! Plain mails to single people that are no notifications: invitations, links to choose a password.

use std::fmt;

use aurora_core::time::Timestamp;
use lettre::Message;
use lettre::message::Mailbox;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};

use super::builder::mailbox;
use super::smtp::Connections;
use super::{layout, message};
use crate::notification::DeliveryId;
use crate::notifier::{NotifyError, NotifyErrorKind, Receipt, Scope};

/// A mail to one person. `Debug` shows neither address nor text.
#[derive(Clone)]
pub struct Letter {
    /// The `Message-ID`: the same over all attempts, so that a mail that arrives twice is one to programs that look.
    pub id: DeliveryId,
    /// The recipient, `ana@example.com` or `Ana <ana@example.com>`.
    pub to: String,
    /// One line.
    pub subject: String,
    /// Plain text.
    pub text: String,
    /// When it was written.
    pub at: Timestamp,
}

impl fmt::Debug for Letter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Letter")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// Posts letters through a mail server; see [`EmailBuilder::letters`](super::EmailBuilder::letters).
///
/// The connection is protected and kept as for notifications. Nothing is repeated by itself.
pub struct Letters {
    from: Mailbox,
    connections: Connections,
}

impl Letters {
    pub(super) const fn new(from: Mailbox, connections: Connections) -> Self {
        Self { from, connections }
    }

    /// Hands one letter to the server.
    ///
    /// # Errors
    /// When the server did not take it, or it is not known whether it did; `Gone` for an address that is none.
    ///
    /// # Cancel safety
    /// Dropping the future closes the connection; the letter may have been sent.
    pub async fn post(&self, letter: &Letter) -> Result<Receipt, NotifyError> {
        let to = mailbox(&letter.to, "recipient", &mut Vec::new()).ok_or_else(|| {
            NotifyError::new(
                NotifyErrorKind::Gone,
                "the recipient has no address that mail can reach",
            )
            .with_scope(Scope::Target)
        })?;
        let domain = self.from.email.domain();
        let automatic = HeaderValue::new(
            HeaderName::new_from_ascii_str("Auto-Submitted"),
            "auto-generated".to_owned(),
        );
        let written = Message::builder()
            .from(self.from.clone())
            .to(to.clone())
            .subject(layout::subject(&letter.subject))
            .date(message::date(letter.at))
            .message_id(Some(format!("<{}@{domain}>", letter.id)))
            .raw_header(automatic)
            .header(ContentType::TEXT_PLAIN)
            .body(letter.text.clone());
        // The text of the error could repeat an address.
        let written =
            written.map_err(|_| NotifyError::new(NotifyErrorKind::Other, "the mail cannot be written"))?;
        let name = self
            .connections
            .deliver(&self.from.email, &to.email, &written.formatted())
            .await?;
        Ok(name.map_or_else(Receipt::new, Receipt::named))
    }
}

impl fmt::Debug for Letters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Letters").finish_non_exhaustive()
    }
}
