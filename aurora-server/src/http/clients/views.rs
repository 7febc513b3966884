//! The JSON of clients as programs outside rely on it: a change in the domain does not change it by accident.

use aurora_crm::clients::{Client, ClientKind};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// A company or a person that the workspace looks after.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Client)]
pub(super) struct ClientView {
    /// `cli_` and 32 hexadecimal digits.
    #[schema(example = "cli_0190a8b0c0de7000800000000000000a")]
    id: String,
    /// Grows by one with each change; also in the header `ETag`.
    #[schema(example = 1)]
    version: i64,
    /// Company (`pessoa jurídica`) or person (`pessoa física`).
    kind: Kind,
    /// The registered name of a company (`razão social`), or the full name of a person.
    legal_name: String,
    /// The name it is known by (`nome fantasia`).
    trade_name: Option<String>,
    /// A company's number, without its mask.
    cnpj: Option<String>,
    /// A person's number, without its mask.
    cpf: Option<String>,
    email: Option<String>,
    /// Phone numbers in E.164, the preferred one first.
    phones: Vec<String>,
    tags: Vec<String>,
    /// Fields of the workspace's own.
    #[schema(value_type = Object)]
    custom: Map<String, Value>,
    /// RFC 3339, UTC.
    #[schema(format = DateTime)]
    created_at: String,
    /// RFC 3339, UTC.
    #[schema(format = DateTime)]
    updated_at: String,
}

impl From<Client> for ClientView {
    fn from(client: Client) -> Self {
        Self {
            id: client.id.to_string(),
            version: client.version,
            kind: client.kind.into(),
            legal_name: client.legal_name,
            trade_name: client.trade_name,
            cnpj: client.cnpj.map(|cnpj| cnpj.plain().to_owned()),
            cpf: client.cpf.map(|cpf| cpf.plain().to_owned()),
            email: client.email.map(|email| email.as_str().to_owned()),
            phones: client
                .phones
                .iter()
                .map(|phone| phone.as_str().to_owned())
                .collect(),
            tags: client.tags,
            custom: client.custom,
            created_at: client.created_at.to_string(),
            updated_at: client.updated_at.to_string(),
        }
    }
}

/// Company or person.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ClientKind)]
pub(super) enum Kind {
    /// Has a CNPJ and no CPF.
    Company,
    /// Has a CPF and no CNPJ.
    Person,
}

impl From<ClientKind> for Kind {
    fn from(kind: ClientKind) -> Self {
        match kind {
            ClientKind::Company => Self::Company,
            ClientKind::Person => Self::Person,
        }
    }
}

/// One page of clients.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ClientPage {
    /// The clients in the list's order.
    pub(super) items: Vec<ClientView>,
    /// The cursor of the next page; null on the last.
    pub(super) next: Option<String>,
}

/// What is needed to make a client.
#[derive(Debug, ToSchema)]
#[schema(as = NewClient, example = json!({"kind": "company", "legal_name": "Padaria Pão Quente Ltda",
    "cnpj": "11.222.333/0001-81", "phones": ["(11) 98765-4321"], "tags": ["retail"]}))]
#[expect(dead_code, reason = "describes what the domain reads")]
pub(super) struct NewClientInput {
    kind: Kind,
    /// Up to 200 characters.
    legal_name: String,
    /// Up to 200 characters.
    trade_name: Option<String>,
    /// With or without its mask, numeric or alphanumeric; companies only.
    cnpj: Option<String>,
    /// With or without its mask; people only.
    cpf: Option<String>,
    email: Option<String>,
    /// Up to 10, in E.164 or as Brazilians write them.
    #[schema(required = false)]
    phones: Vec<String>,
    /// Up to 50 of 50 characters.
    #[schema(required = false)]
    tags: Vec<String>,
    /// Up to 64 keys, 5 levels and 16 KiB.
    #[schema(value_type = Object, required = false)]
    custom: Map<String, Value>,
}

/// What to change in a client: a missing field keeps, `null` clears, a value sets.
#[derive(Debug, ToSchema)]
#[schema(as = ClientChange, example = json!({"trade_name": "Pão Quente", "email": null}))]
#[expect(dead_code, reason = "describes what the domain reads")]
pub(super) struct ClientChangeInput {
    /// Cannot be cleared.
    #[schema(required = false)]
    legal_name: String,
    trade_name: Option<String>,
    cnpj: Option<String>,
    cpf: Option<String>,
    email: Option<String>,
    phones: Option<Vec<String>>,
    tags: Option<Vec<String>>,
    #[schema(value_type = Option<Object>)]
    custom: Option<Map<String, Value>>,
}
