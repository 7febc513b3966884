//! Alerts at Opsgenie and at Jira Service Management, by the Alert API v2.
//!
//! Atlassian closes Opsgenie on 5 April 2027; its alerts move to Jira Service Management, which speaks the same API under
//! [`OpsgenieSite::JiraServiceManagement`].

mod builder;
mod request;
#[cfg(test)]
mod tests;

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use aurora_core::http::Url;
use aurora_core::secret::Secret;
use serde_json::{Value, json};

pub use self::builder::{OpsgenieBuilder, OpsgenieSite};
use super::http::{Answer, Connection, status};
use super::incident::{self, Dedup};
use crate::notification::Notification;
use crate::notifier::{Limits, Notifier, NotifyError, Receipt, Rendered};
use crate::template::Texts;

/// Creates, acknowledges and closes alerts at Opsgenie.
///
/// - An alert that fires is created, one that is over is closed, and one that somebody acknowledged is acknowledged, under
///   an `alias` that is the same over restarts ([`Dedup`]). Creating one that is open only counts up at Opsgenie.
/// - An alert that fired and resolved before it could be told is created and then closed.
/// - Critical is P1, warning P3, info P5.
/// - Texts are cut to Opsgenie's limits with a mark: 130 characters of the message, 15,000 of the description, 20 tags of
///   50, 8,000 of the details in all.
/// - 202 is a yes: Opsgenie does the work later. 429 is tried again after `Retry-After`, or after the period that
///   `X-RateLimit-Period-In-Sec` names; 5xx is tried again, other 4xx are not.
///
/// Source of the rules: <https://docs.opsgenie.com/docs/alert-api>, <https://docs.opsgenie.com/docs/api-rate-limiting>.
///
/// # Examples
/// ```
/// use aurora_alerts::{Opsgenie, OpsgenieSite};
///
/// let opsgenie = Opsgenie::builder("eb243592-faa2-4ba2-a551-1afdf565c889")
///     .site(OpsgenieSite::Europe)
///     .team("on-call")
///     .build()?;
/// # Ok::<(), aurora_alerts::Error>(())
/// ```
pub struct Opsgenie {
    url: Url,
    dedup: Dedup,
    source: String,
    teams: Vec<String>,
    texts: Texts,
    connection: Connection,
}

impl Opsgenie {
    /// Begins a channel to the integration with this API key.
    pub fn builder(api_key: impl Into<Secret>) -> OpsgenieBuilder {
        OpsgenieBuilder::new(api_key.into())
    }

    fn requests(&self, notification: &Notification) -> Vec<(Url, Value)> {
        incident::steps(notification, self.dedup, request::ALIAS)
            .iter()
            .map(|step| request::request(self, notification, step))
            .collect()
    }
}

impl fmt::Debug for Opsgenie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opsgenie")
            .field("name", &self.connection.name)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl Notifier for Opsgenie {
    fn name(&self) -> &str {
        &self.connection.name
    }

    #[expect(clippy::unnecessary_literal_bound, reason = "the trait's signature")]
    fn kind(&self) -> &str {
        "opsgenie"
    }

    fn limits(&self) -> Limits {
        Limits::default().alerts(self.dedup.alerts()).acknowledging()
    }

    fn render(&self, notification: &Notification) -> Rendered {
        let requests = self.requests(notification);
        let message = requests
            .iter()
            .find_map(|(_, body)| body.get("message")?.as_str())
            .map_or_else(|| notification.title(), str::to_owned);
        let shown: Vec<Value> = requests
            .iter()
            .map(|(url, body)| json!({ "path": path(url), "body": body }))
            .collect();
        Rendered::text(message, notification.to_string()).with_json(shown.into())
    }

    async fn send(&self, notification: &Notification) -> Result<Receipt, NotifyError> {
        let mut receipt = Receipt::new();
        for (url, body) in self.requests(notification) {
            let answer = self
                .connection
                .send(self.connection.post(&url).json(&body))
                .await?;
            let wait = answer.retry_after().or_else(|| rate_period(&answer));
            status::judge(answer.status, wait, &[])?;
            if let Some(id) = answer.text.as_deref().and_then(request_id) {
                receipt = Receipt::named(id);
            }
        }
        Ok(receipt)
    }
}

/// The part of an address that differs from request to request.
fn path(url: &Url) -> String {
    let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
    format!("{}{query}", url.path())
}

/// After how long the requests are counted anew; only said of one that was too many.
fn rate_period(answer: &Answer) -> Option<Duration> {
    let is_throttled = answer.status.as_u16() == 429;
    let seconds = answer.headers.get("x-ratelimit-period-in-sec")?;
    let seconds: u64 = seconds.to_str().ok()?.parse().ok()?;
    (is_throttled && seconds <= 3_600).then(|| Duration::from_secs(seconds))
}

fn request_id(text: &str) -> Option<String> {
    let body: Value = serde_json::from_str(text).ok()?;
    let id = body.get("requestId")?.as_str()?;
    (id.len() <= 100).then(|| id.to_owned())
}
