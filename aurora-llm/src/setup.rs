//! From settings to targets: which providers are configured, with which keys, in which order.
//!
//! | provider | configured by | model where a request names none |
//! | --- | --- | --- |
//! | `openai` | `OPENAI_API_KEY` | `gpt-5-mini` |
//! | `anthropic` | `ANTHROPIC_API_KEY` | `claude-haiku-4-5` |
//! | `cohere` | `COHERE_API_KEY` or `CO_API_KEY` | `command-a-03-2025` |
//! | `gemini` | `GOOGLE_API_KEY` or `GEMINI_API_KEY` | `gemini-2.5-flash` |
//! | `ollama` | `OLLAMA_HOST` | `llama3.2` |
//! | `huggingface` | `HF_TOKEN` | `openai/gpt-oss-20b` |
//! | any name | `llm.openai_compatible.<name>` | `default` |
//!
//! A key may be several, separated by commas: calls are spread over them. Base addresses, models and the order have settings of
//! their own ([`aurora_core::config::Llm`]).

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use aurora_core::config::{CompatibleServer, Environment, Llm, Loader};
use aurora_core::secret::Secret;
use aurora_core::time::{Clock, SystemClock};

use crate::LlmClient;
use crate::client::{ClientBuilder, LlmTarget, Task};
use crate::error::{Error, ErrorKind};

mod provider;
#[cfg(test)]
mod tests;

/// What a server is asked for whose models are not known here; many take any name.
const UNNAMED_MODEL: &str = "default";
const SIMULATED: &str = "simulated";
/// Names that a server of one's own cannot have.
const TAKEN: [&str; 7] = [
    "openai",
    "anthropic",
    "cohere",
    "gemini",
    "ollama",
    "huggingface",
    SIMULATED,
];

/// The targets that the settings configure, in the order in which they are asked; empty when there is none.
///
/// Outside production a simulated provider stands in while nothing real is configured, and
/// [`Llm::simulated`] says whether it does in any other case: made-up answers are never mistaken for real ones.
///
/// # Errors
/// [`ErrorKind::Config`] names the setting: an order with a name twice or of a provider that is not configured, a server by the
/// name of another provider, an address that cannot be used.
///
/// # Examples
/// ```
/// use std::sync::Arc;
/// use aurora_core::{config::Loader, time::SystemClock};
/// use aurora_llm::{LlmClient, setup};
///
/// let loaded = Loader::new().environment([("OPENAI_API_KEY", "sk-1,sk-2")]).load()?;
/// let settings = loaded.settings();
/// let targets = setup::targets(&settings.llm, settings.environment, &(Arc::new(SystemClock) as _))?;
/// let client = targets.into_iter().fold(LlmClient::builder(), |builder, target| builder.target(target)).build()?;
/// assert!(client.targets().any(|target| target.name == "openai/gpt-5-mini"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn targets(llm: &Llm, environment: Environment, clock: &Arc<dyn Clock>) -> Result<Vec<LlmTarget>, Error> {
    let sources = sources(llm, environment)?;
    sources.iter().map(|source| source.target(llm, clock)).collect()
}

/// The targets of the same providers for what is not chat: embeddings and rerank, as far as each offers them, named
/// `provider/embeddings` and `provider/rerank`.
///
/// # Errors
/// As [`targets`].
pub fn targets_beside_chat(
    llm: &Llm,
    environment: Environment,
    clock: &Arc<dyn Clock>,
) -> Result<Vec<LlmTarget>, Error> {
    let sources = sources(llm, environment)?;
    let mut all = Vec::new();
    for (task, name) in [(Task::Embeddings, "embeddings"), (Task::Rerank, "rerank")] {
        for source in &sources {
            let Some((model, patterns)) = source.beside_chat(task) else {
                continue;
            };
            let target = provider::target(*source, llm, model, clock)?
                .task(task)
                .name(format!("{}/{name}", source.name()));
            all.push(patterns.iter().copied().fold(target, LlmTarget::serves));
        }
    }
    Ok(all)
}

