//! `/api/v1/leads` and `/api/v1/pipelines`.

mod pipelines;
mod scoring;
mod steps;
#[cfg(test)]
mod tests;
pub(super) mod views;

use aurora_core::time::Timestamp;
use aurora_crm::ErrorKind;
use aurora_crm::activities::Subject;
use aurora_crm::clients::ClientId;
use aurora_crm::leads::{
    Currency, Lead, LeadChange, LeadFilter, LeadOrder, LeadSource, LeadStatus, Locale, Money, NewLead,
    OwnerId, PipelineId, StageId,
};
use aurora_crm::workspaces::CrmPermission;
use axum::extract::{OriginalUri, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use utoipa_axum::routes;

use super::access::Caller;
use super::activities::views::TimelineEntryView;
use super::answers::{Listed, created, tagged};
use super::extract::{IfMatch, Json, Params, PathId};
use super::problem::Problem;
use super::{Mount, Routes};
use crate::state::AppState;
use views::{LeadChangeInput, LeadView, NewLeadInput};

pub(super) const MOUNTS: &[Mount] = &[
    Mount::answers("/api/v1/leads", routes),
    Mount::answers("/api/v1/pipelines", pipelines::routes),
];

const TIME: &str = "an RFC 3339 time such as 2026-07-01T12:00:00Z";
const CENTS: &str = "a whole number of the smallest unit of the currency";

fn routes() -> Routes {
    let routes = Routes::new()
        .route(CrmPermission::LeadRead, routes!(list))
        .route(CrmPermission::LeadWrite, routes!(create))
        .route(CrmPermission::LeadRead, routes!(read))
        .route(CrmPermission::LeadWrite, routes!(update))
        .route(CrmPermission::LeadDelete, routes!(delete))
        .route(CrmPermission::TaskRead, routes!(timeline));
    scoring::add(steps::add(routes))
}

/// One page of leads.
#[utoipa::path(get, path = "/", tag = "leads", operation_id = "list_leads",
    params(
        ("limit" = Option<u32>, Query, description = "Most items on the page, 1 to 200; 50 unless told"),
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
        ("order" = Option<String>, Query, description = "`newest` (unless told), `value`, `score`, `expected_close`, or `position` within one `stage`"),
        ("pipeline" = Option<String>, Query, description = "`pip_…`"),
        ("stage" = Option<String>, Query, description = "`stg_…`"),
        ("owner" = Option<String>, Query, description = "`usr_…`: looked after by this user"),
        ("client" = Option<String>, Query, description = "`cli_…`: of this client"),
        ("source" = Option<String>, Query, description = "`website`, `whatsapp`, `inbound_call`, `outbound_call`, `email`, `referral`, `partner`, `existing_customer`, `advertisement`, `social_media`, `campaign`, `event`, `walk_in`, `import` or `other`"),
        ("status" = Option<String>, Query, description = "`open`, `won` or `lost`"),
        ("value_from" = Option<i64>, Query, description = "Worth at least this, in the smallest unit of `currency`"),
        ("value_to" = Option<i64>, Query, description = "Worth at most this, in the smallest unit of `currency`"),
        ("currency" = Option<String>, Query, description = "Of the two values: ISO 4217; `BRL` unless told"),
        ("close_from" = Option<String>, Query, description = "Expected to be decided at this time or later (RFC 3339); with `close_before`"),
        ("close_before" = Option<String>, Query, description = "Expected to be decided before this time; with `close_from`"),
        ("tag" = Option<String>, Query, description = "Carries this label"),
    ),
    responses((status = 200, description = "A page; `next` is null on the last", body = Listed<LeadView>)))]
async fn list(
    State(state): State<AppState>,
    caller: Caller,
    mut params: Params,
) -> Result<Response, Problem> {
    let page = params.page();
    let filter = filter(&mut params);
    params.finish()?;
    let leads = state.crm.leads().list(&caller.context(), &filter, &page).await;
    let leads = leads.map_err(|error| Problem::from(error).of_parameters())?;
    Ok(axum::Json(Listed::<LeadView>::from(leads)).into_response())
}

