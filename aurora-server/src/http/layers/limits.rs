//! How much a request may hold and how long it may take.

use std::time::Duration;

use axum::body::HttpBody as _;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::unread::Arrival;
use crate::http::problem::{Problem, ProblemKind};

/// Longest address in bytes.
const MAX_ADDRESS: usize = 8 * 1_024;

/// The most bytes that the body of this request may have.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BodyLimit(pub(crate) usize);

/// Refuses an address that is too long.
pub(crate) async fn address(request: Request, next: Next) -> Response {
    let target = request.uri().path_and_query();
    if target.is_some_and(|target| target.as_str().len() > MAX_ADDRESS) {
        return Problem::new(ProblemKind::AddressTooLong).into_response();
    }
    next.run(request).await
}

/// Refuses a body that is too large before anything of it is read. Bodies of unknown length are cut by their reader,
/// which finds the limit in the request's extensions.
pub(crate) async fn body(
    State(BodyLimit(limit)): State<BodyLimit>,
    mut request: Request,
    next: Next,
) -> Response {
    let announced = request.body().size_hint().lower();
    if announced > u64::try_from(limit).unwrap_or(u64::MAX) {
        return Problem::new(ProblemKind::BodyTooLarge)
            .detail(format!(
                "the body may have {limit} bytes, this one has {announced}"
            ))
            .into_response();
    }
    request.extensions_mut().insert(BodyLimit(limit));
    next.run(request).await
}

/// Gives up a request that takes too long, by the client's fault while its body is still on its way. Not for streams:
/// they have limits of their own.
pub(crate) async fn time(State(limit): State<Duration>, request: Request, next: Next) -> Response {
    let arrival = request.extensions().get::<Arrival>().cloned();
    match tokio::time::timeout(limit, next.run(request)).await {
        Ok(response) => response,
        Err(_) if arrival.is_some_and(|body| !body.is_whole()) => {
            Problem::new(ProblemKind::BodyTimeout).into_response()
        }
        Err(_) => Problem::new(ProblemKind::RequestTimeout).into_response(),
    }
}
