//! Active alerts: to see, to post, to acknowledge.

use std::time::Duration;

use aurora_alerts::history::HistoryQuery;
use aurora_alerts::{Alert, EscalationExplanation, Fingerprint, PostedAlert, Severity};
use aurora_core::page::{Page, PageRequest};
use aurora_core::time::Timestamp;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::views::{AlertDetails, AlertPage, AlertView, active_since, silenced_by, state_of};
use super::{CHANGE, SEE, field, matched, matchers, who};
use crate::http::Routes;
use crate::http::access::Caller;
use crate::http::extract::{Json, Params};
use crate::http::problem::{Problem, ProblemKind};
use crate::state::AppState;

/// The most alerts that are posted at once.
pub(super) const MOST_POSTED: usize = 1_000;
/// How much of the history the details show.
const HISTORY: u32 = 50;
/// The longest acknowledgement: a year.
const LONGEST_SECONDS: u64 = 366 * 24 * 60 * 60;

pub(super) fn routes() -> Routes {
    Routes::new()
        .route(SEE, routes!(list))
        .route(CHANGE, routes!(post))
        .route(SEE, routes!(read))
        .route(CHANGE, routes!(acknowledge))
        .route(CHANGE, routes!(unacknowledge))
        .route(SEE, routes!(escalations))
}

/// Alerts that are pending or fire, those that began last first.
#[utoipa::path(get, path = "/", tag = "alerts", operation_id = "list_alerts",
    params(
        ("state" = Option<String>, Query, description = "`pending` or `firing`: only these"),
        ("severity" = Option<String>, Query, description = "`info`, `warning` or `critical`: only these"),
        ("rule" = Option<String>, Query, description = "Only those of this rule"),
        ("matching" = Option<String>, Query, description = "Only those with such labels: `{team=\"ops\", zone=~\"a|b\"}`"),
        ("acknowledged" = Option<bool>, Query, description = "Whether somebody takes care"),
        ("silenced" = Option<bool>, Query, description = "Whether a silence keeps it back"),
        ("limit" = Option<u32>, Query, description = "Most items on the page, 1 to 200; 50 unless told"),
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
    ),
    responses(
        (status = 200, description = "A page; `next` is null on the last", body = AlertPage),
    ))]
async fn list(State(state): State<AppState>, mut params: Params) -> Result<axum::Json<AlertPage>, Problem> {
    const SCOPE: &str = "alerts";
    let page = params.page();
    let after = params.key::<(i64, String)>(&page, SCOPE);
    let phase = params.take::<String>("state", "pending or firing");
    if phase
        .as_deref()
        .is_some_and(|phase| !matches!(phase, "pending" | "firing"))
    {
        params.refuse("state", "pending or firing");
    }
    let severity = params.take::<Severity>("severity", "info, warning or critical");
    let rule = params.take::<String>("rule", "the name of a rule");
    let wanted = matchers(&mut params, "matching");
    let acknowledged = params.take::<bool>("acknowledged", "true or false");
    let silenced = params.take::<bool>("silenced", "true or false");
    params.finish()?;

    let now = state.clock.now();
    let silences = state.alerts.silences();
    let mut alerts = state.alerts.active();
    alerts.retain(|alert| {
        phase.as_deref().is_none_or(|phase| phase == state_of(alert))
            && severity.is_none_or(|severity| severity == alert.severity)
            && rule.as_ref().is_none_or(|rule| *rule == alert.rule)
            && wanted.matches(&matched(alert))
            && acknowledged.is_none_or(|wanted| wanted == alert.acknowledgement.is_some())
            && silenced.is_none_or(|wanted| wanted != silenced_by(alert, &silences, now).is_empty())
            && after.as_ref().is_none_or(|after| key(alert) > *after)
    });
    alerts.sort_by_key(key);
    let limit = usize::try_from(page.limit()).unwrap_or(usize::MAX);
    alerts.truncate(limit.saturating_add(1));
    let page = Page::from_rows(alerts, &page, SCOPE, key);
    let page = page.map_err(|error| Problem::new(ProblemKind::Internal).caused_by(error))?;
    let view = |alert| AlertView::of(alert, &silences, now);
    Ok(axum::Json(AlertPage {
        items: page.items.into_iter().map(view).collect(),
        next: page.next.map(|next| next.to_string()),
    }))
}

