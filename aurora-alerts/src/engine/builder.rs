use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aurora_core::id::{Id, IdKind};
use aurora_core::resilience::RetryPolicy;
use aurora_core::rng::Random;
use aurora_core::time::{Clock, SystemClock};
use tokio::sync::{Semaphore, watch};

use super::blueprint::{BOUNDS, Blueprint, Fixed, RESOLVE_TIMEOUT};
use super::desk::Desk;
use super::events::{Callback, Event, Journal};
use super::run::Stage;
use super::{AlertEngine, Brain, Inner};
use crate::core::Core;
use crate::error::{Error, Problem};
use crate::link::AckLinks;
use crate::notifier::Notifier;
use crate::pipeline::{Bounds, ChannelSetup, patient};
use crate::route::{InhibitRule, Receiver, Route, Routing};
use crate::rule::RuleBuilder;
use crate::series::{MetricsRecorder, SeriesLimits, SeriesStore};
use crate::store::{AlertStore, MemoryStore};
use crate::time_interval::TimeInterval;

/// How long the lead of a store is held without being kept.
const LEAD_TTL: Duration = Duration::from_secs(10);

/// Marks the ids of engines, by which they hold the lead.
#[derive(Debug)]
struct Engine;

impl IdKind for Engine {
    const PREFIX: &'static str = "eng";
}

/// An engine in the making; see [`AlertEngine::builder`].
#[derive(Debug)]
#[must_use = "an engine begins with build() or open()"]
pub struct AlertEngineBuilder {
    rules: Vec<RuleBuilder>,
    routing: Routing,
    channels: Vec<(String, Box<dyn Notifier>)>,
    fallback: Option<String>,
    store: Option<Arc<dyn AlertStore>>,
    recorders: Vec<MetricsRecorder>,
    clock: Arc<dyn Clock>,
    random: Random,
    retry: RetryPolicy,
    links: Option<AckLinks>,
    resolve_timeout: Duration,
    send_timeout: Duration,
    interval: Duration,
    lead_ttl: Duration,
    series: SeriesLimits,
    bounds: Bounds,
    history_limit: usize,
    deliveries_limit: usize,
    callbacks: Vec<Callback>,
}

impl Default for AlertEngineBuilder {
    fn default() -> Self {
        Self {
            rules: Vec::new(),
            routing: Routing::default(),
            channels: Vec::new(),
            fallback: None,
            store: None,
            recorders: Vec::new(),
            clock: Arc::new(SystemClock),
            random: Random::system(),
            retry: patient(),
            links: None,
            resolve_timeout: RESOLVE_TIMEOUT,
            send_timeout: Duration::from_secs(30),
            interval: Duration::from_secs(1),
            lead_ttl: LEAD_TTL,
            series: SeriesLimits::default(),
            bounds: BOUNDS,
            history_limit: 1_000,
            deliveries_limit: 1_000,
            callbacks: Vec::new(),
        }
    }
}

impl AlertEngineBuilder {
    /// Adds a rule, finished or still in the making.
    pub fn rule(mut self, rule: impl Into<RuleBuilder>) -> Self {
        self.rules.push(rule.into());
        self
    }

    /// Adds several rules.
    pub fn rules<R: Into<RuleBuilder>>(mut self, rules: impl IntoIterator<Item = R>) -> Self {
        self.rules.extend(rules.into_iter().map(Into::into));
        self
    }

    /// Adds a channel under the notifier's own name.
    pub fn notify(self, notifier: impl Notifier) -> Self {
        let name = notifier.name().to_owned();
        self.notify_as(name, notifier)
    }

    /// Adds a channel under a name of its own, for instance the second webhook.
    pub fn notify_as(mut self, name: impl Into<String>, notifier: impl Notifier) -> Self {
        self.channels.push((name.into(), Box::new(notifier)));
        self
    }

    /// The channel that is told of what a broken channel cannot tell, and that it is broken.
    pub fn fallback(mut self, channel: impl Into<String>) -> Self {
        self.fallback = Some(channel.into());
        self
    }

    /// Who is told of which alerts; without it every channel is told of every alert, each on its own.
    pub fn route(mut self, root: Route) -> Self {
        self.routing.root = Some(root);
        self
    }

