//! `Idempotency-Key`: a creating call that is sent twice under one key has one effect, and the second sender gets the answer
//! of the first (draft-ietf-httpapi-idempotency-key-header).
//!
//! Answers are kept for a day, sealed, in Redis where there is one and else in this process, and belong to one caller,
//! workspace and address. A call under a key is made to its end also when its client goes away, so that the client finds
//! the answer when it comes again. A refusal had no effect, so its key is free again. Where it cannot be known whether there
//! was one (a failure of ours, a time that was up), the key stays taken, and whoever repeats the call is told so. A process
//! that dies with a call under way leaves the key taken for [`UNDER_WAY`].

use std::sync::Arc;
use std::time::Duration;

use aurora_core::access::seal::{Place, Sealed, Sealer};
use aurora_core::cache::{CacheStore, Key, Scope};
use axum::body::{Body, HttpBody as _, to_bytes};
use axum::extract::{FromRequestParts as _, OriginalUri, Request, State};
use axum::http::header::{CONTENT_TYPE, ETAG, LOCATION};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use tracing::Instrument as _;

use super::limits::BodyLimit;
use crate::http::access::Caller;
use crate::http::extract::IdempotencyKey;
use crate::http::problem::{Problem, ProblemKind};
use crate::state::AppState;

const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");
/// How long an answer is kept.
const KEPT: Duration = Duration::from_secs(24 * 60 * 60);
/// How long a call may be under way before its key is free again: longer than any request may take.
const UNDER_WAY: Duration = Duration::from_secs(5 * 60);
/// Larger answers are not kept; that their call was made is.
const MAX_ANSWER: usize = 512 << 10;

/// What is kept under a key.
#[derive(Serialize, Deserialize)]
struct Kept {
    /// SHA-256 of the request's body.
    request: String,
    outcome: Outcome,
}

#[derive(Serialize, Deserialize)]
enum Outcome {
    UnderWay,
    /// A sealed [`Head`], a line feed and the body.
    Answered(String),
    /// Made, with an answer that was too large to keep.
    Unkept,
    /// It failed, and may have been made all the same.
    Unknown,
}

#[derive(Serialize, Deserialize)]
struct Head {
    status: u16,
    headers: Vec<(String, String)>,
}

pub(crate) async fn keep(State(state): State<AppState>, request: Request, next: Next) -> Response {
    if request.method() != Method::POST {
        return next.run(request).await;
    }
    match once(&state, request, next).await {
        Ok(response) => response,
        Err(problem) => problem.into_response(),
    }
}

async fn once(state: &AppState, request: Request, next: Next) -> Result<Response, Problem> {
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
    let place = Slot::new(state, caller, address, &key)?;
    let body = to_bytes(body, limit)
        .await
        .map_err(|error| Problem::new(ProblemKind::BodyTooLarge).caused_by(error))?;
    let mark = digest(&[&body]);
    if !place.take(&mark).await? {
        return place.again(&mark).await;
    }
    // Not a part of this future, which ends when the client goes away: nobody could tell then how far the call came.
    let request = Request::from_parts(parts, Body::from(body));
    let made = tokio::spawn(async move { place.make(next, request, mark).await }.in_current_span());
    made.await
        .map_err(|error| Problem::new(ProblemKind::Internal).caused_by(error))
}

/// The place of one key.
struct Slot {
    store: Arc<dyn CacheStore>,
    sealer: Sealer,
    key: Key,
    place: Place,
}

impl Slot {
    fn new(state: &AppState, caller: &Caller, address: &str, key: &str) -> Result<Self, Problem> {
        let name = digest(&[caller.principal().id(), address, key].map(str::as_bytes));
        Ok(Self {
            store: Arc::clone(&state.shared),
            sealer: state.doors.sealer().clone(),
            key: Key::new(&Scope::tenant(caller.workspace()), "idempotency", 1, &name)
                .map_err(|error| Problem::new(ProblemKind::Internal).caused_by(error))?,
            place: Place::new("idempotency", caller.workspace(), name, "answer"),
        })
    }

    /// Whether the key was free; then it is taken.
    async fn take(&self, mark: &str) -> Result<bool, Problem> {
        let begun = encoded(mark, Outcome::UnderWay);
        self.store
            .set_if_absent(&self.key, begun, UNDER_WAY)
            .await
            .map_err(unknown)
    }

    /// Makes the call to its end, and keeps its answer.
    async fn make(self, next: Next, request: Request, mark: String) -> Response {
        let Ok(response) = tokio::time::timeout(UNDER_WAY, next.run(request)).await else {
            return Problem::new(ProblemKind::RequestTimeout).into_response();
        };
        let refused = response.extensions().get::<Problem>().map(Problem::kind);
        let is_unknown = match refused {
            Some(kind) => matches!(kind, ProblemKind::Internal | ProblemKind::RequestTimeout),
            None => response.status().is_server_error(),
        };
        if refused.is_some() && !is_unknown {
            if let Err(error) = self.store.remove(&self.key).await {
                tracing::warn!(%error, "an idempotency key stays taken for a while");
            }
            return response;
        }
        let (outcome, response) = match is_unknown {
            true => (Outcome::Unknown, response),
            false => self.outcome(response).await,
        };
        if let Err(error) = self.store.set(&self.key, encoded(&mark, outcome), KEPT).await {
            tracing::warn!(%error, "the answer of an idempotent call cannot be kept");
        }
        response
    }

