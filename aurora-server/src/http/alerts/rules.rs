//! The rules: those that the server begins with, and those that people write.

use aurora_alerts::Severity;
use axum::extract::{Path, State};
use axum::http::header::{ETAG, LOCATION};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::rule_views::{RuleList, RuleView};
use super::{CHANGE, SEE, preview, who};
use crate::http::Routes;
use crate::http::access::Caller;
use crate::http::extract::{IfMatch, Json, Params, etag};
use crate::http::problem::{FieldError, Problem, ProblemBody, ProblemKind};
use crate::rulebook::{Faults, Listed, Refusal};
use crate::state::AppState;

pub(super) fn routes() -> Routes {
    Routes::new()
        .route(SEE, routes!(list))
        .route(CHANGE, routes!(create))
        .route(SEE, routes!(preview::preview))
        .route(SEE, routes!(read))
        .route(CHANGE, routes!(replace))
        .route(CHANGE, routes!(remove))
        .route(CHANGE, routes!(enable))
        .route(CHANGE, routes!(disable))
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NotFound => Self::new(ProblemKind::NotFound).detail("there is no such rule"),
            Refusal::Exists => {
                Self::new(ProblemKind::Duplicate).detail("there is a rule of this name already")
            }
            Refusal::Stale(version) => Self::new(ProblemKind::Stale).with("current_version", version),
            Refusal::BuiltIn => Self::new(ProblemKind::Conflict)
                .detail("the server begins with this rule; it can be disabled or changed, not deleted"),
            Refusal::Wrong(faults) => faults.into(),
            Refusal::Alerts(error) => error.into(),
        }
    }
}

impl From<Faults> for Problem {
    fn from(faults: Faults) -> Self {
        let errors: Vec<FieldError> = faults
            .each()
            .map(|(field, message, is_missing)| {
                let code = if is_missing { "required" } else { "invalid" };
                FieldError::new(field, code, message.to_owned())
            })
            .collect();
        Self::new(ProblemKind::Invalid)
            .errors(errors)
            .caused_by(faults.into_error())
    }
}

/// A rule, with the keys of the rule files.
#[derive(Debug, ToSchema)]
#[schema(as = AlertRuleDefinition, example = json!({"name": "Queue long", "metric": "queue_length", "operator": ">",
    "threshold": 100, "severity": "warning", "for": "5m", "cooldown": "10m", "description": "orders wait"}))]
#[expect(dead_code, reason = "describes what the reader of rule files reads")]
pub(super) struct RuleDefinition {
    /// Unique.
    name: String,
    /// The metric that is watched; beside it `matchers`, `window`, `aggregate`.
    metric: Option<String>,
    /// `>`, `>=`, `<`, `<=`, `==`, `!=`.
    operator: Option<String>,
    /// What a value is compared with.
    threshold: Option<f64>,
    /// What a firing alert's value is compared with instead.
    recovery: Option<f64>,
    /// The condition in short: `mean(error_rate{target="a"}[5m]) > 20`. Others: `change`, `absent`, `heartbeat`, `anomaly`,
    /// `burn_rate`, `all`, `any`, `not`.
    when: Option<String>,
    /// `info`, `warning` (unless told) or `critical`.
    severity: Option<String>,
    /// What it means, for people.
    description: Option<String>,
    /// How long the condition must hold: `5m`.
    #[schema(rename = "for")]
    for_: Option<String>,
    /// How long after a notified firing the next stays quiet: `10m`; `cooldown_seconds` takes whole seconds.
    cooldown: Option<String>,
    /// After how many notifications without acknowledgement the next step of `escalation` is told.
    escalation_threshold: Option<u32>,
    /// Labels that its alerts carry.
    #[schema(value_type = Option<Object>)]
    labels: Option<Value>,
    /// Texts for people.
    #[schema(value_type = Option<Object>)]
    annotations: Option<Value>,
}

/// Every rule, in force or not.
#[utoipa::path(get, path = "/", tag = "alerts", operation_id = "list_alert_rules",
    params(
        ("enabled" = Option<bool>, Query, description = "Whether it is in force"),
        ("severity" = Option<String>, Query, description = "`info`, `warning` or `critical`: only these"),
    ),
    responses(
        (status = 200, description = "The rules, by name", body = RuleList),
    ))]
async fn list(State(state): State<AppState>, mut params: Params) -> Result<axum::Json<RuleList>, Problem> {
    let enabled = params.take::<bool>("enabled", "true or false");
    let severity = params.take::<Severity>("severity", "info, warning or critical");
    params.finish()?;
    let alerts = state.alerts.active();
    let mut rules = state.rulebook.list();
    rules.retain(|listed| {
        enabled.is_none_or(|enabled| enabled == listed.is_enabled())
            && severity.is_none_or(|severity| severity == listed.rule.severity())
    });
    Ok(axum::Json(RuleList {
        items: rules
            .into_iter()
            .map(|listed| RuleView::of(listed, &alerts))
            .collect(),
    }))
}