/// A client of the real providers that this process is configured with, by its environment and by `aurora.toml` in the
/// working directory; `None` when there is none.
///
/// For programs that have no settings of their own: a program with settings takes [`targets`].
///
/// # Errors
/// As [`targets`], and [`ErrorKind::Config`] when the settings cannot be read.
pub fn from_environment() -> Result<Option<ClientBuilder>, Error> {
    let loaded = Loader::from_process(".")
        .load()
        .map_err(|error| config("the settings cannot be read").with_source(error))?;
    let mut llm = loaded.settings().llm.clone();
    llm.simulated = Some(false);
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let targets = targets(&llm, loaded.settings().environment, &clock)?;
    if targets.is_empty() {
        return Ok(None);
    }
    let builder = targets
        .into_iter()
        .fold(LlmClient::builder(), |builder, target| builder.target(target));
    Ok(Some(builder))
}

/// The target of a configured provider with a model that turns texts into vectors; `None` when no provider of this name is
/// configured. `simulated` is there always.
///
/// # Errors
/// As [`targets`].
pub fn embeddings(
    llm: &Llm,
    provider: &str,
    model: &str,
    clock: &Arc<dyn Clock>,
) -> Result<Option<LlmTarget>, Error> {
    let mut all = configured(llm)?;
    all.push(Source::Simulated);
    match all.iter().find(|source| source.name() == provider) {
        Some(source) => provider::target(*source, llm, model, clock)
            .map(|target| Some(target.task(crate::client::Task::Embeddings))),
        None => Ok(None),
    }
}

/// One configured provider.
#[derive(Debug, Clone, Copy)]
enum Source<'a> {
    OpenAi(&'a Secret),
    Anthropic(&'a Secret),
    Cohere(&'a Secret),
    Gemini(&'a Secret),
    Ollama(&'a str),
    HuggingFace(&'a Secret),
    Compatible(&'a str, &'a CompatibleServer),
    Simulated,
}

fn config(context: impl Into<String>) -> Error {
    Error::new(ErrorKind::Config).with_context(context)
}

fn sources(llm: &Llm, environment: Environment) -> Result<Vec<Source<'_>>, Error> {
    let configured = configured(llm)?;
    let is_real = !configured.is_empty();
    let mut ordered = in_order(configured, &llm.order)?;
    if llm
        .simulated
        .unwrap_or(!is_real && environment != Environment::Production)
    {
        ordered.push(Source::Simulated);
    }
    Ok(ordered)
}

/// What is configured, whatever the order says.
fn configured(llm: &Llm) -> Result<Vec<Source<'_>>, Error> {
    let mut configured = Vec::new();
    configured.extend(llm.openai_api_key.as_ref().map(Source::OpenAi));
    configured.extend(llm.anthropic_api_key.as_ref().map(Source::Anthropic));
    configured.extend(llm.cohere_api_key.as_ref().map(Source::Cohere));
    configured.extend(llm.gemini_api_key.as_ref().map(Source::Gemini));
    configured.extend(llm.huggingface_api_key.as_ref().map(Source::HuggingFace));
    configured.extend(llm.ollama_base_url.as_deref().map(Source::Ollama));
    for (name, server) in &llm.openai_compatible {
        if TAKEN.contains(&name.as_str()) {
            return Err(config(format!(
                "llm.openai_compatible.{name}: the name belongs to another provider"
            )));
        }
        configured.push(Source::Compatible(name, server));
    }
    Ok(configured)
}

/// The configured providers that the order names, or all when it names none.
fn in_order<'a>(configured: Vec<Source<'a>>, order: &[String]) -> Result<Vec<Source<'a>>, Error> {
    let mut seen = BTreeSet::new();
    let mut ordered = Vec::new();
    for name in order {
        if !seen.insert(name) {
            return Err(config(format!("llm.order names {name} twice")));
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
                return Err(config(format!(
                    "llm.order names {name}, which is not configured; configured is {known}"
                )));
            }
        }
    }
    Ok(if order.is_empty() { configured } else { ordered })
}

