//! Deleted clients: brought back, or removed for good.

use aurora_core::page::{InvalidCursor, Page, PageRequest};
use aurora_core::store;
use aurora_core::time::Timestamp;
use sqlx::types::Uuid;

use super::row::Row;
use super::{ATTEMPTS, BY_CNPJ, BY_CPF, GET, SqlClients, missed};
use crate::clients::{Client, ClientId, DeletedClient, wrong_cursor};
use crate::context::Context;
use crate::error::{Error, ErrorKind};
use crate::fields::Fields;
use crate::journal::Record;
use crate::privacy::refuse_held_in;
use crate::store::{TIMES, reading, writing};

aurora_core::store::statements! {
    RESTORE = "update clients set deleted_at = null, updated_at = $4, version = version + 1
        where workspace_id = $1 and id = $2 and version = $3 and deleted_at is not null and merged_into is null";
    RESTORE_CONTACTS = "update client_contacts set deleted_at = null where workspace_id = $1 and client_id = $2";
    /// What is merged into it goes with it.
    PURGE_MERGED = "delete from clients where workspace_id = $1 and merged_into = $2";
    PURGE = "delete from clients where workspace_id = $1 and id = $2 and deleted_at is not null";
    /// Changes nothing. Whoever restores it at the same moment waits, or has made it a living one.
    LOCK_DELETED = "update clients set version = version where workspace_id = $1 and id = $2 and deleted_at is not null
        and merged_into is null";
    /// Files know their subject by its id alone, so that no foreign key keeps them.
    HAS_FILES = "select count(*) from files where workspace_id = $1 and deleted_at is null and (subject_id = $2
            or subject_id in (select c.id from clients c where c.workspace_id = $1 and c.merged_into = $2)
            or subject_id in (select l.id from leads l where l.workspace_id = $1 and l.client_id = $2)
            or subject_id in (select a.id from activities a left join leads l
                on l.workspace_id = $1 and l.id = a.lead_id
                where a.workspace_id = $1 and (a.client_id = $2 or l.client_id = $2))
            or subject_id in (select t.id from tasks t left join leads l
                on l.workspace_id = $1 and l.id = t.lead_id
                where t.workspace_id = $1 and (t.client_id = $2 or l.client_id = $2)))";
    PURGE_TASKS = "delete from tasks where workspace_id = $1 and deleted_at is not null and (client_id = $2
        or lead_id in (select l.id from leads l
            where l.workspace_id = $1 and l.client_id = $2 and l.deleted_at is not null))";
    PURGE_ACTIVITIES = "delete from activities where workspace_id = $1 and deleted_at is not null and (client_id = $2
        or lead_id in (select l.id from leads l
            where l.workspace_id = $1 and l.client_id = $2 and l.deleted_at is not null))";
    PURGE_LEAD_TAGS = "delete from lead_tags where workspace_id = $1 and lead_id in (select l.id from leads l
        where l.workspace_id = $1 and l.client_id = $2 and l.deleted_at is not null)";
    PURGE_STAGE_CHANGES = "delete from lead_stage_changes where workspace_id = $1 and lead_id in (select l.id from leads l
        where l.workspace_id = $1 and l.client_id = $2 and l.deleted_at is not null)";
    PURGE_LEADS = "delete from leads where workspace_id = $1 and client_id = $2 and deleted_at is not null";
    DELETED_BEFORE = "select id from clients where workspace_id = $1 and deleted_at < $2 and deleted_at is not null
        and merged_into is null order by deleted_at, id limit $3";
    DELETED = "select id, version, deleted_at, case when blocked_at is null then legal_name end as legal_name,
            case when blocked_at is null then trade_name end as trade_name from clients where workspace_id = $1 and deleted_at is not null
        and merged_into is null and deleted_at < $2 and (deleted_at, id) < ($3, $4)
        order by deleted_at desc, id desc limit $5";
    DELETED_VERSION = "select version from clients where workspace_id = $1 and id = $2 and deleted_at is not null
        and merged_into is null";
    DELETED_NUMBERS = "select cnpj, cpf from clients where workspace_id = $1 and id = $2";
    BY_OWN_CONTACT = "select o.client_id from client_contacts o join client_contacts m
            on m.workspace_id = o.workspace_id and m.key = o.key
        where o.workspace_id = $1 and m.client_id = $2 and o.client_id <> $2 and o.channel = 'whatsapp'
            and o.deleted_at is null limit 1";
}