/// The newest first.
fn key(alert: &Alert) -> (i64, String) {
    let since = active_since(alert).map_or(0, Timestamp::as_micros);
    (-since, alert.fingerprint.to_string())
}

/// Alerts that somebody else found.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PostAlerts)]
pub(super) struct PostInput {
    /// Up to 1,000.
    alerts: Vec<PostedInput>,
}

/// An alert that somebody else found. Its labels are its identity.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PostedAlert)]
struct PostedInput {
    /// `alertname` is its name, `severity` how bad it is.
    #[schema(value_type = Object)]
    labels: aurora_alerts::Labels,
    /// Texts for people; `description` or `summary` is shown first.
    #[serde(default)]
    #[schema(value_type = Object)]
    annotations: std::collections::BTreeMap<String, String>,
    /// Since when; now unless told.
    #[schema(value_type = Option<String>, format = DateTime)]
    starts_at: Option<Timestamp>,
    /// Until when; in the past says that it is over. Without it, it fires for five minutes after it was last posted.
    #[schema(value_type = Option<String>, format = DateTime)]
    ends_at: Option<Timestamp>,
    /// A page that tells more.
    generator_url: Option<String>,
}

/// Takes alerts that somebody else found, or their ends. Those that make sense are taken even where others do not.
#[utoipa::path(post, path = "/", tag = "alerts", operation_id = "post_alerts", request_body = PostInput,
    responses(
        (status = 204, description = "Written down; they will be told"),
    ))]
async fn post(State(state): State<AppState>, Json(input): Json<PostInput>) -> Result<StatusCode, Problem> {
    if input.alerts.len() > MOST_POSTED {
        return Err(field("alerts", "must have at most 1000 entries"));
    }
    let alerts = input.alerts.into_iter().map(|input| {
        let mut alert = PostedAlert::new(input.labels);
        alert.annotations = input.annotations;
        alert.starts_at = input.starts_at;
        alert.ends_at = input.ends_at;
        alert.generator_url = input.generator_url;
        alert
    });
    state.alerts.post(alerts).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn fingerprint(text: &str) -> Result<Fingerprint, Problem> {
    text.parse().map_err(|_| Problem::new(ProblemKind::NotFound))
}

/// One alert, why people were or were not told of it, and what happened to it.
#[utoipa::path(get, path = "/{fingerprint}", tag = "alerts", operation_id = "get_alert",
    params(("fingerprint" = String, Path, description = "16 hexadecimal digits")),
    responses(
        (status = 200, description = "The alert, also while it is inactive or just over", body = AlertDetails),
    ))]
async fn read(
    State(state): State<AppState>,
    Path(id): Path<String>,
) -> Result<axum::Json<AlertDetails>, Problem> {
    let id = fingerprint(&id)?;
    let alert = state
        .alerts
        .get(id)
        .ok_or_else(|| Problem::new(ProblemKind::NotFound))?;
    let query = HistoryQuery {
        fingerprint: Some(id),
        ..HistoryQuery::default()
    };
    let records = state.alerts.records(&query, &PageRequest::first(HISTORY)).await?;
    let explanation = state.alerts.explain(id);
    Ok(axum::Json(AlertDetails {
        alert: AlertView::of(alert, &state.alerts.silences(), state.clock.now()),
        explanation: serde_json::to_value(explanation).unwrap_or_default(),
        history: records
            .items
            .iter()
            .map(|record| serde_json::to_value(record).unwrap_or_default())
            .collect(),
    }))
}

/// Who takes care, and for how long.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = AcknowledgeAlert)]
struct AcknowledgeInput {
    /// What is said, up to 2,000 characters.
    #[schema(required = false)]
    note: String,
    /// For how long it counts; until the alert ends unless told.
    lasts_seconds: Option<u64>,
    /// For whom a program acts; of people their own account counts.
    by: Option<String>,
}

/// Says that somebody takes care: no repetition and no escalation until the alert ends, or for so long.
#[utoipa::path(post, path = "/{fingerprint}/acknowledge", tag = "alerts", operation_id = "acknowledge_alert",
    params(("fingerprint" = String, Path, description = "16 hexadecimal digits")),
    request_body = AcknowledgeInput,
    responses(
        (status = 200, description = "The alert", body = AlertView),
    ))]
