//! What one model costs.

use aurora_core::money::NanoUsd;

use super::cost::Cost;
use crate::usage::Usage;

/// Tokens that a rate is for.
const MILLION: i128 = 1_000_000;

/// What the parts of a usage cost, each in US dollars per million tokens.
///
/// A part without a rate of its own costs what the part costs that it would have been billed as: cached, spoken and
/// tools' input as input, an hour's cache write as any cache write, reasoning and spoken output as output. No part is
/// ever free by omission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rates {
    /// Input read for the full price.
    pub input: NanoUsd,
    /// Input read from the provider's prompt cache; else as input.
    pub cache_read: Option<NanoUsd>,
    /// Input written to the prompt cache for the usual time; else as input.
    pub cache_write: Option<NanoUsd>,
    /// Input written to the prompt cache for an hour; else as for the usual time.
    pub cache_write_hour: Option<NanoUsd>,
    /// Sound in the input; else as input.
    pub audio_input: Option<NanoUsd>,
    /// Input that the provider's own tools added; else as input.
    pub tool_input: Option<NanoUsd>,
    /// Output other than reasoning.
    pub output: NanoUsd,
    /// Output spent on reasoning; else as output.
    pub reasoning: Option<NanoUsd>,
    /// Sound in the output; else as output.
    pub audio_output: Option<NanoUsd>,
}

impl Rates {
    /// Input and output; every other part costs as one of them until said otherwise.
    #[must_use]
    pub const fn per_million(input: NanoUsd, output: NanoUsd) -> Self {
        Self {
            input,
            cache_read: None,
            cache_write: None,
            cache_write_hour: None,
            audio_input: None,
            tool_input: None,
            output,
            reasoning: None,
            audio_output: None,
        }
    }

    /// Sets what input read from and written to the prompt cache costs.
    #[must_use]
    pub const fn cached(mut self, read: NanoUsd, write: NanoUsd) -> Self {
        (self.cache_read, self.cache_write) = (Some(read), Some(write));
        self
    }

    /// Sets what input written to the prompt cache for an hour costs.
    #[must_use]
    pub const fn cache_write_hour(mut self, rate: NanoUsd) -> Self {
        self.cache_write_hour = Some(rate);
        self
    }

    /// Sets what sound costs.
    #[must_use]
    pub const fn audio(mut self, input: NanoUsd, output: NanoUsd) -> Self {
        (self.audio_input, self.audio_output) = (Some(input), Some(output));
        self
    }

    /// Sets what reasoning costs.
    #[must_use]
    pub const fn reasoning(mut self, rate: NanoUsd) -> Self {
        self.reasoning = Some(rate);
        self
    }

    /// What the tokens of `usage` cost, in millionths of a nano-dollar and so exactly.
    fn exact(&self, usage: &Usage) -> i128 {
        let write = self.cache_write.unwrap_or(self.input);
        [
            (self.input, usage.input),
            (self.cache_read.unwrap_or(self.input), usage.cache_read),
            (write, usage.cache_write),
            (self.cache_write_hour.unwrap_or(write), usage.cache_write_hour),
            (self.audio_input.unwrap_or(self.input), usage.audio_input),
            (self.tool_input.unwrap_or(self.input), usage.tool_input),
            (self.output, usage.output),
            (self.reasoning.unwrap_or(self.output), usage.reasoning),
            (self.audio_output.unwrap_or(self.output), usage.audio_output),
        ]
        .into_iter()
        .map(|(rate, tokens)| i128::from(rate.nanos()).saturating_mul(i128::from(tokens)))
        .fold(0, i128::saturating_add)
    }
}

/// Rates that hold for the whole call when its prompt is long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct LongContext {
    /// A prompt of more input tokens than this, cached ones included, is a long one.
    pub above: u64,
    /// What every token of such a call costs.
    pub rates: Rates,
}

/// What one model costs.
///
/// # Examples
/// ```
/// use aurora_llm::{pricing::{Cost, Price}, usage::Usage};
///
/// let price = Price::per_million("3".parse()?, "15".parse()?);
/// assert_eq!(price.cost(&Usage::new(1_000, 500)), Cost::Priced("0.0105".parse()?));
///
/// // What a provider counts and nobody priced is not free.
/// let mut searched = Usage::new(1_000, 500);
/// searched.searches = 1;
/// assert_eq!(price.cost(&searched), Cost::Unpriced);
/// # Ok::<(), aurora_core::money::ParseMoneyError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Price {
    /// What tokens cost.
    pub rates: Rates,
    /// What they cost instead in a call with a long prompt, where the vendor tells such calls apart.
    pub long_context: Option<LongContext>,
    /// One search, of a rerank call or by the provider's own tool; a call that searched is unpriced without it.
    pub search: Option<NanoUsd>,
    /// Every call, whatever it consumes.
    pub request: NanoUsd,
    /// By how much all of it is multiplied, as a fraction: half for a batch.
    factor: (u64, u64),
}

