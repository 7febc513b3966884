//! From our request to the body of `POST /api/chat`.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::DIALECT;
use crate::chat::{
    ChatRequest, MediaSource, Message, Part, ReasoningEffort, ResponseFormat, Role, ToolCall, ToolChoice,
};
use crate::error::Error;
use crate::provider::Call;
use crate::wire::json::{invalid, unsupported};
use crate::wire::openai_shape::tool;
use crate::wire::{Streaming, WireRequest, data_url};

pub(super) fn request(call: &Call, streaming: Streaming, num_ctx: u32) -> Result<WireRequest, Error> {
    let request = &*call.request;
    refuse(request)?;
    let mut body = Map::new();
    body.insert("model".to_owned(), json!(&*call.model));
    body.insert("messages".to_owned(), Value::Array(messages(&request.messages)?));
    body.insert("stream".to_owned(), json!(streaming.is_on()));
    body.insert("truncate".to_owned(), json!(false));
    body.insert("shift".to_owned(), json!(false));
    if !request.tools.is_empty() && request.tool_choice != ToolChoice::None {
        body.insert("tools".to_owned(), request.tools.iter().map(tool).collect());
    }
    match &request.format {
        ResponseFormat::Text => {}
        ResponseFormat::JsonObject => drop(body.insert("format".to_owned(), json!("json"))),
        ResponseFormat::JsonSchema { schema, .. } => drop(body.insert("format".to_owned(), schema.clone())),
    }
    if let Some(effort) = &request.reasoning {
        body.insert("think".to_owned(), think(effort)?);
    }
    body.insert("options".to_owned(), options(request, num_ctx));
    merge(&mut body, &request.options);
    body_of(&body).map(|body| WireRequest::post("/api/chat", body))
}

/// A body as JSON.
pub(super) fn body_of(body: &Map<String, Value>) -> Result<Vec<u8>, Error> {
    serde_json::to_vec(body).map_err(|error| invalid("it cannot be written as JSON").with_source(error))
}

/// Adds the options of the dialect; those of the model are added one by one, for some stand there already.
pub(super) fn merge(body: &mut Map<String, Value>, options: &BTreeMap<String, Map<String, Value>>) {
    for (name, value) in options.get(DIALECT).into_iter().flatten() {
        match (name.as_str(), value, body.get_mut(name)) {
            ("options", Value::Object(more), Some(Value::Object(there))) => {
                there.extend(more.iter().map(|(name, value)| (name.clone(), value.clone())));
            }
            _ => drop(body.insert(name.clone(), value.clone())),
        }
    }
}

fn refuse(request: &ChatRequest) -> Result<(), Error> {
    if request.speech.is_some() {
        return Err(unsupported("speech"));
    }
    if request.tools.is_empty() {
        return Ok(());
    }
    if request.parallel_tool_calls == Some(false) {
        return Err(unsupported("one tool call at a time"));
    }
    match request.tool_choice {
        ToolChoice::Auto | ToolChoice::None => Ok(()),
        ToolChoice::Required | ToolChoice::Tool(_) => Err(unsupported("a tool call that must be made")),
    }
}

fn options(request: &ChatRequest, num_ctx: u32) -> Value {
    let mut options = Map::new();
    let mut set = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            options.insert(name.to_owned(), value);
        }
    };
    set("num_ctx", Some(json!(num_ctx)));
    set("num_predict", request.max_tokens.map(Value::from));
    set("temperature", request.temperature.map(Value::from));
    set("top_p", request.top_p.map(Value::from));
    set("top_k", request.top_k.map(Value::from));
    set("seed", request.seed.map(Value::from));
    set("frequency_penalty", request.frequency_penalty.map(Value::from));
    set("presence_penalty", request.presence_penalty.map(Value::from));
    set("stop", (!request.stop.is_empty()).then(|| json!(request.stop)));
    Value::Object(options)
}

