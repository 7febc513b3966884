//! What else is asked of models: which there are, and how they count.

use serde::Deserialize;

use super::VERSION;
use crate::error::Error;
use crate::provider::ModelInfo;
use crate::tokens::{CountSource, TokenCount};
use crate::wire::WireRequest;
use crate::wire::json::{or_default, unreadable};

#[derive(Debug, Deserialize)]
struct WireCount {
    input_tokens: u64,
}

#[derive(Debug, Deserialize)]
struct WirePage {
    data: Vec<WireModel>,
    #[serde(default, deserialize_with = "or_default")]
    has_more: bool,
    last_id: Option<String>,
}

#[derive(Debug, Deserialize)]
struct WireModel {
    id: String,
    display_name: Option<String>,
    max_input_tokens: Option<u32>,
    max_tokens: Option<u32>,
}

pub(super) fn count(body: &[u8]) -> Result<TokenCount, Error> {
    let wire: WireCount =
        serde_json::from_slice(body).map_err(|error| unreadable("not a count of tokens", &error))?;
    Ok(TokenCount::new(wire.input_tokens, CountSource::Provider))
}

pub(super) fn request(after: Option<&str>) -> WireRequest {
    let wire = WireRequest::get("/v1/models")
        .query("limit", "1000")
        .header("anthropic-version", VERSION);
    match after {
        Some(id) => wire.query("after_id", id),
        None => wire,
    }
}

pub(super) fn page(body: &[u8]) -> Result<(Vec<ModelInfo>, Option<String>), Error> {
    let wire: WirePage =
        serde_json::from_slice(body).map_err(|error| unreadable("not a list of models", &error))?;
    let model = |model: WireModel| {
        let mut info = ModelInfo::new(model.id);
        info.name = model.display_name;
        info.context_tokens = model.max_input_tokens.filter(|tokens| *tokens > 0);
        info.max_output_tokens = model.max_tokens.filter(|tokens| *tokens > 0);
        info
    };
    let next = wire.last_id.filter(|_| wire.has_more);
    Ok((wire.data.into_iter().map(model).collect(), next))
}
