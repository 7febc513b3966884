//! From a client's body to our request.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::chat::{
    ChatRequest, Media, MediaSource, Message, Part, Reasoning, ReasoningEffort, ResponseFormat, Role, Tool,
    ToolCall, ToolChoice, ToolResult,
};
use crate::error::Error;
use crate::wire::cohere::DIALECT;
use crate::wire::cohere::decode::{WireCall, WireCitation, citations};
use crate::wire::json::{invalid, keep_options, or_default, refused, unsupported};
use crate::wire::{ClientRequest, Streaming, data_url};

#[derive(Debug, Deserialize)]
struct Body {
    model: String,
    messages: Vec<WireMessage>,
    #[serde(default, deserialize_with = "or_default")]
    documents: Vec<Value>,
    #[serde(default, deserialize_with = "or_default")]
    tools: Vec<WireTool>,
    #[serde(default, deserialize_with = "or_default")]
    strict_tools: bool,
    tool_choice: Option<String>,
    response_format: Option<WireFormat>,
    thinking: Option<WireThinking>,
    max_tokens: Option<u32>,
    #[serde(default, deserialize_with = "or_default")]
    stop_sequences: Vec<String>,
    temperature: Option<f64>,
    p: Option<f64>,
    k: Option<u32>,
    seed: Option<i64>,
    frequency_penalty: Option<f64>,
    presence_penalty: Option<f64>,
    #[serde(default, deserialize_with = "or_default")]
    stream: bool,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

#[derive(Debug, Deserialize)]
struct WireMessage {
    role: String,
    content: Option<Content>,
    tool_call_id: Option<String>,
    tool_plan: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    tool_calls: Vec<WireCall>,
    #[serde(default, deserialize_with = "or_default")]
    citations: Vec<WireCitation>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Content {
    Text(String),
    Blocks(Vec<Map<String, Value>>),
}

#[derive(Debug, Deserialize)]
struct WireTool {
    function: WireFunction,
}

#[derive(Debug, Deserialize)]
struct WireFunction {
    name: String,
    description: Option<String>,
    parameters: Value,
}

#[derive(Debug, Deserialize)]
struct WireFormat {
    #[serde(rename = "type")]
    kind: String,
    json_schema: Option<Value>,
}

#[derive(Debug, Deserialize)]
struct WireThinking {
    #[serde(rename = "type")]
    kind: String,
    token_budget: Option<u32>,
}

/// Reads the body of `POST /v2/chat`.
///
/// Fields that the vocabulary has no word for (`safety_mode`, `citation_options` …) are kept as
/// [`options`](ChatRequest::options) of `cohere`: they reach providers of this dialect unchanged, and no other.
/// `documents` become parts of the last message by the user.
///
/// # Errors
/// [`ErrorKind::InvalidRequest`](crate::error::ErrorKind::InvalidRequest) for a body that is not of this form;
/// [`ErrorKind::Unsupported`](crate::error::ErrorKind::Unsupported) for content of unknown types.
pub fn decode_request(body: &[u8]) -> Result<ClientRequest, Error> {
    let body: Body =
        serde_json::from_slice(body).map_err(|error| refused("the body is not a chat request", &error))?;
    if body.messages.is_empty() {
        return Err(invalid("messages is empty"));
    }
    let mut messages = body
        .messages
        .into_iter()
        .map(message)
        .collect::<Result<Vec<_>, _>>()?;
    if !body.documents.is_empty() {
        let asked = messages.iter_mut().rfind(|message| message.role == Role::User);
        let asked = asked.ok_or_else(|| invalid("documents without a message by the user"))?;
        asked.parts.extend(body.documents.into_iter().map(document));
    }
    let mut request = ChatRequest::new(messages).model(body.model);
    request.tools = body
        .tools
        .into_iter()
        .map(|wire| tool(wire, body.strict_tools))
        .collect();
    request.tool_choice = match body.tool_choice.as_deref() {
        None => ToolChoice::Auto,
        Some("NONE") => ToolChoice::None,
        Some("REQUIRED") => ToolChoice::Required,
        Some(_) => return Err(invalid("tool_choice is neither REQUIRED nor NONE")),
    };
    request.format = body.response_format.map(format).transpose()?.unwrap_or_default();
    request.reasoning = body.thinking.map(reasoning).transpose()?;
    request.max_tokens = body.max_tokens;
    request.stop = body.stop_sequences;
    request.temperature = body.temperature;
    request.top_p = body.p;
    request.top_k = body.k.filter(|k| *k > 0);
    request.seed = body.seed;
    request.frequency_penalty = body.frequency_penalty;
    request.presence_penalty = body.presence_penalty;
    keep_options(&mut request.options, DIALECT, body.rest);
    Ok(ClientRequest {
        request,
        streaming: Streaming::from(body.stream),
        include_usage: true,
    })
}

fn message(wire: WireMessage) -> Result<Message, Error> {
    let role = match wire.role.as_str() {
        "system" => Role::System,
        "user" => Role::User,
        "assistant" => Role::Assistant,
        "tool" => Role::Tool,
        _ => return Err(invalid("a message has an unknown role")),
    };
    if role == Role::Tool {
        let call_id = wire
            .tool_call_id
            .ok_or_else(|| invalid("a tool message without tool_call_id"))?;
        return Ok(Message::tool_result(ToolResult::new(
            call_id,
            result(wire.content)?,
        )));
    }
    let mut parts = content(wire.content)?;
    if let Some(plan) = wire.tool_plan.filter(|plan| !plan.is_empty()) {
        parts.push(Part::Reasoning(Reasoning::new(plan, None)));
    }
    parts.extend(wire.citations.into_iter().flat_map(citations).map(Part::Citation));
    for call in wire.tool_calls {
        if call.id.is_empty() || call.function.name.is_empty() {
            return Err(invalid("a tool call without id or name"));
        }
        let function = call.function;
        parts.push(Part::ToolCall(ToolCall::new(
            call.id,
            function.name,
            function.arguments,
        )));
    }
    Ok(Message::new(role, parts))
}

fn content(content: Option<Content>) -> Result<Vec<Part>, Error> {
    match content {
        None => Ok(Vec::new()),
        Some(Content::Text(text)) if text.is_empty() => Ok(Vec::new()),
        Some(Content::Text(text)) => Ok(vec![Part::Text(text)]),
        Some(Content::Blocks(blocks)) => blocks.into_iter().map(part).collect(),
    }
}

fn part(mut block: Map<String, Value>) -> Result<Part, Error> {
    let missing = || invalid("a piece of content lacks what its type demands");
    let text = |name: &str| block.get(name).and_then(Value::as_str).map(str::to_owned);
    match text("type").unwrap_or_default().as_str() {
        "text" => Ok(Part::Text(text("text").ok_or_else(missing)?)),
        "thinking" => Ok(Part::Reasoning(Reasoning::new(
            text("thinking").ok_or_else(missing)?,
            None,
        ))),
        "image_url" => {
            let url = block
                .get("image_url")
                .and_then(|image| image.get("url"))
                .and_then(Value::as_str);
            image(url.ok_or_else(missing)?)
        }
        "document" => block.remove("document").map(document).ok_or_else(missing),
        _ => Err(unsupported("content of an unknown type")),
    }
}

fn image(url: &str) -> Result<Part, Error> {
    if url.starts_with("data:") {
        let (media_type, bytes) =
            data_url::read(url).ok_or_else(|| invalid("an image is not a base64 data URL"))?;
        return Ok(Part::Image(Media::new(media_type, MediaSource::Bytes(bytes))));
    }
    Ok(Part::Image(Media::new(
        "image/*",
        MediaSource::Url(url.to_owned()),
    )))
}

/// A text as it is; an object as JSON with its id as name.
fn document(document: Value) -> Part {
    let media = |kind: &str, text: String| Media::new(kind, MediaSource::Bytes(Bytes::from(text)));
    let document = match document {
        Value::String(text) => return Part::Document(media("text/plain", text)),
        document => document,
    };
    let data = document.get("data").unwrap_or(&document);
    let json = media("application/json", data.to_string());
    Part::Document(match document.get("id").and_then(Value::as_str) {
        Some(id) => json.name(id),
        None => json,
    })
}

/// The outcome of a tool as one text; documents stand in it as JSON.
fn result(content: Option<Content>) -> Result<String, Error> {
    let blocks = match content {
        None => return Ok(String::new()),
        Some(Content::Text(text)) => return Ok(text),
        Some(Content::Blocks(blocks)) => blocks,
    };
    let mut text = String::new();
    for block in blocks {
        match block.get("type").and_then(Value::as_str) {
            Some("text") => text.push_str(block.get("text").and_then(Value::as_str).unwrap_or_default()),
            Some("document") => {
                let document = block.get("document").unwrap_or(&Value::Null);
                text.push_str(&document.get("data").unwrap_or(document).to_string());
            }
            _ => return Err(unsupported("tool results of an unknown type")),
        }
    }
    Ok(text)
}

fn tool(wire: WireTool, strict: bool) -> Tool {
    Tool {
        name: wire.function.name,
        description: wire.function.description,
        parameters: wire.function.parameters,
        strict: strict.then_some(true),
        cache_point: None,
    }
}

fn format(wire: WireFormat) -> Result<ResponseFormat, Error> {
    match (wire.kind.as_str(), wire.json_schema) {
        ("text", _) => Ok(ResponseFormat::Text),
        ("json_object", None) => Ok(ResponseFormat::JsonObject),
        ("json_object", Some(schema)) => Ok(ResponseFormat::JsonSchema {
            name: "answer".to_owned(),
            schema,
            strict: true,
        }),
        _ => Err(invalid("response_format is of an unknown type")),
    }
}

fn reasoning(wire: WireThinking) -> Result<ReasoningEffort, Error> {
    match (wire.kind.as_str(), wire.token_budget) {
        ("disabled", _) => Ok(ReasoningEffort::None),
        ("enabled", Some(budget)) => Ok(ReasoningEffort::Tokens(budget)),
        ("enabled", None) => Ok(ReasoningEffort::High),
        _ => Err(invalid("thinking is of an unknown type")),
    }
}
