//! From our request to the body of `POST /chat/completions`.

use serde_json::{Map, Value, json};

use super::{DIALECT, MaxTokensField, OpenAiChat, TopK};
use crate::chat::{
    ChatRequest, Media, MediaSource, Message, Part, ReasoningEffort, ResponseFormat, Role, Tool, ToolCall,
    ToolChoice,
};
use crate::error::Error;
use crate::provider::Call;
use crate::wire::json::{invalid, merge_options, unsupported};
use crate::wire::openai_shape::image;
use crate::wire::{Streaming, WireRequest, data_url};

pub(super) fn request(call: &Call, streaming: Streaming, codec: &OpenAiChat) -> Result<WireRequest, Error> {
    let request = &*call.request;
    if request.top_k.is_some() && codec.top_k == TopK::Refused {
        return Err(unsupported("top_k"));
    }
    let mut body = Map::new();
    body.insert("model".to_owned(), json!(&*call.model));
    body.insert("messages".to_owned(), Value::Array(messages(&request.messages)?));
    tools(&mut body, request);
    let mut set = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            body.insert(name.to_owned(), value);
        }
    };
    let limit = match codec.max_tokens_field {
        MaxTokensField::MaxCompletionTokens => "max_completion_tokens",
        MaxTokensField::MaxTokens => "max_tokens",
    };
    set(limit, request.max_tokens.map(Value::from));
    set("temperature", request.temperature.map(Value::from));
    set("top_p", request.top_p.map(Value::from));
    set("top_k", request.top_k.map(Value::from));
    set("frequency_penalty", request.frequency_penalty.map(Value::from));
    set("presence_penalty", request.presence_penalty.map(Value::from));
    set("stop", (!request.stop.is_empty()).then(|| json!(request.stop)));
    set("seed", request.seed.map(Value::from));
    set("reasoning_effort", request.reasoning.as_ref().map(effort));
    set(
        "metadata",
        (!request.metadata.is_empty()).then(|| json!(request.metadata)),
    );
    set("user", request.user.as_deref().map(Value::from));
    set("prompt_cache_key", request.cache_key.as_deref().map(Value::from));
    if let Some(speech) = &request.speech {
        set("modalities", Some(json!(["text", "audio"])));
        set(
            "audio",
            Some(json!({"voice": speech.voice, "format": speech.format})),
        );
    }
    set("response_format", format(&request.format));
    if streaming.is_on() {
        set("stream", Some(json!(true)));
        set("stream_options", Some(json!({"include_usage": true})));
    }
    merge_options(&mut body, request, DIALECT);
    let body = serde_json::to_vec(&body)
        .map_err(|error| invalid("it cannot be written as JSON").with_source(error))?;
    Ok(WireRequest::post("/chat/completions", body))
}

fn messages(messages: &[Message]) -> Result<Vec<Value>, Error> {
    let mut out = Vec::with_capacity(messages.len());
    for message in messages {
        // Results stand in messages of their own here, and must follow the calls before anything else is said.
        let mut rest = Vec::with_capacity(message.parts.len());
        for part in &message.parts {
            match part {
                Part::ToolResult(result) => out.push(json!({
                    "role": "tool",
                    "tool_call_id": result.call_id,
                    "content": result.content,
                })),
                Part::CachePoint(_) => {}
                other => rest.push(other),
            }
        }
        if rest.is_empty() && message.role != Role::Assistant && !message.parts.is_empty() {
            continue;
        }
        out.push(match message.role {
            Role::System => spoken("system", &rest)?,
            Role::User => spoken("user", &rest)?,
            Role::Assistant => assistant(&rest)?,
            Role::Tool => return Err(invalid("a tool message holds something other than results")),
        });
    }
    Ok(out)
}

fn spoken(role: &str, parts: &[&Part]) -> Result<Value, Error> {
    match parts {
        // An empty list is refused, an empty text is not.
        [] => return Ok(json!({"role": role, "content": ""})),
        [Part::Text(text)] => return Ok(json!({"role": role, "content": text})),
        _ => {}
    }
    let parts: Vec<Value> = parts
        .iter()
        .map(|part| match part {
            Part::Text(text) => Ok(json!({"type": "text", "text": text})),
            Part::Image(media) if role == "user" => Ok(image(media)),
            Part::Document(media) if role == "user" => document(media),
            Part::Audio(media) if role == "user" => audio(media),
            _ => Err(invalid(format!(
                "a {role} message holds a part that only others may hold"
            ))),
        })
        .collect::<Result<_, _>>()?;
    Ok(json!({"role": role, "content": parts}))
}