impl Source<'_> {
    const fn name(&self) -> &str {
        match self {
            Self::OpenAi(_) => "openai",
            Self::Anthropic(_) => "anthropic",
            Self::Cohere(_) => "cohere",
            Self::Gemini(_) => "gemini",
            Self::Ollama(_) => "ollama",
            Self::HuggingFace(_) => "huggingface",
            Self::Compatible(name, _) => name,
            Self::Simulated => SIMULATED,
        }
    }

    /// The model for requests that name none.
    fn model<'a>(&'a self, llm: &'a Llm) -> &'a str {
        let (set, else_this) = match self {
            Self::OpenAi(_) => (&llm.openai_model, "gpt-5-mini"),
            Self::Anthropic(_) => (&llm.anthropic_model, "claude-haiku-4-5"),
            Self::Cohere(_) => (&llm.cohere_model, "command-a-03-2025"),
            Self::Gemini(_) => (&llm.gemini_model, "gemini-2.5-flash"),
            Self::Ollama(_) => (&llm.ollama_model, "llama3.2"),
            Self::HuggingFace(_) => (&llm.huggingface_model, "openai/gpt-oss-20b"),
            Self::Compatible(_, server) => (&server.model, UNNAMED_MODEL),
            Self::Simulated => (&None, SIMULATED),
        };
        set.as_deref().unwrap_or(else_this)
    }

    /// Further models that a request may name: exactly, or with a trailing `*` as a prefix.
    const fn patterns(&self, llm: &Llm) -> &'static [&'static str] {
        match self {
            Self::OpenAi(_) => &["gpt-*", "o1*", "o3*", "o4*", "chatgpt-*"],
            Self::Anthropic(_) => &["claude-*"],
            Self::Cohere(_) => &["command-*"],
            Self::Gemini(_) => &["gemini-*"],
            Self::Ollama(_) if llm.ollama_model.is_some() => &[],
            Self::HuggingFace(_) if llm.huggingface_model.is_some() => &[],
            Self::Compatible(_, server) if server.model.is_some() => &[],
            // Nothing is known of its models: it is asked for whatever a request names.
            Self::Ollama(_) | Self::HuggingFace(_) | Self::Compatible(..) | Self::Simulated => &["*"],
        }
    }

    /// The model for requests of this sort that name none, and patterns of further ones; `None` where it has none.
    const fn beside_chat(&self, task: Task) -> Option<(&'static str, &'static [&'static str])> {
        match (self, task) {
            (Self::OpenAi(_), Task::Embeddings) => Some(("text-embedding-3-small", &["text-embedding-*"])),
            (Self::Cohere(_), Task::Embeddings) => Some(("embed-v4.0", &["embed-*"])),
            (Self::Gemini(_), Task::Embeddings) => Some(("gemini-embedding-001", &["gemini-embedding-*"])),
            (Self::Ollama(_), Task::Embeddings) => Some(("nomic-embed-text", &["*"])),
            (Self::Compatible(..), Task::Embeddings) => Some((UNNAMED_MODEL, &["*"])),
            (Self::Cohere(_), Task::Rerank) => Some(("rerank-v3.5", &["rerank-*"])),
            (Self::Simulated, Task::Embeddings | Task::Rerank) => Some((SIMULATED, &["*"])),
            _ => None,
        }
    }

    fn target(&self, llm: &Llm, clock: &Arc<dyn Clock>) -> Result<LlmTarget, Error> {
        let target = provider::target(*self, llm, self.model(llm), clock)?;
        let patterns = self.patterns(llm).iter().copied();
        Ok(patterns.fold(target, LlmTarget::serves))
    }
}

/// How a simulated provider takes its time when it stands in for a real one.
const SIMULATED_PACE: (Duration, Duration) = (Duration::from_millis(120), Duration::from_millis(12));
