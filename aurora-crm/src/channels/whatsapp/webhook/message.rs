//! One message.

use std::fmt;

use aurora_core::time::Timestamp;
use serde_json::Value;

use super::content::Content;
use super::identity::Party;
use super::{Raw, WebhookError, node};

/// A message that somebody wrote, or the business beside the API.
///
/// `Debug` shows neither what it says nor who wrote it.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct InboundMessage {
    /// Its id at WhatsApp (`wamid.…`): the same each time that it is told.
    pub id: String,
    /// The person at the other end.
    pub party: Party,
    /// When it was written, as Meta has it; `None` where that cannot be read.
    pub at: Option<Timestamp>,
    /// The name of its type as it came.
    pub kind: String,
    /// What it says.
    pub content: Content,
    /// What it refers to.
    pub context: Option<ReplyContext>,
    /// The advertisement that it began with.
    pub referral: Option<Referral>,
    /// The group that it was written in.
    pub group_id: Option<String>,
    /// Why WhatsApp does not hand it on whole.
    pub errors: Vec<WebhookError>,
    /// All of it, as it came.
    pub raw: Raw,
}

/// What a message refers to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct ReplyContext {
    /// The message that it answers.
    pub message_id: Option<String>,
    /// Whether it was forwarded.
    pub is_forwarded: bool,
    /// Whether it was forwarded more than five times.
    pub is_frequently_forwarded: bool,
    /// The product that it asks about: catalogue and item.
    pub product: Option<(String, String)>,
}

/// The advertisement or post that a conversation began with (click to WhatsApp).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Referral {
    /// `ad` or `post`.
    pub source_type: Option<String>,
    /// Its id.
    pub source_id: Option<String>,
    /// Where it is.
    pub source_url: Option<String>,
    /// Its title.
    pub headline: Option<String>,
    /// The id of the click, for measuring conversions.
    pub click_id: Option<String>,
}

impl InboundMessage {
    /// `None` without an id, by which alone a message can be told from its repetition.
    pub(super) fn read(value: &Value, party: Party) -> Option<Self> {
        Some(Self {
            id: node::filled(value, "id")?,
            party,
            at: node::time(value, "timestamp"),
            kind: node::text(value, "type").unwrap_or_default(),
            content: Content::read(value),
            context: value
                .get("context")
                .filter(|context| context.is_object())
                .map(context),
            referral: value
                .get("referral")
                .filter(|referral| referral.is_object())
                .map(referral),
            group_id: node::filled(value, "group_id"),
            errors: WebhookError::all(value),
            raw: Raw(value.clone()),
        })
    }
}

fn context(value: &Value) -> ReplyContext {
    let product = value.get("referred_product").and_then(|product| {
        let catalog = node::filled(product, "catalog_id")?;
        Some((catalog, node::filled(product, "product_retailer_id")?))
    });
    ReplyContext {
        message_id: node::filled(value, "id"),
        is_forwarded: node::flag(value, "forwarded"),
        is_frequently_forwarded: node::flag(value, "frequently_forwarded"),
        product,
    }
}

fn referral(value: &Value) -> Referral {
    Referral {
        source_type: node::filled(value, "source_type"),
        source_id: node::filled(value, "source_id"),
        source_url: node::filled(value, "source_url"),
        headline: node::filled(value, "headline"),
        click_id: node::filled(value, "ctwa_clid"),
    }
}

impl fmt::Debug for InboundMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InboundMessage")
            .field("id", &self.id)
            .field("at", &self.at)
            .field("kind", &self.kind)
            .field("party", &self.party)
            .field("errors", &self.errors)
            .finish_non_exhaustive()
    }
}
