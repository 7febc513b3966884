//! What the operating system says about this process.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use metrics::{Unit, counter, describe_counter, describe_gauge, gauge};
use metrics_process::collector::{Metrics, collect};
use serde::Serialize;

use crate::time::{Clock, SystemClock, Timestamp};

// The names that Prometheus gives these numbers in every language.
const CPU_SECONDS: &str = "process_cpu_seconds_total";
const RESIDENT: &str = "process_resident_memory_bytes";
const VIRTUAL: &str = "process_virtual_memory_bytes";
const THREADS: &str = "process_threads";
const OPEN_FILES: &str = "process_open_fds";
const MAX_FILES: &str = "process_max_fds";
const START: &str = "process_start_time_seconds";
// Ours.
const CPU_SHARE: &str = "aurora_process_cpu_share";
const UPTIME: &str = "aurora_process_uptime_seconds";

/// Time for which a measurement is kept, so that nobody can make the process measure itself all day.
const FRESH_FOR: Duration = Duration::from_secs(1);

/// The numbers of one moment. What the system does not tell is missing.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ProcessSnapshot {
    /// CPU time that was used so far, in seconds, of all cores.
    pub cpu_seconds: Option<f64>,
    /// CPU use between the last two measurements in percent of one core, so 200 is two cores' full use.
    pub cpu_percent: Option<f64>,
    /// Memory that is in use, in bytes.
    pub resident_bytes: Option<u64>,
    /// Address space, in bytes.
    pub virtual_bytes: Option<u64>,
    /// Threads of the operating system.
    pub threads: Option<u64>,
    /// Open files and sockets.
    pub open_files: Option<u64>,
    /// How many files and sockets may be open; 0 is any number.
    pub max_files: Option<u64>,
    /// When the process began, to the second.
    pub started_at: Option<Timestamp>,
    /// Seconds since the measurement was set up.
    pub uptime_seconds: f64,
}

/// Measures this process; clones share the last measurement.
///
/// # Examples
/// ```
/// use aurora_core::telemetry::ProcessMetrics;
///
/// let process = ProcessMetrics::new();
/// process.describe();
/// process.collect(); // before each scrape
/// println!("{:?} bytes", process.snapshot().resident_bytes);
/// ```
#[derive(Clone)]
pub struct ProcessMetrics {
    inner: Arc<Inner>,
}

struct Inner {
    clock: Arc<dyn Clock>,
    source: fn() -> Metrics,
    began: Duration,
    last: Mutex<Option<(Duration, ProcessSnapshot)>>,
}

impl ProcessMetrics {
    /// Begins now; the uptime counts from here.
    #[must_use]
    pub fn new() -> Self {
        Self::with(Arc::new(SystemClock), collect)
    }

    /// Takes time from `clock`.
    #[must_use]
    pub fn clock(self, clock: impl Clock) -> Self {
        Self::with(Arc::new(clock), self.inner.source)
    }

    fn with(clock: Arc<dyn Clock>, source: fn() -> Metrics) -> Self {
        Self {
            inner: Arc::new(Inner {
                began: clock.elapsed(),
                clock,
                source,
                last: Mutex::default(),
            }),
        }
    }

    /// The numbers, at most a second old. Reads a few small files of the system, which takes well below a millisecond.
    #[must_use]
    pub fn snapshot(&self) -> ProcessSnapshot {
        let inner = &*self.inner;
        let now = inner.clock.elapsed();
        let mut last = inner.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((at, snapshot)) = *last
            && now.saturating_sub(at) < FRESH_FOR
        {
            return snapshot;
        }
        let raw = (inner.source)();
        let started_at = raw
            .start_time_seconds
            .and_then(|seconds| i64::try_from(seconds).ok())
            .map(Timestamp::from_secs);
        let (since, used_before) = match (&*last, started_at) {
            (Some((at, before)), _) => (now.saturating_sub(*at), before.cpu_seconds),
            (None, Some(start)) => (inner.clock.now().since(start), Some(0.0)),
            (None, None) => (Duration::ZERO, None),
        };
        let cpu_percent = match (raw.cpu_seconds_total, used_before) {
            (Some(used), Some(before)) if since >= FRESH_FOR => {
                Some(((used - before) / since.as_secs_f64() * 100.0).max(0.0))
            }
            _ => None,
        };
        let snapshot = ProcessSnapshot {
            cpu_seconds: raw.cpu_seconds_total,
            cpu_percent,
            resident_bytes: raw.resident_memory_bytes,
            virtual_bytes: raw.virtual_memory_bytes,
            threads: raw.threads,
            open_files: raw.open_fds,
            max_files: raw.max_fds,
            started_at,
            uptime_seconds: now.saturating_sub(inner.began).as_secs_f64(),
        };
        *last = Some((now, snapshot));
        snapshot
    }

