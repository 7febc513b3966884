//! What a call costs.

use aurora_core::money::NanoUsd;

use crate::usage::Usage;

/// Prices of one model in US dollars per million tokens.
///
/// # Examples
/// ```
/// use aurora_llm::{pricing::{Cost, Price}, usage::Usage};
///
/// let price = Price::per_million("3".parse()?, "15".parse()?);
/// assert_eq!(price.cost(&Usage::new(1_000, 500)), Cost::Priced("0.0105".parse()?));
/// # Ok::<(), aurora_core::money::ParseMoneyError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Price {
    /// Input read for the full price.
    pub input: NanoUsd,
    /// Input read from the provider's prompt cache.
    pub cache_read: NanoUsd,
    /// Input written to the provider's prompt cache.
    pub cache_write: NanoUsd,
    /// Output, reasoning included.
    pub output: NanoUsd,
}

impl Price {
    /// Prices per million tokens; cached input costs as much as other input until said otherwise.
    #[must_use]
    pub const fn per_million(input: NanoUsd, output: NanoUsd) -> Self {
        Self {
            input,
            cache_read: input,
            cache_write: input,
            output,
        }
    }

    /// Sets what input read from and written to the prompt cache costs.
    #[must_use]
    pub const fn cached(mut self, read: NanoUsd, write: NanoUsd) -> Self {
        self.cache_read = read;
        self.cache_write = write;
        self
    }

    /// What `usage` costs, each part rounded once to the nearest nano-dollar.
    #[must_use]
    pub fn cost(&self, usage: &Usage) -> Cost {
        Cost::Priced(
            self.input.per_million(usage.input)
                + self.cache_read.per_million(usage.cache_read)
                + self.cache_write.per_million(usage.cache_write)
                + self.output.per_million(usage.total_output()),
        )
    }
}

/// What a call cost. A model without a price is not free: it is unpriced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cost {
    /// The exact amount.
    Priced(NanoUsd),
    /// The model has no known price, or the provider did not report its usage.
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
}
