//! From our request to the body of `POST /v2/chat`.

use serde_json::{Map, Value, json};

use super::{DIALECT, MAX_STOP};
use crate::chat::{
    ChatRequest, Media, MediaSource, Message, Part, ReasoningEffort, ResponseFormat, Role, ToolCall,
    ToolChoice,
};
use crate::error::Error;
use crate::provider::Call;
use crate::wire::json::{invalid, merge_options, unsupported};
use crate::wire::openai_shape::{image, tool};
use crate::wire::{Streaming, WireRequest};

pub(super) fn request(call: &Call, streaming: Streaming) -> Result<WireRequest, Error> {
    let request = &*call.request;
    refuse(request)?;
    let mut documents = Vec::new();
    let mut body = Map::new();
    body.insert("model".to_owned(), json!(&*call.model));
    let messages = messages(&request.messages, &mut documents)?;
    body.insert("messages".to_owned(), Value::Array(messages));
    body.insert("stream".to_owned(), json!(streaming.is_on()));
    tools(&mut body, request)?;
    format(&mut body, request, !documents.is_empty())?;
    let mut set = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            body.insert(name.to_owned(), value);
        }
    };
    set("documents", (!documents.is_empty()).then(|| json!(documents)));
    set("max_tokens", request.max_tokens.map(Value::from));
    set("temperature", request.temperature.map(Value::from));
    set("p", request.top_p.map(Value::from));
    set("k", request.top_k.map(Value::from));
    set("seed", request.seed.map(Value::from));
    set("frequency_penalty", request.frequency_penalty.map(Value::from));
    set("presence_penalty", request.presence_penalty.map(Value::from));
    set(
        "stop_sequences",
        (!request.stop.is_empty()).then(|| json!(request.stop)),
    );
    set("thinking", request.reasoning.as_ref().map(thinking).transpose()?);
    merge_options(&mut body, request, DIALECT);
    body_of(&body).map(|body| WireRequest::post("/v2/chat", body))
}

/// A body as JSON.
pub(super) fn body_of(body: &Map<String, Value>) -> Result<Vec<u8>, Error> {
    serde_json::to_vec(body).map_err(|error| invalid("it cannot be written as JSON").with_source(error))
}

fn refuse(request: &ChatRequest) -> Result<(), Error> {
    if request.speech.is_some() {
        return Err(unsupported("speech"));
    }
    if request.parallel_tool_calls == Some(false) && !request.tools.is_empty() {
        return Err(unsupported("one tool call at a time"));
    }
    if request.stop.len() > MAX_STOP as usize {
        return Err(unsupported("more than five stop texts"));
    }
    Ok(())
}

fn messages(messages: &[Message], documents: &mut Vec<Value>) -> Result<Vec<Value>, Error> {
    let mut out = Vec::with_capacity(messages.len());
    for message in messages {
        let mut rest = Vec::with_capacity(message.parts.len());
        for part in &message.parts {
            match part {
                Part::ToolResult(result) => out.push(json!({
                    "role": "tool",
                    "tool_call_id": result.call_id,
                    "content": result.content,
                })),
                Part::CachePoint(_) | Part::Citation(_) => {}
                other => rest.push(other),
            }
        }
        if rest.is_empty() && message.role != Role::Assistant && !message.parts.is_empty() {
            continue;
        }
        match message.role {
            Role::System => out.push(spoken("system", &rest, documents)?),
            Role::User => out.push(spoken("user", &rest, documents)?),
            Role::Assistant => out.extend(assistant(&rest)?),
            Role::Tool => return Err(invalid("a tool message holds something other than results")),
        }
    }
    Ok(out)
}

fn spoken(role: &str, parts: &[&Part], documents: &mut Vec<Value>) -> Result<Value, Error> {
    let mut content = Vec::with_capacity(parts.len());
    for part in parts {
        match part {
            Part::Text(text) => content.push(json!({"type": "text", "text": text})),
            Part::Image(media) if role == "user" => content.push(image(media)),
            Part::Document(media) if role == "user" => documents.push(document(media)?),
            Part::Audio(_) if role == "user" => return Err(unsupported("audio")),
            _ => {
                let context = format!("a {role} message holds a part that only others may hold");
                return Err(invalid(context));
            }
        }
    }
    Ok(match (content.as_slice(), parts) {
        ([], _) => json!({"role": role, "content": ""}),
        ([_], [Part::Text(text), ..] | [.., Part::Text(text)]) => json!({"role": role, "content": text}),
        _ => json!({"role": role, "content": content}),
    })
}

