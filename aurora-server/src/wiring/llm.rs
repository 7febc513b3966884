//! The model client: which providers, in which order.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use aurora_core::config::{CompatibleServer, Environment, Llm, Settings};
use aurora_core::monitor::Monitor;
use aurora_core::time::Clock;
use aurora_llm::LlmClient;
use aurora_llm::client::LlmTarget;
use aurora_llm::providers::anthropic::Anthropic;
use aurora_llm::providers::endpoint::Connection;
use aurora_llm::providers::openai::OpenAi;
use aurora_llm::providers::openai_compatible::OpenAiCompatible;
use aurora_llm::providers::simulated::Simulated;

use crate::error::{Error, ErrorKind};

/// Models for requests that name none, where the settings name none either.
const OPENAI_MODEL: &str = "gpt-5-mini";
const ANTHROPIC_MODEL: &str = "claude-haiku-4-5";
/// What a server is asked for whose models are not known here; many take any name.
const UNNAMED_MODEL: &str = "default";
const SIMULATED: &str = "simulated";

/// One configured provider with the models that it is asked for.
#[derive(Debug, Clone, Copy)]
enum Source<'a> {
    OpenAi,
    Anthropic,
    Compatible(&'a str, &'a CompatibleServer),
    Simulated,
}

/// The client; `None` when no provider is configured and none may be simulated.
pub(super) fn client(
    settings: &Settings,
    monitor: &Monitor,
    clock: &Arc<dyn Clock>,
) -> Result<Option<LlmClient>, Error> {
    let sources = sources(settings)?;
    if sources.is_empty() {
        return Ok(None);
    }
    let mut builder = LlmClient::builder()
        .monitor(monitor.clone())
        .clock(Arc::clone(clock));
    for source in sources {
        let model = source.model(&settings.llm).to_owned();
        builder = builder.target(source.target(&settings.llm, &model, clock).map_err(wrong)?);
    }
    builder.build().map(Some).map_err(wrong)
}

fn wrong(source: aurora_llm::Error) -> Error {
    Error::new(ErrorKind::Settings, "the model providers cannot be set up").caused_by(source)
}

/// Every provider that may answer, in the order in which they are asked.
fn sources(settings: &Settings) -> Result<Vec<Source<'_>>, Error> {
    let llm = &settings.llm;
    let mut configured = Vec::new();
    if llm.openai_api_key.is_some() {
        configured.push(Source::OpenAi);
    }
    if llm.anthropic_api_key.is_some() {
        configured.push(Source::Anthropic);
    }
    for (name, server) in &llm.openai_compatible {
        if ["openai", "anthropic", SIMULATED].contains(&name.as_str()) {
            let text = format!("llm.openai_compatible.{name}: the name belongs to another provider");
            return Err(Error::new(ErrorKind::Settings, text));
        }
        configured.push(Source::Compatible(name, server));
    }
    let is_real = !configured.is_empty();
    let mut ordered = in_order(configured, &llm.order)?;
    // Made-up answers must never be mistaken for real ones: only where nothing real is at stake, or on demand.
    let simulated = llm
        .simulated
        .unwrap_or(!is_real && settings.environment != Environment::Production);
    if simulated {
        ordered.push(Source::Simulated);
    }
    Ok(ordered)
}

/// The configured providers that the order names, or all when it names none.
fn in_order<'a>(configured: Vec<Source<'a>>, order: &[String]) -> Result<Vec<Source<'a>>, Error> {
    let refuse = |text: String| Err(Error::new(ErrorKind::Settings, text));
    let mut seen = BTreeSet::new();
    let mut ordered = Vec::new();
    for name in order {
        if !seen.insert(name) {
            return refuse(format!("llm.order names {name} twice"));
        }
        match configured.iter().find(|source| source.name() == name) {
            Some(source) => ordered.push(*source),
            None => {
                let known: Vec<&str> = configured.iter().map(Source::name).collect();
                let known = if known.is_empty() {
                    "none".to_owned()
                } else {
                    known.join(", ")
                };
                return refuse(format!(
                    "llm.order names {name}, which is not configured; configured is {known}"
                ));
            }
        }
    }
    Ok(if order.is_empty() { configured } else { ordered })
}

