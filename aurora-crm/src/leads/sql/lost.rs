use aurora_core::store::{self, Connection, on_connection};
use aurora_core::time::Timestamp;

use crate::context::Context;
use crate::error::Error;
use crate::journal::Record;
use crate::leads::{LostReason, LostReasonId, refused};
use crate::store::{Store, reading, writing};
use crate::workspaces::hold;

const MOST: i64 = 200;

aurora_core::store::statements! {
    INSERT = "insert into lost_reasons (workspace_id, id, name, name_key, created_at) values ($1, $2, $3, $4, $5)";
    COUNT = "select count(*) from lost_reasons where workspace_id = $1 and archived_at is null";
    LIST = "select id, name, created_at, archived_at from lost_reasons
        where workspace_id = $1 and archived_at is null order by id limit 200";
    BY_NAME = "select id from lost_reasons where workspace_id = $1 and name_key = $2 and archived_at is null";
    IS_CURRENT = "select count(*) from lost_reasons where workspace_id = $1 and id = $2 and archived_at is null";
    ARCHIVE = "update lost_reasons set archived_at = $3 where workspace_id = $1 and id = $2 and archived_at is null";
}

#[derive(Debug, sqlx::FromRow)]
struct Row {
    id: LostReasonId,
    name: String,
    created_at: Timestamp,
    archived_at: Option<Timestamp>,
}

pub(in crate::leads) async fn insert(
    store: &Store,
    context: &Context,
    reason: &LostReason,
) -> Result<(), Error> {
    let now = reason.created_at;
    let record = Record::new("lost_reason.created", "lost_reason", reason.id, now);
    let outcome: Result<(), Error> = writing!(store, context, |tx| {
        hold(&mut (&mut *tx).into(), context).await?;
        let count: i64 = sqlx::query_scalar(COUNT)
            .bind(context.workspace)
            .fetch_one(&mut *tx)
            .await?;
        if count >= MOST {
            return Err(refused(
                "lost_reasons",
                "too_many",
                "a workspace can have 200 reasons",
            ));
        }
        sqlx::query(INSERT)
            .bind(context.workspace)
            .bind(reason.id)
            .bind(&reason.name)
            .bind(reason.key())
            .bind(now)
            .execute(&mut *tx)
            .await?;
        store
            .record(&mut (&mut *tx).into(), context, now, &[record])
            .await?;
        Ok(())
    });
    let Err(error) = outcome else { return Ok(()) };
    match error.stored().map(store::Error::kind) {
        Some(store::ErrorKind::ForeignKey) => Err(Error::not_found("workspace")),
        Some(store::ErrorKind::Conflict) => {
            let existing: Option<LostReasonId> = reading!(store, context, |tx| {
                Ok(sqlx::query_scalar(BY_NAME)
                    .bind(context.workspace)
                    .bind(reason.key())
                    .fetch_optional(&mut *tx)
                    .await?)
            })?;
            Err(existing.map_or(error, |id| Error::already_exists("lost reason", id)))
        }
        _ => Err(error),
    }
}

pub(in crate::leads) async fn list(store: &Store, context: &Context) -> Result<Vec<LostReason>, Error> {
    let rows: Vec<Row> = reading!(store, context, |tx| {
        Ok(sqlx::query_as(LIST)
            .bind(context.workspace)
            .fetch_all(&mut *tx)
            .await?)
    })?;
    let reason = |row: Row| LostReason {
        id: row.id,
        name: row.name,
        created_at: row.created_at,
        archived_at: row.archived_at,
    };
    Ok(rows.into_iter().map(reason).collect())
}

/// Refuses a reason that is not in the catalogue.
pub(super) async fn check_in(
    tx: &mut Connection<'_>,
    context: &Context,
    id: LostReasonId,
) -> Result<(), Error> {
    let found: i64 = on_connection!(tx, |tx| sqlx::query_scalar(IS_CURRENT)
        .bind(context.workspace)
        .bind(id)
        .fetch_one(&mut *tx))?;
    if found == 0 {
        return Err(Error::not_found("lost reason"));
    }
    Ok(())
}

pub(in crate::leads) async fn archive(
    store: &Store,
    context: &Context,
    id: LostReasonId,
) -> Result<(), Error> {
    let now = store.now();
    let record = Record::new("lost_reason.archived", "lost_reason", id, now);
    writing!(store, context, |tx| {
        let done = sqlx::query(ARCHIVE)
            .bind(context.workspace)
            .bind(id)
            .bind(now)
            .execute(&mut *tx)
            .await?;
        if done.rows_affected() == 0 {
            return Err(Error::not_found("lost reason"));
        }
        store
            .record(&mut (&mut *tx).into(), context, now, &[record])
            .await?;
        Ok(())
    })
}
