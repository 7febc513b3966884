//! How a monitor is put together.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, RwLock};
use std::time::Duration;

use super::series::Spans;
use super::{Inner, Monitor};
use crate::time::{Clock, SystemClock};

/// Settings of a [`Monitor`].
#[derive(Debug, Clone)]
#[must_use]
pub struct MonitorBuilder {
    window: Duration,
    points: usize,
    point: Duration,
    names: usize,
    metrics: Option<String>,
    clock: Arc<dyn Clock>,
}

impl Default for MonitorBuilder {
    /// A window of 60 s, a history of 60 points of one minute, at most 1,000 names, no metrics, the system's clock.
    fn default() -> Self {
        Self {
            window: Duration::from_secs(60),
            points: 60,
            point: Duration::from_secs(60),
            names: 1_000,
            metrics: None,
            clock: Arc::new(SystemClock),
        }
    }
}

impl MonitorBuilder {
    /// Over which time rates and latencies are taken: 1 s to 1 h. It moves in steps of a twelfth.
    pub const fn window(mut self, window: Duration) -> Self {
        self.window = window;
        self
    }

    /// How many points the history keeps (1 to 1,440), and how long each is (1 s to 1 h).
    pub const fn history(mut self, points: usize, each: Duration) -> Self {
        self.points = points;
        self.point = each;
        self
    }

    /// How many names have a record of their own: 1 to 10,000. All others share the record `other`, as do names of more than
    /// 256 bytes.
    pub const fn names(mut self, names: usize) -> Self {
        self.names = names;
        self
    }

    /// Exports the numbers through the `metrics` facade, with `name` (1 to 64 bytes) as the label `monitor`: see
    /// [`export`](super::export).
    pub fn metrics(mut self, name: impl Into<String>) -> Self {
        self.metrics = Some(name.into());
        self
    }

    /// Takes time from `clock`.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// The monitor, without records.
    ///
    /// # Errors
    /// [`InvalidMonitor`] names every setting that is out of its range.
    pub fn build(self) -> Result<Monitor, InvalidMonitor> {
        let span = Duration::from_secs(1)..=Duration::from_secs(3_600);
        let mut problems = Vec::new();
        if !span.contains(&self.window) {
            problems.push("window: 1 s to 1 h");
        }
        if !(1..=1_440).contains(&self.points) {
            problems.push("history: 1 to 1440 points");
        }
        if !span.contains(&self.point) {
            problems.push("history: points of 1 s to 1 h");
        }
        if !(1..=10_000).contains(&self.names) {
            problems.push("names: 1 to 10000");
        }
        if self
            .metrics
            .as_ref()
            .is_some_and(|name| !(1..=64).contains(&name.len()))
        {
            problems.push("metrics: a name of 1 to 64 bytes");
        }
        if problems.is_empty() {
            Ok(self.checked())
        } else {
            Err(InvalidMonitor { problems })
        }
    }

    pub(super) fn checked(self) -> Monitor {
        Monitor {
            inner: Arc::new(Inner {
                clock: self.clock,
                spans: Spans {
                    window: self.window,
                    point: self.point,
                    points: self.points,
                },
                names: self.names,
                metrics: self.metrics.map(Arc::from),
                targets: RwLock::new(HashMap::new()),
            }),
        }
    }
}

/// Settings of a monitor that are out of their range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidMonitor {
    problems: Vec<&'static str>,
}

impl fmt::Display for InvalidMonitor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "out of range: {}", self.problems.join("; "))
    }
}

impl std::error::Error for InvalidMonitor {}
