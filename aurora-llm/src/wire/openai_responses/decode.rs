//! From the body of an answer to our response.

use serde::Deserialize as _;
use serde_json::Value;

use super::item::{Content, Item, WireResponse};
use crate::chat::{ChatResponse, Message, Part, Reasoning, Role, ToolCall};
use crate::error::{Error, ErrorKind};
use crate::provider::ProviderId;
use crate::wire::failure;
use crate::wire::json::{arguments, malformed, unreadable};
use crate::wire::quoting::MAX_CITATIONS;

pub(super) fn response(body: &[u8], provider: &ProviderId) -> Result<ChatResponse, Error> {
    let value: Value = serde_json::from_slice(body).map_err(|error| unreadable("not JSON", &error))?;
    if let Some(error) = failure::within_answer(&value) {
        return Err(error);
    }
    let mut answer =
        WireResponse::deserialize(value).map_err(|error| unreadable("not the form of a response", &error))?;
    match answer.status.as_deref() {
        None | Some("completed" | "incomplete") => {}
        Some("failed") => return Err(Error::new(ErrorKind::ServerError)),
        Some(_) => return Err(malformed("an answer that is not complete")),
    }
    let Some(output) = answer.output.take() else {
        return Err(malformed("an answer without output"));
    };
    let mut parts = Vec::new();
    for item in output {
        add(item, provider, &mut parts)?;
    }
    let message = Message::new(Role::Assistant, parts);
    let called = message.tool_calls().next().is_some();
    let (finish, usage) = (answer.finish(called), answer.usage());
    Ok(ChatResponse {
        id: answer.id,
        model: answer.model,
        message,
        finish,
        usage,
    })
}

fn add(item: Item, provider: &ProviderId, parts: &mut Vec<Part>) -> Result<(), Error> {
    match item {
        Item::Message { content } => {
            for content in content.into_iter().flatten() {
                say(content, parts);
            }
        }
        Item::FunctionCall(mut call) => {
            if call.name.is_empty() {
                return Err(malformed("a tool call without a name"));
            }
            let (id, given) = (call.key(), arguments(call.arguments));
            parts.push(Part::ToolCall(ToolCall::new(id, call.name, given)));
        }
        Item::Reasoning(thought) => {
            let reasoning = Reasoning::new(thought.text(), thought.signature(provider));
            if !reasoning.text.is_empty() || reasoning.signature.is_some() {
                parts.push(Part::Reasoning(reasoning));
            }
        }
        Item::ImageGenerationCall(picture) => parts.extend(picture.media().map(Part::Image)),
        Item::Other => {}
    }
    Ok(())
}

/// Adds what was said; one text after another is one text, as in a stream.
fn say(content: Content, parts: &mut Vec<Part>) {
    match content {
        Content::OutputText { text, annotations } => {
            let citations: Vec<_> = annotations
                .into_iter()
                .take(MAX_CITATIONS)
                .filter_map(|annotation| annotation.citation(&text))
                .collect();
            match parts.last_mut() {
                _ if text.is_empty() => {}
                Some(Part::Text(before)) => before.push_str(&text),
                _ => parts.push(Part::Text(text)),
            }
            parts.extend(citations.into_iter().map(Part::Citation));
        }
        Content::Refusal { refusal } if !refusal.is_empty() => match parts.last_mut() {
            Some(Part::Refusal(before)) => before.push_str(&refusal),
            _ => parts.push(Part::Refusal(refusal)),
        },
        _ => {}
    }
}
