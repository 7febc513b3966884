//! Invitations to a workspace.

use std::time::Duration;

use aurora_core::page::Page as Listed;
use aurora_crm::workspaces::{CrmPermission, Invitation, Invited, NewInvitation};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use utoipa_axum::routes;

use super::LastId;
use super::members::assignable;
use super::views::{InvitationPage, InvitationView, InvitedMember, NewInvitationInput};
use crate::http::Routes;
use crate::http::access::Caller;
use crate::http::extract::{Json, Params};
use crate::http::problem::{Problem, ProblemBody};
use crate::http::users::Handover;
use crate::mail::{Matter, Page};
use crate::state::AppState;

pub(super) fn add(routes: Routes) -> Routes {
    routes
        .route(CrmPermission::MemberInvite, routes!(list))
        .once(CrmPermission::MemberInvite, routes!(create))
        .once(CrmPermission::MemberInvite, routes!(resend))
        .route(CrmPermission::MemberInvite, routes!(revoke))
}

/// One page of invitations.
#[utoipa::path(get, path = "/{workspace}/invitations", tag = "workspaces", operation_id = "list_invitations",
    params(
        ("workspace" = String, Path, description = "`wsp_…`"),
        ("limit" = Option<u32>, Query, description = "Most items on the page, 1 to 200; 50 unless told"),
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
    ),
    responses((status = 200, description = "A page; `next` is null on the last", body = InvitationPage)))]
async fn list(
    State(state): State<AppState>,
    caller: Caller,
    mut params: Params,
) -> Result<axum::Json<InvitationPage>, Problem> {
    let page = params.page();
    params.finish()?;
    let invitations = state.crm.invitations();
    let Listed { items, next } = invitations
        .list(&caller.context(), &page)
        .await
        .map_err(|error| Problem::from(error).of_parameters())?;
    Ok(axum::Json(InvitationPage {
        items: items.into_iter().map(InvitationView::from).collect(),
        next: next.map(|next| next.to_string()),
    }))
}

/// Invites somebody to become a member.
#[utoipa::path(post, path = "/{workspace}/invitations", tag = "workspaces", operation_id = "create_invitation",
    request_body = NewInvitationInput,
    params(("workspace" = String, Path, description = "`wsp_…`")),
    responses(
        (status = 201, description = "Invited; without mail settings `handover.link` is the link to hand over", body = InvitedMember),
        (status = 409, description = "The address has an open invitation; `existing_id` names it", body = ProblemBody, content_type = "application/problem+json"),
    ))]
async fn create(
    State(state): State<AppState>,
    caller: Caller,
    Json(new): Json<NewInvitationInput>,
) -> Result<Response, Problem> {
    assignable(&state, &caller, &new.roles)?;
    let mut wanted = NewInvitation::new(new.email, new.roles);
    if let Some(seconds) = new.life_s {
        wanted = wanted.life(Duration::from_secs(seconds));
    }
    let invited = state.crm.invitations().create(&caller.context(), wanted).await?;
    let answer = sent(&state, &caller, invited).await?;
    Ok((StatusCode::CREATED, axum::Json(answer)).into_response())
}

/// Sends an open invitation once more, with its time anew; the link before is dead.
#[utoipa::path(post, path = "/{workspace}/invitations/{id}/resend", tag = "workspaces", operation_id = "resend_invitation",
    params(
        ("workspace" = String, Path, description = "`wsp_…`"),
        ("id" = String, Path, description = "`inv_…`"),
    ),
    responses(
        (status = 200, description = "A new link is on its way, or in the answer", body = InvitedMember),
        (status = 409, description = "Another invitation of the address is open", body = ProblemBody, content_type = "application/problem+json"),
    ))]
async fn resend(
    State(state): State<AppState>,
    caller: Caller,
    LastId(id): LastId<Invitation>,
) -> Result<axum::Json<InvitedMember>, Problem> {
    let (invitations, context) = (state.crm.invitations(), caller.context());
    let invitation = invitations.get(&context, id).await?;
    assignable(&state, &caller, &invitation.roles)?;
    let invited = invitations.resend(&context, id).await?;
    Ok(axum::Json(sent(&state, &caller, invited).await?))
}

/// Takes an open invitation back.
#[utoipa::path(delete, path = "/{workspace}/invitations/{id}", tag = "workspaces", operation_id = "revoke_invitation",
    params(
        ("workspace" = String, Path, description = "`wsp_…`"),
        ("id" = String, Path, description = "`inv_…`"),
    ),
    responses((status = 204, description = "Taken back")))]
async fn revoke(
    State(state): State<AppState>,
    caller: Caller,
    LastId(id): LastId<Invitation>,
) -> Result<StatusCode, Problem> {
    let (invitations, context) = (state.crm.invitations(), caller.context());
    let invitation = invitations.get(&context, id).await?;
    assignable(&state, &caller, &invitation.roles)?;
    invitations.revoke(&context, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn sent(state: &AppState, caller: &Caller, invited: Invited) -> Result<InvitedMember, Problem> {
    let workspace = state.crm.workspaces().get(&caller.context()).await?;
    let to = invited.invitation.email.as_str();
    let matter = Matter::Join(&workspace.name);
    let is_mailed = state.mail.write(to, &workspace.locale, &matter, &invited.token);
    let link = state.mail.link(Page::Join, &invited.token);
    Ok(InvitedMember {
        handover: Handover::new(is_mailed, &link, invited.invitation.expires_at),
        invitation: invited.invitation.into(),
    })
}
