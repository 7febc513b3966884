//! From the body of an answer to our response.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::chat::{ChatResponse, Citation, FinishReason, Message, Part, Reasoning, Role, ToolCall};
use crate::error::{Error, ErrorKind};
use crate::usage::Usage;
use crate::wire::failure;
use crate::wire::json::{malformed, optional_count, or_default, unreadable};

#[derive(Debug, Deserialize)]
struct WireResponse {
    #[serde(default, deserialize_with = "or_default")]
    id: String,
    finish_reason: Option<String>,
    message: WireMessage,
    usage: Option<WireUsage>,
    error: Option<String>,
}

#[derive(Debug, Deserialize)]
struct WireMessage {
    #[serde(default, deserialize_with = "or_default")]
    content: Vec<WireContent>,
    #[serde(default, deserialize_with = "or_default")]
    tool_plan: String,
    #[serde(default, deserialize_with = "or_default")]
    tool_calls: Vec<WireCall>,
    #[serde(default, deserialize_with = "or_default")]
    citations: Vec<WireCitation>,
}

/// A piece of content; what its type does not have is empty.
#[derive(Debug, Default, Deserialize)]
pub(super) struct WireContent {
    #[serde(default, deserialize_with = "or_default")]
    pub(super) text: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) thinking: String,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct WireCall {
    #[serde(default, deserialize_with = "or_default")]
    pub(super) id: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) function: WireFunction,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct WireFunction {
    #[serde(default, deserialize_with = "or_default")]
    pub(super) name: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) arguments: String,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct WireCitation {
    #[serde(default, deserialize_with = "or_default")]
    text: String,
    #[serde(default, deserialize_with = "or_default")]
    sources: Vec<WireSource>,
}

#[derive(Debug, Default, Deserialize)]
struct WireSource {
    id: Option<String>,
    document: Option<Map<String, Value>>,
    tool_output: Option<Map<String, Value>>,
}

/// Usage as Cohere counts it, in floats.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct WireUsage {
    billed_units: Option<Units>,
    tokens: Option<Units>,
    #[serde(default, deserialize_with = "optional_count")]
    cached_tokens: Option<u64>,
}

#[derive(Debug, Clone, Default, Deserialize)]
struct Units {
    #[serde(default, deserialize_with = "optional_count")]
    input_tokens: Option<u64>,
    #[serde(default, deserialize_with = "optional_count")]
    output_tokens: Option<u64>,
    #[serde(default, deserialize_with = "optional_count")]
    search_units: Option<u64>,
}

impl WireUsage {
    /// What is billed, or where that is not told what was read and written; `None` when nothing was reported.
    pub(super) fn usage(&self) -> Option<Usage> {
        if let Some(billed) = self.billed_units.as_ref().filter(|units| units.say_something()) {
            return Some(Usage {
                input: billed.input_tokens.unwrap_or(0),
                output: billed.output_tokens.unwrap_or(0),
                searches: billed.search_units.unwrap_or(0),
                ..Usage::default()
            });
        }
        let tokens = self.tokens.as_ref().filter(|units| units.say_something())?;
        let input = tokens.input_tokens.unwrap_or(0);
        let cache_read = self.cached_tokens.unwrap_or(0).min(input);
        Some(Usage {
            input: input - cache_read,
            cache_read,
            output: tokens.output_tokens.unwrap_or(0),
            ..Usage::default()
        })
    }
}

impl Units {
    const fn say_something(&self) -> bool {
        self.input_tokens.is_some() || self.output_tokens.is_some() || self.search_units.is_some()
    }
}

pub(super) fn response(body: &[u8]) -> Result<ChatResponse, Error> {
    let value: Value = serde_json::from_slice(body).map_err(|error| unreadable("not JSON", &error))?;
    // An error is a message too, but a text.
    if !value.get("message").is_some_and(Value::is_object)
        && let Some(error) = failure::within_answer(&value)
    {
        return Err(error);
    }
    let wire =
        WireResponse::deserialize(value).map_err(|error| unreadable("not the form of an answer", &error))?;
    let message = message(wire.message)?;
    let called = message.tool_calls().next().is_some();
    if let Some(error) = failed(wire.finish_reason.as_deref(), wire.error.as_deref()) {
        return Err(error.with_partial(message));
    }
    Ok(ChatResponse {
        id: wire.id,
        model: String::new(),
        finish: finish_reason(wire.finish_reason.as_deref(), called),
        message,
        usage: wire.usage.and_then(|usage| usage.usage()),
    })
}

