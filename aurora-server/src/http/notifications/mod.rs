//! `/api/notifications` and `/api/v1/notifications`: the channels, what they were sent and how that went; messages and
//! tests by hand.

mod send;
#[cfg(test)]
mod tests;
mod views;

use aurora_alerts::history::HistoryQuery;
use aurora_alerts::{Notification, Severity};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use utoipa_axum::routes;

use super::access::{Access, Right};
use super::alerts::field;
use super::extract::{Json, Params};
use super::problem::{FieldError, Problem, ProblemBody, ProblemKind};
use super::status::snapshot;
use super::{Mount, Routes};
use crate::state::AppState;
use views::{
    ChannelList, ChannelView, DeliveryPage, MessageInput, NotificationsAnswer, PreviewAnswer, PreviewInput,
    RenderedView,
};

pub(super) const MOUNTS: &[Mount] = &[
    Mount::answers("/api/notifications", published),
    Mount::streams("/api/notifications", send::routes).kept(),
    Mount::answers("/api/v1/notifications", routes),
    Mount::streams("/api/v1/notifications", send::routes)
        .alias("v1")
        .kept(),
    Mount::streams("/api/v1/notifications", send::test_routes),
];

const SEE: Access = Access::Installation(Right::AlertRead);
const OUTCOMES: [&str; 5] = ["delivered", "retrying", "failed", "superseded", "redirected"];
const OUTCOME: &str = "delivered, retrying, failed, superseded or redirected";
/// How many deliveries `/api/notifications` shows.
const RECENT: usize = 50;

fn published() -> Routes {
    Routes::new().route(SEE, routes!(notifications))
}

fn routes() -> Routes {
    Routes::new()
        .route(SEE, routes!(channels))
        .route(SEE, routes!(channel))
        .route(Access::Installation(Right::AlertWrite), routes!(enable))
        .route(SEE, routes!(deliveries))
        .route(SEE, routes!(preview))
}

/// How notifications are doing: rate, time, failures and retries of each channel, and the latest deliveries.
///
/// Counts are of this process since its start; `/api/v1/alerts/reports` has those of all servers, by period.
#[utoipa::path(get, path = "/", tag = "notifications", operation_id = "notifications", responses(
    (status = 200, description = "Statistics by channel, and the latest deliveries", body = NotificationsAnswer),
))]
async fn notifications(State(state): State<AppState>) -> axum::Json<NotificationsAnswer> {
    let channels: Vec<ChannelView> = state.alerts.channels().into_iter().map(Into::into).collect();
    axum::Json(NotificationsAnswer {
        at: state.clock.now().to_string(),
        totals: ChannelView::sum(&channels),
        channels,
        recent: snapshot::notifications(&state.alerts, RECENT),
    })
}

/// The channels and how they stand.
#[utoipa::path(get, path = "/channels", tag = "notifications", operation_id = "list_channels", responses(
    (status = 200, description = "In the order in which they were configured", body = ChannelList),
))]
async fn channels(State(state): State<AppState>) -> axum::Json<ChannelList> {
    axum::Json(ChannelList {
        items: state.alerts.channels().into_iter().map(Into::into).collect(),
    })
}

fn find(state: &AppState, name: &str) -> Result<ChannelView, Problem> {
    let mut channels = state.alerts.channels().into_iter();
    let channel = channels.find(|channel| channel.channel == name).map(Into::into);
    channel.ok_or_else(|| Problem::new(ProblemKind::NotFound).detail("there is no such channel"))
}

/// One channel.
#[utoipa::path(get, path = "/channels/{name}", tag = "notifications", operation_id = "get_channel",
    params(("name" = String, Path, description = "Such as `slack`")),
    responses(
        (status = 200, description = "The channel", body = ChannelView),
    ))]
async fn channel(
    State(state): State<AppState>,
    Path(name): Path<String>,
) -> Result<axum::Json<ChannelView>, Problem> {
    find(&state, &name).map(axum::Json)
}

/// Uses a channel again that was switched off because nothing could be sent there.
#[utoipa::path(post, path = "/channels/{name}/enable", tag = "notifications", operation_id = "enable_channel",
    params(("name" = String, Path, description = "Such as `slack`")),
    responses(
        (status = 204, description = "It is used again"),
    ))]
async fn enable(State(state): State<AppState>, Path(name): Path<String>) -> Result<StatusCode, Problem> {
    state.alerts.enable_channel(&name).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The delivery log, the newest first: of all servers and of earlier runs.
#[utoipa::path(get, path = "/deliveries", tag = "notifications", operation_id = "list_deliveries",
    params(
        ("channel" = Option<String>, Query, description = "Only of this channel"),
        ("rule" = Option<String>, Query, description = "Only about alerts of this rule"),
        ("outcome" = Option<String>, Query, description = "Only those that are `delivered`, `retrying`, `failed`, `superseded` or `redirected`"),
        ("from" = Option<String>, Query, description = "From then on (RFC 3339)"),
        ("to" = Option<String>, Query, description = "Until then, exclusive (RFC 3339)"),
        ("limit" = Option<u32>, Query, description = "Most items on the page, 1 to 200; 50 unless told"),
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
    ),
    responses(
        (status = 200, description = "A page; `next` is null on the last", body = DeliveryPage),
    ))]
