//! From a client's body to our request.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::chat::{
    ChatRequest, Media, MediaSource, Message, Part, Reasoning, ResponseFormat, Role, Tool, ToolCall,
    ToolChoice, ToolResult,
};
use crate::error::Error;
use crate::wire::json::{arguments, invalid, or_default, refusal, unsupported};
use crate::wire::openai_chat::server::request::effort;
use crate::wire::openai_responses::{BETWEEN_SUMMARIES, DIALECT};
use crate::wire::served_signature::unwrap;
use crate::wire::{ClientRequest, Streaming, data_url};

#[derive(Debug, Deserialize)]
struct Body {
    model: String,
    input: Input,
    instructions: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    tools: Vec<WireTool>,
    tool_choice: Option<Value>,
    parallel_tool_calls: Option<bool>,
    #[serde(default, deserialize_with = "or_default")]
    text: Map<String, Value>,
    #[serde(default, deserialize_with = "or_default")]
    reasoning: Map<String, Value>,
    max_output_tokens: Option<u32>,
    temperature: Option<f64>,
    top_p: Option<f64>,
    #[serde(default, deserialize_with = "or_default")]
    metadata: std::collections::BTreeMap<String, String>,
    user: Option<String>,
    safety_identifier: Option<String>,
    prompt_cache_key: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    include: Vec<String>,
    #[serde(default, deserialize_with = "or_default")]
    stream: bool,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Input {
    Text(String),
    Items(Vec<Map<String, Value>>),
}

#[derive(Debug, Deserialize)]
struct WireTool {
    #[serde(rename = "type")]
    kind: String,
    name: Option<String>,
    description: Option<String>,
    parameters: Option<Value>,
    strict: Option<bool>,
}

/// Reads the body of `POST /v1/responses`.
///
/// Fields that the vocabulary has no word for (`service_tier`, `truncation`, `text.verbosity` …) are kept as
/// [`options`](ChatRequest::options) of `openai_responses`: they reach providers of this dialect unchanged, and no
/// other. `store` and `stream_options` are passed over: nothing is stored, and nothing is obfuscated.
///
/// # Errors
/// [`ErrorKind::InvalidRequest`](crate::error::ErrorKind::InvalidRequest) for a body that is not of this form;
/// [`ErrorKind::Unsupported`](crate::error::ErrorKind::Unsupported) for what could not be given back:
/// `previous_response_id` and other references to what is stored, background answers, log probabilities, tools that
/// run at the provider.
pub fn decode_request(body: &[u8]) -> Result<ClientRequest, Error> {
    let mut body: Body = serde_json::from_slice(body).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        let at = format!("the body is not a request for a response, line {line}, column {column}");
        invalid(at).with_provider_message(refusal(&error))
    })?;
    refuse_what_cannot_be_answered(&body)?;
    let mut messages = Vec::new();
    messages.extend(body.instructions.map(Message::system));
    match body.input {
        Input::Text(text) => messages.push(Message::user(text)),
        Input::Items(items) => {
            for item in &items {
                add(item, &mut messages)?;
            }
        }
    }
    if messages.is_empty() {
        return Err(invalid("input is empty"));
    }
    let mut request = ChatRequest::new(messages).model(body.model);
    request.tools = body.tools.into_iter().map(tool).collect::<Result<_, _>>()?;
    if let Some(choice) = body.tool_choice {
        request.tool_choice = tool_choice(&choice)?;
    }
    request.parallel_tool_calls = body.parallel_tool_calls;
    request.format = body
        .text
        .remove("format")
        .map_or(Ok(ResponseFormat::Text), |wire| format(&wire))?;
    request.max_tokens = body.max_output_tokens;
    request.temperature = body.temperature;
    request.top_p = body.top_p;
    if let Some(Value::String(word)) = body.reasoning.remove("effort") {
        request.reasoning = Some(effort(word));
    }
    let summary = body.reasoning.remove("summary");
    request.show_reasoning = summary.is_some_and(|summary| !summary.is_null());
    request.metadata = body.metadata;
    request.user = body.safety_identifier.or(body.user);
    request.cache_key = body.prompt_cache_key;
    let mut rest = body.rest;
    for (name, inner) in [("text", body.text), ("reasoning", body.reasoning)] {
        if inner.values().any(|value| !value.is_null()) {
            rest.insert(name.to_owned(), Value::Object(inner));
        }
    }
    const PASSED_OVER: [&str; 4] = ["store", "stream_options", "background", "top_logprobs"];
    rest.retain(|name, value| !value.is_null() && !PASSED_OVER.contains(&name.as_str()));
    if !rest.is_empty() {
        request.options.insert(DIALECT.to_owned(), rest);
    }
    Ok(ClientRequest {
        request,
        streaming: Streaming::from(body.stream),
        include_usage: true,
    })
}