    /// Some channels under one name, for routes and escalations.
    pub fn receiver<C: Into<String>>(
        mut self,
        name: impl Into<String>,
        channels: impl IntoIterator<Item = C>,
    ) -> Self {
        self.routing.receivers.push(Receiver {
            name: name.into(),
            channels: channels.into_iter().map(Into::into).collect(),
        });
        self
    }

    /// Alerts that fire keep others back.
    pub fn inhibit(mut self, rule: InhibitRule) -> Self {
        self.routing.inhibit.push(rule);
        self
    }

    /// A named time that routes use; several intervals of one name count together.
    pub fn times(
        mut self,
        name: impl Into<String>,
        intervals: impl IntoIterator<Item = TimeInterval>,
    ) -> Self {
        self.routing
            .times
            .push((name.into(), intervals.into_iter().collect()));
        self
    }

    /// Everything about routing at once, for instance from a file; replaces what was set before.
    pub fn routing(mut self, routing: Routing) -> Self {
        self.routing = routing;
        self
    }

    /// Where alerts, notifications and history are kept; default in memory, which ends with the engine.
    ///
    /// Several engines on one store are replicas: one judges and delivers, the others hand it what they are told and
    /// take over when it is gone.
    pub fn store(mut self, store: impl AlertStore) -> Self {
        self.store = Some(Arc::new(store));
        self
    }

    /// Samples what is measured through the `metrics` facade, at each tick; see [`MetricsRecorder`].
    pub fn metrics(mut self, recorder: &MetricsRecorder) -> Self {
        self.recorders.push(recorder.clone());
        self
    }

    /// Signed links by which whoever reads a notification can acknowledge it.
    pub fn acknowledge_links(mut self, links: AckLinks) -> Self {
        self.links = Some(links);
        self
    }

    /// Where the time comes from; default the system's clock.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Where the jitter of retries comes from; default seeded by the system.
    pub fn random(mut self, random: Random) -> Self {
        self.random = random;
        self
    }

    /// When failed deliveries are tried again.
    ///
    /// Default 600 attempts with full jitter under 1 s, 2 s, 4 s … 5 minutes, about a day in the mean; a `Retry-After`
    /// is obeyed up to 24 hours. What is given up goes to the [`fallback`](Self::fallback) channel.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// How long a posted alert fires whose end nobody named and that is not posted again; default 5 minutes.
    pub fn resolve_timeout(mut self, timeout: Duration) -> Self {
        self.resolve_timeout = timeout;
        self
    }

    /// How long one attempt on a channel may take; default 30 s.
    pub fn send_timeout(mut self, limit: Duration) -> Self {
        self.send_timeout = limit;
        self
    }

    /// How often [`AlertEngine::run`] judges; default 1 s.
    pub fn interval(mut self, interval: Duration) -> Self {
        self.interval = interval;
        self
    }

    /// How long after the last sign of life of the replica that leads another takes over; default 10 s, at least 1 s.
    pub fn lead_ttl(mut self, ttl: Duration) -> Self {
        self.lead_ttl = ttl;
        self
    }

    /// How many label sets a metric may have; samples of further ones are refused and counted. Default 1,000.
    pub fn series_limit(mut self, limit: usize) -> Self {
        self.series.per_metric = limit;
        self
    }

    /// How many series and samples are kept.
    pub fn series_limits(mut self, limits: SeriesLimits) -> Self {
        self.series = limits;
        self
    }

    /// How many posted alerts there may be at a time; default 100,000.
    pub fn alerts_limit(mut self, limit: usize) -> Self {
        self.bounds.alerts = limit;
        self
    }

    /// Calls an action of the application's own with everything that happens, once it is written down: alerts that fire
    /// and resolve, deliveries, escalations, acknowledgements.
    ///
    /// It is called by whoever drives the engine, so that it should be quick; one that panics stops nothing. What takes
    /// long or must not be lost is a [`Notifier`], which escalations and routes can name.
    ///
    /// # Examples
    /// ```
    /// use aurora_alerts::{AlertEngine, engine::Event, history::Entry};
    ///
    /// let engine = AlertEngine::builder().on_event(|event| {
    ///     if let Event::Record(record) = event
    ///         && let Entry::Escalated { step, .. } = record.entry
    ///     {
    ///         eprintln!("nobody has acknowledged {:?}: step {step}", record.rule);
    ///     }
    /// });
    /// ```
    pub fn on_event(mut self, action: impl Fn(&Event) + Send + Sync + 'static) -> Self {
        self.callbacks.push(Callback::new(action));
        self
    }

