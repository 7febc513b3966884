//! Silences and recurring maintenance windows.

use std::time::Duration;

use aurora_alerts::silence::{Silence, SilenceId, SilenceMark};
use aurora_alerts::{ErrorKind, Matchers, TimeInterval};
use aurora_core::time::Timestamp;
use axum::extract::State;
use axum::http::header::{ETAG, LOCATION};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::{CHANGE, SEE, field, matched, who};
use crate::http::Routes;
use crate::http::access::Caller;
use crate::http::extract::{IfMatch, Json, Params, PathId, etag};
use crate::http::problem::{Problem, ProblemBody, ProblemKind};
use crate::state::AppState;

/// The most sets of matchers, matchers in a set, and intervals.
const MOST: usize = 100;

pub(super) fn routes() -> Routes {
    Routes::new()
        .route(SEE, routes!(list))
        .route(CHANGE, routes!(create))
        .route(SEE, routes!(read))
        .route(CHANGE, routes!(replace))
        .route(CHANGE, routes!(expire))
}

/// A silence.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Silence)]
pub(super) struct SilenceView {
    /// `sil_` and 32 hexadecimal digits.
    id: String,
    /// Grows with each change; also in the header `ETag`.
    version: i64,
    /// `pending` before it starts, `active`, `waiting` outside its intervals, `expired`.
    state: &'static str,
    /// What an alert must fulfil; all of a set, one of the sets.
    matchers: Vec<Vec<String>>,
    /// From then on (RFC 3339).
    #[schema(format = DateTime)]
    starts_at: String,
    /// Until then, exclusive (RFC 3339).
    #[schema(format = DateTime)]
    ends_at: String,
    /// Active only within one of these recurring times; none is always.
    #[schema(value_type = Vec<Object>)]
    during: Vec<Value>,
    /// Who made it.
    created_by: String,
    /// Why.
    comment: String,
    /// How many active alerts it is about.
    alerts: usize,
}

impl SilenceView {
    fn of(silence: &Silence, state: &AppState) -> Self {
        let now = state.clock.now();
        let about = state.alerts.active();
        let texts = |all: &Matchers| all.iter().map(ToString::to_string).collect();
        let word = if now >= silence.ends_at {
            "expired"
        } else if now < silence.starts_at {
            "pending"
        } else if silence.is_active(now) {
            "active"
        } else {
            "waiting"
        };
        Self {
            id: silence.id.to_string(),
            version: silence.version,
            state: word,
            matchers: silence.matchers.iter().map(texts).collect(),
            starts_at: silence.starts_at.to_string(),
            ends_at: silence.ends_at.to_string(),
            during: silence
                .during
                .iter()
                .map(|interval| serde_json::to_value(interval).unwrap_or_default())
                .collect(),
            created_by: silence.created_by.clone(),
            comment: silence.comment.clone(),
            alerts: about
                .iter()
                .filter(|alert| silence.matches(&matched(alert)))
                .count(),
        }
    }
}

/// All silences.
#[derive(Debug, Serialize, ToSchema)]
struct SilenceList {
    /// The newest first.
    items: Vec<SilenceView>,
}

/// A silence to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewSilence, example = json!({"matchers": ["severity=~\"warning|info\"", "team=\"ops\""], "lasts_seconds": 7200,
    "comment": "database moves"}))]
struct SilenceInput {
    /// What an alert must fulfil, all of them: `name="value"`, `!=`, `=~`, `!~`.
    #[schema(value_type = Vec<String>)]
    matchers: Matchers,
    /// From then on; now unless told.
    #[schema(value_type = Option<String>, format = DateTime)]
    starts_at: Option<Timestamp>,
    /// Until then, exclusive.
    #[schema(value_type = Option<String>, format = DateTime)]
    ends_at: Option<Timestamp>,
    /// For how long, instead of `ends_at`.
    lasts_seconds: Option<u64>,
    /// Only within these recurring times, as Alertmanager writes them: a maintenance window.
    #[serde(default)]
    #[schema(value_type = Vec<Object>, required = false)]
    during: Vec<TimeInterval>,
    /// Why, up to 2,000 characters.
    #[serde(default)]
    #[schema(required = false)]
    comment: String,
    /// For whom a program acts; of people their own account counts.
    by: Option<String>,
}

impl SilenceInput {
    fn build(self, state: &AppState, caller: &Caller) -> Result<Silence, Problem> {
        let starts_at = self.starts_at.unwrap_or_else(|| state.clock.now());
        let ends_at = match (self.ends_at, self.lasts_seconds) {
            (Some(at), None) => at,
            (None, Some(seconds)) if seconds <= 10 * 366 * 86_400 => starts_at + Duration::from_secs(seconds),
            (None, Some(_)) => return Err(field("lasts_seconds", "must be at most ten years")),
            (Some(_), Some(_)) => return Err(field("ends_at", "has no place beside lasts_seconds")),
            (None, None) => return Err(field("ends_at", "this or lasts_seconds is required")),
        };
        if self.comment.chars().count() > 2_000 {
            return Err(field("comment", "must have at most 2000 characters"));
        }
        if self.matchers.is_empty() || self.matchers.iter().count() > MOST {
            return Err(field("matchers", "must have 1 to 100 entries"));
        }
        if self.during.len() > MOST {
            return Err(field("during", "must have at most 100 entries"));
        }
        if ends_at <= starts_at {
            return Err(field("ends_at", "must be later than starts_at"));
        }
        let by = who(caller, self.by)?;
        let silence = Silence::new(self.matchers, starts_at, ends_at).by(by, self.comment);
        Ok(self.during.into_iter().fold(silence, Silence::during))
    }
}

