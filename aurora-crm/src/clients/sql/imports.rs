//! How far imports have come.

use aurora_core::store::{self, Connection, execute_on};
use aurora_core::time::Timestamp;

use super::SqlClients;
use crate::clients::csv::{Counts, Import, ImportId, ImportState};
use crate::context::Context;
use crate::error::Error;
use crate::store::{reading, writing};

aurora_core::store::statements! {
    BEGIN = "insert into imports (workspace_id, id, state, rows_done, rows_hash, created, updated, unchanged, skipped,
            refused, started_at, updated_at)
        values ($1, $2, 'running', 0, $3, 0, 0, 0, 0, 0, $4, $4) on conflict (workspace_id, id) do nothing";
    GET = "select state, rows_done, rows_hash, file_hash, created, updated, unchanged, skipped, refused, started_at,
            updated_at from imports where workspace_id = $1 and id = $2";
    ADVANCE = "update imports set rows_done = $4, rows_hash = $5, created = $6, updated = $7, unchanged = $8,
            skipped = $9, refused = $10, updated_at = $11
        where workspace_id = $1 and id = $2 and state = 'running' and rows_done = $3";
    FINISH = "update imports set state = 'finished', file_hash = $4, updated_at = $5
        where workspace_id = $1 and id = $2 and state = 'running' and rows_done = $3";
}

#[derive(Debug, sqlx::FromRow)]
struct Row {
    state: String,
    rows_done: i64,
    rows_hash: Vec<u8>,
    file_hash: Option<Vec<u8>>,
    created: i64,
    updated: i64,
    unchanged: i64,
    skipped: i64,
    refused: i64,
    started_at: Timestamp,
    updated_at: Timestamp,
}

fn count(stored: i64) -> Result<u64, store::Error> {
    u64::try_from(stored).map_err(store::Error::corrupt)
}

fn bound(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn hash(stored: Vec<u8>) -> Result<[u8; 32], store::Error> {
    stored
        .try_into()
        .map_err(|_| store::Error::corrupt("a hash has 32 bytes"))
}

impl SqlClients {
    pub(in crate::clients) async fn begin_import(
        &self,
        context: &Context,
        id: ImportId,
        empty: [u8; 32],
    ) -> Result<Import, Error> {
        let now = self.store.now();
        let begun: Result<(), Error> = writing!(self.store, context, |tx| {
            sqlx::query(BEGIN)
                .bind(context.workspace)
                .bind(id)
                .bind(empty.as_slice())
                .bind(now)
                .execute(&mut *tx)
                .await?;
            Ok(())
        });
        begun.map_err(|error| match error.stored().map(store::Error::kind) {
            Some(store::ErrorKind::ForeignKey) => Error::not_found("workspace"),
            _ => error,
        })?;
        self.import(context, id).await
    }

    pub(in crate::clients) async fn import(&self, context: &Context, id: ImportId) -> Result<Import, Error> {
        let row: Option<Row> = reading!(self.store, context, |tx| {
            Ok(sqlx::query_as(GET)
                .bind(context.workspace)
                .bind(id)
                .fetch_optional(&mut *tx)
                .await?)
        })?;
        let row = row.ok_or(Error::not_found("import"))?;
        Ok(Import {
            id,
            state: match row.state.as_str() {
                "running" => ImportState::Running,
                "finished" => ImportState::Finished,
                _ => return Err(store::Error::corrupt("an import is running or finished").into()),
            },
            rows: count(row.rows_done)?,
            rows_hash: hash(row.rows_hash)?,
            file: row
                .file_hash
                .map(hash)
                .transpose()?
                .map(crate::clients::csv::FileHash::from_bytes),
            counts: Counts {
                created: count(row.created)?,
                updated: count(row.updated)?,
                unchanged: count(row.unchanged)?,
                skipped: count(row.skipped)?,
                refused: count(row.refused)?,
            },
            started_at: row.started_at,
            updated_at: row.updated_at,
        })
    }

    /// Moves the position from `import` to `next`, unless somebody else has moved it.
    pub(in crate::clients) async fn advance_import(
        &self,
        connection: &mut Connection<'_>,
        context: &Context,
        from: &Import,
        to: &Import,
    ) -> Result<(), Error> {
        let touched = execute_on!(
            connection,
            sqlx::query(ADVANCE)
                .bind(context.workspace)
                .bind(from.id)
                .bind(bound(from.rows))
                .bind(bound(to.rows))
                .bind(to.rows_hash.as_slice())
                .bind(bound(to.counts.created))
                .bind(bound(to.counts.updated))
                .bind(bound(to.counts.unchanged))
                .bind(bound(to.counts.skipped))
                .bind(bound(to.counts.refused))
                .bind(to.updated_at)
        )?;
        if touched == 0 {
            return Err(Error::conflict("import", bound(from.rows)));
        }
        Ok(())
    }

    pub(in crate::clients) async fn finish_import(
        &self,
        connection: &mut Connection<'_>,
        context: &Context,
        import: &Import,
        file: &[u8; 32],
        now: Timestamp,
    ) -> Result<(), Error> {
        let touched = execute_on!(
            connection,
            sqlx::query(FINISH)
                .bind(context.workspace)
                .bind(import.id)
                .bind(bound(import.rows))
                .bind(file.as_slice())
                .bind(now)
        )?;
        if touched == 0 {
            return Err(Error::conflict("import", bound(import.rows)));
        }
        Ok(())
    }
}
