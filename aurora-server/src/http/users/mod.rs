//! `/api/v1/users`: the people of the installation. Also `/api/v1/admin/users`.

mod views;

use aurora_core::page::Page as Listed;
use aurora_crm::accounts::{Issued, NewUser, User, UserChange, UserId, UserStatus};
use axum::extract::{OriginalUri, State};
use axum::http::header::{ETAG, LOCATION};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use utoipa_axum::routes;

use super::access::{Access, Caller};
use super::extract::{IfMatch, Json, Params, PathId, etag};
use super::problem::{Problem, ProblemBody, ProblemKind};
use super::{Mount, Routes};
use crate::mail::{Matter, Page};
use crate::state::AppState;
use views::{InvitedUser, NewUserInput, UserChangeInput, UserPage};

pub(in crate::http) use views::{Handover, UserView};

pub(super) const MOUNTS: &[Mount] = &[
    Mount::answers("/api/v1/users", routes),
    Mount::answers("/api/v1/admin/users", administration).alias("admin"),
];

fn routes() -> Routes {
    administration()
        .route(Access::Person, routes!(read_me))
        .route(Access::Person, routes!(update_me))
}

fn administration() -> Routes {
    Routes::new()
        .route(Access::Administrator, routes!(list))
        .once(Access::Administrator, routes!(invite))
        .route(Access::Administrator, routes!(read))
        .route(Access::Administrator, routes!(update))
        .once(Access::Administrator, routes!(invite_again))
        .route(Access::Administrator, routes!(disable))
        .route(Access::Administrator, routes!(enable))
        .route(Access::Administrator, routes!(promote, demote))
        .route(Access::Administrator, routes!(end_sessions))
}

/// One page of all users of the installation.
#[utoipa::path(get, path = "/", tag = "users", operation_id = "list_users",
    params(
        ("limit" = Option<u32>, Query, description = "Most items on the page, 1 to 200; 50 unless told"),
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
    ),
    responses((status = 200, description = "A page; `next` is null on the last", body = UserPage)))]
async fn list(
    State(state): State<AppState>,
    caller: Caller,
    mut params: Params,
) -> Result<axum::Json<UserPage>, Problem> {
    let page = params.page();
    params.finish()?;
    let accounts = state.doors.accounts();
    let Listed { items, next } = accounts
        .list(&caller.context(), &page)
        .await
        .map_err(|error| Problem::from(error).of_parameters())?;
    Ok(axum::Json(UserPage {
        items: items.into_iter().map(UserView::from).collect(),
        next: next.map(|next| next.to_string()),
    }))
}

/// Gives somebody an account: they get a link to choose their password, good for 7 days.
#[utoipa::path(post, path = "/", tag = "users", operation_id = "invite_user", request_body = NewUserInput,
    responses(
        (status = 201, description = "Made; without mail settings `handover.link` is the link to hand over", body = InvitedUser,
            headers(("Location" = String, description = "Where the user is to be found"))),
        (status = 409, description = "The address has an account; `existing_id` names it", body = ProblemBody, content_type = "application/problem+json"),
    ))]
async fn invite(
    State(state): State<AppState>,
    caller: Caller,
    OriginalUri(uri): OriginalUri,
    Json(new): Json<NewUserInput>,
) -> Result<Response, Problem> {
    let mut user = NewUser::new(new.email, new.name);
    if let Some(locale) = new.locale {
        user = user.locale(locale);
    }
    let issued = state.doors.accounts().invite(&caller.context(), user).await?;
    let location = format!("{}/{}", uri.path().trim_end_matches('/'), issued.user.id);
    let mut response = (StatusCode::CREATED, axum::Json(invited(&state, issued))).into_response();
    if let Ok(location) = HeaderValue::try_from(location) {
        response.headers_mut().insert(LOCATION, location);
    }
    Ok(response)
}

