//! The sessions of whoever is signed in, and who that is.

use aurora_core::access::policy::{Permission, Policy};
use aurora_crm::accounts::Session;
use aurora_crm::workspaces::Roles;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::IntoResponse;
use utoipa_axum::routes;

use super::entrance::usual;
use super::views::{Me, SessionList, SessionView};
use crate::http::Routes;
use crate::http::access::{Access, Caller, Right};
use crate::http::extract::{Params, PathId};
use crate::http::problem::Problem;
use crate::http::workspaces::{MembershipView, open_to};
use crate::state::AppState;

pub(super) fn add(routes: Routes) -> Routes {
    routes
        .route(Access::Person, routes!(me))
        .route(Access::Person, routes!(list))
        .route(Access::Person, routes!(revoke))
        .route(Access::Person, routes!(revoke_all))
}

/// Only public keys: no secret is among them.
pub(super) fn keys() -> Routes {
    Routes::new().route(Access::Public, routes!(jwks))
}

/// Who is signed in, where they are, and what they may do there.
#[utoipa::path(get, path = "/me", tag = "auth", operation_id = "get_me",
    responses((status = 200, description = "The caller", body = Me)))]
async fn me(State(state): State<AppState>, caller: Caller) -> Result<axum::Json<Me>, Problem> {
    let context = caller.context();
    let (user, session) = (caller.user()?, caller.session()?);
    let accounts = state.doors.accounts();
    let memberships = open_to(&state, user).await?;
    let mine = memberships.iter().any(|it| it.workspace.id == caller.workspace());
    let here = Some(caller.workspace()).filter(|_| mine);
    let here = here.or_else(|| usual(&memberships));
    let here = memberships.iter().find(|it| Some(it.workspace.id) == here);
    let mut permissions = Vec::new();
    if let Some(here) = here {
        granted(state.doors.policy(), &here.roles, &mut permissions);
        granted(state.doors.rights(), &here.roles, &mut permissions);
    }
    // The roles of a workspace name them too, and do not open what is the installation's.
    let of_installation = Right::ALL.iter().filter(|it| it.is_of_installation());
    let of_installation: Vec<&str> = of_installation.map(|it| it.as_str()).collect();
    permissions.retain(|name| !of_installation.contains(name));
    if caller.looks_after_all() {
        permissions.extend(of_installation);
    }
    Ok(axum::Json(Me {
        user: accounts.get(&context, user).await?.into(),
        session: session.to_string(),
        assurance: caller.alive().map_or("aal1", |it| it.assurance.as_str()),
        workspace: here.map(|it| it.workspace.clone().into()),
        permissions,
        second_factor: accounts.second_factor(&context, user).await?.into(),
        workspaces: memberships.into_iter().map(MembershipView::from).collect(),
    }))
}

fn granted<P: Permission>(policy: &Policy<P>, roles: &Roles, names: &mut Vec<&'static str>) {
    let has = |permission: &&P| {
        roles
            .iter()
            .any(|role| policy.grants(role.as_str(), **permission))
    };
    names.extend(P::ALL.iter().filter(has).map(|it| it.as_str()));
}

/// One's own sessions that are alive.
#[utoipa::path(get, path = "/sessions", tag = "auth", operation_id = "list_sessions",
    responses((status = 200, description = "The newest first", body = SessionList)))]
async fn list(
    State(state): State<AppState>,
    caller: Caller,
    params: Params,
) -> Result<axum::Json<SessionList>, Problem> {
    params.finish()?;
    let (user, current) = (caller.user()?, caller.session()?);
    let sessions = state.doors.accounts().sessions(&caller.context(), user).await?;
    let views = sessions.into_iter().map(|it| SessionView::new(it, current));
    Ok(axum::Json(SessionList {
        items: views.collect(),
        next: None,
    }))
}

/// Ends one of one's own sessions.
#[utoipa::path(delete, path = "/sessions/{id}", tag = "auth", operation_id = "end_session",
    params(("id" = String, Path, description = "`ses_…`")),
    responses((status = 204, description = "Ended")))]
async fn revoke(
    State(state): State<AppState>,
    caller: Caller,
    PathId(session): PathId<Session>,
) -> Result<StatusCode, Problem> {
    let user = caller.user()?;
    state
        .doors
        .accounts()
        .revoke(&caller.context(), user, session)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends all of one's own sessions.
#[utoipa::path(delete, path = "/sessions", tag = "auth", operation_id = "end_sessions",
    params(("keep_current" = Option<bool>, Query, description = "`true` keeps the session that asks")),
    responses((status = 204, description = "Ended")))]
async fn revoke_all(
    State(state): State<AppState>,
    caller: Caller,
    mut params: Params,
) -> Result<StatusCode, Problem> {
    let keep = params
        .take::<bool>("keep_current", "true or false")
        .unwrap_or(false);
    params.finish()?;
    let user = caller.user()?;
    let keep = if keep { Some(caller.session()?) } else { None };
    state
        .doors
        .accounts()
        .revoke_all(&caller.context(), user, keep)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The public keys that verify access tokens (RFC 7517), for other services. With HS256 there is none.
#[utoipa::path(get, path = "/jwks.json", tag = "auth", operation_id = "get_jwks",
    responses((status = 200, description = "A JSON Web Key Set", body = Object)))]
async fn jwks(State(state): State<AppState>) -> impl IntoResponse {
    let set = state.doors.signing().jwks(state.clock.now());
    // While keys are rotated two of them verify for hours: minutes of an old set harm nobody.
    let headers = [
        (CONTENT_TYPE, "application/json"),
        (CACHE_CONTROL, "public, max-age=300"),
    ];
    (headers, set)
}
