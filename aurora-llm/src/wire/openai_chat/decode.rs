//! From the body of an answer to our response.

use serde::Deserialize;
use serde_json::Value;

use super::sound::{self, Sound};
use super::usage::WireUsage;
use crate::chat::{ChatResponse, Citation, FinishReason, Message, Part, Reasoning, Role, ToolCall};
use crate::error::Error;
use crate::wire::failure;
use crate::wire::json::{LooseText, arguments, malformed, or_default, unreadable};
use crate::wire::openai_responses::between;
use crate::wire::quoting::MAX_CITATIONS;

#[derive(Debug, Deserialize)]
struct Completion {
    #[serde(default, deserialize_with = "or_default")]
    id: String,
    #[serde(default, deserialize_with = "or_default")]
    model: String,
    #[serde(default, deserialize_with = "or_default")]
    choices: Vec<Choice>,
    usage: Option<WireUsage>,
    citations: Option<Value>,
}

#[derive(Debug, Deserialize)]
struct Choice {
    #[serde(default, deserialize_with = "or_default")]
    index: u32,
    message: Option<WireMessage>,
    finish_reason: Option<String>,
}

#[derive(Debug, Deserialize)]
struct WireMessage {
    content: Option<LooseText>,
    refusal: Option<String>,
    reasoning: Option<LooseText>,
    reasoning_content: Option<LooseText>,
    #[serde(default, deserialize_with = "or_default")]
    tool_calls: Vec<WireToolCall>,
    audio: Option<Sound>,
    annotations: Option<Vec<Value>>,
}

#[derive(Debug, Deserialize)]
struct WireToolCall {
    id: Option<String>,
    function: Option<WireFunction>,
}

#[derive(Debug, Deserialize)]
struct WireFunction {
    name: Option<String>,
    arguments: Option<Value>,
}

pub(super) fn response(body: &[u8]) -> Result<ChatResponse, Error> {
    let value: Value = serde_json::from_slice(body).map_err(|error| unreadable("not JSON", &error))?;
    if let Some(error) = failure::within_answer(&value) {
        return Err(error);
    }
    let completion = Completion::deserialize(value)
        .map_err(|error| unreadable("not the form of a chat completion", &error))?;
    // Only one answer was asked for.
    let choice = completion.choices.into_iter().min_by_key(|choice| choice.index);
    let Some((message, reason)) = choice.and_then(|choice| Some((choice.message?, choice.finish_reason)))
    else {
        return Err(malformed("an answer without a message"));
    };
    let mut message = parts(message, &completion.id)?;
    if !message.parts.iter().any(|part| matches!(part, Part::Citation(_))) {
        message
            .parts
            .extend(addresses(completion.citations.as_ref()).map(Part::Citation));
    }
    let called = message.tool_calls().next().is_some();
    Ok(ChatResponse {
        id: completion.id,
        model: completion.model,
        finish: finish_reason(reason.as_deref(), called),
        message,
        usage: completion.usage.and_then(WireUsage::into_usage),
    })
}

fn parts(message: WireMessage, answer: &str) -> Result<Message, Error> {
    let mut parts = Vec::new();
    if let Some(text) = reasoning([message.reasoning_content, message.reasoning]) {
        parts.push(Part::Reasoning(Reasoning {
            text,
            signature: None,
        }));
    }
    let mut sound = message.audio;
    let content = message
        .content
        .map(|LooseText(text)| text)
        .filter(|text| !text.is_empty());
    // What was spoken stands in the transcript alone.
    let text = content
        .or_else(|| sound.as_mut().and_then(Sound::transcript))
        .unwrap_or_default();
    let citations: Vec<Part> = cited(message.annotations, &text).map(Part::Citation).collect();
    if !text.is_empty() {
        parts.push(Part::Text(text));
    }
    parts.extend(citations);
    if let Some(bytes) = sound.as_ref().and_then(Sound::bytes) {
        parts.push(Part::Audio(sound::media(bytes)));
    }
    if let Some(refusal) = message.refusal.filter(|text| !text.is_empty()) {
        parts.push(Part::Refusal(refusal));
    }
    for (index, call) in message.tool_calls.into_iter().enumerate() {
        let function = call
            .function
            .ok_or_else(|| malformed("a tool call without a function"))?;
        let name = function.name.filter(|name| !name.is_empty());
        parts.push(Part::ToolCall(ToolCall {
            id: call
                .id
                .filter(|id| !id.is_empty())
                .unwrap_or_else(|| made_call_id(answer, index)),
            name: name.ok_or_else(|| malformed("a tool call without a name"))?,
            arguments: arguments(function.arguments),
            signature: None,
        }));
    }
    Ok(Message::new(Role::Assistant, parts))
}

/// The citations among annotations; places are counted in characters of `text`.
pub(super) fn cited(annotations: Option<Vec<Value>>, text: &str) -> impl Iterator<Item = Citation> {
    let annotations = annotations.into_iter().flatten().take(MAX_CITATIONS);
    annotations.filter_map(move |annotation| {
        let at = annotation.get("url_citation")?;
        let number = |name: &str| at.get(name).and_then(Value::as_u64).unwrap_or(0);
        let given = |name: &str| {
            let text = at.get(name).and_then(Value::as_str);
            text.filter(|text| !text.is_empty()).map(str::to_owned)
        };
        let mut citation = Citation::new(between(text, number("start_index"), number("end_index")));
        (citation.url, citation.title, citation.cited) = (given("url"), given("title"), given("content"));
        Some(citation)
    })
}

/// The sources that Perplexity and xAI list beside the answer.
pub(super) fn addresses(list: Option<&Value>) -> impl Iterator<Item = Citation> {
    let list = list.and_then(Value::as_array).into_iter().flatten();
    list.filter_map(|address| {
        let url = Some(address.as_str()?.to_owned());
        Some(Citation {
            url,
            ..Citation::default()
        })
    })
}

/// The reasoning, which some servers write under both of its names.
pub(super) fn reasoning(names: [Option<LooseText>; 2]) -> Option<String> {
    let mut texts = names.into_iter().flatten().map(|LooseText(text)| text);
    texts.find(|text| !text.is_empty())
}

/// An id for a call that the server gave none; the answer's id keeps it apart from those of earlier turns.
pub(super) fn made_call_id(answer: &str, index: usize) -> String {
    format!("call_{answer}_{index}")
}

pub(super) fn finish_reason(reason: Option<&str>, called_tools: bool) -> FinishReason {
    match reason.unwrap_or_default() {
        "" | "stop" | "eos" | "end_turn" | "stop_sequence" if called_tools => FinishReason::ToolCalls,
        "" | "stop" | "eos" | "end_turn" | "stop_sequence" => FinishReason::Stop,
        "length" | "model_length" | "max_tokens" => FinishReason::Length,
        "tool_calls" | "function_call" | "tool_use" => FinishReason::ToolCalls,
        "content_filter" => FinishReason::ContentFilter,
        other => FinishReason::Other(other.to_owned()),
    }
}
