//! Incidents at PagerDuty, by its Events API v2.

mod builder;
mod event;
#[cfg(test)]
mod tests;

use std::fmt;

use async_trait::async_trait;
use aurora_core::http::Url;
use aurora_core::secret::Secret;

pub use self::builder::PagerDutyBuilder;
use super::http::{Connection, status};
use super::incident::{self, Dedup, Step};
use crate::notification::Notification;
use crate::notifier::{Limits, Notifier, NotifyError, Receipt, Rendered};
use crate::template::Texts;

/// Opens, acknowledges and resolves incidents at PagerDuty.
///
/// - An alert that fires triggers, one that is over resolves, and one that somebody acknowledged acknowledges, under a
///   `dedup_key` that is the same over restarts ([`Dedup`]). A repetition changes nothing at PagerDuty.
/// - An alert that fired and resolved before it could be told triggers and then resolves.
/// - Summaries are cut at 1,024 characters; an event above 512,000 bytes is sent without its details.
/// - 202 is a yes. 429 and 5xx are tried again, not before `Retry-After`; 400 is not, as the same event stays wrong.
///
/// Source of the rules: <https://developer.pagerduty.com/docs/send-alert-event>.
///
/// # Examples
/// ```
/// use aurora_alerts::PagerDuty;
///
/// let pagerduty = PagerDuty::builder("0123456789abcdef0123456789abcdef").build()?;
/// # Ok::<(), aurora_alerts::Error>(())
/// ```
pub struct PagerDuty {
    url: Url,
    routing_key: Secret,
    dedup: Dedup,
    source: String,
    client: String,
    client_url: Option<String>,
    texts: Texts,
    connection: Connection,
}

impl PagerDuty {
    /// Begins a channel to the integration with this routing key.
    pub fn builder(routing_key: impl Into<Secret>) -> PagerDutyBuilder {
        PagerDutyBuilder::new(routing_key.into())
    }

    fn steps<'a>(&self, notification: &'a Notification) -> Vec<Step<'a>> {
        incident::steps(notification, self.dedup, event::KEY)
    }
}

impl fmt::Debug for PagerDuty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PagerDuty")
            .field("name", &self.connection.name)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl Notifier for PagerDuty {
    fn name(&self) -> &str {
        &self.connection.name
    }

    #[expect(clippy::unnecessary_literal_bound, reason = "the trait's signature")]
    fn kind(&self) -> &str {
        "pagerduty"
    }

    fn limits(&self) -> Limits {
        Limits::default().alerts(self.dedup.alerts()).acknowledging()
    }

    fn render(&self, notification: &Notification) -> Rendered {
        let steps = self.steps(notification);
        let events: Vec<_> = steps
            .iter()
            .map(|step| event::event(self, notification, step))
            .collect();
        let summary = events.iter().find_map(|event| event.alert.as_ref());
        let title = summary.map_or_else(|| notification.title(), |alert| alert.payload.summary.clone());
        let rendered = Rendered::text(title, notification.to_string());
        match serde_json::to_value(&events) {
            Ok(body) => rendered.with_json(body),
            Err(_) => rendered,
        }
    }

    async fn send(&self, notification: &Notification) -> Result<Receipt, NotifyError> {
        let mut receipt = Receipt::new();
        for step in &self.steps(notification) {
            let mut event = event::event(self, notification, step);
            event.routing_key = Some(self.routing_key.expose());
            let request = self.connection.post(&self.url).json(&event);
            let answer = self.connection.send(request).await?;
            status::judge(answer.status, answer.retry_after(), &[])?;
            receipt = Receipt::named(event.dedup_key);
        }
        Ok(receipt)
    }
}
