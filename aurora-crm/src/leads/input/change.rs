use std::fmt;

use aurora_core::time::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{MAX_TAG, MAX_TAGS, MAX_TITLE};
use crate::clients::ClientId;
use crate::custom_fields::Rules;
use crate::error::Error;
use crate::fields::{Change, Fields};
use crate::leads::{Lead, LeadSource, Money, OwnerId};
use crate::store::TIMES;

/// What to change in a lead; a field that is not named stays. Where it lies is changed by moving it.
///
/// In JSON a missing field keeps, `null` clears, a value sets; `tags` and `custom` are set as a whole.
#[derive(Clone, PartialEq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LeadChange {
    pub(super) title: Change<String>,
    pub(super) contact_name: Change<String>,
    pub(super) contact_email: Change<String>,
    pub(super) contact_phone: Change<String>,
    pub(super) client: Change<ClientId>,
    pub(super) company_name: Change<String>,
    pub(super) cnpj: Change<String>,
    pub(super) source_detail: Change<String>,
    pub(super) owner: Change<OwnerId>,
    pub(super) expected_close: Change<Timestamp>,
    pub(super) value: Change<Money>,
    pub(super) source: Change<LeadSource>,
    pub(super) tags: Change<Vec<String>>,
    pub(super) custom: Change<Map<String, Value>>,
}

impl LeadChange {
    /// Changes nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets what it is about.
    #[must_use]
    pub fn title(mut self, text: impl Into<String>) -> Self {
        self.title = Change::Set(text.into());
        self
    }

    /// Sets the person to talk to.
    #[must_use]
    pub fn contact_name(mut self, text: impl Into<String>) -> Self {
        self.contact_name = Change::Set(text.into());
        self
    }

    /// Removes the person to talk to.
    #[must_use]
    pub fn clear_contact_name(mut self) -> Self {
        self.contact_name = Change::Clear;
        self
    }

    /// Sets where to write.
    #[must_use]
    pub fn contact_email(mut self, text: impl Into<String>) -> Self {
        self.contact_email = Change::Set(text.into());
        self
    }

    /// Removes where to write.
    #[must_use]
    pub fn clear_contact_email(mut self) -> Self {
        self.contact_email = Change::Clear;
        self
    }

    /// Sets where to call, in E.164 or as Brazilians write it.
    #[must_use]
    pub fn contact_phone(mut self, text: impl Into<String>) -> Self {
        self.contact_phone = Change::Set(text.into());
        self
    }

    /// Removes where to call.
    #[must_use]
    pub fn clear_contact_phone(mut self) -> Self {
        self.contact_phone = Change::Clear;
        self
    }

    /// Sets the client that it is of, who must not be deleted.
    #[must_use]
    pub fn client(mut self, id: ClientId) -> Self {
        self.client = Change::Set(id);
        self
    }

    /// Removes the client that it is of.
    #[must_use]
    pub fn clear_client(mut self) -> Self {
        self.client = Change::Clear;
        self
    }

    /// Sets the name of the company.
    #[must_use]
    pub fn company_name(mut self, text: impl Into<String>) -> Self {
        self.company_name = Change::Set(text.into());
        self
    }

    /// Removes the name of the company.
    #[must_use]
    pub fn clear_company_name(mut self) -> Self {
        self.company_name = Change::Clear;
        self
    }

    /// Sets the company's CNPJ, with or without its mask.
    #[must_use]
    pub fn cnpj(mut self, text: impl Into<String>) -> Self {
        self.cnpj = Change::Set(text.into());
        self
    }

    /// Removes the company's CNPJ.
    #[must_use]
    pub fn clear_cnpj(mut self) -> Self {
        self.cnpj = Change::Clear;
        self
    }

    /// Sets where it comes from, in words.
    #[must_use]
    pub fn source_detail(mut self, text: impl Into<String>) -> Self {
        self.source_detail = Change::Set(text.into());
        self
    }

    /// Removes where it comes from.
    #[must_use]
    pub fn clear_source_detail(mut self) -> Self {
        self.source_detail = Change::Clear;
        self
    }

    /// Sets who looks after it.
    #[must_use]
    pub fn owner(mut self, id: OwnerId) -> Self {
        self.owner = Change::Set(id);
        self
    }

    /// Removes who looks after it.
    #[must_use]
    pub fn clear_owner(mut self) -> Self {
        self.owner = Change::Clear;
        self
    }

    /// Sets when it is expected to be decided.
    #[must_use]
    pub fn expected_close(mut self, at: Timestamp) -> Self {
        self.expected_close = Change::Set(at);
        self
    }

