//! The search for free times.

use std::str::FromStr;

use aurora_core::time::Timestamp;
use aurora_crm::scheduling::{PartOfDay, ProfessionalId, RoomId, ServiceId, SlotQuery, Spread, Weekday};
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};

use super::reading::TIME;
use super::views::SlotView;
use crate::http::access::Caller;
use crate::http::answers::Whole;
use crate::http::extract::Params;
use crate::http::problem::{Problem, ProblemKind};
use crate::state::AppState;

const PARTS: &str = "morning, afternoon or evening, or several of them with commas";
const DAYS: &str = "days of the week such as mon,tue";

/// Several words with commas between them.
struct Words<T>(Vec<T>);

impl FromStr for Words<PartOfDay> {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let parts = text.split(',').map(|word| match word {
            "morning" => Ok(PartOfDay::Morning),
            "afternoon" => Ok(PartOfDay::Afternoon),
            "evening" => Ok(PartOfDay::Evening),
            _ => Err(()),
        });
        parts.collect::<Result<_, ()>>().map(Self)
    }
}

impl FromStr for Words<Weekday> {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let days = text.split(',').map(|word| word.parse::<Weekday>().map_err(drop));
        days.collect::<Result<_, ()>>().map(Self)
    }
}

/// Times that are free, in order: within the hours of the professional and the house, not taken by appointments or another
/// calendar, and, where the service needs a room, with one that is free.
#[utoipa::path(get, path = "/slots", tag = "appointments", operation_id = "find_slots",
    params(
        ("service" = String, Query, description = "What is to be booked, `svc_…`"),
        ("from" = String, Query, description = "Beginning at this time or later, RFC 3339"),
        ("until" = String, Query, description = "Beginning before this time, at most 8 weeks later"),
        ("professional" = Option<String>, Query, description = "With this one alone, `pro_…`"),
        ("room" = Option<String>, Query, description = "In this one alone, `rom_…`"),
        ("part_of_day" = Option<String>, Query, description = "`morning`, `afternoon`, `evening`, or several with commas"),
        ("weekday" = Option<String>, Query, description = "Such as `mon,tue`"),
        ("granularity" = Option<u32>, Query, description = "Every so many minutes from midnight; what the service says unless told"),
        ("per_day" = Option<u8>, Query, description = "The first so many of each day"),
        ("per_part" = Option<u8>, Query, description = "The first so many of each morning, afternoon and evening"),
        ("each_professional" = Option<bool>, Query, description = "`true`: those of each, and not one for each time"),
        ("any_notice" = Option<bool>, Query, description = "`true`: without regard to how long ahead it must be booked"),
        ("limit" = Option<u32>, Query, description = "At most so many, 1 to 500; 50 unless told"),
    ),
    responses((status = 200, description = "The free times", body = Whole<SlotView>)))]
pub(super) async fn free(
    State(state): State<AppState>,
    caller: Caller,
    mut params: Params,
) -> Result<Response, Problem> {
    let service = params.need::<ServiceId>("service", "the id of a service");
    let from = params.need::<Timestamp>("from", TIME);
    let until = params.need::<Timestamp>("until", TIME);
    let professional = params.take::<ProfessionalId>("professional", "the id of a professional");
    let room = params.take::<RoomId>("room", "the id of a room");
    let parts = params.take::<Words<PartOfDay>>("part_of_day", PARTS);
    let days = params.take::<Words<Weekday>>("weekday", DAYS);
    let granularity = params.take::<u32>("granularity", "minutes");
    let per_day = params.take::<u8>("per_day", "a whole number from 1 to 255");
    let per_part = params.take::<u8>("per_part", "a whole number from 1 to 255");
    let each = params
        .take::<bool>("each_professional", "true or false")
        .unwrap_or(false);
    let any_notice = params
        .take::<bool>("any_notice", "true or false")
        .unwrap_or(false);
    let most = params.take::<u32>("limit", "a whole number from 1 to 500");
    if per_day.is_some() && per_part.is_some() {
        params.refuse("per_part", "absent where per_day is there");
    }
    params.finish()?;
    let (Some(service), Some(from), Some(until)) = (service, from, until) else {
        return Err(Problem::new(ProblemKind::InvalidParameter));
    };
    let mut query = SlotQuery::new(service, from, until);
    if let Some(id) = professional {
        query = query.professional(id);
    }
    if let Some(id) = room {
        query = query.room(id);
    }
    query = parts
        .into_iter()
        .flat_map(|words| words.0)
        .fold(query, SlotQuery::part_of_day);
    query = days
        .into_iter()
        .flat_map(|words| words.0)
        .fold(query, SlotQuery::weekday);
    if let Some(minutes) = granularity {
        query = query.granularity_minutes(minutes);
    }
    query = match (per_day, per_part) {
        (Some(count), _) => query.spread(Spread::PerDay(count)),
        (None, Some(count)) => query.spread(Spread::PerPart(count)),
        (None, None) => query,
    };
    if each {
        query = query.each_professional();
    }
    if any_notice {
        query = query.any_notice();
    }
    if let Some(count) = most {
        query = query.most(count);
    }
    let items = state.crm.scheduling().free_slots(&caller.context(), &query).await;
    let items = items.map_err(|error| Problem::from(error).of_parameters())?;
    Ok(axum::Json(Whole { items }).into_response())
}