impl Price {
    /// Declared to cost nothing.
    pub const FREE: Self = {
        let mut free = Self::per_million(NanoUsd::ZERO, NanoUsd::ZERO);
        free.search = Some(NanoUsd::ZERO);
        free
    };

    /// Input and output per million tokens; see [`Rates`] for what the other parts cost then.
    #[must_use]
    pub const fn per_million(input: NanoUsd, output: NanoUsd) -> Self {
        Self::of(Rates::per_million(input, output))
    }

    /// The same rates for every call.
    #[must_use]
    pub const fn of(rates: Rates) -> Self {
        Self {
            rates,
            long_context: None,
            search: None,
            request: NanoUsd::ZERO,
            factor: (1, 1),
        }
    }

    /// Nothing but searches, each at this price.
    #[must_use]
    pub const fn per_search(price: NanoUsd) -> Self {
        let mut searches = Self::per_million(NanoUsd::ZERO, NanoUsd::ZERO);
        searches.search = Some(price);
        searches
    }

    /// Sets what input read from and written to the prompt cache costs.
    #[must_use]
    pub const fn cached(mut self, read: NanoUsd, write: NanoUsd) -> Self {
        self.rates = self.rates.cached(read, write);
        self
    }

    /// Sets other rates for the whole of a call with more than `above` input tokens, cached ones included.
    #[must_use]
    pub const fn above(mut self, above: u64, rates: Rates) -> Self {
        self.long_context = Some(LongContext { above, rates });
        self
    }

    /// Adds a fee to every call.
    #[must_use]
    pub const fn per_request(mut self, fee: NanoUsd) -> Self {
        self.request = fee;
        self
    }

    /// Multiplies all of it by a fraction: `times(1, 2)` for a batch at half price, `times(11, 10)` for a region that
    /// costs a tenth more. A denominator of zero counts as one.
    #[must_use]
    pub fn times(mut self, numerator: u32, denominator: u32) -> Self {
        let (one, two) = self.factor;
        // Reduced before and after, so that only a chain of fractions that no vendor has can saturate.
        let (numerator, denominator) = reduced(u64::from(numerator), u64::from(denominator.max(1)));
        self.factor = reduced(one.saturating_mul(numerator), two.saturating_mul(denominator));
        self
    }

    /// Whether any of it is below zero.
    pub(crate) fn is_negative(&self) -> bool {
        let long = self.long_context.as_ref().map(|long| &long.rates);
        let rates = [Some(&self.rates), long].into_iter().flatten();
        let tokens = rates.flat_map(|rates| {
            [
                Some(rates.input),
                rates.cache_read,
                rates.cache_write,
                rates.cache_write_hour,
                rates.audio_input,
                rates.tool_input,
                Some(rates.output),
                rates.reasoning,
                rates.audio_output,
            ]
        });
        let mut all = tokens.chain([self.search, Some(self.request)]).flatten();
        all.any(|price| price < NanoUsd::ZERO)
    }

    /// What `usage` costs: summed exactly, rounded once, half a nano-dollar up.
    #[must_use]
    pub fn cost(&self, usage: &Usage) -> Cost {
        let rates = match &self.long_context {
            Some(long) if usage.total_input() > long.above => &long.rates,
            _ => &self.rates,
        };
        let searches = match (self.search, usage.searches) {
            (_, 0) => 0,
            (Some(price), searches) => i128::from(price.nanos()).saturating_mul(i128::from(searches)),
            (None, _) => return Cost::Unpriced,
        };
        let (numerator, denominator) = self.factor;
        let exact = i128::from(self.request.nanos())
            .saturating_add(searches)
            .saturating_mul(MILLION)
            .saturating_add(rates.exact(usage))
            .saturating_mul(i128::from(numerator));
        let unit = MILLION * i128::from(denominator);
        let nanos = exact.saturating_add(unit / 2).div_euclid(unit);
        let bound = if nanos < 0 { i64::MIN } else { i64::MAX };
        Cost::Priced(NanoUsd::from_nanos(i64::try_from(nanos).unwrap_or(bound)))
    }
}

fn reduced(numerator: u64, denominator: u64) -> (u64, u64) {
    let divisor = gcd(numerator, denominator).max(1);
    (numerator / divisor, denominator / divisor)
}

const fn gcd(mut one: u64, mut two: u64) -> u64 {
    while two != 0 {
        (one, two) = (two, one % two);
    }
    one
}
