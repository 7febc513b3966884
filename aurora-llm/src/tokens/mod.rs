//! How many tokens something has.

mod bound;
mod media;

pub use bound::upper_bound;

/// A number of tokens, and how far it can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct TokenCount {
    /// How many.
    pub tokens: u64,
    /// Who counted.
    pub source: CountSource,
}

impl TokenCount {
    /// A number by this source.
    #[must_use]
    pub const fn new(tokens: u64, source: CountSource) -> Self {
        Self { tokens, source }
    }
}

/// Who counted tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CountSource {
    /// The model's own vocabulary, here.
    Vocabulary,
    /// The provider, by a call.
    Provider,
    /// Nobody: it is an estimate from the length of the text.
    Estimate,
}
