//! The loop of the engine in virtual time.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use aurora_core::time::Timestamp;

use super::event::BacktestEvent;
use super::report::BacktestReport;
use super::told::Told;
use crate::core::{Command, Core, Input, Reply};
use crate::engine::blueprint::Blueprint;
use crate::error::{Error, ErrorKind};
use crate::labels::Labels;
use crate::notifier::{NotifyError, NotifyErrorKind, Receipt};
use crate::pipeline::Sending;
use crate::posted::PostedAlert;
use crate::report::Tally;
use crate::series::{SeriesLimits, SeriesStore};

/// The least wait between two looks that nobody asked for, as in the engine.
const LEAST_WAIT: Duration = Duration::from_millis(5);
/// The longest time without an event that is taken for one.
const LONGEST_GAP: Duration = Duration::from_secs(400 * 24 * 60 * 60);

/// A channel that takes nothing for a while.
#[derive(Debug)]
pub(super) struct Outage {
    pub(super) channel: String,
    pub(super) time: Range<Timestamp>,
}

/// How much may be judged.
#[derive(Debug)]
pub(super) struct Bounds {
    pub(super) turns: u64,
    pub(super) cancelled: Arc<AtomicBool>,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            turns: u64::MAX,
            cancelled: Arc::default(),
        }
    }
}

#[derive(Debug)]
pub(super) struct Replay {
    core: Core,
    series: SeriesStore,
    interval: Duration,
    run_on: Duration,
    outages: Vec<Outage>,
    bounds: Bounds,
    turns: u64,
    /// Set with the first event.
    course: Option<Course>,
    told: Told,
    ticks: u64,
    samples: u64,
    posted: u64,
    refused: u64,
    late: u64,
}

/// How far time has come.
#[derive(Debug)]
struct Course {
    from: Timestamp,
    /// The last event.
    heard_at: Timestamp,
    /// The last step of the core.
    now: Timestamp,
    /// The last tick, if there was one.
    ticked_at: Option<Timestamp>,
    next_tick: Timestamp,
    tally: Tally,
}

impl Replay {
    pub(super) fn new(
        blueprint: &Blueprint,
        limits: SeriesLimits,
        interval: Duration,
        run_on: Duration,
        outages: Vec<Outage>,
        bounds: Bounds,
    ) -> Self {
        let series = SeriesStore::new(limits);
        Self {
            core: Core::new(blueprint.rules.clone(), blueprint.setup(), series.clone()),
            series,
            interval,
            run_on,
            outages,
            bounds,
            turns: 0,
            course: None,
            told: Told::default(),
            ticks: 0,
            samples: 0,
            posted: 0,
            refused: 0,
            late: 0,
        }
    }

    /// Lets time pass up to an event, and lets that happen.
    pub(super) fn take(&mut self, event: BacktestEvent) -> Result<(), Error> {
        let course = self.course.get_or_insert_with(|| Course::begin(event.at()));
        let at = event.at().max(course.heard_at);
        if event.at() < at {
            self.late += 1;
        }
        if at.since(course.heard_at) > LONGEST_GAP {
            let detail = format!(
                "an event at {at} follows one at {}, 400 days before",
                course.heard_at
            );
            return Err(Error::invalid("backtest", detail));
        }
        course.heard_at = at;
        let mut next_tick = course.next_tick;
        // What was recorded at the instant of a tick is judged by it.
        while next_tick < at {
            next_tick = self.tick(next_tick)?;
        }
        match event {
            BacktestEvent::Sample {
                metric,
                labels,
                value,
                ..
            } => self.record(&metric, labels, value, at),
            BacktestEvent::Posted { alert, .. } => self.post(*alert, at)?,
        }
        Ok(())
    }

    fn record(&mut self, metric: &str, labels: Labels, value: f64, at: Timestamp) {
        self.samples += 1;
        if self.series.record(metric, labels, value, at).is_err() {
            self.refused += 1;
        }
    }

    fn post(&mut self, alert: PostedAlert, at: Timestamp) -> Result<(), Error> {
        self.posted += 1;
        if alert.problem().is_some() {
            self.refused += 1;
            return Ok(());
        }
        self.wake_until(at)?;
        let command = Command::Post { alerts: vec![alert] };
        if self.core.step(Input::Command(command), at) == Reply::Full {
            self.refused += 1;
        }
        self.turn(Input::Wake, at)
    }

