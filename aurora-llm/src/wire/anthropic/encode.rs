//! From our request to the body of `POST /v1/messages`.

use serde_json::{Map, Value, json};

use super::{DEFAULT_MAX_TOKENS, DIALECT, Thinking, VERSION, content};
use crate::chat::{ChatRequest, Message, Part, ReasoningEffort, ResponseFormat, Role, Tool, ToolChoice};
use crate::error::Error;
use crate::provider::{Call, ProviderId};
use crate::wire::json::{invalid, merge_options, unsupported};
use crate::wire::{Streaming, WireRequest};

/// The smallest thinking budget that the API accepts.
const LEAST_BUDGET: u32 = 1_024;

pub(super) fn request(
    call: &Call,
    streaming: Streaming,
    provider: &ProviderId,
    thinking: Thinking,
) -> Result<WireRequest, Error> {
    let request = &*call.request;
    if request.seed.is_some() {
        return Err(unsupported("seed"));
    }
    let mut body = Map::new();
    body.insert("model".to_owned(), json!(&*call.model));
    body.insert(
        "messages".to_owned(),
        Value::Array(messages(&request.messages, provider)?),
    );
    system(&mut body, &request.messages)?;
    tools(&mut body, request);
    limits(&mut body, request, thinking)?;
    format(&mut body, &request.format)?;
    let mut set = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            body.insert(name.to_owned(), value);
        }
    };
    set("temperature", request.temperature.map(Value::from));
    set("top_p", request.top_p.map(Value::from));
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
    let body = serde_json::to_vec(&body)
        .map_err(|error| invalid("it cannot be written as JSON").with_source(error))?;
    Ok(WireRequest::post("/v1/messages", body).header("anthropic-version", VERSION))
}

fn system(body: &mut Map<String, Value>, messages: &[Message]) -> Result<(), Error> {
    let mut blocks = Vec::new();
    for part in messages
        .iter()
        .filter(|message| message.role == Role::System)
        .flat_map(|message| &message.parts)
    {
        let text = part
            .as_text()
            .ok_or_else(|| invalid("a system message holds something other than text"))?;
        blocks.extend(content::text(text));
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
            blocks.extend(block(role, part, provider)?);
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
    Value::Object(out)
}

fn format(body: &mut Map<String, Value>, format: &ResponseFormat) -> Result<(), Error> {
    match format {
        ResponseFormat::Text => Ok(()),
        ResponseFormat::JsonObject => Err(unsupported("JSON without a schema")),
        ResponseFormat::JsonSchema { schema, .. } => {
            let format = json!({"type": "json_schema", "schema": schema});
            output_config(body, "format", format);
            Ok(())
        }
    }
}

fn limits(body: &mut Map<String, Value>, request: &ChatRequest, thinking: Thinking) -> Result<(), Error> {
    let mut limit = request.max_tokens.unwrap_or(DEFAULT_MAX_TOKENS);
    match plan(request.reasoning.as_ref(), thinking) {
        Plan::Unsaid => {}
        Plan::Off => {
            body.insert("thinking".to_owned(), json!({"type": "disabled"}));
        }
        Plan::Word(word) => {
            body.insert("thinking".to_owned(), json!({"type": "adaptive"}));
            output_config(body, "effort", json!(word));
        }
        Plan::Budget(wanted) => {
            let budget = if request.max_tokens.is_some() {
                wanted.min(limit / 4 * 3)
            } else {
                limit = limit.saturating_add(wanted);
                wanted
            };
            if budget < LEAST_BUDGET {
                let least = LEAST_BUDGET / 3 * 4 + 4;
                return Err(invalid(format!("reasoning needs max_tokens of at least {least}")));
            }
            body.insert(
                "thinking".to_owned(),
                json!({"type": "enabled", "budget_tokens": budget}),
            );
        }
    }
    body.insert("max_tokens".to_owned(), json!(limit));
    Ok(())
}

enum Plan<'a> {
    Unsaid,
    Off,
    Word(&'a str),
    Budget(u32),
}

fn plan(effort: Option<&ReasoningEffort>, thinking: Thinking) -> Plan<'_> {
    let (word, budget) = match effort {
        None => return Plan::Unsaid,
        Some(ReasoningEffort::None) => return Plan::Off,
        Some(ReasoningEffort::Tokens(tokens)) => return Plan::Budget((*tokens).max(LEAST_BUDGET)),
        Some(ReasoningEffort::Other(word)) => return Plan::Word(word),
        Some(ReasoningEffort::Minimal) => ("low", LEAST_BUDGET),
        Some(ReasoningEffort::Low) => ("low", 4_096),
        Some(ReasoningEffort::Medium) => ("medium", 10_240),
        Some(ReasoningEffort::High) => ("high", 24_576),
    };
    match thinking {
        Thinking::Budget => Plan::Budget(budget),
        Thinking::Adaptive => Plan::Word(word),
    }
}

fn output_config(body: &mut Map<String, Value>, name: &str, value: Value) {
    let config = body.entry("output_config").or_insert_with(|| json!({}));
    if let Some(config) = config.as_object_mut() {
        config.insert(name.to_owned(), value);
    }
}
