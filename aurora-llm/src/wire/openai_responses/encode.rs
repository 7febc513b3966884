//! From our request to the body of `POST /responses`.

use serde_json::{Map, Value, json};

use super::{DIALECT, Sealed};
use crate::chat::{
    ChatRequest, Media, MediaSource, Message, Part, ReasoningEffort, ResponseFormat, Role, Tool, ToolChoice,
};
use crate::error::Error;
use crate::provider::{Call, ProviderId};
use crate::wire::json::{invalid, unsupported};
use crate::wire::openai_chat::encode::{call_arguments, effort};
use crate::wire::{Streaming, WireRequest, data_url};

/// Families of OpenAI's that do not reason, and refuse to be asked for the encrypted form of it.
const WITHOUT_REASONING: &[&str] = &["gpt-3.5", "gpt-4", "chatgpt"];

pub(super) fn request(
    call: &Call,
    streaming: Streaming,
    provider: &ProviderId,
) -> Result<WireRequest, Error> {
    let request = &*call.request;
    refuse_what_has_no_words(request)?;
    let mut body = Map::new();
    let mut set = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            body.insert(name.to_owned(), value);
        }
    };
    set("model", Some(json!(&*call.model)));
    set("input", Some(Value::Array(input(&request.messages, provider)?)));
    set("store", Some(json!(false)));
    if reasons(&call.model) {
        set("include", Some(json!(["reasoning.encrypted_content"])));
    }
    if !request.tools.is_empty() {
        set("tools", Some(request.tools.iter().map(tool).collect()));
        set("tool_choice", choice(&request.tool_choice));
        set(
            "parallel_tool_calls",
            request.parallel_tool_calls.map(Value::from),
        );
    }
    set("max_output_tokens", request.max_tokens.map(Value::from));
    set("temperature", request.temperature.map(Value::from));
    set("top_p", request.top_p.map(Value::from));
    set("reasoning", reasoning(request));
    set(
        "text",
        format(&request.format).map(|format| json!({"format": format})),
    );
    set(
        "metadata",
        (!request.metadata.is_empty()).then(|| json!(request.metadata)),
    );
    set("safety_identifier", request.user.as_deref().map(Value::from));
    set("prompt_cache_key", request.cache_key.as_deref().map(Value::from));
    if streaming.is_on() {
        set("stream", Some(json!(true)));
    }
    for (name, value) in request.options.get(DIALECT).into_iter().flatten() {
        merge(&mut body, name, value);
    }
    let body = serde_json::to_vec(&body)
        .map_err(|error| invalid("it cannot be written as JSON").with_source(error))?;
    Ok(WireRequest::post("/responses", body))
}

/// `text` and `reasoning` hold several settings each: an option adds to them, and replaces anything else.
fn merge(body: &mut Map<String, Value>, name: &str, value: &Value) {
    match (body.get_mut(name), value) {
        (Some(Value::Object(here)), Value::Object(more)) if matches!(name, "text" | "reasoning") => {
            here.extend(more.iter().map(|(name, value)| (name.clone(), value.clone())));
        }
        _ => {
            body.insert(name.to_owned(), value.clone());
        }
    }
}

fn reasons(model: &str) -> bool {
    !WITHOUT_REASONING.iter().any(|family| model.starts_with(family)) && !model.contains("-chat")
}

fn refuse_what_has_no_words(request: &ChatRequest) -> Result<(), Error> {
    let refused = [
        (!request.stop.is_empty(), "stop texts"),
        (request.seed.is_some(), "seed"),
        (request.top_k.is_some(), "top_k"),
        (request.frequency_penalty.is_some(), "frequency_penalty"),
        (request.presence_penalty.is_some(), "presence_penalty"),
        (request.speech.is_some(), "spoken answers"),
    ];
    match refused.into_iter().find(|(asked, _)| *asked) {
        Some((_, name)) => Err(unsupported(name)),
        None => Ok(()),
    }
}

fn input(messages: &[Message], provider: &ProviderId) -> Result<Vec<Value>, Error> {
    let mut out = Vec::with_capacity(messages.len());
    for message in messages {
        let mut rest = Vec::with_capacity(message.parts.len());
        for part in &message.parts {
            match part {
                Part::ToolResult(result) => out.push(json!({
                    "type": "function_call_output",
                    "call_id": result.call_id,
                    "output": result.content,
                })),
                Part::CachePoint(_) => {}
                other => rest.push(other),
            }
        }
        if rest.is_empty() && message.role != Role::Assistant && !message.parts.is_empty() {
            continue;
        }
        match message.role {
            Role::System => out.push(spoken("system", &rest)?),
            Role::User => out.push(spoken("user", &rest)?),
            Role::Assistant => assistant(&rest, provider, &mut out)?,
            Role::Tool => return Err(invalid("a tool message holds something other than results")),
        }
    }
    Ok(out)
}

