//! What came in and is in no conversation.

use aurora_crm::channels::whatsapp::InboundKind;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};

use super::views::UnplacedView;
use crate::http::access::Caller;
use crate::http::answers::Listed;
use crate::http::extract::{Params, PathId};
use crate::http::problem::Problem;
use crate::state::AppState;

/// One page of what came in and is in no conversation, the oldest first. It is removed after 30 days.
#[utoipa::path(get, path = "/failed", tag = "whatsapp", operation_id = "list_failed_whatsapp",
    params(
        ("limit" = Option<u32>, Query, description = "Most items on the page, 1 to 200; 50 unless told"),
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
    ),
    responses((status = 200, description = "A page", body = Listed<UnplacedView>)))]
pub(super) async fn list(
    State(state): State<AppState>,
    caller: Caller,
    mut params: Params,
) -> Result<Response, Problem> {
    let page = params.page();
    params.finish()?;
    let found = state.reception.whatsapp.failed(&caller.context(), &page).await;
    let found = found.map_err(|error| Problem::from(error).of_parameters())?;
    Ok(axum::Json(Listed::page(found)).into_response())
}

/// Hands something that failed to conversations once more. What is there already is not doubled.
#[utoipa::path(post, path = "/failed/{id}/retry", tag = "whatsapp", operation_id = "retry_failed_whatsapp",
    params(("id" = String, Path, description = "`win_…`")),
    responses((status = 202, description = "It is tried again")))]
pub(super) async fn retry(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<InboundKind>,
) -> Result<StatusCode, Problem> {
    state.reception.whatsapp.retry(&caller.context(), id).await?;
    Ok(StatusCode::ACCEPTED)
}
