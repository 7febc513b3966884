//! What Gemini alone has.

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::DIALECT;
use crate::chat::ProviderOptions;

/// Options that Gemini alone has.
///
/// # Examples
/// ```
/// use aurora_llm::chat::ChatRequest;
/// use aurora_llm::wire::gemini::{Options, SafetySetting};
///
/// let options = Options::default()
///     .safety(SafetySetting::new("HARM_CATEGORY_HARASSMENT", "BLOCK_ONLY_HIGH"))
///     .google_search();
/// let request = ChatRequest::user("Who won the World Cup?").provider_options(&options)?;
/// # Ok::<(), aurora_llm::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Options {
    /// What is blocked, by category; the rest stays as Google has it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub safety_settings: Vec<SafetySetting>,
    /// A prompt that was cached before, such as `cachedContents/abc`. Its system instruction and tools are part of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cached_content: Option<String>,
    /// Tools that Google runs by itself, beside the request's own.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Value>,
    /// Merged into the `generationConfig`.
    #[serde(skip_serializing_if = "Map::is_empty")]
    generation_config: Map<String, Value>,
}

impl Options {
    /// Blocks a category otherwise than Google does.
    #[must_use]
    pub fn safety(mut self, setting: SafetySetting) -> Self {
        self.safety_settings.push(setting);
        self
    }

    /// Goes on from a prompt that was cached before, such as `cachedContents/abc`.
    #[must_use]
    pub fn cached_content(mut self, name: impl Into<String>) -> Self {
        self.cached_content = Some(name.into());
        self
    }

    /// Lets the model search the web; what it found comes as [`Citation`](crate::chat::Citation)s.
    #[must_use]
    pub fn google_search(mut self) -> Self {
        self.tools.push(json!({"googleSearch": {}}));
        self
    }

    /// Lets the model run code at Google.
    #[must_use]
    pub fn code_execution(mut self) -> Self {
        self.tools.push(json!({"codeExecution": {}}));
        self
    }

    /// Lets the model read the addresses in the prompt.
    #[must_use]
    pub fn url_context(mut self) -> Self {
        self.tools.push(json!({"urlContext": {}}));
        self
    }

    /// How closely media are looked at, such as `MEDIA_RESOLUTION_LOW`.
    #[must_use]
    pub fn media_resolution(mut self, resolution: impl Into<String>) -> Self {
        let resolution = Value::String(resolution.into());
        self.generation_config
            .insert("mediaResolution".to_owned(), resolution);
        self
    }
}

impl ProviderOptions for Options {
    const DIALECT: &'static str = DIALECT;
}

/// From which likelihood on a category of harm is blocked; both in Google's words, which grow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct SafetySetting {
    /// Such as `HARM_CATEGORY_HARASSMENT`.
    pub category: String,
    /// Such as `BLOCK_ONLY_HIGH`.
    pub threshold: String,
}

impl SafetySetting {
    /// Blocks `category` from `threshold` on.
    #[must_use]
    pub fn new(category: impl Into<String>, threshold: impl Into<String>) -> Self {
        Self {
            category: category.into(),
            threshold: threshold.into(),
        }
    }
}
