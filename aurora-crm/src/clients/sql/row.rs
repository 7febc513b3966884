use aurora_core::store;
use aurora_core::time::Timestamp;
use serde_json::{Map, Value};
use sqlx::types::Json;

use super::super::{Address, Blocked, Client, ClientId, OwnerId};
use crate::contacts::{Email, Phone};

/// Selects living clients as [`Row`]s; `$1` is the workspace.
macro_rules! select {
    ($($rest:tt)+) => {
        $crate::clients::sql::row::select_from!("", $($rest)+)
    };
}

/// Selects living clients that other rows lead to.
macro_rules! select_from {
    ($from:literal, $($rest:tt)+) => {
        concat!(
            "select c.id, c.kind, c.status, c.legal_name, c.name_key, c.trade_name, c.cnpj, c.cpf, c.birth_date, c.email,
                c.emails, c.phones, c.addresses, c.owner_id, c.source, c.tags, c.custom, c.blocked_at,
                c.blocked_reason, c.version, c.created_at, c.updated_at from ",
            $from,
            " clients c where c.workspace_id = $1 and c.deleted_at is null ",
            $($rest)+
        )
    };
}

pub(super) use {select, select_from};

#[derive(Debug, sqlx::FromRow)]
pub(super) struct Row {
    pub(super) id: ClientId,
    kind: String,
    status: String,
    legal_name: String,
    pub(super) name_key: String,
    trade_name: Option<String>,
    cnpj: Option<String>,
    cpf: Option<String>,
    birth_date: Option<String>,
    email: Option<String>,
    emails: Json<Vec<Email>>,
    phones: Json<Vec<Phone>>,
    addresses: Json<Vec<Address>>,
    owner_id: Option<OwnerId>,
    source: Option<String>,
    tags: Json<Vec<String>>,
    custom: Json<Map<String, Value>>,
    blocked_at: Option<Timestamp>,
    blocked_reason: Option<String>,
    version: i64,
    pub(super) created_at: Timestamp,
    pub(super) updated_at: Timestamp,
}

impl TryFrom<Row> for Client {
    type Error = store::Error;

    fn try_from(row: Row) -> Result<Self, store::Error> {
        let corrupt = store::Error::corrupt;
        Ok(Self {
            id: row.id,
            kind: row.kind.parse().map_err(|error: &str| corrupt(error))?,
            status: row.status.parse().map_err(|error: &str| corrupt(error))?,
            legal_name: row.legal_name,
            trade_name: row.trade_name,
            cnpj: read(row.cnpj)?,
            cpf: read(row.cpf)?,
            birth_date: read(row.birth_date)?,
            email: read(row.email)?,
            emails: row.emails.0,
            phones: row.phones.0,
            addresses: row.addresses.0,
            owner: row.owner_id,
            source: row.source,
            tags: row.tags.0,
            custom: row.custom.0,
            blocked: row
                .blocked_at
                .zip(row.blocked_reason)
                .map(|(at, reason)| Blocked { at, reason }),
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

fn read<T>(text: Option<String>) -> Result<Option<T>, store::Error>
where
    T: std::str::FromStr<Err: std::error::Error + Send + Sync + 'static>,
{
    text.map(|text| text.parse())
        .transpose()
        .map_err(store::Error::corrupt)
}
