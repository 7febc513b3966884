//! The JSON of clients as programs outside rely on it: a change in the domain does not change it by accident.

use aurora_crm::clients::{Address, Blocked, Client, ClientKind, ClientNote, ClientStatus};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// A company or a person that the workspace looks after.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Client)]
pub(crate) struct ClientView {
    /// `cli_` and 32 hexadecimal digits.
    #[schema(example = "cli_0190a8b0c0de7000800000000000000a")]
    id: String,
    /// Grows by one with each change; also in the header `ETag`.
    #[schema(example = 1)]
    version: i64,
    /// Company (`pessoa jurídica`) or person (`pessoa física`).
    kind: Kind,
    /// Where it stands with the workspace.
    #[schema(value_type = Status)]
    status: ClientStatus,
    /// The registered name of a company (`razão social`), or the full name of a person.
    legal_name: String,
    /// The name it is known by (`nome fantasia`).
    trade_name: Option<String>,
    /// A company's number, without its mask.
    cnpj: Option<String>,
    /// A person's number, without its mask.
    cpf: Option<String>,
    /// The day on which a person was born.
    #[schema(format = Date)]
    birth_date: Option<String>,
    /// Where to write.
    email: Option<String>,
    /// Further addresses to write to.
    emails: Vec<String>,
    /// Phone numbers in E.164, the preferred one first.
    phones: Vec<String>,
    /// Where to send things, the main address first.
    #[schema(value_type = Vec<PostalAddress>)]
    addresses: Vec<Address>,
    /// `usr_…`: who looks after it.
    owner: Option<String>,
    /// Where it came from, such as `site` or `indicação`.
    source: Option<String>,
    /// Labels, in the order given.
    tags: Vec<String>,
    /// Fields of the workspace's own.
    #[schema(value_type = Object)]
    custom: Map<String, Value>,
    /// Since when and why its data may not be used (`bloqueio`, LGPD art. 18, IV); null when it may.
    blocked: Option<BlockedView>,
    /// RFC 3339, UTC.
    #[schema(format = DateTime)]
    created_at: String,
    /// RFC 3339, UTC.
    #[schema(format = DateTime)]
    updated_at: String,
}

impl From<Client> for ClientView {
    fn from(client: Client) -> Self {
        let text = |email: &aurora_crm::contacts::Email| email.as_str().to_owned();
        Self {
            id: client.id.to_string(),
            version: client.version,
            kind: client.kind.into(),
            status: client.status,
            legal_name: client.legal_name,
            trade_name: client.trade_name,
            cnpj: client.cnpj.map(|cnpj| cnpj.plain().to_owned()),
            cpf: client.cpf.map(|cpf| cpf.plain().to_owned()),
            birth_date: client.birth_date.map(|day| day.to_string()),
            email: client.email.as_ref().map(text),
            emails: client.emails.iter().map(text).collect(),
            phones: client
                .phones
                .iter()
                .map(|phone| phone.as_str().to_owned())
                .collect(),
            addresses: client.addresses,
            owner: client.owner.map(|owner| owner.to_string()),
            source: client.source,
            tags: client.tags,
            custom: client.custom,
            blocked: client.blocked.map(Into::into),
            created_at: client.created_at.to_string(),
            updated_at: client.updated_at.to_string(),
        }
    }
}