fn message(wire: WireMessage) -> Result<Message, Error> {
    let mut parts = Vec::new();
    let mut said = Vec::new();
    for content in wire.content {
        if !content.thinking.is_empty() {
            parts.push(Part::Reasoning(Reasoning::new(content.thinking, None)));
        }
        if !content.text.is_empty() {
            said.push(Part::Text(content.text));
        }
    }
    if !wire.tool_plan.is_empty() {
        parts.push(Part::Reasoning(Reasoning::new(wire.tool_plan, None)));
    }
    parts.append(&mut said);
    parts.extend(wire.citations.into_iter().flat_map(citations).map(Part::Citation));
    for call in wire.tool_calls {
        if call.id.is_empty() || call.function.name.is_empty() {
            return Err(malformed("a tool call without id or name"));
        }
        let WireFunction { name, arguments } = call.function;
        parts.push(Part::ToolCall(ToolCall::new(call.id, name, arguments)));
    }
    Ok(Message::new(Role::Assistant, parts))
}

/// More sources no citation has, and for a long text only the first is told: each is told with the whole text, and a
/// server could fill the memory with little.
const MAX_SOURCES: usize = 64;
const LONG_TEXT: usize = 4_096;

/// One citation for each of its sources; one without any when there are none.
pub(super) fn citations(wire: WireCitation) -> Vec<Citation> {
    let of = |source: Option<WireSource>| {
        let source = source.unwrap_or_default();
        let data = source.document.or(source.tool_output).unwrap_or_default();
        let field = |names: &[&str]| {
            let text = |name: &&str| data.get(*name).and_then(Value::as_str).map(str::to_owned);
            names.iter().find_map(text)
        };
        Citation {
            text: wire.text.clone(),
            cited: field(&["snippet", "text", "content"]),
            title: field(&["title"]),
            id: source.id,
            url: field(&["url"]),
        }
    };
    if wire.sources.is_empty() {
        return vec![of(None)];
    }
    let most = if wire.text.len() > LONG_TEXT {
        1
    } else {
        MAX_SOURCES
    };
    wire.sources
        .into_iter()
        .take(most)
        .map(|source| of(Some(source)))
        .collect()
}

/// What went wrong, for an answer that ended by a failure.
pub(super) fn failed(reason: Option<&str>, message: Option<&str>) -> Option<Error> {
    let reason = reason.filter(|reason| matches!(*reason, "ERROR" | "TIMEOUT"));
    let error = match message {
        Some(message) => failure::within_answer(&json!({"message": message})),
        None => reason.map(|_| Error::new(ErrorKind::ServerError)),
    }?;
    Some(match reason {
        Some("TIMEOUT") => error
            .with_code("TIMEOUT")
            .with_context("the provider ran out of time"),
        _ => error.with_code("ERROR"),
    })
}

pub(super) fn finish_reason(reason: Option<&str>, called_tools: bool) -> FinishReason {
    match reason.unwrap_or_default() {
        "TOOL_CALL" => FinishReason::ToolCalls,
        "" | "COMPLETE" if called_tools => FinishReason::ToolCalls,
        "" | "COMPLETE" | "STOP_SEQUENCE" => FinishReason::Stop,
        "MAX_TOKENS" => FinishReason::Length,
        "ERROR_TOXIC" => FinishReason::ContentFilter,
        other => FinishReason::Other(other.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_citation_has_no_more_sources_than_are_worth_their_words() {
        let cite = |length: usize, sources: usize| {
            let sources: Vec<Value> = (0..sources).map(|at| json!({"id": at.to_string()})).collect();
            let wire = json!({"text": "x".repeat(length), "sources": sources});
            citations(WireCitation::deserialize(wire).unwrap())
        };
        assert_eq!(cite(5, 0).len(), 1);
        assert_eq!(cite(LONG_TEXT, MAX_SOURCES + 1).len(), MAX_SOURCES);
        let long = cite(LONG_TEXT + 1, MAX_SOURCES);
        assert_eq!((long.len(), long[0].id.as_deref()), (1, Some("0")));
        assert_eq!(long[0].text.len(), LONG_TEXT + 1);
    }
}
