use aurora_core::store;
use aurora_core::time::Timestamp;
use sqlx::types::Uuid;

use crate::context::Context;
use crate::error::Error;
use crate::journal::Record;
use crate::privacy::retention::{RetentionClass, RetentionRule};
use crate::store::{Store, reading, writing};

/// Selects what is over its time; `$2` is the time before which it has ended, `$3` the present.
macro_rules! clients {
    ($what:literal, $rest:literal) => {
        concat!(
            "select ", $what, " from clients c where c.workspace_id = $1 and c.deleted_at < $2 and c.deleted_at is not null
                and c.merged_into is null
                and not exists (select 1 from erasures e where e.workspace_id = $1 and e.subject_id = c.id)
                and not exists (select 1 from legal_holds h where h.workspace_id = $1 and h.released_at is null
                    and (h.until is null or h.until > $3) and (h.subject_id = c.id
                        or h.subject_id in (select m.id from clients m
                            where m.workspace_id = $1 and m.merged_into = c.id)
                        or h.subject_id in (select l.id from leads l
                            where l.workspace_id = $1 and l.client_id = c.id))) ",
            $rest
        )
    };
}

macro_rules! leads {
    ($what:literal, $rest:literal) => {
        concat!(
            "select ", $what, " from leads l where l.workspace_id = $1 and l.closed_at < $2 and l.status = 'lost'
                and not exists (select 1 from erasures e where e.workspace_id = $1
                    and (e.subject_id = l.id or e.subject_id = l.client_id))
                and not exists (select 1 from legal_holds h where h.workspace_id = $1 and h.released_at is null
                    and (h.until is null or h.until > $3) and (h.subject_id = l.id or h.subject_id = l.client_id)) ",
            $rest
        )
    };
}

aurora_core::store::statements! {
    RULES = "select record_class, keep_days, updated_at from retention_rules where workspace_id = $1 order by record_class";
    SET = "insert into retention_rules (workspace_id, record_class, keep_days, updated_at) values ($1, $2, $3, $4)
        on conflict (workspace_id, record_class)
        do update set keep_days = excluded.keep_days, updated_at = excluded.updated_at";
    VERSION = "select version from retention_versions where workspace_id = $1";
    NEXT_VERSION = "insert into retention_versions (workspace_id, version) values ($1, 1)
        on conflict (workspace_id) do update set version = retention_versions.version + 1";
    FIRST_VERSION = "insert into retention_versions (workspace_id, version) values ($1, 1)
        on conflict (workspace_id) do nothing";
    VERSION_AFTER = "update retention_versions set version = version + 1 where workspace_id = $1 and version = $2";
    UNSET = "delete from retention_rules where workspace_id = $1 and record_class = $2";
    COUNT_CLIENTS = clients!("count(*)", "");
    CLIENTS = clients!("c.id, c.kind", "and c.id > $4 order by c.id limit $5");
    COUNT_LEADS = leads!("count(*)", "");
    LEADS = leads!("l.id, l.status", "and l.id > $4 order by l.id limit $5");
    COUNT_EVENTS = "select count(*) from events where workspace_id = $1 and occurred_at < $2";
    EVENTS = "select id, type from events where workspace_id = $1 and occurred_at < $2 and id > $3 order by id limit $4";
    PURGE_EVENTS = "delete from events where workspace_id = $1 and id in (select e.id from events e
        where e.workspace_id = $1 and e.occurred_at < $2 order by e.id limit $3)";
    COUNT_DELIVERIES = "select count(*) from webhook_deliveries where workspace_id = $1 and finished_at < $2";
    DELIVERIES = "select id, event_type from webhook_deliveries where workspace_id = $1 and finished_at < $2 and id > $3
        order by id limit $4";
    /// The attempts go with them.
    PURGE_DELIVERIES = "delete from webhook_deliveries where workspace_id = $1 and finished_at < $2 and id in (
        select d.id from webhook_deliveries d where d.workspace_id = $1 and d.finished_at < $2
        order by d.finished_at limit $3)";
}

pub(in crate::privacy) async fn rules(store: &Store, context: &Context) -> Result<Vec<RetentionRule>, Error> {
    let rows: Vec<(String, i64, Timestamp)> = reading!(store, context, |tx| {
        Ok(sqlx::query_as(RULES)
            .bind(context.workspace)
            .fetch_all(&mut *tx)
            .await?)
    })?;
    let read = |(class, days, updated_at): (String, i64, Timestamp)| {
        Ok(RetentionRule {
            class: RetentionClass::read(&class)
                .ok_or_else(|| store::Error::corrupt("a rule for records of an unknown class"))?,
            keep_days: u32::try_from(days).map_err(store::Error::corrupt)?,
            updated_at,
        })
    };
    rows.into_iter().map(read).collect()
}

/// The version of the rules together; 0 before the first was set. Read before the rules: what is changed in between is then
/// taken for older than it is, and never for newer.
pub(in crate::privacy) async fn version(store: &Store, context: &Context) -> Result<i64, Error> {
    let version: Option<i64> = reading!(store, context, |tx| {
        Ok(sqlx::query_scalar(VERSION)
            .bind(context.workspace)
            .fetch_optional(&mut *tx)
            .await?)
    })?;
    Ok(version.unwrap_or(0))
}

