//! From a client's body to our request.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::chat::{
    ChatRequest, Media, MediaSource, Message, Part, Reasoning, ReasoningEffort, ResponseFormat, Role, Tool,
    ToolCall, ToolResult,
};
use crate::error::Error;
use crate::wire::json::{arguments, invalid, keep_options, or_default, refused, unsupported};
use crate::wire::ollama::DIALECT;
use crate::wire::{ClientRequest, Streaming, data_url};

#[derive(Debug, Deserialize)]
struct Body {
    model: String,
    #[serde(default, deserialize_with = "or_default")]
    messages: Vec<WireMessage>,
    #[serde(default, deserialize_with = "or_default")]
    tools: Vec<WireTool>,
    stream: Option<bool>,
    format: Option<Value>,
    think: Option<Value>,
    #[serde(default, deserialize_with = "or_default")]
    options: WireOptions,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

#[derive(Debug, Default, Deserialize)]
struct WireOptions {
    num_predict: Option<i64>,
    temperature: Option<f64>,
    top_p: Option<f64>,
    top_k: Option<u32>,
    seed: Option<i64>,
    frequency_penalty: Option<f64>,
    presence_penalty: Option<f64>,
    #[serde(default, deserialize_with = "or_default")]
    stop: Vec<String>,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

#[derive(Debug, Deserialize)]
struct WireMessage {
    role: String,
    #[serde(default, deserialize_with = "or_default")]
    content: String,
    #[serde(default, deserialize_with = "or_default")]
    thinking: String,
    #[serde(default, deserialize_with = "or_default")]
    images: Vec<String>,
    #[serde(default, deserialize_with = "or_default")]
    tool_calls: Vec<WireCall>,
    tool_call_id: Option<String>,
    tool_name: Option<String>,
}

#[derive(Debug, Deserialize)]
struct WireCall {
    id: Option<String>,
    function: WireCalled,
}

#[derive(Debug, Deserialize)]
struct WireCalled {
    name: String,
    arguments: Option<Value>,
}

#[derive(Debug, Deserialize)]
struct WireTool {
    function: WireFunction,
}

#[derive(Debug, Deserialize)]
struct WireFunction {
    name: String,
    description: Option<String>,
    parameters: Option<Value>,
}

/// Reads the body of `POST /api/chat`; an answer is streamed unless the body says otherwise.
///
/// Fields and options that the vocabulary has no word for (`keep_alive`, `num_ctx` …) are kept as
/// [`options`](ChatRequest::options) of `ollama`: they reach providers of this dialect unchanged, and no other.
/// Clients send neither the ids of calls nor those of results, so both are counted; a result belongs to the first open
/// call of its tool.
///
/// # Errors
/// [`ErrorKind::InvalidRequest`](crate::error::ErrorKind::InvalidRequest) for a body that is not of this form;
/// [`ErrorKind::Unsupported`](crate::error::ErrorKind::Unsupported) for a form of answers that is not known.
pub fn decode_request(body: &[u8]) -> Result<ClientRequest, Error> {
    let body: Body =
        serde_json::from_slice(body).map_err(|error| refused("the body is not a chat request", &error))?;
    if body.messages.is_empty() {
        return Err(invalid("messages is empty"));
    }
    let mut history = History::default();
    let messages = body
        .messages
        .into_iter()
        .map(|wire| history.message(wire))
        .collect::<Result<Vec<_>, _>>()?;
    let mut request = ChatRequest::new(messages).model(body.model);
    request.tools = body.tools.into_iter().map(tool).collect();
    request.format = format(body.format)?;
    request.reasoning = body.think.map(reasoning).transpose()?.flatten();
    let options = body.options;
    // Ollama writes "without limit" as a number below zero.
    request.max_tokens = options.num_predict.and_then(|tokens| u32::try_from(tokens).ok());
    request.temperature = options.temperature;
    request.top_p = options.top_p;
    request.top_k = options.top_k;
    request.seed = options.seed;
    request.frequency_penalty = options.frequency_penalty;
    request.presence_penalty = options.presence_penalty;
    request.stop = options.stop;
    let mut rest = body.rest;
    if !options.rest.is_empty() {
        rest.insert("options".to_owned(), Value::Object(options.rest));
    }
    keep_options(&mut request.options, DIALECT, rest);
    Ok(ClientRequest {
        request,
        streaming: Streaming::from(body.stream.unwrap_or(true)),
        include_usage: true,
    })
}

/// More calls wait for their results in no conversation; each result is looked for among all of them.
const MAX_OPEN: usize = 1_024;

/// The calls that wait for their results, by id and tool, and how many there have been.
#[derive(Debug, Default)]
struct History {
    open: Vec<(String, String)>,
    calls: usize,
}

impl History {
    fn message(&mut self, wire: WireMessage) -> Result<Message, Error> {
        let role = match wire.role.to_lowercase().as_str() {
            "system" => Role::System,
            "user" => Role::User,
            "assistant" => Role::Assistant,
            "tool" => {
                let id = self.answered(wire.tool_call_id, wire.tool_name.as_deref());
                return Ok(Message::tool_result(ToolResult::new(id, wire.content)));
            }
            _ => return Err(invalid("a message has an unknown role")),
        };
        let mut parts = Vec::new();
        if !wire.thinking.is_empty() {
            parts.push(Part::Reasoning(Reasoning::new(wire.thinking, None)));
        }
        if !wire.content.is_empty() {
            parts.push(Part::Text(wire.content));
        }
        for image in wire.images {
            let bytes = data_url::decode(&image).ok_or_else(|| invalid("an image is not base64"))?;
            let media_type = picture(&bytes);
            parts.push(Part::Image(Media::new(media_type, MediaSource::Bytes(bytes))));
        }
        for call in wire.tool_calls {
            if self.open.len() == MAX_OPEN {
                return Err(invalid("more tool calls without results than a conversation has"));
            }
            let id = call
                .id
                .filter(|id| !id.is_empty())
                .unwrap_or_else(|| format!("call_{}", self.calls));
            self.calls += 1;
            self.open.push((id.clone(), call.function.name.clone()));
            let arguments = arguments(call.function.arguments);
            parts.push(Part::ToolCall(ToolCall::new(id, call.function.name, arguments)));
        }
        Ok(Message::new(role, parts))
    }

