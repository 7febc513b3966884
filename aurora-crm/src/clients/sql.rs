use async_trait::async_trait;
use aurora_core::id::Id;
use aurora_core::page::{Cursor, InvalidCursor, Page, PageRequest};
use aurora_core::store::{self, Database, execute, on_reader};
use aurora_core::time::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use sqlx::types::{Json, Uuid};

use super::name::name_key;
use super::{Client, ClientFilter, ClientId, ClientOrder, ClientRepository, wrong_cursor};
use crate::contacts::Phone;
use crate::context::Context;
use crate::error::Error;

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "select id, kind, legal_name, name_key, trade_name, cnpj, cpf, email, phones, tags, custom, version,
                created_at, updated_at from clients where workspace_id = $1 and deleted_at is null ",
            $rest
        )
    };
}

aurora_core::store::statements! {
    INSERT = "insert into clients (workspace_id, id, kind, legal_name, name_key, trade_name, cnpj, cpf, email, phones,
            tags, custom, version, created_at, updated_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)";
    GET = select!("and id = $2");
    UPDATE = "update clients set legal_name = $4, name_key = $5, trade_name = $6, cnpj = $7, cpf = $8, email = $9,
            phones = $10, tags = $11, custom = $12, version = $13, updated_at = $14
        where workspace_id = $1 and id = $2 and version = $3 and deleted_at is null";
    DELETE = "update clients set deleted_at = $4, updated_at = $4, version = version + 1
        where workspace_id = $1 and id = $2 and version = $3 and deleted_at is null";
    VERSION = "select version from clients where workspace_id = $1 and id = $2 and deleted_at is null";
    BY_CNPJ = "select id from clients where workspace_id = $1 and cnpj = $2 and deleted_at is null";
    BY_CPF = "select id from clients where workspace_id = $1 and cpf = $2 and deleted_at is null";
    NEWEST = select!("and (created_at, id) < ($2, $3) order by created_at desc, id desc limit $4");
    NEWEST_OF_KIND =
        select!("and kind = $5 and (created_at, id) < ($2, $3) order by created_at desc, id desc limit $4");
    BY_NAME = select!("and (name_key, id) > ($2, $3) order by name_key, id limit $4");
    BY_NAME_OF_KIND = select!("and kind = $5 and (name_key, id) > ($2, $3) order by name_key, id limit $4");
}

/// Earlier than anything that is stored: 0001-01-01.
const START_OF_TIME: Timestamp = Timestamp::from_secs(-62_135_596_800);
/// Later than anything that is stored: 9999-12-31.
const END_OF_TIME: Timestamp = Timestamp::from_secs(253_402_214_400);
/// How often an insert is tried when the duplicate it met is deleted before it can be named.
const ATTEMPTS: u32 = 3;

/// Clients in SQLite or PostgreSQL.
#[derive(Debug, Clone)]
pub struct SqlClients {
    database: Database,
}

impl SqlClients {
    /// Takes a database whose schema is up to date.
    #[must_use]
    pub const fn new(database: Database) -> Self {
        Self { database }
    }

    /// Names the living client that holds the CNPJ or CPF that a write was refused for; `None` when it is gone.
    async fn holder(
        &self,
        context: &Context,
        client: &Client,
        refused: &store::Error,
    ) -> Result<Option<ClientId>, Error> {
        let (statement, number) = match (refused.constraint(), &client.cnpj, &client.cpf) {
            (Some("clients_workspace_id_cnpj_key"), Some(cnpj), _) => (BY_CNPJ, cnpj.plain()),
            (Some("clients_workspace_id_cpf_key"), _, Some(cpf)) => (BY_CPF, cpf.plain()),
            _ => return Ok(None),
        };
        Ok(on_reader!(self.database, |pool| sqlx::query_scalar(statement)
            .bind(context.workspace)
            .bind(number)
            .fetch_optional(pool))?)
    }

    /// Tells why a write that names a version touched no row.
    async fn untouched(&self, context: &Context, id: ClientId) -> Error {
        let version: Result<Option<i64>, store::Error> =
            on_reader!(self.database, |pool| sqlx::query_scalar(VERSION)
                .bind(context.workspace)
                .bind(id)
                .fetch_optional(pool));
        match version {
            Ok(Some(version)) => Error::conflict("client", version),
            Ok(None) => Error::not_found("client"),
            Err(error) => error.into(),
        }
    }

