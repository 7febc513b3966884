use std::collections::BTreeSet;

use aurora_core::store::{self, Connection, execute_on, on_connection};
use aurora_core::time::Timestamp;
use chrono::NaiveDate;
use sqlx::types::Json;

use super::is_missing;
use crate::context::Context;
use crate::error::Error;
use crate::journal::Record;
use crate::leads::refused;
use crate::scheduling::{HolidayRules, LocalHoliday, LocalHolidayId, LocalKind, NationalHoliday, Yearly};
use crate::store::{Store, reading, writing};

/// The most holidays that a workspace can add.
const MOST: i64 = 200;

aurora_core::store::statements! {
    SETTINGS = "select closes, version from holiday_settings where workspace_id = $1";
    FIRST = "insert into holiday_settings (workspace_id, closes, version, updated_at) values ($1, $2, 1, $3)
        on conflict (workspace_id) do nothing";
    NEXT = "update holiday_settings set closes = $2, updated_at = $3, version = version + 1
        where workspace_id = $1 and version = $4";
    LOCAL = "select id, name, kind, year, month, day, closes from local_holidays where workspace_id = $1
        order by id limit 200";
    COUNT = "select count(*) from local_holidays where workspace_id = $1";
    ADD = "insert into local_holidays (workspace_id, id, name, kind, year, month, day, closes, created_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    SAME = "select id from local_holidays where workspace_id = $1 and month = $2 and day = $3 and year = $4";
    SAME_YEARLY = "select id from local_holidays where workspace_id = $1 and month = $2 and day = $3 and year is null
        and (year = $4 or $4 is null)";
    REMOVE = "delete from local_holidays where workspace_id = $1 and id = $2";
}

#[derive(Debug, sqlx::FromRow)]
struct Row {
    id: LocalHolidayId,
    name: String,
    kind: String,
    year: Option<i64>,
    month: i64,
    day: i64,
    closes: bool,
}

impl TryFrom<Row> for LocalHoliday {
    type Error = store::Error;

    fn try_from(row: Row) -> Result<Self, store::Error> {
        let part = |value: i64| u8::try_from(value).map_err(store::Error::corrupt);
        let (month, day) = (part(row.month)?, part(row.day)?);
        let yearly = match row.year {
            None => Yearly::On { month, day },
            Some(year) => {
                let year = i32::try_from(year).map_err(store::Error::corrupt)?;
                let date = NaiveDate::from_ymd_opt(year, month.into(), day.into());
                Yearly::Once(date.ok_or_else(|| store::Error::corrupt("not a date"))?)
            }
        };
        Ok(Self {
            id: row.id,
            name: row.name,
            kind: LocalKind::parse(&row.kind).map_err(store::Error::corrupt)?,
            yearly,
            closes: row.closes,
        })
    }
}

pub(in crate::scheduling) async fn rules(store: &Store, context: &Context) -> Result<HolidayRules, Error> {
    reading!(store, context, |tx| {
        rules_in(&mut (&mut *tx).into(), context).await
    })
}

pub(in crate::scheduling) async fn rules_in(
    tx: &mut Connection<'_>,
    context: &Context,
) -> Result<HolidayRules, Error> {
    let settings: Option<(Json<BTreeSet<NationalHoliday>>, i64)> =
        on_connection!(tx, |tx| sqlx::query_as(SETTINGS)
            .bind(context.workspace)
            .fetch_optional(&mut *tx))?;
    let local: Vec<Row> = on_connection!(tx, |tx| sqlx::query_as(LOCAL)
        .bind(context.workspace)
        .fetch_all(&mut *tx))?;
    let mut rules = HolidayRules::usual();
    if let Some((closes, version)) = settings {
        (rules.closes, rules.version) = (closes.0, version);
    }
    let local = local.into_iter().map(LocalHoliday::try_from);
    rules.local = local.collect::<Result<_, _>>()?;
    rules.local.sort_by_key(LocalHoliday::columns);
    Ok(rules)
}

