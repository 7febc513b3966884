//! Content blocks, as requests and answers both write them.

use serde_json::{Map, Value, json};

use super::REDACTED;
use crate::chat::{Media, MediaSource, Part, Reasoning, ToolCall};
use crate::error::Error;
use crate::wire::data_url;
use crate::wire::json::{invalid, unsupported};

/// What is said in one direction or the other; `None` for what the dialect does not accept, such as empty text.
pub(super) fn text(text: &str) -> Option<Value> {
    (!text.is_empty()).then(|| json!({"type": "text", "text": text}))
}

pub(super) fn tool_use(call: &ToolCall) -> Result<Value, Error> {
    let input = call
        .arguments_json()
        .ok()
        .filter(Value::is_object)
        .ok_or_else(|| invalid("the arguments of a tool call are not a JSON object"))?;
    Ok(json!({"type": "tool_use", "id": call.id, "name": call.name, "input": input}))
}

/// A thinking block with the signature in the form that `sign` gives it; `None` for reasoning without a signature.
pub(super) fn thinking(reasoning: &Reasoning, sign: impl FnOnce(&str) -> String) -> Option<Value> {
    let signature = reasoning.signature.as_ref()?;
    Some(match signature.value.strip_prefix(REDACTED) {
        Some(data) => json!({"type": "redacted_thinking", "data": sign(data)}),
        None => json!({"type": "thinking", "thinking": reasoning.text, "signature": sign(&signature.value)}),
    })
}

pub(super) fn media(part: &Part) -> Result<Value, Error> {
    match part {
        Part::Image(media) => Ok(json!({"type": "image", "source": source(media)})),
        Part::Document(media) => {
            let mut block = Map::new();
            block.insert("type".to_owned(), json!("document"));
            block.insert("source".to_owned(), document_source(media)?);
            if let Some(name) = &media.name {
                block.insert("title".to_owned(), json!(name));
            }
            Ok(Value::Object(block))
        }
        Part::Audio(_) => Err(unsupported("audio")),
        _ => Err(invalid("a message holds a part that only others may hold")),
    }
}

fn source(media: &Media) -> Value {
    match &media.source {
        MediaSource::Bytes(bytes) => json!({
            "type": "base64",
            "media_type": media.media_type,
            "data": data_url::encode(bytes),
        }),
        MediaSource::Url(url) => json!({"type": "url", "url": url}),
    }
}

fn document_source(media: &Media) -> Result<Value, Error> {
    match &media.source {
        MediaSource::Bytes(bytes) if media.media_type == "text/plain" => {
            let text = std::str::from_utf8(bytes).map_err(|_| invalid("a text document is not UTF-8"))?;
            Ok(json!({"type": "text", "media_type": "text/plain", "data": text}))
        }
        _ => Ok(source(media)),
    }
}
