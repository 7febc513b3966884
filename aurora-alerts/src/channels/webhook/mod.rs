//! Notifications as signed JSON to any HTTP address, after Standard Webhooks.
//!
//! # The body
//! `type` is `alert.firing` or `alert.resolved`, `timestamp` when the notification was written, `data` the
//! [`Notification`] itself: one alert or up to 500 of a group, the worst first.
//!
//! ```json
#![doc = include_str!("payload.json")]
//! ```
//!
//! | field of `data` | what it is |
//! | --- | --- |
//! | `id` | the delivery, the same over all attempts; also the header `webhook-id` |
//! | `status` | `firing` while one of the alerts fires, else `resolved` |
//! | `reason` | `changed`, `repeated`, `escalated`, `acknowledged`, `flapping`, `digest`, `test` |
//! | `severity` | `info`, `warning`, `critical`: the worst of the alerts that fire |
//! | `receiver`, `target`, `moved_to` | who routed it here; a webhook has one target, and it is empty |
//! | `group_key`, `group_labels` | the group, the same over its notifications |
//! | `others_firing` | further alerts of the group that fire and were told before |
//! | `escalation_step` | the step of an escalation chain, from 1, or null |
//! | `acknowledge_url` | a link by which it can be acknowledged, or null |
//! | `attempt` | which attempt this is, from 1 |
//! | `alerts[].fingerprint` | the alert, the same from its firing to its end and over restarts: 16 hexadecimal digits |
//! | `alerts[].value`, `operator`, `threshold` | what was measured and what it was compared with, or null |
//! | `alerts[].starts_at`, `ends_at`, `resolve_reason` | since when, until when, and why it ended (`recovered`, `no_data`) |
//! | `alerts[].changes`, `changes_total` | what was not told here before: at most the last 16 changes, and how many there were |
//!
//! Fields may be added; receivers leave out what they do not know. Instants are RFC 3339 in UTC.

#[cfg(test)]
mod tests;

use std::fmt;

use async_trait::async_trait;
use aurora_core::http::{HeaderName, HeaderValue, Url};
use aurora_core::secret::Secret;
use aurora_core::time::Timestamp;
use aurora_core::webhook::{self, SigningKey};
use serde::Serialize;

use super::http::{Connection, status};
use super::settings::{Settings, settings};
use crate::error::Error;
use crate::notification::{Notification, Status};
use crate::notifier::{Limits, Notifier, NotifyError, NotifyErrorKind, Receipt, Rendered};

/// Posts each notification as JSON: `{"type": "alert.firing", "timestamp": …, "data": {…}}`.
///
/// The headers are those of [Standard Webhooks](https://www.standardwebhooks.com): `webhook-id` is the id of the
/// delivery, the same over all attempts, so that the receiver can tell a repetition; `webhook-timestamp` is the time of
/// the attempt; `webhook-signature` is there when a [`secret`](WebhookBuilder::secret) is given. Any 2xx is a yes.
/// Redirects are not followed. 410 says that the address is gone for good and switches the channel off; most other 4xx
/// are final for the message; 408, 429 and 5xx are tried again, not before `Retry-After`.
///
/// The body is described in the [module](self).
///
/// # Examples
/// ```
/// use aurora_alerts::Webhook;
///
/// let webhook = Webhook::builder("https://hooks.example.com/T123/secret-path")
///     .secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
///     .build()?;
/// # Ok::<(), aurora_alerts::Error>(())
/// ```
pub struct Webhook {
    url: Url,
    keys: Vec<SigningKey>,
    connection: Connection,
}

impl Webhook {
    /// Begins a webhook to an address, which is treated as a secret: it is in no error, log or `Debug`.
    pub fn builder(url: impl Into<Secret>) -> WebhookBuilder {
        WebhookBuilder {
            url: url.into(),
            secrets: Vec::new(),
            headers: Vec::new(),
            settings: Settings::named("webhook"),
        }
    }
}

impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Webhook")
            .field("name", &self.connection.name)
            .finish_non_exhaustive()
    }
}

/// A webhook in the making; see [`Webhook::builder`].
#[derive(Debug)]
#[must_use = "a webhook begins with build()"]
pub struct WebhookBuilder {
    url: Secret,
    secrets: Vec<Secret>,
    headers: Vec<(String, Secret)>,
    settings: Settings,
}

settings!(WebhookBuilder, "webhook", "15 s");

impl WebhookBuilder {
    /// A signing secret, `whsec_` and 24 to 64 bytes in base64; given twice, both sign, so that a receiver can change
    /// from the old to the new without a gap.
    pub fn secret(mut self, secret: impl Into<Secret>) -> Self {
        self.secrets.push(secret.into());
        self
    }

    /// A further header, such as an access token; its value is treated as a secret.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<Secret>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Checks everything and makes the webhook.
    ///
    /// # Errors
    /// With every problem at once: an address that is no `http` or `https` URL, a secret that is none, a header that
    /// cannot be one, a time limit out of range.
    pub fn build(self) -> Result<Webhook, Error> {
        let mut details: Vec<String> = Vec::new();
        let mut keys = Vec::new();
        for secret in &self.secrets {
            match SigningKey::parse(secret) {
                Ok(key) => keys.push(key),
                Err(error) => details.push(error.to_string()),
            }
        }
        let mut headers = Vec::new();
        for (name, value) in self.headers {
            match (
                HeaderName::try_from(name.as_str()),
                HeaderValue::from_str(value.expose()),
            ) {
                (Ok(name), Ok(_)) => headers.push((name, value)),
                _ => details.push(format!(
                    "header {name:?} has a character that headers cannot have"
                )),
            }
        }
        let (url, connection) = self.settings.connect(&self.url, details)?;
        Ok(Webhook {
            url,
            keys,
            connection: connection.with_headers(headers),
        })
    }
}

/// The body, in the shape that Standard Webhooks recommends.
#[derive(Debug, Serialize)]
struct Payload<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    /// When it happened, not when it was sent.
    timestamp: Timestamp,
    data: &'a Notification,
}

impl<'a> Payload<'a> {
    const fn of(notification: &'a Notification) -> Self {
        Self {
            kind: match notification.status {
                Status::Firing => "alert.firing",
                Status::Resolved => "alert.resolved",
            },
            timestamp: notification.created_at,
            data: notification,
        }
    }
}

#[async_trait]
impl Notifier for Webhook {
    fn name(&self) -> &str {
        &self.connection.name
    }

    #[expect(clippy::unnecessary_literal_bound, reason = "the trait's signature")]
    fn kind(&self) -> &str {
        "webhook"
    }

    fn limits(&self) -> Limits {
        Limits::default().alerts(500)
    }

    fn render(&self, notification: &Notification) -> Rendered {
        let rendered = Rendered::text(notification.title(), notification.to_string());
        match serde_json::to_value(Payload::of(notification)) {
            Ok(body) => rendered.with_json(body),
            Err(_) => rendered,
        }
    }

    async fn send(&self, notification: &Notification) -> Result<Receipt, NotifyError> {
        let body = serde_json::to_vec(&Payload::of(notification)).map_err(|error| {
            NotifyError::new(
                NotifyErrorKind::Other,
                "the notification cannot be written as JSON",
            )
            .with_source(error)
        })?;
        let id = notification.id.to_string();
        let mut request = self
            .connection
            .post(&self.url)
            .header("content-type", "application/json");
        for (name, value) in webhook::headers(&self.keys, &id, self.connection.now(), &body) {
            request = request.header(name, &value);
        }
        let answer = self.connection.send(request.body(body)).await?;
        status::judge(answer.status, answer.retry_after(), &[])?;
        Ok(Receipt::new())
    }
}