pub(in crate::scheduling) async fn set_closing(
    store: &Store,
    context: &Context,
    expected: i64,
    closes: BTreeSet<NationalHoliday>,
) -> Result<HolidayRules, Error> {
    let outcome: Result<HolidayRules, Error> = writing!(store, context, |tx| {
        let (now, tx) = (store.now(), &mut Connection::from(&mut *tx));
        let written = if expected == 0 {
            execute_on!(
                tx,
                sqlx::query(FIRST)
                    .bind(context.workspace)
                    .bind(Json(&closes))
                    .bind(now)
            )?
        } else {
            execute_on!(
                tx,
                sqlx::query(NEXT)
                    .bind(context.workspace)
                    .bind(Json(&closes))
                    .bind(now)
                    .bind(expected)
            )?
        };
        let rules = rules_in(tx, context).await?;
        if written == 0 {
            return Err(Error::conflict("holiday settings", rules.version));
        }
        let record = Record::new("workspace.holidays_set", "workspace", context.workspace, now)
            .with("version", rules.version);
        store.record(tx, context, now, &[record]).await?;
        Ok(rules)
    });
    outcome.map_err(|error| {
        if is_missing(&error) {
            Error::not_found("workspace")
        } else {
            error
        }
    })
}

pub(in crate::scheduling) async fn add(
    store: &Store,
    context: &Context,
    holiday: LocalHoliday,
) -> Result<LocalHoliday, Error> {
    let now: Timestamp = store.now();
    let (year, month, day) = holiday.columns();
    let outcome: Result<(), Error> = writing!(store, context, |tx| {
        let tx = &mut Connection::from(&mut *tx);
        let count: i64 = on_connection!(tx, |tx| sqlx::query_scalar(COUNT)
            .bind(context.workspace)
            .fetch_one(&mut *tx))?;
        if count >= MOST {
            return Err(refused(
                "holidays",
                "too_many",
                "a workspace can add 200 holidays",
            ));
        }
        execute_on!(
            tx,
            sqlx::query(ADD)
                .bind(context.workspace)
                .bind(holiday.id)
                .bind(&holiday.name)
                .bind(holiday.kind.as_str())
                .bind(year)
                .bind(month)
                .bind(day)
                .bind(holiday.closes)
                .bind(now)
        )?;
        let record = Record::new("holiday.added", "holiday", holiday.id, now);
        store.record(tx, context, now, &[record]).await?;
        Ok(())
    });
    let Err(error) = outcome else {
        return Ok(holiday);
    };
    match error.stored().map(store::Error::kind) {
        Some(store::ErrorKind::ForeignKey) => Err(Error::not_found("workspace")),
        Some(store::ErrorKind::Conflict) => {
            let statement = if year.is_some() { SAME } else { SAME_YEARLY };
            let existing: Option<LocalHolidayId> = reading!(store, context, |tx| {
                Ok(sqlx::query_scalar(statement)
                    .bind(context.workspace)
                    .bind(month)
                    .bind(day)
                    .bind(year)
                    .fetch_optional(&mut *tx)
                    .await?)
            })?;
            Err(existing.map_or(error, |id| Error::already_exists("holiday", id)))
        }
        _ => Err(error),
    }
}

pub(in crate::scheduling) async fn remove(
    store: &Store,
    context: &Context,
    id: LocalHolidayId,
) -> Result<(), Error> {
    writing!(store, context, |tx| {
        let (now, tx) = (store.now(), &mut Connection::from(&mut *tx));
        let removed = execute_on!(tx, sqlx::query(REMOVE).bind(context.workspace).bind(id))?;
        if removed == 0 {
            return Err(Error::not_found("holiday"));
        }
        let record = Record::new("holiday.removed", "holiday", id, now);
        store.record(tx, context, now, &[record]).await?;
        Ok(())
    })
}
