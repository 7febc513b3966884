//! What a request weighs, before anybody counts it: to know where it fits and what it would cost.

use aurora_core::money::NanoUsd;

use crate::chat::{ChatRequest, Message, Part};
use crate::pricing::{Cost, Price};
use crate::usage::Usage;

/// Bytes of text to a token, on average over languages and vocabularies.
pub(in crate::client) const BYTES_PER_TOKEN: u64 = 4;
/// No text has more bytes to a token than this: what does not fit even so is not sent.
const MOST_BYTES_PER_TOKEN: u64 = 8;
/// What a picture or a document costs in tokens, about.
const MEDIA_TOKENS: u64 = 500;
/// How long an answer is expected to be when the request does not say, in tokens.
const EXPECTED_OUTPUT: u32 = 1_000;

/// How many bytes of text a request has, media at what they weigh in tokens.
pub(in crate::client) fn bytes(request: &ChatRequest) -> u64 {
    let of_message = |message: &Message| -> u64 { message.parts.iter().map(of_part).sum() };
    let messages: u64 = request.messages.iter().map(of_message).sum();
    // Descriptions stand for schemas: rendering those would cost more than the rest of the route.
    let tools = request
        .tools
        .iter()
        .map(|tool| tool.name.len() + tool.description.as_deref().map_or(0, str::len) + 100);
    messages + tools.sum::<usize>() as u64
}

/// How many tokens a request has, by estimate.
pub(in crate::client) fn tokens(request: &ChatRequest) -> u64 {
    bytes(request) / BYTES_PER_TOKEN
}

fn of_part(part: &Part) -> u64 {
    let text = match part {
        Part::Text(text) | Part::Refusal(text) => text.len(),
        Part::Reasoning(reasoning) => reasoning.text.len(),
        Part::ToolCall(call) => call.name.len() + call.arguments.len(),
        Part::ToolResult(result) => result.content.len(),
        Part::Image(_) | Part::Document(_) | Part::Audio(_) => return MEDIA_TOKENS * BYTES_PER_TOKEN,
        _ => 0,
    };
    text as u64
}

/// Whether so many bytes fit into a context.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fit {
    /// By estimate, or as far as is known.
    Roomy,
    /// Only if the estimate is wrong.
    Tight,
    /// Surely not.
    Never,
}

pub(super) const fn fit(bytes: u64, max_output: Option<u32>, context: Option<u32>) -> Fit {
    let Some(context) = context else {
        return Fit::Roomy;
    };
    let output = match max_output {
        Some(tokens) => tokens as u64,
        None => 0,
    };
    if bytes / MOST_BYTES_PER_TOKEN > context as u64 {
        Fit::Never
    } else if bytes / BYTES_PER_TOKEN + output > context as u64 {
        Fit::Tight
    } else {
        Fit::Roomy
    }
}

/// What a request of so many tokens would cost, in nano-dollars; `None` when there is no price.
pub(super) fn cost(price: Option<Price>, input: u64, max_output: Option<u32>) -> Option<u64> {
    let usage = Usage::new(input, max_output.unwrap_or(EXPECTED_OUTPUT).into());
    let amount = match price?.cost(&usage) {
        Cost::Priced(amount) => amount,
        Cost::Unpriced => return None,
    };
    u64::try_from(NanoUsd::nanos(amount)).ok()
}
