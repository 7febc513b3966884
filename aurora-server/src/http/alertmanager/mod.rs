//! Alertmanager's API v2 (`/api/v2`), so that Prometheus sends its alerts here and `amtool` manages silences.
//!
//! Written after the OpenAPI description of Alertmanager 0.27. Ids of silences are shown as UUIDs, as its clients expect;
//! those of `/api/v1` are the same with a prefix and without the hyphens. Errors are plain JSON strings.

mod alerts;
mod groups;
mod silences;
mod status;
#[cfg(test)]
mod tests;

use aurora_alerts::{Alert, Matcher, Matchers};
use axum::response::{IntoResponse as _, Response};
use utoipa::ToSchema;

use super::access::{Access, Right};
use super::extract::Params;
use super::problem::{FieldError, Problem, ProblemKind};
use super::{Mount, Routes};

pub(super) const MOUNTS: &[Mount] = &[Mount::answers("/api/v2", routes).errors("AlertmanagerError")];

const SEE: Access = Access::Installation(Right::AlertRead);
const CHANGE: Access = Access::Installation(Right::AlertWrite);

fn routes() -> Routes {
    let routes = alerts::routes(Routes::new());
    let routes = groups::routes(routes);
    status::routes(silences::routes(routes))
}

/// An error in Alertmanager's form: what went wrong, as a JSON string.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "describes what `form` writes")]
pub(super) struct AlertmanagerError(String);

/// A problem in Alertmanager's form.
pub(super) fn form(problem: &Problem, _request_id: &str) -> Response {
    let mut text = problem.text().into_owned();
    for FieldError { field, message, .. } in problem.field_errors() {
        text.push_str("; ");
        text.push_str(field);
        text.push_str(": ");
        text.push_str(message);
    }
    // Its clients know 400 for whatever is wrong with a request.
    let status = match problem.kind() {
        ProblemKind::Invalid => axum::http::StatusCode::BAD_REQUEST,
        _ => problem.status(),
    };
    (status, axum::Json(text)).into_response()
}

/// The parameters `filter`, each a matcher.
fn filter(params: &mut Params) -> Matchers {
    let mut all = Matchers::new();
    for text in params.every("filter") {
        match text.parse::<Matchers>() {
            Ok(some) => some.iter().cloned().for_each(|matcher| all.push(matcher)),
            Err(_) => params.refuse("filter", "matchers such as severity=\"critical\""),
        }
    }
    all
}

/// The pattern that the name of a receiver must fulfil.
fn receiver(params: &mut Params) -> Option<Matcher> {
    let pattern = params.take::<String>("receiver", "a pattern")?;
    let matcher = Matcher::new("receiver", aurora_alerts::MatchOperator::Matches, pattern).ok();
    if matcher.is_none() {
        params.refuse("receiver", "a pattern");
    }
    matcher
}

fn is_firing(alert: &Alert) -> bool {
    matches!(alert.state.phase, aurora_alerts::state::Phase::Firing { .. })
}
