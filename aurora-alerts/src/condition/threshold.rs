use serde::{Deserialize, Serialize};

use super::{Operator, Verdict};

/// A limit that a value breaches, and optionally another at which it has recovered.
///
/// Between the two, a firing alert stays firing and an inactive one stays inactive (hysteresis), so that a value
/// that hovers around the limit does not fire and resolve in turn.
///
/// # Examples
/// ```
/// use aurora_alerts::{Operator, condition::Threshold};
///
/// let threshold = Threshold { operator: Operator::Above, value: 20.0, recovery: Some(15.0) };
/// assert!(threshold.is_breached(20.5) && !threshold.is_breached(17.0));
/// assert!(threshold.is_recovered(15.0) && !threshold.is_recovered(17.0));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Threshold {
    /// How a value is compared.
    pub operator: Operator,
    /// What a value is compared with.
    pub value: f64,
    /// What a firing alert's value is compared with instead; `None` is the same as [`value`](Self::value).
    pub recovery: Option<f64>,
}

impl Threshold {
    /// Whether a value makes an inactive alert active.
    #[must_use]
    pub fn is_breached(&self, value: f64) -> bool {
        self.operator.holds(value, self.value)
    }

    /// Whether a value ends a firing alert: the operator no longer holds against the recovery threshold.
    #[must_use]
    pub fn is_recovered(&self, value: f64) -> bool {
        !self.operator.holds(value, self.recovery.unwrap_or(self.value))
    }

    /// Where a value stands.
    pub(crate) fn verdict(&self, value: f64) -> Verdict {
        if self.is_breached(value) {
            Verdict::Breached
        } else if self.is_recovered(value) {
            Verdict::Clear
        } else {
            Verdict::Between
        }
    }

    /// Everything that is wrong with it, in words that complete "the rule's …".
    pub(crate) fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if !self.value.is_finite() {
            problems.push("threshold must be a finite number".to_owned());
        }
        let Some(recovery) = self.recovery else {
            return problems;
        };
        if !recovery.is_finite() {
            problems.push("recovery threshold must be a finite number".to_owned());
        } else if self.value.is_finite() {
            let side = match self.operator {
                Operator::Above | Operator::AtLeast => (recovery > self.value).then_some("at or below"),
                Operator::Below | Operator::AtMost => (recovery < self.value).then_some("at or above"),
                Operator::Equal | Operator::NotEqual => {
                    problems.push(format!(
                        "recovery threshold has no meaning with the operator {}",
                        self.operator
                    ));
                    None
                }
            };
            if let Some(side) = side {
                let (operator, value) = (self.operator, self.value);
                problems.push(format!(
                    "recovery threshold {recovery} must be {side} the threshold of `{operator} {value}`"
                ));
            }
        }
        problems
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn threshold(operator: Operator, value: f64, recovery: f64) -> Threshold {
        Threshold {
            operator,
            value,
            recovery: Some(recovery),
        }
    }

    #[test]
    fn recovery_must_lie_on_the_good_side() {
        assert!(threshold(Operator::Above, 20.0, 15.0).problems().is_empty());
        assert!(threshold(Operator::Above, 20.0, 20.0).problems().is_empty());
        assert!(threshold(Operator::Below, 80.0, 90.0).problems().is_empty());
        for bad in [
            threshold(Operator::Above, 20.0, 25.0),
            threshold(Operator::AtMost, 80.0, 70.0),
            threshold(Operator::Equal, 1.0, 0.0),
            threshold(Operator::Above, 20.0, f64::NAN),
            threshold(Operator::Above, f64::INFINITY, 1.0),
        ] {
            assert_eq!(bad.problems().len(), 1, "{bad:?}: {:?}", bad.problems());
        }
    }

    #[test]
    fn no_value_breaches_and_has_recovered_at_once() {
        for operator in [Operator::Above, Operator::AtLeast] {
            let threshold = threshold(operator, 20.0, 15.0);
            for value in [10.0, 15.0, 17.0, 20.0, 25.0] {
                assert!(
                    !(threshold.is_breached(value) && threshold.is_recovered(value)),
                    "{operator} {value}"
                );
            }
        }
    }
}