/// Gives the new version of the rules together; without an expected one, whatever was there is replaced.
pub(in crate::privacy) async fn set(
    store: &Store,
    context: &Context,
    (class, keep_days): (RetentionClass, Option<u32>),
    expected: Option<i64>,
) -> Result<i64, Error> {
    let now = store.now();
    let statement = match expected {
        None => NEXT_VERSION,
        Some(0) => FIRST_VERSION,
        Some(_) => VERSION_AFTER,
    };
    let record = record("retention.changed", context, now)
        .detail("class", class.as_str())
        .detail("keep_days", keep_days);
    writing!(store, context, |tx| {
        let mut query = sqlx::query(statement).bind(context.workspace);
        if let Some(version) = expected.filter(|version| *version != 0) {
            query = query.bind(version);
        }
        let written = query.execute(&mut *tx).await?.rows_affected();
        let stored: Option<i64> = sqlx::query_scalar(VERSION)
            .bind(context.workspace)
            .fetch_optional(&mut *tx)
            .await?;
        let version = stored.unwrap_or(0);
        if written == 0 {
            return Err(Error::conflict("retention rules", version));
        }
        match keep_days {
            Some(days) => {
                let query = sqlx::query(SET).bind(context.workspace).bind(class.as_str());
                query
                    .bind(i64::from(days))
                    .bind(now)
                    .execute(&mut *tx)
                    .await?
                    .rows_affected()
            }
            None => sqlx::query(UNSET)
                .bind(context.workspace)
                .bind(class.as_str())
                .execute(&mut *tx)
                .await?
                .rows_affected(),
        };
        store
            .record(&mut (&mut *tx).into(), context, now, &[record])
            .await?;
        Ok(version)
    })
}

/// How many records of a class have ended before a time.
pub(in crate::privacy) async fn count(
    store: &Store,
    context: &Context,
    class: RetentionClass,
    before: Timestamp,
) -> Result<i64, Error> {
    let now = store.now();
    reading!(store, context, |tx| {
        let (statement, is_held) = match class {
            RetentionClass::DeletedClients => (COUNT_CLIENTS, true),
            RetentionClass::LostLeads => (COUNT_LEADS, true),
            RetentionClass::Events => (COUNT_EVENTS, false),
            RetentionClass::WebhookDeliveries => (COUNT_DELIVERIES, false),
        };
        let query = sqlx::query_scalar(statement).bind(context.workspace).bind(before);
        let query = if is_held { query.bind(now) } else { query };
        Ok(query.fetch_one(&mut *tx).await?)
    })
}

/// The ids of some of them after `after`, each with its kind.
pub(in crate::privacy) async fn some(
    store: &Store,
    context: &Context,
    class: RetentionClass,
    before: Timestamp,
    after: Uuid,
    limit: u32,
) -> Result<Vec<(Uuid, String)>, Error> {
    let now = store.now();
    reading!(store, context, |tx| {
        let (statement, is_held) = match class {
            RetentionClass::DeletedClients => (CLIENTS, true),
            RetentionClass::LostLeads => (LEADS, true),
            RetentionClass::Events => (EVENTS, false),
            RetentionClass::WebhookDeliveries => (DELIVERIES, false),
        };
        let query = sqlx::query_as(statement).bind(context.workspace).bind(before);
        let query = if is_held { query.bind(now) } else { query };
        Ok(query
            .bind(after)
            .bind(i64::from(limit))
            .fetch_all(&mut *tx)
            .await?)
    })
}

/// Removes some records of a class that is simply removed, of before a time.
pub(in crate::privacy) async fn purge(
    store: &Store,
    context: &Context,
    class: RetentionClass,
    before: Timestamp,
    limit: u32,
) -> Result<u64, Error> {
    let statement = match class {
        RetentionClass::Events => PURGE_EVENTS,
        RetentionClass::WebhookDeliveries => PURGE_DELIVERIES,
        RetentionClass::DeletedClients | RetentionClass::LostLeads => return Ok(0),
    };
    writing!(store, context, |tx| {
        let done = sqlx::query(statement)
            .bind(context.workspace)
            .bind(before)
            .bind(i64::from(limit))
            .execute(&mut *tx)
            .await?;
        Ok(done.rows_affected())
    })
}

/// Writes down what a run has done.
pub(in crate::privacy) async fn done(
    store: &Store,
    context: &Context,
    class: RetentionClass,
    count: u64,
    left: u64,
) -> Result<(), Error> {
    let now = store.now();
    let record = record("retention.applied", context, now)
        .detail("class", class.as_str())
        .detail("count", count)
        .detail("left", left);
    writing!(store, context, |tx| {
        store
            .record(&mut (&mut *tx).into(), context, now, &[record])
            .await?;
        Ok(())
    })
}

fn record(action: &'static str, context: &Context, now: Timestamp) -> Record {
    Record::new(action, "workspace", context.workspace, now).without_event()
}