impl Source<'_> {
    const fn name(&self) -> &str {
        match self {
            Self::OpenAi => "openai",
            Self::Anthropic => "anthropic",
            Self::Compatible(name, _) => name,
            Self::Simulated => SIMULATED,
        }
    }

    /// The model for requests that name none.
    fn model<'a>(&'a self, llm: &'a Llm) -> &'a str {
        match self {
            Self::OpenAi => llm.openai_model.as_deref().unwrap_or(OPENAI_MODEL),
            Self::Anthropic => llm.anthropic_model.as_deref().unwrap_or(ANTHROPIC_MODEL),
            Self::Compatible(_, server) => server.model.as_deref().unwrap_or(UNNAMED_MODEL),
            Self::Simulated => SIMULATED,
        }
    }

    /// Further models that a request may name: exactly, or with a trailing `*` as a prefix.
    const fn patterns(&self) -> &'static [&'static str] {
        match self {
            Self::OpenAi => &["gpt-*", "o1*", "o3*", "o4*", "chatgpt-*"],
            Self::Anthropic => &["claude-*"],
            Self::Compatible(_, server) if server.model.is_some() => &[],
            // Nothing is known of its models: it is asked for whatever a request names.
            Self::Compatible(..) | Self::Simulated => &["*"],
        }
    }

    fn serving(&self, target: LlmTarget) -> LlmTarget {
        self.patterns().iter().copied().fold(target, LlmTarget::serves)
    }

    fn target(&self, llm: &Llm, model: &str, clock: &Arc<dyn Clock>) -> Result<LlmTarget, aurora_llm::Error> {
        let connection = Connection::default().clock(Arc::clone(clock));
        Ok(match (self, &llm.openai_api_key, &llm.anthropic_api_key) {
            (Self::OpenAi, Some(key), _) => {
                let provider = OpenAi::builder(key.clone())
                    .base_url(&llm.openai_base_url)
                    .connection(connection);
                self.serving(LlmTarget::new(provider.build()?, model))
            }
            (Self::Anthropic, _, Some(key)) => {
                let provider = Anthropic::builder(key.clone())
                    .base_url(&llm.anthropic_base_url)
                    .connection(connection);
                self.serving(LlmTarget::new(provider.build()?, model))
            }
            (Self::Compatible(name, server), ..) => {
                let mut provider = OpenAiCompatible::builder(*name, &server.base_url).connection(connection);
                if let Some(key) = &server.api_key {
                    provider = provider.key(key.clone());
                }
                self.serving(LlmTarget::new(provider.build()?, model))
            }
            // The keys are there when their sources are.
            (Self::Simulated | Self::OpenAi | Self::Anthropic, ..) => {
                let provider = Simulated::new(SIMULATED)
                    .latency(Duration::from_millis(120), Duration::from_millis(12))
                    .jitter(0.3)
                    .clock(Arc::clone(clock));
                self.serving(LlmTarget::new(provider, model))
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use aurora_core::config::Loader;
    use aurora_core::time::SystemClock;

    use super::*;

    fn built(variables: &[(&str, &str)], toml: &str) -> Result<Option<LlmClient>, Error> {
        let loaded = Loader::new()
            .toml("aurora.toml", toml)
            .environment(variables.iter().copied())
            .load()
            .unwrap();
        client(
            loaded.settings(),
            &Monitor::new(SystemClock),
            &(Arc::new(SystemClock) as Arc<dyn Clock>),
        )
    }

    fn names(variables: &[(&str, &str)], toml: &str) -> Vec<String> {
        let client = built(variables, toml).unwrap();
        client
            .iter()
            .flat_map(LlmClient::targets)
            .map(|target| target.name)
            .collect()
    }

    #[test]
    fn simulated_answers_never_stand_in_for_real_ones_unasked() {
        assert_eq!(names(&[], ""), ["simulated/simulated"]);
        assert!(names(&[("ENVIRONMENT", "production")], "").is_empty());
        assert!(names(&[("AURORA_SIMULATED", "false")], "").is_empty());
        let key = ("OPENAI_API_KEY", "sk-1");
        assert_eq!(names(&[key], ""), ["openai/gpt-5-mini"]);
        assert_eq!(
            names(&[key, ("AURORA_SIMULATED", "true")], ""),
            ["openai/gpt-5-mini", "simulated/simulated"]
        );
    }

    #[test]
    fn the_order_is_the_settings_own() {
        let keys = [("OPENAI_API_KEY", "sk-1"), ("ANTHROPIC_API_KEY", "sk-2")];
        let local =
            "[llm.openai_compatible.local]\nbase_url = \"http://127.0.0.1:9/v1\"\nmodel = \"llama\"\n";
        assert_eq!(
            names(&keys, local),
            ["openai/gpt-5-mini", "anthropic/claude-haiku-4-5", "local/llama"]
        );
        let ordered = format!("llm.order = [\"local\", \"openai\"]\n{local}");
        assert_eq!(names(&keys, &ordered), ["local/llama", "openai/gpt-5-mini"]);
    }

    #[test]
    fn an_order_that_cannot_be_followed_is_refused() {
        for toml in [
            "llm.order = [\"anthropic\"]",
            "llm.order = [\"openai\", \"openai\"]",
        ] {
            let error = built(&[("OPENAI_API_KEY", "sk-1")], toml)
                .map(|_| ())
                .unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Settings, "{error}");
        }
        let taken = "[llm.openai_compatible.openai]\nbase_url = \"http://127.0.0.1:9/v1\"\n";
        assert!(built(&[], taken).is_err());
    }
}