/// Sends the link once more to a user who has not chosen a password; the one before is dead.
#[utoipa::path(post, path = "/{id}/invite", tag = "users", operation_id = "invite_user_again",
    params(("id" = String, Path, description = "`usr_…`")),
    responses((status = 200, description = "A new link is on its way, or in the answer", body = InvitedUser)))]
async fn invite_again(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<User>,
) -> Result<axum::Json<InvitedUser>, Problem> {
    let issued = state.doors.accounts().invite_again(&caller.context(), id).await?;
    Ok(axum::Json(invited(&state, issued)))
}

fn invited(state: &AppState, issued: Issued) -> InvitedUser {
    let (to, language) = (issued.user.email.as_str(), &issued.user.locale);
    let is_mailed = state.mail.write(to, language, &Matter::Invite, &issued.token);
    let link = state.mail.link(Page::Invite, &issued.token);
    InvitedUser {
        handover: Handover::new(is_mailed, &link, issued.expires_at),
        user: UserView::from(issued.user),
    }
}

/// One user.
#[utoipa::path(get, path = "/{id}", tag = "users", operation_id = "get_user",
    params(("id" = String, Path, description = "`usr_…`")),
    responses((status = 200, description = "The user", body = UserView,
        headers(("ETag" = String, description = "The version, for `If-Match`")))))]
async fn read(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<User>,
) -> Result<Response, Problem> {
    Ok(shown(state.doors.accounts().get(&caller.context(), id).await?))
}

/// Changes name or language of a user.
#[utoipa::path(patch, path = "/{id}", tag = "users", operation_id = "update_user", request_body = UserChangeInput,
    params(
        ("id" = String, Path, description = "`usr_…`"),
        ("If-Match" = String, Header, description = "The etag that was read, such as `\"v7\"`"),
    ),
    responses((status = 200, description = "Changed", body = UserView, headers(("ETag" = String, description = "The new version")))))]
async fn update(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<User>,
    if_match: IfMatch,
    Json(change): Json<UserChange>,
) -> Result<Response, Problem> {
    changed(&state, &caller, id, if_match, change).await
}

/// Whoever is signed in.
#[utoipa::path(get, path = "/me", tag = "users", operation_id = "get_my_user",
    responses((status = 200, description = "The user", body = UserView,
        headers(("ETag" = String, description = "The version, for `If-Match`")))))]
async fn read_me(State(state): State<AppState>, caller: Caller) -> Result<Response, Problem> {
    let me = caller.user()?;
    Ok(shown(state.doors.accounts().get(&caller.context(), me).await?))
}

/// Changes one's own name or language.
#[utoipa::path(patch, path = "/me", tag = "users", operation_id = "update_my_user", request_body = UserChangeInput,
    params(("If-Match" = String, Header, description = "The etag that was read, such as `\"v7\"`")),
    responses((status = 200, description = "Changed", body = UserView, headers(("ETag" = String, description = "The new version")))))]
async fn update_me(
    State(state): State<AppState>,
    caller: Caller,
    if_match: IfMatch,
    Json(change): Json<UserChange>,
) -> Result<Response, Problem> {
    let me = caller.user()?;
    changed(&state, &caller, me, if_match, change).await
}

async fn changed(
    state: &AppState,
    caller: &Caller,
    id: UserId,
    if_match: IfMatch,
    change: UserChange,
) -> Result<Response, Problem> {
    let (accounts, context) = (state.doors.accounts(), caller.context());
    let work = accounts.update(&context, id, if_match.expected(), change);
    Ok(shown(work.await?))
}

/// Keeps a user out; all their sessions end.
#[utoipa::path(post, path = "/{id}/disable", tag = "users", operation_id = "disable_user",
    params(
        ("id" = String, Path, description = "`usr_…`"),
        ("If-Match" = String, Header, description = "The etag that was read, such as `\"v7\"`"),
    ),
    responses(
        (status = 200, description = "Disabled", body = UserView, headers(("ETag" = String, description = "The new version"))),
        (status = 409, description = "Nobody disables themselves", body = ProblemBody, content_type = "application/problem+json"),
    ))]
