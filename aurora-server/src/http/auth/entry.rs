//! How people come to have an account, and into workspaces.

use aurora_core::secret::Secret;
use aurora_crm::accounts::{NewUser, User, UserChange};
use aurora_crm::workspaces::{Role, Roles};
use aurora_crm::{Context, ErrorKind};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use tracing::Instrument as _;
use utoipa_axum::routes;

use super::views::{RegisterInput, Registered, SetupInput, TokenInput};
use crate::http::Routes;
use crate::http::access::{Access, Caller, Visitor};
use crate::http::extract::Json;
use crate::http::problem::{FieldError, Problem, ProblemBody, ProblemKind};
use crate::http::workspaces::WorkspaceView;
use crate::mail::Matter;
use crate::state::AppState;

/// What the tokens of invitations to the installation begin with; those to workspaces do not.
const INVITE: &str = "aur_invite_";

pub(super) fn add(routes: Routes) -> Routes {
    routes
        .route(Access::SignIn, routes!(setup))
        .route(Access::SignIn, routes!(register))
        .route(Access::Person, routes!(accept))
        .route(Access::Person, routes!(request_verification))
        .route(Access::SignIn, routes!(confirm_verification))
}

/// Makes the first administrator with the link that the server told at its first start; they own the first workspace.
#[utoipa::path(post, path = "/setup", tag = "auth", operation_id = "set_up", request_body = SetupInput,
    responses((status = 201, description = "Made; now sign in", body = Registered)))]
async fn setup(
    State(state): State<AppState>,
    visitor: Visitor,
    Json(body): Json<SetupInput>,
) -> Result<Response, Problem> {
    // Two transactions: both are made whoever waits for the answer. What a crash leaves undone the next start does.
    let work = async move { Box::pin(set_up(&state, visitor.context(), body)).await };
    let made = tokio::spawn(work.in_current_span()).await;
    let (user, workspace) = made.map_err(|error| Problem::new(ProblemKind::Internal).caused_by(error))??;
    Ok(registered(user, Some(workspace)))
}

async fn set_up(
    state: &AppState,
    mut context: Context,
    body: SetupInput,
) -> Result<(User, WorkspaceView), Problem> {
    let mut new = NewUser::new(body.email, body.name);
    if let Some(locale) = body.locale {
        new = new.locale(locale);
    }
    let accounts = state.doors.accounts();
    let user = accounts
        .set_up(&context, &body.token, new, &body.password)
        .await?;
    context.workspace = state.workspace;
    context.principal = user.id.to_string();
    let owner = Roles::of([Role::Owner]);
    match state.crm.members().add(&context, user.id, owner).await {
        Ok(_) => {}
        // By what looks after it at each start.
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        Err(error) => {
            tracing::error!(%error, "the first administrator owns the first workspace from the next start on");
            return Err(error.into());
        }
    }
    Ok((user, state.crm.workspaces().get(&context).await?.into()))
}

/// Chooses the first password of somebody who was invited, to the installation or to a workspace.
#[utoipa::path(post, path = "/register", tag = "auth", operation_id = "register", request_body = RegisterInput,
    responses(
        (status = 201, description = "Made; now sign in", body = Registered),
        (status = 409, description = "The address has an account: sign in and accept the invitation", body = ProblemBody, content_type = "application/problem+json"),
    ))]
async fn register(
    State(state): State<AppState>,
    visitor: Visitor,
    Json(body): Json<RegisterInput>,
) -> Result<Response, Problem> {
    let context = visitor.context();
    if body.token.expose().starts_with(INVITE) {
        let user = Box::pin(chosen(&state, &context, body)).await?;
        return Ok(registered(user, None));
    }
    let (user, workspace) = Box::pin(joined(&state, &context, body)).await?;
    Ok(registered(user, Some(workspace)))
}

/// Somebody whose account an administrator has made.
async fn chosen(state: &AppState, context: &Context, body: RegisterInput) -> Result<User, Problem> {
    let accounts = state.doors.accounts();
    let user = accounts
        .accept_invitation(context, &body.token, &body.password)
        .await?;
    let mut change = UserChange::new();
    if body.name.is_none() && body.locale.is_none() {
        return Ok(user);
    }
    if let Some(name) = body.name {
        change = change.name(name);
    }
    if let Some(locale) = body.locale {
        change = change.locale(locale);
    }
    Ok(accounts.update(context, user.id, user.version, change).await?)
}

