//! The list of models, from the server's side.

use aurora_core::time::Timestamp;
use bytes::Bytes;
use serde_json::{Value, json};

use crate::provider::ModelInfo;

/// Writes the answer to `GET /api/tags`, with models that were last changed at `modified`. Size and digest, which a
/// model that is not a file does not have, are zero and empty.
#[must_use]
pub fn encode_models(models: &[ModelInfo], modified: Timestamp) -> Bytes {
    let model = |model: &ModelInfo| {
        json!({
            "name": model.id,
            "model": model.id,
            "modified_at": modified.to_string(),
            "size": 0,
            "digest": "",
            "details": {"format": "", "family": "", "families": [], "parameter_size": "", "quantization_level": ""},
        })
    };
    let models: Vec<Value> = models.iter().map(model).collect();
    Bytes::from(json!({"models": models}).to_string())
}
