//! OpenAI's list of models, from both sides.
//!
//! OpenAI itself tells names alone; compatible servers add lengths, each in a field of its own.

use aurora_core::time::Timestamp;
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

use super::json::{malformed, unreadable};
use super::{WireRequest, failure};
use crate::error::Error;
use crate::provider::ModelInfo;

/// What more models than these are is passed over.
pub const MAX_MODELS: usize = 10_000;

/// Asks for the list.
#[must_use]
pub fn encode_request() -> WireRequest {
    WireRequest::get("/models")
}

/// Reads the list.
///
/// # Errors
/// [`ErrorKind::Malformed`](crate::error::ErrorKind::Malformed) when it is not a list of this dialect; the error that
/// it reports, when it reports one.
pub fn decode_response(body: &[u8]) -> Result<Vec<ModelInfo>, Error> {
    let value: Value = serde_json::from_slice(body).map_err(|error| unreadable("not JSON", &error))?;
    let rows = match value {
        // Together answers with the bare list.
        Value::Array(rows) if !rows.iter().any(|row| row.get("error").is_some()) => rows,
        value => {
            if let Some(error) = failure::within_answer(&value) {
                return Err(error);
            }
            let list = List::deserialize(value)
                .map_err(|error| unreadable("not the form of a list of models", &error))?;
            list.data
        }
    };
    let models: Vec<ModelInfo> = rows.iter().filter_map(model).take(MAX_MODELS).collect();
    if models.is_empty() && !rows.is_empty() {
        return Err(malformed("a list of models without names"));
    }
    Ok(models)
}

#[derive(Debug, Deserialize)]
struct List {
    data: Vec<Value>,
}

fn model(row: &Value) -> Option<ModelInfo> {
    let id = row.get("id")?.as_str().filter(|id| !id.is_empty())?;
    let number = |path: &str| {
        row.pointer(path)
            .and_then(Value::as_u64)
            .and_then(|n| u32::try_from(n).ok())
    };
    // vLLM, OpenRouter, Groq, Mistral, LM Studio, and Hugging Face's router by its first provider
    let context = [
        "/max_model_len",
        "/context_length",
        "/context_window",
        "/max_context_length",
        "/loaded_context_length",
        "/providers/0/context_length",
    ];
    let output = [
        "/max_completion_tokens",
        "/top_provider/max_completion_tokens",
        "/max_output_tokens",
    ];
    let mut model = ModelInfo::new(id);
    let name = row
        .get("name")
        .or_else(|| row.get("display_name"))
        .and_then(Value::as_str);
    model.name = name
        .filter(|name| !name.is_empty() && *name != id)
        .map(str::to_owned);
    model.context_tokens = context.into_iter().find_map(number);
    model.max_output_tokens = output.into_iter().find_map(number);
    Some(model)
}

/// Writes the list as a server answers it, by the name of the one who offers the models.
#[must_use]
pub fn encode_response(models: &[ModelInfo], created: Timestamp, owned_by: &str) -> Bytes {
    let data: Vec<Value> = models.iter().map(|model| row(model, created, owned_by)).collect();
    Bytes::from(json!({"object": "list", "data": data}).to_string())
}

/// Writes one model, as `GET /v1/models/{id}` answers it.
#[must_use]
pub fn encode_model(model: &ModelInfo, created: Timestamp, owned_by: &str) -> Bytes {
    Bytes::from(row(model, created, owned_by).to_string())
}

fn row(model: &ModelInfo, created: Timestamp, owned_by: &str) -> Value {
    let mut row = json!({
        "id": model.id,
        "object": "model",
        "created": created.as_secs(),
        "owned_by": owned_by,
    });
    if let Some(row) = row.as_object_mut() {
        let told = [
            ("name", model.name.as_ref().map(|name| json!(name))),
            ("context_length", model.context_tokens.map(Value::from)),
            ("max_completion_tokens", model.max_output_tokens.map(Value::from)),
        ];
        row.extend(
            told.into_iter()
                .filter_map(|(name, value)| Some((name.to_owned(), value?))),
        );
    }
    row
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    #[test]
    fn lists_of_every_server_are_read() {
        let list = json!({"object": "list", "data": [
            {"id": "gpt-5", "object": "model", "created": 1, "owned_by": "openai"},
            {"id": "q", "max_model_len": 4096, "permission": [{}]},
            {"id": "o/r", "name": "R", "context_length": 8192, "top_provider": {"max_completion_tokens": 512}},
            {"id": "g", "context_window": 131_072, "max_completion_tokens": 32_768},
            {"id": "h/f", "providers": [{"provider": "a", "context_length": 40_960}]},
            {"object": "model"},
        ]});
        let models = decode_response(list.to_string().as_bytes()).unwrap();
        let told: Vec<_> = models
            .iter()
            .map(|m| (m.id.as_str(), m.context_tokens, m.max_output_tokens))
            .collect();
        let expected = [
            ("gpt-5", None, None),
            ("q", Some(4_096), None),
            ("o/r", Some(8_192), Some(512)),
            ("g", Some(131_072), Some(32_768)),
            ("h/f", Some(40_960), None),
        ];
        assert_eq!(told, expected);
        assert_eq!(models[2].name.as_deref(), Some("R"));
        assert_eq!(decode_response(br#"[{"id":"t"}]"#).unwrap()[0].id, "t");
        assert!(decode_response(br#"{"data":[]}"#).unwrap().is_empty());
        let written = encode_response(&models, Timestamp::from_secs(7), "aurora");
        assert_eq!(decode_response(&written).unwrap(), models);
        let one: Value =
            serde_json::from_slice(&encode_model(&models[0], Timestamp::from_secs(7), "aurora")).unwrap();
        assert_eq!(
            one,
            json!({"id": "gpt-5", "object": "model", "created": 7, "owned_by": "aurora"})
        );
    }

    #[test]
    fn what_is_no_list_is_an_error() {
        for (body, kind) in [
            (
                r#"{"error":{"message":"m","code":"invalid_api_key"}}"#,
                ErrorKind::Authentication,
            ),
            (
                r#"[{"error":{"code":400,"message":"API key not valid."}}]"#,
                ErrorKind::Authentication,
            ),
            (r#"{"data":"none"}"#, ErrorKind::Malformed),
            (r#"{"data":[{"name":"x"}]}"#, ErrorKind::Malformed),
            ("<html>", ErrorKind::Malformed),
        ] {
            assert_eq!(
                decode_response(body.as_bytes()).unwrap_err().kind(),
                kind,
                "{body}"
            );
        }
    }
}