    /// Removes when it is expected to be decided.
    #[must_use]
    pub fn clear_expected_close(mut self) -> Self {
        self.expected_close = Change::Clear;
        self
    }

    /// Sets what it is worth.
    #[must_use]
    pub fn value(mut self, value: Money) -> Self {
        self.value = Change::Set(value);
        self
    }

    /// Sets where it comes from.
    #[must_use]
    pub fn source(mut self, source: LeadSource) -> Self {
        self.source = Change::Set(source);
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

    /// The client that the lead is to be of from now on.
    pub(in crate::leads) const fn new_client(&self) -> Option<ClientId> {
        match self.client {
            Change::Set(client) => Some(client),
            Change::Keep | Change::Clear => None,
        }
    }

    /// The same change, that leaves the client as it is.
    pub(in crate::leads) fn same_client(mut self) -> Self {
        self.client = Change::Keep;
        self
    }

    /// Decides what the lead becomes, or tells every field that is wrong.
    pub(in crate::leads) fn apply(
        self,
        current: &Lead,
        now: Timestamp,
        rules: &Rules,
    ) -> Result<Lead, Error> {
        let mut fields = Fields::default();
        let client = current.client_id;
        let mut changed = self.read(current.clone(), rules, &mut fields);
        if current.converted_at.is_some() && changed.client_id != client {
            fields.refuse("client", "not_allowed", "the lead was converted into its client");
        }
        changed.touch(now);
        fields.finish(changed)
    }

    pub(super) fn read(self, mut lead: Lead, rules: &Rules, fields: &mut Fields) -> Lead {
        match self.title {
            Change::Keep => {}
            Change::Clear => fields.refuse("title", "required", "must not be empty"),
            Change::Set(text) => lead.title = fields.line("title", &text, MAX_TITLE),
        }
        changed(&mut lead.contact_name, self.contact_name, |text| {
            fields.optional_line("contact_name", Some(&text), MAX_TITLE)
        });
        changed(&mut lead.company_name, self.company_name, |text| {
            fields.optional_line("company_name", Some(&text), MAX_TITLE)
        });
        changed(&mut lead.source_detail, self.source_detail, |text| {
            fields.optional_line("source_detail", Some(&text), MAX_TITLE)
        });
        changed(&mut lead.contact_email, self.contact_email, |text| {
            fields.parse("contact_email", Some(&text))
        });
        changed(&mut lead.contact_phone, self.contact_phone, |text| {
            fields.parse("contact_phone", Some(&text))
        });
        changed(&mut lead.cnpj, self.cnpj, |text| {
            fields.parse("cnpj", Some(&text))
        });
        changed(&mut lead.client_id, self.client, Some);
        changed(&mut lead.owner_id, self.owner, Some);
        changed(&mut lead.expected_close, self.expected_close, |at| {
            if TIMES.contains(&at.as_micros()) {
                return Some(at);
            }
            fields.refuse("expected_close", "invalid", "must be within the years 1 to 9999");
            None
        });
        match self.value {
            Change::Keep => {}
            Change::Clear => lead.value = Money::default(),
            Change::Set(value) if (0..=Money::MAX_CENTS).contains(&value.cents) => lead.value = value,
            Change::Set(_) => {
                fields.refuse("value", "invalid", "must be between nothing and 100 billion");
            }
        }
        match self.source {
            Change::Keep => {}
            Change::Clear => lead.source = LeadSource::Other,
            Change::Set(source) => lead.source = source,
        }
        match self.tags {
            Change::Keep => {}
            Change::Clear => lead.tags.clear(),
            Change::Set(texts) => {
                lead.tags = fields.list("tags", &texts, MAX_TAGS, |fields, field, text| {
                    Some(fields.line(field, text, MAX_TAG))
                });
            }
        }
        let custom = match self.custom {
            Change::Keep => None,
            Change::Clear => Some(Map::new()),
            Change::Set(object) => Some(fields.custom("custom", object)),
        };
        if let Some(custom) = custom {
            rules.check("custom", &custom, fields);
            lead.custom = custom;
        }
        lead
    }
}

fn changed<T, U>(slot: &mut Option<T>, change: Change<U>, read: impl FnOnce(U) -> Option<T>) {
    match change {
        Change::Keep => {}
        Change::Clear => *slot = None,
        Change::Set(value) => *slot = read(value),
    }
}

impl fmt::Debug for LeadChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LeadChange").finish_non_exhaustive()
    }
}
