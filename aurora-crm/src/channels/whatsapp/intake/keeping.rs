//! What is kept of each thing that came in, and by what it is known again.

use aurora_core::time::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::channels::ChannelId;
use crate::channels::whatsapp::webhook::{Item, Party, Received};

/// A thing to keep.
pub(super) struct Kept {
    /// A hash of what makes it the same thing again.
    pub(super) key: [u8; 32],
    pub(super) kind: &'static str,
    /// A change of the field `messages`, or `smb_message_echoes`, with this thing alone.
    pub(super) payload: Value,
    /// Things of one contact are understood in order; a hash, because messages of the outbox hold nothing of people.
    pub(super) order: String,
}

impl Kept {
    pub(super) fn of(channel: ChannelId, received: Received, now: Timestamp) -> Self {
        let nobody = Party::default();
        // What has no id of its own is the same thing again within an hour, as Meta repeats it, and another one later.
        let hour = now.as_secs().div_euclid(3_600);
        let (kind, same, party, value) = match received.item {
            Item::Message(message) => {
                let value = json!({"contacts": [contact(&message.party)], "messages": [message.raw.0]});
                ("message", format!("message/{}", message.id), message.party, value)
            }
            Item::Echo(message) => {
                let value = json!({"contacts": [contact(&message.party)], "message_echoes": [message.raw.0]});
                ("echo", format!("echo/{}", message.id), message.party, value)
            }
            Item::Status(status) => {
                // A message that fails for another reason, or is read at another time, is told once all the same.
                let same = format!("status/{}/{}", status.message_id, status.status.as_str());
                (
                    "status",
                    same,
                    status.recipient,
                    json!({"statuses": [status.raw.0]}),
                )
            }
            Item::Error(error) => {
                let value = json!({"errors": [{"code": error.code, "title": error.title}]});
                ("error", format!("error/{hour}/{value}"), nobody, value)
            }
            Item::Other(raw) => (
                "other",
                format!("{}/{hour}/{}", received.field, raw.0),
                nobody,
                raw.0,
            ),
            Item::Malformed { raw, .. } => {
                ("malformed", format!("malformed/{hour}/{}", raw.0), nobody, raw.0)
            }
        };
        let number = received.number_id.unwrap_or_default();
        let payload = json!({
            "object": "whatsapp_business_account",
            "entry": [{"changes": [{"field": received.field, "value": with_number(value, &number)}]}],
        });
        Self {
            key: Sha256::digest(same.as_bytes()).into(),
            kind,
            payload,
            order: order(channel, &party),
        }
    }
}

fn with_number(mut value: Value, number: &str) -> Value {
    if let Some(object) = value.as_object_mut() {
        object.insert("metadata".to_owned(), json!({ "phone_number_id": number }));
    }
    value
}

/// As a webhook names a person.
fn contact(party: &Party) -> Value {
    json!({
        "profile": {"name": party.name, "username": party.username},
        "wa_id": party.wa_id, "user_id": party.user_id, "parent_user_id": party.parent_user_id,
    })
}

/// By the number where there is one, which every status carries as well; of things without a person by the channel.
fn order(channel: ChannelId, party: &Party) -> String {
    let person = party
        .wa_id
        .as_ref()
        .or(party.user_id.as_ref())
        .or(party.parent_user_id.as_ref());
    let text = format!("{channel}/{}", person.map_or("", String::as_str));
    let hash = Sha256::digest(text.as_bytes());
    hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}
