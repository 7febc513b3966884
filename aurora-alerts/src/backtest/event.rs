use aurora_core::time::Timestamp;

use crate::labels::Labels;
use crate::posted::PostedAlert;

/// Something that was recorded and happens again in a [`Backtest`](super::Backtest).
///
/// Made from `(Timestamp, metric, labels, value)` and from `(Timestamp, PostedAlert)`.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum BacktestEvent {
    /// A sample of one series.
    Sample {
        /// When.
        at: Timestamp,
        /// The metric.
        metric: String,
        /// The series.
        labels: Labels,
        /// The value; NaN and infinities are refused and counted.
        value: f64,
    },
    /// An alert that somebody else found, or its end.
    Posted {
        /// When it was posted.
        at: Timestamp,
        /// The alert.
        alert: Box<PostedAlert>,
    },
}

impl BacktestEvent {
    /// When it happens.
    #[must_use]
    pub const fn at(&self) -> Timestamp {
        match self {
            Self::Sample { at, .. } | Self::Posted { at, .. } => *at,
        }
    }
}

impl<M: Into<String>, L: Into<Labels>> From<(Timestamp, M, L, f64)> for BacktestEvent {
    fn from((at, metric, labels, value): (Timestamp, M, L, f64)) -> Self {
        Self::Sample {
            at,
            metric: metric.into(),
            labels: labels.into(),
            value,
        }
    }
}

impl From<(Timestamp, PostedAlert)> for BacktestEvent {
    fn from((at, alert): (Timestamp, PostedAlert)) -> Self {
        Self::Posted {
            at,
            alert: Box::new(alert),
        }
    }
}
