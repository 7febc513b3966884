//! From the body of an answer to our response.

use serde::Deserialize;
use serde_json::Value;

use super::REDACTED;
use super::citations::WireCitation;
use crate::chat::{ChatResponse, FinishReason, Message, Part, Reasoning, Role, Signature, ToolCall};
use crate::error::Error;
use crate::provider::ProviderId;
use crate::usage::Usage;
use crate::wire::failure;
use crate::wire::json::{arguments, malformed, optional_count, or_default, unreadable};
use crate::wire::quoting::{MAX_CITATIONS, quoted};

#[derive(Debug, Deserialize)]
struct WireResponse {
    #[serde(default, deserialize_with = "or_default")]
    id: String,
    #[serde(default, deserialize_with = "or_default")]
    model: String,
    content: Vec<Block>,
    stop_reason: Option<String>,
    usage: Option<WireUsage>,
}

/// A block of any type; what its type does not have is empty.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Block {
    #[serde(rename = "type", default, deserialize_with = "or_default")]
    pub(super) kind: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) text: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) thinking: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) signature: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) data: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) id: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) name: String,
    pub(super) input: Option<Value>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) citations: Vec<WireCitation>,
}

/// Usage as Anthropic counts it: in a stream cumulative, with what did not change left out.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct WireUsage {
    #[serde(default, deserialize_with = "optional_count")]
    input_tokens: Option<u64>,
    #[serde(default, deserialize_with = "optional_count")]
    cache_read_input_tokens: Option<u64>,
    #[serde(default, deserialize_with = "optional_count")]
    cache_creation_input_tokens: Option<u64>,
    cache_creation: Option<CacheCreation>,
    #[serde(default, deserialize_with = "optional_count")]
    output_tokens: Option<u64>,
    output_tokens_details: Option<OutputDetails>,
    server_tool_use: Option<ServerToolUse>,
}

/// What was written to the prompt cache, by how long it is kept.
#[derive(Debug, Clone, Default, Deserialize)]
struct CacheCreation {
    #[serde(default, deserialize_with = "optional_count")]
    ephemeral_1h_input_tokens: Option<u64>,
}

/// What Anthropic's own tools did; searches are billed one by one.
#[derive(Debug, Clone, Default, Deserialize)]
struct ServerToolUse {
    #[serde(default, deserialize_with = "optional_count")]
    web_search_requests: Option<u64>,
}

#[derive(Debug, Clone, Default, Deserialize)]
struct OutputDetails {
    #[serde(default, deserialize_with = "optional_count")]
    thinking_tokens: Option<u64>,
}

impl WireUsage {
    /// Takes over what a later report says.
    pub(super) fn update(&mut self, later: Self) {
        let newer = |old: &mut Option<u64>, new: Option<u64>| *old = new.or(*old);
        newer(&mut self.input_tokens, later.input_tokens);
        newer(&mut self.cache_read_input_tokens, later.cache_read_input_tokens);
        newer(
            &mut self.cache_creation_input_tokens,
            later.cache_creation_input_tokens,
        );
        newer(&mut self.output_tokens, later.output_tokens);
        self.output_tokens_details = later.output_tokens_details.or(self.output_tokens_details.take());
        self.cache_creation = later.cache_creation.or(self.cache_creation.take());
        self.server_tool_use = later.server_tool_use.or(self.server_tool_use.take());
    }

    /// Disjoint parts; `None` when nothing was reported.
    pub(super) fn usage(&self) -> Option<Usage> {
        let output = self.output_tokens.unwrap_or(0);
        let thinking = self
            .output_tokens_details
            .as_ref()
            .and_then(|details| details.thinking_tokens);
        let reasoning = thinking.unwrap_or(0).min(output);
        let cache_write = self.cache_creation_input_tokens.unwrap_or(0);
        let for_an_hour = self
            .cache_creation
            .as_ref()
            .and_then(|written| written.ephemeral_1h_input_tokens);
        let cache_write_hour = for_an_hour.unwrap_or(0).min(cache_write);
        let searched = self.server_tool_use.as_ref();
        let usage = Usage {
            input: self.input_tokens.unwrap_or(0),
            cache_read: self.cache_read_input_tokens.unwrap_or(0),
            cache_write: cache_write - cache_write_hour,
            cache_write_hour,
            searches: searched.and_then(|tools| tools.web_search_requests).unwrap_or(0),
            output: output - reasoning,
            reasoning,
            ..Usage::default()
        };
        (usage.total() > 0).then_some(usage)
    }
}

pub(super) fn response(body: &[u8], provider: &ProviderId) -> Result<ChatResponse, Error> {
    let value: Value = serde_json::from_slice(body).map_err(|error| unreadable("not JSON", &error))?;
    if let Some(error) = failure::within_answer(&value) {
        return Err(error);
    }
    let wire =
        WireResponse::deserialize(value).map_err(|error| unreadable("not the form of a message", &error))?;
    let mut parts = Vec::with_capacity(wire.content.len());
    for mut block in wire.content {
        let cited = std::mem::take(&mut block.citations);
        let cited: Vec<Part> = cited
            .into_iter()
            .take(MAX_CITATIONS)
            .map(|citation| Part::Citation(citation.of(quoted(&block.text))))
            .collect();
        parts.extend(part(block, provider)?);
        parts.extend(cited);
    }
    let message = Message::new(Role::Assistant, parts);
    let called = message.tool_calls().next().is_some();
    Ok(ChatResponse {
        id: wire.id,
        model: wire.model,
        finish: finish_reason(wire.stop_reason.as_deref(), called),
        message,
        usage: wire.usage.and_then(|usage| usage.usage()),
    })
}

/// The part that a block holds; `None` for types that this version does not know, such as server tools.
fn part(block: Block, provider: &ProviderId) -> Result<Option<Part>, Error> {
    Ok(match block.kind.as_str() {
        "text" if block.text.is_empty() => None,
        "text" => Some(Part::Text(block.text)),
        "thinking" => Some(Part::Reasoning(Reasoning {
            text: block.thinking,
            signature: sign(block.signature, provider),
        })),
        "redacted_thinking" => Some(Part::Reasoning(Reasoning {
            text: String::new(),
            signature: sign(redacted(&block.data), provider),
        })),
        "tool_use" if block.name.is_empty() || block.id.is_empty() => {
            return Err(malformed("a tool call without id or name"));
        }
        "tool_use" => Some(Part::ToolCall(ToolCall {
            id: block.id,
            name: block.name,
            arguments: arguments(block.input),
            signature: None,
        })),
        _ => None,
    })
}

pub(super) fn redacted(data: &str) -> String {
    format!("{REDACTED}{data}")
}

pub(super) fn sign(value: String, provider: &ProviderId) -> Option<Signature> {
    (!value.is_empty()).then(|| Signature {
        provider: provider.clone(),
        value,
    })
}

pub(super) fn finish_reason(reason: Option<&str>, called_tools: bool) -> FinishReason {
    match reason.unwrap_or_default() {
        "" if called_tools => FinishReason::ToolCalls,
        "" | "end_turn" | "stop_sequence" => FinishReason::Stop,
        "max_tokens" | "model_context_window_exceeded" => FinishReason::Length,
        "tool_use" => FinishReason::ToolCalls,
        "refusal" => FinishReason::ContentFilter,
        other => FinishReason::Other(other.to_owned()),
    }
}