fn document(media: &Media) -> Result<Value, Error> {
    let MediaSource::Bytes(bytes) = &media.source else {
        return Err(unsupported("documents at an address"));
    };
    let kind = media.media_type.split(';').next().unwrap_or_default().trim();
    if kind == "application/json"
        && let Ok(data @ Value::Object(_)) = serde_json::from_slice(bytes)
    {
        return Ok(match &media.name {
            Some(id) => json!({"id": id, "data": data}),
            None => json!({"data": data}),
        });
    }
    let readable = kind.starts_with("text/") || kind == "application/json";
    match std::str::from_utf8(bytes) {
        Ok(text) if readable => Ok(match &media.name {
            Some(title) => json!({"data": {"title": title, "text": text}}),
            None => json!({"data": {"text": text}}),
        }),
        _ => Err(unsupported("documents other than text and JSON")),
    }
}

/// A turn of the model; `None` for one that holds nothing that goes back.
fn assistant(parts: &[&Part]) -> Result<Option<Value>, Error> {
    let (mut text, mut plan, mut calls) = (String::new(), String::new(), Vec::new());
    for part in parts {
        match part {
            Part::Text(more) | Part::Refusal(more) => text.push_str(more),
            Part::Reasoning(reasoning) if reasoning.signature.is_none() => plan.push_str(&reasoning.text),
            Part::Reasoning(_) => {}
            Part::ToolCall(call) => calls.push(tool_call(call)),
            _ => return Err(unsupported("media in answers of the model")),
        }
    }
    if text.is_empty() && calls.is_empty() {
        return Ok(None);
    }
    let mut message = Map::new();
    message.insert("role".to_owned(), json!("assistant"));
    if !text.is_empty() {
        message.insert("content".to_owned(), json!(text));
    }
    if !calls.is_empty() {
        if !plan.is_empty() {
            message.insert("tool_plan".to_owned(), json!(plan));
        }
        message.insert("tool_calls".to_owned(), Value::Array(calls));
    }
    Ok(Some(Value::Object(message)))
}

pub(super) fn tool_call(call: &ToolCall) -> Value {
    let arguments = if call.arguments.trim().is_empty() {
        "{}"
    } else {
        &call.arguments
    };
    json!({
        "id": call.id,
        "type": "function",
        "function": {"name": call.name, "arguments": arguments},
    })
}

fn tools(body: &mut Map<String, Value>, request: &ChatRequest) -> Result<(), Error> {
    if request.tools.is_empty() {
        return Ok(());
    }
    body.insert("tools".to_owned(), request.tools.iter().map(tool).collect());
    if request.tools.iter().any(|tool| tool.strict == Some(true)) {
        body.insert("strict_tools".to_owned(), json!(true));
    }
    let choice = match &request.tool_choice {
        ToolChoice::Auto => return Ok(()),
        ToolChoice::None => "NONE",
        ToolChoice::Required => "REQUIRED",
        ToolChoice::Tool(_) => return Err(unsupported("the choice of one tool")),
    };
    body.insert("tool_choice".to_owned(), json!(choice));
    Ok(())
}

fn format(body: &mut Map<String, Value>, request: &ChatRequest, documents: bool) -> Result<(), Error> {
    let format = match &request.format {
        ResponseFormat::Text => return Ok(()),
        ResponseFormat::JsonObject => json!({"type": "json_object"}),
        ResponseFormat::JsonSchema { schema, .. } => json!({"type": "json_object", "json_schema": schema}),
    };
    if documents || !request.tools.is_empty() {
        return Err(unsupported("JSON answers together with tools or documents"));
    }
    body.insert("response_format".to_owned(), format);
    Ok(())
}

fn thinking(effort: &ReasoningEffort) -> Result<Value, Error> {
    let budget = match effort {
        ReasoningEffort::None => return Ok(json!({"type": "disabled"})),
        ReasoningEffort::Minimal => 1_024,
        ReasoningEffort::Low => 4_096,
        ReasoningEffort::Medium => 10_240,
        ReasoningEffort::High => return Ok(json!({"type": "enabled"})),
        ReasoningEffort::Tokens(tokens) => (*tokens).max(1),
        ReasoningEffort::Other(_) => return Err(unsupported("reasoning efforts by another name")),
    };
    Ok(json!({"type": "enabled", "token_budget": budget}))
}
