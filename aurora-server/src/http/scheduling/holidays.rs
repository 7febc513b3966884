//! Holidays (feriados), and which of them close the house.

use std::collections::BTreeSet;

use aurora_crm::scheduling::{LocalHoliday, NaiveDate, NationalHoliday, NewHoliday};
use axum::extract::{OriginalUri, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use utoipa::ToSchema;

use super::hours::DATE;
use super::views::{HolidayView, LocalHolidayView, NewHolidayInput, RulesView};
use crate::http::access::Caller;
use crate::http::answers::{Whole, created, tagged};
use crate::http::extract::{IfMatch, Json, Params, PathId};
use crate::http::problem::{Problem, ProblemBody, ProblemKind};
use crate::state::AppState;

/// Which of the nation's holidays close the house.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ClosingHolidays, example = json!({"closes": ["new_year", "good_friday", "christmas"]}))]
pub(super) struct ClosingInput {
    /// By their names, such as `tiradentes`.
    #[schema(value_type = Vec<String>)]
    closes: BTreeSet<NationalHoliday>,
}

/// Every holiday from the first date up to and with the last, at most 366 dates.
#[utoipa::path(get, path = "/holidays", tag = "scheduling", operation_id = "list_holidays",
    params(
        ("from" = String, Query, description = "The first date, such as `2027-01-01`"),
        ("until" = String, Query, description = "The last date"),
    ),
    responses((status = 200, description = "The holidays, in order", body = Whole<HolidayView>)))]
pub(super) async fn list(
    State(state): State<AppState>,
    caller: Caller,
    mut params: Params,
) -> Result<Response, Problem> {
    let (from, until) = (
        params.need::<NaiveDate>("from", DATE),
        params.need::<NaiveDate>("until", DATE),
    );
    params.finish()?;
    let (Some(from), Some(until)) = (from, until) else {
        return Err(Problem::new(ProblemKind::InvalidParameter));
    };
    let items = state
        .crm
        .scheduling()
        .holidays(&caller.context(), from, until)
        .await;
    let items = items.map_err(|error| Problem::from(error).of_parameters())?;
    Ok(axum::Json(Whole { items }).into_response())
}

/// Adds a holiday of the state, the town or the house; up to 200.
#[utoipa::path(post, path = "/holidays", tag = "scheduling", operation_id = "add_holiday", request_body = NewHolidayInput,
    responses(
        (status = 201, description = "Added", body = LocalHolidayView),
        (status = 409, description = "There is one on the same days", body = ProblemBody, content_type = "application/problem+json"),
    ))]
pub(super) async fn add(
    State(state): State<AppState>,
    caller: Caller,
    OriginalUri(uri): OriginalUri,
    Json(new): Json<NewHoliday>,
) -> Result<Response, Problem> {
    let holiday = state.crm.scheduling().add_holiday(&caller.context(), new).await?;
    Ok(created(&uri, holiday.id, None, &holiday))
}

/// Removes a holiday that the workspace has added.
#[utoipa::path(delete, path = "/holidays/{id}", tag = "scheduling", operation_id = "remove_holiday",
    params(("id" = String, Path, description = "`hol_…`")),
    responses((status = 204, description = "Removed")))]
pub(super) async fn remove(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<LocalHoliday>,
) -> Result<StatusCode, Problem> {
    state
        .crm
        .scheduling()
        .remove_holiday(&caller.context(), id)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Which holidays the workspace closes on, and which it has added.
#[utoipa::path(get, path = "/holiday_rules", tag = "scheduling", operation_id = "get_holiday_rules",
    responses((status = 200, description = "The rules", body = RulesView, headers(
        ("ETag" = String, description = "The version, for `If-Match`"),
    ))))]
pub(super) async fn rules(State(state): State<AppState>, caller: Caller) -> Result<Response, Problem> {
    let rules = state.crm.scheduling().holiday_rules(&caller.context()).await?;
    Ok(tagged(StatusCode::OK, rules.version, &rules))
}

/// Says which of the nation's holidays the workspace closes on.
#[utoipa::path(put, path = "/holiday_rules", tag = "scheduling", operation_id = "set_holiday_rules", request_body = ClosingInput,
    params(("If-Match" = String, Header, description = "The etag that was read")),
    responses((status = 200, description = "Set", body = RulesView, headers(
        ("ETag" = String, description = "The new version"),
    ))))]
pub(super) async fn set_closing(
    State(state): State<AppState>,
    caller: Caller,
    if_match: IfMatch,
    Json(input): Json<ClosingInput>,
) -> Result<Response, Problem> {
    let (context, scheduling) = (caller.context(), state.crm.scheduling());
    let rules = scheduling
        .set_closing(&context, if_match.expected(), input.closes)
        .await?;
    Ok(tagged(StatusCode::OK, rules.version, &rules))
}