    /// How many changes [`AlertEngine::history`] remembers; default 1,000.
    pub fn history_limit(mut self, limit: usize) -> Self {
        self.history_limit = limit;
        self
    }

    /// How many attempts [`AlertEngine::deliveries`] remembers; default 1,000.
    pub fn deliveries_limit(mut self, limit: usize) -> Self {
        self.deliveries_limit = limit;
        self
    }

    /// Checks everything and makes the engine, which does nothing by itself. What its store holds is taken up with the
    /// first tick, or whatever else comes first; [`open`](Self::open) does so at once.
    ///
    /// # Errors
    /// With every problem at once: those of the rules and routes, two rules or two channels of the same name, a channel
    /// name that is not 1 to 64 of `a-z 0-9 _ -`, names that lead nowhere, a limit or a wait of zero.
    pub fn build(self) -> Result<AlertEngine, Error> {
        let zeros = self.problems();
        let channels = self.channels.iter().map(|(name, notifier)| ChannelSetup {
            name: name.clone(),
            targets: notifier.targets(),
            limits: notifier.limits(),
        });
        let fixed = Fixed {
            channels: channels.collect(),
            fallback: self.fallback,
            retry: self.retry,
            random: self.random,
            links: self.links,
            resolve_timeout: self.resolve_timeout,
            bounds: self.bounds,
        };
        let mut problems = fixed.problems();
        problems.extend(zeros);
        let blueprint = Blueprint::build(self.rules, self.routing, fixed, problems)?;
        let store = self.store.unwrap_or_else(|| {
            let store = MemoryStore::new().clock(Arc::clone(&self.clock));
            Arc::new(store)
        });
        let series = SeriesStore::new(self.series);
        let brain = Brain {
            core: Core::new(blueprint.rules.clone(), blueprint.setup(), series.clone()),
            lead: None,
            renewed_at: None,
            unsaved: None,
            handed: BTreeMap::new(),
            untold: Vec::new(),
            inbox_after: 0,
            version: None,
        };
        let inner = Inner {
            brain: Mutex::new(brain),
            turns: Semaphore::new(1),
            desk: Desk::default(),
            series,
            recorders: self.recorders,
            notifiers: self.channels,
            blueprint: Mutex::new(Arc::new(blueprint)),
            store,
            journal: Journal::new(self.history_limit, self.deliveries_limit, self.callbacks),
            holder: Id::<Engine>::new(self.clock.now()).to_string(),
            clock: self.clock,
            lead_ttl: self.lead_ttl,
            interval: self.interval,
            send_timeout: self.send_timeout,
            refused: AtomicU64::new(0),
            store_failures: AtomicU64::new(0),
            following: AtomicBool::new(false),
            has_followed: AtomicBool::new(false),
            stage: watch::channel(Stage::Open).0,
        };
        Ok(AlertEngine {
            inner: Arc::new(inner),
        })
    }

    /// As [`build`](Self::build), and takes up what the store holds.
    ///
    /// # Errors
    /// As `build`; further when the store does not answer.
    pub async fn open(self) -> Result<AlertEngine, Error> {
        let engine = self.build()?;
        engine.take_up().await?;
        Ok(engine)
    }

    fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let zeros = [
            ("send timeout", self.send_timeout.is_zero()),
            ("interval", self.interval.is_zero()),
            ("resolve timeout", self.resolve_timeout.is_zero()),
            ("series limit", self.series.per_metric == 0),
            ("alerts limit", self.bounds.alerts == 0),
        ];
        let zeros = zeros.into_iter().filter(|(_, wrong)| *wrong);
        problems.extend(
            zeros.map(|(what, _)| Problem::new("engine", format!("{what} must be greater than zero"))),
        );
        if self.lead_ttl < Duration::from_secs(1) {
            problems.push(Problem::new("engine", "the lead must be held for at least 1 s"));
        }
        problems
    }
}
