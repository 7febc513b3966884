//! Members of a workspace and their roles.

use aurora_core::page::Page;
use aurora_crm::accounts::{User, UserId};
use aurora_crm::workspaces::{CrmPermission, Member, Roles, may_assign};
use axum::extract::{OriginalUri, State};
use axum::http::header::{ETAG, LOCATION};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use futures::{StreamExt as _, stream};
use utoipa_axum::routes;

use super::LastId;
use super::views::{MemberChangeInput, MemberPage, MemberView, NewMemberInput};
use crate::http::Routes;
use crate::http::access::{Access, Caller};
use crate::http::extract::{IfMatch, Json, Params, etag};
use crate::http::problem::{FieldError, Problem, ProblemBody, ProblemKind};
use crate::state::AppState;

/// How many names are looked up at the same time.
const LOOKUPS: usize = 8;

pub(super) fn add(routes: Routes) -> Routes {
    routes
        .route(CrmPermission::MemberRead, routes!(list))
        .route(CrmPermission::MemberWrite, routes!(create))
        .route(CrmPermission::MemberRead, routes!(read))
        .route(CrmPermission::MemberWrite, routes!(change))
        .route(CrmPermission::MemberWrite, routes!(remove))
        .route(CrmPermission::MemberWrite, routes!(suspend))
        .route(CrmPermission::MemberWrite, routes!(resume))
        .route(Access::Person, routes!(leave))
}

/// Whether the caller may give or take these roles: nobody rises by their own hand.
pub(super) fn assignable(state: &AppState, caller: &Caller, changed: &Roles) -> Result<(), Problem> {
    if may_assign(state.doors.policy(), caller.roles(), changed) {
        return Ok(());
    }
    // A key has rights and no roles, of which it could give any.
    caller.user()?;
    Err(Problem::new(ProblemKind::Forbidden)
        .detail("only roles whose every right one has oneself can be given and taken"))
}

/// One page of members.
#[utoipa::path(get, path = "/{workspace}/members", tag = "workspaces", operation_id = "list_members",
    params(
        ("workspace" = String, Path, description = "`wsp_…`"),
        ("limit" = Option<u32>, Query, description = "Most items on the page, 1 to 200; 50 unless told"),
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
    ),
    responses((status = 200, description = "A page; `next` is null on the last", body = MemberPage)))]
async fn list(
    State(state): State<AppState>,
    caller: Caller,
    mut params: Params,
) -> Result<axum::Json<MemberPage>, Problem> {
    let page = params.page();
    params.finish()?;
    let Page { items, next } = state
        .crm
        .members()
        .list(&caller.context(), &page)
        .await
        .map_err(|error| Problem::from(error).of_parameters())?;
    let views = stream::iter(items)
        .map(|member| view(&state, &caller, member))
        .buffered(LOOKUPS);
    let views: Vec<Result<MemberView, Problem>> = views.collect().await;
    Ok(axum::Json(MemberPage {
        items: views.into_iter().collect::<Result<_, _>>()?,
        next: next.map(|next| next.to_string()),
    }))
}

/// Makes somebody a member who has an account, without asking them: administrators of the installation alone may. Others
/// invite them.
#[utoipa::path(post, path = "/{workspace}/members", tag = "workspaces", operation_id = "add_member", request_body = NewMemberInput,
    params(("workspace" = String, Path, description = "`wsp_…`")),
    responses(
        (status = 201, description = "A member now", body = MemberView, headers(
            ("ETag" = String, description = "The version, for `If-Match`"),
            ("Location" = String, description = "Where the member is to be found"),
        )),
        (status = 409, description = "They are a member already", body = ProblemBody, content_type = "application/problem+json"),
    ))]
async fn create(
    State(state): State<AppState>,
    caller: Caller,
    OriginalUri(uri): OriginalUri,
    Json(new): Json<NewMemberInput>,
) -> Result<Response, Problem> {
    if !caller.looks_after_all() {
        // Whoever is named learns of it, and agrees; and nobody learns whom there is.
        let detail =
            "people join by an invitation that they accept; only administrators of the installation add them";
        return Err(Problem::new(ProblemKind::Forbidden).detail(detail));
    }
    assignable(&state, &caller, &new.roles)?;
    let context = caller.context();
    let user = state.doors.accounts().get(&context, new.user).await;
    if user.is_err_and(|error| error.kind() == aurora_crm::ErrorKind::NotFound) {
        let error = FieldError::new("user", "invalid", "must be the id of a user");
        return Err(Problem::new(ProblemKind::Invalid).errors([error]));
    }
    let member = state.crm.members().add(&context, new.user, new.roles).await?;
    let location = format!("{}/{}", uri.path().trim_end_matches('/'), member.user);
    let mut response = shown(&state, &caller, StatusCode::CREATED, member).await?;
    if let Ok(location) = HeaderValue::try_from(location) {
        response.headers_mut().insert(LOCATION, location);
    }
    Ok(response)
}

/// One member.
#[utoipa::path(get, path = "/{workspace}/members/{user}", tag = "workspaces", operation_id = "get_member",
    params(
        ("workspace" = String, Path, description = "`wsp_…`"),
        ("user" = String, Path, description = "`usr_…`"),
    ),
    responses((status = 200, description = "The member", body = MemberView,
        headers(("ETag" = String, description = "The version, for `If-Match`")))))]
async fn read(
    State(state): State<AppState>,
    caller: Caller,
    LastId(user): LastId<User>,
) -> Result<Response, Problem> {
    let member = state.crm.members().get(&caller.context(), user).await?;
    shown(&state, &caller, StatusCode::OK, member).await
}