    async fn try_insert(&self, context: &Context, client: &Client) -> Result<u64, store::Error> {
        execute!(
            self.database,
            sqlx::query(INSERT)
                .bind(context.workspace)
                .bind(client.id)
                .bind(client.kind.as_str())
                .bind(&client.legal_name)
                .bind(name_key(&client.legal_name))
                .bind(client.trade_name.as_deref())
                .bind(client.cnpj.as_ref().map(|cnpj| cnpj.plain()))
                .bind(client.cpf.as_ref().map(|cpf| cpf.plain()))
                .bind(client.email.as_ref().map(|email| email.as_str()))
                .bind(Json(&client.phones))
                .bind(Json(&client.tags))
                .bind(Json(&client.custom))
                .bind(client.version)
                .bind(client.created_at)
                .bind(client.updated_at)
        )
    }

    async fn try_update(
        &self,
        context: &Context,
        client: &Client,
        expected: i64,
    ) -> Result<u64, store::Error> {
        execute!(
            self.database,
            sqlx::query(UPDATE)
                .bind(context.workspace)
                .bind(client.id)
                .bind(expected)
                .bind(&client.legal_name)
                .bind(name_key(&client.legal_name))
                .bind(client.trade_name.as_deref())
                .bind(client.cnpj.as_ref().map(|cnpj| cnpj.plain()))
                .bind(client.cpf.as_ref().map(|cpf| cpf.plain()))
                .bind(client.email.as_ref().map(|email| email.as_str()))
                .bind(Json(&client.phones))
                .bind(Json(&client.tags))
                .bind(Json(&client.custom))
                .bind(client.version)
                .bind(client.updated_at)
        )
    }
}

/// Where a page ended. Anybody can forge a cursor, so what a database could not take is refused here.
fn key<K: DeserializeOwned>(
    cursor: &Cursor,
    scope: &str,
    is_storable: impl Fn(&K) -> bool,
) -> Result<K, Error> {
    let key = cursor.key::<K>(scope).map_err(wrong_cursor)?;
    if is_storable(&key) {
        Ok(key)
    } else {
        Err(wrong_cursor(InvalidCursor))
    }
}

