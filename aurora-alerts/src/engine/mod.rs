//! The engine: samples, posted alerts and time go in, people are told.

mod ask;
pub(crate) mod blueprint;
mod builder;
mod desk;
mod events;
mod feed;
mod keep;
mod links;
mod run;
mod send;
mod status;
mod tell;
#[cfg(test)]
mod tests;
mod turn;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aurora_core::time::{Clock, Timestamp};
use tokio::sync::{Semaphore, oneshot, watch};
use tracing::{error, info, warn};

use blueprint::Blueprint;
pub use builder::AlertEngineBuilder;
use desk::Desk;
use events::Journal;
pub use events::{Event, Subscription};
use run::Stage;
pub use status::ChannelStatus;
pub use tell::Told;

use crate::alert::{Alert, AlertEvent};
use crate::core::{Core, Reply};
use crate::error::Error;
use crate::history::DeliveryRecord;
use crate::labels::{Fingerprint, Labels};
use crate::notifier::Notifier;
use crate::pipeline::Explanation;
use crate::route::Routing;
use crate::rule::Rule;
use crate::series::{MetricsRecorder, Refusal, SeriesHandle, SeriesStore};
use crate::silence::Silence;
use crate::store::{AlertStore, Batch, Lead};
use crate::telemetry;

/// An alert engine that lives inside an application; clones are handles to the same engine.
///
/// It owns no timer and no task: [`record`](Self::record) takes samples, [`tick`](Self::tick) judges them, lets time pass
/// and delivers, [`run`](Self::run) is a loop around it. An application that calls neither of the two is never told
/// anything. Nothing is shared between two engines but the store that they are given.
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

struct Inner {
    brain: Mutex<Brain>,
    /// One turn at a time. Its holder waits for the store, for nothing else.
    turns: Semaphore,
    desk: Desk,
    series: SeriesStore,
    recorders: Vec<MetricsRecorder>,
    notifiers: Vec<(String, Box<dyn Notifier>)>,
    blueprint: Mutex<Arc<Blueprint>>,
    store: Arc<dyn AlertStore>,
    clock: Arc<dyn Clock>,
    journal: Journal,
    /// The name under which this engine holds the lead; of no other.
    holder: String,
    lead_ttl: Duration,
    interval: Duration,
    send_timeout: Duration,
    refused: AtomicU64,
    store_failures: AtomicU64,
    /// Whether another replica leads, so that samples have to be handed on.
    following: AtomicBool,
    has_followed: AtomicBool,
    stage: watch::Sender<Stage>,
}

/// What only whoever has the turn changes.
#[derive(Debug)]
struct Brain {
    core: Core,
    lead: Option<Lead>,
    /// When the lead was last taken or kept, in the time of `Clock::elapsed`.
    renewed_at: Option<Duration>,
    /// What the core has decided and nobody has written down yet. While there is something, nothing is sent.
    unsaved: Option<Arc<Batch>>,
    /// What has to be told once it is written down.
    untold: Vec<AlertEvent>,
    inbox_after: i64,
    /// Who waits for what another replica says to a command, by its ticket.
    handed: BTreeMap<String, oneshot::Sender<Result<Reply, Error>>>,
    /// The version of the store that a follower shows.
    version: Option<i64>,
}

/// Who writes.
#[derive(Debug, Clone, Copy)]
enum Role {
    Leading(Lead),
    Following,
}

impl AlertEngine {
    /// Begins an engine without rules and channels.
    pub fn builder() -> AlertEngineBuilder {
        AlertEngineBuilder::default()
    }

