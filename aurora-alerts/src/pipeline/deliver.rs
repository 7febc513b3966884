//! Sends what the outbox holds, one at a time, each within a limit.

use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aurora_core::resilience::RetryPolicy;
use aurora_core::rng::Random;
use aurora_core::time::{Clock, Timestamp};
use futures::FutureExt;
use tokio::sync::watch;
use tracing::{error, info, warn};

use super::outbox::Outbox;
use super::{ChannelStatus, DeliveryRecord, Outcome, retry};
use crate::notification::{DeliveryId, Notification};
use crate::notifier::{Notifier, NotifyError, NotifyErrorKind, Receipt};
use crate::rule::Severity;
use crate::telemetry;

/// What every channel needs to send, shared by all of one engine.
pub(crate) struct Courier {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Random,
    pub(crate) policy: RetryPolicy,
    pub(crate) send_limit: Duration,
    /// Takes each line of the delivery log.
    pub(crate) record: Box<dyn Fn(DeliveryRecord) + Send + Sync>,
}

impl fmt::Debug for Courier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Courier")
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}

/// One notifier with its outbox.
#[derive(Debug)]
pub(crate) struct Channel {
    name: String,
    notifier: Box<dyn Notifier>,
    inner: Mutex<Inner>,
    /// Moves whenever the outbox changes, so that whoever waits looks again.
    changes: watch::Sender<u64>,
}

#[derive(Debug)]
struct Inner {
    outbox: Outbox,
    status: ChannelStatus,
}

impl Channel {
    pub(crate) fn new(name: String, notifier: Box<dyn Notifier>, capacity: usize) -> Self {
        let status = ChannelStatus {
            channel: name.clone(),
            ..ChannelStatus::default()
        };
        let inner = Mutex::new(Inner {
            outbox: Outbox::new(capacity),
            status,
        });
        Self {
            name,
            notifier,
            inner,
            changes: watch::channel(0).0,
        }
    }

