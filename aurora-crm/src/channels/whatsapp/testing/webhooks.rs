//! Webhooks as Meta posts them.

use aurora_core::secret::Secret;
use aurora_core::time::Timestamp;
use serde_json::{Value, json};

use crate::channels::whatsapp::webhook::sign;

/// Puts together the body of a webhook, any number of changes of any number of numbers, and signs it.
///
/// # Examples
/// ```
/// use aurora_core::time::Timestamp;
/// use aurora_crm::channels::whatsapp::testing::Webhooks;
/// use aurora_crm::channels::whatsapp::webhook::{Notification, verify};
///
/// let at = Timestamp::from_secs(1_750_000_000);
/// let posted = Webhooks::new()
///     .text("106540352242922", "5511987654321", "wamid.1", at, "Olá")
///     .status("106540352242922", "5511987654321", "wamid.2", at, "delivered", Some("msg_1"))
///     .signed(&"app secret".into());
/// assert!(verify(&["app secret".into()], Some(&posted.signature), &posted.body).is_ok());
/// assert_eq!(Notification::read(&posted.body)?.items.len(), 2);
/// # Ok::<(), aurora_crm::channels::whatsapp::webhook::Unreadable>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Webhooks {
    changes: Vec<Value>,
}

/// A body with its signature.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Posted {
    /// The bytes, other characters than ASCII escaped, as Meta does.
    pub body: Vec<u8>,
    /// The value of the header `X-Hub-Signature-256`.
    pub signature: String,
}

impl Webhooks {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Somebody wrote a text.
    #[must_use]
    pub fn text(self, number_id: &str, from: &str, id: &str, at: Timestamp, body: &str) -> Self {
        let message = json!({"type": "text", "text": {"body": body}});
        self.message(number_id, from, id, at, message)
    }

    /// Somebody wrote; `message` is the rest of it, with its `type`.
    #[must_use]
    pub fn message(self, number_id: &str, from: &str, id: &str, at: Timestamp, mut message: Value) -> Self {
        message["from"] = json!(from);
        message["id"] = json!(id);
        message["timestamp"] = json!(at.as_secs().to_string());
        let contact = json!({"profile": {"name": "Sheena Nelson"}, "wa_id": from});
        self.value(number_id, json!({"contacts": [contact], "messages": [message]}))
    }

    /// What became of a message.
    #[must_use]
    pub fn status(
        self,
        number_id: &str,
        to: &str,
        id: &str,
        at: Timestamp,
        status: &str,
        callback_data: Option<&str>,
    ) -> Self {
        let mut update = json!({
            "id": id, "status": status, "timestamp": at.as_secs().to_string(), "recipient_id": to,
        });
        if let Some(data) = callback_data {
            update["biz_opaque_callback_data"] = json!(data);
        }
        if status == "failed" {
            update["errors"] = json!([{
                "code": 131_047, "title": "Re-engagement message", "message": "Re-engagement message",
                "error_data": {"details": "Message failed to send because more than 24 hours have passed since the customer last replied to this number."},
                "href": "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/",
            }]);
        }
        self.value(number_id, json!({"statuses": [update]}))
    }

    /// Any value of the field `messages`; what it lacks of the envelope is put in.
    #[must_use]
    pub fn value(mut self, number_id: &str, mut value: Value) -> Self {
        value["messaging_product"] = json!("whatsapp");
        value["metadata"] = json!({"display_phone_number": "15550783881", "phone_number_id": number_id});
        self.changes.push(json!({"field": "messages", "value": value}));
        self
    }

    /// Any change of any field.
    #[must_use]
    pub fn change(mut self, field: &str, value: Value) -> Self {
        self.changes.push(json!({"field": field, "value": value}));
        self
    }

    /// The body, with each change in an entry of its own, and its signature.
    #[must_use]
    pub fn signed(&self, secret: &Secret) -> Posted {
        let entries = self.changes.iter();
        let entries: Vec<Value> = entries
            .map(|change| json!({"id": "102290129340398", "changes": [change]}))
            .collect();
        let body = json!({"object": "whatsapp_business_account", "entry": entries}).to_string();
        let body = escaped(&body).into_bytes();
        Posted {
            signature: sign(secret, &body),
            body,
        }
    }
}

/// Meta writes `á` as `\u00e1` and signs what it writes.
fn escaped(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    let mut units = [0_u16; 2];
    for char in json.chars() {
        if char.is_ascii() {
            text.push(char);
        } else {
            for unit in char.encode_utf16(&mut units) {
                text.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    text
}
