//! Answers in the forms that every resource gives: with a version, newly made, page by page.

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
pub(crate) struct Listed<T> {
    /// What is on the page, in the list's order.
    pub(crate) items: Vec<T>,
    /// The cursor of the next page; null on the last.
    pub(crate) next: Option<String>,
}

impl<T> Listed<T> {
    /// One page of what is shown as it is.
    pub(crate) fn page(Page { items, next }: Page<T>) -> Self {
        Self {
            items,
            next: next.map(|next| next.to_string()),
        }
    }

    /// A list that is not read in pages.
    pub(crate) fn whole<D: Into<T>>(items: impl IntoIterator<Item = D>) -> Self {
        Self {
            items: items.into_iter().map(Into::into).collect(),
            next: None,
        }
    }
}

impl<T, D: Into<T>> From<Page<D>> for Listed<T> {
    fn from(Page { items, next }: Page<D>) -> Self {
        let items = items.into_iter().map(Into::into).collect();
        Self::page(Page { items, next })
    }
}

/// A list that is always whole.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Whole<T> {
    /// All of them.
    pub(crate) items: Vec<T>,
}

/// Something with its version in the header `ETag`.
pub(crate) fn tagged(status: StatusCode, version: i64, body: &impl Serialize) -> Response {
    (status, [(ETAG, etag(version))], axum::Json(body)).into_response()
}

/// Something that was made, with where it is to be found; `uri` is that of its list.
pub(crate) fn created(uri: &Uri, id: impl Display, version: Option<i64>, body: &impl Serialize) -> Response {
    let mut response = (StatusCode::CREATED, axum::Json(body)).into_response();
    let location = format!("{}/{id}", uri.path().trim_end_matches('/'));
    let headers = response.headers_mut();
    if let Ok(location) = HeaderValue::try_from(location) {
        headers.insert(LOCATION, location);
    }
    if let Some(version) = version {
        headers.insert(ETAG, etag(version));
    }
    response
}
