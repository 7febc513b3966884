//! What is asked of a model.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value};

use super::message::{MediaSource, Message, Part};
use super::tool::{Tool, ToolChoice};
use crate::error::{Error, ErrorKind};
use crate::provider::Capabilities;

/// One request to a model, the same for every provider.
///
/// # Examples
/// ```
/// use aurora_llm::chat::ChatRequest;
///
/// let request = ChatRequest::user("Name three rivers of Brazil.")
///     .system("Answer in one line.")
///     .max_tokens(100)
///     .temperature(0.2);
/// assert_eq!(request.messages.len(), 2);
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct ChatRequest {
    /// A model name or an alias of the client's; `None` lets the client's targets decide.
    pub model: Option<String>,
    /// Only targets of this provider, by its instance or its kind; `None` is any.
    pub provider: Option<String>,
    /// The conversation so far.
    pub messages: Vec<Message>,
    /// Tools that the model may call.
    pub tools: Vec<Tool>,
    /// Whether and which tool must be called.
    pub tool_choice: ToolChoice,
    /// Whether several tools may be called in one answer; `None` leaves it to the provider.
    pub parallel_tool_calls: Option<bool>,
    /// Which form the answer must have.
    pub format: ResponseFormat,
    /// Most tokens of the answer; `None` is the provider's default, or the codec's where a dialect demands a number.
    pub max_tokens: Option<u32>,
    /// Randomness, 0 to 2 (0 to 1 for Anthropic).
    pub temperature: Option<f64>,
    /// Nucleus sampling, 0 to 1.
    pub top_p: Option<f64>,
    /// Chooses among this many of the likeliest tokens, where a provider offers it.
    pub top_k: Option<u32>,
    /// Less of what was said often, -2 to 2.
    pub frequency_penalty: Option<f64>,
    /// Less of what was said at all, -2 to 2.
    pub presence_penalty: Option<f64>,
    /// Texts that end the answer.
    pub stop: Vec<String>,
    /// Asks for repeatable sampling, where a provider offers it.
    pub seed: Option<i64>,
    /// How hard to think before answering.
    pub reasoning: Option<ReasoningEffort>,
    /// Whether the reasoning shall be shown, where a provider asks: OpenAI's summaries, Gemini's thoughts.
    pub show_reasoning: bool,
    /// Asks for a spoken answer beside the text.
    pub speech: Option<Speech>,
    /// Brings requests with the same beginning to the same prompt cache (OpenAI `prompt_cache_key`). A hint.
    pub cache_key: Option<String>,
    /// Free labels kept with the call; at most 16, as the strictest provider allows.
    pub metadata: BTreeMap<String, String>,
    /// An opaque id of the end user, for the provider's abuse detection. Never a name or an address.
    pub user: Option<String>,
    /// Options of one dialect alone, by dialect name (`"openai_chat"`, `"anthropic"`): merged into the body as they are.
    pub options: BTreeMap<String, Map<String, Value>>,
}

impl ChatRequest {
    /// A request with these messages.
    #[must_use]
    pub fn new(messages: Vec<Message>) -> Self {
        Self {
            messages,
            ..Self::default()
        }
    }

    /// A request with one text by the user.
    #[must_use]
    pub fn user(text: impl Into<String>) -> Self {
        Self::new(vec![Message::user(text)])
    }

    /// Puts instructions before all messages.
    #[must_use]
    pub fn system(mut self, text: impl Into<String>) -> Self {
        self.messages.insert(0, Message::system(text));
        self
    }

    /// Adds a message at the end.
    #[must_use]
    pub fn message(mut self, message: Message) -> Self {
        self.messages.push(message);
        self
    }

    /// Asks for this model or alias.
    #[must_use]
    pub fn model(mut self, model: impl Into<String>) -> Self {
        self.model = Some(model.into());
        self
    }

    /// Asks only targets of this provider, by its instance (`openai/eu`) or its kind (`openai`).
    #[must_use]
    pub fn provider(mut self, provider: impl Into<String>) -> Self {
        self.provider = Some(provider.into());
        self
    }

    /// Offers a tool.
    #[must_use]
    pub fn tool(mut self, tool: Tool) -> Self {
        self.tools.push(tool);
        self
    }

    /// Says whether and which tool must be called.
    #[must_use]
    pub fn tool_choice(mut self, choice: ToolChoice) -> Self {
        self.tool_choice = choice;
        self
    }

