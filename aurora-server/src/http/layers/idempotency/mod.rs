//! `Idempotency-Key`: a creating call that is sent twice under one key has one effect, and the second sender gets the answer
//! of the first (draft-ietf-httpapi-idempotency-key-header).
//!
//! Which calls were made is kept for a day, in Redis where there is one and else in this process, and so are their answers,
//! sealed; both belong to one caller, workspace and address. An answer that is kept no more, or that shows a secret, is not
//! told again, and its call is not made again either. A call under a key is made to its end also when its client goes away,
//! so that the client finds the answer when it comes again. A refusal had no effect, so its key is free again. Where it
//! cannot be known whether there was one (a failure of ours, an answer of the database that was lost, a time that was up, a
//! process that died), the key stays taken, and whoever repeats the call is told so.

mod fair;
mod shelf;
mod slot;
#[cfg(test)]
mod tests;

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{FromRequestParts as _, OriginalUri, Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use futures::FutureExt as _;
use tracing::Instrument as _;

use super::limits::BodyLimit;
use super::problems;
use crate::http::access::Caller;
use crate::http::extract::{IdempotencyKey, read_whole};
use crate::http::problem::{Problem, ProblemKind};
use crate::state::AppState;
pub(crate) use shelf::Shelf;
use slot::{Outcome, Slot};

/// How long a call may take: longer than any request may.
const LIMIT: Duration = Duration::from_secs(5 * 60);
/// How much longer it may take until that is known.
const MARGIN: Duration = Duration::from_secs(60);

/// What becomes of the answers of a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answers {
    /// They are told again to whoever repeats the call.
    Kept,
    /// They show a secret, which takes more than the same call again.
    ShownOnce,
}

/// What makes the calls of a route once.
#[derive(Clone)]
pub(crate) struct Keeper {
    state: AppState,
    answers: Answers,
    limit: Duration,
}

impl Keeper {
    pub(crate) const fn new(state: AppState, answers: Answers) -> Self {
        Self {
            state,
            answers,
            limit: LIMIT,
        }
    }
}

pub(crate) async fn keep(State(keeper): State<Keeper>, request: Request, next: Next) -> Response {
    if request.method() != Method::POST {
        return next.run(request).await;
    }
    match once(keeper, request, next).await {
        Ok(response) => response,
        Err(problem) => problem.into_response(),
    }
}

async fn once(keeper: Keeper, request: Request, next: Next) -> Result<Response, Problem> {
    let BodyLimit(limit) = request.extensions().get().copied().unwrap_or(BodyLimit(0));
    let (mut parts, body) = request.into_parts();
    let IdempotencyKey(key) = IdempotencyKey::from_request_parts(&mut parts, &()).await?;
    let OriginalUri(address) = OriginalUri::from_request_parts(&mut parts, &())
        .await
        .unwrap_or_else(|never| match never {});
    let (Some(key), Some(caller)) = (key, parts.extensions.get::<Caller>()) else {
        return Ok(next.run(Request::from_parts(parts, body)).await);
    };
    let address = address
        .path_and_query()
        .map_or("", axum::http::uri::PathAndQuery::as_str);
    let body = read_whole(body, limit).await?;
    let slot = Slot::new(&keeper.state, caller, address, &key, &body)?;
    if !slot.take().await? {
        return slot.again(keeper.limit + MARGIN).await;
    }
    // Not a part of this future, which ends when the client goes away: nobody could tell then how far the call came.
    let request = Request::from_parts(parts, Body::from(body));
    let calls = keeper.state.calls.clone();
    let made = calls.spawn(async move { keeper.make(slot, next, request).await }.in_current_span());
    made.await
        .map_err(|error| Problem::new(ProblemKind::Internal).caused_by(error))
}

impl Keeper {
    /// Makes the call to its end, and keeps what became of it.
    async fn make(self, slot: Slot, next: Next, request: Request) -> Response {
        let call = AssertUnwindSafe(next.run(request)).catch_unwind();
        let response = match tokio::time::timeout(self.limit, call).await {
            Ok(Ok(response)) => response,
            Ok(Err(panic)) => problems::of_panic(panic),
            Err(_) => Problem::new(ProblemKind::RequestTimeout).into_response(),
        };
        let refused = response.extensions().get::<Problem>();
        let is_refused = refused.is_some();
        let is_unknown = match refused {
            Some(problem) => problem.may_have_been_made(),
            None => response.status().is_server_error(),
        };
        let (outcome, response) = match self.answers {
            _ if is_unknown => (Outcome::Unknown, response),
            _ if is_refused => {
                slot.free().await;
                return response;
            }
            Answers::Kept => slot.keep(response).await,
            Answers::ShownOnce => (Outcome::ShownOnce, response),
        };
        slot.settle(outcome).await;
        response
    }
}
