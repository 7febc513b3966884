//! Tools: what the model may call, what it called, and what came of it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::message::{CacheTtl, Signature};
use crate::error::{Error, ErrorKind};

/// A function that the model may ask for.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Tool {
    /// Name: `[a-zA-Z0-9_-]`, at most 64 characters, by the strictest provider's rule.
    pub name: String,
    /// What it does, for the model to read.
    pub description: Option<String>,
    /// JSON Schema of the arguments object.
    pub parameters: Value,
    /// Whether the provider shall hold the model to the schema, where it can.
    pub strict: Option<bool>,
    /// Everything up to this tool is worth keeping in the provider's prompt cache; see
    /// [`Part::CachePoint`](super::Part::CachePoint).
    pub cache_point: Option<CacheTtl>,
}

impl Tool {
    /// A tool whose arguments follow `parameters`, a JSON Schema of type `object`.
    #[must_use]
    pub fn new(name: impl Into<String>, description: impl Into<String>, parameters: Value) -> Self {
        Self {
            name: name.into(),
            description: Some(description.into()),
            parameters,
            strict: None,
            cache_point: None,
        }
    }
}

/// Whether and which tool the model must call.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum ToolChoice {
    /// The model decides.
    #[default]
    Auto,
    /// No tool may be called.
    None,
    /// Some tool must be called.
    Required,
    /// This tool must be called.
    Tool(String),
}

/// The model asks for a tool to be run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ToolCall {
    /// Ties the result to the call; made by the provider, or by the codec where a provider sends none.
    pub id: String,
    /// Which tool.
    pub name: String,
    /// The arguments as the model wrote them: JSON text, not yet checked.
    pub arguments: String,
    /// The provider's proof that the call is its own; sent back unchanged, and only to where it came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<Signature>,
}

impl ToolCall {
    /// A call of the tool `name` with arguments as JSON text.
    #[must_use]
    pub fn new(id: impl Into<String>, name: impl Into<String>, arguments: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            name: name.into(),
            arguments: arguments.into(),
            signature: None,
        }
    }

    /// Keeps the provider's proof of the call.
    #[must_use]
    pub fn signed(mut self, signature: Signature) -> Self {
        self.signature = Some(signature);
        self
    }

    /// The arguments as a value; an empty text counts as `{}`, which is what models mean by it.
    ///
    /// # Errors
    /// [`ErrorKind::Malformed`] when the model wrote something that is not JSON, as it does when it was cut off.
    pub fn arguments_json(&self) -> Result<Value, Error> {
        if self.arguments.trim().is_empty() {
            return Ok(Value::Object(serde_json::Map::new()));
        }
        // The parser's own words would repeat parts of the arguments.
        serde_json::from_str(&self.arguments).map_err(|_| {
            Error::new(ErrorKind::Malformed).with_context("the arguments of a tool call are not JSON")
        })
    }
}

/// What a tool answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ToolResult {
    /// The id of the call that this answers.
    pub call_id: String,
    /// The answer: text or JSON text.
    pub content: String,
    /// Whether the tool failed; the content then says how.
    #[serde(default)]
    pub is_error: bool,
}

impl ToolResult {
    /// Says that the tool failed; the content then says how.
    #[must_use]
    pub const fn failed(mut self) -> Self {
        self.is_error = true;
        self
    }

    /// A successful answer to `call_id`.
    #[must_use]
    pub fn new(call_id: impl Into<String>, content: impl Into<String>) -> Self {
        Self {
            call_id: call_id.into(),
            content: content.into(),
            is_error: false,
        }
    }
}
