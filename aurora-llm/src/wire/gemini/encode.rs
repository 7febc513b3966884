//! From our request to the body of `:generateContent`.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::content::{ALONE, BEFORE};
use super::{ApiVersion, DIALECT, Generation, content, path, tools, written};
use crate::chat::{ChatRequest, Message, Part, ReasoningEffort, ResponseFormat, Role, Signature, ToolCall};
use crate::error::Error;
use crate::provider::{Call, ProviderId};
use crate::wire::json::{invalid, unsupported};
use crate::wire::{Streaming, WireRequest};

/// What Google documents to stand in place of a signature for calls that another model made.
const FOREIGN: &str = "skip_thought_signature_validator";

pub(super) fn request(
    call: &Call,
    streaming: Streaming,
    provider: &ProviderId,
    version: ApiVersion,
) -> Result<WireRequest, Error> {
    let body = body(&call.request, &call.model, provider)?;
    let method = if streaming.is_on() {
        "streamGenerateContent"
    } else {
        "generateContent"
    };
    let wire = WireRequest::post(path(version, &call.model, method)?, written(&body)?);
    Ok(if streaming.is_on() {
        wire.query("alt", "sse")
    } else {
        wire
    })
}

/// Only the whole request counts the system instruction and the tools too.
pub(super) fn count(call: &Call, provider: &ProviderId, version: ApiVersion) -> Result<WireRequest, Error> {
    let mut inner = body(&call.request, &call.model, provider)?;
    let name = call.model.rsplit('/').next().unwrap_or_default();
    inner.insert("model".to_owned(), json!(format!("models/{name}")));
    let mut outer = Map::new();
    outer.insert("generateContentRequest".to_owned(), Value::Object(inner));
    let path = path(version, &call.model, "countTokens")?;
    Ok(WireRequest::post(path, written(&outer)?))
}

fn body(request: &ChatRequest, model: &str, provider: &ProviderId) -> Result<Map<String, Value>, Error> {
    let generation = Generation::of(model);
    let mut body = Map::new();
    let writer = Writer {
        provider,
        signed_calls: generation == Generation::Level,
    };
    body.insert(
        "contents".to_owned(),
        Value::Array(writer.contents(&request.messages)?),
    );
    system(&mut body, &request.messages)?;
    tools::write(&mut body, request)?;
    let config = config(request, model, generation)?;
    if !config.is_empty() {
        body.insert("generationConfig".to_owned(), Value::Object(config));
    }
    merge_options(&mut body, request);
    Ok(body)
}

fn system(body: &mut Map<String, Value>, messages: &[Message]) -> Result<(), Error> {
    let mut parts = Vec::new();
    let system = messages.iter().filter(|message| message.role == Role::System);
    for part in system.flat_map(|message| &message.parts) {
        match part {
            Part::Text(text) => parts.extend(content::text(text)),
            Part::CachePoint(_) => {}
            _ => return Err(invalid("a system message holds something other than text")),
        }
    }
    if !parts.is_empty() {
        body.insert("systemInstruction".to_owned(), json!({"parts": parts}));
    }
    Ok(())
}

struct Writer<'a> {
    provider: &'a ProviderId,
    /// Whether the first call of a turn must be signed.
    signed_calls: bool,
}

impl Writer<'_> {
    fn contents(&self, messages: &[Message]) -> Result<Vec<Value>, Error> {
        let mut turns: Vec<(&str, Vec<Value>)> = Vec::with_capacity(messages.len());
        // The tool that each call was of: results name it.
        let mut called: BTreeMap<&str, &str> = BTreeMap::new();
        for message in messages {
            let role = match message.role {
                Role::System => continue,
                Role::User | Role::Tool => "user",
                Role::Assistant => "model",
            };
            called.extend(
                message
                    .tool_calls()
                    .map(|call| (call.id.as_str(), call.name.as_str())),
            );
            let mut parts = self.parts(role, message, &called)?;
            match turns.last_mut() {
                _ if parts.is_empty() => {}
                Some((last, before)) if *last == role => before.append(&mut parts),
                _ => turns.push((role, parts)),
            }
        }
        if turns.is_empty() {
            return Err(invalid("nothing is said in any message"));
        }
        let turn = |(role, parts): (&str, Vec<Value>)| json!({"role": role, "parts": parts});
        Ok(turns.into_iter().map(turn).collect())
    }

    fn parts(
        &self,
        role: &str,
        message: &Message,
        called: &BTreeMap<&str, &str>,
    ) -> Result<Vec<Value>, Error> {
        let mut out: Vec<Value> = Vec::with_capacity(message.parts.len());
        let mut first_call = true;
        for part in &message.parts {
            match (role, part) {
                (_, Part::Text(text)) | ("model", Part::Refusal(text)) => out.extend(content::text(text)),
                (_, Part::Image(media) | Part::Document(media) | Part::Audio(media)) => {
                    out.push(content::media(media));
                }
                ("model", Part::Reasoning(reasoning)) => {
                    let ours = reasoning
                        .signature
                        .as_ref()
                        .and_then(|signature| self.ours(signature));
                    if let Some(signature) = ours {
                        replay(&reasoning.text, signature, &mut out);
                    }
                }
                ("model", Part::ToolCall(call)) => {
                    out.push(self.call(call, std::mem::take(&mut first_call))?);
                }
                ("user", Part::ToolResult(result)) => {
                    let asked = called.get(result.call_id.as_str());
                    let asked = asked.ok_or_else(|| invalid("a tool result answers no call"))?;
                    out.push(content::function_response(result, asked));
                }
                (_, Part::Citation(_) | Part::CachePoint(_)) => {}
                _ => return Err(invalid("a message holds a part that only others may hold")),
            }
        }
        Ok(out)
    }

    fn call(&self, call: &ToolCall, first: bool) -> Result<Value, Error> {
        let cut = || Err(invalid("the arguments of a tool call are not a JSON object"));
        let mut part = content::function_call(call, cut)?;
        let ours = call.signature.as_ref().and_then(|signature| self.ours(signature));
        let stands_in = (first && self.signed_calls).then_some(FOREIGN);
        content::sign(&mut part, ours.or(stands_in).map(str::to_owned));
        Ok(part)
    }

    fn ours<'s>(&self, signature: &'s Signature) -> Option<&'s str> {
        (signature.provider == *self.provider).then_some(signature.value.as_str())
    }
}

