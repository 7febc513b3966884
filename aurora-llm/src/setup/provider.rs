//! From one configured provider to its target.

use std::sync::Arc;

use aurora_core::config::Llm;
use aurora_core::secret::Secret;
use aurora_core::time::Clock;

use super::{SIMULATED, SIMULATED_PACE, Source, config};
use crate::client::LlmTarget;
use crate::error::Error;
#[cfg(feature = "http")]
use crate::providers::endpoint::{Auth, Connection};

/// The keys that a setting holds, separated by commas.
fn keys(setting: &Secret) -> Vec<Secret> {
    let keys = setting.expose().split(',').map(str::trim);
    keys.filter(|key| !key.is_empty()).map(Secret::new).collect()
}

/// Asks for the first key and adds the others.
fn each_key<B>(
    setting: &Secret,
    first: impl FnOnce(Secret) -> B,
    another: impl Fn(B, Secret) -> B,
) -> Option<B> {
    let mut keys = keys(setting).into_iter();
    let builder = first(keys.next()?);
    Some(keys.fold(builder, another))
}

fn no_key(name: &str) -> Error {
    config(format!("the key of {name} is empty"))
}

/// A provider that is configured and that this build does not have.
fn missing(name: &str) -> Error {
    config(format!(
        "{name} is configured, and this build was made without the feature of its name"
    ))
}

#[cfg_attr(
    not(feature = "http"),
    expect(
        unused_variables,
        reason = "a build without providers over HTTP reaches nobody"
    )
)]
pub(super) fn target(
    source: Source<'_>,
    llm: &Llm,
    model: &str,
    clock: &Arc<dyn Clock>,
) -> Result<LlmTarget, Error> {
    #[cfg(feature = "http")]
    let connection = || Connection::default().clock(Arc::clone(clock));
    match source {
        #[cfg(feature = "openai")]
        Source::OpenAi(key) => {
            use crate::providers::openai::{OpenAi, OpenAiBuilder};
            let builder =
                each_key(key, OpenAi::builder, OpenAiBuilder::another_key).ok_or_else(|| no_key("openai"))?;
            let provider = builder
                .base_url(&llm.openai_base_url)
                .connection(connection())
                .build()?;
            Ok(LlmTarget::new(provider, model))
        }
        #[cfg(feature = "anthropic")]
        Source::Anthropic(key) => {
            use crate::providers::anthropic::{Anthropic, AnthropicBuilder};
            let builder = each_key(key, Anthropic::builder, AnthropicBuilder::another_key);
            let builder = builder.ok_or_else(|| no_key("anthropic"))?;
            let provider = builder
                .base_url(&llm.anthropic_base_url)
                .connection(connection())
                .build()?;
            Ok(LlmTarget::new(provider, model))
        }
        #[cfg(feature = "cohere")]
        Source::Cohere(key) => {
            use crate::providers::cohere::{Cohere, CohereBuilder};
            let builder =
                each_key(key, Cohere::builder, CohereBuilder::another_key).ok_or_else(|| no_key("cohere"))?;
            let provider = builder
                .base_url(&llm.cohere_base_url)
                .connection(connection())
                .build()?;
            Ok(LlmTarget::new(provider, model))
        }
        #[cfg(feature = "gemini")]
        Source::Gemini(key) => {
            use crate::providers::gemini::{Gemini, GeminiBuilder};
            let builder =
                each_key(key, Gemini::builder, GeminiBuilder::another_key).ok_or_else(|| no_key("gemini"))?;
            let provider = builder
                .base_url(&llm.gemini_base_url)
                .connection(connection())
                .build()?;
            Ok(LlmTarget::new(provider, model))
        }
        #[cfg(feature = "ollama")]
        Source::Ollama(address) => {
            use crate::providers::ollama::Ollama;
            let provider = Ollama::builder()
                .base_url(address)
                .connection(connection())
                .build()?;
            Ok(LlmTarget::new(provider, model))
        }
        #[cfg(feature = "huggingface")]
        Source::HuggingFace(key) => {
            use crate::providers::huggingface::{HuggingFace, HuggingFaceBuilder};
            let builder = each_key(key, HuggingFace::builder, HuggingFaceBuilder::another_key);
            let builder = builder.ok_or_else(|| no_key("huggingface"))?;
            let provider = builder
                .base_url(&llm.huggingface_base_url)
                .connection(connection())
                .build()?;
            Ok(LlmTarget::new(provider, model))
        }
        #[cfg(feature = "openai-compatible")]
        Source::Compatible(name, server) => {
            use crate::providers::openai_compatible::OpenAiCompatible;
            let auth = server.api_key.as_ref().map_or_else(
                || Some(Auth::none()),
                |key| each_key(key, Auth::bearer, Auth::another),
            );
            let provider = OpenAiCompatible::builder(name, &server.base_url)
                .auth(auth.ok_or_else(|| no_key(name))?)
                .connection(connection())
                .build()?;
            Ok(LlmTarget::new(provider, model))
        }
        #[cfg(feature = "simulated")]
        Source::Simulated => {
            let provider = crate::providers::simulated::Simulated::new(SIMULATED)
                .latency(SIMULATED_PACE.0, SIMULATED_PACE.1)
                .jitter(0.3)
                .clock(Arc::clone(clock));
            Ok(LlmTarget::new(provider, model))
        }
        #[expect(unreachable_patterns, reason = "a build with every provider is missing none")]
        source => Err(missing(source.name())),
    }
}