    /// Records the numbers as metrics. To be called before the metrics are read.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "seconds and bytes of a process are far below the limits"
    )]
    pub fn collect(&self) {
        let now = self.snapshot();
        if let Some(seconds) = now.cpu_seconds {
            counter!(CPU_SECONDS).absolute(seconds as u64);
        }
        let gauges = [
            (CPU_SHARE, now.cpu_percent.map(|percent| percent / 100.0)),
            (RESIDENT, now.resident_bytes.map(|bytes| bytes as f64)),
            (VIRTUAL, now.virtual_bytes.map(|bytes| bytes as f64)),
            (THREADS, now.threads.map(|threads| threads as f64)),
            (OPEN_FILES, now.open_files.map(|files| files as f64)),
            (MAX_FILES, now.max_files.map(|files| files as f64)),
            (START, now.started_at.map(|start| start.as_secs() as f64)),
            (UPTIME, Some(now.uptime_seconds)),
        ];
        for (name, value) in gauges {
            if let Some(value) = value {
                gauge!(name).set(value);
            }
        }
    }

    /// Tells the recorder of the process what the numbers mean.
    pub fn describe(&self) {
        describe_counter!(
            CPU_SECONDS,
            Unit::Seconds,
            "User and system CPU time of the process."
        );
        let gauges = [
            (
                CPU_SHARE,
                Unit::Count,
                "CPU use between the last two measurements; 1 is one core's full use.",
            ),
            (RESIDENT, Unit::Bytes, "Memory that the process uses."),
            (VIRTUAL, Unit::Bytes, "Address space of the process."),
            (THREADS, Unit::Count, "Threads of the process."),
            (OPEN_FILES, Unit::Count, "Open files and sockets."),
            (
                MAX_FILES,
                Unit::Count,
                "How many files and sockets may be open; 0 is any number.",
            ),
            (START, Unit::Seconds, "Start of the process since the Unix epoch."),
            (UPTIME, Unit::Seconds, "Time since the measurement was set up."),
        ];
        for (name, unit, text) in gauges {
            describe_gauge!(name, unit, text);
        }
    }
}

impl Default for ProcessMetrics {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for ProcessMetrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProcessMetrics").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use metrics_util::debugging::{DebugValue, DebuggingRecorder};

    use super::*;
    use crate::time::ManualClock;

    /// Tenths of a second of CPU time, and how often they were asked for.
    static USED: AtomicU64 = AtomicU64::new(0);
    static ASKED: AtomicU64 = AtomicU64::new(0);

    fn scripted() -> Metrics {
        ASKED.fetch_add(1, Ordering::SeqCst);
        #[expect(clippy::cast_precision_loss, reason = "small numbers")]
        let cpu_seconds_total = Some(USED.load(Ordering::SeqCst) as f64 / 10.0);
        Metrics {
            cpu_seconds_total,
            resident_memory_bytes: Some(1_000),
            ..Metrics::default()
        }
    }

    #[test]
    fn the_share_is_that_of_the_time_between_two_measurements() {
        let clock = ManualClock::default();
        let process = ProcessMetrics::with(Arc::new(clock.clone()), scripted);
        assert_eq!(
            process.snapshot().cpu_percent,
            None,
            "one measurement says nothing"
        );
        let measure = |used: u64, after: Duration| {
            USED.store(used, Ordering::SeqCst);
            clock.advance(after);
            process.snapshot().cpu_percent
        };
        assert_eq!(measure(20, Duration::from_secs(4)), Some(50.0));
        let asked = ASKED.load(Ordering::SeqCst);
        assert_eq!(measure(90, Duration::from_millis(999)), Some(50.0), "still fresh");
        assert_eq!(ASKED.load(Ordering::SeqCst), asked);
        assert_eq!(
            measure(60, Duration::from_millis(1_001)),
            Some(200.0),
            "two cores"
        );
        clock.set_wall(Timestamp::UNIX_EPOCH);
        let snapshot = process.snapshot();
        assert_eq!((snapshot.uptime_seconds, snapshot.threads), (6.0, None));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_is_measured_and_recorded() {
        let recorder = DebuggingRecorder::new();
        let process = ProcessMetrics::new();
        metrics::with_local_recorder(&recorder, || process.collect());
        let now = process.snapshot();
        assert!(now.resident_bytes.unwrap() > 1_000_000 && now.virtual_bytes > now.resident_bytes);
        assert!(now.threads.unwrap() >= 1 && now.open_files.unwrap() >= 3 && now.max_files.is_some());
        assert!(now.started_at.unwrap() <= SystemClock.now());
        let recorded = recorder.snapshotter().snapshot().into_vec();
        let resident = recorded.iter().find(|(key, ..)| key.key().name() == RESIDENT);
        let DebugValue::Gauge(resident) = resident.unwrap().3 else {
            panic!("no gauge")
        };
        #[expect(clippy::cast_precision_loss, reason = "as it was recorded")]
        let expected = now.resident_bytes.unwrap() as f64;
        assert_eq!(resident.into_inner(), expected);
        for name in [
            CPU_SECONDS,
            VIRTUAL,
            THREADS,
            OPEN_FILES,
            MAX_FILES,
            START,
            UPTIME,
        ] {
            assert!(
                recorded.iter().any(|(key, ..)| key.key().name() == name),
                "{name}"
            );
        }
    }
}
