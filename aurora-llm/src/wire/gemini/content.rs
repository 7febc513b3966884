//! Parts, as requests and answers both write them.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use bytes::Bytes;
use serde_json::{Map, Value, json};

use crate::chat::{Media, MediaSource, Reasoning, ToolCall, ToolResult};
use crate::wire::data_url;

/// What precedes a signature of the part before it, which was no thought.
pub(super) const BEFORE: &str = "before:";

/// What precedes a signature that came on a part without anything else.
pub(super) const ALONE: &str = "alone:";

pub(super) fn text(text: &str) -> Option<Value> {
    (!text.is_empty()).then(|| json!({"text": text}))
}

pub(super) fn media(media: &Media) -> Value {
    match &media.source {
        MediaSource::Bytes(bytes) => json!({
            "inlineData": {"mimeType": media.media_type, "data": data_url::encode(bytes)},
        }),
        MediaSource::Url(url) if media.media_type.contains('*') => json!({"fileData": {"fileUri": url}}),
        MediaSource::Url(url) => json!({"fileData": {"mimeType": media.media_type, "fileUri": url}}),
    }
}

/// A thought; without any text and signature it is nothing.
pub(super) fn thought(reasoning: &Reasoning, signature: Option<String>) -> Option<Value> {
    let mut part = json!({"text": reasoning.text, "thought": true});
    if reasoning.text.is_empty() && signature.is_none() {
        return None;
    }
    sign(&mut part, signature);
    Some(part)
}

/// A call; arguments that are no JSON object, as when the model was cut off, are left to `instead`.
pub(super) fn function_call<E>(
    call: &ToolCall,
    instead: impl FnOnce() -> Result<Value, E>,
) -> Result<Value, E> {
    let args = match call.arguments_json().ok().filter(Value::is_object) {
        Some(args) => args,
        None => instead()?,
    };
    Ok(json!({"functionCall": {"id": call.id, "name": call.name, "args": args}}))
}

pub(super) fn sign(part: &mut Value, signature: Option<String>) {
    if let (Some(part), Some(signature)) = (part.as_object_mut(), signature) {
        part.insert("thoughtSignature".to_owned(), Value::String(signature));
    }
}

/// What a tool answered, as the object that the dialect demands: an object is itself, anything else is the `output`, and
/// what went wrong the `error`.
pub(super) fn function_response(result: &ToolResult, name: &str) -> Value {
    let object = serde_json::from_str::<Value>(&result.content)
        .ok()
        .filter(Value::is_object)
        .filter(|object| object.get("output").is_none() && object.get("error").is_none());
    let response = match object {
        Some(object) if !result.is_error => object,
        _ if result.is_error => json!({"error": result.content}),
        _ => json!({"output": result.content}),
    };
    json!({"functionResponse": {"id": result.call_id, "name": name, "response": response}})
}

/// The other way round: the content of a tool result, and whether the tool failed.
pub(super) fn response_text(response: &Value) -> (String, bool) {
    let shown = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let alone = |name: &str| {
        response
            .as_object()
            .filter(|object| object.len() == 1)
            .and_then(|object| object.get(name))
    };
    if let Some(error) = alone("error") {
        return (shown(error), true);
    }
    let output = alone("output").or_else(|| alone("result"));
    (output.map_or_else(|| shown(response), shown), false)
}

/// Base64 as Google's clients write it: either alphabet, with or without padding.
pub(super) fn base64(text: &str) -> Option<Bytes> {
    const EITHER: GeneralPurposeConfig =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let url = text.contains(['-', '_']);
    let alphabet = if url {
        &alphabet::URL_SAFE
    } else {
        &alphabet::STANDARD
    };
    let decoded = GeneralPurpose::new(alphabet, EITHER).decode(text.trim());
    decoded.ok().map(Bytes::from)
}

/// Fields in the camel case of the reference; Google's clients and servers take either, and mix them.
///
/// What is the caller's own, such as arguments and schemas, is left alone.
pub(super) fn camel_case(value: Value) -> Value {
    match value {
        Value::Array(items) => Value::Array(items.into_iter().map(camel_case).collect()),
        Value::Object(fields) => {
            let fields = fields.into_iter().map(|(name, value)| {
                let name = camel(&name);
                let own = matches!(
                    name.as_str(),
                    "args"
                        | "response"
                        | "parameters"
                        | "parametersJsonSchema"
                        | "responseSchema"
                        | "responseJsonSchema"
                        | "labels"
                );
                (name, if own { value } else { camel_case(value) })
            });
            Value::Object(fields.collect::<Map<_, _>>())
        }
        other => other,
    }
}

fn camel(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut raise = false;
    for letter in name.chars() {
        match letter {
            '_' if !out.is_empty() => raise = true,
            letter if raise => {
                out.extend(letter.to_uppercase());
                raise = false;
            }
            letter => out.push(letter),
        }
    }
    out
}