fn assistant(parts: &[&Part]) -> Result<Value, Error> {
    let (mut text, mut refusal, mut calls) = (String::new(), String::new(), Vec::new());
    for part in parts {
        match part {
            Part::Text(more) => text.push_str(more),
            Part::Refusal(more) => refusal.push_str(more),
            Part::ToolCall(call) => calls.push(tool_call(call)),
            // Of a spoken answer the text is the transcript.
            Part::Reasoning(_) | Part::Citation(_) | Part::Audio(_) => {}
            _ => return Err(unsupported("media in answers of the model")),
        }
    }
    let mut message = Map::new();
    message.insert("role".to_owned(), json!("assistant"));
    let silent = text.is_empty() && (!calls.is_empty() || !refusal.is_empty());
    message.insert(
        "content".to_owned(),
        if silent { Value::Null } else { json!(text) },
    );
    if !refusal.is_empty() {
        message.insert("refusal".to_owned(), json!(refusal));
    }
    if !calls.is_empty() {
        message.insert("tool_calls".to_owned(), Value::Array(calls));
    }
    Ok(Value::Object(message))
}

/// One tool call as requests and whole answers write it.
pub(super) fn tool_call(call: &ToolCall) -> Value {
    json!({
        "id": call.id,
        "type": "function",
        "function": {"name": call.name, "arguments": call_arguments(call)},
    })
}

/// The arguments as JSON text, also where the model wrote none.
pub(in crate::wire) fn call_arguments(call: &ToolCall) -> &str {
    if call.arguments.trim().is_empty() {
        "{}"
    } else {
        &call.arguments
    }
}

fn document(media: &Media) -> Result<Value, Error> {
    let MediaSource::Bytes(bytes) = &media.source else {
        return Err(unsupported("documents by address"));
    };
    let name = media.name.as_deref().unwrap_or("document");
    let data = data_url::write(&media.media_type, bytes);
    Ok(json!({"type": "file", "file": {"filename": name, "file_data": data}}))
}

fn audio(media: &Media) -> Result<Value, Error> {
    let MediaSource::Bytes(bytes) = &media.source else {
        return Err(unsupported("sound by address"));
    };
    let format = match media.media_type.as_str() {
        "audio/wav" | "audio/x-wav" | "audio/wave" | "audio/vnd.wave" => "wav",
        "audio/mpeg" | "audio/mp3" => "mp3",
        other => other.strip_prefix("audio/").unwrap_or(other),
    };
    let data = data_url::encode(bytes);
    Ok(json!({"type": "input_audio", "input_audio": {"data": data, "format": format}}))
}

fn tools(body: &mut Map<String, Value>, request: &ChatRequest) {
    if request.tools.is_empty() {
        return;
    }
    let tools = request.tools.iter().map(tool).collect();
    body.insert("tools".to_owned(), Value::Array(tools));
    let choice = match &request.tool_choice {
        ToolChoice::Auto => None,
        ToolChoice::None => Some(json!("none")),
        ToolChoice::Required => Some(json!("required")),
        ToolChoice::Tool(name) => Some(json!({"type": "function", "function": {"name": name}})),
    };
    if let Some(choice) = choice {
        body.insert("tool_choice".to_owned(), choice);
    }
    if let Some(parallel) = request.parallel_tool_calls {
        body.insert("parallel_tool_calls".to_owned(), json!(parallel));
    }
}

fn tool(tool: &Tool) -> Value {
    let mut function = Map::new();
    function.insert("name".to_owned(), json!(tool.name));
    if let Some(description) = &tool.description {
        function.insert("description".to_owned(), json!(description));
    }
    function.insert("parameters".to_owned(), tool.parameters.clone());
    if let Some(strict) = tool.strict {
        function.insert("strict".to_owned(), json!(strict));
    }
    json!({"type": "function", "function": function})
}

fn format(format: &ResponseFormat) -> Option<Value> {
    match format {
        ResponseFormat::Text => None,
        ResponseFormat::JsonObject => Some(json!({"type": "json_object"})),
        ResponseFormat::JsonSchema { name, schema, strict } => Some(json!({
            "type": "json_schema",
            "json_schema": {"name": name, "schema": schema, "strict": strict},
        })),
    }
}

pub(in crate::wire) fn effort(effort: &ReasoningEffort) -> Value {
    Value::from(match effort {
        ReasoningEffort::None => "none",
        ReasoningEffort::Minimal => "minimal",
        ReasoningEffort::Low | ReasoningEffort::Tokens(..=4_096) => "low",
        ReasoningEffort::Medium | ReasoningEffort::Tokens(4_097..=16_384) => "medium",
        ReasoningEffort::High | ReasoningEffort::Tokens(_) => "high",
        ReasoningEffort::Other(word) => word.as_str(),
    })
}
