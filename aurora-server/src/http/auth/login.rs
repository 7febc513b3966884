//! Signing in, staying in, and leaving.

use aurora_crm::accounts::{Answer, Login, LoginOutcome, SignedIn};
use aurora_crm::workspaces::WorkspaceId;
use aurora_crm::{Context, ErrorKind};
use axum::extract::State;
use axum::http::header::USER_AGENT;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use utoipa_axum::routes;

use super::cookies::Jar;
use super::entrance::{Entering, proof, tokens, usual};
use super::views::{
    ChallengeInput, ChallengeOpened, LoginAnswer, LoginInput, LogoutInput, RefreshInput, Tokens,
};
use crate::http::Routes;
use crate::http::access::{Access, Visitor, signed_in};
use crate::http::extract::{Json, MaybeJson};
use crate::http::layers::pace::Class;
use crate::http::problem::{FieldError, Problem, ProblemKind};
use crate::http::workspaces::open_to;
use crate::state::AppState;

pub(super) fn add(routes: Routes) -> Routes {
    published(routes)
        .route(Access::SignIn, routes!(challenge))
        .route(Access::Session, routes!(refresh))
        .route(Access::Session, routes!(logout))
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
        None => usual(&memberships),
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

/// Gives the next tokens for the newest refresh token. One that was spent earlier ends the session: it was copied. Refreshes
/// count for their session; a token that is refused counts for its address.
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
    // Before the token is spent: whoever is told to wait comes again with the same one.
    let session = accounts.session_of(&context, &token).await;
    let session = genuine(&state, &visitor, session).await?;
    let pace = state.pace.of_session(&session.to_string()).await?;
    let refreshed = accounts.refresh(&context, &token).await;
    let refreshed = genuine(&state, &visitor, refreshed).await?;
    let user = accounts.get(&context, refreshed.session.user).await?;
    let memberships = open_to(&state, user.id).await?;
    let wanted = body.workspace;
    let wanted = wanted.filter(|wanted| memberships.iter().any(|it| it.workspace.id == *wanted));
    let entering = Entering {
        workspace: wanted.or_else(|| usual(&memberships)),
        user,
        session: refreshed.session,
        refresh_token: refreshed.refresh_token,
        device: None,
        memberships,
    };
    let mut response = tokens(&state, entering, &jar, with_cookies)?;
    response.headers_mut().extend(pace);
    Ok(response)
}

/// What a refresh token led to; one that is refused counts for its address, as every guess does.
async fn genuine<T: Send>(
    state: &AppState,
    visitor: &Visitor,
    outcome: Result<T, aurora_crm::Error>,
) -> Result<T, Problem> {
    let refused = |error: &aurora_crm::Error| error.kind() == ErrorKind::Unauthenticated;
    if outcome.as_ref().err().is_some_and(refused) {
        state.pace.of_address(Class::Api, visitor.origin).await?;
    }
    Ok(outcome?)
}

/// Ends the session of the access token, and that of the refresh token, in the body or as a cookie: at once and everywhere.
/// Whoever shows tokens that are good no more is signed out all the same (RFC 7009 §2.2), and their cookies are taken away.
#[utoipa::path(post, path = "/logout", tag = "auth", operation_id = "logout", request_body = Option<LogoutInput>,
    responses((status = 204, description = "Signed out")))]
async fn logout(
    State(state): State<AppState>,
    visitor: Visitor,
    headers: HeaderMap,
    MaybeJson(body): MaybeJson<LogoutInput>,
) -> Result<Response, Problem> {
    let (context, accounts) = (visitor.context(), state.doors.accounts());
    let jar = Jar::of(&state, &headers);
    let alive = signed_in(&state, &visitor, &headers).await?;
    let token = match body.refresh_token {
        Some(token) => Some(token),
        None => jar.refresh_token()?,
    };
    if let Some(alive) = &alive {
        match accounts.revoke(&context, alive.user, alive.session).await {
            Ok(()) => {}
            // It ended meanwhile.
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error.into()),
        }
    }
    if let Some(token) = token {
        match accounts.sign_out(&context, &token).await {
            Ok(()) => {}
            // Of the session that has just ended, as a rule.
            Err(error) if error.kind() == ErrorKind::Unauthenticated && alive.is_some() => {}
            Err(error) if error.kind() == ErrorKind::Unauthenticated => {
                state.pace.of_address(Class::Api, visitor.origin).await?;
            }
            Err(error) => return Err(error.into()),
        }
    }
    let mut response = StatusCode::NO_CONTENT.into_response();
    // A page of others signs nobody out of their browser.
    if jar.may_set().is_ok() {
        jar.clear(&mut response);
    }
    Ok(response)
}

fn agent(headers: &HeaderMap) -> &str {
    let agent = headers.get(USER_AGENT).and_then(|value| value.to_str().ok());
    agent.unwrap_or_default()
}
