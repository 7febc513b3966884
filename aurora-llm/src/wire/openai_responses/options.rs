//! What this dialect alone can be told.

use serde::{Serialize, Serializer};

use super::DIALECT;
use crate::chat::ProviderOptions;

/// Options of OpenAI Responses that the vocabulary has no words for; what is not set is not sent.
///
/// # Examples
/// ```
/// use aurora_llm::chat::ChatRequest;
/// use aurora_llm::wire::openai_responses::Options;
///
/// let options = Options::default().service_tier("flex").verbosity("low");
/// let request = ChatRequest::user("Hi").provider_options(&options)?;
/// # Ok::<(), aurora_llm::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[non_exhaustive]
pub struct Options {
    /// How the call is processed and billed: `auto`, `default`, `flex`, `priority` …
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_tier: Option<String>,
    /// How many words the answer makes: `low`, `medium` or `high`.
    #[serde(
        rename = "text",
        skip_serializing_if = "Option::is_none",
        serialize_with = "verbosity"
    )]
    pub verbosity: Option<String>,
    /// Whether OpenAI stores the answer. It does not unless told otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub store: Option<bool>,
    /// How long the prompt stays cached: `in_memory` or `24h`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompt_cache_retention: Option<String>,
    /// What to do with a conversation that is too long: `disabled` is an error, `auto` leaves the oldest out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub truncation: Option<String>,
    /// Most calls of tools that run at OpenAI.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_tool_calls: Option<u32>,
}

impl Options {
    /// Says how the call is processed and billed.
    #[must_use]
    pub fn service_tier(mut self, tier: impl Into<String>) -> Self {
        self.service_tier = Some(tier.into());
        self
    }

    /// Says how many words the answer makes.
    #[must_use]
    pub fn verbosity(mut self, verbosity: impl Into<String>) -> Self {
        self.verbosity = Some(verbosity.into());
        self
    }

    /// Says whether OpenAI stores the answer.
    #[must_use]
    pub const fn store(mut self, store: bool) -> Self {
        self.store = Some(store);
        self
    }

    /// Says how long the prompt stays cached.
    #[must_use]
    pub fn prompt_cache_retention(mut self, retention: impl Into<String>) -> Self {
        self.prompt_cache_retention = Some(retention.into());
        self
    }

    /// Says what to do with a conversation that is too long.
    #[must_use]
    pub fn truncation(mut self, truncation: impl Into<String>) -> Self {
        self.truncation = Some(truncation.into());
        self
    }

    /// Limits the calls of tools that run at OpenAI.
    #[must_use]
    pub const fn max_tool_calls(mut self, calls: u32) -> Self {
        self.max_tool_calls = Some(calls);
        self
    }
}

impl ProviderOptions for Options {
    const DIALECT: &'static str = DIALECT;
}

#[expect(clippy::ref_option, reason = "the signature that serde asks for")]
fn verbosity<S: Serializer>(verbosity: &Option<String>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map([("verbosity", verbosity)])
}