/// Every silence, also those that have not begun and those that ended in the last five days.
#[utoipa::path(get, path = "/", tag = "alerts", operation_id = "list_silences",
    params(("state" = Option<String>, Query, description = "`pending`, `active`, `waiting` or `expired`: only these")),
    responses(
        (status = 200, description = "The silences, the newest first", body = SilenceList),
    ))]
async fn list(State(state): State<AppState>, mut params: Params) -> Result<axum::Json<SilenceList>, Problem> {
    const STATES: [&str; 4] = ["pending", "active", "waiting", "expired"];
    let wanted = params.take::<String>("state", "pending, active, waiting or expired");
    if wanted.as_deref().is_some_and(|wanted| !STATES.contains(&wanted)) {
        params.refuse("state", "pending, active, waiting or expired");
    }
    params.finish()?;
    let mut silences = state.alerts.silences();
    silences.sort_by_key(|silence| std::cmp::Reverse(silence.id));
    let items = silences.iter().map(|silence| SilenceView::of(silence, &state));
    let items = items.filter(|view| wanted.as_deref().is_none_or(|wanted| wanted == view.state));
    Ok(axum::Json(SilenceList {
        items: items.collect(),
    }))
}

/// Makes a silence: matching alerts are not told while it is active.
#[utoipa::path(post, path = "/", tag = "alerts", operation_id = "create_silence", request_body = SilenceInput,
    responses(
        (status = 201, description = "Made", body = SilenceView, headers(
            ("ETag" = String, description = "The version, for `If-Match`"),
            ("Location" = String, description = "Where the silence is to be found"),
        )),
    ))]
async fn create(
    State(state): State<AppState>,
    caller: Caller,
    Json(input): Json<SilenceInput>,
) -> Result<Response, Problem> {
    let silence = input.build(&state, &caller)?;
    state.alerts.silence(silence.clone()).await?;
    let mut response = shown(&state, StatusCode::CREATED, &silence);
    if let Ok(location) = HeaderValue::try_from(format!("/api/v1/alerts/silences/{}", silence.id)) {
        response.headers_mut().insert(LOCATION, location);
    }
    Ok(response)
}

fn shown(state: &AppState, status: StatusCode, silence: &Silence) -> Response {
    let view = axum::Json(SilenceView::of(silence, state));
    (status, [(ETAG, etag(silence.version))], view).into_response()
}

fn find(state: &AppState, id: SilenceId) -> Result<Silence, Problem> {
    let silences = state.alerts.silences();
    let found = silences.into_iter().find(|silence| silence.id == id);
    found.ok_or_else(|| Problem::new(ProblemKind::NotFound))
}

/// Why the engine did not change a silence: where somebody was faster, with the version that is there now.
fn refused(state: &AppState, id: SilenceId, error: aurora_alerts::Error) -> Problem {
    if error.kind() != ErrorKind::Conflict {
        return error.into();
    }
    match find(state, id) {
        Ok(now) => Problem::new(ProblemKind::Stale).with("current_version", now.version),
        Err(gone) => gone,
    }
}

/// One silence.
#[utoipa::path(get, path = "/{id}", tag = "alerts", operation_id = "get_silence",
    params(("id" = String, Path, description = "`sil_…`")),
    responses(
        (status = 200, description = "The silence", body = SilenceView, headers(
            ("ETag" = String, description = "The version, for `If-Match`"),
        )),
    ))]
async fn read(State(state): State<AppState>, PathId(id): PathId<SilenceMark>) -> Result<Response, Problem> {
    Ok(shown(&state, StatusCode::OK, &find(&state, id)?))
}

/// Puts another silence in the place of one that has not ended.
#[utoipa::path(put, path = "/{id}", tag = "alerts", operation_id = "replace_silence",
    params(
        ("id" = String, Path, description = "`sil_…`"),
        ("If-Match" = String, Header, description = "The etag that was read, such as `\"v7\"`"),
    ),
    request_body = SilenceInput,
    responses(
        (status = 200, description = "Changed", body = SilenceView, headers(
            ("ETag" = String, description = "The new version"),
        )),
        (status = 409, description = "It has ended", body = ProblemBody, content_type = "application/problem+json"),
    ))]
async fn replace(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<SilenceMark>,
    if_match: IfMatch,
    Json(input): Json<SilenceInput>,
) -> Result<Response, Problem> {
    let before = find(&state, id)?;
    if state.clock.now() >= before.ends_at {
        return Err(Problem::new(ProblemKind::Conflict).detail("it has ended; make a new one"));
    }
    let mut silence = input.build(&state, &caller)?;
    silence.id = id;
    let version = if_match.expected();
    let changed = state.alerts.replace_silence(silence.clone(), version).await;
    changed.map_err(|error| refused(&state, id, error))?;
    silence.version = version.saturating_add(1);
    Ok(shown(&state, StatusCode::OK, &silence))
}

/// Ends a silence now.
#[utoipa::path(delete, path = "/{id}", tag = "alerts", operation_id = "expire_silence",
    params(
        ("id" = String, Path, description = "`sil_…`"),
        ("If-Match" = String, Header, description = "The etag that was read, such as `\"v7\"`"),
    ),
    responses(
        (status = 204, description = "Ended"),
    ))]
async fn expire(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<SilenceMark>,
    if_match: IfMatch,
) -> Result<StatusCode, Problem> {
    let by = who(&caller, None)?;
    let ended = state.alerts.expire_silence_if(id, if_match.expected(), &by).await;
    ended.map_err(|error| refused(&state, id, error))?;
    Ok(StatusCode::NO_CONTENT)
}
