//! `/api/v1/clients` and `/api/v1/clientes`.

mod filter;
mod notes;
#[cfg(test)]
mod tests;
mod transfer;
mod upkeep;
pub(super) mod views;

use std::collections::HashMap;

use aurora_crm::clients::{BlockedClients, Client, ClientChange, ClientId, NewClient};
use aurora_crm::workspaces::CrmPermission;
use axum::extract::{OriginalUri, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use utoipa_axum::routes;

use super::access::{Caller, also};
use super::answers::{created, tagged};
use super::extract::{IfMatch, Json, Params, PathId};
use super::problem::{Problem, ProblemBody};
use super::{Mount, Routes};
use crate::state::AppState;
pub(super) use upkeep::CandidateView;
use views::{ClientChangeInput, ClientPage, ClientView, NewClientInput};

pub(super) const MOUNTS: &[Mount] = &[
    Mount::answers("/api/v1/clients", routes),
    Mount::answers("/api/v1/clientes", routes).alias("clientes"),
    Mount::streams("/api/v1/clients", transfer::routes).for_uploads(),
    Mount::streams("/api/v1/clientes", transfer::routes)
        .for_uploads()
        .alias("clientes"),
];

fn routes() -> Routes {
    let routes = Routes::new()
        .route(CrmPermission::ClientRead, routes!(list))
        .route(CrmPermission::ClientWrite, routes!(create))
        .route(CrmPermission::ClientRead, routes!(read))
        .route(CrmPermission::ClientWrite, routes!(update))
        .route(CrmPermission::ClientDelete, routes!(delete));
    notes::add(upkeep::add(routes))
}

/// One page of clients, or of those in which the words of `q` are found.
///
/// A search has an order of its own, the best matches first, and stands beside `blocked` alone. Its words may be unfinished
/// and are found without accents in names, numbers, e-mail addresses, labels, cities and notes.
#[utoipa::path(get, path = "/", tag = "clients", operation_id = "list_clients",
    params(
        ("limit" = Option<u32>, Query, description = "Most items on the page, 1 to 200; 50 unless told"),
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
        ("q" = Option<String>, Query, description = "Words to look for: up to 8, 200 characters together"),
        ("order" = Option<String>, Query, description = "`newest` (unless told), `name` or `updated`"),
        ("kind" = Option<String>, Query, description = "`company` or `person`"),
        ("status" = Option<String>, Query, description = "`active`, `inactive` or `blocked`"),
        ("owner" = Option<String>, Query, description = "`usr_…`: looked after by this user"),
        ("tag" = Option<Vec<String>>, Query, description = "Carries this label; up to 3 times, all of which it must carry"),
        ("state" = Option<String>, Query, description = "Has an address in this state (`UF`)"),
        ("city" = Option<String>, Query, description = "Has an address in this city; needs `state`"),
        ("document" = Option<String>, Query, description = "`present`: has a CNPJ or CPF; `absent`: has none"),
        ("created_from" = Option<String>, Query, description = "Made at this time or later (RFC 3339)"),
        ("created_before" = Option<String>, Query, description = "Made before this time"),
        ("updated_from" = Option<String>, Query, description = "Last changed at this time or later"),
        ("updated_before" = Option<String>, Query, description = "Last changed before this time"),
        ("custom.{key}" = Option<String>, Query, description = "A field of the workspace's own has this value: `custom.size=3`; a number as text between quotes; up to 2 fields"),
        ("blocked" = Option<String>, Query, description = "`hidden` (unless told), `shown` or `only`: those whose data may not be used; takes `privacy:read`, too"),
    ),
    responses(
        (status = 200, description = "A page; `next` is null on the last", body = ClientPage),
    ))]
async fn list(
    State(state): State<AppState>,
    caller: Caller,
    mut params: Params,
) -> Result<Response, Problem> {
    let page = params.page();
    let context = caller.context();
    let clients = state.crm.clients();
    let found = if let Some(text) = params.take::<String>("q", "words to look for") {
        let blocked = filter::beside_search(&mut params);
        params.finish()?;
        filter::may_see(&state, &caller, blocked)?;
        match blocked {
            BlockedClients::Hidden => clients.search(&context, &text, &page).await,
            _ => clients.search_with_blocked(&context, &text, &page).await,
        }
    } else {
        let filter = filter::of(&mut params);
        params.finish()?;
        filter::may_see(&state, &caller, filter.blocked)?;
        clients.list(&context, &filter, &page).await
    };
    let found = found.map_err(|error| Problem::from(error).of_search())?;
    Ok(axum::Json(ClientPage {
        items: found.items.into_iter().map(ClientView::from).collect(),
        next: found.next.map(|next| next.to_string()),
    })
    .into_response())
}

