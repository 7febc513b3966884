use aurora_alerts::silence::{Silence, SilenceId};
use aurora_alerts::{Labels, MatchOperator, Matcher, Matchers};
use aurora_core::time::Timestamp;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::{CHANGE, SEE, filter};
use crate::http::Routes;
use crate::http::access::Caller;
use crate::http::alerts::who;
use crate::http::extract::{Json, Params};
use crate::http::problem::{Problem, ProblemKind};
use crate::state::AppState;

/// The most matchers of a silence.
const MOST: usize = 100;

pub(super) fn routes(routes: Routes) -> Routes {
    routes
        .route(SEE, routes!(list))
        .route(CHANGE, routes!(post))
        .route(SEE, routes!(read))
        .route(CHANGE, routes!(expire))
}

/// A matcher as Alertmanager writes it.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = AlertmanagerMatcher)]
struct MatcherView {
    name: String,
    value: String,
    is_regex: bool,
    /// True unless told.
    #[serde(default = "yes")]
    #[schema(required = false)]
    is_equal: bool,
}

const fn yes() -> bool {
    true
}

impl MatcherView {
    fn of(matcher: &Matcher) -> Self {
        let (is_regex, is_equal) = match matcher.operator() {
            MatchOperator::Equal => (false, true),
            MatchOperator::NotEqual => (false, false),
            MatchOperator::Matches => (true, true),
            MatchOperator::NotMatches => (true, false),
        };
        Self {
            name: matcher.name().to_owned(),
            value: matcher.value().to_owned(),
            is_regex,
            is_equal,
        }
    }

    fn read(self) -> Result<Matcher, Problem> {
        let operator = match (self.is_regex, self.is_equal) {
            (false, true) => MatchOperator::Equal,
            (false, false) => MatchOperator::NotEqual,
            (true, true) => MatchOperator::Matches,
            (true, false) => MatchOperator::NotMatches,
        };
        Matcher::new(self.name, operator, self.value)
            .map_err(|error| Problem::new(ProblemKind::BadRequest).detail(error.to_string()))
    }
}

/// A silence as Alertmanager shows it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = GettableSilence)]
struct SilenceView {
    id: String,
    status: SilenceStatus,
    #[schema(format = DateTime)]
    updated_at: String,
    matchers: Vec<MatcherView>,
    #[schema(format = DateTime)]
    starts_at: String,
    #[schema(format = DateTime)]
    ends_at: String,
    created_by: String,
    comment: String,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AlertmanagerSilenceStatus)]
struct SilenceStatus {
    /// `pending`, `active` or `expired`.
    state: &'static str,
}

impl SilenceView {
    fn of(silence: &Silence, now: Timestamp) -> Self {
        let state = if now >= silence.ends_at {
            "expired"
        } else if now < silence.starts_at {
            "pending"
        } else {
            "active"
        };
        Self {
            id: silence.id.uuid().to_string(),
            status: SilenceStatus { state },
            updated_at: silence.starts_at.min(now).to_string(),
            // Alternatives have no place in this form: the first set stands for them.
            matchers: silence
                .matchers
                .iter()
                .take(1)
                .flat_map(Matchers::iter)
                .map(MatcherView::of)
                .collect(),
            starts_at: silence.starts_at.to_string(),
            ends_at: silence.ends_at.to_string(),
            created_by: silence.created_by.clone(),
            comment: silence.comment.clone(),
        }
    }
}

/// The silences, in Alertmanager's form.
#[utoipa::path(get, path = "/silences", tag = "alertmanager", operation_id = "alertmanager_silences",
    params(("filter" = Option<Vec<String>>, Query, description = "Matchers that the labels in the silence's own fulfil; may stand several times")),
    responses(
        (status = 200, description = "The silences", body = Vec<SilenceView>),
    ))]
async fn list(
    State(state): State<AppState>,
    mut params: Params,
) -> Result<axum::Json<Vec<SilenceView>>, Problem> {
    let wanted = filter(&mut params);
    params.finish_known()?;
    let now = state.clock.now();
    let silences = state.alerts.silences();
    let silences = silences.iter().filter(|silence| {
        let all = silence.matchers.iter().flat_map(Matchers::iter);
        let labels = all.map(|matcher| (matcher.name(), matcher.value())).collect();
        wanted.matches(&labels)
    });
    Ok(axum::Json(silences.map(|it| SilenceView::of(it, now)).collect()))
}

