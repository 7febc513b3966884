//! What a simulated provider answers, before it is timed.

use std::collections::VecDeque;

use serde_json::{Map, Value, json};

use super::{Said, Simulated};
use crate::chat::{
    ChatRequest, FinishReason, Message, Part, ResponseFormat, Role, StreamEvent, ToolCall, ToolChoice,
};
use crate::provider::Call;
use crate::usage::Usage;

/// Words of the prompt that an invented answer repeats.
const REPEATED_WORDS: usize = 12;

/// The events of an answer, word by word.
pub(super) fn invent(provider: &Simulated, call: &Call, number: u64) -> VecDeque<StreamEvent> {
    let request = &*call.request;
    let said = match tool_call(provider, request, number) {
        Some(call) => Said::Call(call),
        None => Said::Text(text(provider, call)),
    };
    let mut events = VecDeque::new();
    events.push_back(StreamEvent::Start {
        id: format!("sim-{number}"),
        model: call.model.to_string(),
    });
    let (reason, length) = match said {
        Said::Text(text) => {
            let length = estimate(text.len());
            let limit = request.max_tokens.map_or(u64::MAX, u64::from);
            let words = text.split_inclusive(' ');
            let kept = usize::try_from(limit).unwrap_or(usize::MAX);
            events.extend(words.take(kept).map(|word| StreamEvent::Text(word.to_owned())));
            let cut = text.split_inclusive(' ').count() > kept;
            (
                if cut {
                    FinishReason::Length
                } else {
                    FinishReason::Stop
                },
                length.min(limit),
            )
        }
        Said::Call(call) => {
            let (index, length) = (0, estimate(call.arguments.len()));
            events.push_back(StreamEvent::ToolCallStart {
                index,
                id: call.id,
                name: call.name,
            });
            events.push_back(StreamEvent::ToolCallDelta {
                index,
                arguments: call.arguments,
            });
            events.push_back(StreamEvent::ToolCallEnd { index });
            (FinishReason::ToolCalls, length)
        }
    };
    let heard = request.messages.iter().map(|message| message.text().len()).sum();
    let usage = Usage::new(estimate(heard), length);
    events.push_back(StreamEvent::Finish {
        reason,
        usage: Some(usage),
    });
    events
}

fn text(provider: &Simulated, call: &Call) -> String {
    if let Some(text) = &provider.says {
        return text.clone();
    }
    match &call.request.format {
        ResponseFormat::JsonSchema { schema, .. } => filled(schema).to_string(),
        ResponseFormat::JsonObject => json!({"simulated": true}).to_string(),
        ResponseFormat::Text => {
            let asked = call
                .request
                .messages
                .iter()
                .rfind(|message| message.role != Role::Assistant);
            let asked = asked.map(heard).unwrap_or_default();
            let mut words: Vec<&str> = asked.split_whitespace().take(REPEATED_WORDS + 1).collect();
            if words.len() > REPEATED_WORDS {
                words.truncate(REPEATED_WORDS);
                words.push("…");
            }
            format!(
                "This is a simulated answer by {} to: {}",
                provider.id,
                words.join(" ")
            )
        }
    }
}

fn heard(message: &Message) -> String {
    message
        .parts
        .iter()
        .filter_map(|part| match part {
            Part::Text(text) => Some(text.as_str()),
            Part::ToolResult(result) => Some(result.content.as_str()),
            _ => None,
        })
        .collect()
}

fn tool_call(provider: &Simulated, request: &ChatRequest, number: u64) -> Option<ToolCall> {
    let offered = |name: &str| request.tools.iter().find(|tool| tool.name == name);
    let scripted = provider
        .calls_tool
        .as_ref()
        .filter(|(name, _)| offered(name).is_some());
    let results = request
        .messages
        .last()
        .is_some_and(|message| message.role == Role::Tool);
    let (name, arguments) = match &request.tool_choice {
        ToolChoice::None => return None,
        ToolChoice::Auto if results => return None,
        ToolChoice::Auto => scripted.cloned()?,
        ToolChoice::Required => scripted.cloned().or_else(|| {
            let tool = request.tools.first()?;
            Some((tool.name.clone(), filled(&tool.parameters)))
        })?,
        ToolChoice::Tool(name) => {
            let tool = offered(name)?;
            let scripted = scripted.filter(|(scripted, _)| scripted == name).cloned();
            scripted.unwrap_or_else(|| (name.clone(), filled(&tool.parameters)))
        }
    };
    Some(ToolCall {
        id: format!("call_sim_{number}"),
        name,
        arguments: arguments.to_string(),
        signature: None,
    })
}

/// The smallest value that follows the plain parts of a JSON Schema: types, enums and required properties.
fn filled(schema: &Value) -> Value {
    if let Some(first) = schema.get("enum").and_then(|options| options.get(0)) {
        return first.clone();
    }
    match schema.get("type").and_then(Value::as_str) {
        Some("string") => json!("simulated"),
        Some("integer" | "number") => json!(0),
        Some("boolean") => json!(false),
        Some("array") => json!([]),
        Some("null") => Value::Null,
        _ => {
            let required = schema.get("required").and_then(Value::as_array);
            let names = required.into_iter().flatten().filter_map(Value::as_str);
            let properties = schema.get("properties");
            let property = |name: &str| {
                properties
                    .and_then(|all| all.get(name))
                    .map_or(Value::Null, filled)
            };
            Value::Object(
                names
                    .map(|name| (name.to_owned(), property(name)))
                    .collect::<Map<_, _>>(),
            )
        }
    }
}

/// Tokens of a text by the rule of thumb of four characters to one.
pub(super) fn estimate(bytes: usize) -> u64 {
    u64::try_from(bytes.div_ceil(4)).unwrap_or(u64::MAX)
}
