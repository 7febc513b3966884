//! What somebody says by hand, at once and beside the pipeline.

use std::time::Duration;

use aurora_core::time::Clock;
use tracing::warn;

use super::AlertEngine;
use super::ask::no_channel;
use crate::core::Command;
use crate::error::Error;
use crate::history::{Entry, Outcome, Record};
use crate::notification::{DeliveryId, Notification};
use crate::notifier::{NotifyError, NotifyErrorKind, Receipt};

/// What became of a message at one target of a channel.
#[derive(Debug)]
#[non_exhaustive]
pub struct Told {
    /// The delivery, as the history names it.
    pub id: DeliveryId,
    /// The target; empty where the channel has but one.
    pub target: String,
    /// How long the attempt took.
    pub took: Duration,
    /// What the channel said.
    pub result: Result<Receipt, NotifyError>,
}

impl AlertEngine {
    /// Sends a message to each target of a channel, now and once; the outcome is part of the history and the statistics.
    ///
    /// It goes past routes, silences and everything that waits, and is not tried again: whoever sends it sees what became
    /// of it.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) when there is no such channel. What a target said is in its
    /// [`Told`].
    ///
    /// # Cancel safety
    /// Dropping the future may leave targets untold, and what was told out of the history.
    ///
    /// # Examples
    /// ```
    /// use aurora_alerts::{AlertEngine, Console, Notification, Severity};
    /// use aurora_core::time::Timestamp;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), aurora_alerts::Error> {
    /// let engine = AlertEngine::builder().notify(Console::to(std::io::sink())).build()?;
    /// let message = Notification::message("Maintenance", "back at nine", Severity::Info, Timestamp::UNIX_EPOCH);
    /// assert!(engine.tell("console", &message).await?[0].result.is_ok());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn tell(&self, channel: &str, message: &Notification) -> Result<Vec<Told>, Error> {
        let inner = &self.inner;
        let notifier = inner.notifier(channel).ok_or_else(|| no_channel(channel))?;
        let mut told = Vec::new();
        let mut records = Vec::new();
        for target in notifier.targets() {
            let mut message = message.clone();
            // Each target has a delivery of its own, so that a receiver can tell a repetition.
            message.id = DeliveryId::new(inner.now());
            message.target.clone_from(&target);
            let started = inner.clock.elapsed();
            let result = tokio::select! {
                biased;
                result = notifier.send(&message) => result,
                () = inner.clock.sleep(inner.send_timeout) => {
                    Err(NotifyError::new(NotifyErrorKind::Timeout, "the channel did not answer in time"))
                }
            };
            let took = inner.clock.elapsed().saturating_sub(started);
            crate::telemetry::attempted(channel, took);
            records.extend(self.record_of(channel, &message, &result, took));
            told.push(Told {
                id: message.id,
                target,
                took,
                result,
            });
        }
        // It was said; that nobody can write it down changes nothing for those who read it.
        if let Err(error) = self.order(Command::Note { records }).await {
            warn!(channel, %error, "a message was sent and is missing in the history");
        }
        Ok(told)
    }

    fn record_of(
        &self,
        channel: &str,
        message: &Notification,
        result: &Result<Receipt, NotifyError>,
        took: Duration,
    ) -> Option<Record> {
        let first = message.alerts.first()?;
        let took_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        let outcome = match result {
            Ok(receipt) => Outcome::Delivered {
                message: receipt.message.clone(),
            },
            Err(error) => Outcome::Failed {
                error: error.kind(),
                detail: error.to_string(),
            },
        };
        Some(Record {
            seq: 0,
            at: self.inner.now(),
            fingerprint: Some(first.fingerprint),
            rule: Some(first.rule.clone()),
            severity: Some(first.severity),
            labels: Some(first.labels.clone()),
            channel: Some(channel.to_owned()),
            entry: Entry::Delivery {
                id: message.id,
                target: message.target.clone(),
                reason: message.reason,
                status: message.status,
                alerts: 1,
                attempt: 1,
                took_ms,
                waited_ms: took_ms,
                outcome,
            },
        })
    }
}