/// A silence as Alertmanager takes it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PostableSilence)]
struct SilenceInput {
    /// Of the silence that is changed; absent or empty makes a new one.
    id: Option<String>,
    matchers: Vec<MatcherView>,
    #[schema(value_type = String, format = DateTime)]
    starts_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    ends_at: Timestamp,
    /// For whom a program acts; of people their own account counts.
    created_by: String,
    comment: String,
}

/// The id of a silence that was made or changed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PostSilencesOkBody)]
struct Made {
    #[serde(rename = "silenceID")]
    #[schema(rename = "silenceID")]
    silence_id: String,
}

/// Makes a silence, or changes one that has not ended, in Alertmanager's form.
#[utoipa::path(post, path = "/silences", tag = "alertmanager", operation_id = "alertmanager_post_silence",
    request_body = SilenceInput,
    responses(
        (status = 200, description = "Made or changed", body = Made),
        (status = 404, description = "There is no silence of this id", body = super::AlertmanagerError),
    ))]
async fn post(
    State(state): State<AppState>,
    caller: Caller,
    Json(input): Json<SilenceInput>,
) -> Result<axum::Json<Made>, Problem> {
    let wrong = |detail: &'static str| Err(Problem::new(ProblemKind::BadRequest).detail(detail));
    let now = state.clock.now();
    if input.matchers.is_empty() || input.matchers.len() > MOST {
        return wrong("a silence needs 1 to 100 matchers");
    }
    if input.ends_at <= input.starts_at || input.ends_at <= now {
        return wrong("the end must lie after the start and in the future");
    }
    if input.comment.len() > 8_000 || input.created_by.len() > 800 {
        return wrong("the comment or the name is too long");
    }
    let matchers: Result<Vec<Matcher>, Problem> = input.matchers.into_iter().map(MatcherView::read).collect();
    let matchers = matchers?;
    // As in Alertmanager: such a silence would hold back every alert that lacks the labels.
    let nothing = Labels::new();
    if matchers.iter().all(|matcher| matcher.matches(&nothing)) {
        return wrong("at least one matcher must not match the empty string");
    }
    // As in Alertmanager, nothing is silenced in the past.
    let starts_at = input.starts_at.max(now);
    let by = who(&caller, Some(input.created_by))?;
    let mut silence = Silence::new(matchers, starts_at, input.ends_at).by(by, input.comment);
    if let Some(id) = input.id.filter(|id| !id.is_empty()) {
        let before = find(&state, &id)?;
        // What has ended stays ended: another takes its place.
        if now < before.ends_at {
            silence.id = before.id;
            silence.starts_at = input.starts_at.max(before.starts_at.min(now));
            silence.during = before.during;
        }
    }
    let id = state.alerts.silence(silence).await?;
    Ok(axum::Json(Made {
        silence_id: id.uuid().to_string(),
    }))
}

fn id_of(text: &str) -> Result<SilenceId, Problem> {
    let uuid = text.parse().map(SilenceId::from_uuid);
    uuid.map_err(|_| Problem::new(ProblemKind::NotFound).detail("there is no such silence"))
}

fn find(state: &AppState, id: &str) -> Result<Silence, Problem> {
    let id = id_of(id)?;
    let found = state
        .alerts
        .silences()
        .into_iter()
        .find(|silence| silence.id == id);
    found.ok_or_else(|| Problem::new(ProblemKind::NotFound).detail("there is no such silence"))
}

/// One silence, in Alertmanager's form.
#[utoipa::path(get, path = "/silence/{id}", tag = "alertmanager", operation_id = "alertmanager_silence",
    params(("id" = String, Path, description = "A UUID")),
    responses(
        (status = 200, description = "The silence", body = SilenceView),
    ))]
async fn read(
    State(state): State<AppState>,
    Path(id): Path<String>,
) -> Result<axum::Json<SilenceView>, Problem> {
    let silence = find(&state, &id)?;
    Ok(axum::Json(SilenceView::of(&silence, state.clock.now())))
}

/// Ends a silence now.
#[utoipa::path(delete, path = "/silence/{id}", tag = "alertmanager", operation_id = "alertmanager_expire_silence",
    params(("id" = String, Path, description = "A UUID")),
    responses(
        (status = 200, description = "Ended"),
    ))]
async fn expire(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    state
        .alerts
        .expire_silence(id_of(&id)?, &who(&caller, None)?)
        .await?;
    Ok(StatusCode::OK)
}
