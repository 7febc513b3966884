//! What rules and routes would have done: the engine's own state machine over recorded samples, in virtual time.
//!
//! [`Backtest`] takes rules, routes and the channels with their targets and limits, and is fed with [`BacktestEvent`]s
//! in the order of their time. It judges every [`interval`](Backtest::interval), wakes whenever something is due, and
//! delivers at once; nothing is sent. A [`BacktestReport`] says who would have been told how often and of what.

mod comparison;
mod event;
mod lines;
mod replay;
mod report;
#[cfg(test)]
mod tests;
mod told;

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use aurora_core::resilience::RetryPolicy;
use aurora_core::rng::Random;
use aurora_core::time::Timestamp;

pub use comparison::Comparison;
pub use event::BacktestEvent;
pub use lines::SampleLines;
pub use report::BacktestReport;
pub use told::{NotificationCounts, RuleNotifications, TargetNotifications};

use replay::{Bounds, Outage, Replay};

use crate::engine::blueprint::{BOUNDS, Blueprint, Fixed, RESOLVE_TIMEOUT};
use crate::error::{Error, Problem};
use crate::notifier::{Limits, Notifier};
use crate::pipeline::{ChannelSetup, patient};
use crate::route::Routing;
use crate::rule::RuleBuilder;
use crate::series::SeriesLimits;

/// Rules, routes and channels that are tried on what was recorded.
///
/// Everything is decided by the same code as in an [`AlertEngine`](crate::AlertEngine). Three things differ: channels
/// answer at once and take everything, except while they are [`failing`](Self::failing); nobody acknowledges, so that
/// escalations go to their end; and what a rule learned before the first event is not known.
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use aurora_alerts::backtest::Backtest;
/// use aurora_alerts::route::Routing;
/// use aurora_alerts::{Labels, Limits, Rule};
/// use aurora_core::time::Timestamp;
///
/// let begin = Timestamp::parse("2026-10-01T00:00:00Z")?;
/// let samples = (0..240_u32).map(|n| {
///     let value = if n % 60 < 10 { 31.0 } else { 4.0 };
///     (begin + n * Duration::from_secs(15), "error_rate", Labels::new(), value)
/// });
/// let report = Backtest::new([Rule::new("Error rate high").metric("error_rate").above(20.0)], Routing::default())
///     .channel("slack", ["#ops"], Limits::default())
///     .run(samples)?;
/// assert_eq!(report.targets[0].counts.firing, 4);
/// assert_eq!(report.targets[0].counts.resolved, 4);
/// println!("{report}");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
#[must_use = "a backtest begins with run()"]
pub struct Backtest {
    rules: Vec<RuleBuilder>,
    routing: Routing,
    channels: Vec<ChannelSetup>,
    fallback: Option<String>,
    retry: RetryPolicy,
    resolve_timeout: Duration,
    series: SeriesLimits,
    interval: Duration,
    run_on: Duration,
    outages: Vec<Outage>,
    bounds: Bounds,
}

impl Backtest {
    /// Begins with rules and routes, and without channels; a judgement every 15 s.
    pub fn new<R: Into<RuleBuilder>>(rules: impl IntoIterator<Item = R>, routing: Routing) -> Self {
        Self {
            rules: rules.into_iter().map(Into::into).collect(),
            routing,
            channels: Vec::new(),
            fallback: None,
            retry: patient(),
            resolve_timeout: RESOLVE_TIMEOUT,
            series: SeriesLimits::default(),
            interval: Duration::from_secs(15),
            run_on: Duration::ZERO,
            outages: Vec::new(),
            bounds: Bounds::default(),
        }
    }

    /// A channel by its name, whom it tells, and what its messages can hold.
    pub fn channel<T: Into<String>>(
        mut self,
        name: impl Into<String>,
        targets: impl IntoIterator<Item = T>,
        limits: Limits,
    ) -> Self {
        self.channels.push(ChannelSetup {
            name: name.into(),
            targets: targets.into_iter().map(Into::into).collect(),
            limits,
        });
        self
    }

    /// A channel with the name, the targets and the limits of a notifier, to which nothing is sent.
    pub fn notifier(self, notifier: &dyn Notifier) -> Self {
        let (targets, limits) = (notifier.targets(), notifier.limits());
        self.channel(notifier.name(), targets, limits)
    }

    /// The channel that is told of what a broken channel cannot tell.
    pub fn fallback(mut self, channel: impl Into<String>) -> Self {
        self.fallback = Some(channel.into());
        self
    }

    /// How often rules are judged; default 15 s. What was recorded in between is judged at its own time.
    pub fn interval(mut self, interval: Duration) -> Self {
        self.interval = interval;
        self
    }

