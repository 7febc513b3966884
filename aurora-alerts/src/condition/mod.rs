//! When a rule's condition holds.
//!
//! | part | what it decides |
//! | --- | --- |
//! | [`Condition`] | everything that a rule can watch for |
//! | [`Selector`] | which series it looks at |
//! | [`Aggregate`] | what is made of the samples of a window |
//! | [`Operator`], [`Threshold`] | whether a value breaches, and whether it has recovered |

mod operator;
mod threshold;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

pub use operator::{Operator, ParseOperatorError};
pub use threshold::Threshold;

use crate::labels::Labels;
use crate::matcher::{Matcher, Matchers};

/// Which series a condition looks at: those of one metric that fulfil the matchers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selector {
    /// The name of the metric.
    pub metric: String,
    /// What the labels of a series must fulfil.
    pub matchers: Matchers,
}

impl Selector {
    /// All series of a metric.
    pub fn new(metric: impl Into<String>) -> Self {
        Self {
            metric: metric.into(),
            matchers: Matchers::new(),
        }
    }

    /// Only series whose label has exactly this value; an empty value means that the label is absent.
    #[must_use]
    pub fn matching(mut self, label: impl Into<String>, value: impl Into<String>) -> Self {
        self.matchers.push(Matcher::equal(label, value));
        self
    }

    /// Whether it looks at a series of its metric with these labels.
    #[must_use]
    pub fn matches(&self, series: &Labels) -> bool {
        self.matchers.matches(series)
    }
}

/// What is made of the samples of a window.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
#[non_exhaustive]
pub enum Aggregate {
    /// The last sample.
    #[default]
    Last,
    /// The arithmetic mean.
    Mean,
    /// The smallest.
    Min,
    /// The largest.
    Max,
    /// The sum.
    Sum,
    /// How many samples there are.
    Count,
    /// How much a counter grew per second; a counter that begins anew is no decrease.
    Rate,
    /// A percentile by nearest rank, 0 to 100.
    Percentile(f64),
}

/// How the change of a value is measured.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChangeMeasure {
    /// Last less first of the window.
    #[default]
    Absolute,
    /// The same per second.
    PerSecond,
    /// The same in percent of the first; nothing is judged where the first is zero.
    Percent,
}

/// Which way a value must leave the usual.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Direction {
    /// Either way.
    #[default]
    Both,
    /// Only upwards.
    Above,
    /// Only downwards.
    Below,
}

/// How the usual is learned.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Baseline {
    /// Robust z-score: median and median absolute deviation of the samples of the last `window`.
    ///
    /// The score is `0.6745 × (value − median) ÷ MAD` (Iglewicz and Hoaglin, 1993).
    Robust {
        /// How far back it looks.
        window: Duration,
    },
    /// Exponentially weighted mean and variance.
    Ewma {
        /// How long until a sample weighs half.
        half_life: Duration,
    },
    /// The same slot of earlier periods, such as the same hour of earlier days: exponentially weighted mean and variance
    /// for each slot.
    Seasonal {
        /// The period, such as a day or a week.
        period: Duration,
        /// Into how many slots it is divided, 1 to 1,024.
        slots: u16,
    },
}

/// A value that is unlike what was usual.
#[derive(Debug, Clone, PartialEq)]
pub struct Anomaly {
    /// The series.
    pub selector: Selector,
    /// How the usual is learned.
    pub baseline: Baseline,
    /// From how many standard deviations on it is unusual; 3 to 5 are common.
    pub score: f64,
    /// At how many it is usual again; `None` is the same as `score`.
    pub recovery: Option<f64>,
    /// Which way.
    pub direction: Direction,
    /// How many samples must have been learned before anything is judged; for [`Baseline::Seasonal`] in the slot.
    pub warm_up: u32,
}

/// How fast an error budget burns, over two windows at once.
///
/// The numbers are those of the Site Reliability Workbook, chapter 5.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BurnWindow {
    /// The long window.
    pub long: Duration,
    /// The short window, by which the alert ends soon after the burning does.
    pub short: Duration,
    /// How many times faster than the budget allows.
    pub factor: f64,
}

