//! What a client's `generationConfig` and `toolConfig` say.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::chat::{ChatRequest, ReasoningEffort, ResponseFormat, Speech, ToolChoice};
use crate::error::Error;
use crate::wire::gemini::schema::json_schema;
use crate::wire::json::{invalid, or_default, unsupported};

use super::request::wrong_form;

/// Settings that the vocabulary has words for; the rest is kept.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Config {
    max_output_tokens: Option<u32>,
    temperature: Option<f64>,
    top_p: Option<f64>,
    /// A float, as Google's clients write it.
    top_k: Option<f64>,
    frequency_penalty: Option<f64>,
    presence_penalty: Option<f64>,
    #[serde(deserialize_with = "or_default")]
    stop_sequences: Vec<String>,
    seed: Option<i64>,
    candidate_count: Option<u32>,
    response_mime_type: Option<String>,
    response_json_schema: Option<Value>,
    response_schema: Option<Value>,
    #[serde(deserialize_with = "or_default")]
    response_modalities: Vec<String>,
    speech_config: Option<Value>,
    #[serde(deserialize_with = "or_default")]
    thinking_config: Thinking,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Thinking {
    include_thoughts: Option<bool>,
    thinking_budget: Option<i64>,
    thinking_level: Option<String>,
}

/// Reads the settings into `request`, and hands back those that it has no words for.
pub(super) fn read(config: Option<Value>, request: &mut ChatRequest) -> Result<Map<String, Value>, Error> {
    let config = config.filter(|config| !config.is_null());
    let Some(config) = config else {
        return Ok(Map::new());
    };
    let config = Config::deserialize(config).map_err(|error| wrong_form(&error))?;
    if config.candidate_count.is_some_and(|count| count > 1) {
        return Err(unsupported("more than one candidate"));
    }
    request.max_tokens = config.max_output_tokens;
    request.temperature = config.temperature;
    request.top_p = config.top_p;
    request.top_k = config.top_k.map(whole);
    request.frequency_penalty = config.frequency_penalty;
    request.presence_penalty = config.presence_penalty;
    request.stop = config.stop_sequences;
    request.seed = config.seed;
    request.format = format(
        config.response_mime_type.as_deref(),
        config
            .response_json_schema
            .or(config.response_schema.map(json_schema)),
    )?;
    let mut rest = config.rest;
    if config
        .response_modalities
        .iter()
        .any(|kind| kind.eq_ignore_ascii_case("AUDIO"))
    {
        let voice = config.speech_config.as_ref().and_then(|config| {
            config
                .pointer("/voiceConfig/prebuiltVoiceConfig/voiceName")
                .and_then(Value::as_str)
        });
        request.speech = Some(Speech::new(voice.unwrap_or("Kore"), "pcm16"));
    } else if !config.response_modalities.is_empty() {
        rest.insert(
            "responseModalities".to_owned(),
            Value::from(config.response_modalities),
        );
    }
    request.show_reasoning = config.thinking_config.include_thoughts.unwrap_or(false);
    request.reasoning = reasoning(&config.thinking_config);
    rest.retain(|_, value| !value.is_null());
    Ok(rest)
}

fn whole(number: f64) -> u32 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "float to integer casts saturate, and the number is a whole one"
    )]
    let whole = number as u32;
    whole
}

fn format(media_type: Option<&str>, schema: Option<Value>) -> Result<ResponseFormat, Error> {
    match (media_type, schema) {
        (_, Some(schema)) => Ok(ResponseFormat::JsonSchema {
            name: "answer".to_owned(),
            schema,
            strict: true,
        }),
        (None | Some("" | "text/plain"), None) => Ok(ResponseFormat::Text),
        (Some("application/json"), None) => Ok(ResponseFormat::JsonObject),
        (Some(_), None) => Err(unsupported("answers of this responseMimeType")),
    }
}

fn reasoning(thinking: &Thinking) -> Option<ReasoningEffort> {
    if let Some(level) = &thinking.thinking_level {
        return match level.to_uppercase().as_str() {
            "" | "THINKING_LEVEL_UNSPECIFIED" => None,
            "MINIMAL" => Some(ReasoningEffort::Minimal),
            "LOW" => Some(ReasoningEffort::Low),
            "MEDIUM" => Some(ReasoningEffort::Medium),
            "HIGH" => Some(ReasoningEffort::High),
            _ => Some(ReasoningEffort::Other(level.to_lowercase())),
        };
    }
    // -1 leaves it to the model.
    match thinking.thinking_budget? {
        0 => Some(ReasoningEffort::None),
        budget => u32::try_from(budget).ok().map(ReasoningEffort::Tokens),
    }
}

/// Reads `toolConfig` into `request`.
pub(super) fn tool_choice(config: &Value, request: &mut ChatRequest) -> Result<(), Error> {
    let Some(config) = config.get("functionCallingConfig") else {
        return Ok(());
    };
    let allowed: Vec<&str> = config
        .get("allowedFunctionNames")
        .and_then(Value::as_array)
        .map(|names| names.iter().filter_map(Value::as_str).collect())
        .unwrap_or_default();
    let mode = config.get("mode").and_then(Value::as_str).unwrap_or_default();
    request.tool_choice = match (mode.to_uppercase().as_str(), allowed.as_slice()) {
        ("" | "MODE_UNSPECIFIED" | "AUTO", _) => ToolChoice::Auto,
        ("VALIDATED", _) => {
            for tool in &mut request.tools {
                tool.strict = Some(true);
            }
            ToolChoice::Auto
        }
        ("NONE", _) => ToolChoice::None,
        ("ANY", []) => ToolChoice::Required,
        ("ANY", [name]) => ToolChoice::Tool((*name).to_owned()),
        ("ANY", names) => {
            request.tools.retain(|tool| names.contains(&tool.name.as_str()));
            ToolChoice::Required
        }
        _ => return Err(invalid("functionCallingConfig.mode is not known")),
    };
    Ok(())
}
