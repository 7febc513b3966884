//! The list of models and counts of tokens, as Anthropic's clients read them.

use bytes::Bytes;
use serde_json::{Value, json};

use crate::provider::ModelInfo;
use crate::tokens::TokenCount;

/// Writes the answer to `POST /v1/messages/count_tokens`.
#[must_use]
pub fn encode_count(count: TokenCount) -> Bytes {
    Bytes::from(json!({"input_tokens": count.tokens}).to_string())
}

/// Writes a page of the answer to `GET /v1/models`; `has_more` says that another follows.
#[must_use]
pub fn encode_models(models: &[ModelInfo], has_more: bool) -> Bytes {
    let id = |model: Option<&ModelInfo>| model.map(|model| model.id.clone());
    let body = json!({
        "data": models.iter().map(model).collect::<Vec<_>>(),
        "has_more": has_more,
        "first_id": id(models.first()),
        "last_id": id(models.last()),
    });
    Bytes::from(body.to_string())
}

/// Writes the answer to `GET /v1/models/{model}`.
#[must_use]
pub fn encode_model(info: &ModelInfo) -> Bytes {
    Bytes::from(model(info).to_string())
}

/// Nobody knows when the model was released; Anthropic writes the epoch for that.
fn model(info: &ModelInfo) -> Value {
    json!({
        "type": "model",
        "id": info.id,
        "display_name": info.name.as_deref().unwrap_or(&info.id),
        "created_at": "1970-01-01T00:00:00Z",
        "lifecycle": "active",
        "max_input_tokens": info.context_tokens,
        "max_tokens": info.max_output_tokens,
    })
}