#[derive(Debug, sqlx::FromRow)]
struct DeletedRow {
    id: ClientId,
    version: i64,
    deleted_at: Timestamp,
    legal_name: Option<String>,
    trade_name: Option<String>,
}

impl SqlClients {
    /// Brings the version that is expected back.
    pub(in super::super) async fn restore(
        &self,
        context: &Context,
        id: ClientId,
        expected: i64,
        now: Timestamp,
    ) -> Result<Client, Error> {
        let mut attempt = 1;
        loop {
            let outcome = self.try_restore(context, id, expected, now).await;
            let Err(refused) = outcome else { return outcome };
            if refused.stored().map(store::Error::kind) != Some(store::ErrorKind::Conflict) {
                return Err(refused);
            }
            match self.holder_of_deleted(context, id).await? {
                Some(holder) => return Err(Error::already_exists("client", holder)),
                None if attempt == ATTEMPTS => return Err(refused),
                None => attempt += 1,
            }
        }
    }

    async fn try_restore(
        &self,
        context: &Context,
        id: ClientId,
        expected: i64,
        now: Timestamp,
    ) -> Result<Client, Error> {
        let record = Record::new("client.restored", "client", id, now);
        writing!(self.store, context, |tx| {
            let done = sqlx::query(RESTORE)
                .bind(context.workspace)
                .bind(id)
                .bind(expected)
                .bind(now)
                .execute(&mut *tx)
                .await?;
            if done.rows_affected() == 0 {
                return Err(missed(&mut (&mut *tx).into(), context, id, DELETED_VERSION).await?);
            }
            sqlx::query(RESTORE_CONTACTS)
                .bind(context.workspace)
                .bind(id)
                .execute(&mut *tx)
                .await?;
            let row: Option<Row> = sqlx::query_as(GET)
                .bind(context.workspace)
                .bind(id)
                .fetch_optional(&mut *tx)
                .await?;
            let client = Client::try_from(row.ok_or(Error::not_found("client"))?)?;
            self.store
                .record(&mut (&mut *tx).into(), context, now, &[record])
                .await?;
            Ok(client)
        })
    }

    /// Removes a deleted client, what was merged into it, everything of its own, and its deleted leads, activities and
    /// tasks.
    pub(in super::super) async fn purge(
        &self,
        context: &Context,
        id: ClientId,
        now: Timestamp,
    ) -> Result<(), Error> {
        let record = Record::new("client.purged", "client", id, now);
        let outcome: Result<(), Error> = writing!(self.store, context, |tx| {
            let locked = sqlx::query(LOCK_DELETED)
                .bind(context.workspace)
                .bind(id)
                .execute(&mut *tx)
                .await?;
            if locked.rows_affected() != 1 {
                return Err(Error::not_found("client"));
            }
            refuse_held_in(&mut (&mut *tx).into(), context, id, None, now).await?;
            let files: i64 = sqlx::query_scalar(HAS_FILES)
                .bind(context.workspace)
                .bind(id)
                .fetch_one(&mut *tx)
                .await?;
            if files > 0 {
                return Err(in_use());
            }
            // What refers to something goes before it.
            for statement in [
                PURGE_TASKS,
                PURGE_ACTIVITIES,
                PURGE_LEAD_TAGS,
                PURGE_STAGE_CHANGES,
                PURGE_LEADS,
                PURGE_MERGED,
            ] {
                sqlx::query(statement)
                    .bind(context.workspace)
                    .bind(id)
                    .execute(&mut *tx)
                    .await?;
            }
            let purged = sqlx::query(PURGE)
                .bind(context.workspace)
                .bind(id)
                .execute(&mut *tx)
                .await?;
            if purged.rows_affected() != 1 {
                return Err(Error::not_found("client"));
            }
            self.store
                .record(&mut (&mut *tx).into(), context, now, &[record])
                .await?;
            Ok(())
        });
        outcome.map_err(|error| {
            if error.stored().map(store::Error::kind) == Some(store::ErrorKind::ForeignKey) {
                in_use()
            } else {
                error
            }
        })
    }

