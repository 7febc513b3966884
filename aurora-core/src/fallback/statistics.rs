//! What a set of targets tells about itself.

use std::sync::atomic::{AtomicU64, Ordering};

use serde::Serialize;

use super::member::{LastError, Member, Mode};
use crate::monitor::Monitor;
use crate::resilience::BreakerState;
use crate::time::Timestamp;

/// How the calls over a set of targets went, and where each target stands.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Statistics {
    /// Calls since the start: those that were served, failed or were given up, and those under way.
    pub calls: u64,
    /// Calls that a target answered.
    pub served: u64,
    /// Calls that nobody answered.
    pub failed: u64,
    /// Calls that their caller gave up before an answer.
    pub cancelled: u64,
    /// Calls that are under way.
    pub in_flight: u64,
    /// Served calls that another target had failed, or for which another was passed over.
    pub fallbacks: u64,
    /// Each target, in the order of priority.
    pub targets: Vec<TargetStatus>,
}

/// Where a target stands.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct TargetStatus {
    /// The target's name.
    pub name: String,
    /// Lower is tried first.
    pub priority: u32,
    /// Its share among targets of the same priority.
    pub weight: u32,
    /// What a call costs; `None` when that is not known.
    pub cost: Option<u64>,
    /// Whether somebody wants it to be called.
    pub mode: Mode,
    /// The circuit, as [`BreakerState::as_str`](crate::resilience::BreakerState::as_str) names it.
    pub state: &'static str,
    /// When its circuit, or what it asked for, lets calls pass again; `None` while they pass, and where nobody knows.
    pub open_until: Option<Timestamp>,
    /// What its health checks found; `None` while they have not, or when there are none.
    pub checked: Option<bool>,
    /// Whether calls would reach it now.
    pub healthy: bool,
    /// Attempts: those that were answered, failed or were given up, and those under way.
    pub calls: u64,
    /// Attempts that were answered.
    pub served: u64,
    /// Attempts that failed.
    pub failed: u64,
    /// Attempts that the caller gave up.
    pub cancelled: u64,
    /// Attempts that are under way, answers that are still being read included.
    pub in_flight: u64,
    /// Times that it was passed over because its circuit was open or its health checks had taken it out.
    pub skipped: u64,
    /// Calls that it failed, or for which it was passed over, and that another target answered.
    pub fallbacks_from: u64,
    /// Calls that it answered after another had failed or was passed over.
    pub fallbacks_to: u64,
    /// The last failure.
    pub last_error: Option<LastError>,
    /// How long its answers took over the monitor's window; `None` without one.
    pub latency: Option<LatencyStatus>,
}

/// How long answers took, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct LatencyStatus {
    /// The mean.
    pub mean_ms: f64,
    /// The median.
    pub p50_ms: f64,
    /// The 95th percentile.
    pub p95_ms: f64,
    /// The 99th percentile.
    pub p99_ms: f64,
}

impl TargetStatus {
    pub(super) fn of<T>(member: &Member<T>, monitor: &Monitor, now: Timestamp) -> Self {
        let (facts, health) = (member.facts(), &member.health);
        let get = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let counts = &health.counts;
        let (served, failed, cancelled) = (get(&counts.served), get(&counts.failed), get(&counts.cancelled));
        let in_flight = get(&counts.in_flight);
        let (breaker, mode) = (health.breaker.snapshot(), health.mode());
        let circuit = breaker.state;
        let is_timed = matches!(
            circuit,
            BreakerState::Open | BreakerState::Refused | BreakerState::Held
        );
        let checked = health.check(|check| check.is_up());
        let summary = monitor.summary(member.name());
        let latency = summary.and_then(|summary| {
            Some(LatencyStatus {
                mean_ms: summary.mean_ms?,
                p50_ms: summary.p50_ms?,
                p95_ms: summary.p95_ms?,
                p99_ms: summary.p99_ms?,
            })
        });
        Self {
            name: facts.name.clone(),
            priority: facts.priority,
            weight: facts.weight,
            cost: facts.cost,
            mode,
            state: circuit.as_str(),
            open_until: breaker.retry_after.filter(|_| is_timed).map(|wait| now + wait),
            checked,
            healthy: circuit.admits() && mode == Mode::Enabled && checked != Some(false),
            calls: served + failed + cancelled + in_flight,
            served,
            failed,
            cancelled,
            in_flight,
            skipped: get(&counts.skipped),
            fallbacks_from: get(&counts.left),
            fallbacks_to: get(&counts.taken_over),
            last_error: health.last_error(),
            latency,
        }
    }
}

/// The counts of whole calls.
#[derive(Debug, Default)]
pub(super) struct Calls {
    served: AtomicU64,
    failed: AtomicU64,
    cancelled: AtomicU64,
    in_flight: AtomicU64,
    fallbacks: AtomicU64,
}

impl Calls {
    pub(super) fn begin(&self) -> Under<'_> {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        Under {
            calls: self,
            ended: None,
        }
    }

    pub(super) fn fell_back(&self) {
        self.fallbacks.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn statistics(&self, targets: Vec<TargetStatus>) -> Statistics {
        let get = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let (served, failed, cancelled) = (get(&self.served), get(&self.failed), get(&self.cancelled));
        let in_flight = get(&self.in_flight);
        Statistics {
            calls: served + failed + cancelled + in_flight,
            served,
            failed,
            cancelled,
            in_flight,
            fallbacks: get(&self.fallbacks),
            targets,
        }
    }

    pub(super) fn reset(&self) {
        for count in [&self.served, &self.failed, &self.cancelled, &self.fallbacks] {
            count.store(0, Ordering::Relaxed);
        }
    }
}

/// A call under way. Dropped before its end it was given up; dropped by a panic it failed.
#[derive(Debug)]
pub(super) struct Under<'a> {
    calls: &'a Calls,
    ended: Option<bool>,
}

impl Under<'_> {
    pub(super) fn end(mut self, served: bool) {
        self.ended = Some(served);
    }
}

impl Drop for Under<'_> {
    fn drop(&mut self) {
        let count = match self.ended {
            Some(true) => &self.calls.served,
            Some(false) => &self.calls.failed,
            None if std::thread::panicking() => &self.calls.failed,
            None => &self.calls.cancelled,
        };
        count.fetch_add(1, Ordering::Relaxed);
        self.calls.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}
