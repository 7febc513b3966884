//! Notifications as mail over SMTP.

mod builder;
mod layout;
mod letters;
mod lines;
mod message;
mod reply;
mod smtp;
#[cfg(test)]
mod tests;

use std::fmt;

use async_trait::async_trait;
use lettre::message::Mailbox;

pub use self::builder::{EmailBuilder, Encryption};
pub use self::letters::{Letter, Letters};
use self::smtp::Connections;
use crate::notification::Notification;
use crate::notifier::{Limits, Notifier, NotifyError, NotifyErrorKind, Receipt, Rendered, Scope};
use crate::template::{Escape, Texts};

/// Sends each notification as a mail with a text and an HTML part, to each recipient on its own.
///
/// - Every recipient is a target: one that the server refuses keeps no other from being told, and is the only one that
///   is told again.
/// - The connection must be encrypted ([`Encryption`]); where it cannot be, nothing is sent, not even the user's name.
/// - `Message-ID` is the id of the delivery, the same over all attempts, so that a mail that arrives twice is one mail to
///   the programs that look. `References` and `In-Reply-To` are the same for all mails of a group: they are one thread.
///   `Auto-Submitted: auto-generated` (RFC 3834) keeps holiday notes from answering.
/// - A 4xx is tried again; a 5xx is not: to a login it means that the credentials are wrong, to a recipient that the
///   recipient is gone ([`Scope::Target`]), elsewhere that this mail is refused. When the connection breaks after the mail
///   was sent, it may have arrived.
/// - A template of the body ([`EmailBuilder::texts`]) is HTML, and takes the place of the HTML part's content; the text
///   part stays.
///
/// # Examples
/// ```
/// use aurora_alerts::Email;
///
/// let email = Email::builder("smtp.example.com", "Alerts <alerts@example.com>")
///     .to("ops@example.com")
///     .to("Ana <ana@example.com>")
///     .credentials("alerts@example.com", "password of the mailbox")
///     .build()?;
/// # Ok::<(), aurora_alerts::Error>(())
/// ```
pub struct Email {
    name: String,
    from: Mailbox,
    to: Vec<Mailbox>,
    texts: Texts,
    connections: Connections,
}

impl Email {
    /// Begins mail through the server of that name, from an address such as `Alerts <alerts@example.com>`.
    pub fn builder(host: impl Into<String>, from: impl Into<String>) -> EmailBuilder {
        EmailBuilder::new(host.into(), from.into())
    }

    /// The recipient that a target names; the only one where it names none.
    fn recipient(&self, target: &str) -> Result<&Mailbox, NotifyError> {
        let found = match self.to.as_slice() {
            [only] if target.is_empty() => Some(only),
            several => several.iter().find(|mailbox| mailbox.email.to_string() == target),
        };
        found.ok_or_else(|| {
            let detail = "the target is no recipient of this channel";
            NotifyError::new(NotifyErrorKind::Gone, detail).with_scope(Scope::Target)
        })
    }
}

impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Email")
            .field("name", &self.name)
            .field("recipients", &self.to.len())
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl Notifier for Email {
    fn name(&self) -> &str {
        &self.name
    }

    #[expect(clippy::unnecessary_literal_bound, reason = "the trait's signature")]
    fn kind(&self) -> &str {
        "email"
    }

    fn targets(&self) -> Vec<String> {
        self.to.iter().map(|mailbox| mailbox.email.to_string()).collect()
    }

    fn limits(&self) -> Limits {
        Limits::default().alerts(200)
    }

    fn render(&self, notification: &Notification) -> Rendered {
        let title = layout::subject(&self.texts.title(notification, Escape::NONE));
        let html = match self.texts.body(notification, Escape::HTML) {
            Some(body) => layout::page(&Escape::HTML.apply(&title), &body),
            None => layout::html(notification, &title),
        };
        let text = layout::plain(notification, &title);
        Rendered::text(title, text).with_html(html)
    }

    async fn send(&self, notification: &Notification) -> Result<Receipt, NotifyError> {
        let to = self.recipient(notification.address())?;
        let mail = message::write(notification, self.render(notification), &self.from, to)?;
        let name = self
            .connections
            .deliver(&self.from.email, &to.email, &mail)
            .await?;
        Ok(name.map_or_else(Receipt::new, Receipt::named))
    }
}
