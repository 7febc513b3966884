//! The log of deliveries, and sending again.

use aurora_core::page::Page;
use aurora_core::time::Timestamp;
use aurora_crm::webhooks::{DeliveryFilter, DeliveryKind, DeliveryState, EndpointId, EndpointKind};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};

use super::views::{AttemptPage, AttemptView, DeliveryPage, DeliveryView, ReplayInput, Replayed, TestedView};
use crate::http::access::Caller;
use crate::http::extract::{Json, Params, PathId};
use crate::http::problem::Problem;
use crate::state::AppState;

/// One page of deliveries, the newest first.
#[utoipa::path(get, path = "/deliveries", tag = "webhooks", operation_id = "list_webhook_deliveries",
    params(
        ("limit" = Option<u32>, Query, description = "Most items on the page, 1 to 200; 50 unless told"),
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
        ("endpoint" = Option<String>, Query, description = "Only those to this endpoint, `whe_…`"),
        ("state" = Option<String>, Query, description = "Only those that are `pending`, `delivered` or `failed`"),
    ),
    responses((status = 200, description = "A page; `next` is null on the last", body = DeliveryPage)))]
pub(super) async fn list(
    State(state): State<AppState>,
    caller: Caller,
    mut params: Params,
) -> Result<Response, Problem> {
    let page = params.page();
    let mut filter = DeliveryFilter::all();
    if let Some(endpoint) = params.take::<EndpointId>("endpoint", "an id such as whe_…") {
        filter = filter.endpoint(endpoint);
    }
    if let Some(wanted) = params.take::<DeliveryState>("state", "pending, delivered or failed") {
        filter = filter.state(wanted);
    }
    params.finish()?;
    let Page { items, next } = state
        .library
        .webhooks
        .deliveries(&caller.context(), &filter, &page)
        .await
        .map_err(|error| Problem::from(error).of_parameters())?;
    Ok(axum::Json(DeliveryPage {
        items: items.into_iter().map(DeliveryView::from).collect(),
        next: next.map(|next| next.to_string()),
    })
    .into_response())
}

/// One delivery.
#[utoipa::path(get, path = "/deliveries/{id}", tag = "webhooks", operation_id = "get_webhook_delivery",
    params(("id" = String, Path, description = "`whd_…`")),
    responses((status = 200, description = "Where it stands", body = DeliveryView)))]
pub(super) async fn read(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<DeliveryKind>,
) -> Result<axum::Json<DeliveryView>, Problem> {
    let delivery = state.library.webhooks.delivery(&caller.context(), id).await?;
    Ok(axum::Json(delivery.into()))
}

/// One page of a delivery's attempts, the first of them first.
#[utoipa::path(get, path = "/deliveries/{id}/attempts", tag = "webhooks", operation_id = "webhook_delivery_attempts",
    params(
        ("id" = String, Path, description = "`whd_…`"),
        ("limit" = Option<u32>, Query, description = "Most items on the page, 1 to 200; 50 unless told"),
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
    ),
    responses((status = 200, description = "A page; `next` is null on the last", body = AttemptPage)))]
pub(super) async fn attempts(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<DeliveryKind>,
    mut params: Params,
) -> Result<Response, Problem> {
    let page = params.page();
    params.finish()?;
    let Page { items, next } = state
        .library
        .webhooks
        .attempts(&caller.context(), id, &page)
        .await
        .map_err(|error| Problem::from(error).of_parameters())?;
    Ok(axum::Json(AttemptPage {
        items: items.into_iter().map(AttemptView::from).collect(),
        next: next.map(|next| next.to_string()),
    })
    .into_response())
}

/// Sends a delivery again, whatever became of it: the same body under the same `webhook-id`.
#[utoipa::path(post, path = "/deliveries/{id}/replay", tag = "webhooks", operation_id = "replay_webhook_delivery",
    params(("id" = String, Path, description = "`whd_…`")),
    responses(
        (status = 202, description = "It is under way", body = DeliveryView),
        (status = 422, description = "Its endpoint is disabled", body = crate::http::problem::ProblemBody, content_type = "application/problem+json"),
    ))]
pub(super) async fn replay(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<DeliveryKind>,
) -> Result<Response, Problem> {
    let context = caller.context();
    state.library.webhooks.replay(&context, id).await?;
    let delivery = state.library.webhooks.delivery(&context, id).await?;
    Ok((StatusCode::ACCEPTED, axum::Json(DeliveryView::from(delivery))).into_response())
}

/// Sends again what has failed to an endpoint since a time, the oldest first, up to 200 in a call.
#[utoipa::path(post, path = "/{id}/replay-failed", tag = "webhooks", operation_id = "replay_failed_webhooks", request_body = ReplayInput,
    params(("id" = String, Path, description = "`whe_…`")),
    responses((status = 202, description = "How many are under way; call it again until it is fewer than 200", body = Replayed)))]
pub(super) async fn replay_failed(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<EndpointKind>,
    Json(input): Json<ReplayInput>,
) -> Result<Response, Problem> {
    let since: Timestamp = input.since;
    let count = state
        .library
        .webhooks
        .replay_failed(&caller.context(), id, since)
        .await?;
    Ok((StatusCode::ACCEPTED, axum::Json(Replayed { count })).into_response())
}

/// Sends an event `webhook.test` to an endpoint, through everything that a real one goes through.
#[utoipa::path(post, path = "/{id}/test", tag = "webhooks", operation_id = "test_webhook",
    params(("id" = String, Path, description = "`whe_…`")),
    responses(
        (status = 202, description = "It is under way", body = TestedView),
        (status = 422, description = "The endpoint is disabled", body = crate::http::problem::ProblemBody, content_type = "application/problem+json"),
    ))]
pub(super) async fn test(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<EndpointKind>,
) -> Result<Response, Problem> {
    let delivery = state.library.webhooks.send_test(&caller.context(), id).await?;
    let tested = TestedView {
        delivery_id: delivery.to_string(),
    };
    Ok((StatusCode::ACCEPTED, axum::Json(tested)).into_response())
}
