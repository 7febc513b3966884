//! `/api/v1/webhooks`: addresses that events are sent to, and what became of each delivery.

mod deliveries;
#[cfg(test)]
mod tests;
mod views;

use aurora_core::page::Page;
use aurora_crm::webhooks::{Endpoint, EndpointChange, EndpointKind, NewEndpoint, NewSecret};
use aurora_crm::workspaces::CrmPermission;
use axum::extract::State;
use axum::http::header::{ETAG, LOCATION};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use utoipa_axum::routes;

use super::access::Caller;
use super::extract::{IfMatch, Json, Params, PathId, etag};
use super::problem::Problem;
use super::{Mount, Routes};
use crate::state::AppState;
use views::{EndpointChangeInput, EndpointPage, EndpointView, EventTypeList, NewEndpointInput, SecretView};

pub(super) const MOUNTS: &[Mount] = &[Mount::answers("/api/v1/webhooks", routes)];

fn routes() -> Routes {
    Routes::new()
        .route(CrmPermission::WebhookRead, routes!(list))
        .once(CrmPermission::WebhookWrite, routes!(create))
        .route(CrmPermission::WebhookRead, routes!(event_types))
        .route(CrmPermission::WebhookRead, routes!(read))
        .route(CrmPermission::WebhookWrite, routes!(update))
        .route(CrmPermission::WebhookWrite, routes!(delete))
        .route(CrmPermission::WebhookWrite, routes!(enable))
        .route(CrmPermission::WebhookWrite, routes!(disable))
        .once(CrmPermission::WebhookWrite, routes!(rotate_secret))
        .route(CrmPermission::WebhookWrite, routes!(deliveries::test))
        .route(CrmPermission::WebhookWrite, routes!(deliveries::replay_failed))
        .route(CrmPermission::WebhookRead, routes!(deliveries::list))
        .route(CrmPermission::WebhookRead, routes!(deliveries::read))
        .route(CrmPermission::WebhookRead, routes!(deliveries::attempts))
        .route(CrmPermission::WebhookWrite, routes!(deliveries::replay))
}

/// One page of endpoints, the oldest first.
#[utoipa::path(get, path = "/", tag = "webhooks", operation_id = "list_webhooks",
    params(
        ("limit" = Option<u32>, Query, description = "Most items on the page, 1 to 200; 50 unless told"),
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
    ),
    responses((status = 200, description = "A page; `next` is null on the last", body = EndpointPage)))]
async fn list(
    State(state): State<AppState>,
    caller: Caller,
    mut params: Params,
) -> Result<Response, Problem> {
    let page = params.page();
    params.finish()?;
    let Page { items, next } = state
        .library
        .webhooks
        .list(&caller.context(), &page)
        .await
        .map_err(|error| Problem::from(error).of_parameters())?;
    Ok(axum::Json(EndpointPage {
        items: items.into_iter().map(EndpointView::from).collect(),
        next: next.map(|next| next.to_string()),
    })
    .into_response())
}

/// Makes an endpoint, enabled. Its secret, by which the receiver verifies (Standard Webhooks), is shown this once.
#[utoipa::path(post, path = "/", tag = "webhooks", operation_id = "create_webhook", request_body = NewEndpointInput,
    responses(
        (status = 201, description = "Made", body = SecretView, headers(
            ("ETag" = String, description = "The version, for `If-Match`"),
            ("Location" = String, description = "Where the endpoint is to be found"),
        )),
    ))]
async fn create(
    State(state): State<AppState>,
    caller: Caller,
    Json(new): Json<NewEndpoint>,
) -> Result<Response, Problem> {
    let made = state.library.webhooks.create(&caller.context(), new).await?;
    let location = HeaderValue::try_from(format!("/api/v1/webhooks/{}", made.endpoint.id));
    let mut response = with_secret(StatusCode::CREATED, made);
    if let Ok(location) = location {
        response.headers_mut().insert(LOCATION, location);
    }
    Ok(response)
}

/// Types of events that an endpoint can name; `client.*` stands for all of clients, `*` for everything.
#[utoipa::path(get, path = "/event-types", tag = "webhooks", operation_id = "webhook_event_types",
    responses((status = 200, description = "The common ones", body = EventTypeList)))]
async fn event_types(_caller: Caller, params: Params) -> Result<axum::Json<EventTypeList>, Problem> {
    params.finish()?;
    Ok(axum::Json(EventTypeList::known()))
}

