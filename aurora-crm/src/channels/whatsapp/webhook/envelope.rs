//! The envelope: entries, their changes, and what is in each.

use serde_json::Value;

use super::identity::Party;
use super::message::InboundMessage;
use super::status::StatusUpdate;
use super::{Item, Notification, Raw, Received, WebhookError, node};

/// The most bytes of a body: 3 MB, as Meta documents.
pub const MAX_BODY: usize = 3 * 1024 * 1024;

/// Why a body cannot be read at all. It does not repeat the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unreadable {
    /// More bytes than Meta sends.
    #[error("the webhook has more than 3 MB")]
    TooLarge,
    /// Not JSON, or nested too deeply.
    #[error("the webhook is no JSON")]
    NotJson,
    /// JSON of something else.
    #[error("the webhook is not of a WhatsApp Business Account")]
    Other,
}

pub(super) fn read(body: &[u8]) -> Result<Notification, Unreadable> {
    if body.len() > MAX_BODY {
        return Err(Unreadable::TooLarge);
    }
    let mut root: Value = serde_json::from_slice(body).map_err(|_| Unreadable::NotJson)?;
    if body.windows(6).any(|bytes| bytes == br"\u0000") {
        scrub(&mut root);
    }
    if root.get("object").and_then(Value::as_str) != Some("whatsapp_business_account") {
        return Err(Unreadable::Other);
    }
    let mut notification = Notification::default();
    for entry in node::items(&root, "entry") {
        let account_id = node::filled(entry, "id");
        for change in node::items(entry, "changes") {
            let place = Place {
                account_id: account_id.as_deref(),
                field: node::text(change, "field").unwrap_or_default(),
                number_id: change
                    .get("value")
                    .and_then(|value| node::filled(value.get("metadata")?, "phone_number_id")),
            };
            place.read(change, &mut notification.items);
        }
    }
    Ok(notification)
}

/// Leaves out the character U+0000, which PostgreSQL cannot store. The depth is what the reader of JSON allows.
fn scrub(value: &mut Value) {
    match value {
        Value::String(text) => text.retain(|char| char != '\0'),
        Value::Array(items) => items.iter_mut().for_each(scrub),
        Value::Object(object) => {
            let entries = std::mem::take(object).into_iter();
            *object = entries
                .map(|(key, mut value)| {
                    scrub(&mut value);
                    (key.replace('\0', ""), value)
                })
                .collect();
        }
        _ => {}
    }
}

/// Where in the envelope.
struct Place<'a> {
    account_id: Option<&'a str>,
    field: String,
    number_id: Option<String>,
}

impl Place<'_> {
    fn read(&self, change: &Value, items: &mut Vec<Received>) {
        let Some(value) = change.get("value").filter(|value| value.is_object()) else {
            return items.push(self.received(malformed("the change has no value", change)));
        };
        let before = items.len();
        let contacts: Vec<Party> = node::items(value, "contacts").map(Party::of_contact).collect();
        if matches!(self.field.as_str(), "messages" | "") {
            let messages = node::items(value, "messages").map(|message| of_message(message, &contacts));
            items.extend(messages.map(|item| self.received(item)));
            let statuses = node::items(value, "statuses").map(|status| of_status(status, &contacts));
            items.extend(statuses.map(|item| self.received(item)));
            let errors = node::items(value, "errors").map(|error| {
                WebhookError::read(error)
                    .map_or_else(|| malformed("the error has no code", error), Item::Error)
            });
            items.extend(errors.map(|item| self.received(item)));
        }
        if self.field == "smb_message_echoes" {
            let echoes = node::items(value, "message_echoes").map(|message| of_echo(message, &contacts));
            items.extend(echoes.map(|item| self.received(item)));
        }
        // Another field, or a change of nothing that is known: kept whole.
        if items.len() == before {
            items.push(self.received(Item::Other(Raw(value.clone()))));
        }
    }

    fn received(&self, item: Item) -> Received {
        Received {
            account_id: self.account_id.map(str::to_owned),
            number_id: self.number_id.clone(),
            field: self.field.clone(),
            item,
        }
    }
}

fn of_message(message: &Value, contacts: &[Party]) -> Item {
    let party = Party::of_message(message, contacts);
    match InboundMessage::read(message, party) {
        Some(message) => Item::Message(Box::new(message)),
        None => malformed("the message has no id", message),
    }
}

fn of_echo(message: &Value, contacts: &[Party]) -> Item {
    let party = Party::of_echo(message, contacts);
    match InboundMessage::read(message, party) {
        Some(message) => Item::Echo(Box::new(message)),
        None => malformed("the message has no id", message),
    }
}

fn of_status(status: &Value, contacts: &[Party]) -> Item {
    let recipient = Party::of_status(status, contacts);
    match StatusUpdate::read(status, recipient) {
        Some(status) => Item::Status(Box::new(status)),
        None => malformed("the status lacks its message or what it says", status),
    }
}

fn malformed(reason: &'static str, value: &Value) -> Item {
    Item::Malformed {
        reason,
        raw: Raw(value.clone()),
    }
}