fn filter(params: &mut Params) -> LeadFilter {
    let mut filter = LeadFilter::all();
    if let Some(order) = params.word::<LeadOrder>("order", "newest, value, score, expected_close or position")
    {
        filter = filter.order(order);
    }
    filter.pipeline = params.take::<PipelineId>("pipeline", "the id of a pipeline, pip_…");
    filter.stage = params.take::<StageId>("stage", "the id of a stage, stg_…");
    filter.owner = params.take::<OwnerId>("owner", "the id of a user, usr_…");
    filter.client = params.take::<ClientId>("client", "the id of a client, cli_…");
    filter.source = params.take::<LeadSource>("source", "a source of leads such as referral");
    filter.status = params.take::<LeadStatus>("status", "open, won or lost");
    let currency = params.take::<Currency>("currency", "a currency of ISO 4217 such as BRL");
    let money = |cents| Money::new(cents, currency.unwrap_or_default());
    filter.value_from = params.take::<i64>("value_from", CENTS).map(money);
    filter.value_to = params.take::<i64>("value_to", CENTS).map(money);
    let from = params.take::<Timestamp>("close_from", TIME);
    let before = params.take::<Timestamp>("close_before", TIME);
    match (from, before) {
        (Some(from), Some(before)) => filter.expected_close = Some(from..before),
        (None, None) => {}
        _ if params.is_sound() => params.refuse("close_from", "there together with close_before"),
        _ => {}
    }
    filter.tag = params.take("tag", "a label");
    filter
}

/// Makes a lead, at the top of its stage. The default pipeline is made when there is none yet.
#[utoipa::path(post, path = "/", tag = "leads", operation_id = "create_lead", request_body = NewLeadInput,
    responses((status = 201, description = "Made", body = LeadView, headers(
        ("ETag" = String, description = "The version, for `If-Match`"),
        ("Location" = String, description = "Where it is to be found"),
    ))))]
async fn create(
    State(state): State<AppState>,
    caller: Caller,
    OriginalUri(uri): OriginalUri,
    Json(new): Json<NewLead>,
) -> Result<Response, Problem> {
    let context = caller.context();
    let leads = state.crm.leads();
    let lead = match leads.create(&context, new.clone()).await {
        // Perhaps the workspace's first lead: then there is a pipeline for it now.
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let pipelines = state.crm.pipelines();
            pipelines.ensure_default(&context, Locale::default()).await?;
            leads.create(&context, new).await?
        }
        made => made?,
    };
    let (id, version) = (lead.id, lead.version);
    Ok(created(&uri, id, Some(version), &LeadView::from(lead)))
}

/// One lead.
#[utoipa::path(get, path = "/{id}", tag = "leads", operation_id = "get_lead",
    params(("id" = String, Path, description = "`led_…`")),
    responses((status = 200, description = "The lead", body = LeadView, headers(("ETag" = String, description = "The version, for `If-Match`")))))]
async fn read(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<Lead>,
) -> Result<Response, Problem> {
    let lead = state.crm.leads().get(&caller.context(), id).await?;
    Ok(view(lead))
}

/// Changes the named fields of a lead; `null` clears one. Where it lies is changed by moving it.
#[utoipa::path(patch, path = "/{id}", tag = "leads", operation_id = "update_lead",
    request_body(content((LeadChangeInput = "application/json"), (LeadChangeInput = "application/merge-patch+json"))),
    params(
        ("id" = String, Path, description = "`led_…`"),
        ("If-Match" = String, Header, description = "The etag that was read, such as `\"v7\"`"),
    ),
    responses((status = 200, description = "Changed", body = LeadView, headers(("ETag" = String, description = "The new version")))))]
async fn update(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<Lead>,
    if_match: IfMatch,
    Json(change): Json<LeadChange>,
) -> Result<Response, Problem> {
    let leads = state.crm.leads();
    let lead = leads
        .update(&caller.context(), id, if_match.expected(), change)
        .await?;
    Ok(view(lead))
}

/// Deletes a lead; its history stays.
#[utoipa::path(delete, path = "/{id}", tag = "leads", operation_id = "delete_lead",
    params(
        ("id" = String, Path, description = "`led_…`"),
        ("If-Match" = String, Header, description = "The etag that was read, such as `\"v7\"`"),
    ),
    responses((status = 204, description = "Deleted")))]
async fn delete(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<Lead>,
    if_match: IfMatch,
) -> Result<StatusCode, Problem> {
    let leads = state.crm.leads();
    leads.delete(&caller.context(), id, if_match.expected()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// One page of what happened with a lead, the latest first: its activities and changes of stage. Takes `lead:read`, too.
#[utoipa::path(get, path = "/{id}/timeline", tag = "leads", operation_id = "lead_timeline",
    params(
        ("id" = String, Path, description = "`led_…`"),
        ("limit" = Option<u32>, Query, description = "Most items on the page, 1 to 200; 50 unless told"),
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
    ),
    responses((status = 200, description = "A page; `next` is null on the last", body = Listed<TimelineEntryView>)))]
async fn timeline(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<Lead>,
    params: Params,
) -> Result<Response, Problem> {
    super::activities::timeline_of(&state, &caller, Subject::Lead(id), params).await
}

fn view(lead: Lead) -> Response {
    tagged(StatusCode::OK, lead.version, &LeadView::from(lead))
}
