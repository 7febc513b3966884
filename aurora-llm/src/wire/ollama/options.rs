//! What Ollama alone can be asked for.

use std::time::Duration;

use serde::{Serialize, Serializer};

use super::DIALECT;
use crate::chat::ProviderOptions;

/// Options of Ollama's chat; each stands in place of the model's own setting.
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use aurora_llm::chat::ChatRequest;
/// use aurora_llm::wire::ollama::{KeepAlive, Options};
///
/// let options = Options::default().num_ctx(32_768).keep_alive(KeepAlive::For(Duration::from_secs(600)));
/// let request = ChatRequest::user("Hi").provider_options(&options)?;
/// assert_eq!(request.options["ollama"]["options"]["num_ctx"], 32_768);
/// # Ok::<(), aurora_llm::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[non_exhaustive]
pub struct Options {
    /// How long the model stays loaded after the call; five minutes is Ollama's default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keep_alive: Option<KeepAlive>,
    /// What the model runs with.
    #[serde(rename = "options", skip_serializing_if = "Runner::is_empty")]
    pub runner: Runner,
}

/// What a model runs with.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[non_exhaustive]
pub struct Runner {
    /// Tokens of context, input and output together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub num_ctx: Option<u32>,
    /// Layers that run on a GPU.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub num_gpu: Option<u32>,
    /// Threads that compute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub num_thread: Option<u32>,
    /// Leaves out tokens less likely than this share of the likeliest one, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_p: Option<f64>,
    /// How much repetition is held against a token; above 1 is less repetition.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repeat_penalty: Option<f64>,
    /// How many tokens back repetition is looked for; -1 is the whole context.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repeat_last_n: Option<i32>,
}

impl Runner {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Options {
    /// Says how long the model stays loaded after the call.
    #[must_use]
    pub const fn keep_alive(mut self, keep_alive: KeepAlive) -> Self {
        self.keep_alive = Some(keep_alive);
        self
    }

    /// Asks for a context of this many tokens, in place of the provider's setting.
    #[must_use]
    pub const fn num_ctx(mut self, tokens: u32) -> Self {
        self.runner.num_ctx = Some(tokens);
        self
    }

    /// Says how many layers run on a GPU.
    #[must_use]
    pub const fn num_gpu(mut self, layers: u32) -> Self {
        self.runner.num_gpu = Some(layers);
        self
    }

    /// Says how many threads compute.
    #[must_use]
    pub const fn num_thread(mut self, threads: u32) -> Self {
        self.runner.num_thread = Some(threads);
        self
    }

    /// Leaves out tokens less likely than this share of the likeliest one.
    #[must_use]
    pub const fn min_p(mut self, share: f64) -> Self {
        self.runner.min_p = Some(share);
        self
    }

    /// Says how much repetition is held against a token.
    #[must_use]
    pub const fn repeat_penalty(mut self, penalty: f64) -> Self {
        self.runner.repeat_penalty = Some(penalty);
        self
    }

    /// Says how many tokens back repetition is looked for.
    #[must_use]
    pub const fn repeat_last_n(mut self, tokens: i32) -> Self {
        self.runner.repeat_last_n = Some(tokens);
        self
    }
}

impl ProviderOptions for Options {
    const DIALECT: &'static str = DIALECT;
}

/// How long a model stays loaded after a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeepAlive {
    /// For this long, in whole milliseconds.
    For(Duration),
    /// Until Ollama ends.
    Forever,
    /// It is unloaded at once.
    Unload,
}

impl Serialize for KeepAlive {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::For(time) => serializer.collect_str(&format_args!("{}ms", time.as_millis())),
            Self::Forever => serializer.serialize_i32(-1),
            Self::Unload => serializer.serialize_i32(0),
        }
    }
}
