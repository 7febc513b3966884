use aurora_core::store::{self, Connection, execute_on, on_connection};
use aurora_core::time::Timestamp;
use sqlx::types::Uuid;

use super::super::link::CalendarLinkId;
use crate::appointments::AppointmentId;
use crate::context::Context;

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "select link_id, appointment_id, event_id, generation, etag, pushed_version, starts_at, ends_at, is_present
            from calendar_events where workspace_id = $1 and ",
            $rest
        )
    };
}

aurora_core::store::statements! {
    PUT = "insert into calendar_events (workspace_id, link_id, appointment_id, event_id, generation, etag, pushed_version,
            starts_at, ends_at, is_present, updated_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
        on conflict (workspace_id, link_id, appointment_id) do update set event_id = excluded.event_id,
            generation = excluded.generation, etag = excluded.etag, pushed_version = excluded.pushed_version,
            starts_at = excluded.starts_at, ends_at = excluded.ends_at, is_present = excluded.is_present,
            updated_at = excluded.updated_at";
    OF_APPOINTMENT = select!("appointment_id = $2 order by link_id limit 100");
    GET = select!("link_id = $2 and appointment_id = $3");
    /// Those that should stand in the calendar within a range.
    PRESENT = select!("link_id = $2 and is_present and ends_at > $3 and starts_at < $4
        order by appointment_id limit 500");
    /// Those that a list of a range must hold which was begun at a time, page by page. What was written after that may be
    /// missing, and so may be what was not looked at since the link was given other credentials.
    LISTED = select!("link_id = $2 and is_present and etag is not null and updated_at <= $5
        and ends_at > $3 and starts_at < $4 and appointment_id > $6 order by appointment_id limit 500");
    /// Other credentials may see another calendar: none of its events was looked at.
    UNSEE = "update calendar_events set etag = null where workspace_id = $1 and link_id = $2 and is_present";
    /// What was changed since it was written, wherever the appointment is now; page by page.
    BEHIND = "select e.appointment_id from calendar_events e
        join appointments a on a.workspace_id = e.workspace_id and a.id = e.appointment_id
        where e.workspace_id = $1 and e.link_id = $2 and e.is_present and e.pushed_version < a.version
        and e.appointment_id > $3 order by e.appointment_id limit 500";
}

/// The event of an appointment.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub(in super::super) struct Known {
    pub(in super::super) link_id: CalendarLinkId,
    pub(in super::super) appointment_id: AppointmentId,
    pub(in super::super) event_id: String,
    pub(in super::super) generation: i64,
    /// None also of a present one that was not looked at since the link was given other credentials.
    pub(in super::super) etag: Option<String>,
    /// The version of the appointment that was written; 0 when what stands there is to be written over.
    pub(in super::super) pushed_version: i64,
    pub(in super::super) starts_at: Timestamp,
    pub(in super::super) ends_at: Timestamp,
    pub(in super::super) is_present: bool,
}

pub(in super::super) async fn put(
    tx: &mut Connection<'_>,
    context: &Context,
    known: &Known,
    now: Timestamp,
) -> Result<(), store::Error> {
    execute_on!(
        tx,
        sqlx::query(PUT)
            .bind(context.workspace)
            .bind(known.link_id)
            .bind(known.appointment_id)
            .bind(&known.event_id)
            .bind(known.generation)
            .bind(known.etag.as_deref())
            .bind(known.pushed_version)
            .bind(known.starts_at)
            .bind(known.ends_at)
            .bind(known.is_present)
            .bind(now)
    )?;
    Ok(())
}

pub(in super::super) async fn of_appointment(
    tx: &mut Connection<'_>,
    context: &Context,
    appointment: AppointmentId,
) -> Result<Vec<Known>, store::Error> {
    on_connection!(tx, |tx| sqlx::query_as(OF_APPOINTMENT)
        .bind(context.workspace)
        .bind(appointment)
        .fetch_all(&mut *tx))
}

pub(in super::super) async fn get(
    tx: &mut Connection<'_>,
    context: &Context,
    (link, appointment): (CalendarLinkId, AppointmentId),
) -> Result<Option<Known>, store::Error> {
    on_connection!(tx, |tx| sqlx::query_as(GET)
        .bind(context.workspace)
        .bind(link)
        .bind(appointment)
        .fetch_optional(&mut *tx))
}

/// The events that should stand in the calendar within a range; 500 at most.
pub(in super::super) async fn present(
    tx: &mut Connection<'_>,
    context: &Context,
    link: CalendarLinkId,
    (from, to): (Timestamp, Timestamp),
) -> Result<Vec<Known>, store::Error> {
    on_connection!(tx, |tx| sqlx::query_as(PRESENT)
        .bind(context.workspace)
        .bind(link)
        .bind(from)
        .bind(to)
        .fetch_all(&mut *tx))
}

/// A list of everything within a range.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Whole {
    pub(in super::super) from: Timestamp,
    pub(in super::super) to: Timestamp,
    /// When it was begun.
    pub(in super::super) began: Timestamp,
}

/// Of the events that a list must hold, those after an appointment; 500 at most.
pub(in super::super) async fn listed(
    tx: &mut Connection<'_>,
    context: &Context,
    link: CalendarLinkId,
    whole: &Whole,
    after: Option<AppointmentId>,
) -> Result<Vec<Known>, store::Error> {
    on_connection!(tx, |tx| sqlx::query_as(LISTED)
        .bind(context.workspace)
        .bind(link)
        .bind(whole.from)
        .bind(whole.to)
        .bind(whole.began)
        .bind(after.unwrap_or_else(first))
        .fetch_all(&mut *tx))
}

/// Forgets how the events of a link were when they were last seen.
pub(in super::super) async fn unsee(
    tx: &mut Connection<'_>,
    context: &Context,
    link: CalendarLinkId,
) -> Result<(), store::Error> {
    execute_on!(tx, sqlx::query(UNSEE).bind(context.workspace).bind(link))?;
    Ok(())
}

/// Of the appointments whose events in the calendar are not as they are, those after one; 500 at most.
pub(in super::super) async fn behind(
    tx: &mut Connection<'_>,
    context: &Context,
    link: CalendarLinkId,
    after: Option<AppointmentId>,
) -> Result<Vec<AppointmentId>, store::Error> {
    on_connection!(tx, |tx| sqlx::query_scalar(BEHIND)
        .bind(context.workspace)
        .bind(link)
        .bind(after.unwrap_or_else(first))
        .fetch_all(&mut *tx))
}

fn first() -> AppointmentId {
    AppointmentId::from_uuid(Uuid::nil())
}