/// A service level objective, and how fast its error budget may burn.
#[derive(Debug, Clone, PartialEq)]
pub struct BurnRate {
    /// A counter of what went wrong.
    pub errors: Selector,
    /// A counter of everything.
    pub total: Selector,
    /// The objective as a share above 0 and below 1, such as 0.999.
    pub objective: f64,
    /// It burns too fast where one of these does.
    pub windows: Vec<BurnWindow>,
    /// Fewer events than this in the long window are no evidence.
    pub minimum_events: f64,
}

/// What a rule watches for.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Condition {
    /// A value, or what is made of a window of samples, on the wrong side of a limit.
    ///
    /// Without a window every sample is judged, also several between two ticks; with one, the window at each tick.
    Threshold {
        /// The series.
        selector: Selector,
        /// How far back it looks; `None` judges each sample.
        window: Option<Duration>,
        /// What is made of the window.
        aggregate: Aggregate,
        /// The limit.
        threshold: Threshold,
    },
    /// A value that changes too much or too little within a window.
    Change {
        /// The series.
        selector: Selector,
        /// The window.
        window: Duration,
        /// How the change is measured.
        measure: ChangeMeasure,
        /// The limit.
        threshold: Threshold,
    },
    /// No series that the selector matches has a sample younger than this.
    Absent {
        /// The series.
        selector: Selector,
        /// For how long.
        after: Duration,
    },
    /// A series that once reported and does so no more.
    Heartbeat {
        /// The series; each is watched on its own from its first sample on.
        selector: Selector,
        /// How often it should report.
        every: Duration,
        /// How much later it may be.
        grace: Duration,
    },
    /// A value that is unlike what was usual.
    Anomaly(Anomaly),
    /// An error budget that burns too fast.
    Burn(BurnRate),
    /// A condition of the application's own.
    Custom(CustomCondition),
    /// All of them, for the same labels.
    All(Vec<Self>),
    /// One of them at least.
    Any(Vec<Self>),
    /// Not this one; for the label sets that it judges.
    Not(Box<Self>),
}

impl Condition {
    /// Everything that is wrong with it, in words that complete "the rule's …".
    pub(crate) fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        match self {
            Self::Threshold {
                selector, threshold, ..
            }
            | Self::Change {
                selector, threshold, ..
            } => {
                if selector.metric.trim().is_empty() {
                    problems.push("metric is missing".to_owned());
                }
                problems.extend(threshold.problems());
            }
            _ => {}
        }
        problems
    }
}

/// A condition of the application's own.
#[derive(Debug, Clone)]
pub struct CustomCondition(pub Arc<dyn Evaluate>);

impl PartialEq for CustomCondition {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

/// Judges label sets by whatever it likes; where a condition of another kind, such as a query language, is plugged in.
pub trait Evaluate: fmt::Debug + Send + Sync + 'static {
    /// Says for each label set that it knows where it stands; label sets that are left out have no data.
    ///
    /// # Errors
    /// When nothing can be judged now. Alerts stay as they are, and the error is counted and logged.
    fn evaluate(
        &self,
        series: &dyn SeriesView,
        now: aurora_core::time::Timestamp,
        judgements: &mut Vec<Judgement>,
    ) -> Result<(), EvaluateError>;

    /// The metrics that it reads, so that their samples are kept, each with how far back it looks.
    fn reads(&self) -> Vec<(String, Duration)>;
}

/// What an [`Evaluate`] can read.
pub trait SeriesView {
    /// Visits every series that the selector matches: its labels, and its samples within `window`, oldest first.
    fn visit(
        &self,
        selector: &Selector,
        window: Duration,
        visitor: &mut dyn FnMut(&Labels, &[(aurora_core::time::Timestamp, f64)]),
    );
}

/// Where one label set stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Judgement {
    /// The label set.
    pub labels: Labels,
    /// The value by which it was judged.
    pub value: Option<f64>,
    /// Whether it breaches.
    pub verdict: Verdict,
}

/// Whether a condition holds for one label set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// It holds: an inactive alert becomes active.
    Breached,
    /// Between the limit and its recovery: an alert stays as it is.
    Between,
    /// It does not hold: an active alert ends.
    Clear,
}

/// Why a condition could not be judged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct EvaluateError(pub String);