fn refuse_what_cannot_be_answered(body: &Body) -> Result<(), Error> {
    let is_on = |name: &&str| {
        let value = body.rest.get(*name).unwrap_or(&Value::Null);
        !matches!(value, Value::Null | Value::Bool(false)) && value.as_u64() != Some(0)
    };
    let refused = [
        "previous_response_id",
        "conversation",
        "prompt",
        "background",
        "top_logprobs",
    ];
    if let Some(name) = refused.iter().find(|name| is_on(name)) {
        return Err(unsupported(*name));
    }
    if body
        .include
        .iter()
        .any(|what| what != "reasoning.encrypted_content")
    {
        return Err(unsupported("include other than reasoning.encrypted_content"));
    }
    Ok(())
}

fn add(item: &Map<String, Value>, messages: &mut Vec<Message>) -> Result<(), Error> {
    let text = |name: &str| item.get(name).and_then(Value::as_str).map(str::to_owned);
    let demanded =
        |name: &str| text(name).ok_or_else(|| invalid(format!("an item of the input lacks {name}")));
    match text("type").as_deref().unwrap_or("message") {
        "message" => {
            let role = match demanded("role")?.as_str() {
                "system" | "developer" => Role::System,
                "user" => Role::User,
                "assistant" => Role::Assistant,
                _ => return Err(invalid("a message has an unknown role")),
            };
            let parts = content(item.get("content").unwrap_or(&Value::Null))?;
            match role {
                Role::Assistant => answered(messages, parts),
                role => messages.push(Message::new(role, parts)),
            }
        }
        "function_call" => {
            let given = arguments(item.get("arguments").cloned());
            let call = ToolCall::new(demanded("call_id")?, demanded("name")?, given);
            answered(messages, vec![Part::ToolCall(call)]);
        }
        "function_call_output" => {
            let output = match item.get("output") {
                Some(Value::String(output)) => output.clone(),
                Some(parts @ Value::Array(_)) => {
                    let mut output = String::new();
                    for part in content(parts)? {
                        let text = part
                            .as_text()
                            .ok_or_else(|| unsupported("media in tool results"))?;
                        output.push_str(text);
                    }
                    output
                }
                _ => return Err(invalid("an item of the input lacks output")),
            };
            messages.push(Message::tool_result(ToolResult::new(
                demanded("call_id")?,
                output,
            )));
        }
        "reasoning" => {
            let words = |name: &str| {
                let parts = item.get(name).and_then(Value::as_array).into_iter().flatten();
                let texts = parts.filter_map(|part| part.get("text").and_then(Value::as_str));
                texts.collect::<Vec<_>>().join(BETWEEN_SUMMARIES)
            };
            let summary = words("summary");
            let shown = if summary.is_empty() {
                words("content")
            } else {
                summary
            };
            let signature = text("encrypted_content").and_then(|sealed| unwrap(&sealed));
            if !shown.is_empty() || signature.is_some() {
                answered(messages, vec![Part::Reasoning(Reasoning::new(shown, signature))]);
            }
        }
        "item_reference" => return Err(unsupported("references to stored items")),
        _ => return Err(unsupported("an item of the input is of an unknown type")),
    }
    Ok(())
}

/// The items of one answer are one message.
fn answered(messages: &mut Vec<Message>, parts: Vec<Part>) {
    match messages.last_mut() {
        Some(message) if message.role == Role::Assistant => message.parts.extend(parts),
        _ => messages.push(Message::new(Role::Assistant, parts)),
    }
}