/// Company or person.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ClientKind)]
pub(crate) enum Kind {
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

/// Where a client stands with the workspace.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ClientStatus)]
#[expect(dead_code, reason = "describes what the domain reads and writes")]
pub(crate) enum Status {
    /// Business is done (`ativo`).
    Active,
    /// No business is done any more (`inativo`).
    Inactive,
    /// No business is to be done (`bloqueado`).
    Blocked,
}

/// That nothing may be done with the data of a client but keep it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Blocked)]
pub(crate) struct BlockedView {
    /// Since when: RFC 3339, UTC.
    #[schema(format = DateTime)]
    at: String,
    /// Why, in one line.
    reason: String,
}

impl From<Blocked> for BlockedView {
    fn from(blocked: Blocked) -> Self {
        Self {
            at: blocked.at.to_string(),
            reason: blocked.reason,
        }
    }
}

/// A postal address (`endereço`).
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PostalAddress {
    /// Street (`logradouro`), up to 200 characters.
    street: Option<String>,
    /// House number, or `s/n`.
    number: Option<String>,
    /// Flat, floor, block (`complemento`).
    complement: Option<String>,
    /// District (`bairro`).
    district: Option<String>,
    /// City (`município`).
    city: Option<String>,
    /// State (`UF`): two letters in Brazil.
    #[schema(example = "SP")]
    state: Option<String>,
    /// Postal code (`CEP`): 8 digits in Brazil.
    #[schema(example = "01310200")]
    postal_code: Option<String>,
    /// The municipality's number of 7 digits given by the IBGE; Brazil only.
    ibge_code: Option<String>,
    /// ISO 3166-1 alpha-2; `BR` unless told.
    #[schema(required = false, example = "BR")]
    country: String,
}

/// One page of clients.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ClientPage {
    /// The clients in the list's order.
    pub(crate) items: Vec<ClientView>,
    /// The cursor of the next page; null on the last.
    pub(crate) next: Option<String>,
}

/// What is needed to make a client.
#[derive(Debug, ToSchema)]
#[schema(as = NewClient, example = json!({"kind": "company", "legal_name": "Padaria Pão Quente Ltda",
    "cnpj": "11.222.333/0001-81", "phones": ["(11) 98765-4321"], "tags": ["retail"]}))]
#[expect(dead_code, reason = "describes what the domain reads")]
pub(crate) struct NewClientInput {
    kind: Kind,
    /// Active unless told.
    #[schema(required = false)]
    status: Status,
    /// Up to 200 characters.
    legal_name: String,
    /// Up to 200 characters.
    trade_name: Option<String>,
    /// With or without its mask, numeric or alphanumeric; companies only.
    cnpj: Option<String>,
    /// With or without its mask; people only.
    cpf: Option<String>,
    /// `1990-02-28` or `28/02/1990`; people only.
    birth_date: Option<String>,
    /// Where to write.
    email: Option<String>,
    /// Up to 10 further ones.
    #[schema(required = false)]
    emails: Vec<String>,
    /// Up to 10, in E.164 or as Brazilians write them.
    #[schema(required = false)]
    phones: Vec<String>,
    /// Up to 10.
    #[schema(required = false)]
    addresses: Vec<PostalAddress>,
    /// `usr_…`: who looks after it.
    owner: Option<String>,
    /// Where it came from, up to 100 characters.
    source: Option<String>,
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
pub(crate) struct ClientChangeInput {
    /// Cannot be cleared.
    #[schema(required = false)]
    legal_name: String,
    /// Where it stands.
    status: Option<Status>,
    trade_name: Option<String>,
    cnpj: Option<String>,
    cpf: Option<String>,
    birth_date: Option<String>,
    email: Option<String>,
    emails: Option<Vec<String>>,
    phones: Option<Vec<String>>,
    addresses: Option<Vec<PostalAddress>>,
    owner: Option<String>,
    source: Option<String>,
    tags: Option<Vec<String>>,
    #[schema(value_type = Option<Object>)]
    custom: Option<Map<String, Value>>,
}

/// Something that somebody wrote down about a client.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ClientNote)]
pub(crate) struct NoteView {
    /// `cno_` and 32 hexadecimal digits.
    id: String,
    /// `cli_…`: about whom it is.
    client: String,
    /// Who wrote it.
    author: String,
    /// What it says.
    text: String,
    /// Grows by one with each change; also in the header `ETag`.
    version: i64,
    /// RFC 3339, UTC.
    #[schema(format = DateTime)]
    created_at: String,
    /// RFC 3339, UTC.
    #[schema(format = DateTime)]
    updated_at: String,
}

impl From<ClientNote> for NoteView {
    fn from(note: ClientNote) -> Self {
        Self {
            id: note.id.to_string(),
            client: note.client.to_string(),
            author: note.author,
            text: note.text,
            version: note.version,
            created_at: note.created_at.to_string(),
            updated_at: note.updated_at.to_string(),
        }
    }
}

/// The text of a note.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NoteText, example = json!({"text": "Prefere ligação de manhã"}))]
pub(crate) struct NoteText {
    /// 1 to 10,000 characters, with line breaks.
    pub(crate) text: String,
}
