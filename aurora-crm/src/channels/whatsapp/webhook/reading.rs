//! Reading what a message says.

use serde_json::Value;

use super::content::{
    Content, FlowReply, Location, Media, MediaKind, Order, OrderItem, SharedContact, SystemChange,
};
use super::node;

/// How deep an edited message may hold another.
const MAX_EDITS: usize = 4;

impl Content {
    pub(super) fn read(message: &Value) -> Self {
        Self::nested(message, MAX_EDITS).unwrap_or(Self::Unknown)
    }

    fn nested(message: &Value, depth: usize) -> Option<Self> {
        let kind = message.get("type")?.as_str()?;
        let part = message.get(kind).unwrap_or(&Value::Null);
        Some(match kind {
            "text" => Self::Text {
                body: node::text(part, "body")?,
            },
            "image" => Self::Media(media(MediaKind::Image, part)?),
            "video" => Self::Media(media(MediaKind::Video, part)?),
            "audio" | "voice" => Self::Media(media(MediaKind::Audio, part)?),
            "document" => Self::Media(media(MediaKind::Document, part)?),
            "sticker" => Self::Media(media(MediaKind::Sticker, part)?),
            "location" => Self::Location(location(part)?),
            "contacts" => Self::Contacts(part.as_array()?.iter().map(shared_contact).collect()),
            "button" => Self::Button {
                payload: node::text(part, "payload"),
                text: node::text(part, "text"),
            },
            "interactive" => interactive(part)?,
            "reaction" => Self::Reaction {
                message_id: node::filled(part, "message_id")?,
                emoji: node::filled(part, "emoji"),
            },
            "order" => Self::Order(order(part)),
            "system" => Self::System(system(part)),
            "edit" => Self::Edited {
                original_id: node::filled(part, "original_message_id")?,
                content: Box::new(
                    depth
                        .checked_sub(1)
                        .and_then(|depth| Self::nested(part.get("message")?, depth))
                        .unwrap_or(Self::Unknown),
                ),
            },
            "revoke" => Self::Revoked {
                original_id: node::filled(part, "original_message_id")?,
            },
            "request_welcome" => Self::RequestWelcome,
            "unsupported" | "unknown" => Self::Unsupported {
                kind: node::filled(part, "type"),
            },
            _ => return None,
        })
    }
}

fn media(kind: MediaKind, value: &Value) -> Option<Media> {
    Some(Media {
        kind,
        id: node::filled(value, "id")?,
        mime_type: node::filled(value, "mime_type"),
        sha256: node::filled(value, "sha256"),
        caption: node::filled(value, "caption"),
        filename: node::filled(value, "filename"),
        is_voice: node::flag(value, "voice"),
        is_animated: node::flag(value, "animated"),
    })
}

fn location(value: &Value) -> Option<Location> {
    Some(Location {
        latitude: node::float(value, "latitude")?,
        longitude: node::float(value, "longitude")?,
        name: node::filled(value, "name"),
        address: node::filled(value, "address"),
        url: node::filled(value, "url"),
    })
}

fn shared_contact(value: &Value) -> SharedContact {
    let name = value.get("name").unwrap_or(&Value::Null);
    SharedContact {
        name: node::filled(name, "formatted_name").or_else(|| node::filled(name, "first_name")),
        phones: node::items(value, "phones")
            .filter_map(|phone| Some((node::filled(phone, "phone")?, node::filled(phone, "wa_id"))))
            .collect(),
        emails: node::items(value, "emails")
            .filter_map(|email| node::filled(email, "email"))
            .collect(),
        company: value.get("org").and_then(|org| node::filled(org, "company")),
    }
}

fn interactive(value: &Value) -> Option<Content> {
    let kind = value.get("type")?.as_str()?;
    let part = value.get(kind)?;
    Some(match kind {
        "button_reply" => Content::ButtonReply {
            id: node::text(part, "id")?,
            title: node::text(part, "title"),
        },
        "list_reply" => Content::ListReply {
            id: node::text(part, "id")?,
            title: node::text(part, "title"),
            description: node::filled(part, "description"),
        },
        "nfm_reply" => Content::FlowReply(FlowReply {
            name: node::filled(part, "name"),
            body: node::filled(part, "body"),
            response: node::text(part, "response_json").and_then(|json| serde_json::from_str(&json).ok()),
        }),
        "call_permission_reply" => Content::CallPermission {
            is_granted: node::text(part, "response")? == "accept",
        },
        _ => return None,
    })
}

fn order(value: &Value) -> Order {
    Order {
        catalog_id: node::filled(value, "catalog_id"),
        text: node::filled(value, "text"),
        items: node::items(value, "product_items")
            .filter_map(|item| {
                Some(OrderItem {
                    product_id: node::filled(item, "product_retailer_id")?,
                    quantity: node::float(item, "quantity"),
                    price: node::float(item, "item_price"),
                    currency: node::filled(item, "currency"),
                })
            })
            .collect(),
    }
}

fn system(value: &Value) -> SystemChange {
    match value.get("type").and_then(Value::as_str) {
        Some("user_changed_number" | "customer_changed_number" | "user_changed_user_id") => {
            SystemChange::Moved {
                wa_id: node::filled(value, "wa_id").or_else(|| node::filled(value, "new_wa_id")),
                user_id: node::filled(value, "user_id"),
                parent_user_id: node::filled(value, "parent_user_id"),
            }
        }
        Some("customer_identity_changed") => SystemChange::IdentityChanged,
        _ => SystemChange::Other,
    }
}