/// One endpoint.
#[utoipa::path(get, path = "/{id}", tag = "webhooks", operation_id = "get_webhook",
    params(("id" = String, Path, description = "`whe_…`")),
    responses((status = 200, description = "The endpoint, without its secret", body = EndpointView, headers(
        ("ETag" = String, description = "The version, for `If-Match`"),
    ))))]
async fn read(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<EndpointKind>,
) -> Result<Response, Problem> {
    let endpoint = state.library.webhooks.get(&caller.context(), id).await?;
    Ok(shown(endpoint))
}

/// Changes the named fields of an endpoint.
#[utoipa::path(patch, path = "/{id}", tag = "webhooks", operation_id = "update_webhook",
    request_body(content((EndpointChangeInput = "application/json"), (EndpointChangeInput = "application/merge-patch+json"))),
    params(
        ("id" = String, Path, description = "`whe_…`"),
        ("If-Match" = String, Header, description = "The etag that was read, such as `\"v7\"`"),
    ),
    responses((status = 200, description = "Changed", body = EndpointView, headers(
        ("ETag" = String, description = "The new version"),
    ))))]
async fn update(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<EndpointKind>,
    if_match: IfMatch,
    Json(change): Json<EndpointChange>,
) -> Result<Response, Problem> {
    let webhooks = &state.library.webhooks;
    let endpoint = webhooks
        .update(&caller.context(), id, if_match.expected(), change)
        .await?;
    Ok(shown(endpoint))
}

/// Deletes an endpoint, its address, secrets and headers; the log of its deliveries stays.
#[utoipa::path(delete, path = "/{id}", tag = "webhooks", operation_id = "delete_webhook",
    params(
        ("id" = String, Path, description = "`whe_…`"),
        ("If-Match" = String, Header, description = "The etag that was read, such as `\"v7\"`"),
    ),
    responses((status = 204, description = "Deleted")))]
async fn delete(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<EndpointKind>,
    if_match: IfMatch,
) -> Result<StatusCode, Problem> {
    let webhooks = &state.library.webhooks;
    webhooks
        .delete(&caller.context(), id, if_match.expected())
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Sends to an endpoint again, from the next event on.
#[utoipa::path(post, path = "/{id}/enable", tag = "webhooks", operation_id = "enable_webhook",
    params(
        ("id" = String, Path, description = "`whe_…`"),
        ("If-Match" = String, Header, description = "The etag that was read, such as `\"v7\"`"),
    ),
    responses((status = 200, description = "Enabled", body = EndpointView)))]
async fn enable(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<EndpointKind>,
    if_match: IfMatch,
) -> Result<Response, Problem> {
    let webhooks = &state.library.webhooks;
    let endpoint = webhooks
        .enable(&caller.context(), id, if_match.expected())
        .await?;
    Ok(shown(endpoint))
}

/// Sends nothing to an endpoint any more; what is under way fails, and can be replayed later.
#[utoipa::path(post, path = "/{id}/disable", tag = "webhooks", operation_id = "disable_webhook",
    params(
        ("id" = String, Path, description = "`whe_…`"),
        ("If-Match" = String, Header, description = "The etag that was read, such as `\"v7\"`"),
    ),
    responses((status = 200, description = "Disabled", body = EndpointView)))]
async fn disable(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<EndpointKind>,
    if_match: IfMatch,
) -> Result<Response, Problem> {
    let webhooks = &state.library.webhooks;
    let endpoint = webhooks
        .disable(&caller.context(), id, if_match.expected())
        .await?;
    Ok(shown(endpoint))
}

/// Gives an endpoint a new secret, shown this once. The one before signs as well for 24 hours.
#[utoipa::path(post, path = "/{id}/rotate-secret", tag = "webhooks", operation_id = "rotate_webhook_secret",
    params(
        ("id" = String, Path, description = "`whe_…`"),
        ("If-Match" = String, Header, description = "The etag that was read, such as `\"v7\"`"),
    ),
    responses((status = 200, description = "Changed", body = SecretView)))]
async fn rotate_secret(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<EndpointKind>,
    if_match: IfMatch,
) -> Result<Response, Problem> {
    let webhooks = &state.library.webhooks;
    let made = webhooks
        .rotate_secret(&caller.context(), id, if_match.expected())
        .await?;
    Ok(with_secret(StatusCode::OK, made))
}

fn shown(endpoint: Endpoint) -> Response {
    let tag = etag(endpoint.version);
    ([(ETAG, tag)], axum::Json(EndpointView::from(endpoint))).into_response()
}

fn with_secret(status: StatusCode, made: NewSecret) -> Response {
    let tag = etag(made.endpoint.version);
    (status, [(ETAG, tag)], axum::Json(SecretView::from(made))).into_response()
}