    /// What is kept of an answer, and the answer.
    async fn outcome(&self, response: Response) -> (Outcome, Response) {
        let size = response.body().size_hint().upper();
        if size.is_none_or(|size| size > MAX_ANSWER as u64) {
            return (Outcome::Unkept, response);
        }
        let (parts, body) = response.into_parts();
        let body = match to_bytes(body, MAX_ANSWER).await {
            Ok(body) => body,
            Err(error) => {
                let problem = Problem::new(ProblemKind::Internal).caused_by(error);
                return (Outcome::Unkept, problem.into_response());
            }
        };
        let head = Head {
            status: parts.status.as_u16(),
            headers: shown(&parts.headers),
        };
        let mut text = serde_json::to_vec(&head).unwrap_or_default();
        text.push(b'\n');
        text.extend_from_slice(&body);
        let outcome = match self.sealer.seal(&self.place, &text).await {
            Ok(sealed) => Outcome::Answered(sealed.to_string()),
            Err(error) => {
                tracing::warn!(%error, "the answer of an idempotent call cannot be sealed");
                Outcome::Unkept
            }
        };
        (outcome, Response::from_parts(parts, Body::from(body)))
    }

    /// What the second sender gets.
    async fn again(&self, mark: &str) -> Result<Response, Problem> {
        let conflict = || Problem::new(ProblemKind::IdempotencyUnderWay).retry_after(Duration::from_secs(1));
        let bytes = self.store.get(&self.key).await.map_err(unknown)?;
        let kept: Kept = serde_json::from_slice(&bytes.ok_or_else(conflict)?).map_err(unknown)?;
        if kept.request != mark {
            return Err(Problem::new(ProblemKind::IdempotencyReused));
        }
        match kept.outcome {
            Outcome::UnderWay => Err(conflict()),
            Outcome::Unkept => Err(Problem::new(ProblemKind::Conflict)
                .detail("the call with this idempotency-key was made; its answer was too large to be kept")),
            Outcome::Unknown => Err(Problem::new(ProblemKind::Conflict).detail(
                "the call with this idempotency-key failed, and it is not known whether it was made: look, and call again \
                 under another key",
            )),
            Outcome::Answered(sealed) => {
                let sealed = sealed.parse::<Sealed>().map_err(unknown)?;
                let text = self.sealer.open(&self.place, &sealed).await.map_err(unknown)?;
                replayed(&text)
            }
        }
    }
}

/// The answer that was kept.
fn replayed(text: &[u8]) -> Result<Response, Problem> {
    let end = text.iter().position(|byte| *byte == b'\n').unwrap_or(text.len());
    let (head, body) = text.split_at(end);
    let head: Head = serde_json::from_slice(head).map_err(unknown)?;
    let body = Bytes::copy_from_slice(body.get(1..).unwrap_or_default());
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(head.status).map_err(unknown)?;
    for (name, value) in head.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().insert(name, value);
        }
    }
    response
        .headers_mut()
        .insert(REPLAYED, HeaderValue::from_static("true"));
    Ok(response)
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

fn encoded(mark: &str, outcome: Outcome) -> Bytes {
    let kept = Kept {
        request: mark.to_owned(),
        outcome,
    };
    serde_json::to_vec(&kept).unwrap_or_default().into()
}

/// It cannot be known whether the call was made before: then it is not made.
fn unknown(error: impl std::error::Error + Send + Sync + 'static) -> Problem {
    Problem::new(ProblemKind::Unavailable)
        .retry_after(Duration::from_secs(2))
        .caused_by(error)
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::middleware::from_fn_with_state;
    use axum::routing::post;
    use tower::ServiceExt as _;

    use super::*;
    use crate::http::access::{Access, guard};
    use crate::http::testing::Server;

    /// What two calls under one key come to, where the first ends like this.
    async fn twice(kind: ProblemKind) -> (Option<ProblemKind>, Option<ProblemKind>) {
        let server = Server::adapted(|builder| builder).await;
        let state = &server.state;
        let fail = post(move || async move { Problem::new(kind) });
        let fail = fail.layer(from_fn_with_state(state.clone(), keep));
        let access = Access::Workspace(aurora_crm::workspaces::CrmPermission::ClientWrite);
        let fail = fail.layer(from_fn_with_state((state.clone(), access), guard));
        let limit = from_fn_with_state(BodyLimit(1_024), super::super::limits::body);
        let router = Router::new().route("/", fail.layer(limit));
        let call = async || {
            let request = Request::post("/")
                .header("idempotency-key", "k-1")
                .body(Body::empty());
            let answer = router.clone().oneshot(request.unwrap()).await.unwrap();
            answer.extensions().get::<Problem>().map(Problem::kind)
        };
        (call().await, call().await)
    }

    #[tokio::test]
    async fn a_refusal_frees_the_key_and_what_is_not_known_does_not() {
        for kind in [
            ProblemKind::Invalid,
            ProblemKind::Unavailable,
            ProblemKind::NotFound,
        ] {
            assert_eq!(twice(kind).await, (Some(kind), Some(kind)));
        }
        for kind in [ProblemKind::Internal, ProblemKind::RequestTimeout] {
            assert_eq!(twice(kind).await, (Some(kind), Some(ProblemKind::Conflict)));
        }
    }
}