    pub(crate) fn status(&self, clock: &dyn Clock) -> ChannelStatus {
        let (now, elapsed) = (clock.now(), clock.elapsed());
        let inner = self.lock();
        ChannelStatus {
            queued: inner.outbox.len(),
            throttled_until: inner
                .outbox
                .throttled_until(elapsed)
                .map(|until| now + until.saturating_sub(elapsed)),
            ..inner.status.clone()
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.lock().outbox.len() == 0
    }

    /// Puts a notification into the outbox; sends nothing.
    pub(crate) fn enqueue(&self, notification: Notification, courier: &Courier, now: Timestamp) {
        let dropped = self.lock().outbox.push(notification, courier.clock.elapsed());
        telemetry::queued(&self.name, 1.0);
        self.changed();
        let Some(dropped) = dropped else { return };
        telemetry::queued(&self.name, -1.0);
        telemetry::settled(&self.name, &Outcome::Dropped);
        let (channel, rule) = (self.name.as_str(), dropped.rule.as_str());
        if dropped.severity >= Severity::Critical {
            error!(
                channel,
                rule, "critical notification dropped: the outbox is full of critical ones"
            );
        } else {
            warn!(
                channel,
                rule,
                severity = dropped.severity.as_str(),
                "notification dropped: the outbox is full"
            );
        }
        self.note(&dropped, Outcome::Dropped, courier, now, Duration::ZERO);
    }

    /// Sends everything that is due now, then returns; what becomes due meanwhile, such as the next attempt of
    /// something that failed, is left for the next time.
    pub(crate) async fn deliver_due(&self, courier: &Courier) {
        let now = courier.clock.elapsed();
        while self.deliver_one(courier, now).await {}
    }

    /// Sends whatever comes, until `stop` turns true; a send in flight is brought to its end.
    pub(crate) async fn deliver_until(&self, courier: &Courier, mut stop: watch::Receiver<bool>) {
        let mut changes = self.changes.subscribe();
        while !*stop.borrow() {
            changes.mark_unchanged();
            if self.deliver_one(courier, courier.clock.elapsed()).await {
                continue;
            }
            tokio::select! {
                _ = changes.changed() => {}
                () = self.wait_until_due(courier) => {}
                _ = stop.wait_for(|stop| *stop) => {}
            }
        }
    }

    /// Sends until nothing is left, retries and sends of others included.
    pub(crate) async fn drain(&self, courier: &Courier) {
        let mut changes = self.changes.subscribe();
        while !self.is_empty() {
            changes.mark_unchanged();
            if self.deliver_one(courier, courier.clock.elapsed()).await {
                continue;
            }
            tokio::select! {
                _ = changes.changed() => {}
                () = self.wait_until_due(courier) => {}
            }
        }
    }

    async fn wait_until_due(&self, courier: &Courier) {
        let due = self.lock().outbox.next_due();
        match due {
            Some(due) => {
                let wait = due.saturating_sub(courier.clock.elapsed());
                courier.clock.sleep(wait).await;
            }
            None => std::future::pending().await,
        }
    }

    /// Makes one attempt if one was due at `now`; says whether it did.
    async fn deliver_one(&self, courier: &Courier, now: Duration) -> bool {
        let claimed = self.lock().outbox.claim(now);
        let Some(notification) = claimed else {
            return false;
        };
        let mut flight = Flight {
            channel: self,
            courier,
            aloft: Some(notification.id),
        };
        let started = courier.clock.elapsed();
        let result = self.attempt(&notification, courier).await;
        let took = courier.clock.elapsed().saturating_sub(started);
        flight.aloft = None;
        self.settle(&notification, result, courier, took);
        true
    }

    async fn attempt(&self, notification: &Notification, courier: &Courier) -> Result<Receipt, NotifyError> {
        tokio::select! {
            biased;
            result = AssertUnwindSafe(self.notifier.send(notification)).catch_unwind() => result
                .unwrap_or_else(|_| Err(NotifyError::new(NotifyErrorKind::Other, "the notifier panicked"))),
            () = courier.clock.sleep(courier.send_limit) => {
                Err(NotifyError::new(NotifyErrorKind::Timeout, "the channel did not answer in time"))
            }
        }
    }

    fn settle(
        &self,
        notification: &Notification,
        result: Result<Receipt, NotifyError>,
        courier: &Courier,
        took: Duration,
    ) {
        let (now, elapsed) = (courier.clock.now(), courier.clock.elapsed());
        let mut again = None;
        let outcome = match result {
            Ok(receipt) => Outcome::Delivered {
                message: receipt.message,
            },
            Err(error) => {
                let (reason, detail) = (error.kind(), error.to_string());
                match retry::wait(&courier.policy, notification.attempt, &error, &courier.random) {
                    Some(wait) => {
                        // Whoever asks to be left alone, or for fewer messages, means all of them.
                        let rests = reason == NotifyErrorKind::RateLimited || error.retry_after().is_some();
                        again = Some((elapsed.saturating_add(wait), rests));
                        Outcome::Retrying {
                            reason,
                            detail,
                            next_at: now + wait,
                        }
                    }
                    None => Outcome::Failed { reason, detail },
                }
            }
        };
        {
            let mut inner = self.lock();
            if let Some((not_before, rests)) = again {
                inner.outbox.postpone(notification.id, not_before);
                if rests {
                    inner.outbox.throttle(not_before);
                }
            } else {
                inner.outbox.finish(notification.id);
                telemetry::queued(&self.name, -1.0);
            }
        }
        self.changed();
        telemetry::attempted(&self.name, &outcome, took.as_secs_f64());
        let (channel, rule, attempt) = (
            self.name.as_str(),
            notification.rule.as_str(),
            notification.attempt,
        );
        match &outcome {
            Outcome::Delivered { .. } | Outcome::Dropped => {
                info!(channel, rule, attempt, "notification delivered");
            }
            Outcome::Retrying { reason, .. } => {
                warn!(
                    channel,
                    rule,
                    attempt,
                    reason = reason.as_str(),
                    "notification failed, will be tried again"
                );
            }
            Outcome::Failed { reason, .. } => {
                error!(
                    channel,
                    rule,
                    attempt,
                    reason = reason.as_str(),
                    "notification given up"
                );
            }
        }
        self.note(notification, outcome, courier, now, took);
    }

    fn note(
        &self,
        notification: &Notification,
        outcome: Outcome,
        courier: &Courier,
        at: Timestamp,
        took: Duration,
    ) {
        self.lock().status.count(&outcome);
        let took_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        (courier.record)(DeliveryRecord::of(&self.name, notification, outcome, at, took_ms));
    }

    fn changed(&self) {
        self.changes
            .send_modify(|generation| *generation = generation.wrapping_add(1));
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A claim on the outbox that is given back when the attempt is dropped half-way.
struct Flight<'a> {
    channel: &'a Channel,
    courier: &'a Courier,
    aloft: Option<DeliveryId>,
}

impl Drop for Flight<'_> {
    fn drop(&mut self) {
        let Some(id) = self.aloft else { return };
        // Nobody knows whether it arrived: it goes out again at once, under the same id.
        let now = self.courier.clock.elapsed();
        self.channel.lock().outbox.postpone(id, now);
        self.channel.changed();
    }
}