    /// The id of the call that a result answers.
    fn answered(&mut self, id: Option<String>, tool: Option<&str>) -> String {
        let id = id.filter(|id| !id.is_empty());
        let found = self.open.iter().position(|(open, name)| match (&id, tool) {
            (Some(id), _) => open == id,
            (None, Some(tool)) => name == tool,
            (None, None) => true,
        });
        match (found.map(|at| self.open.remove(at)), id) {
            (_, Some(id)) | (Some((id, _)), None) => id,
            (None, None) => format!("call_{}", self.calls),
        }
    }
}

/// The media type of a picture by its first bytes: the dialect does not tell it.
fn picture(bytes: &[u8]) -> &'static str {
    match bytes {
        [0xFF, 0xD8, 0xFF, ..] => "image/jpeg",
        [b'G', b'I', b'F', b'8', ..] => "image/gif",
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => "image/webp",
        _ => "image/png",
    }
}

fn tool(wire: WireTool) -> Tool {
    let nothing = || serde_json::json!({"type": "object", "properties": {}});
    Tool {
        name: wire.function.name,
        description: wire.function.description,
        parameters: wire.function.parameters.unwrap_or_else(nothing),
        strict: None,
        cache_point: None,
    }
}

fn format(format: Option<Value>) -> Result<ResponseFormat, Error> {
    match format {
        None | Some(Value::Null) => Ok(ResponseFormat::Text),
        Some(Value::String(word)) if word.is_empty() => Ok(ResponseFormat::Text),
        Some(Value::String(word)) if word == "json" => Ok(ResponseFormat::JsonObject),
        Some(schema @ Value::Object(_)) => Ok(ResponseFormat::JsonSchema {
            name: "answer".to_owned(),
            schema,
            strict: true,
        }),
        Some(_) => Err(unsupported("a form of answers other than JSON")),
    }
}

fn reasoning(think: Value) -> Result<Option<ReasoningEffort>, Error> {
    Ok(Some(match think {
        Value::Null => return Ok(None),
        Value::Bool(false) => ReasoningEffort::None,
        Value::Bool(true) => ReasoningEffort::Medium,
        Value::String(word) => match word.as_str() {
            "low" => ReasoningEffort::Low,
            "medium" => ReasoningEffort::Medium,
            "high" => ReasoningEffort::High,
            _ => ReasoningEffort::Other(word),
        },
        _ => return Err(invalid("think is neither true, false nor a word")),
    }))
}
