//! The steps of an appointment from state to state.

use aurora_crm::Error;
use aurora_crm::appointments::{Appointment, AppointmentId, AppointmentStatus};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::input::{CorrectionInput, ReasonInput};
use super::views::AppointmentView;
use super::{person, staff};
use crate::http::access::Caller;
use crate::http::answers::tagged;
use crate::http::extract::{IfMatch, Json, PathId};
use crate::http::problem::{FieldError, Problem, ProblemBody, ProblemKind};
use crate::state::AppState;

const ILLEGAL: &str = "illegal_transition";

/// What a refused step means. One that the state does not allow is a conflict with what is there, and is told together with
/// what is allowed.
pub(super) async fn explained(state: &AppState, caller: &Caller, id: AppointmentId, error: Error) -> Problem {
    if error.code() != Some(ILLEGAL) {
        return Problem::from(error);
    }
    // Read after the refusal: where it has gone on meanwhile, what is told is newer.
    let Ok(found) = state.crm.appointments().get(&caller.context(), id).await else {
        return Problem::from(error);
    };
    let allowed = match person(caller) {
        Ok(person) => found.allowed_to(person, state.clock.now()),
        Err(problem) => return problem,
    };
    let allowed: Vec<&str> = allowed.into_iter().map(AppointmentStatus::as_str).collect();
    let errors = error.fields().iter();
    let errors = errors.map(|field| FieldError::new(&field.field, field.code, field.message.clone()));
    Problem::new(ProblemKind::Conflict)
        .detail(format!(
            "the appointment is {}, and that does not follow",
            found.status
        ))
        .errors(errors)
        .with("status_now", found.status.as_str())
        .with("allowed", allowed)
        .with("may_move", found.status.may_move())
        .with("current_version", found.version)
        .caused_by(error)
}

async fn shown(
    state: &AppState,
    caller: &Caller,
    id: AppointmentId,
    outcome: Result<Appointment, Error>,
) -> Result<Response, Problem> {
    match outcome {
        Ok(appointment) => Ok(tagged(StatusCode::OK, appointment.version, &appointment)),
        Err(error) => Err(explained(state, caller, id, error).await),
    }
}

/// A step without words, in the name of the workspace.
async fn step(
    state: &AppState,
    caller: &Caller,
    (id, if_match): (AppointmentId, IfMatch),
    to: AppointmentStatus,
) -> Result<Response, Problem> {
    let (context, actor) = (caller.context(), staff(caller)?);
    let appointments = state.crm.appointments();
    let outcome = appointments
        .transition(&context, id, if_match.expected(), to, actor, None)
        .await;
    shown(state, caller, id, outcome).await
}

macro_rules! steps {
    ($($(#[doc = $doc:literal])+ $name:ident $path:literal $operation:literal $to:ident;)+) => {$(
        $(#[doc = $doc])+
        #[utoipa::path(post, path = $path, tag = "appointments", operation_id = $operation,
            params(
                ("id" = String, Path, description = "`apt_…`"),
                ("If-Match" = String, Header, description = "The etag that was read"),
            ),
            responses(
                (status = 200, description = "Done", body = AppointmentView),
                (status = 409, description = "Its state does not allow that; `allowed` lists what does", body = ProblemBody, content_type = "application/problem+json"),
            ))]
        pub(super) async fn $name(
            State(state): State<AppState>,
            caller: Caller,
            PathId(id): PathId<Appointment>,
            if_match: IfMatch,
        ) -> Result<Response, Problem> {
            step(&state, &caller, (id, if_match), AppointmentStatus::$to).await
        }
    )+};
}

steps! {
    /// Agrees to what is held or requested.
    confirm "/{id}/confirm" "confirm_appointment" Confirmed;
    /// The client is there.
    check_in "/{id}/check_in" "check_in_appointment" CheckedIn;
    /// It begins.
    start "/{id}/start" "start_appointment" InProgress;
    /// It is over.
    complete "/{id}/complete" "complete_appointment" Completed;
    /// The client did not come; only once it has begun.
    no_show "/{id}/no_show" "miss_appointment" NoShow;
}

