use aurora_core::time::Timestamp;
use serde::Serialize;

use crate::channels::ChannelId;

/// A number of a workspace at the WhatsApp Business Platform. Its token is never read back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct WhatsAppNumber {
    /// Its name for programs; the channel of its conversations.
    pub id: ChannelId,
    /// Meta's name of it (`phone_number_id`); one installation has it once.
    pub number_id: String,
    /// The WhatsApp Business Account that it belongs to.
    pub account_id: Option<String>,
    /// The number as people see it.
    pub display_number: String,
    /// What the workspace calls it, such as the name of a unit.
    pub name: String,
    /// The Meta app whose secret signs its webhooks.
    pub app: String,
    /// Since when nothing is sent from it, and why: the pause of its channel. It is no part of the version.
    pub pause: Option<NumberPause>,
    /// Grows by one with each change; 1 when new.
    pub version: i64,
    /// When it was added.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// Why nothing is sent from a number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct NumberPause {
    /// Since when.
    pub at: Timestamp,
    /// `manual`, or Meta's code of what is wrong with the account, such as `190` (token) or `131042` (payment).
    pub reason: String,
}
