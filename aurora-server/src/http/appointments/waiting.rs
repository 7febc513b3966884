//! The waiting list (lista de espera).

use aurora_crm::appointments::{NewWaitingEntry, WaitingEntry};
use aurora_crm::scheduling::ServiceId;
use axum::extract::{OriginalUri, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};

use super::listed::{Around, ListedWaitingView};
use super::views::{NewWaitingInput, WaitingView};
use crate::http::access::Caller;
use crate::http::answers::{Whole, created, tagged};
use crate::http::extract::{IfMatch, Json, Params, PathId};
use crate::http::problem::Problem;
use crate::state::AppState;

/// The first 200 who wait or have an offer, in the order in which they are served.
#[utoipa::path(get, path = "/waiting", tag = "appointments", operation_id = "list_waiting",
    params(("service" = Option<String>, Query, description = "For this one alone, `svc_…`")),
    responses((status = 200, description = "Who waits", body = Whole<ListedWaitingView>)))]
pub(super) async fn list(
    State(state): State<AppState>,
    caller: Caller,
    mut params: Params,
) -> Result<Response, Problem> {
    let service = params.take::<ServiceId>("service", "the id of a service");
    params.finish()?;
    let items = state
        .crm
        .appointments()
        .waiting(&caller.context(), service)
        .await?;
    let around = Around::waiting(&state, &caller, &items).await?;
    let items: Vec<ListedWaitingView> = items.into_iter().map(|it| around.entry(it)).collect();
    Ok(axum::Json(Whole { items }).into_response())
}

/// Puts somebody on the waiting list. Who waits for the same already keeps the entry and its place.
#[utoipa::path(post, path = "/waiting", tag = "appointments", operation_id = "add_waiting", request_body = NewWaitingInput,
    responses((status = 201, description = "It waits", body = WaitingView, headers(
        ("ETag" = String, description = "The version, for `If-Match`"),
    ))))]
pub(super) async fn add(
    State(state): State<AppState>,
    caller: Caller,
    OriginalUri(uri): OriginalUri,
    Json(new): Json<NewWaitingEntry>,
) -> Result<Response, Problem> {
    let entry = state.crm.appointments().wait(&caller.context(), new).await?;
    Ok(created(&uri, entry.id, Some(entry.version), &entry))
}

/// One entry of the waiting list.
#[utoipa::path(get, path = "/waiting/{id}", tag = "appointments", operation_id = "get_waiting",
    params(("id" = String, Path, description = "`wai_…`")),
    responses((status = 200, description = "The entry", body = WaitingView, headers(
        ("ETag" = String, description = "The version, for `If-Match`"),
    ))))]
pub(super) async fn read(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<WaitingEntry>,
) -> Result<Response, Problem> {
    let entry = state
        .crm
        .appointments()
        .waiting_entry(&caller.context(), id)
        .await?;
    Ok(tagged(StatusCode::OK, entry.version, &entry))
}

/// Takes an entry off the list. An offer that stands is cancelled first.
#[utoipa::path(delete, path = "/waiting/{id}", tag = "appointments", operation_id = "remove_waiting",
    params(
        ("id" = String, Path, description = "`wai_…`"),
        ("If-Match" = String, Header, description = "The etag that was read"),
    ),
    responses((status = 204, description = "It waits no more")))]
pub(super) async fn remove(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<WaitingEntry>,
    if_match: IfMatch,
) -> Result<StatusCode, Problem> {
    let (context, appointments) = (caller.context(), state.crm.appointments());
    appointments
        .stop_waiting(&context, id, if_match.expected())
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
