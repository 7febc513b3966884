use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use aurora_core::time::Timestamp;

use super::Selector;
use crate::labels::Labels;

/// A condition of the application's own.
#[derive(Debug, Clone)]
pub struct CustomCondition(pub Arc<dyn Evaluate>);

impl PartialEq for CustomCondition {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

/// Judges label sets by whatever it likes; where a condition of another kind, such as a query language, is plugged in.
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use aurora_alerts::condition::{Evaluate, EvaluateError, Judgement, Selector, SeriesView, Verdict};
/// use aurora_core::time::Timestamp;
///
/// /// More than half of the nodes are down.
/// #[derive(Debug)]
/// struct Quorum;
///
/// impl Evaluate for Quorum {
///     fn evaluate(
///         &self,
///         series: &dyn SeriesView,
///         _now: Timestamp,
///         judgements: &mut Vec<Judgement>,
///     ) -> Result<(), EvaluateError> {
///         let (mut nodes, mut down) = (0, 0);
///         series.visit(&Selector::new("node_up"), Duration::from_secs(60), &mut |_, samples| {
///             nodes += 1;
///             down += usize::from(samples.last().is_some_and(|(_, value)| *value == 0.0));
///         });
///         let verdict = if 2 * down > nodes { Verdict::Breached } else { Verdict::Clear };
///         judgements.push(Judgement { labels: Default::default(), value: None, verdict });
///         Ok(())
///     }
///
///     fn reads(&self) -> Vec<(String, Duration)> {
///         vec![("node_up".to_owned(), Duration::from_secs(60))]
///     }
/// }
/// ```
pub trait Evaluate: fmt::Debug + Send + Sync + 'static {
    /// Says for each label set that it knows where it stands; label sets that are left out have no data.
    ///
    /// # Errors
    /// When nothing can be judged now. Alerts stay as they are, and the error is counted and logged.
    fn evaluate(
        &self,
        series: &dyn SeriesView,
        now: Timestamp,
        judgements: &mut Vec<Judgement>,
    ) -> Result<(), EvaluateError>;

    /// The metrics that it reads, so that their samples are kept, each with how far back it looks; at most an hour.
    fn reads(&self) -> Vec<(String, Duration)>;
}

/// Takes the labels of one series and its samples, oldest first.
pub type SeriesVisitor<'a> = dyn FnMut(&Labels, &[(Timestamp, f64)]) + 'a;

/// What an [`Evaluate`] can read.
pub trait SeriesView {
    /// Visits every series that the selector matches: its labels, and its samples within `window`, oldest first.
    fn visit(&self, selector: &Selector, window: Duration, visitor: &mut SeriesVisitor<'_>);
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
    /// Between the limit and its recovery: a firing alert goes on, a pending one is cleared, an inactive one stays so.
    Between,
    /// It does not hold: an active alert ends.
    Clear,
}

/// Why a condition could not be judged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct EvaluateError(pub String);
