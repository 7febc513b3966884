//! The models that are there: `GET /api/tags`.

use serde::Deserialize;
use serde_json::Value;

use crate::error::Error;
use crate::provider::ModelInfo;
use crate::wire::WireRequest;
use crate::wire::json::{or_default, unreadable};

/// Asks which models are there.
#[must_use]
pub fn encode_models() -> WireRequest {
    WireRequest::get("/api/tags")
}

#[derive(Debug, Deserialize)]
struct WireModels {
    #[serde(deserialize_with = "or_default")]
    models: Vec<WireModel>,
}

#[derive(Debug, Deserialize)]
struct WireModel {
    #[serde(default, deserialize_with = "or_default")]
    model: String,
    #[serde(default, deserialize_with = "or_default")]
    name: String,
}

/// Reads which models are there; those without a name are passed over.
///
/// # Errors
/// [`ErrorKind::Malformed`](crate::error::ErrorKind::Malformed) when the body is not of this form.
pub fn decode_models(body: &[u8]) -> Result<Vec<ModelInfo>, Error> {
    let value: Value = serde_json::from_slice(body).map_err(|error| unreadable("not JSON", &error))?;
    let wire = WireModels::deserialize(value)
        .map_err(|error| unreadable("not the form of a list of models", &error))?;
    let id = |model: WireModel| {
        if model.model.is_empty() {
            model.name
        } else {
            model.model
        }
    };
    let ids = wire.models.into_iter().map(id).filter(|id| !id.is_empty());
    Ok(ids.map(ModelInfo::new).collect())
}
