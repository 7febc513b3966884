use aurora_core::store::{self, Connection, execute_on, on_connection};
use aurora_core::time::Timestamp;

use crate::appointments::{ReminderRule, ReminderRuleId};
use crate::context::Context;
use crate::error::Error;
use crate::journal::Record;
use crate::leads::refused;
use crate::scheduling::ServiceId;
use crate::store::{Store, reading, writing};

/// The most rules of one service, and of those without.
const MOST: i64 = 10;

macro_rules! columns {
    () => {
        "id, service_id, minutes_before, shift, template, text_pt, text_en, created_at"
    };
}

aurora_core::store::statements! {
    LIST = concat!("select ", columns!(), " from reminder_rules where workspace_id = $1
        order by service_id is not null, service_id, minutes_before desc, id limit 500");
    /// Those of the service, or those of every service when it has none of its own.
    IN_FORCE = concat!("select ", columns!(), " from reminder_rules where workspace_id = $1
            and (service_id = $2 or (service_id is null and not exists (
                select 1 from reminder_rules r where r.workspace_id = $1 and r.service_id = $2)))
        order by minutes_before desc, id limit 20");
    GET = concat!("select ", columns!(), " from reminder_rules where workspace_id = $1 and id = $2");
    /// Locks the workspace, so that two do not both add the last one.
    LOCK = "update workspaces set version = version where id = $1";
    COUNT = "select count(*) from reminder_rules where workspace_id = $1 and (service_id = $2 or ($2 is null and service_id is null))";
    INSERT = "insert into reminder_rules (workspace_id, id, service_id, minutes_before, shift, template, text_pt, text_en, created_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    DELETE = "delete from reminder_rules where workspace_id = $1 and id = $2";
}

#[derive(sqlx::FromRow)]
struct Row {
    id: ReminderRuleId,
    service_id: Option<ServiceId>,
    minutes_before: i64,
    shift: String,
    template: Option<String>,
    text_pt: Option<String>,
    text_en: Option<String>,
    created_at: Timestamp,
}

impl TryFrom<Row> for ReminderRule {
    type Error = store::Error;

    fn try_from(row: Row) -> Result<Self, store::Error> {
        Ok(Self {
            id: row.id,
            service_id: row.service_id,
            minutes_before: u32::try_from(row.minutes_before).map_err(store::Error::corrupt)?,
            shift: row
                .shift
                .parse()
                .map_err(|error: &'static str| store::Error::corrupt(error))?,
            template: row.template,
            text_pt: row.text_pt,
            text_en: row.text_en,
            created_at: row.created_at,
        })
    }
}

pub(in super::super) async fn list(store: &Store, context: &Context) -> Result<Vec<ReminderRule>, Error> {
    let rows: Vec<Row> = reading!(store, context, |tx| {
        Ok(sqlx::query_as(LIST)
            .bind(context.workspace)
            .fetch_all(&mut *tx)
            .await?)
    })?;
    read(rows)
}

pub(in super::super) async fn add(
    store: &Store,
    context: &Context,
    rule: ReminderRule,
) -> Result<ReminderRule, Error> {
    let outcome = writing!(store, context, |tx| {
        add_in(store, &mut (&mut *tx).into(), context, &rule).await
    });
    match outcome {
        Ok(()) => Ok(rule),
        Err(error) => Err(refusal(error)),
    }
}

async fn add_in(
    store: &Store,
    tx: &mut Connection<'_>,
    context: &Context,
    rule: &ReminderRule,
) -> Result<(), Error> {
    let now = rule.created_at;
    if execute_on!(tx, sqlx::query(LOCK).bind(context.workspace))? == 0 {
        return Err(Error::not_found("workspace"));
    }
    let count: i64 = on_connection!(tx, |tx| sqlx::query_scalar(COUNT)
        .bind(context.workspace)
        .bind(rule.service_id)
        .fetch_one(&mut *tx))?;
    if count >= MOST {
        return Err(refused(
            "service",
            "too_many",
            format_args!("must have at most {MOST} rules"),
        ));
    }
    execute_on!(
        tx,
        sqlx::query(INSERT)
            .bind(context.workspace)
            .bind(rule.id)
            .bind(rule.service_id)
            .bind(i64::from(rule.minutes_before))
            .bind(rule.shift.as_str())
            .bind(rule.template.as_deref())
            .bind(rule.text_pt.as_deref())
            .bind(rule.text_en.as_deref())
            .bind(now)
    )?;
    let record = Record::new("reminder_rule.created", "reminder_rule", rule.id, now)
        .with("minutes_before", rule.minutes_before);
    store.record(tx, context, now, &[record]).await?;
    Ok(())
}

pub(in super::super) async fn remove(
    store: &Store,
    context: &Context,
    id: ReminderRuleId,
) -> Result<(), Error> {
    writing!(store, context, |tx| {
        let (now, tx) = (store.now(), &mut Connection::from(&mut *tx));
        let gone = execute_on!(tx, sqlx::query(DELETE).bind(context.workspace).bind(id))?;
        if gone == 0 {
            return Err(Error::not_found("reminder rule"));
        }
        let record = Record::new("reminder_rule.removed", "reminder_rule", id, now);
        store.record(tx, context, now, &[record]).await?;
        Ok(())
    })
}

pub(super) async fn in_force(
    tx: &mut Connection<'_>,
    context: &Context,
    service: ServiceId,
) -> Result<Vec<ReminderRule>, Error> {
    let rows: Vec<Row> = on_connection!(tx, |tx| sqlx::query_as(IN_FORCE)
        .bind(context.workspace)
        .bind(service)
        .fetch_all(&mut *tx))?;
    read(rows)
}

pub(super) async fn find(
    tx: &mut Connection<'_>,
    context: &Context,
    id: ReminderRuleId,
) -> Result<Option<ReminderRule>, Error> {
    let row: Option<Row> = on_connection!(tx, |tx| sqlx::query_as(GET)
        .bind(context.workspace)
        .bind(id)
        .fetch_optional(&mut *tx))?;
    Ok(row.map(ReminderRule::try_from).transpose()?)
}

fn refusal(error: Error) -> Error {
    match error.stored().map(store::Error::kind) {
        Some(store::ErrorKind::Conflict) => Error::clash(
            "reminder rule",
            "minutes_before",
            "in_use",
            "there is a rule at that time already",
        ),
        Some(store::ErrorKind::ForeignKey) => Error::not_found("service"),
        _ => error,
    }
}

fn read(rows: Vec<Row>) -> Result<Vec<ReminderRule>, Error> {
    let rules = rows.into_iter().map(ReminderRule::try_from);
    Ok(rules.collect::<Result<_, _>>()?)
}
