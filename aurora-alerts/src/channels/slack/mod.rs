//! Notifications in a Slack channel, by an incoming webhook and Block Kit.

mod answer;
mod blocks;
#[cfg(test)]
mod tests;

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use aurora_core::http::Url;
use aurora_core::secret::Secret;
use serde_json::Value;

use super::http::Connection;
use super::message::{Message, fitted};
use super::settings::{Settings, settings};
use crate::error::Error;
use crate::notification::Notification;
use crate::notifier::{Limits, Notifier, NotifyError, Receipt, Rendered};
use crate::template::Texts;

/// Posts each notification to an [incoming webhook](https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks).
///
/// A message has a headline and, for each alert, a bar in the colour of its severity with readings, times, labels,
/// annotations and links. It keeps the [limits of Block Kit](https://docs.slack.dev/reference/block-kit/blocks): texts
/// are shortened with a mark, and `&`, `<` and `>` are escaped, so that no text can mention anybody.
///
/// Taken is what Slack answers with 200 and `ok`. A webhook that was removed, or whose channel is gone or archived,
/// switches the channel off; 429 is obeyed. One message a second is what Slack allows.
///
/// # Examples
/// ```
/// use aurora_alerts::Slack;
///
/// let slack = Slack::builder("https://hooks.slack.com/services/T000/B000/secret").build()?;
/// # Ok::<(), aurora_alerts::Error>(())
/// ```
pub struct Slack {
    url: Url,
    channel: Option<String>,
    username: Option<String>,
    texts: Texts,
    connection: Connection,
}

impl Slack {
    /// Begins a channel to the address of an incoming webhook, which is treated as a secret: it is in no error, log or
    /// `Debug`.
    pub fn builder(url: impl Into<Secret>) -> SlackBuilder {
        SlackBuilder {
            url: url.into(),
            channel: None,
            username: None,
            texts: Texts::new(),
            settings: Settings::named("slack"),
        }
    }

    fn form(&self, message: &Message) -> Value {
        let mut body = blocks::body(message);
        for (name, text) in [("channel", &self.channel), ("username", &self.username)] {
            if let (Some(text), Some(fields)) = (text, body.as_object_mut()) {
                fields.insert(name.to_owned(), Value::from(text.as_str()));
            }
        }
        body
    }
}

impl fmt::Debug for Slack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Slack")
            .field("name", &self.connection.name)
            .finish_non_exhaustive()
    }
}

/// A Slack channel in the making; see [`Slack::builder`].
#[derive(Debug)]
#[must_use = "a channel begins with build()"]
pub struct SlackBuilder {
    url: Secret,
    channel: Option<String>,
    username: Option<String>,
    texts: Texts,
    settings: Settings,
}

settings!(SlackBuilder, "slack", "15 s");

impl SlackBuilder {
    /// The channel in place of the webhook's own: `#ops`, `@somebody` or an id. Only legacy webhooks heed it.
    pub fn channel(mut self, channel: impl Into<String>) -> Self {
        self.channel = Some(channel.into());
        self
    }

    /// The name that the messages come from, at most 80 characters. Only legacy webhooks heed it.
    pub fn username(mut self, name: impl Into<String>) -> Self {
        self.username = Some(name.into());
        self
    }

    /// A title and a text of one's own; default the built-in ones. A title is plain text. What the template of a text says
    /// literally is Slack's mrkdwn and what it prints is escaped; where the whole would be too long, it is sent cut and without
    /// markup. The link to acknowledge stays below it.
    pub fn texts(mut self, texts: Texts) -> Self {
        self.texts = texts;
        self
    }

    /// Checks everything and makes the channel.
    ///
    /// # Errors
    /// With every problem at once: an address that is no `http` or `https` URL, a channel or user name that is empty or
    /// longer than 80 characters, a time limit out of range.
    pub fn build(self) -> Result<Slack, Error> {
        let mut details = Vec::new();
        for (what, text) in [("channel", &self.channel), ("user name", &self.username)] {
            if text
                .as_ref()
                .is_some_and(|text| !(1..=80).contains(&text.chars().count()))
            {
                details.push(format!("{what} must have 1 to 80 characters"));
            }
        }
        let (url, connection) = self.settings.connect(&self.url, details)?;
        Ok(Slack {
            url,
            channel: self.channel,
            username: self.username,
            texts: self.texts,
            connection,
        })
    }
}

#[async_trait]
impl Notifier for Slack {
    fn name(&self) -> &str {
        &self.connection.name
    }

    #[expect(clippy::unnecessary_literal_bound, reason = "the trait's signature")]
    fn kind(&self) -> &str {
        "slack"
    }

    fn limits(&self) -> Limits {
        Limits::default().alerts(20).spacing(Duration::from_secs(1))
    }

    fn render(&self, notification: &Notification) -> Rendered {
        let message = Message::of(notification, &self.texts, Some(blocks::MRKDWN));
        let (told, body) = fitted(&message, |told| self.form(told), blocks::fits);
        Rendered::text(told.title.as_str(), told.plain()).with_json(body)
    }

    async fn send(&self, notification: &Notification) -> Result<Receipt, NotifyError> {
        let body = self.render(notification).json.unwrap_or_default();
        let answer = self
            .connection
            .send(self.connection.post(&self.url).json(&body))
            .await?;
        answer::judge(&answer)?;
        Ok(Receipt::new())
    }
}