/// Puts a signature of ours where it came from.
fn replay(thought: &str, signature: &str, out: &mut Vec<Value>) {
    if let Some(value) = signature.strip_prefix(BEFORE) {
        let unsigned = |part: &&mut Value| part.get("thoughtSignature").is_none();
        if let Some(part) = out.last_mut().filter(unsigned) {
            content::sign(part, Some(value.to_owned()));
            return;
        }
        out.push(json!({"text": "", "thoughtSignature": value}));
    } else if let Some(value) = signature.strip_prefix(ALONE) {
        out.push(json!({"text": "", "thoughtSignature": value}));
    } else {
        out.push(json!({"text": thought, "thought": true, "thoughtSignature": signature}));
    }
}

fn config(request: &ChatRequest, model: &str, generation: Generation) -> Result<Map<String, Value>, Error> {
    let mut config = Map::new();
    let mut set = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            config.insert(name.to_owned(), value);
        }
    };
    set("maxOutputTokens", request.max_tokens.map(Value::from));
    set("temperature", request.temperature.map(Value::from));
    set("topP", request.top_p.map(Value::from));
    set("topK", request.top_k.map(Value::from));
    set("frequencyPenalty", request.frequency_penalty.map(Value::from));
    set("presencePenalty", request.presence_penalty.map(Value::from));
    set(
        "stopSequences",
        (!request.stop.is_empty()).then(|| json!(request.stop)),
    );
    if let Some(seed) = request.seed {
        let seed = i32::try_from(seed).map_err(|_| unsupported("a seed of more than 32 bits"))?;
        set("seed", Some(Value::from(seed)));
    }
    match &request.format {
        ResponseFormat::Text => {}
        ResponseFormat::JsonObject => set("responseMimeType", Some(json!("application/json"))),
        ResponseFormat::JsonSchema { schema, .. } => {
            set("responseMimeType", Some(json!("application/json")));
            set("responseJsonSchema", Some(schema.clone()));
        }
    }
    if let Some(speech) = &request.speech {
        if !matches!(speech.format.as_str(), "pcm16" | "pcm") {
            return Err(unsupported("speech in another form than pcm16"));
        }
        let voice = json!({"voiceConfig": {"prebuiltVoiceConfig": {"voiceName": speech.voice}}});
        set("responseModalities", Some(json!(["AUDIO"])));
        set("speechConfig", Some(voice));
    }
    set("thinkingConfig", thinking(request, model, generation));
    Ok(config)
}

fn thinking(request: &ChatRequest, model: &str, generation: Generation) -> Option<Value> {
    let mut config = Map::new();
    // The Pro models cannot leave it.
    let always = model.contains("pro");
    let by_level = generation == Generation::Level;
    let (level, budget) = match &request.reasoning {
        None => (None, None),
        Some(ReasoningEffort::Tokens(tokens)) => (None, Some(*tokens)),
        Some(ReasoningEffort::Other(word)) => (Some(word.to_uppercase()), None),
        Some(effort) => {
            let (level, budget) = match effort {
                ReasoningEffort::None => (
                    if always { "LOW" } else { "MINIMAL" },
                    if always { 128 } else { 0 },
                ),
                ReasoningEffort::Minimal => (if always { "LOW" } else { "MINIMAL" }, 1_024),
                ReasoningEffort::Low => ("LOW", 1_024),
                ReasoningEffort::Medium => ("MEDIUM", 8_192),
                _ => ("HIGH", 24_576),
            };
            if by_level {
                (Some(level.to_owned()), None)
            } else {
                (None, Some(budget))
            }
        }
    };
    if generation == Generation::Old
        && request
            .reasoning
            .as_ref()
            .is_none_or(|e| *e == ReasoningEffort::None)
    {
        return None;
    }
    config.extend(level.map(|level| ("thinkingLevel".to_owned(), json!(level))));
    config.extend(budget.map(|budget| ("thinkingBudget".to_owned(), json!(budget))));
    if request.show_reasoning {
        config.insert("includeThoughts".to_owned(), json!(true));
    }
    (!config.is_empty()).then_some(Value::Object(config))
}

/// Adds the options of this dialect: tools beside the request's, settings among the others, the rest in place of what is
/// there.
fn merge_options(body: &mut Map<String, Value>, request: &ChatRequest) {
    for (name, value) in request.options.get(DIALECT).into_iter().flatten() {
        match (name.as_str(), body.get_mut(name), value) {
            ("tools", Some(Value::Array(tools)), Value::Array(more)) => tools.extend(more.iter().cloned()),
            ("generationConfig" | "toolConfig", Some(Value::Object(config)), Value::Object(more)) => {
                config.extend(more.iter().map(|(name, value)| (name.clone(), value.clone())));
            }
            _ => {
                body.insert(name.clone(), value.clone());
            }
        }
    }
}
