//! From our request to the body of `POST /v1/messages`.

use serde_json::{Map, Value, json};

use super::{DIALECT, Thinking, VERSION, content, marks, thinking};
use crate::chat::{ChatRequest, Message, Part, ResponseFormat, Role, Tool, ToolChoice};
use crate::error::Error;
use crate::provider::{Call, ProviderId};
use crate::wire::json::{invalid, merge_options, unsupported};
use crate::wire::{Streaming, WireRequest};

/// Fields of a message request that a count of its tokens takes too.
const COUNTED: &[&str] = &[
    "model",
    "messages",
    "system",
    "tools",
    "tool_choice",
    "thinking",
    "output_config",
    "cache_control",
];

pub(super) fn request(
    call: &Call,
    streaming: Streaming,
    provider: &ProviderId,
    thinking: Thinking,
) -> Result<WireRequest, Error> {
    let body = body(call, streaming, provider, thinking)?;
    posted("/v1/messages", &body)
}

pub(super) fn count(call: &Call, provider: &ProviderId, thinking: Thinking) -> Result<WireRequest, Error> {
    let mut body = body(call, Streaming::No, provider, thinking)?;
    body.retain(|name, _| COUNTED.contains(&name.as_str()));
    posted("/v1/messages/count_tokens", &body)
}

fn posted(path: &'static str, body: &Map<String, Value>) -> Result<WireRequest, Error> {
    let body = serde_json::to_vec(body)
        .map_err(|error| invalid("it cannot be written as JSON").with_source(error))?;
    Ok(WireRequest::post(path, body).header("anthropic-version", VERSION))
}

fn body(
    call: &Call,
    streaming: Streaming,
    provider: &ProviderId,
    thinking: Thinking,
) -> Result<Map<String, Value>, Error> {
    let request = &*call.request;
    for (asked, what) in [
        (request.seed.is_some(), "seed"),
        (request.frequency_penalty.is_some(), "frequency_penalty"),
        (request.presence_penalty.is_some(), "presence_penalty"),
        (request.speech.is_some(), "speech"),
    ] {
        if asked {
            return Err(unsupported(what));
        }
    }
    marks::refuse_too_many(request)?;
    let mut body = Map::new();
    body.insert("model".to_owned(), json!(&*call.model));
    body.insert(
        "messages".to_owned(),
        Value::Array(messages(&request.messages, provider)?),
    );
    system(&mut body, &request.messages)?;
    tools(&mut body, request);
    thinking::write(&mut body, request, &call.model, thinking)?;
    format(&mut body, &request.format)?;
    let mut set = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            body.insert(name.to_owned(), value);
        }
    };
    set("temperature", request.temperature.map(Value::from));
    set("top_p", request.top_p.map(Value::from));
    set("top_k", request.top_k.map(Value::from));
    set(
        "stop_sequences",
        (!request.stop.is_empty()).then(|| json!(request.stop)),
    );
    set(
        "metadata",
        request.user.as_deref().map(|user| json!({"user_id": user})),
    );
    set("stream", streaming.is_on().then_some(Value::Bool(true)));
    merge_options(&mut body, request, DIALECT);
    // The one option that has its place within the blocks.
    if body.remove("citations") == Some(Value::Bool(true)) {
        cite(&mut body);
    }
    Ok(body)
}

fn cite(body: &mut Map<String, Value>) {
    let messages = body.get_mut("messages").and_then(Value::as_array_mut);
    let blocks = messages
        .into_iter()
        .flatten()
        .filter_map(|message| message.get_mut("content")?.as_array_mut())
        .flatten()
        .filter_map(Value::as_object_mut);
    for block in blocks.filter(|block| block.get("type").is_some_and(|kind| kind == "document")) {
        block.insert("citations".to_owned(), json!({"enabled": true}));
    }
}

fn system(body: &mut Map<String, Value>, messages: &[Message]) -> Result<(), Error> {
    let mut blocks = Vec::new();
    for part in messages
        .iter()
        .filter(|message| message.role == Role::System)
        .flat_map(|message| &message.parts)
    {
        match part {
            Part::Text(text) => blocks.extend(content::text(text)),
            Part::CachePoint(ttl) => {
                marks::set(&mut blocks, *ttl);
            }
            _ => return Err(invalid("a system message holds something other than text")),
        }
    }
    if !blocks.is_empty() {
        body.insert("system".to_owned(), Value::Array(blocks));
    }
    Ok(())
}

