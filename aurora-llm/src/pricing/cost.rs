//! What calls cost, one and many.

use std::iter::Sum;

use aurora_core::money::NanoUsd;

/// What a call cost. A model without a price is not free: it is unpriced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cost {
    /// The exact amount; zero only where somebody declared it to be.
    Priced(NanoUsd),
    /// The model or a part of its usage has no known price, or the provider did not report its usage.
    Unpriced,
}

impl Cost {
    /// The amount, if it is known.
    #[must_use]
    pub const fn amount(self) -> Option<NanoUsd> {
        match self {
            Self::Priced(amount) => Some(amount),
            Self::Unpriced => None,
        }
    }

    /// Both together; unpriced if either is.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        match (self, other) {
            (Self::Priced(one), Self::Priced(two)) => Self::Priced(one + two),
            _ => Self::Unpriced,
        }
    }
}

impl From<NanoUsd> for Cost {
    fn from(amount: NanoUsd) -> Self {
        Self::Priced(amount)
    }
}

/// What many calls cost: what is known, and of how many it is not.
///
/// # Examples
/// ```
/// use aurora_llm::pricing::{Cost, Total};
///
/// let calls = [Cost::Priced("0.25".parse()?), Cost::Unpriced, Cost::Priced("0.5".parse()?)];
/// let total: Total = calls.into_iter().sum();
/// assert_eq!(total.priced.to_string(), "0.75");
/// assert_eq!(total.unpriced_calls, 1);
/// assert_eq!(total.cost(), Cost::Unpriced, "the whole is not known");
/// # Ok::<(), aurora_core::money::ParseMoneyError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Total {
    /// What the priced calls cost together.
    pub priced: NanoUsd,
    /// How many calls cost something that is not known.
    pub unpriced_calls: u64,
}

impl Total {
    /// Counts one more call.
    pub fn add(&mut self, cost: Cost) {
        match cost {
            Cost::Priced(amount) => self.priced += amount,
            Cost::Unpriced => self.unpriced_calls = self.unpriced_calls.saturating_add(1),
        }
    }

    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            priced: self.priced + other.priced,
            unpriced_calls: self.unpriced_calls.saturating_add(other.unpriced_calls),
        }
    }

    /// What all calls cost; unpriced as soon as one of them is.
    #[must_use]
    pub const fn cost(self) -> Cost {
        match self.unpriced_calls {
            0 => Cost::Priced(self.priced),
            _ => Cost::Unpriced,
        }
    }
}

impl Extend<Cost> for Total {
    fn extend<I: IntoIterator<Item = Cost>>(&mut self, calls: I) {
        for cost in calls {
            self.add(cost);
        }
    }
}

impl Sum<Cost> for Total {
    fn sum<I: Iterator<Item = Cost>>(calls: I) -> Self {
        let mut total = Self::default();
        total.extend(calls);
        total
    }
}
