//! From the body of an answer to our response.

use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::chat::{ChatResponse, FinishReason, Message, Part, Reasoning, Role, ToolCall};
use crate::error::Error;
use crate::usage::Usage;
use crate::wire::failure;
use crate::wire::json::{arguments, malformed, optional_count, or_default, unreadable};

/// An answer, or one line of a streamed one.
#[derive(Debug, Deserialize)]
pub(super) struct WireLine {
    #[serde(default, deserialize_with = "or_default")]
    pub(super) model: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) created_at: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) message: WireMessage,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) done: bool,
    pub(super) done_reason: Option<String>,
    pub(super) error: Option<Value>,
    #[serde(flatten)]
    pub(super) counts: Counts,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct WireMessage {
    #[serde(default, deserialize_with = "or_default")]
    pub(super) content: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) thinking: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) tool_calls: Vec<WireCall>,
}

#[derive(Debug, Deserialize)]
pub(super) struct WireCall {
    #[serde(default, deserialize_with = "or_default")]
    id: String,
    function: WireFunction,
}

#[derive(Debug, Deserialize)]
struct WireFunction {
    #[serde(default, deserialize_with = "or_default")]
    name: String,
    arguments: Option<Value>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Counts {
    #[serde(default, deserialize_with = "optional_count")]
    prompt_eval_count: Option<u64>,
    #[serde(default, deserialize_with = "optional_count")]
    eval_count: Option<u64>,
}

impl Counts {
    /// What was consumed; `None` when nothing was reported.
    pub(super) fn usage(&self) -> Option<Usage> {
        match (self.prompt_eval_count, self.eval_count) {
            (None, None) => None,
            (input, output) => Some(Usage::new(input.unwrap_or(0), output.unwrap_or(0))),
        }
    }
}

impl WireCall {
    /// The call, which is the one at `at` of an answer that was written at `created_at`.
    pub(super) fn call(self, at: u32, created_at: &str) -> Result<ToolCall, Error> {
        let name = self.function.name;
        if name.is_empty() {
            return Err(malformed("a tool call without a name"));
        }
        let arguments = arguments(self.function.arguments);
        let id = if self.id.is_empty() {
            made_id(at, created_at, &name, &arguments)
        } else {
            self.id
        };
        Ok(ToolCall::new(id, name, arguments))
    }
}

/// An id that is the same for the same bytes, and another one in another answer: providers that a conversation moves
/// to refuse ids that come twice.
fn made_id(at: u32, created_at: &str, name: &str, arguments: &str) -> String {
    let mut hash = Sha256::new();
    for part in [created_at, name, arguments] {
        hash.update(part.len().to_le_bytes());
        hash.update(part);
    }
    hash.update(at.to_le_bytes());
    let digest = hash.finalize();
    let number = digest
        .iter()
        .take(12)
        .fold(0_u128, |number, byte| number << 8 | u128::from(*byte));
    format!("call_{number:024x}")
}

pub(super) fn response(body: &[u8]) -> Result<ChatResponse, Error> {
    let value: Value = serde_json::from_slice(body).map_err(|error| unreadable("not JSON", &error))?;
    if let Some(error) = reported(&value) {
        return Err(error);
    }
    if !value.get("message").is_some_and(Value::is_object) {
        return Err(malformed("not the form of an answer"));
    }
    let wire =
        WireLine::deserialize(value).map_err(|error| unreadable("not the form of an answer", &error))?;
    if !wire.done {
        return Err(malformed("an answer that is not done"));
    }
    let mut parts = Vec::new();
    if !wire.message.thinking.is_empty() {
        parts.push(Part::Reasoning(Reasoning::new(wire.message.thinking, None)));
    }
    if !wire.message.content.is_empty() {
        parts.push(Part::Text(wire.message.content));
    }
    for (at, call) in (0..).zip(wire.message.tool_calls) {
        parts.push(Part::ToolCall(call.call(at, &wire.created_at)?));
    }
    let message = Message::new(Role::Assistant, parts);
    let called = message.tool_calls().next().is_some();
    Ok(ChatResponse {
        id: String::new(),
        model: wire.model,
        finish: finish_reason(wire.done_reason.as_deref(), called),
        message,
        usage: wire.counts.usage(),
    })
}

/// An error in place of an answer.
pub(super) fn reported(value: &Value) -> Option<Error> {
    // A `message` is the answer here, and no error.
    let is_error = value.get("error").is_some() || value.get("message").is_none_or(Value::is_string);
    is_error.then(|| failure::within_answer(value)).flatten()
}

pub(super) fn finish_reason(reason: Option<&str>, called_tools: bool) -> FinishReason {
    match reason.unwrap_or_default() {
        "" | "stop" if called_tools => FinishReason::ToolCalls,
        "" | "stop" => FinishReason::Stop,
        "length" => FinishReason::Length,
        other => FinishReason::Other(other.to_owned()),
    }
}
