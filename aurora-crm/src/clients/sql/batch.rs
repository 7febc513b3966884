//! Many clients in one transaction.

use std::collections::{HashMap, HashSet};

use aurora_core::store::{Connection, execute_on, on_connection};
use aurora_core::time::Timestamp;
use sqlx::AssertSqlSafe;
use sqlx::types::Json;

use super::merge::hold;
use super::row::{Row, select};
use super::{SqlClients, UPDATE, batch_rows, bind_client, bind_content, rows};
use crate::clients::csv::{Draft, Fate, Given, Key, Policy, Refusal, Stored, Work, Write, decide};
use crate::clients::name::name_key;
use crate::clients::{Client, ClientId};
use crate::context::Context;
use crate::custom_fields::Rules;
use crate::error::{Error, ErrorKind};
use crate::store::placeholders::{places, values};

aurora_core::store::statements! {
    FORGET_STALE = "delete from client_external_ids where workspace_id = $1 and system = $2 and external_id = $3
        and not exists (select 1 from clients c where c.workspace_id = client_external_ids.workspace_id
            and c.id = client_external_ids.client_id and c.deleted_at is null)";
    FORGET_EXTERNAL_IDS = "delete from client_external_ids where workspace_id = $1 and client_id = $2";
}

/// Without values: their number is not known beforehand.
const INSERT_HEAD: &str = "insert into clients (workspace_id, id, kind, status, legal_name, name_key, trade_name, cnpj,
    cpf, birth_date, email, emails, phones, addresses, owner_id, source, tags, custom, version, created_at, updated_at)
    values ";
const INSERT_COLUMNS: usize = 21;
/// 21 × 500 stays below what SQLite (32,766) and PostgreSQL (65,535) take.
const INSERT_ROWS: usize = 500;
/// How often rows are decided on that others were faster about.
const ATTEMPTS: u32 = 3;

type MakeKey = fn(String) -> Key;

