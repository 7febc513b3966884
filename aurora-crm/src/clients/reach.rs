//! The ways in which a client can be reached, as rows by which it is recognised.

use std::fmt;

use aurora_core::id::Id;
use serde::{Deserialize, Serialize};

use super::Client;
use crate::contacts::{Email, Phone};
use crate::error::Error;
use crate::fields::Fields;

const MAX_ID: usize = 200;

/// One way to reach or recognise somebody. `Debug` does not show whom.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Reach {
    /// An e-mail address, without regard to case. Several clients may share one.
    Email(Email),
    /// A phone number. Several clients may share one.
    Phone(Phone),
    /// A WhatsApp id as Meta writes it: digits alone, in Brazil often without the ninth digit. One client has it.
    WhatsAppId(String),
    /// A business-scoped user id of WhatsApp, for those who hide their number. One client has it.
    WhatsAppUser(String),
}

impl fmt::Debug for Reach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let contact = self.contact();
        write!(f, "Reach({} {})", contact.channel, contact.kind)
    }
}

/// A row of `client_contacts`.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Contact {
    pub(super) channel: &'static str,
    pub(super) kind: &'static str,
    /// As it came: an answer goes to exactly this.
    pub(super) value: String,
    /// What equal ones have in common.
    pub(super) key: String,
}

impl Reach {
    pub(super) fn contact(&self) -> Contact {
        let (channel, kind, value, key) = match self {
            Self::Email(email) => (
                "email",
                "address",
                email.as_str(),
                format!("email:{}", email.as_str().to_lowercase()),
            ),
            Self::Phone(phone) => (
                "phone",
                "number",
                phone.as_str(),
                format!("phone:{}", phone.as_str()),
            ),
            Self::WhatsAppId(id) => (
                "whatsapp",
                "wa_id",
                id.as_str(),
                format!("wa_id:{}", phone_of(id)),
            ),
            Self::WhatsAppUser(id) => ("whatsapp", "bsuid", id.as_str(), format!("bsuid:{id}")),
        };
        Contact {
            channel,
            kind,
            value: value.to_owned(),
            key,
        }
    }

    /// The keys of rows that mean the same person: a WhatsApp id is also a phone number.
    pub(super) fn keys(&self) -> Vec<String> {
        let own = self.contact().key;
        match self {
            Self::WhatsAppId(id) => vec![own, format!("phone:{}", phone_of(id))],
            Self::Phone(phone) => vec![own, format!("wa_id:{}", phone.as_str())],
            Self::Email(_) | Self::WhatsAppUser(_) => vec![own],
        }
    }

    pub(super) fn check(&self) -> Result<(), Error> {
        let mut fields = Fields::default();
        match self {
            Self::WhatsAppId(id)
                if !(6..=20).contains(&id.len()) || !id.bytes().all(|b| b.is_ascii_digit()) =>
            {
                fields.refuse("reach", "invalid", "a WhatsApp id is digits alone");
            }
            Self::WhatsAppUser(id) => {
                fields.line("reach", id, MAX_ID);
            }
            _ => {}
        }
        fields.finish(())
    }
}

/// The number that a WhatsApp id stands for, as `+` and digits; see [`Phone::of_whatsapp_id`].
fn phone_of(id: &str) -> String {
    Phone::of_whatsapp_id(id).map_or_else(|| format!("+{id}"), |phone| phone.as_str().to_owned())
}

/// The rows of the addresses and numbers that a client shows.
pub(super) fn of_client(client: &Client) -> Vec<Contact> {
    let emails = client
        .email
        .iter()
        .chain(&client.emails)
        .cloned()
        .map(Reach::Email);
    let phones = client.phones.iter().cloned().map(Reach::Phone);
    let mut contacts: Vec<Contact> = Vec::new();
    for contact in emails.chain(phones).map(|reach| reach.contact()) {
        if contacts.iter().all(|present| present.key != contact.key) {
            contacts.push(contact);
        }
    }
    contacts
}

/// Names a row of `client_contacts`.
pub(super) type ContactId = Id<ContactRow>;

#[derive(Debug)]
pub(super) struct ContactRow;

impl aurora_core::id::IdKind for ContactRow {
    const PREFIX: &'static str = "cco";
}