/// What clients are called, for whoever may see clients; nobody's name for others.
pub(super) async fn names(
    state: &AppState,
    caller: &Caller,
    ids: &[ClientId],
) -> Result<HashMap<ClientId, String>, Problem> {
    if also(state, CrmPermission::ClientRead, caller).is_err() {
        return Ok(HashMap::new());
    }
    Ok(state.crm.clients().names(&caller.context(), ids).await?)
}

/// Makes a client, unless there is one with the same CNPJ or CPF.
#[utoipa::path(post, path = "/", tag = "clients", operation_id = "create_client", request_body = NewClientInput,
    responses(
        (status = 201, description = "Made", body = ClientView, headers(
            ("ETag" = String, description = "The version, for `If-Match`"),
            ("Location" = String, description = "Where the client is to be found"),
        )),
        (status = 409, description = "There is one already; `existing_id` names it", body = ProblemBody, content_type = "application/problem+json"),
    ))]
async fn create(
    State(state): State<AppState>,
    caller: Caller,
    OriginalUri(uri): OriginalUri,
    Json(new): Json<NewClient>,
) -> Result<Response, Problem> {
    let client = state.crm.clients().create(&caller.context(), new).await?;
    let (id, version) = (client.id, client.version);
    Ok(created(&uri, id, Some(version), &ClientView::from(client)))
}

/// One client.
#[utoipa::path(get, path = "/{id}", tag = "clients", operation_id = "get_client",
    params(("id" = String, Path, description = "`cli_…`")),
    responses(
        (status = 200, description = "The client", body = ClientView, headers(
            ("ETag" = String, description = "The version, for `If-Match`"),
        )),
    ))]
async fn read(
    State(state): State<AppState>,
    caller: Caller,
    PathId(client): PathId<Client>,
) -> Result<Response, Problem> {
    let client = state.crm.clients().get(&caller.context(), client).await?;
    Ok(view(client))
}

/// Changes the named fields of a client; `null` clears one (RFC 7396, except that `custom` is set as a whole).
#[utoipa::path(patch, path = "/{id}", tag = "clients", operation_id = "update_client",
    request_body(content((ClientChangeInput = "application/json"), (ClientChangeInput = "application/merge-patch+json"))),
    params(
        ("id" = String, Path, description = "`cli_…`"),
        ("If-Match" = String, Header, description = "The etag that was read, such as `\"v7\"`"),
    ),
    responses(
        (status = 200, description = "Changed", body = ClientView, headers(
            ("ETag" = String, description = "The new version"),
        )),
        (status = 409, description = "Another has the same CNPJ or CPF; `existing_id` names it", body = ProblemBody, content_type = "application/problem+json"),
    ))]
async fn update(
    State(state): State<AppState>,
    caller: Caller,
    PathId(client): PathId<Client>,
    if_match: IfMatch,
    Json(change): Json<ClientChange>,
) -> Result<Response, Problem> {
    let context = caller.context();
    let client = state
        .crm
        .clients()
        .update(&context, client, if_match.expected(), change)
        .await?;
    Ok(view(client))
}

/// Deletes a client. Its CNPJ or CPF is free again.
#[utoipa::path(delete, path = "/{id}", tag = "clients", operation_id = "delete_client",
    params(
        ("id" = String, Path, description = "`cli_…`"),
        ("If-Match" = String, Header, description = "The etag that was read, such as `\"v7\"`"),
    ),
    responses(
        (status = 204, description = "Deleted"),
    ))]
async fn delete(
    State(state): State<AppState>,
    caller: Caller,
    PathId(client): PathId<Client>,
    if_match: IfMatch,
) -> Result<StatusCode, Problem> {
    state
        .crm
        .clients()
        .delete(&caller.context(), client, if_match.expected())
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

fn view(client: Client) -> Response {
    tagged(StatusCode::OK, client.version, &ClientView::from(client))
}
