//! What models can do and what they cost, as data that comes with the crate.
//!
//! The files under `data/` say it by provider kind and model name, each price with its source and the day that was read.
//! Prices are asked for through a [`PriceBook`](crate::pricing::PriceBook); abilities through [`capabilities`].

mod file;
mod names;

use std::sync::LazyLock;

pub(crate) use file::{Known, read};
pub(crate) use names::Names;

use crate::provider::Capabilities;

/// The files, read when they are first needed: about a millisecond, once.
static FILES: [&str; 5] = [
    include_str!("../../data/anthropic.json"),
    include_str!("../../data/cohere.json"),
    include_str!("../../data/free.json"),
    include_str!("../../data/gemini.json"),
    include_str!("../../data/openai.json"),
];

static CAPABILITIES: LazyLock<Names<Option<Capabilities>>> = LazyLock::new(|| {
    let mut names = Names::default();
    for known in built_in() {
        if known.capabilities.is_some() {
            *names.entry(&known.kind, &known.pattern) = known.capabilities;
        }
    }
    names
});

/// What all files say. A test holds that they can be read.
pub(crate) fn built_in() -> impl Iterator<Item = Known> {
    FILES.into_iter().flat_map(|file| read(file).unwrap_or_default())
}

/// What the provider `kind` can do with `model`, as far as its vendor says; `None` for kinds that are not known here,
/// such as servers of one's own. Of a kind that is known, a model that is not can do what its family usually can.
///
/// Allocates nothing. A target may know better ([`LlmTarget::capabilities`](crate::client::LlmTarget::capabilities)).
///
/// # Examples
/// ```
/// use aurora_llm::catalog::capabilities;
///
/// let known = capabilities("openai", "gpt-5-2025-08-07").unwrap();
/// assert_eq!(known.context_tokens, Some(400_000));
/// assert!(known.reasoning && !known.audio);
/// assert!(capabilities("openai_compatible", "gpt-5").is_none(), "nobody knows what that server does");
/// ```
#[must_use]
pub fn capabilities(kind: &str, model: &str) -> Option<Capabilities> {
    *CAPABILITIES.find(kind, model)?
}

#[cfg(test)]
mod tests;
