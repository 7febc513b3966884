//! Notifications in Telegram chats, by a bot.

mod answer;
mod html;
#[cfg(test)]
mod tests;

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use aurora_core::http::Url;
use aurora_core::secret::Secret;
use serde_json::{Value, json};

use self::answer::Verdict;
use super::http::Connection;
use super::message::{Message, fitted};
use super::settings::{Settings, settings};
use super::text::cut;
use crate::error::Error;
use crate::notification::Notification;
use crate::notifier::{Limits, Notifier, NotifyError, NotifyErrorKind, Receipt, Rendered, Scope};
use crate::template::{Escape, Texts};

/// Where Telegram's own Bot API is.
const BASE: &str = "https://api.telegram.org";
/// The most bytes that the notifier trait allows a target.
const LONGEST_CHAT: usize = 255;

/// Sends each notification to chats as a bot: [`sendMessage`](https://core.telegram.org/bots/api#sendmessage) with HTML.
///
/// Each chat is a target of its own. A message has at most 4,096 UTF-16 units, markup included, and its HTML is always
/// well-formed: texts are shortened before they are marked up. Should Telegram not understand it all the same, as it can be
/// with the tags of a template, the message goes out once more without markup.
///
/// `retry_after` is obeyed for the chat alone. A group that became a supergroup is followed to its new id, which the
/// receipt tells. A chat that blocked the bot, or is not found, is gone; the others go on. Telegram allows one message a
/// second to a chat and 20 a minute to a group.
///
/// # Examples
/// ```
/// use aurora_alerts::Telegram;
///
/// let telegram = Telegram::builder("123456:secret").chat("-1001234567890").chat("@ops").build()?;
/// # Ok::<(), aurora_alerts::Error>(())
/// ```
pub struct Telegram {
    url: Url,
    chats: Vec<String>,
    texts: Texts,
    connection: Connection,
}

impl Telegram {
    /// Begins a channel of a bot. Its token is part of the address and treated as a secret: it is in no error, log or
    /// `Debug`.
    pub fn builder(token: impl Into<Secret>) -> TelegramBuilder {
        TelegramBuilder {
            token: token.into(),
            base_url: Secret::from(BASE),
            chats: Vec::new(),
            texts: Texts::new(),
            settings: Settings::named("telegram"),
        }
    }

    fn told(&self, notification: &Notification) -> (Message, String) {
        let message = Message::of(notification, &self.texts, Some(Escape::HTML));
        fitted(&message, html::text, |text| html::length(text) <= html::TEXT)
    }

    async fn attempt(
        &self,
        chat: &str,
        text: &str,
        parse_mode: Option<&str>,
    ) -> Result<Verdict, NotifyError> {
        let request = self
            .connection
            .post(&self.url)
            .json(&body(chat, text, parse_mode));
        let answer = self.connection.send(request).await?;
        Ok(answer::judge(&answer))
    }
}

impl fmt::Debug for Telegram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Telegram")
            .field("name", &self.connection.name)
            .field("chats", &self.chats)
            .finish_non_exhaustive()
    }
}

/// A Telegram channel in the making; see [`Telegram::builder`].
#[derive(Debug)]
#[must_use = "a channel begins with build()"]
pub struct TelegramBuilder {
    token: Secret,
    base_url: Secret,
    chats: Vec<String>,
    texts: Texts,
    settings: Settings,
}

settings!(TelegramBuilder, "telegram", "15 s");

impl TelegramBuilder {
    /// A chat that is told: its number (groups have negative ones) or the `@name` of a channel. At least one is needed.
    pub fn chat(mut self, chat: impl Into<String>) -> Self {
        self.chats.push(chat.into());
        self
    }

    /// Several chats; see [`chat`](Self::chat).
    pub fn chats<C: Into<String>>(mut self, chats: impl IntoIterator<Item = C>) -> Self {
        self.chats.extend(chats.into_iter().map(Into::into));
        self
    }

    /// Where the Bot API is, for a [server of one's own](https://core.telegram.org/bots/api#using-a-local-bot-api-server);
    /// default `https://api.telegram.org`. Treated as a secret.
    pub fn base_url(mut self, url: impl Into<Secret>) -> Self {
        self.base_url = url.into();
        self
    }

    /// A title and a text of one's own; default the built-in ones. A title is plain text. What the template of a text says
    /// literally is Telegram's HTML and what it prints is escaped; where the whole would be too long, it is sent cut and without
    /// markup. The link to acknowledge stays below it.
    pub fn texts(mut self, texts: Texts) -> Self {
        self.texts = texts;
        self
    }

