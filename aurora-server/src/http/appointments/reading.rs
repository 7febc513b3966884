//! What is there.

use aurora_core::time::Timestamp;
use aurora_crm::appointments::{Appointment, AppointmentFilter, AppointmentStatus};
use aurora_crm::clients::ClientId;
use aurora_crm::scheduling::{NaiveDate, ProfessionalId, RoomId, ServiceId};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};

use super::listed::{Around, ListedAppointmentView};
use super::views::ChangeView;
use crate::http::access::Caller;
use crate::http::answers::{Listed, Whole, tagged};
use crate::http::extract::{Params, PathId};
use crate::http::problem::Problem;
use crate::state::AppState;

/// What a time in a query may be.
pub(super) const TIME: &str = "a time such as 2027-03-08T09:00:00-03:00";

/// One page of appointments, in the order in which they begin.
#[utoipa::path(get, path = "/", tag = "appointments", operation_id = "list_appointments",
    params(
        ("limit" = Option<u32>, Query, description = "Most items on the page, 1 to 200; 50 unless told"),
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
        ("from" = Option<String>, Query, description = "Beginning at this time or later, RFC 3339"),
        ("until" = Option<String>, Query, description = "Beginning before this time, RFC 3339"),
        ("professional" = Option<String>, Query, description = "With this one, `pro_…`"),
        ("room" = Option<String>, Query, description = "In this one, `rom_…`"),
        ("client" = Option<String>, Query, description = "Of this one, `cli_…`"),
        ("service" = Option<String>, Query, description = "Of this one, `svc_…`"),
        ("status" = Option<String>, Query, description = "In this state"),
        ("blocking" = Option<bool>, Query, description = "`true`: only those that take time"),
    ),
    responses((status = 200, description = "A page", body = Listed<ListedAppointmentView>)))]
pub(super) async fn list(
    State(state): State<AppState>,
    caller: Caller,
    mut params: Params,
) -> Result<Response, Problem> {
    let page = params.page();
    let mut filter = AppointmentFilter::all();
    filter.from = params.take::<Timestamp>("from", TIME);
    filter.until = params.take::<Timestamp>("until", TIME);
    filter.professional = params.take::<ProfessionalId>("professional", "the id of a professional");
    filter.room = params.take::<RoomId>("room", "the id of a room");
    filter.client = params.take::<ClientId>("client", "the id of a client");
    filter.service = params.take::<ServiceId>("service", "the id of a service");
    filter.status = params.take::<AppointmentStatus>("status", "a state of an appointment");
    filter.blocking = params.take::<bool>("blocking", "true or false").unwrap_or(false);
    params.finish()?;
    let found = state
        .crm
        .appointments()
        .list(&caller.context(), &filter, &page)
        .await;
    let found = found.map_err(|error| Problem::from(error).of_parameters())?;
    let around = Around::appointments(&state, &caller, &found.items).await?;
    let found = found.map(|it| around.appointment(it));
    Ok(axum::Json(Listed::page(found)).into_response())
}

/// What a professional has on a day (agenda do dia), midnight to midnight where it works, without what was called off.
#[utoipa::path(get, path = "/day", tag = "appointments", operation_id = "get_agenda",
    params(
        ("professional" = String, Query, description = "Whose, `pro_…`"),
        ("date" = String, Query, description = "The day, such as `2027-03-08`"),
    ),
    responses((status = 200, description = "The agenda", body = Whole<ListedAppointmentView>)))]
pub(super) async fn day(
    State(state): State<AppState>,
    caller: Caller,
    mut params: Params,
) -> Result<Response, Problem> {
    const WHO: &str = "the id of a professional";
    const DAY: &str = "a date such as 2027-03-08";
    let (who, day) = (
        params.need::<ProfessionalId>("professional", WHO),
        params.need::<NaiveDate>("date", DAY),
    );
    params.finish()?;
    let (Some(who), Some(day)) = (who, day) else {
        return Err(Problem::new(crate::http::problem::ProblemKind::InvalidParameter));
    };
    let items = state.crm.appointments().day(&caller.context(), who, day).await;
    let items = items.map_err(|error| Problem::from(error).of_parameters())?;
    let around = Around::appointments(&state, &caller, &items).await?;
    let items: Vec<ListedAppointmentView> = items.into_iter().map(|it| around.appointment(it)).collect();
    Ok(axum::Json(Whole { items }).into_response())
}

/// One appointment.
#[utoipa::path(get, path = "/{id}", tag = "appointments", operation_id = "get_appointment",
    params(("id" = String, Path, description = "`apt_…`")),
    responses((status = 200, description = "The appointment", body = ListedAppointmentView, headers(
        ("ETag" = String, description = "The version, for `If-Match`"),
    ))))]
pub(super) async fn get(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<Appointment>,
) -> Result<Response, Problem> {
    let found = state.crm.appointments().get(&caller.context(), id).await?;
    let around = Around::appointments(&state, &caller, std::slice::from_ref(&found)).await?;
    Ok(tagged(StatusCode::OK, found.version, &around.appointment(found)))
}

/// The changes of an appointment, the last one first; at most 500.
#[utoipa::path(get, path = "/{id}/history", tag = "appointments", operation_id = "get_appointment_history",
    params(("id" = String, Path, description = "`apt_…`")),
    responses((status = 200, description = "The changes", body = Whole<ChangeView>)))]
pub(super) async fn history(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<Appointment>,
) -> Result<Response, Problem> {
    let items = state.crm.appointments().history(&caller.context(), id).await?;
    Ok(axum::Json(Whole { items }).into_response())
}
