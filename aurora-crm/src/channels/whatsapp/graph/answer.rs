//! What the Graph API answers to a message.

use std::fmt;

use serde_json::Value;

/// A message that Meta took. It is not delivered yet: statuses tell.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sent {
    /// Its id (`wamid.…`).
    pub id: String,
    /// The account as WhatsApp knows it. In Brazil it can lack the ninth digit of the number that was asked for; write to
    /// this one from now on.
    pub wa_id: Option<String>,
    /// Whether it goes out at once.
    pub status: SentStatus,
}

/// Whether a message goes out at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SentStatus {
    /// It does.
    Accepted,
    /// Meta looks at the quality of a new template first.
    Held,
    /// The template was paused.
    Paused,
}

impl Sent {
    /// `None` where the answer names no message.
    pub(super) fn read(body: &[u8]) -> Option<Self> {
        let body: Value = serde_json::from_slice(body).ok()?;
        let message = body.get("messages")?.get(0)?;
        let text = |value: &Value, key: &str| {
            let text = value.get(key)?.as_str()?.trim();
            (!text.is_empty()).then(|| text.to_owned())
        };
        let contact = body.get("contacts").and_then(|contacts| contacts.get(0));
        Some(Self {
            id: text(message, "id")?,
            wa_id: contact.and_then(|contact| text(contact, "wa_id")),
            status: match message.get("message_status").and_then(Value::as_str) {
                Some("held_for_quality_assessment") => SentStatus::Held,
                Some("paused") => SentStatus::Paused,
                _ => SentStatus::Accepted,
            },
        })
    }
}

impl fmt::Debug for Sent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sent")
            .field("id", &self.id)
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}
