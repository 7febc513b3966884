//! What else is asked of models: which there are, and how they count.

use serde::Deserialize;

use super::ApiVersion;
use crate::error::Error;
use crate::provider::ModelInfo;
use crate::tokens::{CountSource, TokenCount};
use crate::wire::WireRequest;
use crate::wire::json::{or_default, unreadable};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireCount {
    total_tokens: u64,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WirePage {
    #[serde(default, deserialize_with = "or_default")]
    models: Vec<WireModel>,
    next_page_token: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireModel {
    name: String,
    display_name: Option<String>,
    input_token_limit: Option<u32>,
    output_token_limit: Option<u32>,
}

pub(super) fn count(body: &[u8]) -> Result<TokenCount, Error> {
    let wire: WireCount =
        serde_json::from_slice(body).map_err(|error| unreadable("not a count of tokens", &error))?;
    Ok(TokenCount::new(wire.total_tokens, CountSource::Provider))
}

pub(super) fn request(page_token: Option<&str>, version: ApiVersion) -> WireRequest {
    let wire = WireRequest::get(format!("/{}/models", version.as_str())).query("pageSize", "1000");
    match page_token {
        Some(token) => wire.query("pageToken", token),
        None => wire,
    }
}

pub(super) fn page(body: &[u8]) -> Result<(Vec<ModelInfo>, Option<String>), Error> {
    let wire: WirePage =
        serde_json::from_slice(body).map_err(|error| unreadable("not a list of models", &error))?;
    let model = |model: WireModel| {
        let id = model.name.strip_prefix("models/").unwrap_or(&model.name);
        let mut info = ModelInfo::new(id);
        info.name = model.display_name;
        // Google's limit of input is apart from the one of output; together they are what a conversation may have.
        let both = |input: u32| input.saturating_add(model.output_token_limit.unwrap_or(0));
        info.context_tokens = model.input_token_limit.map(both);
        info.max_output_tokens = model.output_token_limit;
        info
    };
    let next = wire.next_page_token.filter(|token| !token.is_empty());
    Ok((wire.models.into_iter().map(model).collect(), next))
}
