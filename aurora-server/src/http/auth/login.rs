//! Signing in, staying in, and leaving.

use aurora_crm::Context;
use aurora_crm::accounts::{Answer, Login, LoginOutcome, SignedIn};
use aurora_crm::workspaces::WorkspaceId;
use axum::extract::State;
use axum::http::header::USER_AGENT;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use utoipa_axum::routes;

use super::cookies::Jar;
use super::entrance::{Entering, proof, tokens, usual};
use super::views::{ChallengeInput, ChallengeOpened, LoginAnswer, LoginInput, RefreshInput, Tokens};
use crate::http::Routes;
use crate::http::access::{Access, Caller, Visitor};
use crate::http::extract::Json;
use crate::http::problem::{FieldError, Problem, ProblemKind};
use crate::http::workspaces::open_to;
use crate::state::AppState;

pub(super) fn add(routes: Routes) -> Routes {
    published(routes)
        .route(Access::SignIn, routes!(challenge))
        .route(Access::SignIn, routes!(refresh))
        .route(Access::Person, routes!(logout))
}

/// What is published under `/auth`, too.
pub(super) fn published(routes: Routes) -> Routes {
    routes.route(Access::SignIn, routes!(login))
}

/// Signs somebody in, or asks for their second factor. Whatever is wrong is answered alike.
#[utoipa::path(post, path = "/login", tag = "auth", operation_id = "login", request_body = LoginInput,
    responses((status = 200, description = "Signed in, or asked for a second factor", body = LoginAnswer)))]
async fn login(
    State(state): State<AppState>,
    visitor: Visitor,
    headers: HeaderMap,
    Json(body): Json<LoginInput>,
) -> Result<Response, Problem> {
    let jar = Jar::of(&state, &headers);
    if body.cookie {
        jar.may_set()?;
    }
    let mut login = Login::new(body.email, body.password).agent(agent(&headers));
    if let Some(device) = body.device.or_else(|| jar.device()) {
        login = login.device(device);
    }
    let context = visitor.context();
    let outcome = Box::pin(state.doors.accounts().login(&context, login)).await?;
    match outcome {
        LoginOutcome::SignedIn(signed_in) => {
            enter(&state, &context, *signed_in, body.workspace, &jar, body.cookie).await
        }
        LoginOutcome::SecondFactor(opened) => Ok(axum::Json(LoginAnswer::Challenge(ChallengeOpened {
            challenge: opened.token.expose().to_owned(),
            methods: ["totp", "recovery_code"],
            expires_in: opened.expires_at.since(state.clock.now()).as_secs(),
        }))
        .into_response()),
        _ => Err(Problem::new(ProblemKind::Internal)),
    }
}

/// Answers the challenge of a login with its second factor.
#[utoipa::path(post, path = "/challenge", tag = "auth", operation_id = "answer_challenge", request_body = ChallengeInput,
    responses((status = 200, description = "Signed in", body = Tokens)))]
async fn challenge(
    State(state): State<AppState>,
    visitor: Visitor,
    headers: HeaderMap,
    Json(body): Json<ChallengeInput>,
) -> Result<Response, Problem> {
    let jar = Jar::of(&state, &headers);
    if body.cookie {
        jar.may_set()?;
    }
    let proof = proof(body.code, body.recovery_code)?.ok_or_else(|| {
        let error = FieldError::new("code", "required", "is required, or recovery_code in its place");
        Problem::new(ProblemKind::Invalid).errors([error])
    })?;
    let mut answer = Answer::new(body.challenge, proof).agent(agent(&headers));
    if let Some(device) = body.device.or_else(|| jar.device()) {
        answer = answer.device(device);
    }
    let context = visitor.context();
    let signed_in = Box::pin(state.doors.accounts().answer(&context, &answer)).await?;
    enter(&state, &context, signed_in, body.workspace, &jar, body.cookie).await
}

/// Lets somebody in who has shown who they are; into no workspace that is not theirs.
async fn enter(
    state: &AppState,
    context: &Context,
    signed_in: SignedIn,
    wanted: Option<WorkspaceId>,
    jar: &Jar<'_>,
    with_cookies: bool,
) -> Result<Response, Problem> {
    let user = signed_in.user.id;
    let memberships = open_to(state, user).await?;
    let workspace = match wanted {
        Some(wanted) if !memberships.iter().any(|it| it.workspace.id == wanted) => {
            // Nobody will have the tokens of the session that is open by now.
            state
                .doors
                .accounts()
                .revoke(context, user, signed_in.session.id)
                .await?;
            return Err(Problem::new(ProblemKind::NotFound).detail("there is no such workspace"));
        }
        Some(wanted) => Some(wanted),
        None => usual(state, &memberships),
    };
    let entering = Entering {
        user: signed_in.user,
        session: signed_in.session,
        refresh_token: signed_in.refresh_token,
        device: Some(signed_in.device),
        memberships,
        workspace,
    };
    tokens(state, entering, jar, with_cookies)
}

/// Gives the next tokens for the newest refresh token. One that was spent earlier ends the session: it was copied.
#[utoipa::path(post, path = "/refresh", tag = "auth", operation_id = "refresh_tokens", request_body = RefreshInput,
    responses((status = 200, description = "The next tokens", body = Tokens)))]
async fn refresh(
    State(state): State<AppState>,
    visitor: Visitor,
    headers: HeaderMap,
    Json(body): Json<RefreshInput>,
) -> Result<Response, Problem> {
    let jar = Jar::of(&state, &headers);
    let (token, with_cookies) = match body.refresh_token {
        Some(token) => (token, false),
        None => (
            jar.refresh_token()?.ok_or_else(Problem::refused_credentials)?,
            true,
        ),
    };
    let context = visitor.context();
    let accounts = state.doors.accounts();
    let refreshed = accounts.refresh(&context, &token).await?;
    let user = accounts.get(&context, refreshed.session.user).await?;
    let memberships = open_to(&state, user.id).await?;
    let wanted = body.workspace;
    let wanted = wanted.filter(|wanted| memberships.iter().any(|it| it.workspace.id == *wanted));
    let entering = Entering {
        workspace: wanted.or_else(|| usual(&state, &memberships)),
        user,
        session: refreshed.session,
        refresh_token: refreshed.refresh_token,
        device: None,
        memberships,
    };
    tokens(&state, entering, &jar, with_cookies)
}

/// Ends the session, at once and everywhere, and takes its cookies away.
#[utoipa::path(post, path = "/logout", tag = "auth", operation_id = "logout",
    responses((status = 204, description = "Signed out")))]
async fn logout(
    State(state): State<AppState>,
    caller: Caller,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (user, session) = (caller.user()?, caller.session()?);
    let accounts = state.doors.accounts();
    match accounts.revoke(&caller.context(), user, session).await {
        Ok(()) => {}
        // It ended meanwhile.
        Err(error) if error.kind() == aurora_crm::ErrorKind::NotFound => {}
        Err(error) => return Err(error.into()),
    }
    let mut response = StatusCode::NO_CONTENT.into_response();
    Jar::of(&state, &headers).clear(&mut response);
    Ok(response)
}

fn agent(headers: &HeaderMap) -> &str {
    let agent = headers.get(USER_AGENT).and_then(|value| value.to_str().ok());
    agent.unwrap_or_default()
}