/// Makes a rule. It is in force at once, on every replica within seconds, and outlives the process.
#[utoipa::path(post, path = "/", tag = "alerts", operation_id = "create_alert_rule", request_body = RuleDefinition,
    params(("enabled" = Option<bool>, Query, description = "Whether it is in force at once; true unless told")),
    responses(
        (status = 201, description = "Made", body = RuleView, headers(
            ("ETag" = String, description = "The version, for `If-Match`"),
            ("Location" = String, description = "Where the rule is to be found"),
        )),
        (status = 409, description = "There is one of this name", body = ProblemBody, content_type = "application/problem+json"),
    ))]
async fn create(
    State(state): State<AppState>,
    caller: Caller,
    mut params: Params,
    Json(definition): Json<Map<String, Value>>,
) -> Result<Response, Problem> {
    let enabled = params.take::<bool>("enabled", "true or false").unwrap_or(true);
    params.finish()?;
    let by = who(&caller, None)?;
    let listed = state
        .rulebook
        .create(definition, enabled, (&by, state.clock.now()))
        .await?;
    let mut path = String::from("/api/v1/alerts/rules/");
    for byte in listed.rule.name().bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            path.push(char::from(byte));
        } else {
            path.push_str(&format!("%{byte:02X}"));
        }
    }
    let mut response = shown(&state, StatusCode::CREATED, listed);
    if let Ok(location) = HeaderValue::try_from(path) {
        response.headers_mut().insert(LOCATION, location);
    }
    Ok(response)
}

fn shown(state: &AppState, status: StatusCode, listed: Listed) -> Response {
    let tag = etag(listed.version());
    let view = RuleView::of(listed, &state.alerts.active());
    (status, [(ETAG, tag)], axum::Json(view)).into_response()
}

/// One rule.
#[utoipa::path(get, path = "/{name}", tag = "alerts", operation_id = "get_alert_rule",
    params(("name" = String, Path, description = "The name of the rule")),
    responses(
        (status = 200, description = "The rule", body = RuleView, headers(
            ("ETag" = String, description = "The version, for `If-Match`"),
        )),
    ))]
async fn read(State(state): State<AppState>, Path(name): Path<String>) -> Result<Response, Problem> {
    let listed = state.rulebook.get(&name).ok_or(Refusal::NotFound)?;
    Ok(shown(&state, StatusCode::OK, listed))
}

/// Puts another definition in the place of a rule's, also of one that the server begins with. Its name stays.
#[utoipa::path(put, path = "/{name}", tag = "alerts", operation_id = "replace_alert_rule", request_body = RuleDefinition,
    params(
        ("name" = String, Path, description = "The name of the rule"),
        ("If-Match" = String, Header, description = "The etag that was read, such as `\"v7\"`"),
    ),
    responses(
        (status = 200, description = "Changed", body = RuleView, headers(
            ("ETag" = String, description = "The new version"),
        )),
    ))]
async fn replace(
    State(state): State<AppState>,
    caller: Caller,
    Path(name): Path<String>,
    if_match: IfMatch,
    Json(definition): Json<Map<String, Value>>,
) -> Result<Response, Problem> {
    let by = who(&caller, None)?;
    let said = (by.as_str(), state.clock.now());
    let listed = state
        .rulebook
        .replace(&name, if_match.expected(), definition, said)
        .await?;
    Ok(shown(&state, StatusCode::OK, listed))
}

/// Deletes a rule; its alerts end. Of one that the server begins with, what people have changed of it.
#[utoipa::path(delete, path = "/{name}", tag = "alerts", operation_id = "delete_alert_rule",
    params(
        ("name" = String, Path, description = "The name of the rule"),
        ("If-Match" = String, Header, description = "The etag that was read, such as `\"v7\"`"),
    ),
    responses(
        (status = 204, description = "Deleted"),
        (status = 409, description = "The server begins with it", body = ProblemBody, content_type = "application/problem+json"),
    ))]
async fn remove(
    State(state): State<AppState>,
    Path(name): Path<String>,
    if_match: IfMatch,
) -> Result<StatusCode, Problem> {
    state.rulebook.remove(&name, if_match.expected()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Puts a rule in force.
#[utoipa::path(post, path = "/{name}/enable", tag = "alerts", operation_id = "enable_alert_rule",
    params(("name" = String, Path, description = "The name of the rule")),
    responses(
        (status = 200, description = "In force", body = RuleView),
    ))]
async fn enable(
    State(state): State<AppState>,
    caller: Caller,
    Path(name): Path<String>,
) -> Result<Response, Problem> {
    switch(&state, &caller, &name, true).await
}

/// Puts a rule out of force; its alerts end.
#[utoipa::path(post, path = "/{name}/disable", tag = "alerts", operation_id = "disable_alert_rule",
    params(("name" = String, Path, description = "The name of the rule")),
    responses(
        (status = 200, description = "Out of force", body = RuleView),
    ))]
async fn disable(
    State(state): State<AppState>,
    caller: Caller,
    Path(name): Path<String>,
) -> Result<Response, Problem> {
    switch(&state, &caller, &name, false).await
}

async fn switch(state: &AppState, caller: &Caller, name: &str, enabled: bool) -> Result<Response, Problem> {
    let by = who(caller, None)?;
    let listed = state
        .rulebook
        .switch(name, enabled, (&by, state.clock.now()))
        .await?;
    Ok(shown(state, StatusCode::OK, listed))
}
