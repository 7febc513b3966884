//! When a rule's condition holds.
//!
//! | part | what it decides |
//! | --- | --- |
//! | [`Condition`] | everything that a rule can watch for |
//! | [`Selector`] | which series it looks at |
//! | [`Aggregate`] | what is made of the samples of a window |
//! | [`Operator`], [`Threshold`] | whether a value breaches, and whether it has recovered |
//! | [`ChangeMeasure`] | how a change is measured |
//! | [`Anomaly`], [`Baseline`] | what is unlike the usual |
//! | [`BurnRate`] | error budgets that burn too fast |
//! | [`Evaluate`] | conditions of the application's own |
//!
//! # Windows
//! A window holds the samples with `at > now - window`, and is judged at each tick. One without a sample is no data: the
//! alert ends or fires as the rule's [`NoData`](crate::rule::NoData) says, at once or after its `stale_after`. Windows
//! of single samples reach back an hour at most, those of burn rates three days.
//!
//! # Combinations
//! [`All`](Condition::All), [`Any`](Condition::Any) and [`Not`](Condition::Not) judge at each tick. They join by equal
//! label sets; a condition that judges the empty label set alone applies to all of them. Within them a threshold without
//! a window looks at the last value.

mod aggregate;
mod anomaly;
mod baseline;
mod burn;
mod change;
mod evaluate;
mod operator;
mod problems;
mod robust;
mod selector;
mod threshold;

use std::time::Duration;

pub use aggregate::Aggregate;
pub use anomaly::{Anomaly, Baseline, Direction};
pub use burn::{BurnRate, BurnWindow};
pub use change::ChangeMeasure;
pub use evaluate::{CustomCondition, Evaluate, EvaluateError, Judgement, SeriesView, SeriesVisitor, Verdict};
pub use operator::{Operator, ParseOperatorError};
pub use selector::Selector;
pub use threshold::Threshold;

pub(crate) use anomaly::score;
pub(crate) use baseline::Learned;
pub(crate) use burn::Growth;

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
    /// The series that it looks at, those of all its parts in their order; what a condition of the application's own looks
    /// at is not among them.
    #[must_use]
    pub fn selectors(&self) -> Vec<&Selector> {
        match self {
            Self::Threshold { selector, .. }
            | Self::Change { selector, .. }
            | Self::Absent { selector, .. }
            | Self::Heartbeat { selector, .. } => vec![selector],
            Self::Anomaly(anomaly) => vec![&anomaly.selector],
            Self::Burn(burn) => vec![&burn.errors, &burn.total],
            Self::Custom(_) => Vec::new(),
            Self::All(parts) | Self::Any(parts) => parts.iter().flat_map(Self::selectors).collect(),
            Self::Not(part) => part.selectors(),
        }
    }

    /// Whether it can be left without data; a last value alone stands for ever.
    pub(crate) fn can_have_no_data(&self) -> bool {
        match self {
            Self::Threshold { window, .. } => window.is_some(),
            Self::Anomaly(_) => false,
            Self::All(parts) | Self::Any(parts) => parts.iter().any(Self::can_have_no_data),
            Self::Not(part) => part.can_have_no_data(),
            _ => true,
        }
    }
}