async fn disable(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<User>,
    if_match: IfMatch,
) -> Result<Response, Problem> {
    if caller.user().is_ok_and(|me| me == id) {
        let detail = "nobody disables themselves: another administrator has to";
        return Err(Problem::new(ProblemKind::Conflict).detail(detail));
    }
    set_status(&state, &caller, id, if_match, UserStatus::Disabled).await
}

/// Lets a user in again.
#[utoipa::path(post, path = "/{id}/enable", tag = "users", operation_id = "enable_user",
    params(
        ("id" = String, Path, description = "`usr_…`"),
        ("If-Match" = String, Header, description = "The etag that was read, such as `\"v7\"`"),
    ),
    responses((status = 200, description = "Active", body = UserView, headers(("ETag" = String, description = "The new version")))))]
async fn enable(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<User>,
    if_match: IfMatch,
) -> Result<Response, Problem> {
    set_status(&state, &caller, id, if_match, UserStatus::Active).await
}

async fn set_status(
    state: &AppState,
    caller: &Caller,
    id: UserId,
    if_match: IfMatch,
    status: UserStatus,
) -> Result<Response, Problem> {
    let (accounts, context) = (state.doors.accounts(), caller.context());
    let work = accounts.set_status(&context, id, if_match.expected(), status);
    Ok(shown(work.await?))
}

/// Makes a user an administrator of the installation; their sessions end, so that the next begins with these rights.
#[utoipa::path(put, path = "/{id}/administrator", tag = "users", operation_id = "make_administrator",
    params(
        ("id" = String, Path, description = "`usr_…`"),
        ("If-Match" = String, Header, description = "The etag that was read, such as `\"v7\"`"),
    ),
    responses((status = 200, description = "An administrator", body = UserView, headers(("ETag" = String, description = "The new version")))))]
async fn promote(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<User>,
    if_match: IfMatch,
) -> Result<Response, Problem> {
    set_administrator(&state, &caller, id, if_match, true).await
}

/// Takes the administration of the installation from a user; their sessions end.
#[utoipa::path(delete, path = "/{id}/administrator", tag = "users", operation_id = "unmake_administrator",
    params(
        ("id" = String, Path, description = "`usr_…`"),
        ("If-Match" = String, Header, description = "The etag that was read, such as `\"v7\"`"),
    ),
    responses(
        (status = 200, description = "No administrator any more", body = UserView,
            headers(("ETag" = String, description = "The new version"))),
        (status = 409, description = "No other active administrator would be left", body = ProblemBody,
            content_type = "application/problem+json"),
    ))]
async fn demote(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<User>,
    if_match: IfMatch,
) -> Result<Response, Problem> {
    set_administrator(&state, &caller, id, if_match, false).await
}

async fn set_administrator(
    state: &AppState,
    caller: &Caller,
    id: UserId,
    if_match: IfMatch,
    is_administrator: bool,
) -> Result<Response, Problem> {
    let (accounts, context) = (state.doors.accounts(), caller.context());
    let work = accounts.set_administrator(&context, id, if_match.expected(), is_administrator);
    Ok(shown(work.await?))
}

/// Ends all sessions of a user.
#[utoipa::path(delete, path = "/{id}/sessions", tag = "users", operation_id = "end_sessions_of_user",
    params(("id" = String, Path, description = "`usr_…`")),
    responses((status = 204, description = "Ended")))]
async fn end_sessions(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<User>,
) -> Result<StatusCode, Problem> {
    let accounts = state.doors.accounts();
    accounts.revoke_all(&caller.context(), id, None).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn shown(user: User) -> Response {
    let tag = etag(user.version);
    ([(ETAG, tag)], axum::Json(UserView::from(user))).into_response()
}
