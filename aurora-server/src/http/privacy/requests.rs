//! What people ask for, and by when it is to be answered.

use aurora_core::time::Timestamp;
use aurora_crm::privacy::{DataRequest, Outcome};
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::ETAG;
use axum::response::{IntoResponse as _, Response};

use super::subject_of;
use super::views::{Closing, OutcomeInput, RequestInput, RequestList, RequestView};
use crate::http::access::Caller;
use crate::http::extract::{IfMatch, Json, Params, PathId, etag};
use crate::http::problem::{FieldError, Problem, ProblemKind};
use crate::state::AppState;

/// Requests that wait for their answer, the most urgent first, at most 200.
#[utoipa::path(get, path = "/requests", tag = "privacy", operation_id = "list_open_data_requests",
    params(("due_until" = Option<String>, Query, description = "Leaves out what is due later: RFC 3339")),
    responses((status = 200, description = "The open ones", body = RequestList)))]
pub(super) async fn list(
    State(state): State<AppState>,
    caller: Caller,
    mut params: Params,
) -> Result<axum::Json<RequestList>, Problem> {
    let until = params.take::<Timestamp>("due_until", "a time such as 2026-07-01T12:00:00Z");
    params.finish()?;
    let requests = state
        .library
        .privacy
        .open_requests(&caller.context(), until)
        .await?;
    let items = requests.into_iter().map(RequestView::from).collect();
    Ok(axum::Json(RequestList { items, next: None }))
}

/// Takes down what a person asks for (art. 18); the answer is due within 15 days (art. 19, II).
#[utoipa::path(post, path = "/requests", tag = "privacy", operation_id = "open_data_request", request_body = RequestInput,
    responses((status = 201, description = "Taken down", body = RequestView, headers(
        ("ETag" = String, description = "The version, for `If-Match`"),
    ))))]
pub(super) async fn open(
    State(state): State<AppState>,
    caller: Caller,
    Json(input): Json<RequestInput>,
) -> Result<Response, Problem> {
    let Some(subject) = subject_of(&input.subject) else {
        let error = FieldError::new("subject", "invalid", "must be the id of a client or a lead");
        return Err(Problem::new(ProblemKind::Invalid).errors([error]));
    };
    let received = input.received_at.unwrap_or_else(|| state.clock.now());
    let privacy = &state.library.privacy;
    let request = privacy
        .open_request(&caller.context(), subject, input.kind, received)
        .await?;
    Ok(shown(StatusCode::CREATED, request))
}

/// Closes a request: it was done, or refused. The text is kept, so nothing personal belongs into it.
#[utoipa::path(post, path = "/requests/{id}/close", tag = "privacy", operation_id = "close_data_request", request_body = OutcomeInput,
    params(
        ("id" = String, Path, description = "`dsr_…`"),
        ("If-Match" = String, Header, description = "The etag that was read, such as `\"v1\"`"),
    ),
    responses((status = 200, description = "Closed", body = RequestView)))]
pub(super) async fn close(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<DataRequest>,
    if_match: IfMatch,
    Json(input): Json<OutcomeInput>,
) -> Result<Response, Problem> {
    let outcome = match input.state {
        Closing::Answered => Outcome::Answered(input.outcome),
        Closing::Refused => Outcome::Refused(input.outcome),
    };
    let privacy = &state.library.privacy;
    let request = privacy
        .close_request(&caller.context(), id, if_match.expected(), &outcome)
        .await?;
    Ok(shown(StatusCode::OK, request))
}

fn shown(status: StatusCode, request: DataRequest) -> Response {
    let tag = etag(request.version);
    (status, [(ETAG, tag)], axum::Json(RequestView::from(request))).into_response()
}
