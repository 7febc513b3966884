//! From a client's body to our request.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Method, config};
use crate::chat::{
    ChatRequest, Media, MediaSource, Message, Part, Reasoning, Role, Signature, Tool, ToolCall, ToolResult,
};
use crate::error::Error;
use crate::wire::gemini::content::{base64, camel_case, response_text};
use crate::wire::gemini::decode::WirePart;
use crate::wire::gemini::{DIALECT, schema};
use crate::wire::json::{invalid, keep_options, or_default, refusal, unsupported};
use crate::wire::served_signature::unwrap;
use crate::wire::{ClientRequest, Streaming};

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Body {
    #[serde(deserialize_with = "or_default")]
    contents: Vec<Content>,
    system_instruction: Option<Content>,
    #[serde(deserialize_with = "or_default")]
    tools: Vec<Map<String, Value>>,
    tool_config: Option<Value>,
    generation_config: Option<Value>,
    /// Named in the path.
    #[serde(rename = "model")]
    _model: Option<Value>,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Content {
    #[serde(deserialize_with = "or_default")]
    role: String,
    #[serde(deserialize_with = "or_default")]
    parts: Vec<Map<String, Value>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Declaration {
    name: String,
    description: Option<String>,
    parameters_json_schema: Option<Value>,
    parameters: Option<Value>,
}

/// Reads the body of `:generateContent` and `:streamGenerateContent` for `model`.
///
/// Fields that the vocabulary has no word for (`safetySettings`, `cachedContent`, Google's own tools …) are kept as
/// [`options`](ChatRequest::options) of `gemini`: they reach providers of this dialect unchanged, and no other.
///
/// # Errors
/// [`ErrorKind::InvalidRequest`](crate::error::ErrorKind::InvalidRequest) for a body that is not of this form;
/// [`ErrorKind::Unsupported`](crate::error::ErrorKind::Unsupported) for several candidates, and for code that Google ran.
pub fn decode_request(model: &str, method: Method, body: &[u8]) -> Result<ClientRequest, Error> {
    let value: Value = serde_json::from_slice(body).map_err(|error| wrong_form(&error))?;
    Ok(ClientRequest {
        request: request(model, value)?,
        streaming: Streaming::from(method.is_streaming()),
        include_usage: true,
    })
}

/// Reads the body of `:countTokens` for `model`, whose tokens shall be counted.
///
/// # Errors
/// As [`decode_request`].
pub fn decode_count(model: &str, body: &[u8]) -> Result<ChatRequest, Error> {
    let mut value: Value = serde_json::from_slice(body).map_err(|error| wrong_form(&error))?;
    let whole = ["generateContentRequest", "generate_content_request"]
        .iter()
        .find_map(|name| value.get_mut(*name).map(Value::take))
        .filter(|whole| !whole.is_null());
    request(model, whole.unwrap_or(value))
}

pub(super) fn wrong_form(error: &serde_json::Error) -> Error {
    invalid("the body is not of the documented form").with_provider_message(refusal(error))
}

fn request(model: &str, value: Value) -> Result<ChatRequest, Error> {
    let body = Body::deserialize(camel_case(value)).map_err(|error| wrong_form(&error))?;
    if body.contents.is_empty() {
        return Err(invalid("contents is empty"));
    }
    let mut messages = Vec::with_capacity(body.contents.len() + 1);
    let mut ids = Ids::default();
    if let Some(system) = body.system_instruction {
        let text = system.parts.into_iter().map(|part| part_of(part, &mut ids));
        messages.push(Message::new(
            Role::System,
            text.collect::<Result<Vec<_>, _>>()?.concat(),
        ));
    }
    for content in body.contents {
        message(content, &mut ids, &mut messages)?;
    }
    let mut request = ChatRequest::new(messages).model(model);
    let mut rest = body.rest;
    let mut own_tools = Vec::new();
    for mut tool in body.tools {
        if let Some(declared) = tool.remove("functionDeclarations") {
            let declared = Vec::<Declaration>::deserialize(declared).map_err(|error| wrong_form(&error))?;
            request.tools.extend(declared.into_iter().map(declaration));
        }
        if !tool.is_empty() {
            own_tools.push(Value::Object(tool));
        }
    }
    if !own_tools.is_empty() {
        rest.insert("tools".to_owned(), Value::Array(own_tools));
    }
    let settings = config::read(body.generation_config, &mut request)?;
    if !settings.is_empty() {
        rest.insert("generationConfig".to_owned(), Value::Object(settings));
    }
    if let Some(choice) = body.tool_config {
        config::tool_choice(&choice, &mut request)?;
    }
    keep_options(&mut request.options, DIALECT, rest);
    Ok(request)
}

fn declaration(wire: Declaration) -> Tool {
    let parameters = wire
        .parameters_json_schema
        .or(wire.parameters.map(schema::json_schema))
        .unwrap_or_else(|| serde_json::json!({"type": "object", "properties": {}}));
    let mut tool = Tool::new(wire.name, "", parameters);
    tool.description = wire.description;
    tool
}

/// More calls wait for their results in no conversation; each result is looked for among all of them.
const MAX_OPEN: usize = 1_024;

/// Ids of calls without one: a result belongs to the first unanswered call of its name.
#[derive(Debug, Default)]
struct Ids {
    made: usize,
    open: Vec<(String, String)>,
}

impl Ids {
    fn call(&mut self, name: &str, id: &str) -> Result<String, Error> {
        if self.open.len() == MAX_OPEN {
            return Err(invalid(
                "more function calls without responses than a conversation has",
            ));
        }
        let id = if id.is_empty() {
            self.made += 1;
            format!("call_{}", self.made - 1)
        } else {
            id.to_owned()
        };
        self.open.push((name.to_owned(), id.clone()));
        Ok(id)
    }

    fn result(&mut self, name: &str, id: &str) -> Result<String, Error> {
        let answers = |(called, open): &(String, String)| {
            if id.is_empty() { called == name } else { open == id }
        };
        match self.open.iter().position(answers) {
            Some(at) => Ok(self.open.remove(at).1),
            None if !id.is_empty() => Ok(id.to_owned()),
            None => Err(invalid("a function response answers no function call")),
        }
    }
}

/// Splits a turn into our messages: tool results stand apart from what the user says.
fn message(content: Content, ids: &mut Ids, out: &mut Vec<Message>) -> Result<(), Error> {
    let role = match content.role.as_str() {
        "" | "user" | "function" | "tool" => Role::User,
        "model" => Role::Assistant,
        "system" => Role::System,
        _ => return Err(invalid("a content has an unknown role")),
    };
    let mut parts = Vec::with_capacity(content.parts.len());
    for part in content.parts {
        parts.extend(part_of(part, ids)?);
    }
    let is_result = |part: &Part| matches!(part, Part::ToolResult(_));
    let (results, said): (Vec<Part>, Vec<Part>) = parts.into_iter().partition(is_result);
    let silent = results.is_empty();
    if !silent {
        out.push(Message::new(Role::Tool, results));
    }
    if silent || !said.is_empty() {
        out.push(Message::new(role, said));
    }
    Ok(())
}

/// What a part holds; of a signature, only one that came from us is anybody's.
fn part_of(mut fields: Map<String, Value>, ids: &mut Ids) -> Result<Vec<Part>, Error> {
    if let Some(result) = fields.remove("functionResponse") {
        let text = |name: &str| result.get(name).and_then(Value::as_str).unwrap_or_default();
        if result
            .get("parts")
            .and_then(Value::as_array)
            .is_some_and(|parts| !parts.is_empty())
        {
            return Err(unsupported("media in tool results"));
        }
        let (content, failed) = response_text(result.get("response").unwrap_or(&Value::Null));
        let id = ids.result(text("name"), text("id"))?;
        let result = ToolResult::new(id, content);
        return Ok(vec![Part::ToolResult(if failed {
            result.failed()
        } else {
            result
        })]);
    }
    let of_google = [
        "executableCode",
        "codeExecutionResult",
        "toolCall",
        "toolResponse",
    ];
    if of_google
        .iter()
        .any(|name| fields.get(*name).is_some_and(|value| !value.is_null()))
    {
        return Err(unsupported("what Google's own tools did"));
    }
    let part = WirePart::deserialize(Value::Object(fields)).map_err(|error| wrong_form(&error))?;
    let signature = signature(&part.thought_signature);
    if let Some(call) = part.function_call {
        if call.name.is_empty() {
            return Err(invalid("a function call without name"));
        }
        let id = ids.call(&call.name, &call.id)?;
        let mut call = ToolCall::new(id, call.name, Value::Object(call.args).to_string());
        call.signature = signature;
        return Ok(vec![Part::ToolCall(call)]);
    }
    let mut parts = Vec::with_capacity(2);
    if part.thought {
        return Ok(vec![Part::Reasoning(Reasoning::new(part.text, signature))]);
    }
    if let Some(data) = part.inline_data {
        let bytes = base64(&data.data).ok_or_else(|| invalid("inlineData is not base64"))?;
        parts.push(Media::new(data.mime_type, MediaSource::Bytes(bytes)).into_part());
    } else if let Some(file) = part.file_data {
        parts.push(Media::new(file.mime_type, MediaSource::Url(file.file_uri)).into_part());
    } else if !part.text.is_empty() {
        parts.push(Part::Text(part.text));
    }
    parts.extend(signature.map(|signature| Part::Reasoning(Reasoning::new("", Some(signature)))));
    Ok(parts)
}

fn signature(text: &str) -> Option<Signature> {
    let bytes = base64(text)?;
    unwrap(std::str::from_utf8(&bytes).ok()?)
}
