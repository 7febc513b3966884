//! Weekly hours of professionals, and dates that are not as usual.

use std::str::FromStr;

use aurora_crm::scheduling::{
    NaiveDate, NewException, Professional, ProfessionalId, RoomId, Whose, WorkingHours,
};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use utoipa::ToSchema;

use super::views::{ExceptionView, HoursView, NewExceptionInput, ProfessionalView};
use crate::http::access::Caller;
use crate::http::answers::{Whole, tagged};
use crate::http::extract::{IfMatch, Json, Params, PathId};
use crate::http::problem::{Problem, ProblemKind};
use crate::state::AppState;

pub(super) const DATE: &str = "a date such as 2027-03-08";

/// The whole week of a professional.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Week)]
pub(super) struct WeekInput {
    /// At most 100 intervals; what crosses midnight is two.
    #[schema(value_type = Vec<HoursView>)]
    hours: Vec<WorkingHours>,
}

/// The weekly hours of a professional, in the order in which a week passes.
#[utoipa::path(get, path = "/{id}/hours", tag = "scheduling", operation_id = "get_hours",
    params(("id" = String, Path, description = "`pro_…`")),
    responses((status = 200, description = "The week", body = Whole<HoursView>)))]
pub(super) async fn read(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<Professional>,
) -> Result<Response, Problem> {
    let items = state.crm.scheduling().hours(&caller.context(), id).await?;
    Ok(axum::Json(Whole { items }).into_response())
}

/// Sets the whole week of a professional. Appointments stay as they are.
#[utoipa::path(put, path = "/{id}/hours", tag = "scheduling", operation_id = "set_hours", request_body = WeekInput,
    params(
        ("id" = String, Path, description = "`pro_…`"),
        ("If-Match" = String, Header, description = "The etag of the professional"),
    ),
    responses((status = 200, description = "Set; the professional at its new version", body = ProfessionalView)))]
pub(super) async fn set(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<Professional>,
    if_match: IfMatch,
    Json(week): Json<WeekInput>,
) -> Result<Response, Problem> {
    let (context, scheduling) = (caller.context(), state.crm.scheduling());
    let changed = scheduling
        .set_hours(&context, id, if_match.expected(), week.hours)
        .await?;
    Ok(tagged(StatusCode::OK, changed.version, &changed))
}

/// The word of a query for whose hours are meant.
struct Named(Whose);

impl FromStr for Named {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        if text == "workspace" {
            return Ok(Self(Whose::Workspace));
        }
        let professional = text.parse::<ProfessionalId>().map(Whose::Professional);
        professional
            .or_else(|_| text.parse::<RoomId>().map(Whose::Room))
            .map(Self)
            .map_err(drop)
    }
}

fn dates(mut params: Params) -> Result<(Whose, NaiveDate, NaiveDate), Problem> {
    const WHOSE: &str = "workspace, or the id of a professional or room";
    let whose = params.need::<Named>("whose", WHOSE);
    let (from, until) = (params.need("from", DATE), params.need("until", DATE));
    params.finish()?;
    match (whose, from, until) {
        (Some(Named(whose)), Some(from), Some(until)) => Ok((whose, from, until)),
        _ => Err(Problem::new(ProblemKind::InvalidParameter)),
    }
}

/// Dates that are not as usual, from the first up to and with the last, at most 366.
#[utoipa::path(get, path = "/exceptions", tag = "scheduling", operation_id = "list_exceptions",
    params(
        ("whose" = String, Query, description = "`workspace`, `pro_…` or `rom_…`"),
        ("from" = String, Query, description = "The first date, such as `2027-03-08`"),
        ("until" = String, Query, description = "The last date"),
    ),
    responses((status = 200, description = "The exceptions, in order", body = Whole<ExceptionView>)))]
pub(super) async fn exceptions(
    State(state): State<AppState>,
    caller: Caller,
    params: Params,
) -> Result<Response, Problem> {
    let (whose, from, until) = dates(params)?;
    let scheduling = state.crm.scheduling();
    let items = scheduling.exceptions(&caller.context(), whose, from, until).await;
    let items = items.map_err(|error| Problem::from(error).of_parameters())?;
    Ok(axum::Json(Whole { items }).into_response())
}

/// Makes dates exceptions, in the place of those that they were before.
#[utoipa::path(post, path = "/exceptions", tag = "scheduling", operation_id = "make_exceptions", request_body = NewExceptionInput,
    responses((status = 200, description = "Each date", body = Whole<ExceptionView>)))]
pub(super) async fn except(
    State(state): State<AppState>,
    caller: Caller,
    Json(new): Json<NewException>,
) -> Result<Response, Problem> {
    let items = state.crm.scheduling().except(&caller.context(), new).await?;
    Ok(axum::Json(Whole { items }).into_response())
}

/// Makes dates as usual again.
#[utoipa::path(delete, path = "/exceptions", tag = "scheduling", operation_id = "lift_exceptions",
    params(
        ("whose" = String, Query, description = "`workspace`, `pro_…` or `rom_…`"),
        ("from" = String, Query, description = "The first date, such as `2027-03-08`"),
        ("until" = String, Query, description = "The last date"),
    ),
    responses((status = 204, description = "They are as usual")))]
pub(super) async fn lift(
    State(state): State<AppState>,
    caller: Caller,
    params: Params,
) -> Result<StatusCode, Problem> {
    let (whose, from, until) = dates(params)?;
    let lifted = state
        .crm
        .scheduling()
        .lift(&caller.context(), whose, from, until)
        .await;
    lifted.map_err(|error| Problem::from(error).of_parameters())?;
    Ok(StatusCode::NO_CONTENT)
}
