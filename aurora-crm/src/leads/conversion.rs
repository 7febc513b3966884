use serde_json::Value;

use super::{Lead, refused};
use crate::clients::{ClientId, NewClient};
use crate::custom_fields::Rules;
use crate::error::Error;

/// How a lead becomes a client.
#[derive(Debug, Clone, PartialEq)]
pub struct Conversion {
    pub(super) target: Target,
    pub(super) links_existing: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Target {
    Lead,
    New(Box<NewClient>),
    Existing(ClientId),
}

impl Conversion {
    /// Makes the client out of what the lead says: a company when it has a CNPJ or a company's name, otherwise a person.
    /// A lead that has a client already is converted into that one.
    #[must_use]
    pub const fn from_lead() -> Self {
        Self {
            target: Target::Lead,
            links_existing: false,
        }
    }

    /// Makes this client.
    #[must_use]
    pub fn new_client(client: NewClient) -> Self {
        Self {
            target: Target::New(Box::new(client)),
            links_existing: false,
        }
    }

    /// Into a client that is there already.
    #[must_use]
    pub const fn existing(client: ClientId) -> Self {
        Self {
            target: Target::Existing(client),
            links_existing: false,
        }
    }

    /// When there is a client with the same CNPJ or CPF already, takes that one instead of refusing.
    #[must_use]
    pub const fn link_existing(mut self) -> Self {
        self.links_existing = true;
        self
    }
}

/// A lead that was converted.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Converted {
    /// The lead: won, with its client.
    pub lead: Lead,
    /// The client.
    pub client: ClientId,
    /// Whether this call has made the client.
    pub is_new: bool,
}

/// What a lead says about the client that it becomes. The contact of a company is told in a field of the workspace's own
/// where the workspace takes it.
pub(super) fn client_of(lead: &Lead, rules: &Rules) -> Result<NewClient, Error> {
    let company = lead
        .company_name
        .as_deref()
        .filter(|_| lead.contact_name.is_some());
    let mut new = match (&lead.cnpj, &lead.company_name, &lead.contact_name) {
        (Some(cnpj), Some(name), _) => NewClient::company(name.as_str()).cnpj(cnpj.plain()),
        (None, Some(name), _) => NewClient::company(name.as_str()),
        (Some(_), None, _) => {
            return Err(refused(
                "company_name",
                "required",
                "a company needs its name to be a client",
            ));
        }
        (None, None, Some(name)) => NewClient::person(name.as_str()),
        (None, None, None) => {
            return Err(refused("contact_name", "required", "a client needs a name"));
        }
    };
    if let Some(email) = &lead.contact_email {
        new = new.email(email.as_str());
    }
    if let Some(phone) = &lead.contact_phone {
        new = new.phone(phone.as_str());
    }
    if let (Some(_), Some(contact)) = (company, &lead.contact_name) {
        let contact = Value::from(contact.as_str());
        if rules.takes("contact_name", &contact) {
            new = new.custom("contact_name", contact);
        }
    }
    Ok(lead.tags.iter().fold(new, |new, tag| new.tag(tag.as_str())))
}
