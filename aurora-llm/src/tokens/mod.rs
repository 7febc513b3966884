//! How many tokens something has: counted here, counted by the provider, estimated, or at most.
//!
//! | what | how exact |
//! | --- | --- |
//! | [`count`] | by the model's own vocabulary where it is public and the feature `tokenizer` is on, else an estimate that says so |
//! | [`TokenCounter`](crate::provider::TokenCounter) | by the provider, with a call |
//! | [`estimate`] | from the length and script of the text, about a quarter up or down |
//! | [`upper_bound`] | never too low for text, for budgets |

mod bound;
mod estimate;
mod media;
mod texts;
#[cfg(feature = "tokenizer")]
mod vocabulary;

use crate::chat::ChatRequest;

pub use bound::upper_bound;
pub(crate) use estimate::estimate_message;
pub use estimate::{estimate, estimate_text};
#[cfg(feature = "tokenizer")]
pub use vocabulary::{MAX_TEXT, prepare};

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

/// How many input tokens `request` has for `model` at the provider `kind`, without asking anybody.
///
/// Text for `OpenAI` is counted exactly with the feature `tokenizer`, by the vocabulary and the frame of messages that
/// `OpenAI` documents. Everything else, and a request with tools, schemas or media, is an estimate and says so. The
/// first exact count loads the vocabulary, and the longest text that is counted exactly (1 MiB) takes some tenths of a
/// second: see `prepare`, and count long texts off the async path.
///
/// # Examples
/// ```
/// use aurora_llm::chat::ChatRequest;
/// use aurora_llm::tokens::{self, CountSource};
///
/// let request = ChatRequest::user("Name three rivers of Brazil.");
/// let counted = tokens::count(&request, "anthropic", "claude-opus-5");
/// assert_eq!(counted.source, CountSource::Estimate);
/// assert!(counted.tokens <= tokens::upper_bound(&request));
/// ```
#[must_use]
pub fn count(request: &ChatRequest, kind: &str, model: &str) -> TokenCount {
    #[cfg(feature = "tokenizer")]
    if let Some(tokens) = vocabulary::count(request, kind, model) {
        return TokenCount::new(tokens, CountSource::Vocabulary);
    }
    TokenCount::new(estimate(request, kind, model), CountSource::Estimate)
}

/// How many tokens `text` has for `model` at the provider `kind`; as [`count`], without the frame of a message.
#[must_use]
pub fn count_text(text: &str, kind: &str, model: &str) -> TokenCount {
    #[cfg(feature = "tokenizer")]
    if let Some(tokens) = vocabulary::count_text(text, kind, model) {
        return TokenCount::new(tokens, CountSource::Vocabulary);
    }
    TokenCount::new(estimate_text(text, kind, model), CountSource::Estimate)
}

#[cfg(test)]
mod tests;
