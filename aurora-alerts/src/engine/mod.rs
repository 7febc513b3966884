//! The engine: samples and time go in, people are told.

mod builder;
mod events;
mod feed;
mod run;
#[cfg(test)]
mod tests;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aurora_core::time::{Clock, Timestamp};
use tokio::sync::watch;
use tracing::{debug, warn};

pub use builder::AlertEngineBuilder;
use events::Journal;
pub use events::{Event, Subscription};
use run::Stage;

use crate::alert::{Alert, AlertEvent};
use crate::evaluation::{Evaluation, Refusal};
use crate::labels::Labels;
use crate::notification::{DeliveryId, Notification};
use crate::pipeline::{Channel, ChannelStatus, Courier, DeliveryRecord};
use crate::rule::Rule;
use crate::state::AlertState;
use crate::telemetry;

/// An alert engine that lives inside an application; clones are handles to the same engine.
///
/// It owns no timer and no task: [`record`](Self::record) takes samples, [`tick`](Self::tick) lets time pass and
/// delivers, [`run`](Self::run) is a loop around it. An application that calls neither of the two is never told
/// anything. Nothing is shared between two engines.
///
/// # Examples
/// ```
/// use aurora_alerts::{AlertEngine, Console, Rule};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), aurora_alerts::Error> {
/// let rule = Rule::new("Error rate high").metric("error_rate").above(20.0);
/// let engine = AlertEngine::builder().rule(rule).notify(Console::new()).build()?;
/// engine.record("error_rate", 31.0);
/// engine.tick().await; // [WARNING] Error rate high: error_rate 31 > 20
/// engine.record("error_rate", 4.0);
/// engine.tick().await; // [RESOLVED] Error rate high
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct AlertEngine {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    evaluation: Mutex<Evaluation>,
    channels: Vec<Channel>,
    courier: Courier,
    journal: Arc<Journal>,
    interval: Duration,
    refused: AtomicU64,
    stage: watch::Sender<Stage>,
}

impl AlertEngine {
    /// Begins an engine without rules and channels.
    pub fn builder() -> AlertEngineBuilder {
        AlertEngineBuilder::default()
    }

    fn new(
        evaluation: Evaluation,
        channels: Vec<Channel>,
        courier: Courier,
        journal: Arc<Journal>,
        interval: Duration,
    ) -> Self {
        let evaluation = Mutex::new(evaluation);
        let (stage, _) = watch::channel(Stage::Open);
        let refused = AtomicU64::new(0);
        Self {
            inner: Arc::new(Inner {
                evaluation,
                channels,
                courier,
                journal,
                interval,
                refused,
                stage,
            }),
        }
    }

    /// Takes a sample of a metric without labels and judges it at once; sends nothing yet.
    ///
    /// Fast and never waits for a channel. A metric that no rule watches is ignored; NaN and infinities are refused
    /// and counted.
    pub fn record(&self, metric: &str, value: f64) {
        self.record_with(metric, Labels::new(), value);
    }

    /// Takes a sample of one series of a metric.
    ///
    /// Every label set has alerts of its own. The number of label sets per metric is bounded
    /// ([`series_limit`](AlertEngineBuilder::series_limit)); samples beyond it are refused and counted. A series
    /// without alerts gives its place free after an hour of silence.
    ///
    /// # Examples
    /// ```
    /// # let engine = aurora_alerts::AlertEngine::builder().build()?;
    /// engine.record_with("error_rate", [("provider", "openai")], 31.0);
    /// # Ok::<(), aurora_alerts::Error>(())
    /// ```
    pub fn record_with(&self, metric: &str, labels: impl Into<Labels>, value: f64) {
        let mut evaluation = self.lock();
        // Under the lock, so that what is taken here is waiting before a shutdown looks.
        if self.is_ending() {
            drop(evaluation);
            return self.refuse(Refusal::Closed);
        }
        let now = self.now(); // under the lock, so that time does not go back between two threads
        match evaluation.sample(metric, labels.into(), value, now) {
            // Under the lock, so that two changes of one alert reach every channel in their order.
            Ok(events) => self.apply(events, now),
            Err(refusal) => {
                drop(evaluation);
                self.refuse(refusal);
            }
        }
    }

    /// Lets time pass, then sends everything that is due: on all channels at once, one after the other on each.
    ///
    /// It returns when everything that was due has been tried once; each attempt has its limit
    /// ([`send_timeout`](AlertEngineBuilder::send_timeout)). Where a slow channel must not delay the next evaluation,
    /// use [`run`](Self::run). After a [`shutdown`](Self::shutdown) it only delivers what was left.
    ///
    /// # Cancel safety
    /// Nothing is lost by dropping the future: what was being sent is sent again under the same id.
    pub async fn tick(&self) {
        self.evaluate();
        self.deliver().await;
    }

    /// The alerts that are pending or firing, by metric and label set.
    #[must_use]
    pub fn active(&self) -> Vec<Alert> {
        self.lock().alerts(AlertState::is_active)
    }

    /// The latest changes, newest first, at most `limit`.
    #[must_use]
    pub fn history(&self, limit: usize) -> Vec<AlertEvent> {
        self.inner.journal.history(limit)
    }

    /// The latest attempts to deliver, newest first, at most `limit`.
    #[must_use]
    pub fn deliveries(&self, limit: usize) -> Vec<DeliveryRecord> {
        self.inner.journal.deliveries(limit)
    }

    /// How every channel is doing, in the order in which they were added.
    #[must_use]
    pub fn channels(&self) -> Vec<ChannelStatus> {
        self.inner
            .channels
            .iter()
            .map(|channel| channel.status(&*self.inner.courier.clock))
            .collect()
    }

    /// The rules, by metric.
    #[must_use]
    pub fn rules(&self) -> Vec<Rule> {
        self.lock().rules().cloned().collect()
    }

    /// How many samples were refused since the engine was built.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.inner.refused.load(Ordering::Relaxed)
    }

    /// Everything that happens from now on.
    #[must_use]
    pub fn subscribe(&self) -> Subscription {
        self.inner.journal.subscribe()
    }

    fn evaluate(&self) {
        let mut evaluation = self.lock();
        if self.is_ending() {
            return;
        }
        let now = self.now();
        let events = evaluation.tick(now);
        self.apply(events, now);
    }

    /// Writes changes down and hands what is to be told to every channel.
    fn apply(&self, events: Vec<AlertEvent>, now: Timestamp) {
        for event in events {
            let (decision, alert) = (event.decision, &event.alert);
            debug!(rule = %alert.rule, fingerprint = %alert.fingerprint, change = decision.as_str(), "alert changed");
            telemetry::changed(decision, alert.severity);
            if let Some(status) = decision.notice() {
                for channel in &self.inner.channels {
                    let notification = Notification::of(alert, status, DeliveryId::new(now), now);
                    channel.enqueue(notification, &self.inner.courier, now);
                }
            }
            self.inner.journal.alert(event);
        }
    }

    fn refuse(&self, refusal: Refusal) {
        telemetry::sample_refused(refusal.as_str());
        let count = self.inner.refused.fetch_add(1, Ordering::Relaxed) + 1;
        // Ever more rarely, so that a flood of samples is not also a flood of lines.
        if count.is_power_of_two() {
            warn!(reason = refusal.as_str(), count, "sample refused");
        }
    }

    fn is_ending(&self) -> bool {
        *self.inner.stage.borrow() != Stage::Open
    }

    fn now(&self) -> Timestamp {
        self.inner.courier.clock.now()
    }

    fn lock(&self) -> MutexGuard<'_, Evaluation> {
        self.inner
            .evaluation
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
