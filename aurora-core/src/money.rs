//! Money in integers: the cost of model calls in billionths of a US dollar.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Sub};
use std::str::FromStr;

const NANOS_PER_USD: i128 = 1_000_000_000;

/// An amount in nano-dollars (10⁻⁹ USD); about ±9.2 billion dollars fit.
///
/// Shown and serialised as an exact decimal in US dollars. Arithmetic saturates: a bill is never wrapped around.
///
/// # Examples
/// ```
/// use aurora_core::money::NanoUsd;
///
/// let price: NanoUsd = "2.50".parse()?; // per million tokens
/// assert_eq!(price.per_million(1_234).to_string(), "0.003085");
/// # Ok::<(), aurora_core::money::ParseMoneyError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct NanoUsd(i64);

impl NanoUsd {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// Makes an amount from nano-dollars.
    #[must_use]
    pub const fn from_nanos(nanos: i64) -> Self {
        Self(nanos)
    }

    /// The amount in nano-dollars.
    #[must_use]
    pub const fn nanos(self) -> i64 {
        self.0
    }

    /// What `units` cost when `self` is the price of one million of them, rounded half up once.
    #[must_use]
    pub fn per_million(self, units: u64) -> Self {
        let product = i128::from(self.0).saturating_mul(i128::from(units));
        Self::saturate((product + 500_000).div_euclid(1_000_000))
    }

    fn saturate(nanos: i128) -> Self {
        Self(i64::try_from(nanos).unwrap_or(if nanos < 0 { i64::MIN } else { i64::MAX }))
    }
}

/// The text was not a decimal amount of US dollars.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a decimal amount of US dollars with at most nine places, such as 0.0025")]
pub struct ParseMoneyError;

impl FromStr for NanoUsd {
    type Err = ParseMoneyError;

    fn from_str(text: &str) -> Result<Self, ParseMoneyError> {
        let (negative, digits) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
        let number = |part: &str| {
            let only_digits =
                !part.is_empty() && part.len() <= 18 && part.bytes().all(|b| b.is_ascii_digit());
            if only_digits {
                part.parse::<i128>().map_err(|_| ParseMoneyError)
            } else {
                Err(ParseMoneyError)
            }
        };
        if fraction.is_empty() || fraction.len() > 9 {
            return Err(ParseMoneyError);
        }
        let nanos = number(whole)? * NANOS_PER_USD + number(&format!("{fraction:0<9}"))?;
        i64::try_from(if negative { -nanos } else { nanos })
            .map(Self)
            .map_err(|_| ParseMoneyError)
    }
}

impl fmt::Display for NanoUsd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanos = i128::from(self.0);
        let sign = if nanos < 0 { "-" } else { "" };
        let (whole, fraction) = (nanos.abs() / NANOS_PER_USD, nanos.abs() % NANOS_PER_USD);
        if fraction == 0 {
            return write!(f, "{sign}{whole}");
        }
        let places = format!("{fraction:09}");
        write!(f, "{sign}{whole}.{}", places.trim_end_matches('0'))
    }
}

impl fmt::Debug for NanoUsd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "USD {self}")
    }
}

impl Add for NanoUsd {
    type Output = Self;

    fn add(self, rhs: Self) -> Self {
        Self(self.0.saturating_add(rhs.0))
    }
}

impl AddAssign for NanoUsd {
    fn add_assign(&mut self, rhs: Self) {
        *self = *self + rhs;
    }
}

impl Sub for NanoUsd {
    type Output = Self;

    fn sub(self, rhs: Self) -> Self {
        Self(self.0.saturating_sub(rhs.0))
    }
}

impl Sum for NanoUsd {
    fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
        iter.fold(Self::ZERO, Add::add)
    }
}

crate::serde_as_text!(NanoUsd);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_bill_worked_by_hand() {
        // 1,000 input tokens at $3 and 500 output tokens at $15 per million: $0.003 + $0.0075.
        let input: NanoUsd = "3".parse().unwrap();
        let output: NanoUsd = "15".parse().unwrap();
        assert_eq!(
            (input.per_million(1_000) + output.per_million(500)).to_string(),
            "0.0105"
        );
    }

    #[test]
    fn rounds_half_up_once_and_saturates() {
        assert_eq!(NanoUsd::from_nanos(1).per_million(500_000).nanos(), 1);
        assert_eq!(NanoUsd::from_nanos(1).per_million(499_999).nanos(), 0);
        assert_eq!(
            NanoUsd::from_nanos(i64::MAX).per_million(u64::MAX).nanos(),
            i64::MAX
        );
        assert_eq!(
            NanoUsd::from_nanos(i64::MAX) + NanoUsd::from_nanos(1),
            NanoUsd::from_nanos(i64::MAX)
        );
    }

    #[test]
    fn refuses_what_is_not_a_decimal() {
        for bad in [
            "",
            "-",
            ".",
            "1.",
            ".5",
            "1e3",
            "1,5",
            "+1",
            "0.0000000001",
            "99999999999999999999",
        ] {
            assert!(bad.parse::<NanoUsd>().is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn text_goes_both_ways(nanos: i64) {
            let amount = NanoUsd::from_nanos(nanos);
            prop_assert_eq!(amount.to_string().parse::<NanoUsd>(), Ok(amount));
        }
    }
}
