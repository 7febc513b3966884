//! `/api/v1/workspaces`, `/workspaces` as SynapScale publishes it, and `/api/v1/clinics` as AtendeAI does.
//!
//! The workspace in the address is the one that a call acts in; whoever is not in it is told that there is none.

mod invitations;
mod members;
#[cfg(test)]
mod tests;
mod views;

use aurora_core::id::{Id, IdKind};
use aurora_crm::workspaces::{
    CrmPermission, MemberStatus, Membership, NewWorkspace, Workspace, WorkspaceChange, WorkspaceId,
    WorkspaceKind,
};
use axum::extract::{FromRequestParts, OriginalUri, RawPathParams, State};
use axum::http::header::{ETAG, LOCATION};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use utoipa_axum::routes;

use super::access::{Access, Caller};
use super::extract::{IfMatch, Json, Params, etag};
use super::problem::{FieldError, Problem, ProblemKind};
use super::{Mount, Routes};
use crate::state::AppState;
use views::{Kind, MembershipPage, NewWorkspaceInput, WorkspaceChangeInput};

pub(in crate::http) use views::{MembershipView, WorkspaceView};

const CLINICS: &str = "/api/v1/clinics";
/// Most workspaces that the domain tells at once.
const AT_ONCE: usize = 200;

pub(super) const MOUNTS: &[Mount] = &[
    Mount::answers("/api/v1/workspaces", routes),
    Mount::answers("/workspaces", routes).alias("published"),
    Mount::answers(CLINICS, routes).alias("clinics"),
];

fn routes() -> Routes {
    let routes = Routes::new()
        .route(Access::Person, routes!(list))
        .route(Access::Administrator, routes!(create))
        .route(CrmPermission::WorkspaceRead, routes!(read))
        .route(CrmPermission::WorkspaceWrite, routes!(update))
        .route(CrmPermission::WorkspaceClose, routes!(close));
    invitations::add(members::add(routes))
}

/// The workspaces that somebody can act in, at most 200.
pub(in crate::http) async fn open_to(
    state: &AppState,
    user: aurora_crm::accounts::UserId,
) -> Result<Vec<Membership>, Problem> {
    let mut all = state.crm.members().workspaces_of(user, None).await?;
    all.retain(|it| it.status == MemberStatus::Active && it.workspace.closed_at.is_none());
    Ok(all)
}

/// The id at the end of an address that has others in it. A text that is no such id names nothing: 404.
pub(super) struct LastId<T: IdKind>(pub(super) Id<T>);

impl<S: Send + Sync, T: IdKind> FromRequestParts<S> for LastId<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let nothing = || Problem::new(ProblemKind::NotFound);
        let params = RawPathParams::from_request_parts(parts, state)
            .await
            .map_err(|_| nothing())?;
        let last = params.iter().last().and_then(|(_, text)| text.parse().ok());
        last.map(Self).ok_or_else(nothing)
    }
}

/// The workspaces that the caller is in.
#[utoipa::path(get, path = "/", tag = "workspaces", operation_id = "list_workspaces",
    params(
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
        ("kind" = Option<String>, Query, description = "`company` or `clinic`: only these"),
    ),
    responses((status = 200, description = "Up to 200; `next` is null on the last page", body = MembershipPage)))]
async fn list(
    State(state): State<AppState>,
    caller: Caller,
    OriginalUri(uri): OriginalUri,
    mut params: Params,
) -> Result<axum::Json<MembershipPage>, Problem> {
    let after = params.take::<WorkspaceId>("cursor", "the text that the page before gave as next");
    let wanted = params.take::<WorkspaceKind>("kind", "company or clinic");
    params.finish()?;
    let wanted = wanted.or_else(|| is_of_clinics(uri.path()).then_some(WorkspaceKind::Clinic));
    let fits = |workspace: &Workspace| wanted.is_none_or(|kind| workspace.kind == kind);
    let Ok(user) = caller.user() else {
        // Through open doors: the one workspace that the call acts in.
        let workspace = state.crm.workspaces().get(&caller.context()).await?;
        let items = Some(workspace).filter(fits).into_iter();
        return Ok(axum::Json(MembershipPage {
            items: items.map(|it| MembershipView::new(it, caller.roles())).collect(),
            next: None,
        }));
    };
    let all = state.crm.members().workspaces_of(user, after).await?;
    let next = all.last().filter(|_| all.len() >= AT_ONCE);
    Ok(axum::Json(MembershipPage {
        next: next.map(|it| it.workspace.id.to_string()),
        items: all
            .into_iter()
            .filter(|it| fits(&it.workspace))
            .map(MembershipView::from)
            .collect(),
    }))
}