impl SqlClients {
    /// What is stored of what the rows mean.
    pub(in crate::clients) async fn find_batch(
        &self,
        connection: &mut Connection<'_>,
        context: &Context,
        drafts: &[Draft],
        open: &[usize],
        policy: &Policy,
    ) -> Result<Stored, Error> {
        let mut stored = Stored::default();
        let (mut cnpjs, mut cpfs, mut emails, mut externals) =
            (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let keys = open
            .iter()
            .filter_map(|row| drafts.get(*row))
            .flat_map(|draft| &draft.keys);
        let keys: HashSet<&Key> = keys.collect();
        for key in keys {
            match key {
                Key::Cnpj(text) => cnpjs.push(text.as_str()),
                Key::Cpf(text) => cpfs.push(text.as_str()),
                Key::Email(text) => emails.push(text.as_str()),
                Key::ExternalId(text) => externals.push(text.as_str()),
            }
        }
        let columns: [(&str, Vec<&str>, MakeKey); 3] = [
            ("cnpj", cnpjs, Key::Cnpj),
            ("cpf", cpfs, Key::Cpf),
            ("lower(email)", emails, Key::Email),
        ];
        for (column, texts, key) in columns {
            if texts.is_empty() {
                continue;
            }
            let sql = format!(
                "select {column}, id from clients where workspace_id = $1 and deleted_at is null and {column} in ({})",
                places(2, texts.len())
            );
            let rows: Vec<(String, ClientId)> = on_connection!(connection, |tx| async {
                let mut query = sqlx::query_as(AssertSqlSafe(sql.as_str())).bind(context.workspace);
                for text in &texts {
                    query = query.bind(*text);
                }
                query.fetch_all(&mut *tx).await
            })?;
            for (text, id) in rows {
                stored.holders.entry(key(text)).or_default().push(id);
            }
        }
        if !externals.is_empty() {
            self.find_external(connection, context, &externals, policy, &mut stored)
                .await?;
        }
        if policy.duplicates == crate::clients::csv::Duplicates::Update {
            stored.clients = self.load(connection, context, &stored).await?;
        }
        Ok(stored)
    }

    async fn find_external(
        &self,
        connection: &mut Connection<'_>,
        context: &Context,
        texts: &[&str],
        policy: &Policy,
        stored: &mut Stored,
    ) -> Result<(), Error> {
        let sql = format!(
            "select e.external_id, c.id from client_external_ids e
                left join clients c on c.workspace_id = e.workspace_id and c.id = e.client_id and c.deleted_at is null
                where e.workspace_id = $1 and e.system = $2 and e.external_id in ({})",
            places(3, texts.len())
        );
        let rows: Vec<(String, Option<ClientId>)> = on_connection!(connection, |tx| async {
            let mut query = sqlx::query_as(AssertSqlSafe(sql.as_str()))
                .bind(context.workspace)
                .bind(&policy.system);
            for text in texts {
                query = query.bind(*text);
            }
            query.fetch_all(&mut *tx).await
        })?;
        for (text, id) in rows {
            match id {
                Some(id) => stored.holders.entry(Key::ExternalId(text)).or_default().push(id),
                None => stored.stale.push(text),
            }
        }
        Ok(())
    }

    async fn load(
        &self,
        connection: &mut Connection<'_>,
        context: &Context,
        stored: &Stored,
    ) -> Result<HashMap<ClientId, Client>, Error> {
        let ids: Vec<ClientId> = stored.holders.values().flatten().copied().collect();
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let sql = format!("{}and c.id in ({})", select!(""), places(2, ids.len()));
        let rows: Vec<Row> = on_connection!(connection, |tx| async {
            let mut query = sqlx::query_as(AssertSqlSafe(sql.as_str())).bind(context.workspace);
            for id in &ids {
                query = query.bind(*id);
            }
            query.fetch_all(&mut *tx).await
        })?;
        let clients = rows.into_iter().map(Client::try_from);
        Ok(clients
            .map(|client| client.map(|client| (client.id, client)))
            .collect::<Result<_, _>>()?)
    }

    /// Stores a batch. What others store at the same time is respected: such rows are decided on again.
    pub(in crate::clients) async fn write_batch(
        &self,
        connection: &mut Connection<'_>,
        context: &Context,
        drafts: &[Draft],
        policy: &Policy,
        rules: &Rules,
        now: Timestamp,
    ) -> Result<(Vec<(usize, Fate)>, Vec<Write>), Error> {
        let mut open: Vec<usize> = (0..drafts.len()).collect();
        let (mut fates, mut written) = (Vec::with_capacity(drafts.len()), Vec::new());
        for _ in 0..ATTEMPTS {
            let stored = self
                .find_batch(connection, context, drafts, &open, policy)
                .await?;
            for external_id in &stored.stale {
                execute_on!(
                    connection,
                    sqlx::query(FORGET_STALE)
                        .bind(context.workspace)
                        .bind(&policy.system)
                        .bind(external_id)
                )?;
            }
            let given = Given {
                stored: &stored,
                policy,
                rules,
                seen: None,
                now,
            };
            let work = decide(drafts, &open, &given);
            let missed = self
                .write(connection, context, work, policy, &mut fates, &mut written)
                .await?;
            open = missed;
            if open.is_empty() {
                break;
            }
        }
        fates.extend(open.into_iter().map(|row| (row, Fate::Refused(Refusal::Changed))));
        Ok((fates, written))
    }

    /// Gives the rows that others were faster about.
    async fn write(
        &self,
        connection: &mut Connection<'_>,
        context: &Context,
        work: Work,
        policy: &Policy,
        fates: &mut Vec<(usize, Fate)>,
        written: &mut Vec<Write>,
    ) -> Result<Vec<usize>, Error> {
        fates.extend(work.fates);
        let (mut missed, mut kept) = (Vec::new(), Vec::with_capacity(work.writes.len()));
        for write in work.writes {
            let known = write.before.as_ref().filter(|_| !write.external_ids.is_empty());
            let is_there = match known.map(|before| before.id) {
                Some(id) => match hold(connection, context, id).await {
                    Ok(held) => held == id,
                    Err(error) if error.kind() == ErrorKind::NotFound => false,
                    Err(error) => return Err(error),
                },
                None => true,
            };
            if is_there {
                kept.push(write);
            } else {
                missed.extend(write.rows);
            }
        }
        let claimed = self.claim(connection, context, &kept, policy).await?;
        let (writes, beaten): (Vec<Write>, Vec<Write>) = kept
            .into_iter()
            .partition(|write| write.external_ids.iter().all(|id| claimed.contains(id)));
        for write in beaten {
            self.forget(connection, context, &write).await?;
            missed.extend(write.rows);
        }
        let (new, changed): (Vec<Write>, Vec<Write>) =
            writes.into_iter().partition(|write| write.before.is_none());
        for chunk in new.chunks(INSERT_ROWS) {
            let stored = self.insert_chunk(connection, context, chunk).await?;
            for write in chunk.iter().filter(|write| !stored.contains(&write.client.id)) {
                self.forget(connection, context, write).await?;
                missed.extend(&write.rows);
            }
        }
        let stored: Vec<&Client> = new
            .iter()
            .filter(|write| write.rows.first().is_some_and(|row| !missed.contains(row)))
            .map(|write| &write.client)
            .collect();
        batch_rows::add(connection, context, &stored).await?;
        for write in new {
            let Some((first, others)) = write.rows.split_first() else {
                continue;
            };
            if missed.contains(first) {
                continue;
            }
            fates.push((*first, Fate::Created));
            fates.extend(others.iter().map(|row| (*row, Fate::Updated)));
            written.push(write);
        }
        for write in changed {
            let before = write.before.as_ref().map_or(0, |before| before.version);
            let touched = write.differences().is_empty()
                || execute_on!(
                    connection,
                    bind_client!(UPDATE, context.workspace, &write.client).bind(before)
                )? > 0;
            if touched {
                if let Some(before) = &write.before {
                    rows::change(connection, context, before, &write.client).await?;
                }
                fates.extend(write.rows.iter().map(|row| (*row, Fate::Updated)));
                written.push(write);
            } else {
                missed.extend(write.rows);
            }
        }
        Ok(missed)
    }

    /// Takes external ids for clients, before these are stored; gives those that were free.
    async fn claim(
        &self,
        connection: &mut Connection<'_>,
        context: &Context,
        writes: &[Write],
        policy: &Policy,
    ) -> Result<HashSet<String>, Error> {
        let claims: Vec<(&str, ClientId)> = writes
            .iter()
            .flat_map(|write| write.external_ids.iter().map(|id| (id.as_str(), write.client.id)))
            .collect();
        let mut claimed = HashSet::with_capacity(claims.len());
        for chunk in claims.chunks(INSERT_ROWS) {
            let sql = format!(
                "insert into client_external_ids (workspace_id, system, external_id, client_id) values {}
                    on conflict do nothing returning external_id",
                values(chunk.len(), 4)
            );
            let rows: Vec<(String,)> = on_connection!(connection, |tx| async {
                let mut query = sqlx::query_as(AssertSqlSafe(sql.as_str()));
                for (external_id, client) in chunk {
                    query = query
                        .bind(context.workspace)
                        .bind(&policy.system)
                        .bind(*external_id)
                        .bind(*client);
                }
                query.fetch_all(&mut *tx).await
            })?;
            claimed.extend(rows.into_iter().map(|(external_id,)| external_id));
        }
        Ok(claimed)
    }

    /// Gives up the claims of a client that is not stored.
    async fn forget(
        &self,
        connection: &mut Connection<'_>,
        context: &Context,
        write: &Write,
    ) -> Result<(), Error> {
        if write.before.is_none() && !write.external_ids.is_empty() {
            execute_on!(
                connection,
                sqlx::query(FORGET_EXTERNAL_IDS)
                    .bind(context.workspace)
                    .bind(write.client.id)
            )?;
        }
        Ok(())
    }

    /// Stores new clients; gives those whose numbers were free.
    async fn insert_chunk(
        &self,
        connection: &mut Connection<'_>,
        context: &Context,
        chunk: &[Write],
    ) -> Result<HashSet<ClientId>, Error> {
        let sql = format!(
            "{INSERT_HEAD}{} on conflict do nothing returning id",
            values(chunk.len(), INSERT_COLUMNS)
        );
        let rows: Vec<(ClientId,)> = on_connection!(connection, |tx| async {
            let mut query = sqlx::query_as(AssertSqlSafe(sql.as_str()));
            for Write { client, .. } in chunk {
                query = query
                    .bind(context.workspace)
                    .bind(client.id)
                    .bind(client.kind.as_str());
                query = bind_content!(query, client)
                    .bind(client.created_at)
                    .bind(client.updated_at);
            }
            query.fetch_all(&mut *tx).await
        })?;
        Ok(rows.into_iter().map(|(id,)| id).collect())
    }
}