    /// The clients that were deleted before a time, the longest ago first.
    pub(in super::super) async fn deleted_before(
        &self,
        context: &Context,
        time: Timestamp,
        limit: u32,
    ) -> Result<Vec<ClientId>, Error> {
        reading!(self.store, context, |tx| {
            Ok(sqlx::query_scalar(DELETED_BEFORE)
                .bind(context.workspace)
                .bind(time)
                .bind(i64::from(limit))
                .fetch_all(&mut *tx)
                .await?)
        })
    }

    /// One page of deleted clients, the last deleted first.
    pub(in super::super) async fn deleted(
        &self,
        context: &Context,
        before: Option<Timestamp>,
        request: &PageRequest,
    ) -> Result<Page<DeletedClient>, Error> {
        let scope = format!("clients/{}/deleted", context.workspace);
        let (micros, id): (i64, ClientId) = match request.cursor() {
            Some(cursor) => cursor.key(&scope).map_err(wrong_cursor)?,
            None => (*TIMES.end(), ClientId::from_uuid(Uuid::max())),
        };
        // Anybody can forge a cursor, and PostgreSQL does not take every time.
        if !TIMES.contains(&micros) {
            return Err(wrong_cursor(InvalidCursor));
        }
        let rows: Vec<DeletedRow> = reading!(self.store, context, |tx| {
            Ok(sqlx::query_as(DELETED)
                .bind(context.workspace)
                .bind(before.unwrap_or(Timestamp::from_micros(*TIMES.end())))
                .bind(Timestamp::from_micros(micros))
                .bind(id)
                .bind(i64::from(request.limit()) + 1)
                .fetch_all(&mut *tx)
                .await?)
        })?;
        let key = |row: &DeletedRow| (row.deleted_at.as_micros(), row.id);
        let page = Page::from_rows(rows, request, &scope, key).map_err(wrong_cursor)?;
        Ok(page.map(|row| DeletedClient {
            id: row.id,
            version: row.version,
            deleted_at: row.deleted_at,
            legal_name: row.legal_name,
            trade_name: row.trade_name,
        }))
    }

    /// Who holds what a deleted client would need to come back.
    async fn holder_of_deleted(&self, context: &Context, id: ClientId) -> Result<Option<ClientId>, Error> {
        reading!(self.store, context, |tx| {
            let numbers: Option<(Option<String>, Option<String>)> = sqlx::query_as(DELETED_NUMBERS)
                .bind(context.workspace)
                .bind(id)
                .fetch_optional(&mut *tx)
                .await?;
            let (cnpj, cpf) = numbers.unwrap_or_default();
            for (statement, number) in [(BY_CNPJ, cnpj), (BY_CPF, cpf)] {
                let Some(number) = number else { continue };
                let holder: Option<ClientId> = sqlx::query_scalar(statement)
                    .bind(context.workspace)
                    .bind(number)
                    .fetch_optional(&mut *tx)
                    .await?;
                if holder.is_some() {
                    return Ok(holder);
                }
            }
            Ok(sqlx::query_scalar(BY_OWN_CONTACT)
                .bind(context.workspace)
                .bind(id)
                .fetch_optional(&mut *tx)
                .await?)
        })
    }
}

fn in_use() -> Error {
    let mut fields = Fields::default();
    fields.refuse("id", "in_use", "something else still refers to this client");
    fields.finish(()).err().unwrap_or(Error::new(ErrorKind::Internal))
}
