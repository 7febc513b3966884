//! Booking and moving.

use std::time::Duration;

use aurora_crm::appointments::{Appointment, Booking};
use axum::extract::{OriginalUri, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::input::{BookingInput, MoveInput};
use super::steps::explained;
use super::views::AppointmentView;
use crate::http::access::Caller;
use crate::http::answers::{created, tagged};
use crate::http::extract::{IdempotencyKey, IfMatch, Json, PathId};
use crate::http::problem::{Problem, ProblemBody};
use crate::state::AppState;

/// Books, or holds a time. With the same `Idempotency-Key` the same booking gives the first appointment.
#[utoipa::path(post, path = "/", tag = "appointments", operation_id = "book_appointment", request_body = BookingInput,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a second booking the same as the first")),
    responses(
        (status = 201, description = "Booked, held or requested", body = AppointmentView, headers(
            ("ETag" = String, description = "The version, for `If-Match`"),
            ("Location" = String, description = "Where the appointment is to be found"),
        )),
        (status = 409, description = "The time is taken (`slot_taken`), or the key was used for another booking (`key_reused`)", body = ProblemBody, content_type = "application/problem+json"),
    ))]
pub(super) async fn book(
    State(state): State<AppState>,
    caller: Caller,
    OriginalUri(uri): OriginalUri,
    IdempotencyKey(key): IdempotencyKey,
    Json(new): Json<BookingInput>,
) -> Result<Response, Problem> {
    let actor = new.actor.of(&caller)?;
    let mut booking = Booking::new(
        new.client_id,
        new.service_id,
        new.professional_id,
        new.starts_at,
        actor,
    );
    booking.room = new.room_id;
    booking.idempotency_key = key;
    booking.note = new.note;
    booking.outside_hours = new.outside_hours;
    booking.hold_for = new
        .hold_seconds
        .filter(|&seconds| seconds > 0)
        .map(Duration::from_secs);
    let (context, appointments) = (caller.context(), state.crm.appointments());
    let booked = if new.hold_seconds.is_some() {
        appointments.hold(&context, booking).await?
    } else {
        appointments.book(&context, booking).await?
    };
    Ok(created(&uri, booked.id, Some(booked.version), &booked))
}

/// Puts what is requested or confirmed to another time, as long as before. It stays the same appointment.
#[utoipa::path(post, path = "/{id}/move", tag = "appointments", operation_id = "move_appointment", request_body = MoveInput,
    params(
        ("id" = String, Path, description = "`apt_…`"),
        ("If-Match" = String, Header, description = "The etag that was read"),
    ),
    responses(
        (status = 200, description = "Moved", body = AppointmentView),
        (status = 409, description = "The time is taken (`slot_taken`), or it cannot be moved (`illegal_transition`)", body = ProblemBody, content_type = "application/problem+json"),
    ))]
pub(super) async fn reschedule(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<Appointment>,
    if_match: IfMatch,
    Json(to): Json<MoveInput>,
) -> Result<Response, Problem> {
    let actor = to.actor.of(&caller)?;
    let context = caller.context();
    let moved = state
        .crm
        .appointments()
        .reschedule(
            &context,
            id,
            if_match.expected(),
            to.starts_at,
            to.professional_id,
            actor,
        )
        .await;
    match moved {
        Ok(moved) => Ok(tagged(StatusCode::OK, moved.version, &moved)),
        Err(error) => Err(explained(&state, &caller, id, error).await),
    }
}