    /// How long time goes on after the last event, so that what waits is told; default not at all.
    pub fn run_on(mut self, time: Duration) -> Self {
        self.run_on = time;
        self
    }

    /// When failed deliveries are tried again; default as in the engine.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// How long a posted alert fires whose end nobody named; default 5 minutes.
    pub fn resolve_timeout(mut self, timeout: Duration) -> Self {
        self.resolve_timeout = timeout;
        self
    }

    /// How many series and samples are kept.
    pub fn series_limits(mut self, limits: SeriesLimits) -> Self {
        self.series = limits;
        self
    }

    /// The channel takes nothing within that time; may be said several times.
    pub fn failing(mut self, channel: impl Into<String>, time: Range<Timestamp>) -> Self {
        self.outages.push(Outage {
            channel: channel.into(),
            time,
        });
        self
    }

    /// How often it looks at the alerts at most, at each [`interval`](Self::interval) and whenever something is due in
    /// between; no limit unless told. For recordings that somebody else hands in: two samples a year apart are a year of
    /// judgements.
    pub fn most_turns(mut self, turns: u64) -> Self {
        self.bounds.turns = turns;
        self
    }

    /// Ends with an error as soon as somebody sets the flag.
    pub fn cancelled_by(mut self, flag: Arc<AtomicBool>) -> Self {
        self.bounds.cancelled = flag;
        self
    }

    /// Lets everything happen that was recorded.
    ///
    /// Events are read one by one, so that a recording may be longer than what memory holds. One that is older than
    /// the one before it happens at the time of that one, and is counted in [`BacktestReport::late`].
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`](crate::ErrorKind::Invalid) with every problem of rules, routes and channels at once; when
    /// an event is more than 400 days after the one before it, which a wrong unit of time is mostly the cause of; or when
    /// there is more to judge than [`most_turns`](Self::most_turns). [`ErrorKind::Closed`](crate::ErrorKind::Closed) when
    /// it was [cancelled](Self::cancelled_by).
    pub fn run<E: Into<BacktestEvent>>(
        self,
        events: impl IntoIterator<Item = E>,
    ) -> Result<BacktestReport, Error> {
        self.try_run(events.into_iter().map(Ok))
    }

    /// As [`run`](Self::run), over events that may fail to be read, such as [`SampleLines`]; ends at the first failure.
    ///
    /// # Errors
    /// As `run`, and with the failure.
    pub fn try_run<E: Into<BacktestEvent>>(
        self,
        events: impl IntoIterator<Item = Result<E, Error>>,
    ) -> Result<BacktestReport, Error> {
        let mut replay = self.replay()?;
        for event in events {
            replay.take(event?.into())?;
        }
        replay.finish()
    }

    /// Lets the same happen to two sets of rules, in one pass over what was recorded.
    ///
    /// # Errors
    /// As [`run`](Self::run), for either.
    pub fn compare<E: Into<BacktestEvent>>(
        self,
        changed: Self,
        events: impl IntoIterator<Item = E>,
    ) -> Result<Comparison, Error> {
        let (mut before, mut after) = (self.replay()?, changed.replay()?);
        for event in events {
            let event = event.into();
            before.take(event.clone())?;
            after.take(event)?;
        }
        Ok(Comparison {
            before: before.finish()?,
            after: after.finish()?,
        })
    }

    fn replay(self) -> Result<Replay, Error> {
        let fixed = Fixed {
            channels: self.channels,
            fallback: self.fallback,
            retry: self.retry,
            // The same recording always has the same outcome.
            random: Random::seeded(0),
            links: None,
            resolve_timeout: self.resolve_timeout,
            bounds: BOUNDS,
        };
        let mut problems = fixed.problems();
        let zeros = [
            ("interval", self.interval.is_zero()),
            ("resolve timeout", self.resolve_timeout.is_zero()),
            ("series limit", self.series.per_metric == 0),
        ];
        let zeros = zeros.into_iter().filter(|(_, wrong)| *wrong);
        problems.extend(
            zeros.map(|(what, _)| Problem::new("backtest", format!("{what} must be greater than zero"))),
        );
        for outage in &self.outages {
            if !fixed
                .channels
                .iter()
                .any(|channel| channel.name == outage.channel)
            {
                let detail = format!("there is no channel {:?} that could fail", outage.channel);
                problems.push(Problem::new("backtest", detail));
            }
        }
        let blueprint = Blueprint::build(self.rules, self.routing, fixed, problems)?;
        Ok(Replay::new(
            &blueprint,
            self.series,
            self.interval,
            self.run_on,
            self.outages,
            self.bounds,
        ))
    }
}
