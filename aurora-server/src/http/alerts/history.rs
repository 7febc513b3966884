//! What happened to alerts, by pages and as files.

use aurora_alerts::Fingerprint;
use aurora_alerts::history::{HistoryQuery, Record};
use aurora_alerts::report::{csv_lines, json_lines};
use aurora_core::page::PageRequest;
use aurora_core::time::Timestamp;
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::Response;
use bytes::Bytes;
use futures::stream::unfold;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::{SEE, TIME};
use crate::http::Routes;
use crate::http::extract::Params;
use crate::http::problem::Problem;
use crate::state::AppState;

const KINDS: [&str; 8] = [
    "alert",
    "delivery",
    "acknowledged",
    "unacknowledged",
    "escalated",
    "silence",
    "channel",
    "flapping",
];
const KIND: &str = "alert, delivery, acknowledged, unacknowledged, escalated, silence, channel or flapping";
/// The most lines of a file.
const MOST_LINES: u64 = 1_000_000;

pub(super) fn routes() -> Routes {
    Routes::new()
        .route(SEE, routes!(history))
        .route(SEE, routes!(export))
}

/// Which part of the history is asked for.
pub(super) fn query(params: &mut Params) -> HistoryQuery {
    let kind = params.take::<String>("kind", KIND);
    let known = kind
        .as_ref()
        .and_then(|kind| KINDS.into_iter().find(|known| known == kind));
    if kind.is_some() && known.is_none() {
        params.refuse("kind", KIND);
    }
    HistoryQuery {
        from: params.take::<Timestamp>("from", TIME),
        to: params.take::<Timestamp>("to", TIME),
        fingerprint: params.take::<Fingerprint>("fingerprint", "16 hexadecimal digits"),
        rule: params.take::<String>("rule", "the name of a rule"),
        channel: params.take::<String>("channel", "the name of a channel"),
        kind: known,
        outcome: None,
    }
}

/// One page of the history.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AlertHistoryPage)]
struct HistoryPage {
    /// What happened, the newest first; `kind` tells what: `alert` (with `change`), `delivery` (with `outcome`),
    /// `acknowledged`, `unacknowledged`, `escalated`, `silence`, `channel`, `flapping`. What is about an alert has its
    /// `labels` (of a delivery those of the first alert), what is about a silence its `matchers`.
    #[schema(value_type = Vec<Object>)]
    items: Vec<Value>,
    /// The cursor of the next page; null on the last.
    next: Option<String>,
}

/// What happened, the newest first: of all replicas and of earlier runs.
#[utoipa::path(get, path = "/history", tag = "alerts", operation_id = "alert_history",
    params(
        ("from" = Option<String>, Query, description = "From then on (RFC 3339)"),
        ("to" = Option<String>, Query, description = "Until then, exclusive (RFC 3339)"),
        ("kind" = Option<String>, Query, description = "Only this kind"),
        ("rule" = Option<String>, Query, description = "Only about alerts of this rule"),
        ("channel" = Option<String>, Query, description = "Only about this channel"),
        ("fingerprint" = Option<String>, Query, description = "Only about this alert"),
        ("limit" = Option<u32>, Query, description = "Most items on the page, 1 to 200; 50 unless told"),
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
    ),
    responses(
        (status = 200, description = "A page; `next` is null on the last", body = HistoryPage),
    ))]
async fn history(
    State(state): State<AppState>,
    mut params: Params,
) -> Result<axum::Json<HistoryPage>, Problem> {
    let page = params.page();
    let query = query(&mut params);
    params.finish()?;
    let page = state.alerts.records(&query, &page).await;
    let page = page.map_err(|error| Problem::from(error).of_parameters())?;
    Ok(axum::Json(HistoryPage {
        items: page
            .items
            .iter()
            .map(|record| serde_json::to_value(record).unwrap_or_default())
            .collect(),
        next: page.next.map(|next| next.to_string()),
    }))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Csv,
    Json,
}

/// The history as a file, the newest first: CSV, or JSON Lines.
#[utoipa::path(get, path = "/history/export", tag = "alerts", operation_id = "export_alert_history",
    params(
        ("format" = Option<String>, Query, description = "`csv` (unless told) or `json` (a line each)"),
        ("from" = Option<String>, Query, description = "From then on (RFC 3339)"),
        ("to" = Option<String>, Query, description = "Until then, exclusive (RFC 3339)"),
        ("kind" = Option<String>, Query, description = "Only this kind"),
        ("rule" = Option<String>, Query, description = "Only about alerts of this rule"),
        ("channel" = Option<String>, Query, description = "Only about this channel"),
        ("fingerprint" = Option<String>, Query, description = "Only about this alert"),
    ),
    responses(
        (status = 200, description = "The file; it breaks off when the database fails meanwhile",
            content((String = "text/csv"), (String = "application/jsonl"))),
    ))]
async fn export(State(state): State<AppState>, mut params: Params) -> Result<Response, Problem> {
    let form = match params.take::<String>("format", "csv or json").as_deref() {
        None | Some("csv") => Form::Csv,
        Some("json") => Form::Json,
        Some(_) => {
            params.refuse("format", "csv or json");
            Form::Csv
        }
    };
    let mut query = query(&mut params);
    params.finish()?;
    // What happens while the file is written is not part of it.
    query.to = Some(query.to.unwrap_or_else(|| state.clock.now()));
    let file = File {
        page: Some(PageRequest::first(PageRequest::MAX_LIMIT)),
        query,
        form,
        lines: 0,
        state,
    };
    // The first page before the answer begins, so that what fails at once is a problem and no broken file.
    let (first, file) = file.next().await?;
    let rest = unfold(Some(file), |file| async move {
        let file = file.filter(|file| file.page.is_some())?;
        match file.next().await {
            Ok((piece, file)) => Some((Ok(piece), Some(file))),
            Err(problem) => {
                tracing::warn!(cause = problem.causes(), "an export broke off");
                Some((Err(std::io::Error::other("the export broke off")), None))
            }
        }
    });
    let first = futures::stream::once(async move { Ok(first) });
    let body = Body::from_stream(futures::StreamExt::chain(first, rest));
    let mut response = Response::new(body);
    let (kind, name) = match form {
        Form::Csv => ("text/csv; charset=utf-8", "attachment; filename=\"alerts.csv\""),
        Form::Json => ("application/jsonl", "attachment; filename=\"alerts.jsonl\""),
    };
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CONTENT_DISPOSITION, HeaderValue::from_static(name));
    Ok(response)
}

/// A file that is being written.
struct File {
    state: AppState,
    query: HistoryQuery,
    page: Option<PageRequest>,
    form: Form,
    lines: u64,
}

impl File {
    async fn next(mut self) -> Result<(Bytes, Self), Problem> {
        let Some(request) = self.page.take() else {
            return Ok((Bytes::new(), self));
        };
        let page = self.state.alerts.records(&self.query, &request).await?;
        let is_first = self.lines == 0;
        self.lines += u64::try_from(page.items.len()).unwrap_or(u64::MAX);
        let more = page.next.filter(|_| self.lines < MOST_LINES);
        self.page = more.map(|cursor| PageRequest::first(PageRequest::MAX_LIMIT).after(cursor));
        Ok((Bytes::from(written(page.items, self.form, is_first)), self))
    }
}

fn written(records: Vec<Record>, form: Form, is_first: bool) -> String {
    match form {
        // The line of names stands once.
        Form::Csv => csv_lines(records).skip(usize::from(!is_first)).collect(),
        Form::Json => json_lines(records).collect(),
    }
}