async fn acknowledge(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
    Json(input): Json<AcknowledgeInput>,
) -> Result<axum::Json<AlertView>, Problem> {
    let id = fingerprint(&id)?;
    if input.note.chars().count() > 2_000 {
        return Err(field("note", "must have at most 2000 characters"));
    }
    if input
        .lasts_seconds
        .is_some_and(|lasts| !(1..=LONGEST_SECONDS).contains(&lasts))
    {
        return Err(field("lasts_seconds", "must be from 1 to 31622400"));
    }
    let by = who(&caller, input.by)?;
    let lasts = input.lasts_seconds.map(Duration::from_secs);
    state.alerts.acknowledge([id], &by, &input.note, lasts).await?;
    shown(&state, id)
}

/// Takes the acknowledgement back; escalation begins anew.
#[utoipa::path(post, path = "/{fingerprint}/unacknowledge", tag = "alerts", operation_id = "unacknowledge_alert",
    params(("fingerprint" = String, Path, description = "16 hexadecimal digits")),
    responses(
        (status = 200, description = "The alert", body = AlertView),
    ))]
async fn unacknowledge(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<axum::Json<AlertView>, Problem> {
    let id = fingerprint(&id)?;
    state.alerts.unacknowledge(id, &who(&caller, None)?).await?;
    shown(&state, id)
}

fn shown(state: &AppState, id: Fingerprint) -> Result<axum::Json<AlertView>, Problem> {
    let alert = state
        .alerts
        .get(id)
        .ok_or_else(|| Problem::new(ProblemKind::NotFound))?;
    Ok(axum::Json(AlertView::of(
        alert,
        &state.alerts.silences(),
        state.clock.now(),
    )))
}

/// An alert that climbs its chain of escalation.
#[derive(Debug, Serialize, ToSchema)]
struct Escalating {
    /// The alert.
    alert: AlertView,
    /// The step that comes next, from 1.
    next_step: u32,
    /// Who is told then; null where other rules are in force meanwhile whose chain has no such step.
    receiver: Option<String>,
    /// The channels of that receiver.
    channels: Vec<String>,
    /// When it is due if nobody acknowledges (RFC 3339).
    #[schema(format = DateTime)]
    due_at: String,
    /// The whole chain: that of its rule, or of the first of its routes that has one. In the first round those before `next_step` were
    /// told; a chain that repeats begins anew at 1.
    steps: Vec<EscalatingStep>,
}

/// A step of the chain that an alert climbs.
#[derive(Debug, Serialize, ToSchema)]
struct EscalatingStep {
    /// Which, from 1.
    step: u32,
    /// How long after the step before.
    after_seconds: u64,
    /// Who is told.
    receiver: String,
    /// The channels of that receiver.
    channels: Vec<String>,
}

impl From<EscalationExplanation> for EscalatingStep {
    fn from(it: EscalationExplanation) -> Self {
        Self {
            step: it.step,
            after_seconds: it.after_seconds,
            receiver: it.receiver,
            channels: it.channels,
        }
    }
}

/// Alerts of which somebody else is told soon.
#[derive(Debug, Serialize, ToSchema)]
struct Escalations {
    /// Those that are due first come first.
    items: Vec<Escalating>,
}

/// Alerts that nobody has acknowledged and of which the next in their chain is told soon.
#[utoipa::path(get, path = "/escalations", tag = "alerts", operation_id = "alert_escalations", responses(
    (status = 200, description = "What is due, the soonest first", body = Escalations),
))]
async fn escalations(State(state): State<AppState>) -> axum::Json<Escalations> {
    let now = state.clock.now();
    let silences = state.alerts.silences();
    let climbing = state.alerts.active().into_iter().filter_map(|alert| {
        let explanation = state.alerts.explain(alert.fingerprint)?;
        let (step, due) = explanation.next_escalation?;
        Some((due, step, explanation.escalation, alert))
    });
    let mut climbing: Vec<_> = climbing.collect();
    climbing.sort_by_key(|(due, ..)| *due);
    let items = climbing.into_iter().map(|(due, next_step, chain, alert)| {
        let next = chain.iter().find(|it| it.step == next_step);
        Escalating {
            alert: AlertView::of(alert, &silences, now),
            next_step,
            receiver: next.map(|it| it.receiver.clone()),
            channels: next.map(|it| it.channels.clone()).unwrap_or_default(),
            due_at: due.to_string(),
            steps: chain.into_iter().map(Into::into).collect(),
        }
    });
    axum::Json(Escalations {
        items: items.collect(),
    })
}
