//! Notifications in a Discord channel, by a webhook and embeds.

mod answer;
mod embeds;
#[cfg(test)]
mod tests;

use std::fmt;

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

/// Posts each notification to a [webhook](https://discord.com/developers/docs/resources/webhook#execute-webhook).
///
/// A message has a headline and, for each alert, an embed in the colour of its severity. It keeps the limits of
/// [embeds](https://discord.com/developers/docs/resources/message#embed-object-embed-limits), 6,000 characters over all
/// of them included: texts are shortened with a mark. Markdown in texts is escaped and nobody is mentioned.
///
/// `wait=true` is asked for, because otherwise Discord does not say whether the message was kept. A webhook that is not
/// found was deleted and is never used again. What `X-RateLimit-Remaining`, `X-RateLimit-Reset-After` and a 429 say is
/// obeyed. A thread is chosen by `?thread_id=…` in the address.
///
/// # Examples
/// ```
/// use aurora_alerts::Discord;
///
/// let discord = Discord::builder("https://discord.com/api/webhooks/123/secret")
///     .username("Aurora")
///     .build()?;
/// # Ok::<(), aurora_alerts::Error>(())
/// ```
pub struct Discord {
    url: Url,
    username: Option<String>,
    texts: Texts,
    connection: Connection,
}

impl Discord {
    /// Begins a channel to the address of a webhook, which is treated as a secret: it is in no error, log or `Debug`.
    pub fn builder(url: impl Into<Secret>) -> DiscordBuilder {
        DiscordBuilder {
            url: url.into(),
            username: None,
            texts: Texts::new(),
            settings: Settings::named("discord"),
        }
    }

    fn form(&self, message: &Message) -> Value {
        let mut body = embeds::body(message);
        if let (Some(name), Some(fields)) = (&self.username, body.as_object_mut()) {
            fields.insert("username".to_owned(), Value::from(name.as_str()));
        }
        body
    }
}

impl fmt::Debug for Discord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Discord")
            .field("name", &self.connection.name)
            .finish_non_exhaustive()
    }
}

/// A Discord channel in the making; see [`Discord::builder`].
#[derive(Debug)]
#[must_use = "a channel begins with build()"]
pub struct DiscordBuilder {
    url: Secret,
    username: Option<String>,
    texts: Texts,
    settings: Settings,
}

settings!(DiscordBuilder, "discord", "15 s");

impl DiscordBuilder {
    /// The name that the messages come from, in place of the webhook's own: 1 to 80 characters, and neither `discord` nor
    /// `clyde` in it.
    pub fn username(mut self, name: impl Into<String>) -> Self {
        self.username = Some(name.into());
        self
    }

    /// A title and a text of one's own; default the built-in ones. A title is plain text. What the template of a text says
    /// literally is Markdown and what it prints is escaped; where the whole would be too long, it is sent cut and without
    /// markup. The link to acknowledge stays below it.
    pub fn texts(mut self, texts: Texts) -> Self {
        self.texts = texts;
        self
    }

    /// Checks everything and makes the channel.
    ///
    /// # Errors
    /// With every problem at once: an address that is no `http` or `https` URL, a user name that Discord refuses, a time
    /// limit out of range.
    pub fn build(self) -> Result<Discord, Error> {
        let mut details = Vec::new();
        if let Some(name) = &self.username {
            let lower = name.to_lowercase();
            let is_reserved = ["discord", "clyde"].iter().any(|word| lower.contains(word));
            if is_reserved || name.trim().is_empty() || name.encode_utf16().count() > 80 {
                details.push(
                    "user name must have 1 to 80 characters and contain neither \"discord\" nor \"clyde\""
                        .to_owned(),
                );
            }
        }
        let (url, connection) = self.settings.connect(&self.url, details)?;
        Ok(Discord {
            url: waiting(url),
            username: self.username,
            texts: self.texts,
            connection,
        })
    }
}

/// The address with `wait=true`, whatever it said before.
fn waiting(mut url: Url) -> Url {
    let kept: Vec<_> = url
        .query_pairs()
        .filter(|(name, _)| name != "wait")
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect();
    url.query_pairs_mut()
        .clear()
        .extend_pairs(kept)
        .append_pair("wait", "true");
    url
}

#[async_trait]
impl Notifier for Discord {
    fn name(&self) -> &str {
        &self.connection.name
    }

    #[expect(clippy::unnecessary_literal_bound, reason = "the trait's signature")]
    fn kind(&self) -> &str {
        "discord"
    }

    /// No spacing: Discord says with every answer how many more it takes.
    fn limits(&self) -> Limits {
        Limits::default().alerts(embeds::EMBEDS)
    }

    fn render(&self, notification: &Notification) -> Rendered {
        let message = Message::of(notification, &self.texts, Some(embeds::MARKDOWN));
        let (told, body) = fitted(&message, |told| self.form(told), embeds::fits);
        Rendered::text(told.title.as_str(), told.plain()).with_json(body)
    }

    async fn send(&self, notification: &Notification) -> Result<Receipt, NotifyError> {
        let body = self.render(notification).json.unwrap_or_default();
        let answer = self
            .connection
            .send(self.connection.post(&self.url).json(&body))
            .await?;
        answer::judge(&answer)
    }
}
