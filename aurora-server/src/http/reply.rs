//! The forms that answers of resources have in common.

use std::fmt::Display;

use aurora_core::page::Page;
use axum::http::header::{ETAG, LOCATION};
use axum::http::{HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::extract::etag;

/// One page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct List<T: ToSchema> {
    /// What was found, in the list's order.
    pub(crate) items: Vec<T>,
    /// The cursor of the next page; null on the last.
    pub(crate) next: Option<String>,
}

impl<T: ToSchema> List<T> {
    /// A list that is not read in pages.
    pub(crate) fn whole<D: Into<T>>(items: impl IntoIterator<Item = D>) -> Self {
        Self {
            items: items.into_iter().map(Into::into).collect(),
            next: None,
        }
    }
}

impl<T: ToSchema, D: Into<T>> From<Page<D>> for List<T> {
    fn from(page: Page<D>) -> Self {
        Self {
            items: page.items.into_iter().map(Into::into).collect(),
            next: page.next.map(|next| next.to_string()),
        }
    }
}

/// One thing with its version as entity tag.
pub(crate) fn shown(status: StatusCode, version: i64, body: &impl Serialize) -> Response {
    (status, [(ETAG, etag(version))], axum::Json(body)).into_response()
}

/// A thing that was made by a request to `collection`: under the name by which the client came.
pub(crate) fn made(collection: &Uri, id: impl Display, version: i64, body: &impl Serialize) -> Response {
    let mut response = shown(StatusCode::CREATED, version, body);
    let location = format!("{}/{id}", collection.path().trim_end_matches('/'));
    if let Ok(location) = HeaderValue::try_from(location) {
        response.headers_mut().insert(LOCATION, location);
    }
    response
}