/// Puts other roles in place of a member's.
#[utoipa::path(patch, path = "/{workspace}/members/{user}", tag = "workspaces", operation_id = "change_member",
    request_body = MemberChangeInput,
    params(
        ("workspace" = String, Path, description = "`wsp_…`"),
        ("user" = String, Path, description = "`usr_…`"),
        ("If-Match" = String, Header, description = "The etag that was read, such as `\"v7\"`"),
    ),
    responses((status = 200, description = "Changed", body = MemberView, headers(("ETag" = String, description = "The new version")))))]
async fn change(
    State(state): State<AppState>,
    caller: Caller,
    LastId(user): LastId<User>,
    if_match: IfMatch,
    Json(change): Json<MemberChangeInput>,
) -> Result<Response, Problem> {
    let (context, expected) = (caller.context(), if_match.expected());
    let member = at(&state, &caller, user, expected).await?;
    assignable(&state, &caller, &member.roles.changed(&change.roles))?;
    let members = state.crm.members();
    let member = members
        .change_roles(&context, user, expected, change.roles)
        .await?;
    shown(&state, &caller, StatusCode::OK, member).await
}

/// Takes all rights from a member for as long as they are suspended.
#[utoipa::path(post, path = "/{workspace}/members/{user}/suspend", tag = "workspaces", operation_id = "suspend_member",
    params(
        ("workspace" = String, Path, description = "`wsp_…`"),
        ("user" = String, Path, description = "`usr_…`"),
        ("If-Match" = String, Header, description = "The etag that was read, such as `\"v7\"`"),
    ),
    responses((status = 200, description = "Suspended", body = MemberView, headers(("ETag" = String, description = "The new version")))))]
async fn suspend(
    State(state): State<AppState>,
    caller: Caller,
    LastId(user): LastId<User>,
    if_match: IfMatch,
) -> Result<Response, Problem> {
    let expected = if_match.expected();
    let member = at(&state, &caller, user, expected).await?;
    assignable(&state, &caller, &member.roles)?;
    let member = state
        .crm
        .members()
        .suspend(&caller.context(), user, expected)
        .await?;
    shown(&state, &caller, StatusCode::OK, member).await
}

/// Lets the roles of a suspended member count again.
#[utoipa::path(post, path = "/{workspace}/members/{user}/resume", tag = "workspaces", operation_id = "resume_member",
    params(
        ("workspace" = String, Path, description = "`wsp_…`"),
        ("user" = String, Path, description = "`usr_…`"),
        ("If-Match" = String, Header, description = "The etag that was read, such as `\"v7\"`"),
    ),
    responses((status = 200, description = "Active", body = MemberView, headers(("ETag" = String, description = "The new version")))))]
async fn resume(
    State(state): State<AppState>,
    caller: Caller,
    LastId(user): LastId<User>,
    if_match: IfMatch,
) -> Result<Response, Problem> {
    let expected = if_match.expected();
    let member = at(&state, &caller, user, expected).await?;
    assignable(&state, &caller, &member.roles)?;
    let member = state
        .crm
        .members()
        .resume(&caller.context(), user, expected)
        .await?;
    shown(&state, &caller, StatusCode::OK, member).await
}

/// Removes a member.
#[utoipa::path(delete, path = "/{workspace}/members/{user}", tag = "workspaces", operation_id = "remove_member",
    params(
        ("workspace" = String, Path, description = "`wsp_…`"),
        ("user" = String, Path, description = "`usr_…`"),
        ("If-Match" = String, Header, description = "The etag that was read, such as `\"v7\"`"),
    ),
    responses(
        (status = 204, description = "Removed"),
        (status = 422, description = "They are the last owner", body = ProblemBody, content_type = "application/problem+json"),
    ))]
async fn remove(
    State(state): State<AppState>,
    caller: Caller,
    LastId(user): LastId<User>,
    if_match: IfMatch,
) -> Result<StatusCode, Problem> {
    let expected = if_match.expected();
    let member = at(&state, &caller, user, expected).await?;
    assignable(&state, &caller, &member.roles)?;
    state
        .crm
        .members()
        .remove(&caller.context(), user, expected)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Leaves a workspace.
#[utoipa::path(post, path = "/{workspace}/leave", tag = "workspaces", operation_id = "leave_workspace",
    params(("workspace" = String, Path, description = "`wsp_…`")),
    responses(
        (status = 204, description = "No member any more"),
        (status = 422, description = "The last owner stays", body = ProblemBody, content_type = "application/problem+json"),
    ))]
async fn leave(State(state): State<AppState>, caller: Caller) -> Result<StatusCode, Problem> {
    let me = caller.user()?;
    state.crm.members().leave(&caller.context(), me).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A member at the version that the caller has read: whether they may be changed is decided on that version's roles.
async fn at(state: &AppState, caller: &Caller, user: UserId, expected: i64) -> Result<Member, Problem> {
    let member = state.crm.members().get(&caller.context(), user).await?;
    if member.version == expected {
        Ok(member)
    } else {
        Err(aurora_crm::Error::conflict("member", member.version).into())
    }
}

async fn view(state: &AppState, caller: &Caller, member: Member) -> Result<MemberView, Problem> {
    let accounts = state.doors.accounts();
    let user = match accounts.get(&caller.context(), member.user).await {
        Ok(user) => Some(user),
        Err(error) if error.kind() == aurora_crm::ErrorKind::NotFound => None,
        Err(error) => return Err(error.into()),
    };
    Ok(MemberView::new(&member, user))
}

async fn shown(
    state: &AppState,
    caller: &Caller,
    status: StatusCode,
    member: Member,
) -> Result<Response, Problem> {
    let tag = etag(member.version);
    let view = view(state, caller, member).await?;
    Ok((status, [(ETAG, tag)], axum::Json(view)).into_response())
}
