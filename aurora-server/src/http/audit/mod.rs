//! `/api/v1/audit`: who did what in the workspace.

mod views;

use aurora_core::page::Page;
use aurora_core::time::Timestamp;
use aurora_crm::Context;
use aurora_crm::audit::{AuditFilter, AuditFormat, AuditOutcome, AuditRange};
use aurora_crm::workspaces::CrmPermission;
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use utoipa_axum::routes;

use super::access::Caller;
use super::extract::Params;
use super::problem::Problem;
use super::{Mount, Routes};
use crate::state::AppState;

pub(in crate::http) use views::{AuditPage, AuditVerification};

pub(super) const MOUNTS: &[Mount] = &[
    Mount::answers("/api/v1/audit", routes),
    // As long as the chain is.
    Mount::streams("/api/v1/audit", long_routes),
];

fn routes() -> Routes {
    Routes::new().route(CrmPermission::AuditRead, routes!(list))
}

fn long_routes() -> Routes {
    Routes::new()
        .route(CrmPermission::AuditRead, routes!(verify))
        .route(CrmPermission::AuditExport, routes!(export))
}

/// One page of the workspace's audit log.
#[utoipa::path(get, path = "/", tag = "audit", operation_id = "list_audit",
    params(
        ("limit" = Option<u32>, Query, description = "Most items on the page, 1 to 200; 50 unless told"),
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
        ("action" = Option<String>, Query, description = "Only actions that begin with this text, such as `client.`"),
        ("principal" = Option<String>, Query, description = "Only what they did: `usr_…`, `key_…`"),
        ("subject" = Option<String>, Query, description = "Only what happened to the thing with this id, without prefix"),
        ("outcome" = Option<String>, Query, description = "`success` or `failure`: only these"),
        ("from" = Option<String>, Query, description = "Only from this time on, RFC 3339"),
        ("until" = Option<String>, Query, description = "Only before this time, RFC 3339"),
    ),
    responses((status = 200, description = "A page; `next` is null on the last", body = AuditPage)))]
async fn list(
    State(state): State<AppState>,
    caller: Caller,
    params: Params,
) -> Result<axum::Json<AuditPage>, Problem> {
    listed(&state, &caller.context(), params).await
}

/// One page of a chain.
pub(in crate::http) async fn listed(
    state: &AppState,
    context: &Context,
    mut params: Params,
) -> Result<axum::Json<AuditPage>, Problem> {
    const TIME: &str = "a time such as 2026-12-31T23:59:59Z";
    let page = params.page();
    let mut filter = AuditFilter::all();
    filter.action = params.take("action", "the beginning of an action, such as client.");
    filter.principal = params.take("principal", "the id of somebody");
    filter.subject = params.take("subject", "a UUID");
    filter.outcome = params.take::<AuditOutcome>("outcome", "success or failure");
    filter.from = params.take::<Timestamp>("from", TIME);
    filter.until = params.take::<Timestamp>("until", TIME);
    params.finish()?;
    let Page { items, next } = state
        .crm
        .audit()
        .list(context, &filter, &page)
        .await
        .map_err(|error| Problem::from(error).of_parameters())?;
    Ok(axum::Json(AuditPage {
        items: items.into_iter().map(Into::into).collect(),
        next: next.map(|next| next.to_string()),
    }))
}

/// Verifies the whole chain: an entry that was changed, removed, moved or added is found.
#[utoipa::path(get, path = "/verify", tag = "audit", operation_id = "verify_audit",
    responses((status = 200, description = "Whether the chain is whole, and what is wrong first", body = AuditVerification)))]
async fn verify(
    State(state): State<AppState>,
    caller: Caller,
    params: Params,
) -> Result<axum::Json<AuditVerification>, Problem> {
    params.finish()?;
    let verification = state.crm.audit().verify(&caller.context()).await?;
    Ok(axum::Json(verification.into()))
}

/// The chain as text, in order. That it was exported is an entry itself.
#[utoipa::path(get, path = "/export", tag = "audit", operation_id = "export_audit",
    params(
        ("format" = Option<String>, Query, description = "`jsonl` (unless told), which can be verified, or `csv`"),
        ("first" = Option<i64>, Query, description = "The number of the first entry"),
        ("last" = Option<i64>, Query, description = "The number of the last entry"),
    ),
    responses((status = 200, description = "One entry on each line; a connection that breaks off means that it is not whole",
        content((String = "application/jsonl"), (String = "text/csv")))))]
async fn export(
    State(state): State<AppState>,
    caller: Caller,
    mut params: Params,
) -> Result<Response, Problem> {
    let format = match params.take::<String>("format", "jsonl or csv").as_deref() {
        None | Some("jsonl") => AuditFormat::JsonLines,
        Some("csv") => AuditFormat::Csv,
        Some(_) => {
            params.refuse("format", "jsonl or csv");
            AuditFormat::JsonLines
        }
    };
    let mut range = AuditRange::all();
    range.first = params.take::<i64>("first", "the number of an entry");
    range.last = params.take::<i64>("last", "the number of an entry");
    params.finish()?;
    let text = state.crm.audit().export(&caller.context(), range, format).await?;
    let name = match format {
        AuditFormat::Csv => "attachment; filename=\"audit.csv\"",
        _ => "attachment; filename=\"audit.jsonl\"",
    };
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static(format.media_type())),
        (CONTENT_DISPOSITION, HeaderValue::from_static(name)),
    ];
    Ok((headers, Body::from_stream(text)).into_response())
}
