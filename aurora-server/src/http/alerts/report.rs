//! Reports: who fired when and for how long, mean times to acknowledge and to resolve, deliveries by channel.

use std::time::Duration;

use aurora_alerts::history::{HistoryQuery, Record};
use aurora_alerts::report::{Report, Table};
use aurora_core::page::PageRequest;
use aurora_core::time::Timestamp;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};
use serde_json::Value;
use utoipa_axum::routes;

use super::{SEE, TIME};
use crate::http::Routes;
use crate::http::extract::Params;
use crate::http::problem::Problem;
use crate::state::AppState;

/// How far before the period the history is read, so that firings which lie partly within it have their true beginning.
const BEFORE: Duration = Duration::from_secs(7 * 86_400);
/// The longest period.
const LONGEST: Duration = Duration::from_secs(366 * 86_400);
/// The most lines of history that a report is made of.
const MOST: usize = 100_000;

pub(super) fn routes() -> Routes {
    Routes::new().route(SEE, routes!(report))
}

/// A report on a period: firings by rule with their durations, mean time to acknowledge (MTTA) and to resolve (MTTR),
/// deliveries by channel.
///
/// It is made of at most 100,000 lines of history; where there are more, the oldest are left out and `truncated` says so.
#[utoipa::path(get, path = "/reports", tag = "alerts", operation_id = "alert_report",
    params(
        ("from" = Option<String>, Query, description = "From then on (RFC 3339); 24 hours before `to` unless told"),
        ("to" = Option<String>, Query, description = "Until then, exclusive (RFC 3339); now unless told, never later"),
        ("format" = Option<String>, Query, description = "`json` (unless told) or `csv`"),
        ("table" = Option<String>, Query, description = "Of CSV: `rules` (unless told), `channels` or `firings`"),
    ),
    responses(
        (status = 200, description = "The report", content((Object = "application/json"), (String = "text/csv"))),
    ))]
async fn report(State(state): State<AppState>, mut params: Params) -> Result<Response, Problem> {
    let now = state.clock.now();
    let to = params.take::<Timestamp>("to", TIME).unwrap_or(now).min(now);
    let from = params.take::<Timestamp>("from", TIME);
    let from = from.unwrap_or_else(|| to - Duration::from_secs(86_400));
    if from >= to || to.since(from) > LONGEST {
        params.refuse("from", "before `to`, by at most 366 days");
    }
    let format = params.take::<String>("format", "json or csv");
    let is_csv = match format.as_deref() {
        None | Some("json") => false,
        Some("csv") => true,
        Some(_) => {
            params.refuse("format", "json or csv");
            false
        }
    };
    let table = match params
        .take::<String>("table", "rules, channels or firings")
        .as_deref()
    {
        None | Some("rules") => Table::Rules,
        Some("channels") => Table::Channels,
        Some("firings") => Table::Firings,
        Some(_) => {
            params.refuse("table", "rules, channels or firings");
            Table::Rules
        }
    };
    params.finish()?;
    let (records, truncated) = read(&state, from - BEFORE, to).await?;
    let report = Report::of(records, from, to);
    if is_csv {
        let kind = [(CONTENT_TYPE, "text/csv; charset=utf-8")];
        return Ok((kind, report.to_csv(table)).into_response());
    }
    let mut json = serde_json::to_value(&report).unwrap_or_default();
    if let Some(object) = json.as_object_mut() {
        object.insert("truncated".to_owned(), Value::Bool(truncated));
    }
    Ok(axum::Json(json).into_response())
}

/// The history of a time in ascending order, and whether its beginning had to be left out.
async fn read(state: &AppState, from: Timestamp, to: Timestamp) -> Result<(Vec<Record>, bool), Problem> {
    let query = HistoryQuery {
        from: Some(from),
        to: Some(to),
        ..HistoryQuery::default()
    };
    let mut records = Vec::new();
    let mut request = PageRequest::first(PageRequest::MAX_LIMIT);
    loop {
        let page = state.alerts.records(&query, &request).await?;
        records.extend(page.items);
        match page.next {
            Some(_) if records.len() >= MOST => {
                records.reverse();
                return Ok((records, true));
            }
            Some(cursor) => request = PageRequest::first(PageRequest::MAX_LIMIT).after(cursor),
            None => {
                records.reverse();
                return Ok((records, false));
            }
        }
    }
}