fn content(content: &Value) -> Result<Vec<Part>, Error> {
    match content {
        Value::String(text) if text.is_empty() => Ok(Vec::new()),
        Value::String(text) => Ok(vec![Part::text(text)]),
        Value::Array(parts) => parts.iter().map(part).collect(),
        _ => Err(invalid("the content of a message is neither text nor a list")),
    }
}

fn part(part: &Value) -> Result<Part, Error> {
    let text = |name: &str| {
        part.get(name)
            .and_then(Value::as_str)
            .filter(|text| !text.is_empty())
    };
    let demanded = |name: &str| {
        let given = part.get(name).and_then(Value::as_str);
        given.ok_or_else(|| invalid("a part of a message lacks what its type demands"))
    };
    match text("type").unwrap_or_default() {
        "input_text" | "output_text" | "text" => Ok(Part::text(demanded("text")?)),
        "refusal" => Ok(Part::Refusal(demanded("refusal")?.to_owned())),
        "input_image" => {
            let url = text("image_url").ok_or_else(|| unsupported("uploaded files"))?;
            Ok(Part::Image(media(url, "image/*")?))
        }
        "input_file" => {
            let mut file = match (text("file_data"), text("file_url")) {
                (Some(data), _) if data.starts_with("data:") => media(data, "")?,
                (Some(_), _) => return Err(invalid("a file is not a data URL in base64")),
                (None, Some(url)) => media(url, "application/octet-stream")?,
                (None, None) => return Err(unsupported("uploaded files")),
            };
            file.name = text("filename").map(str::to_owned);
            Ok(Part::Document(file))
        }
        _ => Err(unsupported("a part of a message is of an unknown type")),
    }
}

fn media(url: &str, unknown: &str) -> Result<Media, Error> {
    match data_url::read(url) {
        Some((media_type, bytes)) => Ok(Media::new(media_type, MediaSource::Bytes(bytes))),
        None if url.starts_with("data:") => Err(invalid("a data URL is not base64")),
        None => Ok(Media::new(unknown, MediaSource::Url(url.to_owned()))),
    }
}

fn tool(wire: WireTool) -> Result<Tool, Error> {
    let name = wire.name.filter(|_| wire.kind == "function");
    let mut tool = Tool::new(
        name.ok_or_else(|| unsupported("tools other than functions"))?,
        "",
        // OpenAI documents that leaving the parameters out defines a function without any.
        wire.parameters
            .unwrap_or_else(|| serde_json::json!({"type": "object", "properties": {}})),
    );
    tool.description = wire.description;
    // Whoever leaves it out gets the dialect's own default.
    tool.strict = Some(wire.strict.unwrap_or(true));
    Ok(tool)
}

fn tool_choice(choice: &Value) -> Result<ToolChoice, Error> {
    match choice.as_str() {
        Some("auto") => Ok(ToolChoice::Auto),
        Some("none") => Ok(ToolChoice::None),
        Some("required") => Ok(ToolChoice::Required),
        Some(_) => Err(invalid("tool_choice is an unknown word")),
        None => choice
            .get("name")
            .and_then(Value::as_str)
            .filter(|_| choice.get("type").is_some_and(|kind| kind == "function"))
            .map(|name| ToolChoice::Tool(name.to_owned()))
            .ok_or_else(|| unsupported("tool_choice other than a function")),
    }
}

fn format(wire: &Value) -> Result<ResponseFormat, Error> {
    let text = |name: &str| wire.get(name).and_then(Value::as_str);
    match text("type").unwrap_or("text") {
        "text" => Ok(ResponseFormat::Text),
        "json_object" => Ok(ResponseFormat::JsonObject),
        "json_schema" => Ok(ResponseFormat::JsonSchema {
            name: text("name")
                .ok_or_else(|| invalid("text.format lacks a name"))?
                .to_owned(),
            schema: wire
                .get("schema")
                .cloned()
                .unwrap_or_else(|| Value::Object(Map::new())),
            strict: wire.get("strict").and_then(Value::as_bool).unwrap_or(false),
        }),
        _ => Err(invalid("text.format is of an unknown type")),
    }
}