#[derive(Debug, sqlx::FromRow)]
struct Row {
    id: ClientId,
    kind: String,
    legal_name: String,
    name_key: String,
    trade_name: Option<String>,
    cnpj: Option<String>,
    cpf: Option<String>,
    email: Option<String>,
    phones: Json<Vec<Phone>>,
    tags: Json<Vec<String>>,
    custom: Json<Map<String, Value>>,
    version: i64,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl TryFrom<Row> for Client {
    type Error = store::Error;

    fn try_from(row: Row) -> Result<Self, store::Error> {
        let corrupt = store::Error::corrupt;
        Ok(Self {
            id: row.id,
            kind: row.kind.parse().map_err(|error: &str| corrupt(error))?,
            legal_name: row.legal_name,
            trade_name: row.trade_name,
            cnpj: row
                .cnpj
                .map(|text| text.parse())
                .transpose()
                .map_err(store::Error::corrupt)?,
            cpf: row
                .cpf
                .map(|text| text.parse())
                .transpose()
                .map_err(store::Error::corrupt)?,
            email: row
                .email
                .map(|text| text.parse())
                .transpose()
                .map_err(store::Error::corrupt)?,
            phones: row.phones.0,
            tags: row.tags.0,
            custom: row.custom.0,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

#[async_trait]
impl ClientRepository for SqlClients {
    async fn insert(&self, context: &Context, client: &Client) -> Result<(), Error> {
        let mut attempt = 1;
        loop {
            let Err(refused) = self.try_insert(context, client).await else {
                return Ok(());
            };
            match refused.kind() {
                store::ErrorKind::ForeignKey => return Err(Error::not_found("workspace")),
                store::ErrorKind::Conflict => {}
                _ => return Err(refused.into()),
            }
            match self.holder(context, client, &refused).await? {
                Some(existing) => return Err(Error::already_exists("client", existing)),
                None if attempt == ATTEMPTS => return Err(refused.into()),
                None => attempt += 1,
            }
        }
    }

    async fn get(&self, context: &Context, id: ClientId) -> Result<Client, Error> {
        let row: Option<Row> = on_reader!(self.database, |pool| sqlx::query_as(GET)
            .bind(context.workspace)
            .bind(id)
            .fetch_optional(pool))?;
        Ok(row.ok_or(Error::not_found("client"))?.try_into()?)
    }

    async fn update(&self, context: &Context, client: &Client, expected_version: i64) -> Result<(), Error> {
        let mut attempt = 1;
        loop {
            let refused = match self.try_update(context, client, expected_version).await {
                Ok(0) => return Err(self.untouched(context, client.id).await),
                Ok(_) => return Ok(()),
                Err(error) if error.kind() == store::ErrorKind::Conflict => error,
                Err(error) => return Err(error.into()),
            };
            match self.holder(context, client, &refused).await? {
                Some(existing) => return Err(Error::already_exists("client", existing)),
                None if attempt == ATTEMPTS => return Err(refused.into()),
                None => attempt += 1,
            }
        }
    }

    async fn delete(
        &self,
        context: &Context,
        id: ClientId,
        expected_version: i64,
        now: Timestamp,
    ) -> Result<(), Error> {
        let touched = execute!(
            self.database,
            sqlx::query(DELETE)
                .bind(context.workspace)
                .bind(id)
                .bind(expected_version)
                .bind(now)
        )?;
        if touched == 0 {
            Err(self.untouched(context, id).await)
        } else {
            Ok(())
        }
    }

    async fn page(
        &self,
        context: &Context,
        filter: &ClientFilter,
        request: &PageRequest,
    ) -> Result<Page<Client>, Error> {
        let kind = filter.kind.map(|kind| kind.as_str());
        let scope = format!(
            "clients/{}/{:?}/{}",
            context.workspace,
            filter.order,
            kind.unwrap_or("all")
        );
        let limit = i64::from(request.limit()) + 1;
        let cursor = request.cursor();
        let rows: Vec<Row> = match filter.order {
            ClientOrder::Newest => {
                let times = START_OF_TIME.as_micros()..=END_OF_TIME.as_micros();
                let (micros, id) = match cursor {
                    Some(cursor) => key(cursor, &scope, |(micros, _): &(i64, ClientId)| {
                        times.contains(micros)
                    })?,
                    None => (END_OF_TIME.as_micros(), Id::from_uuid(Uuid::max())),
                };
                let statement = if kind.is_some() { NEWEST_OF_KIND } else { NEWEST };
                on_reader!(self.database, |pool| {
                    let query = sqlx::query_as(statement).bind(context.workspace);
                    let query = query.bind(Timestamp::from_micros(micros)).bind(id).bind(limit);
                    if let Some(kind) = kind {
                        query.bind(kind)
                    } else {
                        query
                    }
                    .fetch_all(pool)
                })?
            }
            ClientOrder::Name => {
                let (name, id) = match cursor {
                    Some(cursor) => key(cursor, &scope, |(name, _): &(String, ClientId)| {
                        !name.contains('\0')
                    })?,
                    None => (String::new(), Id::from_uuid(Uuid::nil())),
                };
                let statement = if kind.is_some() { BY_NAME_OF_KIND } else { BY_NAME };
                on_reader!(self.database, |pool| {
                    let query = sqlx::query_as(statement).bind(context.workspace);
                    let query = query.bind(&name).bind(id).bind(limit);
                    if let Some(kind) = kind {
                        query.bind(kind)
                    } else {
                        query
                    }
                    .fetch_all(pool)
                })?
            }
        };
        let page = match filter.order {
            ClientOrder::Newest => Page::from_rows(rows, request, &scope, |row: &Row| {
                (row.created_at.as_micros(), row.id)
            }),
            ClientOrder::Name => {
                Page::from_rows(rows, request, &scope, |row: &Row| (row.name_key.clone(), row.id))
            }
        };
        let Page { items, next } = page.map_err(wrong_cursor)?;
        let items = items
            .into_iter()
            .map(Client::try_from)
            .collect::<Result<_, _>>()?;
        Ok(Page { items, next })
    }
}
