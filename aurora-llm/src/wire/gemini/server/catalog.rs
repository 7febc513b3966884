//! The list of models and counts of tokens, as Google's clients read them.

use bytes::Bytes;
use serde_json::{Value, json};

use crate::provider::ModelInfo;
use crate::tokens::TokenCount;

/// Writes how many tokens a request has.
#[must_use]
pub fn encode_count(count: TokenCount) -> Bytes {
    Bytes::from(json!({"totalTokens": count.tokens}).to_string())
}

/// Writes the answer to `GET /v1beta/models`; `next` is the token of the page after this one.
#[must_use]
pub fn encode_models(models: &[ModelInfo], next: Option<&str>) -> Bytes {
    let models: Vec<Value> = models.iter().map(model).collect();
    let mut body = json!({"models": models});
    if let (Some(next), Some(body)) = (next, body.as_object_mut()) {
        body.insert("nextPageToken".to_owned(), json!(next));
    }
    Bytes::from(body.to_string())
}

/// Writes the answer to `GET /v1beta/models/{model}`.
#[must_use]
pub fn encode_model(info: &ModelInfo) -> Bytes {
    Bytes::from(model(info).to_string())
}

fn model(info: &ModelInfo) -> Value {
    let mut out = json!({
        "name": format!("models/{}", info.id),
        "displayName": info.name.as_deref().unwrap_or(&info.id),
        "supportedGenerationMethods": ["generateContent", "countTokens"],
    });
    if let Some(out) = out.as_object_mut() {
        let said = info.max_output_tokens;
        let read = info
            .context_tokens
            .map(|both| both.saturating_sub(said.unwrap_or(0)));
        out.extend(read.map(|limit| ("inputTokenLimit".to_owned(), json!(limit))));
        out.extend(said.map(|limit| ("outputTokenLimit".to_owned(), json!(limit))));
    }
    out
}
