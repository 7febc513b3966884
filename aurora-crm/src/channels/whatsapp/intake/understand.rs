//! From Meta's words into those of conversations.

use aurora_core::time::Timestamp;
use serde_json::{Value, json};

use crate::channels::whatsapp::graph::{Advice, advice};
use crate::channels::whatsapp::webhook::{
    Content as Said, InboundMessage, MediaKind as Kind, Party, StatusUpdate, SystemChange, WebhookError,
};
use crate::channels::{
    Address, AddressKind, ChannelId, DeliveryUpdate, Inbound, SendError, SendErrorKind, Sender,
};
use crate::conversations::{Content, MediaKind, MediaRef};

/// A message, for its conversation; `None` when nobody can be told to have written it.
pub(super) fn message(
    channel: ChannelId,
    message: InboundMessage,
    received_at: Timestamp,
) -> Option<Inbound> {
    let mut addresses = addresses(&message.party);
    if let Said::System(SystemChange::Moved {
        wa_id,
        user_id,
        parent_user_id,
    }) = &message.content
    {
        // The new ones first, with the old ones beside them: so they become one contact.
        let moved = Party {
            wa_id: wa_id.clone(),
            user_id: user_id.clone(),
            parent_user_id: parent_user_id.clone(),
            ..Party::default()
        };
        let old = std::mem::replace(&mut addresses, self::addresses(&moved));
        addresses.extend(old);
    }
    if addresses.is_empty() {
        return None;
    }
    let reply_to = message
        .context
        .as_ref()
        .and_then(|context| context.message_id.clone());
    Some(Inbound {
        channel,
        from: Sender {
            addresses,
            name: message
                .party
                .name
                .clone()
                .or_else(|| message.party.username.clone()),
        },
        provider_id: message.id.clone(),
        sent_at: message.at.unwrap_or(received_at),
        extra: extra(&message.raw.0),
        reply_to,
        content: content(message),
    })
}

/// What is told besides, as it came.
fn extra(raw: &Value) -> Option<Value> {
    let mut extra = serde_json::Map::new();
    for key in ["referral", "context", "group_id", "errors", "identity"] {
        if let Some(value) = raw.get(key) {
            extra.insert(key.to_owned(), value.clone());
        }
    }
    (!extra.is_empty()).then_some(Value::Object(extra))
}

/// The number first, because it stays when the user id changes.
fn addresses(party: &Party) -> Vec<Address> {
    [
        (AddressKind::WaId, &party.wa_id),
        (AddressKind::Bsuid, &party.user_id),
        (AddressKind::ParentBsuid, &party.parent_user_id),
    ]
    .into_iter()
    .filter_map(|(kind, value)| Some(Address::new(kind, value.as_ref()?)))
    .collect()
}

fn content(message: InboundMessage) -> Content {
    let kind = message.kind;
    let raw = message.raw.0;
    match message.content {
        Said::Text { body } => Content::Text { body },
        Said::Media(media) => Content::Media {
            kind: match media.kind {
                Kind::Image => MediaKind::Image,
                Kind::Video => MediaKind::Video,
                Kind::Audio if media.is_voice => MediaKind::Voice,
                Kind::Audio => MediaKind::Audio,
                Kind::Document => MediaKind::Document,
                Kind::Sticker => MediaKind::Sticker,
            },
            media: MediaRef {
                provider_id: Some(media.id),
                mime_type: media.mime_type,
                sha256: media.sha256,
                ..MediaRef::default()
            },
            caption: media.caption,
            file_name: media.filename,
        },
        Said::Location(place) => Content::Location {
            latitude: place.latitude,
            longitude: place.longitude,
            name: place.name,
            address: place.address,
        },
        Said::Contacts(_) => Content::Contacts {
            cards: raw.get("contacts").cloned().unwrap_or(json!([])),
        },
        Said::Button { payload, text } => {
            let title = text.or_else(|| payload.clone()).unwrap_or_default();
            let id = payload.unwrap_or_else(|| title.clone());
            Content::Chosen { id, title }
        }
        Said::ButtonReply { id, title } | Said::ListReply { id, title, .. } => {
            let title = title.unwrap_or_else(|| id.clone());
            Content::Chosen { id, title }
        }
        Said::Reaction { message_id, emoji } => Content::Reaction {
            to: message_id,
            emoji,
        },
        Said::System(_) => Content::Notice {
            kind: raw
                .get("system")
                .and_then(|system| system.get("type"))
                .map_or(kind, text),
            raw,
        },
        Said::Edited { .. } | Said::Revoked { .. } | Said::RequestWelcome | Said::CallPermission { .. } => {
            Content::Notice {
                kind: message_kind(&raw, kind),
                raw,
            }
        }
        Said::FlowReply(_) | Said::Order(_) | Said::Unsupported { .. } | Said::Unknown => {
            Content::Unsupported {
                kind: message_kind(&raw, kind),
                raw,
            }
        }
    }
}

/// The type, of interactive ones the type of what is in them.
fn message_kind(raw: &Value, kind: String) -> String {
    match raw
        .get("interactive")
        .and_then(|interactive| interactive.get("type"))
    {
        Some(inner) => text(inner),
        None => short(&kind),
    }
}

fn text(value: &Value) -> String {
    short(value.as_str().unwrap_or_default())
}

fn short(text: &str) -> String {
    text.chars().take(64).collect()
}

/// What became of a message; `None` when the status says nothing about delivery.
pub(super) fn status(
    channel: ChannelId,
    status: &StatusUpdate,
    received_at: Timestamp,
) -> Option<DeliveryUpdate> {
    Some(DeliveryUpdate {
        channel,
        provider_id: status.message_id.clone(),
        message: status.callback_data.as_deref().and_then(|data| data.parse().ok()),
        state: status.status.delivery()?,
        at: status.at.unwrap_or(received_at),
        error: status.errors.first().map(failure),
    })
}

fn failure(error: &WebhookError) -> SendError {
    let title = error.title.clone().unwrap_or_default();
    SendError::new(kind_of(advice(error.code)), error.code.to_string(), title)
}

/// In the words of channels.
pub(in crate::channels::whatsapp) const fn kind_of(advice: Advice) -> SendErrorKind {
    match advice {
        Advice::Retry => SendErrorKind::Retry(None),
        Advice::WaitForNumber | Advice::WaitForPair => SendErrorKind::Throttled(None),
        Advice::UseTemplate => SendErrorKind::WindowClosed,
        Advice::Stop => SendErrorKind::Rejected,
        Advice::Account => SendErrorKind::Account,
    }
}
