//! Links of calendars.

use aurora_core::time::Timestamp;
use aurora_crm::channels::google_calendar::{Availability, CalendarLink, LinkCredentials, NewCalendarLink};
use aurora_crm::scheduling::ProfessionalId;
use axum::extract::{OriginalUri, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};

use super::views::{AvailabilityView, CredentialsInput, LinkView, NewLinkInput};
use crate::http::access::Caller;
use crate::http::answers::{Listed, created, tagged};
use crate::http::extract::{IfMatch, Json, Params, PathId};
use crate::http::problem::{Problem, ProblemBody, ProblemKind};
use crate::state::AppState;

const TIME: &str = "a time such as 2027-03-08T09:00:00-03:00";

/// One page of the links that have not ended, the oldest first.
#[utoipa::path(get, path = "/links", tag = "calendar", operation_id = "list_calendar_links",
    params(
        ("limit" = Option<u32>, Query, description = "Most items on the page, 1 to 200; 50 unless told"),
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
    ),
    responses((status = 200, description = "A page", body = Listed<LinkView>)))]
pub(super) async fn list(
    State(state): State<AppState>,
    caller: Caller,
    mut params: Params,
) -> Result<Response, Problem> {
    let page = params.page();
    params.finish()?;
    let found = state.reception.calendar.links(&caller.context(), &page).await;
    let found = found.map_err(|error| Problem::from(error).of_parameters())?;
    Ok(axum::Json(Listed::page(found)).into_response())
}

/// Links a calendar that is reached by a service account.
#[utoipa::path(post, path = "/links", tag = "calendar", operation_id = "link_calendar", request_body = NewLinkInput,
    responses(
        (status = 201, description = "Linked", body = LinkView, headers(
            ("ETag" = String, description = "The version, for `If-Match`"),
            ("Location" = String, description = "Where the link is to be found"),
        )),
        (status = 409, description = "The professional has a calendar; `existing_id` names the link", body = ProblemBody, content_type = "application/problem+json"),
    ))]
pub(super) async fn create(
    State(state): State<AppState>,
    caller: Caller,
    OriginalUri(uri): OriginalUri,
    Json(new): Json<NewLinkInput>,
) -> Result<Response, Problem> {
    let credentials = LinkCredentials::ServiceAccount {
        key_file: new.key_file,
        acting_for: new.acting_for,
    };
    let link = NewCalendarLink::new(new.professional_id, new.calendar_id, credentials)
        .direction(new.direction)
        .titles(new.titles);
    let link = state.reception.calendar.link(&caller.context(), link).await?;
    Ok(created(&uri, link.id, Some(link.version), &link))
}

/// A link and how it does, also one that has ended.
#[utoipa::path(get, path = "/links/{id}", tag = "calendar", operation_id = "get_calendar_link",
    params(("id" = String, Path, description = "`clk_…`")),
    responses((status = 200, description = "The link", body = LinkView, headers(
        ("ETag" = String, description = "The version, for `If-Match`"),
    ))))]
pub(super) async fn read(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<CalendarLink>,
) -> Result<Response, Problem> {
    let link = state.reception.calendar.get(&caller.context(), id).await?;
    Ok(tagged(StatusCode::OK, link.version, &link))
}

/// Ends a link: its credentials are forgotten, and what stood in the calendar takes no time any more.
#[utoipa::path(delete, path = "/links/{id}", tag = "calendar", operation_id = "unlink_calendar",
    params(
        ("id" = String, Path, description = "`clk_…`"),
        ("If-Match" = String, Header, description = "The etag that was read"),
    ),
    responses((status = 204, description = "Ended")))]
pub(super) async fn remove(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<CalendarLink>,
    if_match: IfMatch,
) -> Result<StatusCode, Problem> {
    let (context, calendar) = (caller.context(), &state.reception.calendar);
    calendar.unlink(&context, id, if_match.expected()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Gives a link other credentials of a service account; it works again.
#[utoipa::path(post, path = "/links/{id}/credentials", tag = "calendar", operation_id = "relink_calendar", request_body = CredentialsInput,
    params(
        ("id" = String, Path, description = "`clk_…`"),
        ("If-Match" = String, Header, description = "The etag that was read"),
    ),
    responses((status = 200, description = "Given", body = LinkView)))]
pub(super) async fn relink(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<CalendarLink>,
    if_match: IfMatch,
    Json(new): Json<CredentialsInput>,
) -> Result<Response, Problem> {
    let credentials = LinkCredentials::ServiceAccount {
        key_file: new.key_file,
        acting_for: new.acting_for,
    };
    let (context, calendar) = (caller.context(), &state.reception.calendar);
    let link = calendar
        .relink(&context, id, if_match.expected(), credentials)
        .await?;
    Ok(tagged(StatusCode::OK, link.version, &link))
}

/// Has a calendar read soon, without waiting for its turn.
#[utoipa::path(post, path = "/links/{id}/sync", tag = "calendar", operation_id = "sync_calendar",
    params(("id" = String, Path, description = "`clk_…`")),
    responses((status = 202, description = "It is read soon")))]
pub(super) async fn sync(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<CalendarLink>,
) -> Result<StatusCode, Problem> {
    state.reception.calendar.sync_soon(&caller.context(), id).await?;
    Ok(StatusCode::ACCEPTED)
}

/// Asks Google itself whether a professional is free between two times.
#[utoipa::path(get, path = "/availability", tag = "calendar", operation_id = "ask_calendar",
    params(
        ("professional" = String, Query, description = "Whose, `pro_…`"),
        ("from" = String, Query, description = "From this time on, RFC 3339"),
        ("until" = String, Query, description = "Until this time"),
    ),
    responses((status = 200, description = "The answer", body = AvailabilityView)))]
pub(super) async fn availability(
    State(state): State<AppState>,
    caller: Caller,
    mut params: Params,
) -> Result<Response, Problem> {
    let who = params.need::<ProfessionalId>("professional", "the id of a professional");
    let (from, until) = (
        params.need::<Timestamp>("from", TIME),
        params.need::<Timestamp>("until", TIME),
    );
    if from.zip(until).is_some_and(|(from, until)| until <= from) {
        params.refuse("until", "after from");
    }
    params.finish()?;
    let (Some(who), Some(from), Some(until)) = (who, from, until) else {
        return Err(Problem::new(ProblemKind::InvalidParameter));
    };
    let calendar = &state.reception.calendar;
    let availability = match calendar
        .availability(&caller.context(), who, (from, until))
        .await?
    {
        Availability::Free => "free",
        Availability::Taken => "taken",
        Availability::Unknown => "unknown",
    };
    Ok(axum::Json(AvailabilityView { availability }).into_response())
}
