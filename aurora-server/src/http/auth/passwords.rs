//! Passwords that are changed or were forgotten, and the second factor.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use utoipa_axum::routes;

use super::cookies::Jar;
use super::entrance::{access_token, proof};
use super::views::{
    CodeInput, Enrolment, FactorView, PasswordInput, RecoveryCodesView, ResetConfirmInput, ResetInput,
    SessionView, StepUpInput, SteppedUp,
};
use crate::http::Routes;
use crate::http::access::{Access, Caller, Visitor};
use crate::http::extract::Json;
use crate::http::problem::{FieldError, Problem, ProblemKind};
use crate::mail::Matter;
use crate::state::AppState;

pub(super) fn add(routes: Routes) -> Routes {
    routes
        .route(Access::Person, routes!(change_password))
        .route(Access::SignIn, routes!(request_reset))
        .route(Access::SignIn, routes!(confirm_reset))
        .route(Access::Person, routes!(factor))
        .once(Access::Person, routes!(enrol))
        .once(Access::Person, routes!(activate))
        .route(Access::Person, routes!(remove))
        .once(Access::Person, routes!(recovery_codes))
        .once(Access::Person, routes!(step_up))
}

/// Chooses another password; all other sessions end.
#[utoipa::path(post, path = "/password", tag = "auth", operation_id = "change_password", request_body = PasswordInput,
    responses((status = 204, description = "Changed")))]
async fn change_password(
    State(state): State<AppState>,
    caller: Caller,
    Json(body): Json<PasswordInput>,
) -> Result<StatusCode, Problem> {
    let (context, session) = (caller.context(), caller.session()?);
    let accounts = state.doors.accounts();
    let work = accounts.change_password(&context, session, &body.current_password, &body.new_password);
    Box::pin(work).await.map_err(of_new_password)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Asks for a link to choose another password. The answer is the same whether the address has an account or not.
#[utoipa::path(post, path = "/password/reset", tag = "auth", operation_id = "request_password_reset", request_body = ResetInput,
    responses((status = 202, description = "If the address has an account, a link is on its way to it")))]
async fn request_reset(
    State(state): State<AppState>,
    visitor: Visitor,
    Json(body): Json<ResetInput>,
) -> Result<StatusCode, Problem> {
    let accounts = state.doors.accounts();
    let issued = accounts
        .request_reset(&visitor.context(), body.email.expose())
        .await?;
    if let Some(issued) = issued {
        // It is posted after the answer: how long that takes tells nobody anything.
        let (to, language) = (issued.user.email.as_str(), &issued.user.locale);
        state.mail.write(to, language, &Matter::Reset, &issued.token);
    }
    Ok(StatusCode::ACCEPTED)
}

/// Chooses another password with the token of a link; all sessions end, a second factor stays.
#[utoipa::path(post, path = "/password/reset/confirm", tag = "auth", operation_id = "confirm_password_reset",
    request_body = ResetConfirmInput,
    responses((status = 204, description = "Changed; now sign in")))]
async fn confirm_reset(
    State(state): State<AppState>,
    visitor: Visitor,
    Json(body): Json<ResetConfirmInput>,
) -> Result<StatusCode, Problem> {
    let accounts = state.doors.accounts();
    let context = visitor.context();
    let work = accounts.reset_password(&context, &body.token, &body.new_password);
    Box::pin(work).await.map_err(of_new_password)?;
    Ok(StatusCode::NO_CONTENT)
}

/// The domain calls a password that is chosen `password`; the bodies here may have two of them.
fn of_new_password(error: aurora_crm::Error) -> Problem {
    if error.kind() != aurora_crm::ErrorKind::Invalid {
        return error.into();
    }
    let fields = error.fields().iter();
    let errors = fields.map(|field| {
        let name = match field.field.as_str() {
            "password" => "new_password",
            name => name,
        };
        FieldError::new(name, field.code, field.message.clone())
    });
    Problem::new(ProblemKind::Invalid).errors(errors)
}

/// Whether there is a second factor.
#[utoipa::path(get, path = "/factors", tag = "auth", operation_id = "get_factor",
    responses((status = 200, description = "The second factor", body = FactorView)))]
