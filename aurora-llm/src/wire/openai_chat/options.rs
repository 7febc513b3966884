//! What this dialect alone can be told.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};

use super::DIALECT;
use crate::chat::ProviderOptions;

/// Options of OpenAI Chat Completions that the vocabulary has no words for; what is not set is not sent.
///
/// # Examples
/// ```
/// use aurora_llm::chat::ChatRequest;
/// use aurora_llm::wire::openai_chat::Options;
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
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verbosity: Option<String>,
    /// Makes tokens, by their number, more or less likely: -100 to 100.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub logit_bias: BTreeMap<String, i32>,
    /// A text that much of the answer will repeat, which makes it faster. Tokens that do not fit are billed as output.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "prediction")]
    pub prediction: Option<String>,
    /// Whether OpenAI stores the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub store: Option<bool>,
    /// An opaque id of the end user, where `user` is not to be used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub safety_identifier: Option<String>,
    /// How long the prompt stays cached: `in_memory` or `24h`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompt_cache_retention: Option<String>,
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

    /// Makes a token more or less likely.
    #[must_use]
    pub fn logit_bias(mut self, token: u32, bias: i32) -> Self {
        self.logit_bias.insert(token.to_string(), bias);
        self
    }

    /// Gives a text that much of the answer will repeat.
    #[must_use]
    pub fn prediction(mut self, text: impl Into<String>) -> Self {
        self.prediction = Some(text.into());
        self
    }

    /// Says whether OpenAI stores the answer.
    #[must_use]
    pub const fn store(mut self, store: bool) -> Self {
        self.store = Some(store);
        self
    }

    /// Gives an opaque id of the end user.
    #[must_use]
    pub fn safety_identifier(mut self, id: impl Into<String>) -> Self {
        self.safety_identifier = Some(id.into());
        self
    }

    /// Says how long the prompt stays cached.
    #[must_use]
    pub fn prompt_cache_retention(mut self, retention: impl Into<String>) -> Self {
        self.prompt_cache_retention = Some(retention.into());
        self
    }
}

impl ProviderOptions for Options {
    const DIALECT: &'static str = DIALECT;
}

#[expect(clippy::ref_option, reason = "the signature that serde asks for")]
fn prediction<S: Serializer>(text: &Option<String>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map([("type", Some("content")), ("content", text.as_deref())])
}
