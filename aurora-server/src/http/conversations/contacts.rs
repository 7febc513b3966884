//! Who writes.

use aurora_crm::conversations::Contact;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};

use super::input::LinkInput;
use super::views::ContactView;
use crate::http::access::Caller;
use crate::http::extract::{Json, PathId};
use crate::http::problem::Problem;
use crate::state::AppState;

fn shown(contact: Contact) -> Response {
    axum::Json(contact).into_response()
}

/// One contact.
#[utoipa::path(get, path = "/contacts/{id}", tag = "conversations", operation_id = "get_contact",
    params(("id" = String, Path, description = "`ctc_…`")),
    responses((status = 200, description = "The contact", body = ContactView)))]
pub(super) async fn read(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<Contact>,
) -> Result<Response, Problem> {
    Ok(shown(
        state.crm.conversations().contact(&caller.context(), id).await?,
    ))
}

/// Says which client a contact is. Contacts of one person on one channel join by themselves when a message names both.
#[utoipa::path(put, path = "/contacts/{id}/client", tag = "conversations", operation_id = "link_contact",
    request_body = LinkInput,
    params(("id" = String, Path, description = "`ctc_…`")),
    responses((status = 200, description = "Linked", body = ContactView)))]
pub(super) async fn link(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<Contact>,
    Json(to): Json<LinkInput>,
) -> Result<Response, Problem> {
    let context = caller.context();
    Ok(shown(
        state
            .crm
            .conversations()
            .link_client(&context, id, to.client_id)
            .await?,
    ))
}

/// Says that a contact is no client.
#[utoipa::path(delete, path = "/contacts/{id}/client", tag = "conversations", operation_id = "unlink_contact",
    params(("id" = String, Path, description = "`ctc_…`")),
    responses((status = 200, description = "Not linked any more", body = ContactView)))]
pub(super) async fn unlink(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<Contact>,
) -> Result<Response, Problem> {
    Ok(shown(
        state
            .crm
            .conversations()
            .unlink_client(&caller.context(), id)
            .await?,
    ))
}

/// Sends nothing to a contact any more; what it writes is kept, and the assistant does not answer it.
#[utoipa::path(post, path = "/contacts/{id}/block", tag = "conversations", operation_id = "block_contact",
    params(("id" = String, Path, description = "`ctc_…`")),
    responses((status = 200, description = "Blocked", body = ContactView)))]
pub(super) async fn block(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<Contact>,
) -> Result<Response, Problem> {
    Ok(shown(
        state.crm.conversations().block(&caller.context(), id).await?,
    ))
}

/// Takes a block back.
#[utoipa::path(post, path = "/contacts/{id}/unblock", tag = "conversations", operation_id = "unblock_contact",
    params(("id" = String, Path, description = "`ctc_…`")),
    responses((status = 200, description = "Not blocked any more", body = ContactView)))]
pub(super) async fn unblock(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<Contact>,
) -> Result<Response, Problem> {
    Ok(shown(
        state.crm.conversations().unblock(&caller.context(), id).await?,
    ))
}