/// Somebody whom a workspace has invited, and who gets an account with that.
async fn joined(
    state: &AppState,
    context: &Context,
    body: RegisterInput,
) -> Result<(User, WorkspaceView), Problem> {
    let (workspace, invitation) = found(state, context, &body.token).await?;
    let name = body.name.ok_or_else(|| {
        let error = FieldError::new("name", "required", "is required");
        Problem::new(ProblemKind::Invalid).errors([error])
    })?;
    let mut new = NewUser::new(invitation.email.as_str(), name);
    if let Some(locale) = body.locale {
        new = new.locale(locale);
    }
    let accounts = state.doors.accounts();
    let user = match accounts.create(context, new, &body.password).await {
        Ok(user) => user,
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            let detail = "the address has an account: sign in and accept the invitation";
            return Err(Problem::new(ProblemKind::Duplicate).detail(detail));
        }
        Err(error) => return Err(error.into()),
    };
    let invitations = state.crm.invitations();
    let mut context = context.clone();
    context.principal = user.id.to_string();
    invitations.accept(&context, &body.token, user.id).await?;
    context.workspace = workspace;
    let workspace = state.crm.workspaces().get(&context).await?;
    Ok((user, workspace.into()))
}

/// The invitation of a token, which is refused like every other credential.
async fn found(
    state: &AppState,
    context: &Context,
    token: &Secret,
) -> Result<
    (
        aurora_crm::workspaces::WorkspaceId,
        aurora_crm::workspaces::Invitation,
    ),
    Problem,
> {
    match state.crm.invitations().find(context, token).await {
        Ok(found) => Ok(found),
        Err(error) if error.kind() == ErrorKind::NotFound => Err(Problem::refused_credentials()),
        Err(error) => Err(error.into()),
    }
}

/// Accepts an invitation to a workspace for whoever is signed in; it has to be for their address.
#[utoipa::path(post, path = "/accept", tag = "auth", operation_id = "accept_invitation", request_body = TokenInput,
    responses(
        (status = 200, description = "A member now", body = WorkspaceView),
        (status = 409, description = "A member already", body = ProblemBody, content_type = "application/problem+json"),
    ))]
async fn accept(
    State(state): State<AppState>,
    caller: Caller,
    Json(body): Json<TokenInput>,
) -> Result<axum::Json<WorkspaceView>, Problem> {
    let (mut context, me) = (caller.context(), caller.user()?);
    let (workspace, invitation) = found(&state, &context, &body.token).await?;
    let user = state.doors.accounts().get(&context, me).await?;
    let (mine, theirs) = (user.email.as_str(), invitation.email.as_str());
    if !mine.eq_ignore_ascii_case(theirs) {
        return Err(Problem::new(ProblemKind::Forbidden).detail("the invitation is for another address"));
    }
    state.crm.invitations().accept(&context, &body.token, me).await?;
    context.workspace = workspace;
    let workspace = state.crm.workspaces().get(&context).await?;
    Ok(axum::Json(workspace.into()))
}

/// Sends a link to one's own address, to show that mail arrives there; once a minute at most.
#[utoipa::path(post, path = "/verification", tag = "auth", operation_id = "request_verification",
    responses(
        (status = 202, description = "A link is on its way"),
        (status = 409, description = "This installation sends no mail", body = ProblemBody, content_type = "application/problem+json"),
    ))]
async fn request_verification(State(state): State<AppState>, caller: Caller) -> Result<StatusCode, Problem> {
    let me = caller.user()?;
    if !state.mail.is_set() {
        return Err(Problem::new(ProblemKind::Conflict).detail("this installation sends no mail"));
    }
    let accounts = state.doors.accounts();
    if let Some(issued) = accounts.request_verification(&caller.context(), me).await? {
        let (to, language) = (issued.user.email.as_str(), &issued.user.locale);
        state.mail.write(to, language, &Matter::Verify, &issued.token);
    }
    Ok(StatusCode::ACCEPTED)
}

/// Shows with the token of a link that mail to an address arrives.
#[utoipa::path(post, path = "/verification/confirm", tag = "auth", operation_id = "confirm_verification", request_body = TokenInput,
    responses((status = 204, description = "Shown")))]
async fn confirm_verification(
    State(state): State<AppState>,
    visitor: Visitor,
    Json(body): Json<TokenInput>,
) -> Result<StatusCode, Problem> {
    let accounts = state.doors.accounts();
    accounts.verify_email(&visitor.context(), &body.token).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn registered(user: User, workspace: Option<WorkspaceView>) -> Response {
    let body = Registered {
        user: user.into(),
        workspace,
    };
    (StatusCode::CREATED, axum::Json(body)).into_response()
}
