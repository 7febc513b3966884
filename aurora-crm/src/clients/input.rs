use std::fmt;

use aurora_core::time::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Client, ClientId, ClientKind};
use crate::error::Error;
use crate::fields::{Change, Fields};

const MAX_NAME: usize = 200;
const MAX_PHONES: usize = 10;
const MAX_TAGS: usize = 50;
const MAX_TAG: usize = 50;

/// What is needed to make a client, as somebody typed it.
///
/// `kind` and `legal_name` are required. Names have up to 200 characters, there are up to 10 phones and 50 tags of 50
/// characters, and `custom` is a JSON object of up to 64 keys, 5 levels and 16 KiB, in which a whole number that fits
/// into 64 bits is kept as such and any other number as a 64-bit float. An empty text counts as absent.
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
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewClient {
    kind: ClientKind,
    legal_name: String,
    #[serde(default)]
    trade_name: Option<String>,
    #[serde(default)]
    cnpj: Option<String>,
    #[serde(default)]
    cpf: Option<String>,
    #[serde(default)]
    email: Option<String>,
    #[serde(default)]
    phones: Vec<String>,
    #[serde(default)]
    tags: Vec<String>,
    #[serde(default)]
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
            phones: Vec::new(),
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
    pub(super) fn check(self, id: ClientId, now: Timestamp) -> Result<Client, Error> {
        let mut fields = Fields::default();
        let blank = Client {
            id,
            kind: self.kind,
            legal_name: String::new(),
            trade_name: None,
            cnpj: None,
            cpf: None,
            email: None,
            phones: Vec::new(),
            tags: Vec::new(),
            custom: Map::new(),
            version: 1,
            created_at: now,
            updated_at: now,
        };
        let everything = ClientChange {
            legal_name: Change::Set(self.legal_name),
            trade_name: self.trade_name.map_or(Change::Keep, Change::Set),
            cnpj: self.cnpj.map_or(Change::Keep, Change::Set),
            cpf: self.cpf.map_or(Change::Keep, Change::Set),
            email: self.email.map_or(Change::Keep, Change::Set),
            phones: Change::Set(self.phones),
            tags: Change::Set(self.tags),
            custom: Change::Set(self.custom),
        };
        let client = everything.read(blank, &mut fields);
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

/// What to change in a client; a field that is not named stays. The kind cannot be changed.
///
/// In JSON a missing field keeps, `null` clears, a value sets (RFC 7396, except that `custom` is set as a whole).
///
/// # Examples
/// ```
/// use aurora_crm::clients::ClientChange;
///
/// let change = ClientChange::new().trade_name("Pão Quente").clear_email();
/// let same: ClientChange = serde_json::from_str(r#"{"trade_name": "Pão Quente", "email": null}"#)?;
/// assert_eq!(change, same);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, PartialEq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ClientChange {
    legal_name: Change<String>,
    trade_name: Change<String>,
    cnpj: Change<String>,
    cpf: Change<String>,
    email: Change<String>,
    phones: Change<Vec<String>>,
    tags: Change<Vec<String>>,
    custom: Change<Map<String, Value>>,
}

impl ClientChange {
    /// Changes nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the registered or full name.
    #[must_use]
    pub fn legal_name(mut self, name: impl Into<String>) -> Self {
        self.legal_name = Change::Set(name.into());
        self
    }

    /// Sets the name it is known by.
    #[must_use]
    pub fn trade_name(mut self, name: impl Into<String>) -> Self {
        self.trade_name = Change::Set(name.into());
        self
    }

    /// Removes the name it is known by.
    #[must_use]
    pub fn clear_trade_name(mut self) -> Self {
        self.trade_name = Change::Clear;
        self
    }

    /// Sets the CNPJ; companies only.
    #[must_use]
    pub fn cnpj(mut self, text: impl Into<String>) -> Self {
        self.cnpj = Change::Set(text.into());
        self
    }

    /// Removes the CNPJ.
    #[must_use]
    pub fn clear_cnpj(mut self) -> Self {
        self.cnpj = Change::Clear;
        self
    }

    /// Sets the CPF; people only.
    #[must_use]
    pub fn cpf(mut self, text: impl Into<String>) -> Self {
        self.cpf = Change::Set(text.into());
        self
    }

    /// Removes the CPF.
    #[must_use]
    pub fn clear_cpf(mut self) -> Self {
        self.cpf = Change::Clear;
        self
    }

    /// Sets the e-mail address.
    #[must_use]
    pub fn email(mut self, text: impl Into<String>) -> Self {
        self.email = Change::Set(text.into());
        self
    }

    /// Removes the e-mail address.
    #[must_use]
    pub fn clear_email(mut self) -> Self {
        self.email = Change::Clear;
        self
    }

    /// Puts these phone numbers in place of the present ones.
    #[must_use]
    pub fn phones<T: Into<String>>(mut self, texts: impl IntoIterator<Item = T>) -> Self {
        self.phones = Change::Set(texts.into_iter().map(Into::into).collect());
        self
    }

    /// Puts these labels in place of the present ones.
    #[must_use]
    pub fn tags<T: Into<String>>(mut self, texts: impl IntoIterator<Item = T>) -> Self {
        self.tags = Change::Set(texts.into_iter().map(Into::into).collect());
        self
    }

    /// Puts this object in place of the workspace's own fields.
    #[must_use]
    pub fn custom(mut self, object: Map<String, Value>) -> Self {
        self.custom = Change::Set(object);
        self
    }

    /// Decides what the client becomes, or tells every field that is wrong.
    pub(super) fn apply(self, current: &Client, now: Timestamp) -> Result<Client, Error> {
        let mut fields = Fields::default();
        let mut changed = self.read(current.clone(), &mut fields);
        changed.version = current.version.saturating_add(1);
        changed.updated_at = now.max(current.updated_at); // the machine's clock may have been set back
        fields.finish(changed)
    }

    fn read(self, mut client: Client, fields: &mut Fields) -> Client {
        match self.legal_name {
            Change::Keep => {}
            Change::Clear => fields.refuse("legal_name", "required", "must not be empty"),
            Change::Set(text) => client.legal_name = fields.line("legal_name", &text, MAX_NAME),
        }
        optional(&mut client.trade_name, self.trade_name, |text| {
            fields.optional_line("trade_name", Some(&text), MAX_NAME)
        });
        optional(&mut client.cnpj, self.cnpj, |text| {
            fields.parse("cnpj", Some(&text))
        });
        optional(&mut client.cpf, self.cpf, |text| fields.parse("cpf", Some(&text)));
        optional(&mut client.email, self.email, |text| {
            fields.parse("email", Some(&text))
        });
        listed(&mut client.phones, self.phones, |texts| {
            fields.list("phones", &texts, MAX_PHONES, |fields, field, text| {
                if text.trim().is_empty() {
                    fields.refuse(field, "required", "must not be empty");
                }
                fields.parse(field, Some(text))
            })
        });
        listed(&mut client.tags, self.tags, |texts| {
            fields.list("tags", &texts, MAX_TAGS, |fields, field, text| {
                Some(fields.line(field, text, MAX_TAG))
            })
        });
        match self.custom {
            Change::Keep => {}
            Change::Clear => client.custom = Map::new(),
            Change::Set(object) => {
                client.custom = fields.custom("custom", object);
            }
        }
        match client.kind {
            ClientKind::Company if client.cpf.is_some() => {
                fields.refuse("cpf", "not_allowed", "a company has a CNPJ, not a CPF");
            }
            ClientKind::Person if client.cnpj.is_some() => {
                fields.refuse("cnpj", "not_allowed", "a person has a CPF, not a CNPJ");
            }
            _ => {}
        }
        client
    }
}

fn optional<T>(slot: &mut Option<T>, change: Change<String>, read: impl FnOnce(String) -> Option<T>) {
    match change {
        Change::Keep => {}
        Change::Clear => *slot = None,
        Change::Set(text) => *slot = read(text),
    }
}

fn listed<T>(slot: &mut Vec<T>, change: Change<Vec<String>>, read: impl FnOnce(Vec<String>) -> Vec<T>) {
    match change {
        Change::Keep => {}
        Change::Clear => slot.clear(),
        Change::Set(texts) => *slot = read(texts),
    }
}

impl fmt::Debug for ClientChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientChange").finish_non_exhaustive()
    }
}
