//! The place of one key: whether it is taken, by what, and what came of it.

use std::sync::Arc;
use std::time::Duration;

use aurora_core::access::seal::{Place, Sealed, Sealer};
use aurora_core::cache::{Key, Scope};
use aurora_core::time::{Clock, Timestamp};
use axum::body::{Body, HttpBody as _, to_bytes};
use axum::http::header::{CONTENT_TYPE, ETAG, LOCATION};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::Shelf;
use crate::http::access::Caller;
use crate::http::problem::{Problem, ProblemKind};
use crate::state::AppState;

const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");
/// How long a key stays taken.
const KEPT: Duration = Duration::from_secs(24 * 60 * 60);
/// Larger answers are not kept; that their call was made is.
const MAX_ANSWER: usize = 512 << 10;

/// What is kept under a key.
#[derive(Serialize, Deserialize)]
struct Mark {
    /// SHA-256 of the request's body.
    request: String,
    outcome: Outcome,
}

/// What became of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Outcome {
    /// It was begun then.
    UnderWay(Timestamp),
    /// Made, and its answer is kept: a sealed [`Head`], a line feed and the body.
    Answered,
    /// Made, with an answer that was too large to keep.
    Unkept,
    /// Made, with an answer that is nobody's to see twice.
    ShownOnce,
    /// It failed, and may have been made all the same.
    Unknown,
}

#[derive(Serialize, Deserialize)]
struct Head {
    status: u16,
    headers: Vec<(String, String)>,
}

pub(super) struct Slot {
    shelf: Shelf,
    sealer: Sealer,
    clock: Arc<dyn Clock>,
    mark: Key,
    answer: Key,
    place: Place,
    /// SHA-256 of the body of the call.
    request: String,
}

impl Slot {
    /// The place of a caller's key at an address, for a call with this body.
    pub(super) fn new(
        state: &AppState,
        caller: &Caller,
        address: &str,
        key: &str,
        body: &[u8],
    ) -> Result<Self, Problem> {
        let name = digest(&[caller.principal().id(), address, key].map(str::as_bytes));
        let named = |kind| {
            Key::new(&Scope::tenant(caller.workspace()), kind, 2, &name)
                .map_err(|error| Problem::new(ProblemKind::Internal).caused_by(error))
        };
        Ok(Self {
            shelf: state.shelf.clone(),
            sealer: state.doors.sealer().clone(),
            clock: Arc::clone(&state.clock),
            mark: named("idempotency")?,
            answer: named("idempotent-answer")?,
            place: Place::new("idempotency", caller.workspace(), name, "answer"),
            request: digest(&[body]),
        })
    }

    /// Whether the key was free; then it is taken.
    pub(super) async fn take(&self) -> Result<bool, Problem> {
        let begun = self.marked(Outcome::UnderWay(self.clock.now()));
        let taken = self.shelf.marks.set_if_absent(&self.mark, begun, KEPT).await;
        taken.map_err(unknown)
    }

    /// Frees the key of a call that had no effect.
    pub(super) async fn free(&self) {
        if let Err(error) = self.shelf.marks.remove(&self.mark).await {
            tracing::warn!(%error, "an idempotency key stays taken for a day");
        }
    }

    /// Keeps what became of the call.
    pub(super) async fn settle(&self, outcome: Outcome) {
        let mark = self.marked(outcome);
        if let Err(error) = self.shelf.marks.set(&self.mark, mark, KEPT).await {
            tracing::warn!(%error, "what became of an idempotent call cannot be kept");
        }
    }

    /// Keeps an answer as far as it can be kept, and gives it back.
    pub(super) async fn keep(&self, response: Response) -> (Outcome, Response) {
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
        let outcome = self.sealed(&text).await;
        (outcome, Response::from_parts(parts, Body::from(body)))
    }

    async fn sealed(&self, text: &[u8]) -> Outcome {
        let sealed = match self.sealer.seal(&self.place, text).await {
            Ok(sealed) => sealed.to_string(),
            Err(error) => {
                tracing::warn!(%error, "the answer of an idempotent call cannot be sealed");
                return Outcome::Unkept;
            }
        };
        match self.shelf.answers.set(&self.answer, sealed.into(), KEPT).await {
            Ok(()) => Outcome::Answered,
            Err(error) => {
                tracing::warn!(%error, "the answer of an idempotent call cannot be kept");
                Outcome::Unkept
            }
        }
    }

    /// What the second sender gets. A call lasts no longer than `limit`: one that is under way for longer died with its
    /// process.
    pub(super) async fn again(&self, limit: Duration) -> Result<Response, Problem> {
        let conflict = || Problem::new(ProblemKind::IdempotencyUnderWay).retry_after(Duration::from_secs(1));
        let bytes = self.shelf.marks.get(&self.mark).await.map_err(unknown)?;
        let mark: Mark = serde_json::from_slice(&bytes.ok_or_else(conflict)?).map_err(unknown)?;
        if mark.request != self.request {
            return Err(Problem::new(ProblemKind::IdempotencyReused));
        }
        let told = |detail: &'static str| Err(Problem::new(ProblemKind::Conflict).detail(detail));
        match mark.outcome {
            Outcome::UnderWay(begun) if self.clock.now().since(begun) <= limit => Err(conflict()),
            Outcome::UnderWay(_) | Outcome::Unknown => told(
                "the call with this idempotency-key failed, and it is not known whether it was made: look, and call again \
                 under another key",
            ),
            Outcome::ShownOnce => {
                told("the call with this idempotency-key was made; its answer is shown once")
            }
            Outcome::Unkept => told(UNKEPT),
            Outcome::Answered => {
                let sealed = self.shelf.answers.get(&self.answer).await.map_err(unknown)?;
                let Some(sealed) = sealed else { return told(UNKEPT) };
                let sealed = std::str::from_utf8(&sealed).map_err(unknown)?;
                let sealed = sealed.parse::<Sealed>().map_err(unknown)?;
                let text = self.sealer.open(&self.place, &sealed).await.map_err(unknown)?;
                replayed(&text)
            }
        }
    }

    fn marked(&self, outcome: Outcome) -> Bytes {
        let mark = Mark {
            request: self.request.clone(),
            outcome,
        };
        serde_json::to_vec(&mark).unwrap_or_default().into()
    }
}

const UNKEPT: &str =
    "the call with this idempotency-key was made; its answer was too large to be kept, or is kept no more";

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

/// It cannot be known whether the call was made before: then it is not made.
fn unknown(error: impl std::error::Error + Send + Sync + 'static) -> Problem {
    Problem::new(ProblemKind::Unavailable)
        .retry_after(Duration::from_secs(2))
        .caused_by(error)
}
