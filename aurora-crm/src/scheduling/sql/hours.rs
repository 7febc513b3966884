use aurora_core::store::{self, Connection, execute_on, on_connection};
use chrono::{NaiveDate, Weekday};

use super::professionals;
use crate::context::Context;
use crate::error::Error;
use crate::journal::Record;
use crate::scheduling::{Professional, ProfessionalId, ServiceId, WallTime, WorkingHours};
use crate::store::{Store, reading, writing};

aurora_core::store::statements! {
    OF_ONE = "select professional_id, weekday, from_minute, until_minute, valid_from, valid_until from working_hours
        where workspace_id = $1 and professional_id = $2 order by position";
    OF_SERVICE = "select h.professional_id, h.weekday, h.from_minute, h.until_minute, h.valid_from, h.valid_until
        from service_professionals l
        join working_hours h on h.workspace_id = l.workspace_id and h.professional_id = l.professional_id
        where l.workspace_id = $1 and l.service_id = $2";
    REMOVE = "delete from working_hours where workspace_id = $1 and professional_id = $2";
    ADD = "insert into working_hours (workspace_id, professional_id, position, weekday, from_minute, until_minute,
            valid_from, valid_until)
        values ($1, $2, $3, $4, $5, $6, $7, $8)";
}

#[derive(Debug, sqlx::FromRow)]
struct Row {
    professional_id: ProfessionalId,
    weekday: i64,
    from_minute: i64,
    until_minute: i64,
    valid_from: Option<String>,
    valid_until: Option<String>,
}

impl TryFrom<Row> for (ProfessionalId, WorkingHours) {
    type Error = store::Error;

    fn try_from(row: Row) -> Result<Self, store::Error> {
        let weekday = u8::try_from(row.weekday - 1).ok();
        let weekday = weekday.and_then(|day| Weekday::try_from(day).ok());
        let weekday = weekday.ok_or_else(|| store::Error::corrupt("not a day of the week"))?;
        let mut hours = WorkingHours::new(weekday, wall(row.from_minute)?, wall(row.until_minute)?);
        hours.valid_from = row.valid_from.as_deref().map(date).transpose()?;
        hours.valid_until = row.valid_until.as_deref().map(date).transpose()?;
        Ok((row.professional_id, hours))
    }
}

fn wall(minutes: i64) -> Result<WallTime, store::Error> {
    let minutes = u16::try_from(minutes).ok();
    minutes
        .and_then(WallTime::from_minutes)
        .ok_or_else(|| store::Error::corrupt("not a time of a day"))
}

/// A date as it is stored.
pub(super) fn date(text: &str) -> Result<NaiveDate, store::Error> {
    text.parse().map_err(store::Error::corrupt)
}

pub(in crate::scheduling) async fn list(
    store: &Store,
    context: &Context,
    id: ProfessionalId,
) -> Result<Vec<WorkingHours>, Error> {
    reading!(store, context, |tx| {
        let tx = &mut Connection::from(&mut *tx);
        professionals::get_in(tx, context, id).await?;
        of_one(tx, context, id).await
    })
}

pub(in crate::scheduling) async fn of_one(
    tx: &mut Connection<'_>,
    context: &Context,
    id: ProfessionalId,
) -> Result<Vec<WorkingHours>, Error> {
    let rows: Vec<Row> = on_connection!(tx, |tx| sqlx::query_as(OF_ONE)
        .bind(context.workspace)
        .bind(id)
        .fetch_all(&mut *tx))?;
    let week = rows
        .into_iter()
        .map(|row| <(ProfessionalId, _)>::try_from(row).map(|(_, hours)| hours));
    Ok(week.collect::<Result<_, _>>()?)
}

/// The hours of everybody who does a service.
pub(in crate::scheduling) async fn of_service(
    tx: &mut Connection<'_>,
    context: &Context,
    id: ServiceId,
) -> Result<Vec<(ProfessionalId, WorkingHours)>, Error> {
    let rows: Vec<Row> = on_connection!(tx, |tx| sqlx::query_as(OF_SERVICE)
        .bind(context.workspace)
        .bind(id)
        .fetch_all(&mut *tx))?;
    Ok(rows
        .into_iter()
        .map(TryInto::try_into)
        .collect::<Result<_, _>>()?)
}

pub(in crate::scheduling) async fn replace(
    store: &Store,
    context: &Context,
    id: ProfessionalId,
    expected: i64,
    week: Vec<WorkingHours>,
) -> Result<Professional, Error> {
    writing!(store, context, |tx| {
        let (now, tx) = (store.now(), &mut Connection::from(&mut *tx));
        let before = professionals::lock_at(tx, context, id, expected).await?;
        execute_on!(tx, sqlx::query(REMOVE).bind(context.workspace).bind(id))?;
        for (position, hours) in (1_i64..).zip(&week) {
            execute_on!(
                tx,
                sqlx::query(ADD)
                    .bind(context.workspace)
                    .bind(id)
                    .bind(position)
                    .bind(i64::from(hours.weekday.number_from_monday()))
                    .bind(i64::from(hours.from.minutes()))
                    .bind(i64::from(hours.until.minutes()))
                    .bind(hours.valid_from.map(|date| date.to_string()))
                    .bind(hours.valid_until.map(|date| date.to_string()))
            )?;
        }
        let professional = professionals::update_in(tx, context, before, now).await?;
        let record = Record::new("professional.hours_set", "professional", id, now)
            .with("version", professional.version)
            .with("intervals", week.len());
        store.record(tx, context, now, &[record]).await?;
        Ok(professional)
    })
}
