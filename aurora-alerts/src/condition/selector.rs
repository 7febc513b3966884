use crate::labels::Labels;
use crate::matcher::{MatchOperator, Matcher, Matchers};

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

    /// The labels of which it says the value, as those of an alert that no series has.
    pub(crate) fn equalities(&self) -> Labels {
        let equal = self
            .matchers
            .iter()
            .filter(|matcher| matcher.operator() == MatchOperator::Equal);
        equal.map(|matcher| (matcher.name(), matcher.value())).collect()
    }
}