async fn deliveries(
    State(state): State<AppState>,
    mut params: Params,
) -> Result<axum::Json<DeliveryPage>, Problem> {
    const TIME: &str = "a time such as 2026-07-01T12:00:00Z";
    let page = params.page();
    let asked = params.take::<String>("outcome", OUTCOME);
    let outcome = asked
        .as_ref()
        .and_then(|asked| OUTCOMES.into_iter().find(|known| known == asked));
    if asked.is_some() && outcome.is_none() {
        params.refuse("outcome", OUTCOME);
    }
    let query = HistoryQuery {
        channel: params.take("channel", "the name of a channel"),
        rule: params.take("rule", "the name of a rule"),
        from: params.take("from", TIME),
        to: params.take("to", TIME),
        kind: Some("delivery"),
        outcome,
        ..HistoryQuery::default()
    };
    params.finish()?;
    let page = state.alerts.records(&query, &page).await;
    let page = page.map_err(|error| Problem::from(error).of_parameters())?;
    Ok(axum::Json(DeliveryPage {
        items: page
            .items
            .iter()
            .map(|record| serde_json::to_value(record).unwrap_or_default())
            .collect(),
        next: page.next.map(|next| next.to_string()),
    }))
}

/// A message as each channel would show it; nothing is sent.
///
/// With `fingerprint` it is what the engine tells of the last change of that alert: its state, labels, texts, times and
/// links. A link to acknowledge is there in its form alone, and acknowledges nothing.
#[utoipa::path(post, path = "/preview", tag = "notifications", operation_id = "preview_notification", request_body = PreviewInput,
    responses(
        (status = 200, description = "The message by channel", body = PreviewAnswer),
        (status = 404, description = "There is no such alert, or it has been over for long", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "No channel is configured", body = ProblemBody, content_type = "application/problem+json"),
    ))]
async fn preview(
    State(state): State<AppState>,
    Json(input): Json<PreviewInput>,
) -> Result<axum::Json<PreviewAnswer>, Problem> {
    let (message, channels) = shown(&state, input)?;
    let all = state.alerts.channels();
    let kind_of = |name: &str| {
        let mut all = all.iter();
        let known = all.find(|channel| channel.channel == name);
        known.map_or_else(|| name.to_owned(), |channel| channel.kind.clone())
    };
    let mut items = Vec::new();
    for channel in channels {
        let rendered = state.alerts.preview(&channel, &message)?;
        let kind = kind_of(&channel);
        items.push(RenderedView::of(channel, kind, rendered));
    }
    Ok(axum::Json(PreviewAnswer { items }))
}

/// What is to be shown: of an alert, or what somebody wants said.
fn shown(state: &AppState, input: PreviewInput) -> Result<(Notification, Vec<String>), Problem> {
    let Some(fingerprint) = input.fingerprint else {
        let Some(title) = input.title else {
            let missing = FieldError::new("title", "required", "is required");
            return Err(Problem::new(ProblemKind::Invalid).errors([missing]));
        };
        let message = MessageInput {
            title,
            content: input.content.unwrap_or_default(),
            severity: input.severity,
            channels: input.channels,
        };
        return checked(state, message);
    };
    let own = [
        ("title", input.title.is_some()),
        ("content", input.content.is_some()),
        ("severity", input.severity.is_some()),
    ];
    let errors: Vec<FieldError> = own
        .into_iter()
        .filter(|(_, is_there)| *is_there)
        .map(|(name, _)| FieldError::new(name, "invalid", "has no place beside fingerprint"))
        .collect();
    if !errors.is_empty() {
        return Err(Problem::new(ProblemKind::Invalid).errors(errors));
    }
    let channels = named(state, input.channels)?;
    let message = state.alerts.notification(fingerprint);
    let message =
        message.ok_or_else(|| Problem::new(ProblemKind::NotFound).detail("there is no such alert"))?;
    Ok((message, channels))
}

/// The message, and the channels that it goes to: those that are named, or all.
fn checked(state: &AppState, input: MessageInput) -> Result<(Notification, Vec<String>), Problem> {
    let title = input.title.trim();
    if title.is_empty() || title.chars().count() > 200 {
        return Err(field("title", "must have 1 to 200 characters"));
    }
    if input.content.chars().count() > 10_000 {
        return Err(field("content", "must have at most 10000 characters"));
    }
    let severity = match input.severity.as_deref() {
        None | Some("info") => Severity::Info,
        Some("warning") => Severity::Warning,
        Some("critical" | "error") => Severity::Critical,
        Some(_) => return Err(field("severity", "must be info, warning, error or critical")),
    };
    let channels = named(state, input.channels)?;
    let message = Notification::message(title, input.content, severity, state.clock.now());
    Ok((message, channels))
}

/// The channels that are named, or all, each once.
fn named(state: &AppState, named: Option<Vec<String>>) -> Result<Vec<String>, Problem> {
    let known: Vec<String> = state.alerts.channels().into_iter().map(|it| it.channel).collect();
    let mut named = named.unwrap_or_else(|| known.clone());
    let unknown = named.iter().enumerate().filter(|(_, name)| !known.contains(name));
    let errors: Vec<FieldError> = unknown
        .take(100)
        .map(|(index, _)| {
            FieldError::new(
                format!("channels[{index}]"),
                "unknown",
                "there is no such channel",
            )
        })
        .collect();
    if !errors.is_empty() {
        return Err(Problem::new(ProblemKind::Invalid).errors(errors));
    }
    named.sort();
    named.dedup();
    if named.is_empty() {
        return Err(Problem::new(ProblemKind::Conflict).detail("no channel is configured, or none was named"));
    }
    Ok(named)
}