fn messages(messages: &[Message]) -> Result<Vec<Value>, Error> {
    let mut out = Vec::with_capacity(messages.len());
    // Which tool each call was of: results name it.
    let mut called: BTreeMap<&str, &str> = BTreeMap::new();
    for message in messages {
        let mut rest = Vec::with_capacity(message.parts.len());
        for part in &message.parts {
            match part {
                Part::ToolResult(result) => {
                    let mut turn = json!({
                        "role": "tool",
                        "content": result.content,
                        "tool_call_id": result.call_id,
                    });
                    if let (Some(name), Some(turn)) =
                        (called.get(result.call_id.as_str()), turn.as_object_mut())
                    {
                        turn.insert("tool_name".to_owned(), json!(name));
                    }
                    out.push(turn);
                }
                Part::CachePoint(_) | Part::Citation(_) => {}
                other => rest.push(other),
            }
        }
        if rest.is_empty() && message.role != Role::Assistant && !message.parts.is_empty() {
            continue;
        }
        match message.role {
            Role::System => out.push(spoken("system", &rest)?),
            Role::User => out.push(spoken("user", &rest)?),
            Role::Assistant => out.push(assistant(&rest)?),
            Role::Tool => return Err(invalid("a tool message holds something other than results")),
        }
        called.extend(
            message
                .tool_calls()
                .map(|call| (call.id.as_str(), call.name.as_str())),
        );
    }
    Ok(out)
}

fn spoken(role: &str, parts: &[&Part]) -> Result<Value, Error> {
    let (mut text, mut images) = (String::new(), Vec::new());
    for part in parts {
        match part {
            Part::Text(more) => text.push_str(more),
            Part::Image(media) if role == "user" => match &media.source {
                MediaSource::Bytes(bytes) => images.push(data_url::encode(bytes)),
                MediaSource::Url(_) => return Err(unsupported("images at an address")),
            },
            Part::Document(_) | Part::Audio(_) if role == "user" => {
                return Err(unsupported("documents and sound"));
            }
            _ => {
                let context = format!("a {role} message holds a part that only others may hold");
                return Err(invalid(context));
            }
        }
    }
    Ok(if images.is_empty() {
        json!({"role": role, "content": text})
    } else {
        json!({"role": role, "content": text, "images": images})
    })
}

fn assistant(parts: &[&Part]) -> Result<Value, Error> {
    let (mut text, mut thinking, mut calls) = (String::new(), String::new(), Vec::new());
    for part in parts {
        match part {
            Part::Text(more) | Part::Refusal(more) => text.push_str(more),
            Part::Reasoning(reasoning) if reasoning.signature.is_none() => thinking.push_str(&reasoning.text),
            Part::Reasoning(_) => {}
            Part::ToolCall(call) => {
                let call = tool_call(call)
                    .ok_or_else(|| invalid("the arguments of a tool call are not a JSON object"))?;
                calls.push(call);
            }
            _ => return Err(unsupported("media in answers of the model")),
        }
    }
    let mut message = Map::new();
    message.insert("role".to_owned(), json!("assistant"));
    message.insert("content".to_owned(), json!(text));
    if !thinking.is_empty() {
        message.insert("thinking".to_owned(), json!(thinking));
    }
    if !calls.is_empty() {
        message.insert("tool_calls".to_owned(), Value::Array(calls));
    }
    Ok(Value::Object(message))
}

/// `None` when its arguments are not an object.
pub(super) fn tool_call(call: &ToolCall) -> Option<Value> {
    let arguments = call.arguments_json().ok().filter(Value::is_object)?;
    Some(json!({"id": call.id, "function": {"name": call.name, "arguments": arguments}}))
}

fn think(effort: &ReasoningEffort) -> Result<Value, Error> {
    Ok(match effort {
        ReasoningEffort::None => json!(false),
        ReasoningEffort::Minimal | ReasoningEffort::Low => json!("low"),
        ReasoningEffort::Medium => json!("medium"),
        ReasoningEffort::High => json!("high"),
        ReasoningEffort::Other(word) => json!(word),
        ReasoningEffort::Tokens(_) => return Err(unsupported("a number of tokens to reason with")),
    })
}
