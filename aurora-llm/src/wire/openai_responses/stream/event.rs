//! Events as they stand in a stream.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::Value;

use crate::error::Error;
use crate::wire::failure;
use crate::wire::json::{count, or_default, unreadable};
use crate::wire::openai_responses::item::{Annotation, Item, WireResponse};

#[derive(Debug, Deserialize)]
pub(super) struct Kind<'a> {
    #[serde(rename = "type", borrow)]
    pub(super) kind: Option<Cow<'a, str>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct About {
    pub(super) response: WireResponse,
}

#[derive(Debug, Deserialize)]
pub(super) struct OfItem {
    #[serde(default, deserialize_with = "count")]
    pub(super) output_index: u64,
    pub(super) item: Item,
}

/// More of a piece, or all of it.
#[derive(Debug, Deserialize)]
pub(super) struct More {
    #[serde(default, deserialize_with = "count")]
    pub(super) output_index: u64,
    #[serde(default, deserialize_with = "count", alias = "summary_index")]
    pub(super) content_index: u64,
    #[serde(default, deserialize_with = "or_default", alias = "text", alias = "refusal")]
    pub(super) delta: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct MoreArguments {
    #[serde(default, deserialize_with = "count")]
    pub(super) output_index: u64,
    #[serde(alias = "delta")]
    pub(super) arguments: Option<Value>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Annotated {
    #[serde(default, deserialize_with = "count")]
    pub(super) output_index: u64,
    pub(super) annotation: Option<Annotation>,
}

pub(super) fn read<'a, T: Deserialize<'a>>(data: &'a str) -> Result<T, Error> {
    serde_json::from_str(data).map_err(|error| unreadable("an event is not in the documented form", &error))
}

/// Gateways put errors of their own between the events; these have no type that we know.
pub(super) fn unnamed_error(value: &Value) -> Option<Error> {
    let error = value.get("error").filter(|error| !error.is_null());
    error.and_then(|_| failure::within_answer(value))
}
