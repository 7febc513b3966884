//! Who writes: by number, by business-scoped user id, or by both.

use std::fmt;

use serde_json::Value;

use super::node;
use crate::contacts::Phone;

/// A person at the other end. Since 2026 people can hide their number behind a user name: then there is no `wa_id`, and
/// the business-scoped user id (BSUID, `BR.1502576394655843`) is who they are to this business.
///
/// `Debug` shows which of them are there.
#[derive(Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Party {
    /// The number as WhatsApp has it: digits with the country code; of many Brazilian mobiles without the ninth digit.
    /// Answer to exactly this.
    pub wa_id: Option<String>,
    /// The user id within the business. It changes when the person changes the number.
    pub user_id: Option<String>,
    /// The user id within the portfolio of businesses (`US.ENT.…`).
    pub parent_user_id: Option<String>,
    /// What the person calls themselves.
    pub name: Option<String>,
    /// The user name.
    pub username: Option<String>,
}

impl Party {
    /// The number in E.164, Brazilian mobiles with the ninth digit; `None` without a number.
    #[must_use]
    pub fn phone(&self) -> Option<Phone> {
        Phone::of_whatsapp_id(self.wa_id.as_deref()?)
    }

    /// Whether there is anything to know the person by.
    #[must_use]
    pub const fn is_known(&self) -> bool {
        self.wa_id.is_some() || self.user_id.is_some() || self.parent_user_id.is_some()
    }

    /// Who wrote a message: its own fields, and what the change tells about its contacts.
    pub(super) fn of_message(message: &Value, contacts: &[Self]) -> Self {
        let own = Self::of_fields(message, ["from", "from_user_id", "from_parent_user_id"]);
        own.completed(contacts)
    }

    /// To whom the business wrote.
    pub(super) fn of_echo(message: &Value, contacts: &[Self]) -> Self {
        let own = Self::of_fields(message, ["to", "to_user_id", "to_parent_user_id"]);
        own.completed(contacts)
    }

    /// Of whom a status tells: in a group, the member.
    pub(super) fn of_status(status: &Value, contacts: &[Self]) -> Self {
        let is_group = node::text(status, "recipient_type").as_deref() == Some("group");
        let keys = if is_group {
            [
                "recipient_participant_id",
                "recipient_participant_user_id",
                "recipient_participant_parent_user_id",
            ]
        } else {
            ["recipient_id", "recipient_user_id", "recipient_parent_user_id"]
        };
        Self::of_fields(status, keys).completed(contacts)
    }

    pub(super) fn of_contact(contact: &Value) -> Self {
        let profile = contact.get("profile").unwrap_or(&Value::Null);
        Self {
            name: node::filled(profile, "name"),
            username: node::filled(profile, "username").or_else(|| node::filled(contact, "username")),
            ..Self::of_fields(contact, ["wa_id", "user_id", "parent_user_id"])
        }
    }

    fn of_fields(value: &Value, [wa_id, user_id, parent_user_id]: [&str; 3]) -> Self {
        let mut party = Self {
            wa_id: node::filled(value, wa_id).map(|id| id.trim().trim_start_matches('+').to_owned()),
            user_id: node::filled(value, user_id),
            parent_user_id: node::filled(value, parent_user_id),
            ..Self::default()
        };
        // Where there is no number, a user id can stand in its place.
        if let Some(id) = party.wa_id.take_if(|id| is_user_id(id)) {
            party.user_id.get_or_insert(id);
        }
        party
    }

    /// With what the contact of the same id adds. A single contact without any id of the message's stands for its
    /// sender, unless they contradict each other.
    fn completed(mut self, contacts: &[Self]) -> Self {
        let is_same = |ours: &Option<String>, theirs: &Option<String>| ours.is_some() && ours == theirs;
        let differs = |ours: &Option<String>, theirs: &Option<String>| matches!((ours, theirs), (Some(ours), Some(theirs)) if ours != theirs);
        let found = contacts
            .iter()
            .find(|contact| is_same(&self.user_id, &contact.user_id) || is_same(&self.wa_id, &contact.wa_id));
        let only = match contacts {
            [only] if !differs(&self.wa_id, &only.wa_id) && !differs(&self.user_id, &only.user_id) => {
                Some(only)
            }
            _ => None,
        };
        if let Some(contact) = found.or(only) {
            let fill = |ours: &mut Option<String>, theirs: &Option<String>| {
                if ours.is_none() {
                    ours.clone_from(theirs);
                }
            };
            fill(&mut self.wa_id, &contact.wa_id);
            fill(&mut self.user_id, &contact.user_id);
            fill(&mut self.parent_user_id, &contact.parent_user_id);
            fill(&mut self.name, &contact.name);
            fill(&mut self.username, &contact.username);
        }
        self
    }
}

/// Two letters of a country, a full stop, letters and digits; of portfolios with `ENT.` between.
pub(in crate::channels::whatsapp) fn is_user_id(text: &str) -> bool {
    let Some((country, rest)) = text.split_once('.') else {
        return false;
    };
    let rest = rest.strip_prefix("ENT.").unwrap_or(rest);
    country.len() == 2
        && country.bytes().all(|byte| byte.is_ascii_uppercase())
        && (1..=128).contains(&rest.len())
        && rest.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

impl fmt::Debug for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Party")
            .field("has_wa_id", &self.wa_id.is_some())
            .field("has_user_id", &self.user_id.is_some())
            .finish_non_exhaustive()
    }
}