/// The client says that it comes.
#[utoipa::path(post, path = "/{id}/acknowledge", tag = "appointments", operation_id = "acknowledge_appointment",
    params(
        ("id" = String, Path, description = "`apt_…`"),
        ("If-Match" = String, Header, description = "The etag that was read"),
    ),
    responses(
        (status = 200, description = "Done", body = AppointmentView),
        (status = 409, description = "It is not confirmed", body = ProblemBody, content_type = "application/problem+json"),
    ))]
pub(super) async fn acknowledge(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<Appointment>,
    if_match: IfMatch,
) -> Result<Response, Problem> {
    let (context, actor) = (caller.context(), staff(&caller)?);
    let appointments = state.crm.appointments();
    let outcome = appointments
        .acknowledge(&context, id, if_match.expected(), actor)
        .await;
    shown(&state, &caller, id, outcome).await
}

/// Calls it off; its time is free at once.
#[utoipa::path(post, path = "/{id}/cancel", tag = "appointments", operation_id = "cancel_appointment", request_body = ReasonInput,
    params(
        ("id" = String, Path, description = "`apt_…`"),
        ("If-Match" = String, Header, description = "The etag that was read"),
    ),
    responses(
        (status = 200, description = "Called off", body = AppointmentView),
        (status = 409, description = "Its state does not allow that; `allowed` lists what does", body = ProblemBody, content_type = "application/problem+json"),
    ))]
pub(super) async fn cancel(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<Appointment>,
    if_match: IfMatch,
    Json(why): Json<ReasonInput>,
) -> Result<Response, Problem> {
    let (context, actor) = (caller.context(), why.actor.of(&caller)?);
    let appointments = state.crm.appointments();
    let outcome = appointments
        .cancel(&context, id, if_match.expected(), actor, why.reason.as_deref())
        .await;
    shown(&state, &caller, id, outcome).await
}

/// Does not agree to what was requested.
#[utoipa::path(post, path = "/{id}/reject", tag = "appointments", operation_id = "reject_appointment", request_body = ReasonInput,
    params(
        ("id" = String, Path, description = "`apt_…`"),
        ("If-Match" = String, Header, description = "The etag that was read"),
    ),
    responses(
        (status = 200, description = "Rejected", body = AppointmentView),
        (status = 409, description = "Its state does not allow that; `allowed` lists what does", body = ProblemBody, content_type = "application/problem+json"),
    ))]
pub(super) async fn reject(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<Appointment>,
    if_match: IfMatch,
    Json(why): Json<ReasonInput>,
) -> Result<Response, Problem> {
    let (context, actor) = (caller.context(), why.actor.of(&caller)?);
    let appointments = state.crm.appointments();
    let outcome = appointments
        .reject(&context, id, if_match.expected(), actor, why.reason.as_deref())
        .await;
    shown(&state, &caller, id, outcome).await
}

/// Puts right what is over, such as a no-show who came after all.
#[utoipa::path(post, path = "/{id}/correct", tag = "appointments", operation_id = "correct_appointment", request_body = CorrectionInput,
    params(
        ("id" = String, Path, description = "`apt_…`"),
        ("If-Match" = String, Header, description = "The etag that was read"),
    ),
    responses(
        (status = 200, description = "Put right", body = AppointmentView),
        (status = 409, description = "It is not over, or its time is another's by now", body = ProblemBody, content_type = "application/problem+json"),
    ))]
pub(super) async fn correct(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<Appointment>,
    if_match: IfMatch,
    Json(right): Json<CorrectionInput>,
) -> Result<Response, Problem> {
    let (context, who) = (caller.context(), person(&caller)?);
    let appointments = state.crm.appointments();
    let outcome = appointments
        .correct(&context, id, if_match.expected(), right.to, who, &right.reason)
        .await;
    shown(&state, &caller, id, outcome).await
}