/// Makes a workspace; whoever makes it is its owner.
#[utoipa::path(post, path = "/", tag = "workspaces", operation_id = "create_workspace", request_body = NewWorkspaceInput,
    responses((status = 201, description = "Made", body = WorkspaceView, headers(
        ("ETag" = String, description = "The version, for `If-Match`"),
        ("Location" = String, description = "Where the workspace is to be found"),
    ))))]
async fn create(
    State(state): State<AppState>,
    caller: Caller,
    OriginalUri(uri): OriginalUri,
    Json(new): Json<NewWorkspaceInput>,
) -> Result<Response, Problem> {
    let kind = match (new.kind, is_of_clinics(uri.path())) {
        (None | Some(Kind::Clinic), true) => Kind::Clinic,
        (Some(Kind::Company), true) => {
            let error = FieldError::new("kind", "not_allowed", "must be clinic here");
            return Err(Problem::new(ProblemKind::Invalid).errors([error]));
        }
        (kind, false) => kind.unwrap_or(Kind::Company),
    };
    let mut wanted = NewWorkspace::new(kind.into(), new.name);
    if let Some(name) = new.time_zone {
        wanted = wanted.time_zone(name);
    }
    if let Some(tag) = new.locale {
        wanted = wanted.locale(tag);
    }
    let workspaces = state.crm.workspaces();
    let workspace = match caller.user() {
        Ok(owner) => workspaces.create_owned(wanted, owner).await?,
        Err(_) => workspaces.create(wanted).await?, // through open doors
    };
    let location = format!("{}/{}", uri.path().trim_end_matches('/'), workspace.id);
    let mut response = shown(StatusCode::CREATED, workspace);
    if let Ok(location) = HeaderValue::try_from(location) {
        response.headers_mut().insert(LOCATION, location);
    }
    Ok(response)
}

/// One workspace.
#[utoipa::path(get, path = "/{workspace}", tag = "workspaces", operation_id = "get_workspace",
    params(("workspace" = String, Path, description = "`wsp_…`")),
    responses((status = 200, description = "The workspace", body = WorkspaceView,
        headers(("ETag" = String, description = "The version, for `If-Match`")))))]
async fn read(State(state): State<AppState>, caller: Caller) -> Result<Response, Problem> {
    let workspace = state.crm.workspaces().get(&caller.context()).await?;
    Ok(shown(StatusCode::OK, workspace))
}

/// Changes name, time zone or language of a workspace.
#[utoipa::path(patch, path = "/{workspace}", tag = "workspaces", operation_id = "update_workspace",
    request_body = WorkspaceChangeInput,
    params(
        ("workspace" = String, Path, description = "`wsp_…`"),
        ("If-Match" = String, Header, description = "The etag that was read, such as `\"v7\"`"),
    ),
    responses((status = 200, description = "Changed", body = WorkspaceView,
        headers(("ETag" = String, description = "The new version")))))]
async fn update(
    State(state): State<AppState>,
    caller: Caller,
    if_match: IfMatch,
    Json(change): Json<WorkspaceChange>,
) -> Result<Response, Problem> {
    let (workspaces, context) = (state.crm.workspaces(), caller.context());
    let work = workspaces.update(&context, if_match.expected(), change);
    Ok(shown(StatusCode::OK, work.await?))
}

/// Closes a workspace: from then on nobody has a role in it. What is in it stays.
#[utoipa::path(post, path = "/{workspace}/close", tag = "workspaces", operation_id = "close_workspace",
    params(
        ("workspace" = String, Path, description = "`wsp_…`"),
        ("If-Match" = String, Header, description = "The etag that was read, such as `\"v7\"`"),
    ),
    responses((status = 200, description = "Closed", body = WorkspaceView)))]
async fn close(
    State(state): State<AppState>,
    caller: Caller,
    if_match: IfMatch,
) -> Result<Response, Problem> {
    if caller.workspace() == state.workspace {
        let detail = "the first workspace is that of the installation and stays open";
        return Err(Problem::new(ProblemKind::Conflict).detail(detail));
    }
    let (workspaces, context) = (state.crm.workspaces(), caller.context());
    let work = workspaces.close(&context, if_match.expected());
    Ok(shown(StatusCode::OK, work.await?))
}

fn is_of_clinics(path: &str) -> bool {
    path.starts_with(CLINICS)
}

fn shown(status: StatusCode, workspace: Workspace) -> Response {
    let tag = etag(workspace.version);
    (status, [(ETAG, tag)], axum::Json(WorkspaceView::from(workspace))).into_response()
}
