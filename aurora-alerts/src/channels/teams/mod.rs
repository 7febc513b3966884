//! Notifications in Microsoft Teams, by a webhook of the Workflows app and Adaptive Cards.

mod answer;
mod card;
#[cfg(test)]
mod tests;

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use aurora_core::http::Url;
use aurora_core::secret::Secret;

use super::http::Connection;
use super::message::{Message, fitted};
use super::settings::{Settings, settings};
use crate::error::Error;
use crate::notification::Notification;
use crate::notifier::{Limits, Notifier, NotifyError, Receipt, Rendered};
use crate::template::Texts;

/// Posts each notification to a
/// [webhook of a workflow](https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/add-incoming-webhook)
/// ("post to a channel when a webhook request is received"), as an Adaptive Card.
///
/// A card has a headline and, for each alert, a part of its own. With its envelope it has at most 28 KB: texts are
/// shortened with a mark. Texts stand in blocks that know no markup, so that there is nothing to escape. Teams takes at
/// most four requests a second. Taken is what is answered with 200 or 202.
///
/// # Examples
/// ```
/// use aurora_alerts::Teams;
///
/// let teams = Teams::builder("https://example.westus.logic.azure.com/workflows/secret").build()?;
/// # Ok::<(), aurora_alerts::Error>(())
/// ```
pub struct Teams {
    url: Url,
    texts: Texts,
    connection: Connection,
}

impl Teams {
    /// Begins a channel to the address of a workflow, which is treated as a secret: it is in no error, log or `Debug`.
    pub fn builder(url: impl Into<Secret>) -> TeamsBuilder {
        TeamsBuilder {
            url: url.into(),
            texts: Texts::new(),
            settings: Settings::named("teams"),
        }
    }
}

impl fmt::Debug for Teams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Teams")
            .field("name", &self.connection.name)
            .finish_non_exhaustive()
    }
}

/// A Teams channel in the making; see [`Teams::builder`].
#[derive(Debug)]
#[must_use = "a channel begins with build()"]
pub struct TeamsBuilder {
    url: Secret,
    texts: Texts,
    settings: Settings,
}

settings!(TeamsBuilder, "teams", "15 s");

impl TeamsBuilder {
    /// A title and a text of one's own; default the built-in ones. Both are plain text, and cut where they would be too
    /// long. The link to acknowledge stays below them.
    pub fn texts(mut self, texts: Texts) -> Self {
        self.texts = texts;
        self
    }

    /// Checks everything and makes the channel.
    ///
    /// # Errors
    /// With every problem at once: an address that is no `http` or `https` URL, a time limit out of range.
    pub fn build(self) -> Result<Teams, Error> {
        let (url, connection) = self.settings.connect(&self.url, Vec::new())?;
        Ok(Teams {
            url,
            texts: self.texts,
            connection,
        })
    }
}

#[async_trait]
impl Notifier for Teams {
    fn name(&self) -> &str {
        &self.connection.name
    }

    #[expect(clippy::unnecessary_literal_bound, reason = "the trait's signature")]
    fn kind(&self) -> &str {
        "teams"
    }

    fn limits(&self) -> Limits {
        Limits::default().alerts(20).spacing(Duration::from_millis(250))
    }

    fn render(&self, notification: &Notification) -> Rendered {
        let message = Message::of(notification, &self.texts, None);
        let (told, body) = fitted(&message, card::body, card::fits);
        Rendered::text(told.title.as_str(), told.plain()).with_json(body)
    }

    async fn send(&self, notification: &Notification) -> Result<Receipt, NotifyError> {
        let body = self.render(notification).json.unwrap_or_default();
        let answer = self
            .connection
            .send(self.connection.post(&self.url).json(&body))
            .await?;
        answer::judge(&answer, &self.url)?;
        Ok(Receipt::new())
    }
}