    /// Checks everything and makes the channel.
    ///
    /// # Errors
    /// With every problem at once: a token that is none, a base that is no `http` or `https` URL, no chat, a chat that is
    /// named twice or cannot be one, a time limit out of range.
    pub fn build(self) -> Result<Telegram, Error> {
        let mut details = Vec::new();
        if !is_token(self.token.expose()) {
            details.push("token must be a number, a colon, and letters, digits, _ and -".to_owned());
        }
        if self.chats.is_empty() {
            details.push("at least one chat is needed".to_owned());
        }
        for (index, chat) in self.chats.iter().enumerate() {
            if !is_chat(chat) {
                details.push(format!("chat {chat:?} must be a number or an @name"));
            } else if self.chats.iter().take(index).any(|known| known == chat) {
                details.push(format!("chat {chat:?} is named twice"));
            }
        }
        let base = self.base_url.expose().trim_end_matches('/');
        let address = Secret::new(format!("{base}/bot{}/sendMessage", self.token.expose()));
        let (url, connection) = self.settings.connect(&address, details)?;
        Ok(Telegram {
            url,
            chats: self.chats,
            texts: self.texts,
            connection,
        })
    }
}

fn is_token(token: &str) -> bool {
    token.split_once(':').is_some_and(|(id, key)| {
        let is_key = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        !id.is_empty()
            && id.bytes().all(|byte| byte.is_ascii_digit())
            && !key.is_empty()
            && key.bytes().all(is_key)
    })
}

fn is_chat(chat: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    chat.len() <= LONGEST_CHAT
        && match chat.strip_prefix('@') {
            Some(name) => !name.is_empty() && name.bytes().all(is_word),
            None => chat.parse::<i64>().is_ok_and(|id| id != 0) && !chat.starts_with('+'),
        }
}

fn body(chat: &str, text: &str, parse_mode: Option<&str>) -> Value {
    let mut body = json!({"chat_id": chat, "text": text, "link_preview_options": {"is_disabled": true}});
    if let (Some(mode), Some(fields)) = (parse_mode, body.as_object_mut()) {
        fields.insert("parse_mode".to_owned(), Value::from(mode));
    }
    body
}

#[async_trait]
impl Notifier for Telegram {
    fn name(&self) -> &str {
        &self.connection.name
    }

    #[expect(clippy::unnecessary_literal_bound, reason = "the trait's signature")]
    fn kind(&self) -> &str {
        "telegram"
    }

    fn targets(&self) -> Vec<String> {
        self.chats.clone()
    }

    /// Three seconds between two messages to a chat where one of the chats is a group, for groups get 20 a minute.
    fn limits(&self) -> Limits {
        let is_group = |chat: &String| chat.starts_with(['-', '@']);
        let spacing = if self.chats.iter().any(is_group) { 3 } else { 1 };
        Limits::default().alerts(10).spacing(Duration::from_secs(spacing))
    }

    fn render(&self, notification: &Notification) -> Rendered {
        let (told, html) = self.told(notification);
        Rendered::text(told.title.as_str(), told.plain())
            .with_json(body(notification.address(), &html, Some("HTML")))
            .with_html(html)
    }

    async fn send(&self, notification: &Notification) -> Result<Receipt, NotifyError> {
        let (told, html) = self.told(notification);
        let (mut chat, mut moved) = (notification.address().to_owned(), None);
        let (mut text, mut mode) = (html, Some("HTML"));
        // Once as it is, once to where the chat has moved, once without markup.
        for _ in 0..3 {
            match self.attempt(&chat, &text, mode).await? {
                Verdict::Taken(receipt) => {
                    return Ok(match moved {
                        Some(to) => receipt.moved_to(to),
                        None => receipt,
                    });
                }
                Verdict::Moved(to) if moved.is_none() => {
                    chat.clone_from(&to);
                    moved = Some(to);
                }
                Verdict::NotUnderstood if mode.is_some() => {
                    text = cut(&told.plain(), html::TEXT, char::len_utf16);
                    mode = None;
                }
                Verdict::Moved(_) | Verdict::NotUnderstood => break,
                Verdict::Failed(error) => return Err(error),
            }
        }
        Err(NotifyError::new(
            NotifyErrorKind::Client,
            "the message was refused, also in its plainest form",
        )
        .with_scope(Scope::Target))
    }
}
