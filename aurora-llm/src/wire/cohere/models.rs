//! The list of models: `GET /v1/models`.

use serde::Deserialize;
use serde_json::Value;

use crate::error::Error;
use crate::provider::ModelInfo;
use crate::wire::WireRequest;
use crate::wire::json::{optional_count, or_default, unreadable};

/// One page of the list of models.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ModelPage {
    /// The models of this page.
    pub models: Vec<ModelInfo>,
    /// What asks for the next page; `None` after the last.
    pub next: Option<String>,
}

/// Asks for a page of the list, the first one with `None`.
#[must_use]
pub fn encode_models(page: Option<&str>) -> WireRequest {
    let request = WireRequest::get("/v1/models").query("page_size", "1000");
    match page {
        Some(page) => request.query("page_token", page),
        None => request,
    }
}

#[derive(Debug, Deserialize)]
struct WireModels {
    models: Vec<WireModel>,
    next_page_token: Option<String>,
}

#[derive(Debug, Deserialize)]
struct WireModel {
    #[serde(default, deserialize_with = "or_default")]
    name: String,
    #[serde(default, deserialize_with = "optional_count")]
    context_length: Option<u64>,
}

/// Reads a page of the list; models without a name are passed over.
///
/// # Errors
/// [`ErrorKind::Malformed`](crate::error::ErrorKind::Malformed) when the body is not of this form.
pub fn decode_models(body: &[u8]) -> Result<ModelPage, Error> {
    let value: Value = serde_json::from_slice(body).map_err(|error| unreadable("not JSON", &error))?;
    let wire = WireModels::deserialize(value)
        .map_err(|error| unreadable("not the form of a list of models", &error))?;
    let info = |model: WireModel| {
        let mut info = ModelInfo::new(model.name);
        let length = model.context_length.filter(|length| *length > 0);
        info.context_tokens = length.map(|length| u32::try_from(length).unwrap_or(u32::MAX));
        info
    };
    let named = wire.models.into_iter().filter(|model| !model.name.is_empty());
    Ok(ModelPage {
        models: named.map(info).collect(),
        next: wire.next_page_token.filter(|token| !token.is_empty()),
    })
}
