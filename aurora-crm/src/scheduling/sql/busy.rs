//! What professionals do elsewhere, as a calendar says.

use std::ops::Range;

use aurora_core::store::{Connection, execute_on, on_connection};
use aurora_core::time::Timestamp;

use crate::context::Context;
use crate::error::Error;
use crate::scheduling::busy::Busy;
use crate::scheduling::{ProfessionalId, ServiceId};

aurora_core::store::statements! {
    PUT = "insert into calendar_busy (workspace_id, professional_id, source, source_key, starts_at, ends_at)
        values ($1, $2, $3, $4, $5, $6)
        on conflict (workspace_id, professional_id, source, source_key)
            do update set starts_at = excluded.starts_at, ends_at = excluded.ends_at";
    REMOVE = "delete from calendar_busy
        where workspace_id = $1 and professional_id = $2 and source = $3 and source_key = $4";
    REMOVE_ALL = "delete from calendar_busy where workspace_id = $1 and professional_id = $2 and source = $3";
    OF_ONE = "select starts_at, ends_at from calendar_busy
        where workspace_id = $1 and professional_id = $2 and ends_at > $3 and starts_at < $4
        order by starts_at, ends_at limit $5";
    OF_SERVICE = "select l.professional_id, b.starts_at, b.ends_at from service_professionals l
        join calendar_busy b on b.workspace_id = l.workspace_id and b.professional_id = l.professional_id
            and b.ends_at > $3 and b.starts_at < $4
        where l.workspace_id = $1 and l.service_id = $2 and (l.professional_id = $6 or $6 is null) limit $5";
}

pub(in crate::scheduling) async fn put(
    tx: &mut Connection<'_>,
    context: &Context,
    professional: ProfessionalId,
    source: &str,
    busy: &Busy,
) -> Result<(), Error> {
    let written = execute_on!(
        tx,
        sqlx::query(PUT)
            .bind(context.workspace)
            .bind(professional)
            .bind(source)
            .bind(&busy.key)
            .bind(busy.time.start)
            .bind(busy.time.end)
    );
    match written.map_err(Error::from) {
        Ok(_) => Ok(()),
        Err(error) if super::is_missing(&error) => Err(Error::not_found("professional")),
        Err(error) => Err(error),
    }
}

pub(in crate::scheduling) async fn remove(
    tx: &mut Connection<'_>,
    context: &Context,
    professional: ProfessionalId,
    source: &str,
    key: Option<&str>,
) -> Result<u64, Error> {
    Ok(match key {
        Some(key) => execute_on!(
            tx,
            sqlx::query(REMOVE)
                .bind(context.workspace)
                .bind(professional)
                .bind(source)
                .bind(key)
        )?,
        None => execute_on!(
            tx,
            sqlx::query(REMOVE_ALL)
                .bind(context.workspace)
                .bind(professional)
                .bind(source)
        )?,
    })
}

/// What overlaps a range, in order.
pub(in crate::scheduling) async fn of_one(
    tx: &mut Connection<'_>,
    context: &Context,
    professional: ProfessionalId,
    range: Range<Timestamp>,
    most: u32,
) -> Result<Vec<Range<Timestamp>>, Error> {
    let rows: Vec<(Timestamp, Timestamp)> = on_connection!(tx, |tx| sqlx::query_as(OF_ONE)
        .bind(context.workspace)
        .bind(professional)
        .bind(range.start)
        .bind(range.end)
        .bind(i64::from(most))
        .fetch_all(&mut *tx))?;
    Ok(rows.into_iter().map(|(from, until)| from..until).collect())
}

/// What overlaps a range, of everybody who does a service, or of one of them.
pub(in crate::scheduling) async fn of_service(
    tx: &mut Connection<'_>,
    context: &Context,
    service: ServiceId,
    professional: Option<ProfessionalId>,
    range: Range<Timestamp>,
    most: u32,
) -> Result<Vec<(ProfessionalId, Timestamp, Timestamp)>, Error> {
    Ok(on_connection!(tx, |tx| sqlx::query_as(OF_SERVICE)
        .bind(context.workspace)
        .bind(service)
        .bind(range.start)
        .bind(range.end)
        .bind(i64::from(most))
        .bind(professional)
        .fetch_all(&mut *tx))?)
}
