//! What the page of a visitor calls.

use std::time::Duration;

use aurora_crm::channels::web_chat::VisitorMessage;
use axum::extract::State;
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};

use super::views::{SessionView, ShownMessages, ShownView, VisitInput, VisitorMessageInput};
use crate::http::access::Visitor;
use crate::http::extract::{Json, Params};
use crate::http::layers::pace::Class;
use crate::http::network_of;
use crate::http::problem::{Problem, ProblemBody, ProblemKind};
use crate::state::AppState;

/// The longest that a page waits for a message, in seconds: within the patience of proxies.
const LONGEST_WAIT: u64 = 25;
/// When a visitor who wrote too much may go on.
const BURST_PAUSE: Duration = Duration::from_secs(60);

/// Begins the session of a visitor on a page.
#[utoipa::path(post, path = "/sessions", tag = "web chat", operation_id = "begin_visit", request_body = VisitInput,
    responses(
        (status = 201, description = "Begun", body = SessionView),
        (status = 401, description = "The key was not made here", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "The chat is off", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Too many from this address", body = ProblemBody, content_type = "application/problem+json"),
    ))]
pub(super) async fn begin(
    State(state): State<AppState>,
    visitor: Visitor,
    Json(visit): Json<VisitInput>,
) -> Result<Response, Problem> {
    state.pace.of_address(Class::Visit, visitor.origin).await?;
    let session = state.reception.web_chat.begin(&visit.page_key).await?;
    Ok((StatusCode::CREATED, axum::Json(session)).into_response())
}

/// The same visitor's token for another 30 days.
#[utoipa::path(post, path = "/sessions/renew", tag = "web chat", operation_id = "renew_visit",
    params(("Authorization" = String, Header, description = "`Bearer` and the token of the session")),
    responses(
        (status = 200, description = "Renewed", body = SessionView),
        (status = 401, description = "The token was not made here or has expired", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Too many calls from this address", body = ProblemBody, content_type = "application/problem+json"),
    ))]
pub(super) async fn renew(
    State(state): State<AppState>,
    visitor: Visitor,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    state.pace.of_address(Class::Visitor, visitor.origin).await?;
    let session = state.reception.web_chat.renew(token(&headers)?).await?;
    Ok(axum::Json(session).into_response())
}

/// The messages that the page has not fetched yet; waits for one if it is asked to.
#[utoipa::path(get, path = "/messages", tag = "web chat", operation_id = "poll_visit",
    params(
        ("Authorization" = String, Header, description = "`Bearer` and the token of the session"),
        ("after" = Option<i64>, Query, description = "`after` of the answer before; 0 unless told"),
        ("limit" = Option<u32>, Query, description = "Most messages, 1 to 100; 100 unless told"),
        ("wait" = Option<u64>, Query, description = "How many seconds to wait for a message, 0 to 25; 0 unless told"),
    ),
    responses(
        (status = 200, description = "The messages; none when the time is over", body = ShownMessages),
        (status = 401, description = "The token was not made here or has expired", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Too many calls from this address, or as many of it or of this session wait as may", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Too many wait; without `wait` there is an answer", body = ProblemBody, content_type = "application/problem+json"),
    ))]
pub(super) async fn poll(
    State(state): State<AppState>,
    visitor: Visitor,
    headers: HeaderMap,
    mut params: Params,
) -> Result<Response, Problem> {
    let after = params
        .take::<i64>("after", "a whole number, 0 or more")
        .unwrap_or(0);
    let most = params
        .take::<u32>("limit", "a whole number from 1 to 100")
        .unwrap_or(100);
    let wait = params.take::<u64>("wait", "seconds from 0 to 25").unwrap_or(0);
    if after < 0 {
        params.refuse("after", "a whole number, 0 or more");
    }
    if !(1..=100).contains(&most) {
        params.refuse("limit", "a whole number from 1 to 100");
    }
    if wait > LONGEST_WAIT {
        params.refuse("wait", "seconds from 0 to 25");
    }
    params.finish()?;
    state.pace.of_address(Class::Visitor, visitor.origin).await?;
    let token = token(&headers)?;
    let network = visitor.origin.map(network_of);
    let _place = match wait {
        0 => None,
        _ => Some(state.reception.waiting.take(network.as_deref(), Some(token))?),
    };
    let chat = &state.reception.web_chat;
    let found = tokio::select! {
        biased;
        () = state.stop.cancelled() => return Err(Problem::new(ProblemKind::NotReady)),
        found = chat.poll(token, after, most, Duration::from_secs(wait)) => found?,
    };
    Ok(axum::Json(found).into_response())
}

/// Takes a message of a visitor. The same `key` again is the same message.
#[utoipa::path(post, path = "/messages", tag = "web chat", operation_id = "post_visit", request_body = VisitorMessageInput,
    params(("Authorization" = String, Header, description = "`Bearer` and the token of the session")),
    responses(
        (status = 201, description = "Taken", body = ShownView),
        (status = 401, description = "The token was not made here or has expired", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "More than 30 messages in a minute, or too many calls from this address", body = ProblemBody, content_type = "application/problem+json"),
    ))]
pub(super) async fn post(
    State(state): State<AppState>,
    visitor: Visitor,
    headers: HeaderMap,
    Json(message): Json<VisitorMessage>,
) -> Result<Response, Problem> {
    state.pace.of_address(Class::Visitor, visitor.origin).await?;
    let token = token(&headers)?;
    let posted = state
        .reception
        .web_chat
        .post(token, &message)
        .await
        .map_err(refused)?;
    Ok((StatusCode::CREATED, axum::Json(posted)).into_response())
}

/// What keeps a message of a visitor from being taken.
pub(super) fn refused(error: aurora_crm::Error) -> Problem {
    if error.code() == Some("too_many") {
        return Problem::new(ProblemKind::TooManyRequests).retry_after(BURST_PAUSE);
    }
    Problem::from(error)
}

fn token(headers: &HeaderMap) -> Result<&str, Problem> {
    let value = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = value.and_then(|text| text.split_once(' '));
    match token {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Ok(token.trim()),
        _ => Err(Problem::new(ProblemKind::Unauthenticated)),
    }
}