fn messages(messages: &[Message], provider: &ProviderId) -> Result<Vec<Value>, Error> {
    let mut turns: Vec<(&str, Vec<Value>)> = Vec::with_capacity(messages.len());
    for message in messages {
        let role = match message.role {
            Role::System => continue,
            Role::User | Role::Tool => "user",
            Role::Assistant => "assistant",
        };
        let mut blocks = Vec::with_capacity(message.parts.len());
        for part in &message.parts {
            if let Part::CachePoint(ttl) = part {
                let mut earlier = turns.iter_mut().rev().map(|(_, said)| said);
                let _ = marks::set(&mut blocks, *ttl) || earlier.any(|said| marks::set(said, *ttl));
            } else {
                blocks.extend(block(role, part, provider)?);
            }
        }
        if blocks.is_empty() {
            continue;
        }
        match turns.last_mut() {
            Some((last, before)) if *last == role => before.append(&mut blocks),
            _ => turns.push((role, blocks)),
        }
    }
    if turns.is_empty() {
        return Err(invalid("nothing is said in any message"));
    }
    Ok(turns
        .into_iter()
        .map(|(role, content)| json!({"role": role, "content": content}))
        .collect())
}

fn block(role: &str, part: &Part, provider: &ProviderId) -> Result<Option<Value>, Error> {
    match (role, part) {
        (_, Part::Text(text)) | ("assistant", Part::Refusal(text)) => Ok(content::text(text)),
        ("assistant", Part::ToolCall(call)) => content::tool_use(call).map(Some),
        ("assistant", Part::Reasoning(reasoning)) => {
            let ours = reasoning
                .signature
                .as_ref()
                .is_some_and(|signature| signature.provider == *provider);
            Ok(ours
                .then(|| content::thinking(reasoning, str::to_owned))
                .flatten())
        }
        ("user", Part::ToolResult(result)) => {
            let mut block = json!({
                "type": "tool_result",
                "tool_use_id": result.call_id,
                "content": result.content,
            });
            if let Some(block) = block.as_object_mut().filter(|_| result.is_error) {
                block.insert("is_error".to_owned(), json!(true));
            }
            Ok(Some(block))
        }
        (_, Part::Citation(_)) => Ok(None),
        ("user", media) => content::media(media).map(Some),
        _ => Err(unsupported("media in answers of the model")),
    }
}

fn tools(body: &mut Map<String, Value>, request: &ChatRequest) {
    if request.tools.is_empty() {
        return;
    }
    let tools = request.tools.iter().map(tool).collect();
    body.insert("tools".to_owned(), Value::Array(tools));
    let mut choice = match &request.tool_choice {
        ToolChoice::Auto => json!({"type": "auto"}),
        ToolChoice::None => json!({"type": "none"}),
        ToolChoice::Required => json!({"type": "any"}),
        ToolChoice::Tool(name) => json!({"type": "tool", "name": name}),
    };
    let one_at_a_time = request.parallel_tool_calls == Some(false) && request.tool_choice != ToolChoice::None;
    if let Some(choice) = choice.as_object_mut().filter(|_| one_at_a_time) {
        choice.insert("disable_parallel_tool_use".to_owned(), json!(true));
    }
    if one_at_a_time || request.tool_choice != ToolChoice::Auto {
        body.insert("tool_choice".to_owned(), choice);
    }
}

fn tool(tool: &Tool) -> Value {
    let mut out = Map::new();
    out.insert("name".to_owned(), json!(tool.name));
    if let Some(description) = &tool.description {
        out.insert("description".to_owned(), json!(description));
    }
    out.insert("input_schema".to_owned(), tool.parameters.clone());
    if tool.strict == Some(true) {
        out.insert("strict".to_owned(), json!(true));
    }
    if let Some(ttl) = tool.cache_point {
        out.insert("cache_control".to_owned(), marks::control(ttl));
    }
    Value::Object(out)
}

fn format(body: &mut Map<String, Value>, format: &ResponseFormat) -> Result<(), Error> {
    match format {
        ResponseFormat::Text => Ok(()),
        ResponseFormat::JsonObject => Err(unsupported("JSON without a schema")),
        ResponseFormat::JsonSchema { schema, .. } => {
            let format = json!({"type": "json_schema", "schema": schema});
            thinking::output_config(body, "format", format);
            Ok(())
        }
    }
}
