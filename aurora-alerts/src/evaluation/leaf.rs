use std::time::Duration;

use aurora_core::time::Timestamp;

use crate::condition::{
    Aggregate, Anomaly, ChangeMeasure, Condition, Learned, Selector, Threshold, Verdict, score,
};
use crate::series::Sample;

/// A condition that judges each series on its own.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Leaf {
    /// Each sample by a limit.
    Threshold(Threshold),
    /// What is made of a window, at each tick.
    Window {
        window: Duration,
        aggregate: Aggregate,
        threshold: Threshold,
    },
    /// How a value changes within a window, at each tick.
    Change {
        window: Duration,
        measure: ChangeMeasure,
        threshold: Threshold,
    },
    /// Each sample by what was usual before it.
    Anomaly(Anomaly),
    /// Whether samples still come.
    Heartbeat(Duration),
}

/// Room that is used again for each series.
#[derive(Debug, Default)]
pub(super) struct Room {
    pub(super) samples: Vec<Sample>,
    pub(super) sorting: Vec<f64>,
}

impl Leaf {
    /// The leaf of a condition and its series; `None` where it judges by more than one series.
    pub(super) fn of(condition: &Condition) -> Option<(&Selector, Self)> {
        Some(match condition {
            Condition::Threshold {
                selector,
                window: None,
                threshold,
                ..
            } => (selector, Self::Threshold(*threshold)),
            Condition::Threshold {
                selector,
                window: Some(window),
                aggregate,
                threshold,
            } => (
                selector,
                Self::Window {
                    window: *window,
                    aggregate: *aggregate,
                    threshold: *threshold,
                },
            ),
            Condition::Change {
                selector,
                window,
                measure,
                threshold,
            } => (
                selector,
                Self::Change {
                    window: *window,
                    measure: *measure,
                    threshold: *threshold,
                },
            ),
            Condition::Anomaly(anomaly) => (&anomaly.selector, Self::Anomaly(anomaly.clone())),
            Condition::Heartbeat {
                selector,
                every,
                grace,
            } => (selector, Self::Heartbeat(every.saturating_add(*grace))),
            _ => return None,
        })
    }

    /// How far back samples must be kept.
    pub(super) const fn window(&self) -> Option<Duration> {
        match self {
            Self::Window { window, .. } | Self::Change { window, .. } => Some(*window),
            Self::Anomaly(anomaly) => match anomaly.baseline {
                crate::condition::Baseline::Robust { window } => Some(window),
                _ => None,
            },
            Self::Threshold(_) | Self::Heartbeat(_) => None,
        }
    }

    /// The window that is judged at each tick.
    pub(super) const fn judged_window(&self) -> Option<Duration> {
        match self {
            Self::Window { window, .. } | Self::Change { window, .. } => Some(*window),
            Self::Threshold(_) | Self::Anomaly(_) | Self::Heartbeat(_) => None,
        }
    }

    /// Whether every sample teaches it something.
    pub(super) const fn learns(&self) -> bool {
        matches!(self, Self::Anomaly(_))
    }

    /// How long what it knows of a silent series is worth keeping; `None` for ever.
    pub(super) fn memory_span(&self) -> Option<Duration> {
        match self {
            Self::Anomaly(anomaly) => Some(anomaly.memory_span()),
            Self::Heartbeat(_) => None,
            Self::Threshold(_) | Self::Window { .. } | Self::Change { .. } => Some(Duration::ZERO),
        }
    }

    /// Judges one sample, given those before it; `None` where it is not judged on its own.
    pub(super) fn sample(
        &self,
        learned: &mut Option<Box<Learned>>,
        before: &[Sample],
        sample: Sample,
        sorting: &mut Vec<f64>,
    ) -> Option<(Verdict, Option<f64>)> {
        let (_, value) = sample;
        match self {
            Self::Threshold(threshold) => Some((threshold.verdict(value), Some(value))),
            Self::Anomaly(anomaly) => {
                score(anomaly, learned, before, sample, sorting).map(|verdict| (verdict, Some(value)))
            }
            Self::Heartbeat(_) => {
                if learned.is_none() {
                    *learned = Some(Box::new(Learned::Heartbeat));
                }
                Some((Verdict::Clear, None))
            }
            Self::Window { .. } | Self::Change { .. } => None,
        }
    }

    /// Judges the window that ends now; `None` where there is no data.
    pub(super) fn judge_window(
        &self,
        samples: &[Sample],
        now: Timestamp,
        sorting: &mut Vec<f64>,
    ) -> Option<(Verdict, Option<f64>)> {
        let within = |window: Duration| {
            let from = samples.partition_point(|(at, _)| *at <= now - window);
            samples.get(from..).unwrap_or_default()
        };
        let (value, threshold) = match self {
            Self::Window {
                window,
                aggregate,
                threshold,
            } => (aggregate.of(within(*window), sorting)?, threshold),
            Self::Change {
                window,
                measure,
                threshold,
            } => (measure.of(within(*window))?, threshold),
            Self::Threshold(_) | Self::Anomaly(_) | Self::Heartbeat(_) => return None,
        };
        Some((threshold.verdict(value), Some(value)))
    }
}
