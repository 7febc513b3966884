//! From one configured provider to its target.

use std::sync::Arc;

use aurora_core::config::Llm;
use aurora_core::secret::Secret;
use aurora_core::time::Clock;

use super::{SIMULATED, SIMULATED_PACE, Source, config};
use crate::client::LlmTarget;
use crate::error::Error;
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

pub(super) fn target(
    source: Source<'_>,
    llm: &Llm,
    model: &str,
    clock: &Arc<dyn Clock>,
) -> Result<LlmTarget, Error> {
    let connection = || Connection::default().clock(Arc::clone(clock));
    match source {
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
        Source::Ollama(address) => {
            use crate::providers::ollama::Ollama;
            let provider = Ollama::builder()
                .base_url(address)
                .connection(connection())
                .build()?;
            Ok(LlmTarget::new(provider, model))
        }
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
        Source::Simulated => {
            let provider = crate::providers::simulated::Simulated::new(SIMULATED)
                .latency(SIMULATED_PACE.0, SIMULATED_PACE.1)
                .jitter(0.3)
                .clock(Arc::clone(clock));
            Ok(LlmTarget::new(provider, model))
        }
    }
}
