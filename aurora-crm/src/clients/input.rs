use std::fmt;

use aurora_core::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Address, Client, ClientChange, ClientId, ClientKind, ClientStatus, OwnerId};
use crate::custom_fields::Rules;
use crate::error::Error;
use crate::fields::{Change, Fields};

/// What is needed to make a client, as somebody typed it.
///
/// `kind` and `legal_name` are required. Names have up to 200 characters, a source up to 100; there are up to 10 phones,
/// 10 further e-mail addresses, 10 addresses and 50 tags of 50 characters, and `custom` is a JSON object of up to 64 keys, 5 levels and 16 KiB, in which a whole number that fits
/// into 64 bits is kept as such and any other number as a 64-bit float. An empty text counts as absent. Written as JSON it
/// leaves out what is absent, so that a draft can go to a form and come back.
///
/// # Examples
/// ```
/// use aurora_crm::clients::NewClient;
///
/// let new = NewClient::company("Padaria Pão Quente Ltda")
///     .cnpj("12.ABC.345/01DE-35")
///     .phone("(11) 98765-4321")
///     .tag("retail");
/// let same: NewClient = serde_json::from_str(
///     r#"{"kind": "company", "legal_name": "Padaria Pão Quente Ltda", "cnpj": "12.ABC.345/01DE-35",
///         "phones": ["(11) 98765-4321"], "tags": ["retail"]}"#,
/// )?;
/// assert_eq!(new, same);
/// assert_eq!(serde_json::from_value::<NewClient>(serde_json::to_value(&new)?)?, new);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewClient {
    kind: ClientKind,
    legal_name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    trade_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cnpj: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cpf: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    birth_date: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    emails: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    phones: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    addresses: Vec<Address>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    owner: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    source: Option<String>,
    #[serde(default)]
    status: ClientStatus,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    tags: Vec<String>,
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    custom: Map<String, Value>,
}

impl NewClient {
    /// A company with its registered name.
    #[must_use]
    pub fn company(legal_name: impl Into<String>) -> Self {
        Self::new(ClientKind::Company, legal_name)
    }

    /// A person with the full name.
    #[must_use]
    pub fn person(legal_name: impl Into<String>) -> Self {
        Self::new(ClientKind::Person, legal_name)
    }

    /// A client of either kind.
    #[must_use]
    pub fn new(kind: ClientKind, legal_name: impl Into<String>) -> Self {
        Self {
            kind,
            legal_name: legal_name.into(),
            trade_name: None,
            cnpj: None,
            cpf: None,
            email: None,
            birth_date: None,
            emails: Vec::new(),
            phones: Vec::new(),
            addresses: Vec::new(),
            owner: None,
            source: None,
            status: ClientStatus::default(),
            tags: Vec::new(),
            custom: Map::new(),
        }
    }

    /// The name it is known by.
    #[must_use]
    pub fn trade_name(mut self, name: impl Into<String>) -> Self {
        self.trade_name = Some(name.into());
        self
    }

    /// The CNPJ, with or without its mask; companies only.
    #[must_use]
    pub fn cnpj(mut self, text: impl Into<String>) -> Self {
        self.cnpj = Some(text.into());
        self
    }

    /// The CPF, with or without its mask; people only.
    #[must_use]
    pub fn cpf(mut self, text: impl Into<String>) -> Self {
        self.cpf = Some(text.into());
        self
    }

    /// The e-mail address.
    #[must_use]
    pub fn email(mut self, text: impl Into<String>) -> Self {
        self.email = Some(text.into());
        self
    }

    /// The day of birth, as `1990-02-28` or `28/02/1990`; people only.
    #[must_use]
    pub fn birth_date(mut self, text: impl Into<String>) -> Self {
        self.birth_date = Some(text.into());
        self
    }

    /// One more e-mail address, beside the first.
    #[must_use]
    pub fn further_email(mut self, text: impl Into<String>) -> Self {
        self.emails.push(text.into());
        self
    }

    /// One more postal address.
    #[must_use]
    pub fn address(mut self, address: Address) -> Self {
        self.addresses.push(address);
        self
    }

    /// The user who looks after it.
    #[must_use]
    pub fn owner(mut self, id: OwnerId) -> Self {
        self.owner = Some(id.to_string());
        self
    }

    /// Where it came from.
    #[must_use]
    pub fn source(mut self, text: impl Into<String>) -> Self {
        self.source = Some(text.into());
        self
    }

    /// Where it stands; active unless told.
    #[must_use]
    pub const fn status(mut self, status: ClientStatus) -> Self {
        self.status = status;
        self
    }

    /// One more phone number, in E.164 or as Brazilians write it.
    #[must_use]
    pub fn phone(mut self, text: impl Into<String>) -> Self {
        self.phones.push(text.into());
        self
    }

    /// One more label.
    #[must_use]
    pub fn tag(mut self, text: impl Into<String>) -> Self {
        self.tags.push(text.into());
        self
    }

    /// One field of the workspace's own.
    #[must_use]
    pub fn custom(mut self, key: impl Into<String>, value: impl Into<Value>) -> Self {
        self.custom.insert(key.into(), value.into());
        self
    }

    /// Checks every field and tells all that is wrong at once.
    pub(super) fn check(self, id: ClientId, now: Timestamp, rules: &Rules) -> Result<Client, Error> {
        let mut fields = Fields::default();
        let blank = Client::blank(id, self.kind, now);
        let set = |text: Option<String>| text.map_or(Change::Keep, Change::Set);
        let everything = ClientChange {
            legal_name: Change::Set(self.legal_name),
            trade_name: set(self.trade_name),
            cnpj: set(self.cnpj),
            cpf: set(self.cpf),
            birth_date: set(self.birth_date),
            email: set(self.email),
            emails: Change::Set(self.emails),
            phones: Change::Set(self.phones),
            addresses: Change::Set(self.addresses),
            owner: set(self.owner),
            source: set(self.source),
            status: Change::Set(self.status),
            tags: Change::Set(self.tags),
            custom: Change::Set(self.custom),
        };
        let client = everything.read(blank, now, rules, &mut fields);
        fields.finish(client)
    }
}

impl fmt::Debug for NewClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewClient")
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}