async fn factor(State(state): State<AppState>, caller: Caller) -> Result<axum::Json<FactorView>, Problem> {
    let user = caller.user()?;
    let factor = state
        .doors
        .accounts()
        .second_factor(&caller.context(), user)
        .await?;
    Ok(axum::Json(factor.into()))
}

/// Begins to enrol an authenticator, in place of the present one if there is one; its first code finishes it.
#[utoipa::path(post, path = "/factors", tag = "auth", operation_id = "enrol_factor",
    responses((status = 201, description = "To be scanned and finished within ten minutes", body = Enrolment)))]
async fn enrol(State(state): State<AppState>, caller: Caller) -> Result<Response, Problem> {
    let session = caller.session()?;
    let enrolment = state
        .doors
        .accounts()
        .enrol_factor(&caller.context(), session)
        .await?;
    let body = Enrolment {
        secret: enrolment.secret.expose().to_owned(),
        uri: enrolment.uri.expose().to_owned(),
        expires_at: enrolment.expires_at.to_string(),
    };
    Ok((StatusCode::CREATED, axum::Json(body)).into_response())
}

/// Finishes an enrolment with a first code; all other sessions end.
#[utoipa::path(post, path = "/factors/activate", tag = "auth", operation_id = "activate_factor", request_body = CodeInput,
    responses((status = 200, description = "The factor is asked for from now on", body = RecoveryCodesView)))]
async fn activate(
    State(state): State<AppState>,
    caller: Caller,
    Json(body): Json<CodeInput>,
) -> Result<axum::Json<RecoveryCodesView>, Problem> {
    let (context, session) = (caller.context(), caller.session()?);
    let accounts = state.doors.accounts();
    let codes = Box::pin(accounts.activate_factor(&context, session, &body.code)).await?;
    Ok(axum::Json(codes.into()))
}

/// Removes the second factor and its recovery codes; all other sessions end.
#[utoipa::path(delete, path = "/factors", tag = "auth", operation_id = "remove_factor",
    responses((status = 204, description = "Removed")))]
async fn remove(State(state): State<AppState>, caller: Caller) -> Result<StatusCode, Problem> {
    let session = caller.session()?;
    state
        .doors
        .accounts()
        .remove_factor(&caller.context(), session)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Makes ten recovery codes in place of those before.
#[utoipa::path(post, path = "/factors/recovery-codes", tag = "auth", operation_id = "replace_recovery_codes",
    responses((status = 200, description = "Shown this once", body = RecoveryCodesView)))]
async fn recovery_codes(
    State(state): State<AppState>,
    caller: Caller,
) -> Result<axum::Json<RecoveryCodesView>, Problem> {
    let session = caller.session()?;
    let accounts = state.doors.accounts();
    let codes = accounts
        .replace_recovery_codes(&caller.context(), session)
        .await?;
    Ok(axum::Json(codes.into()))
}

/// Proves again who speaks, for what takes a fresh login. The session is as fresh as a new one then.
#[utoipa::path(post, path = "/step-up", tag = "auth", operation_id = "step_up", request_body = StepUpInput,
    responses((status = 200, description = "Proven", body = SteppedUp)))]
async fn step_up(
    State(state): State<AppState>,
    caller: Caller,
    headers: HeaderMap,
    Json(body): Json<StepUpInput>,
) -> Result<Response, Problem> {
    let jar = Jar::of(&state, &headers);
    if body.cookie {
        jar.may_set()?;
    }
    let proof = proof(body.code, body.recovery_code)?;
    let (context, session) = (caller.context(), caller.session()?);
    let accounts = state.doors.accounts();
    let raised = Box::pin(accounts.step_up(&context, session, &body.password, proof.as_ref())).await?;
    let (token, life) = access_token(&state, &raised, Some(caller.workspace()))?;
    let answer = SteppedUp {
        access_token: (!body.cookie).then(|| token.expose().to_owned()),
        token_type: "Bearer",
        expires_in: life,
        session: SessionView::new(raised, session),
    };
    let mut response = axum::Json(answer).into_response();
    if body.cookie {
        jar.set_access(&mut response, token.expose(), life);
    }
    Ok(response)
}
