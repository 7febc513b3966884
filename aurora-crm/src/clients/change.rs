use std::fmt;

use aurora_core::time::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Address, BirthDate, Client, ClientKind, ClientStatus, OwnerId};
use crate::custom_fields::Rules;
use crate::error::Error;
use crate::fields::{Change, Fields};

const MAX_NAME: usize = 200;
pub(super) const MAX_EMAILS: usize = 10;
pub(super) const MAX_PHONES: usize = 10;
pub(super) const MAX_ADDRESSES: usize = 10;
const MAX_SOURCE: usize = 100;
pub(super) const MAX_TAGS: usize = 50;
pub(super) const MAX_TAG: usize = 50;

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
    pub(super) legal_name: Change<String>,
    pub(super) trade_name: Change<String>,
    pub(super) cnpj: Change<String>,
    pub(super) cpf: Change<String>,
    pub(super) birth_date: Change<String>,
    pub(super) email: Change<String>,
    pub(super) emails: Change<Vec<String>>,
    pub(super) phones: Change<Vec<String>>,
    pub(super) addresses: Change<Vec<Address>>,
    pub(super) owner: Change<String>,
    pub(super) source: Change<String>,
    pub(super) status: Change<ClientStatus>,
    pub(super) tags: Change<Vec<String>>,
    pub(super) custom: Change<Map<String, Value>>,
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

    /// Sets the day of birth; people only.
    #[must_use]
    pub fn birth_date(mut self, text: impl Into<String>) -> Self {
        self.birth_date = Change::Set(text.into());
        self
    }

    /// Removes the day of birth.
    #[must_use]
    pub fn clear_birth_date(mut self) -> Self {
        self.birth_date = Change::Clear;
        self
    }

    /// Puts these further e-mail addresses in place of the present ones.
    #[must_use]
    pub fn emails<T: Into<String>>(mut self, texts: impl IntoIterator<Item = T>) -> Self {
        self.emails = Change::Set(texts.into_iter().map(Into::into).collect());
        self
    }

    /// Puts these postal addresses in place of the present ones.
    #[must_use]
    pub fn addresses(mut self, addresses: impl IntoIterator<Item = Address>) -> Self {
        self.addresses = Change::Set(addresses.into_iter().collect());
        self
    }

    /// Hands it to this user.
    #[must_use]
    pub fn owner(mut self, id: OwnerId) -> Self {
        self.owner = Change::Set(id.to_string());
        self
    }

    /// Leaves it to nobody.
    #[must_use]
    pub fn clear_owner(mut self) -> Self {
        self.owner = Change::Clear;
        self
    }

    /// Sets where it came from.
    #[must_use]
    pub fn source(mut self, text: impl Into<String>) -> Self {
        self.source = Change::Set(text.into());
        self
    }

    /// Removes where it came from.
    #[must_use]
    pub fn clear_source(mut self) -> Self {
        self.source = Change::Clear;
        self
    }

    /// Sets where it stands.
    #[must_use]
    pub fn status(mut self, status: ClientStatus) -> Self {
        self.status = Change::Set(status);
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
    pub(super) fn apply(self, current: &Client, now: Timestamp, rules: &Rules) -> Result<Client, Error> {
        let mut fields = Fields::default();
        let mut changed = self.read(current.clone(), now, rules, &mut fields);
        changed.version = current.version.saturating_add(1);
        changed.updated_at = now.max(current.updated_at); // the machine's clock may have been set back
        fields.finish(changed)
    }

    pub(super) fn read(
        self,
        mut client: Client,
        now: Timestamp,
        rules: &Rules,
        fields: &mut Fields,
    ) -> Client {
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
        optional(&mut client.birth_date, self.birth_date, |text| {
            let day = fields.parse::<BirthDate>("birth_date", Some(&text))?;
            if day.is_after(now) {
                fields.refuse("birth_date", "invalid", "must not lie in the future");
            }
            Some(day)
        });
        listed(&mut client.emails, self.emails, |texts| {
            fields.list("emails", &texts, MAX_EMAILS, |fields, field, text| {
                if text.trim().is_empty() {
                    fields.refuse(field, "required", "must not be empty");
                }
                fields.parse(field, Some(text))
            })
        });
        listed(&mut client.phones, self.phones, |texts| {
            fields.list("phones", &texts, MAX_PHONES, |fields, field, text| {
                if text.trim().is_empty() {
                    fields.refuse(field, "required", "must not be empty");
                }
                fields.parse(field, Some(text))
            })
        });
        listed(&mut client.addresses, self.addresses, |addresses| {
            if addresses.len() > MAX_ADDRESSES {
                let message = format_args!("must have at most {MAX_ADDRESSES} entries");
                fields.refuse("addresses", "too_many", message);
                return Vec::new();
            }
            let checked = addresses.iter().enumerate();
            checked
                .map(|(index, address)| address.check(&format!("addresses[{index}]"), fields))
                .collect()
        });
        optional(&mut client.owner, self.owner, |text| {
            let owner = text.trim().parse::<OwnerId>();
            owner
                .map_err(|_| fields.refuse("owner", "invalid", "must be the id of a user, usr_…"))
                .ok()
        });
        optional(&mut client.source, self.source, |text| {
            fields.optional_line("source", Some(&text), MAX_SOURCE)
        });
        match self.status {
            Change::Keep => {}
            Change::Clear => client.status = ClientStatus::default(),
            Change::Set(status) => client.status = status,
        }
        listed(&mut client.tags, self.tags, |texts| {
            fields.list("tags", &texts, MAX_TAGS, |fields, field, text| {
                Some(fields.line(field, text, MAX_TAG))
            })
        });
        let custom = match self.custom {
            Change::Keep => None,
            Change::Clear => Some(Map::new()),
            Change::Set(object) => Some(fields.custom("custom", object)),
        };
        if let Some(custom) = custom {
            rules.check("custom", &custom, fields);
            client.custom = custom;
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
        if client.kind == ClientKind::Company && client.birth_date.is_some() {
            fields.refuse("birth_date", "not_allowed", "only a person was born");
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

fn listed<T, S>(slot: &mut Vec<T>, change: Change<Vec<S>>, read: impl FnOnce(Vec<S>) -> Vec<T>) {
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
