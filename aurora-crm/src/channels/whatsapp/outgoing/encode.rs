//! Writing requests, with everything that is wrong in them.

use aurora_core::http::Url;
use serde_json::{Map, Value, json};

use super::{Body, Outgoing, Recipient, card, interactive, limits, media, template};
use crate::channels::whatsapp::webhook::is_user_id;
use crate::error::Error;
use crate::fields::Fields;

/// Collects what is wrong while the request is written.
#[derive(Debug, Default)]
pub(super) struct Writer(Fields);

impl Writer {
    pub(super) fn finish(self, value: Value) -> Result<Value, Error> {
        self.0.finish(value)
    }

    pub(super) fn refuse(&mut self, field: impl Into<String>, code: &'static str, message: &str) {
        self.0.refuse(field, code, message);
    }

    /// A text that has something in it, of at most so many characters.
    pub(super) fn text(&mut self, field: &str, text: &str, max: usize) -> Value {
        if text.trim().is_empty() {
            self.refuse(field, "required", "must not be empty");
        } else if text.chars().nth(max).is_some() {
            self.0.refuse(
                field,
                "too_long",
                format_args!("must have at most {max} characters"),
            );
        } else if text.contains('\0') {
            self.refuse(field, "invalid", "must not hold the character U+0000");
        }
        Value::from(text)
    }

    /// The same on one line.
    pub(super) fn line(&mut self, field: &str, text: &str, max: usize) -> Value {
        if text.chars().any(char::is_control) {
            self.refuse(field, "invalid", "must be one line without control characters");
            return Value::Null;
        }
        self.text(field, text, max)
    }

    /// An id: printable ASCII without spaces.
    pub(super) fn id(&mut self, field: &str, id: &str) -> Value {
        if !id.is_empty() && !id.bytes().all(|byte| byte.is_ascii_graphic()) {
            self.refuse(field, "invalid", "must be letters, digits and signs of ASCII");
        }
        self.text(field, id, limits::ID)
    }

    pub(super) fn link(&mut self, field: &str, link: &str) -> Value {
        let is_link = Url::parse(link).is_ok_and(|url| {
            matches!(url.scheme(), "http" | "https") && url.has_host() && url.username().is_empty()
        });
        if !link.is_empty() && !is_link {
            self.refuse(field, "invalid", "must begin with https:// or http://");
        }
        self.text(field, link, limits::LINK)
    }

    pub(super) fn count(&mut self, field: &str, count: usize, max: usize) {
        if count == 0 {
            self.refuse(field, "required", "must have at least one entry");
        } else if count > max {
            self.0
                .refuse(field, "too_many", format_args!("must have at most {max} entries"));
        }
    }
}

/// Sets `key` where there is a value.
pub(super) fn set(object: &mut Map<String, Value>, key: &str, value: Option<Value>) {
    if let Some(value) = value {
        object.insert(key.to_owned(), value);
    }
}

pub(super) fn message(message: &Outgoing, writer: &mut Writer) -> Value {
    let kind = message.body.kind();
    let mut request = Map::new();
    request.insert("messaging_product".to_owned(), "whatsapp".into());
    request.insert("recipient_type".to_owned(), "individual".into());
    recipient(&message.to, &mut request, writer);
    request.insert("type".to_owned(), kind.into());
    request.insert(kind.to_owned(), body(&message.body, kind, writer));
    if let Some(id) = &message.reply_to {
        if matches!(message.body, Body::Reaction { .. }) {
            writer.refuse("context", "not_allowed", "a reaction is no answer");
        }
        let id = writer.id("context.message_id", id);
        request.insert("context".to_owned(), json!({ "message_id": id }));
    }
    if let Some(data) = &message.callback_data {
        let data = writer.text("biz_opaque_callback_data", data, limits::CALLBACK_DATA);
        request.insert("biz_opaque_callback_data".to_owned(), data);
    }
    Value::Object(request)
}

fn recipient(to: &Recipient, request: &mut Map<String, Value>, writer: &mut Writer) {
    match to {
        Recipient::Number(number) => {
            let is_number =
                (5..=15).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit());
            if !is_number {
                writer.refuse(
                    "to",
                    "invalid",
                    "must be a number of 5 to 15 digits with its country code",
                );
            }
            request.insert("to".to_owned(), number.as_str().into());
        }
        Recipient::User(id) => {
            if !is_user_id(id) {
                writer.refuse(
                    "recipient",
                    "invalid",
                    "must be a business-scoped user id, such as BR.123",
                );
            }
            request.insert("recipient".to_owned(), id.as_str().into());
        }
    }
}

fn body(body: &Body, kind: &str, writer: &mut Writer) -> Value {
    match body {
        Body::Text { text, preview_url } => json!({
            "body": writer.text("text.body", text, limits::TEXT),
            "preview_url": preview_url,
        }),
        Body::Media(media) => media::write(media, kind, writer),
        Body::Template(template) => template::write(template, writer),
        Body::Interactive(interactive) => interactive::write(interactive, writer),
        Body::Location {
            latitude,
            longitude,
            name,
            address,
        } => {
            for (field, degrees, most) in [
                ("location.latitude", latitude, 90.0),
                ("location.longitude", longitude, 180.0),
            ] {
                // Not a number is in no range.
                if !(-most..=most).contains(degrees) {
                    writer.refuse(field, "invalid", "must be degrees on earth");
                }
            }
            let mut place = Map::new();
            place.insert("latitude".to_owned(), (*latitude).into());
            place.insert("longitude".to_owned(), (*longitude).into());
            for (key, field, text) in [
                ("name", "location.name", name),
                ("address", "location.address", address),
            ] {
                let text = text.as_ref().map(|text| writer.line(field, text, limits::LINE));
                set(&mut place, key, text);
            }
            Value::Object(place)
        }
        Body::Contacts(cards) => {
            writer.count("contacts", cards.len(), limits::CARDS);
            let cards = cards.iter().take(limits::CARDS).enumerate();
            cards
                .map(|(index, card)| card::write(card, index, writer))
                .collect()
        }
        Body::Reaction { message_id, emoji } => {
            if emoji.chars().count() > 16
                || emoji
                    .chars()
                    .any(|char| char.is_control() || char.is_ascii_alphabetic())
            {
                writer.refuse("reaction.emoji", "invalid", "must be one emoji, or nothing");
            }
            json!({ "message_id": writer.id("reaction.message_id", message_id), "emoji": emoji })
        }
    }
}

pub(super) fn read_mark(message_id: &str, is_typing: bool, writer: &mut Writer) -> Value {
    let mut request = json!({
        "messaging_product": "whatsapp",
        "status": "read",
        "message_id": writer.id("message_id", message_id),
    });
    if let Some(request) = request.as_object_mut().filter(|_| is_typing) {
        request.insert("typing_indicator".to_owned(), json!({ "type": "text" }));
    }
    request
}