    /// Takes a sample of a metric without labels; it is judged at the next tick, and nothing is sent yet.
    ///
    /// Fast and never waits for a channel or a store. A metric that no rule watches is ignored; NaN and infinities are
    /// refused and counted. Samples are not durable: an alert is, from the tick on that finds it.
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
        if let Err(refusal) = self.take(metric, labels.into(), value, None) {
            self.inner.refuse(refusal);
        }
    }

    /// One series, resolved once: for places that record often.
    ///
    /// What is recorded through it is judged by this process alone, also while another replica leads.
    ///
    /// # Errors
    /// [`ErrorKind::Full`](crate::ErrorKind::Full) when the metric has as many label sets as it may have.
    pub fn series(&self, metric: &str, labels: impl Into<Labels>) -> Result<SeriesHandle, Error> {
        self.inner
            .series
            .handle(metric, labels.into())
            .map_err(|refusal| {
                Error::new(
                    crate::ErrorKind::Full,
                    format!("metric {metric:?}"),
                    refusal.as_str(),
                )
            })
    }

    /// The alerts that are pending or firing: those of rules by metric and label set, then those that were posted.
    ///
    /// While another replica leads they are those that it has written down.
    #[must_use]
    pub fn active(&self) -> Vec<Alert> {
        self.brain().core.active()
    }

    /// One alert, also while it is inactive or just over; `None` where nothing is known of it.
    #[must_use]
    pub fn get(&self, fingerprint: Fingerprint) -> Option<Alert> {
        self.brain().core.get(fingerprint)
    }

    /// Why people were or were not told of an alert, as it stands now: stage, silence, cooldown, attempts.
    #[must_use]
    pub fn explain(&self, fingerprint: Fingerprint) -> Option<Explanation> {
        let now = self.inner.clock.now();
        self.brain().core.explain(fingerprint, now)
    }

    /// The latest changes that this process has seen, newest first, at most `limit`; [`records`](Self::records) has all.
    #[must_use]
    pub fn history(&self, limit: usize) -> Vec<AlertEvent> {
        self.inner.journal.history(limit)
    }

    /// The latest attempts to deliver that this process has made, newest first, at most `limit`.
    #[must_use]
    pub fn deliveries(&self, limit: usize) -> Vec<DeliveryRecord> {
        self.inner.journal.deliveries(limit)
    }

    /// The rules.
    #[must_use]
    pub fn rules(&self) -> Vec<Rule> {
        self.inner.blueprint().rules.clone()
    }

    /// The routes, receivers, inhibition and named times.
    #[must_use]
    pub fn routing(&self) -> Routing {
        self.inner.blueprint().routing.clone()
    }

    /// The silences, also those that have not begun or are just over.
    #[must_use]
    pub fn silences(&self) -> Vec<Silence> {
        self.brain().core.pipeline().silences().cloned().collect()
    }

    /// How many samples were refused since the engine was built.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.inner.refused.load(Ordering::Relaxed) + self.inner.series.refused()
    }

    /// How many samples were lost since the engine was built, because more came than are kept: of one series between two
    /// ticks, or while they waited for the replica that judges them.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.inner.series.lost() + self.inner.desk.lost_samples()
    }

    /// How often a [condition of one's own](crate::condition::Condition::Custom) could not be judged since this engine
    /// took the lead; each time is logged.
    #[must_use]
    pub fn failed_conditions(&self) -> u64 {
        self.brain().core.failures()
    }

    /// Whether this engine is the one on its store that judges and delivers.
    #[must_use]
    pub fn leads(&self) -> bool {
        self.brain().lead.is_some()
    }

    /// Everything that happens from now on in this process.
    #[must_use]
    pub fn subscribe(&self) -> Subscription {
        self.inner.journal.subscribe()
    }

    fn is_ending(&self) -> bool {
        *self.inner.stage.borrow() != Stage::Open
    }

    /// Copies what recorders have counted into the series.
    fn sample(&self) {
        let now = self.inner.clock.now();
        for recorder in &self.inner.recorders {
            recorder.sample_into(&self.inner.series, now);
        }
    }
}

impl Inner {
    fn blueprint(&self) -> Arc<Blueprint> {
        Arc::clone(&self.blueprint.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn notifier(&self, channel: &str) -> Option<&dyn Notifier> {
        let mut notifiers = self.notifiers.iter();
        notifiers
            .find(|(name, _)| name == channel)
            .map(|(_, notifier)| &**notifier)
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn refuse(&self, refusal: Refusal) {
        telemetry::sample_refused(refusal.as_str());
        let count = self.refused.fetch_add(1, Ordering::Relaxed) + 1;
        // Ever more rarely, so that a flood of samples is not also a flood of lines.
        if count.is_power_of_two() {
            warn!(reason = refusal.as_str(), count, "sample refused");
        }
    }

    fn set_following(&self, following: bool) {
        self.following.store(following, Ordering::Relaxed);
        if following {
            self.has_followed.store(true, Ordering::Relaxed);
        }
    }

    fn has_followed(&self) -> bool {
        self.has_followed.load(Ordering::Relaxed)
    }

    fn store_fails(&self, failure: &Error) {
        let count = self.store_failures.fetch_add(1, Ordering::Relaxed) + 1;
        telemetry::store_failed();
        if count.is_power_of_two() {
            error!(error = %failure, count, "the alert store does not answer; nothing is sent until it does");
        }
    }

    fn store_works(&self) {
        if self.store_failures.swap(0, Ordering::Relaxed) > 0 {
            info!("the alert store answers again");
        }
    }
}

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AlertEngine")
            .field("store", &self.store)
            .field(
                "channels",
                &self.notifiers.iter().map(|(name, _)| name).collect::<Vec<_>>(),
            )
            .finish_non_exhaustive()
    }
}