fn spoken(role: &str, parts: &[&Part]) -> Result<Value, Error> {
    match parts {
        [] => return Ok(json!({"role": role, "content": ""})),
        [Part::Text(text)] => return Ok(json!({"role": role, "content": text})),
        _ => {}
    }
    let parts: Vec<Value> = parts
        .iter()
        .map(|part| match part {
            Part::Text(text) => Ok(json!({"type": "input_text", "text": text})),
            Part::Image(media) if role == "user" => Ok(image(media)),
            Part::Document(media) if role == "user" => Ok(document(media)),
            Part::Audio(_) if role == "user" => Err(unsupported("sound")),
            _ => Err(invalid(format!(
                "a {role} message holds a part that only others may hold"
            ))),
        })
        .collect::<Result<_, _>>()?;
    Ok(json!({"role": role, "content": parts}))
}

/// An answer of the model, as the items that it consisted of.
fn assistant(parts: &[&Part], provider: &ProviderId, out: &mut Vec<Value>) -> Result<(), Error> {
    let mut said: Vec<Value> = Vec::new();
    // A reasoning item is refused where nothing follows it.
    let mut thought: Option<Value> = None;
    for part in parts {
        let content = match part {
            Part::Reasoning(reasoning) => {
                let signature = reasoning.signature.as_ref();
                let own = signature.filter(|signature| signature.provider == *provider);
                if let Some(sealed) = own.and_then(|own| serde_json::from_str::<Sealed>(&own.value).ok()) {
                    speak(&mut said, out);
                    thought = Some(json!({
                        "type": "reasoning",
                        "id": sealed.id,
                        "summary": summary(&reasoning.text),
                        "encrypted_content": sealed.encrypted_content,
                    }));
                }
                continue;
            }
            Part::ToolCall(call) => {
                speak(&mut said, out);
                out.extend(thought.take());
                out.push(json!({
                    "type": "function_call",
                    "call_id": call.id,
                    "name": call.name,
                    "arguments": call_arguments(call),
                }));
                continue;
            }
            Part::Text(text) if text.is_empty() => continue,
            Part::Citation(_) | Part::Audio(_) => continue,
            Part::Text(text) => json!({"type": "output_text", "text": text}),
            Part::Refusal(text) => json!({"type": "refusal", "refusal": text}),
            _ => return Err(unsupported("media in answers of the model")),
        };
        out.extend(thought.take());
        said.push(content);
    }
    speak(&mut said, out);
    Ok(())
}

fn speak(said: &mut Vec<Value>, out: &mut Vec<Value>) {
    if !said.is_empty() {
        out.push(json!({"type": "message", "role": "assistant", "content": std::mem::take(said)}));
    }
}

/// A text as the parts of a summary.
pub(super) fn summary(text: &str) -> Vec<Value> {
    if text.is_empty() {
        return Vec::new();
    }
    vec![json!({"type": "summary_text", "text": text})]
}

fn image(media: &Media) -> Value {
    let url = match &media.source {
        MediaSource::Bytes(bytes) => data_url::write(&media.media_type, bytes),
        MediaSource::Url(url) => url.clone(),
    };
    json!({"type": "input_image", "image_url": url, "detail": "auto"})
}

fn document(media: &Media) -> Value {
    match &media.source {
        MediaSource::Url(url) => json!({"type": "input_file", "file_url": url}),
        MediaSource::Bytes(bytes) => json!({
            "type": "input_file",
            "filename": media.name.as_deref().unwrap_or("document"),
            "file_data": data_url::write(&media.media_type, bytes),
        }),
    }
}

fn tool(tool: &Tool) -> Value {
    let mut out = Map::new();
    out.insert("type".to_owned(), json!("function"));
    out.insert("name".to_owned(), json!(tool.name));
    if let Some(description) = &tool.description {
        out.insert("description".to_owned(), json!(description));
    }
    out.insert("parameters".to_owned(), tool.parameters.clone());
    out.insert("strict".to_owned(), json!(tool.strict.unwrap_or(false)));
    Value::Object(out)
}

fn choice(choice: &ToolChoice) -> Option<Value> {
    match choice {
        ToolChoice::Auto => None,
        ToolChoice::None => Some(json!("none")),
        ToolChoice::Required => Some(json!("required")),
        ToolChoice::Tool(name) => Some(json!({"type": "function", "name": name})),
    }
}

fn reasoning(request: &ChatRequest) -> Option<Value> {
    let mut out = Map::new();
    if let Some(wanted) = &request.reasoning {
        out.insert("effort".to_owned(), effort(wanted));
    }
    if request.show_reasoning && request.reasoning != Some(ReasoningEffort::None) {
        out.insert("summary".to_owned(), json!("auto"));
    }
    (!out.is_empty()).then_some(Value::Object(out))
}

fn format(format: &ResponseFormat) -> Option<Value> {
    match format {
        ResponseFormat::Text => None,
        ResponseFormat::JsonObject => Some(json!({"type": "json_object"})),
        ResponseFormat::JsonSchema { name, schema, strict } => {
            Some(json!({"type": "json_schema", "name": name, "schema": schema, "strict": strict}))
        }
    }
}
