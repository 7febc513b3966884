use aurora_core::page::{Page, PageRequest};
use aurora_core::time::Timestamp;
use uuid::Uuid;

use super::Stored;
use super::row::{Row, columns};
use crate::appointments::{Appointment, AppointmentFilter, AppointmentId};
use crate::clients::{ClientId, wrong_cursor};
use crate::context::Context;
use crate::error::Error;
use crate::leads::refused;
use crate::store::{Store, TIMES, reading};

/// The filter; what is not wanted is bound as null. It begins with the comparison, by which PostgreSQL learns the type.
macro_rules! listed {
    ($and:literal) => {
        concat!(
            "select ",
            columns!(),
            " from appointments where workspace_id = $1 and (starts_at, id) > ($2, $3) and starts_at < $4
            and (professional_id = $6 or $6 is null) and (room_id = $7 or $7 is null) and (client_id = $8 or $8 is null)
            and (service_id = $9 or $9 is null) and (status = $10 or $10 is null)
            and ($11 = false or status in ('held', 'requested', 'confirmed', 'checked_in', 'in_progress')) ",
            $and,
            " order by starts_at, id limit $5"
        )
    };
}

aurora_core::store::statements! {
    BY_START = listed!("");
    OF_PROFESSIONAL = listed!("and professional_id = $6");
    OF_ROOM = listed!("and room_id = $7");
    OF_CLIENT = listed!("and client_id = $8");
    /// Of a client, also by the id of one that was merged into it.
    UPCOMING = concat!(
        "select ",
        columns!(),
        " from appointments where workspace_id = $1 and client_id in (
                select coalesce(c.merged_into, c.id) from clients c where c.workspace_id = $1 and c.id = $2)
            and status in ('held', 'requested', 'confirmed', 'checked_in', 'in_progress') and ends_at > $3
            and (hold_expires_at is null or hold_expires_at > $3)
        order by starts_at, id limit 50"
    );
    LATEST = concat!(
        "select ",
        columns!(),
        " from appointments where workspace_id = $1 and client_id in (
                select coalesce(c.merged_into, c.id) from clients c where c.workspace_id = $1 and c.id = $2)
        order by starts_at desc, id desc limit 50"
    );
    ZONE = "select time_zone from professionals where workspace_id = $1 and id = $2";
}

pub(in super::super) async fn page(
    store: &Store,
    context: &Context,
    filter: &AppointmentFilter,
    request: &PageRequest,
) -> Result<Page<Appointment>, Error> {
    let from = filter.from.map_or(*TIMES.start(), Timestamp::as_micros);
    let until = filter.until.map_or(*TIMES.end(), Timestamp::as_micros);
    for (field, micros) in [("from", from), ("until", until)] {
        if !TIMES.contains(&micros) {
            return Err(refused(field, "invalid", "must be within the years 1 to 9999"));
        }
    }
    let scope = format!("appointments/{}/{filter:?}", context.workspace);
    let (micros, id) = match request.cursor() {
        Some(cursor) => cursor.key(&scope).map_err(wrong_cursor)?,
        None => (from, AppointmentId::from_uuid(Uuid::nil())),
    };
    if !TIMES.contains(&micros) {
        return Err(wrong_cursor(aurora_core::page::InvalidCursor));
    }
    let statement = match (filter.client, filter.professional, filter.room) {
        (Some(_), _, _) => OF_CLIENT,
        (None, Some(_), _) => OF_PROFESSIONAL,
        (None, None, Some(_)) => OF_ROOM,
        (None, None, None) => BY_START,
    };
    let rows: Vec<Row> = reading!(store, context, |tx| {
        Ok(sqlx::query_as(statement)
            .bind(context.workspace)
            .bind(Timestamp::from_micros(micros))
            .bind(id)
            .bind(Timestamp::from_micros(until))
            .bind(i64::from(request.limit()) + 1)
            .bind(filter.professional)
            .bind(filter.room)
            .bind(filter.client)
            .bind(filter.service)
            .bind(filter.status.map(|status| status.as_str()))
            .bind(filter.blocking)
            .fetch_all(&mut *tx)
            .await?)
    })?;
    let page = Page::from_rows(rows, request, &scope, Row::key).map_err(wrong_cursor)?;
    Ok(Page {
        items: read(page.items)?,
        next: page.next,
    })
}

/// Up to 50 of a client: those that are still to come in order, or all with the last one first.
pub(in super::super) async fn of_client(
    store: &Store,
    context: &Context,
    client: ClientId,
    upcoming: bool,
) -> Result<Vec<Appointment>, Error> {
    let now = store.now();
    let rows: Vec<Row> = reading!(store, context, |tx| {
        let query = sqlx::query_as(if upcoming { UPCOMING } else { LATEST })
            .bind(context.workspace)
            .bind(client);
        let query = if upcoming { query.bind(now) } else { query };
        Ok(query.fetch_all(&mut *tx).await?)
    })?;
    read(rows)
}

/// The zone that a professional works in.
pub(in super::super) async fn zone(
    store: &Store,
    context: &Context,
    professional: crate::scheduling::ProfessionalId,
) -> Result<chrono_tz::Tz, Error> {
    let name: Option<String> = reading!(store, context, |tx| {
        Ok(sqlx::query_scalar(ZONE)
            .bind(context.workspace)
            .bind(professional)
            .fetch_optional(&mut *tx)
            .await?)
    })?;
    let name = name.ok_or(Error::not_found("professional"))?;
    let zone = name.parse();
    Ok(zone.map_err(|_| aurora_core::store::Error::corrupt("not a time zone"))?)
}

fn read(rows: Vec<Row>) -> Result<Vec<Appointment>, Error> {
    let read = |row| Ok(Stored::try_from(row)?.appointment);
    rows.into_iter().map(read).collect()
}
