//! Clients as rows: the only part of the aggregate that knows sqlx.

mod batch;
mod batch_rows;
mod blocking;
mod deleted;
mod duplicates;
mod imports;
mod list;
mod merge;
mod names;
mod notes;
mod reach;
pub(crate) mod references;
mod row;
mod rows;
mod search;
mod tags;

use aurora_core::store::{self, Connection, execute_on, on_connection};
use aurora_core::time::Timestamp;
use sqlx::types::Json;

use super::name::name_key;
use super::{Client, ClientId};
use crate::context::Context;
use crate::custom_fields::sql::rules;
use crate::custom_fields::{CustomFieldTarget, Rules};
use crate::error::Error;
use crate::journal::Record;
use crate::store::{Store, reading, writing};
use row::{Row, select};

#[cfg(test)]
pub(crate) use self::ALL as STATEMENTS;
pub(crate) use self::blocking::is_blocked_in;
#[cfg(test)]
pub(super) use self::list::scope;
pub(crate) use self::merge::hold;
#[cfg(test)]
pub(crate) use self::{
    batch::ALL as BATCH, blocking::ALL as BLOCKING, deleted::ALL as DELETED, duplicates::ALL as DUPLICATES,
    imports::ALL as IMPORTS, list::ALL as LIST, merge::ALL as MERGE, names::ALL as NAMES,
    notes::ALL as NOTES, reach::ALL as REACH, rows::ALL as ROWS, search::ALL as SEARCH, tags::ALL as TAGS,
};

aurora_core::store::statements! {
    INSERT = "insert into clients (workspace_id, id, kind, status, legal_name, name_key, trade_name, cnpj, cpf, birth_date,
            email, emails, phones, addresses, owner_id, source, tags, custom, version, created_at, updated_at)
        values ($1, $2, $21, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $20, $19)";
    GET = select!("and c.id = $2");
    MERGED_INTO = select!("and c.id = (select m.merged_into from clients m where m.workspace_id = $1 and m.id = $2)");
    UPDATE = "update clients set status = $3, legal_name = $4, name_key = $5, trade_name = $6, cnpj = $7, cpf = $8,
            birth_date = $9, email = $10, emails = $11, phones = $12, addresses = $13, owner_id = $14, source = $15,
            tags = $16, custom = $17, version = $18, updated_at = $19
        where workspace_id = $1 and id = $2 and version = $20 and deleted_at is null";
    DELETE = "update clients set deleted_at = $4, updated_at = $4, version = version + 1
        where workspace_id = $1 and id = $2 and version = $3 and deleted_at is null";
    DELETE_CONTACTS = "update client_contacts set deleted_at = $3 where workspace_id = $1 and client_id = $2";
    VERSION = "select version from clients where workspace_id = $1 and id = $2 and deleted_at is null";
    BY_CNPJ = "select id from clients where workspace_id = $1 and cnpj = $2 and deleted_at is null";
    BY_CPF = "select id from clients where workspace_id = $1 and cpf = $2 and deleted_at is null";
}

/// Binds what a client consists of, from its status to its version, in the order of the columns.
macro_rules! bind_content {
    ($query:expr, $client:expr) => {{
        let client: &Client = $client;
        $query
            .bind(client.status.as_str())
            .bind(&client.legal_name)
            .bind(name_key(&client.legal_name))
            .bind(client.trade_name.as_deref())
            .bind(client.cnpj.as_ref().map(|cnpj| cnpj.plain()))
            .bind(client.cpf.as_ref().map(|cpf| cpf.plain()))
            .bind(client.birth_date.map(|day| day.to_string()))
            .bind(client.email.as_ref().map(|email| email.as_str()))
            .bind(Json(&client.emails))
            .bind(Json(&client.phones))
            .bind(Json(&client.addresses))
            .bind(client.owner)
            .bind(client.source.as_deref())
            .bind(Json(&client.tags))
            .bind(Json(&client.custom))
            .bind(client.version)
    }};
}

