//! From a client's body to our request.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::chat::{
    ChatRequest, Media, MediaSource, Message, Part, Reasoning, ReasoningEffort, ResponseFormat, Role, Speech,
    Tool, ToolCall, ToolChoice, ToolResult,
};
use crate::error::Error;
use crate::wire::json::{arguments, invalid, keep_options, or_default, refusal, unsupported};
use crate::wire::openai_chat::DIALECT;
use crate::wire::{ClientRequest, Streaming, data_url};

#[derive(Debug, Deserialize)]
struct Body {
    model: String,
    messages: Vec<WireMessage>,
    #[serde(default, deserialize_with = "or_default")]
    tools: Vec<WireTool>,
    tool_choice: Option<Value>,
    parallel_tool_calls: Option<bool>,
    response_format: Option<WireFormat>,
    max_completion_tokens: Option<u32>,
    max_tokens: Option<u32>,
    temperature: Option<f64>,
    top_p: Option<f64>,
    stop: Option<OneOrMany>,
    seed: Option<i64>,
    top_k: Option<u32>,
    frequency_penalty: Option<f64>,
    presence_penalty: Option<f64>,
    prompt_cache_key: Option<String>,
    modalities: Option<Vec<String>>,
    audio: Option<WireSpeech>,
    reasoning_effort: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    metadata: std::collections::BTreeMap<String, String>,
    user: Option<String>,
    n: Option<u32>,
    #[serde(default, deserialize_with = "or_default")]
    stream: bool,
    #[serde(default, deserialize_with = "or_default")]
    stream_options: StreamOptions,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

#[derive(Debug, Default, Deserialize)]
struct StreamOptions {
    #[serde(default, deserialize_with = "or_default")]
    include_usage: bool,
}

#[derive(Debug, Deserialize)]
struct WireSpeech {
    voice: Value,
    format: String,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

#[derive(Debug, Deserialize)]
struct WireMessage {
    role: String,
    content: Option<Content>,
    refusal: Option<String>,
    reasoning_content: Option<String>,
    reasoning: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    tool_calls: Vec<WireToolCall>,
    tool_call_id: Option<String>,
    function_call: Option<Value>,
    audio: Option<Value>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Content {
    Text(String),
    Parts(Vec<Map<String, Value>>),
}

#[derive(Debug, Deserialize)]
struct WireToolCall {
    id: String,
    function: Option<WireFunction>,
}

#[derive(Debug, Deserialize)]
struct WireFunction {
    name: String,
    arguments: Option<Value>,
}

#[derive(Debug, Deserialize)]
struct WireTool {
    #[serde(rename = "type")]
    kind: String,
    function: Option<WireToolFunction>,
}

#[derive(Debug, Deserialize)]
struct WireToolFunction {
    name: String,
    description: Option<String>,
    parameters: Option<Value>,
    strict: Option<bool>,
}

#[derive(Debug, Deserialize)]
struct WireFormat {
    #[serde(rename = "type")]
    kind: String,
    json_schema: Option<WireSchema>,
}

#[derive(Debug, Deserialize)]
struct WireSchema {
    name: String,
    schema: Option<Value>,
    strict: Option<bool>,
}

/// Reads the body of `POST /v1/chat/completions`.
///
/// Fields that the vocabulary has no word for (`logit_bias`, `service_tier`, `prediction` …) are kept as
/// [`options`](ChatRequest::options) of `openai_chat`: they reach providers of this dialect unchanged, and no other.
/// The `name` of a message and the `detail` of an image are passed over.
///
/// # Errors
/// [`ErrorKind::InvalidRequest`](crate::error::ErrorKind::InvalidRequest) for a body that is not of this form;
/// [`ErrorKind::Unsupported`](crate::error::ErrorKind::Unsupported) for what would change the answer's form and could
/// not be given back: `n` above 1, `logprobs`, legacy `functions` and `function_call`,
/// uploaded files.
pub fn decode_request(body: &[u8]) -> Result<ClientRequest, Error> {
    let body: Body = serde_json::from_slice(body).map_err(|error| {
        // The position helps the caller; the text around it stays out of our errors.
        let at = format!(
            "the body is not a chat completion request, line {}, column {}",
            error.line(),
            error.column()
        );
        invalid(at).with_provider_message(refusal(&error))
    })?;
    refuse_what_cannot_be_answered(&body)?;
    let messages = body
        .messages
        .into_iter()
        .map(message)
        .collect::<Result<Vec<_>, _>>()?;
    if messages.is_empty() {
        return Err(invalid("messages is empty"));
    }
    let mut request = ChatRequest::new(messages).model(body.model);
    request.tools = body.tools.into_iter().map(tool).collect::<Result<_, _>>()?;
    request.tool_choice = body
        .tool_choice
        .map_or(Ok(ToolChoice::Auto), |choice| tool_choice(&choice))?;
    request.parallel_tool_calls = body.parallel_tool_calls;
    request.format = body.response_format.map_or(Ok(ResponseFormat::Text), format)?;
    request.max_tokens = body.max_completion_tokens.or(body.max_tokens);
    request.temperature = body.temperature;
    request.top_p = body.top_p;
    request.stop = match body.stop {
        None => Vec::new(),
        Some(OneOrMany::One(text)) => vec![text],
        Some(OneOrMany::Many(texts)) => texts,
    };
    request.seed = body.seed;
    request.top_k = body.top_k;
    request.frequency_penalty = body.frequency_penalty;
    request.presence_penalty = body.presence_penalty;
    request.cache_key = body.prompt_cache_key;
    request.speech = speech(body.modalities, body.audio)?;
    request.reasoning = body.reasoning_effort.map(effort);
    request.metadata = body.metadata;
    request.user = body.user;
    keep_options(&mut request.options, DIALECT, body.rest);
    Ok(ClientRequest {
        request,
        streaming: Streaming::from(body.stream),
        include_usage: body.stream_options.include_usage,
    })
}

fn speech(modalities: Option<Vec<String>>, audio: Option<WireSpeech>) -> Result<Option<Speech>, Error> {
    let wanted = modalities.unwrap_or_default();
    if wanted
        .iter()
        .any(|wanted| !matches!(wanted.as_str(), "text" | "audio"))
    {
        return Err(unsupported("modalities other than text and audio"));
    }
    if !wanted.iter().any(|wanted| wanted == "audio") {
        return Ok(None);
    }
    let audio = audio.ok_or_else(|| invalid("a spoken answer lacks audio"))?;
    // A voice of one's own is named by an object.
    let voice = audio.voice.as_str().or_else(|| audio.voice.get("id")?.as_str());
    let voice = voice.ok_or_else(|| invalid("a spoken answer lacks a voice"))?;
    Ok(Some(Speech::new(voice, audio.format)))
}

fn refuse_what_cannot_be_answered(body: &Body) -> Result<(), Error> {
    if body.n.is_some_and(|n| n != 1) {
        return Err(unsupported("n other than 1"));
    }
    let is_on = |name: &str| {
        body.rest
            .get(name)
            .is_some_and(|value| !matches!(value, Value::Null | Value::Bool(false)))
    };
    for name in ["logprobs", "top_logprobs", "functions", "function_call"] {
        if is_on(name) {
            return Err(unsupported(name));
        }
    }
    Ok(())
}

fn message(wire: WireMessage) -> Result<Message, Error> {
    if wire.function_call.is_some() || wire.audio.is_some() {
        return Err(unsupported(
            "legacy function calls and sound in answers of the model",
        ));
    }
    let role = match wire.role.as_str() {
        "system" | "developer" => Role::System,
        "user" => Role::User,
        "assistant" => Role::Assistant,
        "tool" => {
            let call_id = wire
                .tool_call_id
                .ok_or_else(|| invalid("a tool message without tool_call_id"))?;
            let parts = wire.content.map(content).transpose()?.unwrap_or_default();
            let mut text = String::new();
            for part in &parts {
                text.push_str(
                    part.as_text()
                        .ok_or_else(|| unsupported("media in tool results"))?,
                );
            }
            return Ok(Message::tool_result(ToolResult::new(call_id, text)));
        }
        _ => return Err(invalid("a message has an unknown role")),
    };
    let mut parts = Vec::new();
    let names = [wire.reasoning_content, wire.reasoning];
    if let Some(text) = names.into_iter().flatten().find(|text| !text.is_empty()) {
        parts.push(Part::Reasoning(Reasoning {
            text,
            signature: None,
        }));
    }
    parts.extend(wire.content.map(content).transpose()?.unwrap_or_default());
    if let Some(refusal) = wire.refusal.filter(|text| !text.is_empty()) {
        parts.push(Part::Refusal(refusal));
    }
    for call in wire.tool_calls {
        let function = call
            .function
            .ok_or_else(|| unsupported("tool calls other than functions"))?;
        parts.push(Part::ToolCall(ToolCall {
            id: call.id,
            name: function.name,
            arguments: arguments(function.arguments),
            signature: None,
        }));
    }
    Ok(Message::new(role, parts))
}

fn content(content: Content) -> Result<Vec<Part>, Error> {
    match content {
        Content::Text(text) if text.is_empty() => Ok(Vec::new()),
        Content::Text(text) => Ok(vec![Part::Text(text)]),
        Content::Parts(parts) => parts.iter().map(part).collect(),
    }
}

fn part(part: &Map<String, Value>) -> Result<Part, Error> {
    let text = |at: &str, name: &str| {
        let inner = if at.is_empty() {
            part.get(name)
        } else {
            part.get(at).and_then(|inner| inner.get(name))
        };
        inner.and_then(Value::as_str).map(str::to_owned)
    };
    let missing = || invalid("a part of a message lacks what its type demands");
    match part.get("type").and_then(Value::as_str).unwrap_or_default() {
        "text" => Ok(Part::Text(text("", "text").ok_or_else(missing)?)),
        "refusal" => Ok(Part::Refusal(text("", "refusal").ok_or_else(missing)?)),
        "image_url" => {
            let url = text("image_url", "url").ok_or_else(missing)?;
            let (media_type, source) = match data_url::read(&url) {
                Some((media_type, bytes)) => (media_type, MediaSource::Bytes(bytes)),
                None if url.starts_with("data:") => return Err(invalid("an image is not base64")),
                None => ("image/*".to_owned(), MediaSource::Url(url)),
            };
            Ok(Part::Image(Media {
                media_type,
                source,
                name: None,
            }))
        }
        "file" => {
            let data = text("file", "file_data").ok_or_else(|| unsupported("uploaded files"))?;
            let (media_type, bytes) =
                data_url::read(&data).ok_or_else(|| invalid("a file is not a data URL in base64"))?;
            Ok(Part::Document(Media {
                media_type,
                source: MediaSource::Bytes(bytes),
                name: text("file", "filename"),
            }))
        }
        "input_audio" => {
            let data = text("input_audio", "data").ok_or_else(missing)?;
            let bytes = data_url::decode(&data).ok_or_else(|| invalid("sound is not base64"))?;
            let media_type = match text("input_audio", "format").ok_or_else(missing)?.as_str() {
                "mp3" => "audio/mpeg".to_owned(),
                other => format!("audio/{other}"),
            };
            Ok(Part::Audio(Media {
                media_type,
                source: MediaSource::Bytes(bytes),
                name: None,
            }))
        }
        _ => Err(unsupported("a part of a message is of an unknown type")),
    }
}

fn tool(wire: WireTool) -> Result<Tool, Error> {
    let function = wire
        .function
        .filter(|_| wire.kind == "function")
        .ok_or_else(|| unsupported("tools other than functions"))?;
    Ok(Tool {
        name: function.name,
        description: function.description,
        // OpenAI documents that leaving the parameters out defines a function without any.
        parameters: function
            .parameters
            .unwrap_or_else(|| serde_json::json!({"type": "object", "properties": {}})),
        strict: function.strict,
        cache_point: None,
    })
}

fn tool_choice(choice: &Value) -> Result<ToolChoice, Error> {
    match choice.as_str() {
        Some("auto") => Ok(ToolChoice::Auto),
        Some("none") => Ok(ToolChoice::None),
        Some("required") => Ok(ToolChoice::Required),
        Some(_) => Err(invalid("tool_choice is an unknown word")),
        None => choice
            .get("function")
            .and_then(|function| function.get("name"))
            .and_then(Value::as_str)
            .map(|name| ToolChoice::Tool(name.to_owned()))
            .ok_or_else(|| unsupported("tool_choice other than a function")),
    }
}

fn format(wire: WireFormat) -> Result<ResponseFormat, Error> {
    match (wire.kind.as_str(), wire.json_schema) {
        ("text", _) => Ok(ResponseFormat::Text),
        ("json_object", _) => Ok(ResponseFormat::JsonObject),
        ("json_schema", Some(schema)) => Ok(ResponseFormat::JsonSchema {
            name: schema.name,
            schema: schema.schema.unwrap_or_else(|| Value::Object(Map::new())),
            strict: schema.strict.unwrap_or(false),
        }),
        _ => Err(invalid("response_format is of an unknown type")),
    }
}

pub(in crate::wire) fn effort(word: String) -> ReasoningEffort {
    match word.as_str() {
        "none" => ReasoningEffort::None,
        "minimal" => ReasoningEffort::Minimal,
        "low" => ReasoningEffort::Low,
        "medium" => ReasoningEffort::Medium,
        "high" => ReasoningEffort::High,
        _ => ReasoningEffort::Other(word),
    }
}
