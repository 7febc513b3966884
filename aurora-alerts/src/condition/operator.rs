use std::fmt;
use std::str::FromStr;

/// How a value is compared with a threshold.
///
/// # Examples
/// ```
/// use aurora_alerts::Operator;
///
/// let operator: Operator = ">=".parse()?;
/// assert!(operator.holds(20.0, 20.0));
/// # Ok::<(), aurora_alerts::condition::ParseOperatorError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operator {
    /// `>`
    Above,
    /// `>=`
    AtLeast,
    /// `<`
    Below,
    /// `<=`
    AtMost,
    /// `==`, exact
    Equal,
    /// `!=`, exact
    NotEqual,
}

impl Operator {
    /// All six, in the order in which they are documented.
    pub const ALL: [Self; 6] = [
        Self::Above,
        Self::AtLeast,
        Self::Below,
        Self::AtMost,
        Self::Equal,
        Self::NotEqual,
    ];

    /// Whether `value operator threshold` is true; never for a value that is not a number.
    #[must_use]
    pub fn holds(self, value: f64, threshold: f64) -> bool {
        match self {
            Self::Above => value > threshold,
            Self::AtLeast => value >= threshold,
            Self::Below => value < threshold,
            Self::AtMost => value <= threshold,
            Self::Equal => value == threshold,
            Self::NotEqual => value != threshold && !value.is_nan(),
        }
    }

    /// The text form, such as `>=`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Above => ">",
            Self::AtLeast => ">=",
            Self::Below => "<",
            Self::AtMost => "<=",
            Self::Equal => "==",
            Self::NotEqual => "!=",
        }
    }
}

impl fmt::Display for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text was not one of the six operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected one of the operators >, >=, <, <=, == and !=")]
pub struct ParseOperatorError;

impl FromStr for Operator {
    type Err = ParseOperatorError;

    fn from_str(text: &str) -> Result<Self, ParseOperatorError> {
        Self::ALL
            .into_iter()
            .find(|operator| operator.as_str() == text)
            .ok_or(ParseOperatorError)
    }
}

aurora_core::serde_as_text!(Operator);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compares_below_at_and_above_the_threshold() {
        let table = [
            (Operator::Above, [false, false, true]),
            (Operator::AtLeast, [false, true, true]),
            (Operator::Below, [true, false, false]),
            (Operator::AtMost, [true, true, false]),
            (Operator::Equal, [false, true, false]),
            (Operator::NotEqual, [true, false, true]),
        ];
        for (operator, expected) in table {
            let got = [19.0, 20.0, 21.0].map(|value| operator.holds(value, 20.0));
            assert_eq!(got, expected, "{operator}");
            assert!(!operator.holds(f64::NAN, 20.0), "{operator}");
            assert_eq!(operator.to_string().parse(), Ok(operator));
        }
        assert_eq!("=".parse::<Operator>(), Err(ParseOperatorError));
    }
}