/// Binds what an insert and an update have in common, `$1` to `$19`.
macro_rules! bind_client {
    ($statement:expr, $workspace:expr, $client:expr) => {{
        let client: &Client = $client;
        let query = sqlx::query($statement).bind($workspace).bind(client.id);
        $crate::clients::sql::bind_content!(query, client).bind(client.updated_at)
    }};
}

use {bind_client, bind_content};

/// How often a write is tried when the duplicate it met is deleted before it can be named.
const ATTEMPTS: u32 = 3;

/// Stores a new client in a transaction of somebody else's, who records what it gives.
pub(crate) async fn insert_in(
    tx: &mut Connection<'_>,
    context: &Context,
    client: &Client,
) -> Result<Record, store::Error> {
    execute_on!(
        tx,
        bind_client!(INSERT, context.workspace, client)
            .bind(client.created_at)
            .bind(client.kind.as_str())
    )?;
    rows::add(tx, context, client).await?;
    let record = Record::new("client.created", "client", client.id, client.created_at);
    Ok(record.with("kind", client.kind.as_str()))
}

/// Why a change touched no row, by the version that `version` finds now.
async fn missed(
    tx: &mut Connection<'_>,
    context: &Context,
    id: ClientId,
    version: &'static str,
) -> Result<Error, store::Error> {
    let version: Option<i64> = on_connection!(tx, |tx| sqlx::query_scalar(version)
        .bind(context.workspace)
        .bind(id)
        .fetch_optional(&mut *tx))?;
    Ok(version.map_or(Error::not_found("client"), |now| Error::conflict("client", now)))
}

/// Clients as rows.
#[derive(Debug, Clone)]
pub(super) struct SqlClients {
    pub(super) store: Store,
}

impl SqlClients {
    /// Stores the client that `decide` makes of the rules for the workspace's own fields.
    pub(super) async fn insert(
        &self,
        context: &Context,
        decide: impl Fn(&Rules) -> Result<Client, Error> + Send + Sync,
    ) -> Result<Client, Error> {
        let mut attempt = 1;
        loop {
            let mut decided = None;
            let outcome = self.try_insert(context, &decide, &mut decided).await;
            let Err(refused) = outcome else { return outcome };
            if refused.stored().map(store::Error::kind) == Some(store::ErrorKind::ForeignKey) {
                return Err(Error::not_found("workspace"));
            }
            self.name_holder(context, decided.as_ref(), refused, &mut attempt)
                .await?;
        }
    }

    async fn try_insert(
        &self,
        context: &Context,
        decide: &(impl Fn(&Rules) -> Result<Client, Error> + Send + Sync),
        decided: &mut Option<Client>,
    ) -> Result<Client, Error> {
        writing!(self.store, context, |tx| {
            let rules = rules(&mut (&mut *tx).into(), context, CustomFieldTarget::Client).await?;
            let client = decide(&rules)?;
            *decided = Some(client.clone());
            let record = insert_in(&mut (&mut *tx).into(), context, &client).await?;
            let now = client.created_at;
            self.store
                .record(&mut (&mut *tx).into(), context, now, &[record])
                .await?;
            Ok(client)
        })
    }

    /// One living client, also under the id of one that was merged into it.
    pub(super) async fn get(&self, context: &Context, id: ClientId) -> Result<Client, Error> {
        let row: Option<Row> = reading!(self.store, context, |tx| {
            let found = sqlx::query_as(GET)
                .bind(context.workspace)
                .bind(id)
                .fetch_optional(&mut *tx)
                .await?;
            if found.is_some() {
                return Ok(found);
            }
            Ok(sqlx::query_as(MERGED_INTO)
                .bind(context.workspace)
                .bind(id)
                .fetch_optional(&mut *tx)
                .await?)
        })?;
        Ok(row.ok_or(Error::not_found("client"))?.try_into()?)
    }

    /// Puts what `decide` makes of the client in the place of the version that is expected.
    pub(super) async fn update(
        &self,
        context: &Context,
        id: ClientId,
        expected: i64,
        decide: impl Fn(&Client, &Rules) -> Result<Client, Error> + Send + Sync,
    ) -> Result<Client, Error> {
        let mut attempt = 1;
        loop {
            let mut decided = None;
            let outcome = self
                .try_update(context, id, expected, &decide, &mut decided)
                .await;
            let Err(refused) = outcome else { return outcome };
            self.name_holder(context, decided.as_ref(), refused, &mut attempt)
                .await?;
        }
    }

