//! What Anthropic alone has.

use serde::Serialize;

use super::DIALECT;
use crate::chat::ProviderOptions;

/// Options that Anthropic alone has.
///
/// # Examples
/// ```
/// use aurora_llm::chat::ChatRequest;
/// use aurora_llm::wire::anthropic::Options;
///
/// let options = Options::default().citations();
/// let request = ChatRequest::user("What does the contract say?").provider_options(&options)?;
/// # Ok::<(), aurora_llm::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[non_exhaustive]
pub struct Options {
    /// Whether the answer shall say which words of the documents it rests on.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub citations: bool,
    /// `auto` or `standard_only`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_tier: Option<String>,
}

impl Options {
    /// Asks for citations from all documents of the request; they come as [`Citation`](crate::chat::Citation)s.
    #[must_use]
    pub const fn citations(mut self) -> Self {
        self.citations = true;
        self
    }

    /// Says which capacity may be used, such as `standard_only`.
    #[must_use]
    pub fn service_tier(mut self, tier: impl Into<String>) -> Self {
        self.service_tier = Some(tier.into());
        self
    }
}

impl ProviderOptions for Options {
    const DIALECT: &'static str = DIALECT;
}