    /// Says which form the answer must have.
    #[must_use]
    pub fn format(mut self, format: ResponseFormat) -> Self {
        self.format = format;
        self
    }

    /// Limits the answer's tokens.
    #[must_use]
    pub const fn max_tokens(mut self, tokens: u32) -> Self {
        self.max_tokens = Some(tokens);
        self
    }

    /// Sets the randomness.
    #[must_use]
    pub const fn temperature(mut self, temperature: f64) -> Self {
        self.temperature = Some(temperature);
        self
    }

    /// Sets nucleus sampling.
    #[must_use]
    pub const fn top_p(mut self, top_p: f64) -> Self {
        self.top_p = Some(top_p);
        self
    }

    /// Adds a text that ends the answer.
    #[must_use]
    pub fn stop(mut self, text: impl Into<String>) -> Self {
        self.stop.push(text.into());
        self
    }

    /// Sets options that one dialect alone has, in its own types, such as `gemini::Options`.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] when the options are not a JSON object.
    pub fn provider_options<O: ProviderOptions>(mut self, options: &O) -> Result<Self, Error> {
        let invalid =
            || Error::new(ErrorKind::InvalidRequest).with_context("provider options are a JSON object");
        match serde_json::to_value(options).map_err(|_| invalid())? {
            Value::Object(map) => {
                self.options.entry(O::DIALECT.to_owned()).or_default().extend(map);
                Ok(self)
            }
            _ => Err(invalid()),
        }
    }

    /// How hard to think before answering.
    #[must_use]
    pub fn reasoning(mut self, effort: ReasoningEffort) -> Self {
        self.reasoning = Some(effort);
        self
    }

    /// What the request needs of a provider; compared with [`Capabilities`] before a call.
    #[must_use]
    pub fn needs(&self) -> Capabilities {
        let parts = || self.messages.iter().flat_map(|message| &message.parts);
        let media = || {
            parts().filter_map(|part| match part {
                Part::Image(media) | Part::Document(media) | Part::Audio(media) => Some(media),
                _ => None,
            })
        };
        Capabilities {
            tools: !self.tools.is_empty(),
            parallel_tools: !self.tools.is_empty() && self.parallel_tool_calls == Some(true),
            json_object: matches!(self.format, ResponseFormat::JsonObject),
            json_schema: matches!(self.format, ResponseFormat::JsonSchema { .. }),
            images: parts().any(|part| matches!(part, Part::Image(_))),
            documents: parts().any(|part| matches!(part, Part::Document(_))),
            audio: parts().any(|part| matches!(part, Part::Audio(_))),
            media_urls: media().any(|media| matches!(media.source, MediaSource::Url(_))),
            speech: self.speech.is_some(),
            sampling: self.temperature.is_some() || self.top_p.is_some() || self.top_k.is_some(),
            seed: self.seed.is_some(),
            reasoning: self
                .reasoning
                .as_ref()
                .is_some_and(|effort| *effort != ReasoningEffort::None),
            max_output_tokens: self.max_tokens,
            max_stop: u32::try_from(self.stop.len()).ok().filter(|stops| *stops > 0),
            ..Capabilities::NONE
        }
    }
}

/// Options that one dialect alone has, in its own types.
pub trait ProviderOptions: Serialize {
    /// The dialect, as in [`ChatRequest::options`].
    const DIALECT: &'static str;
}

/// A spoken answer.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Speech {
    /// Voice, by the provider's own name.
    pub voice: String,
    /// Form of the sound, such as `wav`, `mp3` or `pcm16`.
    pub format: String,
}

impl Speech {
    /// A spoken answer in this voice and form.
    #[must_use]
    pub fn new(voice: impl Into<String>, format: impl Into<String>) -> Self {
        Self {
            voice: voice.into(),
            format: format.into(),
        }
    }
}

/// Which form the answer must have.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub enum ResponseFormat {
    /// Any text.
    #[default]
    Text,
    /// Some JSON object.
    JsonObject,
    /// JSON that follows a schema.
    JsonSchema {
        /// A name for the provider's records.
        name: String,
        /// The JSON Schema.
        schema: Value,
        /// Whether the provider shall hold the model to it exactly.
        strict: bool,
    },
}

/// How hard a model shall think before it answers.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReasoningEffort {
    /// Not at all.
    None,
    /// As little as possible.
    Minimal,
    /// A little.
    Low,
    /// As the provider sees fit.
    Medium,
    /// Much.
    High,
    /// At most this many tokens.
    Tokens(u32),
    /// A word that a provider added since.
    Other(String),
}
