//! `/api/v1/activities`: what was done about leads and clients.

#[cfg(test)]
mod tests;
pub(super) mod views;

use aurora_crm::activities::{Activity, ActivityChange, NewActivity, Subject};
use aurora_crm::clients::ClientId;
use aurora_crm::leads::LeadId;
use aurora_crm::workspaces::CrmPermission;
use axum::extract::{OriginalUri, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use utoipa_axum::routes;

use super::access::{Caller, also};
use super::answers::{Listed, created, tagged};
use super::extract::{IfMatch, Json, Params, PathId};
use super::problem::Problem;
use super::{Mount, Routes};
use crate::state::AppState;
use views::{ActivityChangeInput, ActivityView, NewActivityInput, TimelineEntryView};

pub(super) const MOUNTS: &[Mount] = &[Mount::answers("/api/v1/activities", routes)];

const LEAD: &str = "the id of a lead, led_…";
const CLIENT: &str = "the id of a client, cli_…";

fn routes() -> Routes {
    Routes::new()
        .route(CrmPermission::TaskRead, routes!(list))
        .route(CrmPermission::TaskWrite, routes!(create))
        .route(CrmPermission::TaskRead, routes!(read))
        .route(CrmPermission::TaskWrite, routes!(update))
        .route(CrmPermission::TaskWrite, routes!(delete))
}

/// One page of what happened with a lead or a client, the latest first.
///
/// Of a lead its activities and changes of stage; of a client its own activities and those of its leads. Takes `lead:read` or
/// `client:read`, too; without `lead:read` what is about leads is left out of a client's.
#[utoipa::path(get, path = "/", tag = "activities", operation_id = "list_activities",
    params(
        ("lead" = Option<String>, Query, description = "`led_…`; this or `client`"),
        ("client" = Option<String>, Query, description = "`cli_…`; this or `lead`"),
        ("limit" = Option<u32>, Query, description = "Most items on the page, 1 to 200; 50 unless told"),
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
    ),
    responses((status = 200, description = "A page; `next` is null on the last", body = Listed<TimelineEntryView>)))]
async fn list(
    State(state): State<AppState>,
    caller: Caller,
    mut params: Params,
) -> Result<Response, Problem> {
    let lead = params.take::<LeadId>("lead", LEAD);
    let client = params.take::<ClientId>("client", CLIENT);
    match (lead, client) {
        (Some(lead), None) => timeline_of(&state, &caller, Subject::Lead(lead), params).await,
        (None, Some(client)) => timeline_of(&state, &caller, Subject::Client(client), params).await,
        _ => {
            // A wrong id is told already.
            if lead.is_some() || params.is_sound() {
                params.refuse("lead", "there, or client, and not both");
            }
            Err(params.refusal())
        }
    }
}

/// The timeline of a lead or a client, as far as the caller may see either.
pub(super) async fn timeline_of(
    state: &AppState,
    caller: &Caller,
    subject: Subject,
    mut params: Params,
) -> Result<Response, Problem> {
    let page = params.page();
    params.finish()?;
    about(state, caller, subject)?;
    let (activities, context) = (state.crm.activities(), caller.context());
    let entries = match subject {
        Subject::Client(client) if also(state, CrmPermission::LeadRead, caller).is_err() => {
            activities.timeline_without_leads(&context, client, &page).await
        }
        subject => activities.timeline(&context, subject, &page).await,
    };
    let entries = entries.map_err(|error| Problem::from(error).of_parameters())?;
    Ok(axum::Json(Listed::<TimelineEntryView>::from(entries)).into_response())
}

/// Whoever sees what was done sees something of what it was done about.
fn about(state: &AppState, caller: &Caller, subject: Subject) -> Result<(), Problem> {
    let permission = match subject {
        Subject::Lead(_) => CrmPermission::LeadRead,
        Subject::Client(_) => CrmPermission::ClientRead,
    };
    also(state, permission, caller)
}

/// Writes down what was done. One on a lead that has a client is in the client's timeline as well.
#[utoipa::path(post, path = "/", tag = "activities", operation_id = "create_activity", request_body = NewActivityInput,
    responses((status = 201, description = "Written down", body = ActivityView, headers(
        ("ETag" = String, description = "The version, for `If-Match`"),
        ("Location" = String, description = "Where it is to be found"),
    ))))]
async fn create(
    State(state): State<AppState>,
    caller: Caller,
    OriginalUri(uri): OriginalUri,
    Json(new): Json<NewActivity>,
) -> Result<Response, Problem> {
    let activity = state.crm.activities().create(&caller.context(), new).await?;
    let (id, version) = (activity.id, activity.version);
    Ok(created(&uri, id, Some(version), &ActivityView::from(activity)))
}

/// One activity. Takes `lead:read` or `client:read`, too, as what it is about.
#[utoipa::path(get, path = "/{id}", tag = "activities", operation_id = "get_activity",
    params(("id" = String, Path, description = "`act_…`")),
    responses((status = 200, description = "The activity", body = ActivityView, headers(("ETag" = String, description = "The version, for `If-Match`")))))]
async fn read(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<Activity>,
) -> Result<Response, Problem> {
    let activity = state.crm.activities().get(&caller.context(), id).await?;
    about(&state, &caller, activity.subject)?;
    Ok(view(activity))
}

/// Changes the named fields of an activity; `null` clears one. Kind and subject cannot be changed.
///
/// The answer shows all of it, so that this takes `lead:read` or `client:read`, too.
#[utoipa::path(patch, path = "/{id}", tag = "activities", operation_id = "update_activity",
    request_body(content((ActivityChangeInput = "application/json"), (ActivityChangeInput = "application/merge-patch+json"))),
    params(
        ("id" = String, Path, description = "`act_…`"),
        ("If-Match" = String, Header, description = "The etag that was read, such as `\"v7\"`"),
    ),
    responses((status = 200, description = "Changed", body = ActivityView, headers(("ETag" = String, description = "The new version")))))]
async fn update(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<Activity>,
    if_match: IfMatch,
    Json(change): Json<ActivityChange>,
) -> Result<Response, Problem> {
    let (activities, context) = (state.crm.activities(), caller.context());
    about(&state, &caller, activities.get(&context, id).await?.subject)?;
    let activity = activities
        .update(&context, id, if_match.expected(), change)
        .await?;
    Ok(view(activity))
}

/// Deletes an activity.
#[utoipa::path(delete, path = "/{id}", tag = "activities", operation_id = "delete_activity",
    params(
        ("id" = String, Path, description = "`act_…`"),
        ("If-Match" = String, Header, description = "The etag that was read, such as `\"v7\"`"),
    ),
    responses((status = 204, description = "Deleted")))]
async fn delete(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<Activity>,
    if_match: IfMatch,
) -> Result<StatusCode, Problem> {
    let activities = state.crm.activities();
    activities
        .delete(&caller.context(), id, if_match.expected())
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

fn view(activity: Activity) -> Response {
    tagged(StatusCode::OK, activity.version, &ActivityView::from(activity))
}