    /// Judges at `at`; gives the time of the next tick.
    fn tick(&mut self, at: Timestamp) -> Result<Timestamp, Error> {
        self.wake_until(at)?;
        self.turn(Input::Tick, at)?;
        self.ticks += 1;
        let next = at + self.interval;
        if let Some(course) = &mut self.course {
            course.ticked_at = Some(at);
            course.next_tick = next;
        }
        Ok(next)
    }

    /// Lets happen what is due before `limit`.
    fn wake_until(&mut self, limit: Timestamp) -> Result<(), Error> {
        while let (Some(course), Some(due)) = (&self.course, self.core.next_due()) {
            let at = due.max(course.now + LEAST_WAIT);
            if at >= limit {
                break;
            }
            self.turn(Input::Wake, at)?;
        }
        Ok(())
    }

    /// One turn of the engine and the deliveries that follow from it, all at one instant.
    fn turn(&mut self, occasion: Input, now: Timestamp) -> Result<(), Error> {
        self.go_on(now)?;
        self.core.step(occasion, now);
        loop {
            self.write_down(now);
            let sendings = self.core.claim();
            if sendings.is_empty() {
                return Ok(());
            }
            for sending in sendings {
                self.deliver(sending, now);
            }
            self.core.step(Input::Wake, now);
        }
    }

    fn go_on(&mut self, now: Timestamp) -> Result<(), Error> {
        if self.bounds.cancelled.load(Ordering::Relaxed) {
            return Err(Error::new(ErrorKind::Closed, "backtest", "it was cancelled"));
        }
        if self.turns >= self.bounds.turns {
            let detail = format!(
                "there is more to judge than {} times, which ended at {now}; give fewer samples, or closer ones",
                self.bounds.turns
            );
            return Err(Error::invalid("backtest", detail));
        }
        self.turns += 1;
        Ok(())
    }

    /// Where the engine stores what was decided, here it is counted.
    fn write_down(&mut self, now: Timestamp) {
        let batch = self.core.take_batch();
        drop(self.core.take_events());
        if let Some(course) = &mut self.course {
            course.now = now;
            for record in batch.history {
                course.tally.take(record);
            }
        }
    }

    fn deliver(&mut self, sending: Sending, now: Timestamp) {
        let Sending { lane, notification } = sending;
        let fails = self
            .outages
            .iter()
            .any(|outage| outage.channel == *lane.channel && outage.time.contains(&now));
        let result = if fails {
            Err(NotifyError::new(
                NotifyErrorKind::Server,
                "the channel was to fail",
            ))
        } else {
            self.told.take(&lane, &notification);
            Ok(Receipt::new())
        };
        let outcome = Input::Outcome {
            lane,
            id: notification.id,
            result,
            took: Duration::ZERO,
        };
        self.core.step(outcome, now);
    }

    /// Judges what was recorded last, lets time go on for as long as was asked for, and sums up.
    pub(super) fn finish(mut self) -> Result<BacktestReport, Error> {
        if let Some(course) = &self.course {
            let end = course.heard_at + self.run_on;
            let mut next_tick = course.next_tick;
            let mut ticked_at = course.ticked_at;
            while ticked_at.is_none_or(|at| at < end) {
                ticked_at = Some(next_tick);
                next_tick = self.tick(next_tick)?;
            }
        }
        let course = self
            .course
            .take()
            .unwrap_or_else(|| Course::begin(Timestamp::UNIX_EPOCH));
        let (targets, rules, left_out) = self.told.finish();
        Ok(BacktestReport {
            from: course.from,
            to: course.now,
            ticks: self.ticks,
            samples: self.samples,
            posted: self.posted,
            refused: self.refused,
            lost: self.series.lost(),
            late: self.late,
            waiting: self.core.pipeline().waiting(),
            targets,
            rules,
            left_out,
            alerts: course.tally.finish_at(course.now),
        })
    }
}

impl Course {
    const fn begin(at: Timestamp) -> Self {
        Self {
            from: at,
            heard_at: at,
            now: at,
            ticked_at: None,
            next_tick: at,
            tally: Tally::new(at, at),
        }
    }
}
