//! `Idempotency-Key`: a creating call that is sent twice under one key has one effect, and the second sender gets the answer
//! of the first (draft-ietf-httpapi-idempotency-key-header).
//!
//! Answers are kept for a day, in Redis where there is one and else in this process, and belong to one caller, workspace and
//! route. An answer that says nothing about the effect (5xx, 429) is not kept: the call may be tried again.

use std::sync::Arc;
use std::time::Duration;

use aurora_core::cache::{CacheStore, Key, Scope};
use axum::body::{Body, to_bytes};
use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{CONTENT_TYPE, ETAG, LOCATION};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::limits::BodyLimit;
use crate::http::access::Caller;
use crate::http::problem::{Problem, ProblemKind};
use crate::state::AppState;

const HEADER: &str = "idempotency-key";
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");
/// How long an answer is kept.
const KEPT: Duration = Duration::from_secs(24 * 60 * 60);
/// How long a call may be under way before its key is free again: longer than any request may take.
const UNDER_WAY: Duration = Duration::from_secs(5 * 60);
const MAX_KEY: usize = 255;
/// Larger answers are not kept, and their calls not protected.
const MAX_ANSWER: usize = 1 << 20;

/// What is kept under a key.
#[derive(Serialize, Deserialize)]
struct Kept {
    /// SHA-256 of the request's body.
    request: String,
    /// `None` while the call is under way.
    answer: Option<Answer>,
}

#[derive(Serialize, Deserialize)]
struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

pub(crate) async fn keep(State(state): State<AppState>, request: Request, next: Next) -> Response {
    if request.method() != Method::POST || !request.headers().contains_key(HEADER) {
        return next.run(request).await;
    }
    match once(&state, request, next).await {
        Ok(response) => response,
        Err(problem) => problem.into_response(),
    }
}

async fn once(state: &AppState, request: Request, next: Next) -> Result<Response, Problem> {
    let text = one_key(request.headers())?;
    let Some(caller) = request.extensions().get::<Caller>() else {
        return Ok(next.run(request).await);
    };
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("", MatchedPath::as_str);
    let name = digest(&[caller.principal().id(), route, &text].map(str::as_bytes));
    let key = Key::new(&Scope::tenant(caller.workspace()), "idempotency", 1, &name)
        .map_err(|error| Problem::new(ProblemKind::Internal).caused_by(error))?;
    let store = Arc::clone(&state.shared);

    let BodyLimit(limit) = request.extensions().get().copied().unwrap_or(BodyLimit(0));
    let (parts, body) = request.into_parts();
    let limit = limit.min(MAX_ANSWER * 20);
    let body = to_bytes(body, limit)
        .await
        .map_err(|error| Problem::new(ProblemKind::BodyTooLarge).caused_by(error))?;
    let mark = digest(&[&body]);
    let begun = encoded(&Kept {
        request: mark.clone(),
        answer: None,
    });
    let is_first = store
        .set_if_absent(&key, begun, UNDER_WAY)
        .await
        .map_err(unknown)?;
    if !is_first {
        return again(&*store, &key, &mark).await;
    }
    // Whatever becomes of this call, also when its client goes away, its key does not stay taken without an answer.
    let mut taken = Taken {
        store: Some((Arc::clone(&store), key.clone())),
    };
    let response = next.run(Request::from_parts(parts, Body::from(body))).await;
    let status = response.status();
    if status.is_server_error()
        || status == StatusCode::TOO_MANY_REQUESTS
        || status == StatusCode::UNAUTHORIZED
    {
        return Ok(response);
    }
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, MAX_ANSWER).await;
    let body = body.map_err(|error| Problem::new(ProblemKind::Internal).caused_by(error))?;
    let kept = Kept {
        request: mark,
        answer: Some(Answer {
            status: parts.status.as_u16(),
            headers: shown(&parts.headers),
            body: String::from_utf8_lossy(&body).into_owned(),
        }),
    };
    match store.set(&key, encoded(&kept), KEPT).await {
        Ok(()) => taken.store = None,
        Err(error) => tracing::warn!(%error, "the answer of an idempotent call cannot be kept"),
    }
    Ok(Response::from_parts(parts, Body::from(body)))
}

/// What the second sender gets.
async fn again(store: &dyn CacheStore, key: &Key, mark: &str) -> Result<Response, Problem> {
    let conflict = || Problem::new(ProblemKind::IdempotencyUnderWay).retry_after(Duration::from_secs(1));
    let bytes = store.get(key).await.map_err(unknown)?.ok_or_else(conflict)?;
    let kept: Kept = serde_json::from_slice(&bytes).map_err(unknown)?;
    if kept.request != mark {
        return Err(Problem::new(ProblemKind::IdempotencyReused));
    }
    let answer = kept.answer.ok_or_else(conflict)?;
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() = StatusCode::from_u16(answer.status).map_err(unknown)?;
    for (name, value) in answer.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().insert(name, value);
        }
    }
    response
        .headers_mut()
        .insert(REPLAYED, HeaderValue::from_static("true"));
    Ok(response)
}

/// A key that was taken; free again when the call ends without an answer that was kept.
struct Taken {
    store: Option<(Arc<dyn CacheStore>, Key)>,
}

impl Drop for Taken {
    fn drop(&mut self) {
        if let Some((store, key)) = self.store.take() {
            tokio::spawn(async move {
                if let Err(error) = store.remove(&key).await {
                    tracing::warn!(%error, "an idempotency key stays taken for a while");
                }
            });
        }
    }
}

fn one_key(headers: &HeaderMap) -> Result<String, Problem> {
    let refuse = |detail: &'static str| Err(Problem::new(ProblemKind::BadRequest).detail(detail));
    let mut values = headers.get_all(HEADER).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return refuse("idempotency-key must stand once");
    };
    match value.to_str().map(|text| text.trim().trim_matches('"')) {
        Ok(text) if (1..=MAX_KEY).contains(&text.len()) => Ok(text.to_owned()),
        _ => refuse("idempotency-key must have 1 to 255 printable characters"),
    }
}

fn shown(headers: &HeaderMap) -> Vec<(String, String)> {
    [CONTENT_TYPE, ETAG, LOCATION]
        .iter()
        .filter_map(|name| Some((name.to_string(), headers.get(name)?.to_str().ok()?.to_owned())))
        .collect()
}

fn digest(pieces: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    for piece in pieces {
        hash.update(piece.len().to_be_bytes());
        hash.update(piece);
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn encoded(kept: &Kept) -> Bytes {
    serde_json::to_vec(kept).unwrap_or_default().into()
}

/// It cannot be known whether the call was made before: then it is not made.
fn unknown(error: impl std::error::Error + Send + Sync + 'static) -> Problem {
    Problem::new(ProblemKind::Unavailable)
        .retry_after(Duration::from_secs(2))
        .caused_by(error)
}