    async fn try_update(
        &self,
        context: &Context,
        id: ClientId,
        expected: i64,
        decide: &(impl Fn(&Client, &Rules) -> Result<Client, Error> + Send + Sync),
        decided: &mut Option<Client>,
    ) -> Result<Client, Error> {
        writing!(self.store, context, |tx| {
            let row: Option<Row> = sqlx::query_as(GET)
                .bind(context.workspace)
                .bind(id)
                .fetch_optional(&mut *tx)
                .await?;
            let current = Client::try_from(row.ok_or(Error::not_found("client"))?)?;
            if current.version != expected {
                return Err(Error::conflict("client", current.version));
            }
            let rules = rules(&mut (&mut *tx).into(), context, CustomFieldTarget::Client).await?;
            let changed = decide(&current, &rules)?;
            *decided = Some(changed.clone());
            let done = bind_client!(UPDATE, context.workspace, &changed)
                .bind(expected)
                .execute(&mut *tx)
                .await?;
            if done.rows_affected() == 0 {
                // Somebody was faster between the two statements.
                return Err(missed(&mut (&mut *tx).into(), context, id, VERSION).await?);
            }
            rows::change(&mut (&mut *tx).into(), context, &current, &changed).await?;
            let now = changed.updated_at;
            let record = Record::new("client.updated", "client", id, now)
                .with("version", changed.version)
                .with("changed", current.differences(&changed));
            self.store
                .record(&mut (&mut *tx).into(), context, now, &[record])
                .await?;
            Ok(changed)
        })
    }

    /// Marks the version that is expected as deleted.
    pub(super) async fn delete(
        &self,
        context: &Context,
        id: ClientId,
        expected: i64,
        now: Timestamp,
    ) -> Result<(), Error> {
        let record = Record::new("client.deleted", "client", id, now);
        writing!(self.store, context, |tx| {
            let done = sqlx::query(DELETE)
                .bind(context.workspace)
                .bind(id)
                .bind(expected)
                .bind(now)
                .execute(&mut *tx)
                .await?;
            if done.rows_affected() == 0 {
                return Err(missed(&mut (&mut *tx).into(), context, id, VERSION).await?);
            }
            sqlx::query(DELETE_CONTACTS)
                .bind(context.workspace)
                .bind(id)
                .bind(now)
                .execute(&mut *tx)
                .await?;
            self.store
                .record(&mut (&mut *tx).into(), context, now, &[record])
                .await?;
            Ok(())
        })
    }

    /// Tells who holds the CNPJ or CPF that a write was refused for, or that it is to be tried again.
    async fn name_holder(
        &self,
        context: &Context,
        decided: Option<&Client>,
        refused: Error,
        attempt: &mut u32,
    ) -> Result<(), Error> {
        let (Some(client), Some(cause)) = (decided, refused.stored()) else {
            return Err(refused);
        };
        if cause.kind() != store::ErrorKind::Conflict {
            return Err(refused);
        }
        let (statement, number) = match (cause.constraint(), &client.cnpj, &client.cpf) {
            (Some("clients_workspace_id_cnpj_key"), Some(cnpj), _) => (BY_CNPJ, cnpj.plain()),
            (Some("clients_workspace_id_cpf_key"), _, Some(cpf)) => (BY_CPF, cpf.plain()),
            _ => return Err(refused),
        };
        let holder: Option<ClientId> = reading!(self.store, context, |tx| {
            Ok(sqlx::query_scalar(statement)
                .bind(context.workspace)
                .bind(number)
                .fetch_optional(&mut *tx)
                .await?)
        })?;
        match holder {
            Some(existing) => Err(Error::already_exists("client", existing)),
            None if *attempt == ATTEMPTS => Err(refused),
            None => {
                *attempt += 1;
                Ok(())
            }
        }
    }
}
