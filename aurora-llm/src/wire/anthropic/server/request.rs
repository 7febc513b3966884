//! From a client's body to our request.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{REDACTED, unwrap};
use crate::chat::{
    ChatRequest, Media, MediaSource, Message, Part, Reasoning, ReasoningEffort, ResponseFormat, Role, Tool,
    ToolCall, ToolChoice, ToolResult,
};
use crate::error::Error;
use crate::wire::anthropic::{DIALECT, marks};
use crate::wire::json::{arguments, invalid, or_default, refusal, unsupported};
use crate::wire::{ClientRequest, Streaming, data_url};

#[derive(Debug, Deserialize)]
struct Body {
    model: String,
    max_tokens: Option<u32>,
    messages: Vec<WireMessage>,
    system: Option<Content>,
    #[serde(default, deserialize_with = "or_default")]
    tools: Vec<WireTool>,
    tool_choice: Option<WireChoice>,
    thinking: Option<WireThinking>,
    output_config: Option<Map<String, Value>>,
    #[serde(default, deserialize_with = "or_default")]
    stop_sequences: Vec<String>,
    temperature: Option<f64>,
    top_p: Option<f64>,
    top_k: Option<u32>,
    metadata: Option<WireMetadata>,
    #[serde(default, deserialize_with = "or_default")]
    stream: bool,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

#[derive(Debug, Deserialize)]
struct WireMessage {
    role: String,
    content: Content,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Content {
    Text(String),
    Blocks(Vec<Map<String, Value>>),
}

#[derive(Debug, Deserialize)]
struct WireTool {
    #[serde(rename = "type")]
    kind: Option<String>,
    name: String,
    description: Option<String>,
    input_schema: Option<Value>,
    strict: Option<bool>,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

#[derive(Debug, Deserialize)]
struct WireChoice {
    #[serde(rename = "type")]
    kind: String,
    name: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    disable_parallel_tool_use: bool,
}

#[derive(Debug, Deserialize)]
struct WireThinking {
    #[serde(rename = "type")]
    kind: String,
    budget_tokens: Option<u32>,
    display: Option<String>,
}

#[derive(Debug, Deserialize)]
struct WireMetadata {
    user_id: Option<String>,
}

/// Reads the body of `POST /v1/messages`.
///
/// Fields that the vocabulary has no word for (`service_tier` …) are kept as [`options`](ChatRequest::options) of
/// `anthropic`: they reach providers of this dialect unchanged, and no other. `cache_control` becomes a
/// [`CachePoint`](Part::CachePoint) after its block.
///
/// # Errors
/// [`ErrorKind::InvalidRequest`](crate::error::ErrorKind::InvalidRequest) for a body that is not of this form;
/// [`ErrorKind::Unsupported`](crate::error::ErrorKind::Unsupported) for server tools, uploaded files and media in tool
/// results.
pub fn decode_request(body: &[u8]) -> Result<ClientRequest, Error> {
    let body = parsed(body)?;
    if body.max_tokens.is_none() {
        return Err(invalid("max_tokens is missing"));
    }
    let streaming = Streaming::from(body.stream);
    Ok(ClientRequest {
        request: request(body)?,
        streaming,
        include_usage: true,
    })
}

/// Reads the body of `POST /v1/messages/count_tokens`, whose tokens shall be counted.
///
/// # Errors
/// As [`decode_request`].
pub fn decode_count(body: &[u8]) -> Result<ChatRequest, Error> {
    request(parsed(body)?)
}

fn parsed(body: &[u8]) -> Result<Body, Error> {
    serde_json::from_slice(body).map_err(|error| {
        let at = format!(
            "the body is not a messages request, line {}, column {}",
            error.line(),
            error.column()
        );
        invalid(at).with_provider_message(refusal(&error))
    })
}

fn request(body: Body) -> Result<ChatRequest, Error> {
    if body.messages.is_empty() {
        return Err(invalid("messages is empty"));
    }
    let mut messages = Vec::with_capacity(body.messages.len() + 1);
    if let Some(system) = body.system {
        messages.push(Message::new(Role::System, parts(system)?));
    }
    let mut cites = false;
    for wire in body.messages {
        cites |= is_cited(&wire.content);
        message(wire, &mut messages)?;
    }
    let mut request = ChatRequest::new(messages).model(body.model);
    request.max_tokens = body.max_tokens;
    request.tools = body.tools.into_iter().map(tool).collect::<Result<_, _>>()?;
    if let Some(choice) = body.tool_choice {
        request.parallel_tool_calls = choice.disable_parallel_tool_use.then_some(false);
        request.tool_choice = tool_choice(choice)?;
    }
    reasoning_and_format(&mut request, body.thinking, body.output_config)?;
    request.stop = body.stop_sequences;
    request.temperature = body.temperature;
    request.top_p = body.top_p;
    request.top_k = body.top_k;
    request.user = body.metadata.and_then(|metadata| metadata.user_id);
    let rest = body.rest.into_iter().filter(|(_, value)| !value.is_null());
    let options = request.options.entry(DIALECT.to_owned()).or_default();
    options.extend(rest);
    if cites {
        options.insert("citations".to_owned(), Value::Bool(true));
    }
    request.options.retain(|_, options| !options.is_empty());
    Ok(request)
}

/// Whether a document of the request shall be cited.
fn is_cited(content: &Content) -> bool {
    let Content::Blocks(blocks) = content else {
        return false;
    };
    let enabled = |block: &Map<String, Value>| block.get("citations")?.get("enabled")?.as_bool();
    blocks.iter().any(|block| enabled(block) == Some(true))
}

/// Splits a turn into our messages: tool results stand apart from what the user says.
fn message(wire: WireMessage, out: &mut Vec<Message>) -> Result<(), Error> {
    let role = match wire.role.as_str() {
        "user" => Role::User,
        "assistant" => Role::Assistant,
        "system" => Role::System,
        _ => return Err(invalid("a message has an unknown role")),
    };
    let mut after_result = false;
    let (results, said): (Vec<Part>, Vec<Part>) = parts(wire.content)?.into_iter().partition(|part| {
        // A mark stays with what it marks.
        if !matches!(part, Part::CachePoint(_)) {
            after_result = matches!(part, Part::ToolResult(_));
        }
        after_result
    });
    let silent = results.is_empty();
    if !silent {
        out.push(Message::new(Role::Tool, results));
    }
    if silent || !said.is_empty() {
        out.push(Message::new(role, said));
    }
    Ok(())
}

fn parts(content: Content) -> Result<Vec<Part>, Error> {
    match content {
        Content::Text(text) if text.is_empty() => Ok(Vec::new()),
        Content::Text(text) => Ok(vec![Part::Text(text)]),
        Content::Blocks(blocks) => {
            let mut parts = Vec::with_capacity(blocks.len());
            for block in blocks {
                let mark = marks::read(&block);
                parts.push(part(block)?);
                parts.extend(mark.map(Part::CachePoint));
            }
            Ok(parts)
        }
    }
}

fn part(mut block: Map<String, Value>) -> Result<Part, Error> {
    let missing = || invalid("a block of a message lacks what its type demands");
    let text = |name: &str| block.get(name).and_then(Value::as_str).map(str::to_owned);
    match text("type").unwrap_or_default().as_str() {
        "text" => Ok(Part::Text(text("text").ok_or_else(missing)?)),
        "image" => {
            let (media_type, source) = source(block.get("source").ok_or_else(missing)?, "image/*")?;
            Ok(Part::Image(Media {
                media_type,
                source,
                name: None,
            }))
        }
        "document" => {
            let name = text("title");
            let (media_type, source) = source(block.get("source").ok_or_else(missing)?, "application/pdf")?;
            Ok(Part::Document(Media {
                media_type,
                source,
                name,
            }))
        }
        "thinking" => Ok(Part::Reasoning(Reasoning {
            text: text("thinking").unwrap_or_default(),
            signature: text("signature").and_then(|signature| unwrap(&signature)),
        })),
        "redacted_thinking" => Ok(Part::Reasoning(Reasoning {
            text: String::new(),
            signature: text("data").and_then(|data| unwrap(&data)).map(|mut signature| {
                signature.value.insert_str(0, REDACTED);
                signature
            }),
        })),
        "tool_use" => Ok(Part::ToolCall(ToolCall {
            id: text("id").ok_or_else(missing)?,
            name: text("name").ok_or_else(missing)?,
            arguments: arguments(block.remove("input")),
            signature: None,
        })),
        "tool_result" => Ok(Part::ToolResult(ToolResult {
            call_id: text("tool_use_id").ok_or_else(missing)?,
            is_error: block.get("is_error").and_then(Value::as_bool).unwrap_or(false),
            content: result_text(block.remove("content"))?,
        })),
        _ => Err(unsupported("a block of a message is of an unknown type")),
    }
}

fn result_text(content: Option<Value>) -> Result<String, Error> {
    match content {
        None | Some(Value::Null) => Ok(String::new()),
        Some(Value::String(text)) => Ok(text),
        Some(Value::Array(blocks)) => blocks
            .iter()
            .map(|block| match block.get("type").and_then(Value::as_str) {
                Some("text") => Ok(block.get("text").and_then(Value::as_str).unwrap_or_default()),
                _ => Err(unsupported("media in tool results")),
            })
            .collect(),
        Some(_) => Err(invalid("the content of a tool result is neither text nor blocks")),
    }
}

fn source(source: &Value, by_address: &str) -> Result<(String, MediaSource), Error> {
    let text = |name: &str| source.get(name).and_then(Value::as_str);
    let missing = || invalid("a source lacks what its type demands");
    match text("type").unwrap_or_default() {
        "base64" => {
            let bytes = data_url::decode(text("data").ok_or_else(missing)?)
                .ok_or_else(|| invalid("a source is not base64"))?;
            let media_type = text("media_type").ok_or_else(missing)?;
            Ok((media_type.to_owned(), MediaSource::Bytes(bytes)))
        }
        "text" => {
            let bytes = Bytes::from(text("data").ok_or_else(missing)?.to_owned());
            Ok(("text/plain".to_owned(), MediaSource::Bytes(bytes)))
        }
        "url" => Ok((
            by_address.to_owned(),
            MediaSource::Url(text("url").ok_or_else(missing)?.to_owned()),
        )),
        _ => Err(unsupported("uploaded files")),
    }
}

fn tool(wire: WireTool) -> Result<Tool, Error> {
    if wire.kind.is_some_and(|kind| kind != "custom") {
        return Err(unsupported("server tools"));
    }
    Ok(Tool {
        name: wire.name,
        description: wire.description,
        parameters: wire
            .input_schema
            .ok_or_else(|| invalid("a tool without input_schema"))?,
        strict: wire.strict,
        cache_point: marks::read(&wire.rest),
    })
}

fn tool_choice(wire: WireChoice) -> Result<ToolChoice, Error> {
    match (wire.kind.as_str(), wire.name) {
        ("auto", _) => Ok(ToolChoice::Auto),
        ("none", _) => Ok(ToolChoice::None),
        ("any", _) => Ok(ToolChoice::Required),
        ("tool", Some(name)) => Ok(ToolChoice::Tool(name)),
        _ => Err(invalid("tool_choice is of an unknown type")),
    }
}

fn reasoning_and_format(
    request: &mut ChatRequest,
    thinking: Option<WireThinking>,
    config: Option<Map<String, Value>>,
) -> Result<(), Error> {
    let mut config = config.unwrap_or_default();
    let display = thinking.as_ref().and_then(|thinking| thinking.display.as_deref());
    request.show_reasoning = display == Some("summarized");
    let effort = config
        .remove("effort")
        .and_then(|word| word.as_str().map(str::to_owned));
    request.reasoning = match thinking
        .as_ref()
        .map(|thinking| (thinking.kind.as_str(), thinking.budget_tokens))
    {
        Some(("disabled", _)) => Some(ReasoningEffort::None),
        Some(("enabled", Some(budget))) => Some(ReasoningEffort::Tokens(budget)),
        Some(("adaptive", _)) => Some(effort.map_or(ReasoningEffort::Medium, word)),
        Some(_) => return Err(invalid("thinking is of an unknown type")),
        None => effort.map(word),
    };
    if let Some(format) = config.remove("format") {
        let schema = format
            .get("schema")
            .filter(|_| format.get("type").is_some_and(|kind| kind == "json_schema"));
        request.format = ResponseFormat::JsonSchema {
            name: "answer".to_owned(),
            schema: schema
                .cloned()
                .ok_or_else(|| invalid("output_config.format is of an unknown type"))?,
            strict: true,
        };
    }
    match config.keys().next() {
        Some(_) => Err(unsupported("output_config beyond effort and format")),
        None => Ok(()),
    }
}

fn word(word: String) -> ReasoningEffort {
    match word.as_str() {
        "low" => ReasoningEffort::Low,
        "medium" => ReasoningEffort::Medium,
        "high" => ReasoningEffort::High,
        _ => ReasoningEffort::Other(word),
    }
}
