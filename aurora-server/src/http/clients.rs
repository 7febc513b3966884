//! `/api/v1/clients` and `/api/v1/clientes`.

mod views;

use aurora_core::page::Page;
use aurora_crm::clients::{Client, ClientChange, ClientFilter, ClientKind, ClientOrder, NewClient};
use axum::extract::{OriginalUri, State};
use axum::http::header::{ETAG, LOCATION};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::extract::{IfMatch, Json, Params, PathId, etag};
use super::problem::{Problem, ProblemBody};
use super::{RequestId, Routes};
use crate::state::AppState;
use views::{ClientChangeInput, ClientPage, ClientView, NewClientInput};

pub(super) fn routes() -> Routes {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(read, update, delete))
}

/// One page of clients.
#[utoipa::path(get, path = "/", tag = "clients", operation_id = "list_clients",
    params(
        ("limit" = Option<u32>, Query, description = "Most items on the page, 1 to 200; 50 unless told"),
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
        ("kind" = Option<String>, Query, description = "`company` or `person`: only these"),
        ("order" = Option<String>, Query, description = "`newest` (unless told) or `name`"),
    ),
    responses(
        (status = 200, description = "A page; `next` is null on the last", body = ClientPage),
        (status = 400, description = "A parameter is wrong or unknown, or the cursor belongs to another list", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "The database does not answer", body = ProblemBody, content_type = "application/problem+json"),
    ))]
async fn list(State(state): State<AppState>, id: RequestId, mut params: Params) -> Result<Response, Problem> {
    let page = params.page();
    let mut filter = ClientFilter::all();
    if let Some(kind) = params.take::<ClientKind>("kind", "company or person") {
        filter = filter.kind(kind);
    }
    match params.take::<String>("order", "newest or name").as_deref() {
        None | Some("newest") => {}
        Some("name") => filter = filter.order(ClientOrder::Name),
        Some(_) => params.refuse("order", "newest or name"),
    }
    params.finish()?;
    let Page { items, next } = state
        .crm
        .clients()
        .list(&state.context(&id), &filter, &page)
        .await
        .map_err(|error| Problem::from(error).of_parameters())?;
    let items = items.into_iter().map(ClientView::from).collect();
    Ok(axum::Json(ClientPage {
        items,
        next: next.map(|next| next.to_string()),
    })
    .into_response())
}

/// Makes a client, unless there is one with the same CNPJ or CPF.
#[utoipa::path(post, path = "/", tag = "clients", operation_id = "create_client", request_body = NewClientInput,
    responses(
        (status = 201, description = "Made", body = ClientView, headers(
            ("ETag" = String, description = "The version, for `If-Match`"),
            ("Location" = String, description = "Where the client is to be found"),
        )),
        (status = 400, description = "The body is not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "There is one already; `existing_id` names it", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "The body is too large", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "The body is of another type", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Fields are wrong; `errors` lists every one", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "The database does not answer", body = ProblemBody, content_type = "application/problem+json"),
    ))]
async fn create(
    State(state): State<AppState>,
    id: RequestId,
    OriginalUri(uri): OriginalUri,
    Json(new): Json<NewClient>,
) -> Result<Response, Problem> {
    let client = state.crm.clients().create(&state.context(&id), new).await?;
    // Under the name by which the client came.
    let location = format!("{}/{}", uri.path().trim_end_matches('/'), client.id);
    let mut response = shown(StatusCode::CREATED, client);
    if let Ok(location) = HeaderValue::try_from(location) {
        response.headers_mut().insert(LOCATION, location);
    }
    Ok(response)
}

/// One client.
#[utoipa::path(get, path = "/{id}", tag = "clients", operation_id = "get_client",
    params(("id" = String, Path, description = "`cli_…`")),
    responses(
        (status = 200, description = "The client", body = ClientView, headers(
            ("ETag" = String, description = "The version, for `If-Match`"),
        )),
        (status = 404, description = "There is none, or it is deleted", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "The database does not answer", body = ProblemBody, content_type = "application/problem+json"),
    ))]
async fn read(
    State(state): State<AppState>,
    id: RequestId,
    PathId(client): PathId<Client>,
) -> Result<Response, Problem> {
    let client = state.crm.clients().get(&state.context(&id), client).await?;
    Ok(shown(StatusCode::OK, client))
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
        (status = 400, description = "The body is not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "There is none, or it is deleted", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "Another has the same CNPJ or CPF; `existing_id` names it", body = ProblemBody, content_type = "application/problem+json"),
        (status = 412, description = "Somebody was faster; `current_version` tells the version now", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "The body is too large", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "The body is of another type", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Fields are wrong; `errors` lists every one", body = ProblemBody, content_type = "application/problem+json"),
        (status = 428, description = "`If-Match` is missing", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "The database does not answer", body = ProblemBody, content_type = "application/problem+json"),
    ))]
async fn update(
    State(state): State<AppState>,
    id: RequestId,
    PathId(client): PathId<Client>,
    if_match: IfMatch,
    Json(change): Json<ClientChange>,
) -> Result<Response, Problem> {
    let context = state.context(&id);
    let client = state
        .crm
        .clients()
        .update(&context, client, if_match.expected(), change)
        .await?;
    Ok(shown(StatusCode::OK, client))
}

/// Deletes a client. Its CNPJ or CPF is free again.
#[utoipa::path(delete, path = "/{id}", tag = "clients", operation_id = "delete_client",
    params(
        ("id" = String, Path, description = "`cli_…`"),
        ("If-Match" = String, Header, description = "The etag that was read, such as `\"v7\"`"),
    ),
    responses(
        (status = 204, description = "Deleted"),
        (status = 404, description = "There is none, or it is deleted", body = ProblemBody, content_type = "application/problem+json"),
        (status = 412, description = "Somebody was faster; `current_version` tells the version now", body = ProblemBody, content_type = "application/problem+json"),
        (status = 428, description = "`If-Match` is missing", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "The database does not answer", body = ProblemBody, content_type = "application/problem+json"),
    ))]
async fn delete(
    State(state): State<AppState>,
    id: RequestId,
    PathId(client): PathId<Client>,
    if_match: IfMatch,
) -> Result<StatusCode, Problem> {
    state
        .crm
        .clients()
        .delete(&state.context(&id), client, if_match.expected())
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

fn shown(status: StatusCode, client: Client) -> Response {
    let tag = etag(client.version);
    (status, [(ETAG, tag)], axum::Json(ClientView::from(client))).into_response()
}
