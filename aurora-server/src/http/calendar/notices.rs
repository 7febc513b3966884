//! What Google calls when something has changed.

use aurora_crm::ErrorKind;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};

use crate::http::problem::{Problem, ProblemBody, ProblemKind};
use crate::state::AppState;

/// Takes a notification by its headers; the calendar is read soon after, once for all that come until then.
#[utoipa::path(post, path = "/", tag = "calendar", operation_id = "google_calendar_webhook",
    params(
        ("X-Goog-Channel-ID" = String, Header, description = "The channel"),
        ("X-Goog-Channel-Token" = String, Header, description = "What proves that it is Google's"),
    ),
    responses(
        (status = 200, description = "Taken"),
        (status = 401, description = "There is no such channel, or its token is another", body = ProblemBody, content_type = "application/problem+json"),
    ))]
pub(super) async fn receive(
    State(state): State<AppState>,
    headers: HeaderMap,
) -> Result<StatusCode, Problem> {
    let told = headers
        .iter()
        .filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
    let told: Vec<(&str, &str)> = told.filter(|(name, _)| name.starts_with("x-goog-")).collect();
    match state.reception.calendar.receive_notification(told).await {
        Ok(()) => Ok(StatusCode::OK),
        Err(error) if error.kind() == ErrorKind::Unauthenticated => {
            Err(Problem::new(ProblemKind::Unauthenticated))
        }
        // Whatever the reason: Google repeats it.
        Err(error) => Err(Problem::new(ProblemKind::Unavailable).caused_by(error)),
    }
}
