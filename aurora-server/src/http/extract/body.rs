//! Reading a body within its limits of size and time.

use std::error::Error as StdError;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{FromRequest, Request};
use bytes::{Bytes, BytesMut};
use futures::StreamExt as _;

use crate::http::layers::limits::BodyLimit;
use crate::http::problem::{Problem, ProblemKind};

/// Longest time that a body may take to arrive. Applies where the request itself has no limit, too.
const READ_LIMIT: Duration = Duration::from_secs(30);

/// A body of whatever type, as it came.
#[derive(Debug)]
pub(crate) struct Raw(pub(crate) Bytes);

impl<S: Send + Sync> FromRequest<S> for Raw {
    type Rejection = Problem;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Problem> {
        read(request).await.map(Self)
    }
}

/// Everything that the body holds.
pub(crate) async fn read(request: Request) -> Result<Bytes, Problem> {
    // Without the layer there is no limit to be found: then nothing is taken.
    let BodyLimit(limit) = request.extensions().get().copied().unwrap_or(BodyLimit(0));
    whole(request.into_body(), limit).await
}

/// Everything that a body of so many bytes at most holds.
pub(crate) async fn whole(body: Body, limit: usize) -> Result<Bytes, Problem> {
    tokio::time::timeout(READ_LIMIT, collect(body, limit))
        .await
        .unwrap_or_else(|_| Err(Problem::new(ProblemKind::BodyTimeout)))
}

async fn collect(body: Body, limit: usize) -> Result<Bytes, Problem> {
    let mut stream = body.into_data_stream();
    let mut whole = BytesMut::new();
    while let Some(piece) = stream.next().await {
        let piece = piece.map_err(|error| of_transport(&error))?;
        if whole.len().saturating_add(piece.len()) > limit {
            let problem = Problem::new(ProblemKind::BodyTooLarge);
            return Err(problem.detail(format!("the body may have {limit} bytes, this one has more")));
        }
        whole.extend_from_slice(&piece);
    }
    Ok(whole.freeze())
}

fn of_transport(error: &(dyn StdError + 'static)) -> Problem {
    tracing::debug!(%error, "the body broke off");
    Problem::new(ProblemKind::BadRequest).detail("the body broke off or is not sent as HTTP demands")
}
