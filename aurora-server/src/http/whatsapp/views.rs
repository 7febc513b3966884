//! The JSON of numbers.

use aurora_core::secret::Secret;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Whether this server reaches WhatsApp.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WhatsAppStatus)]
pub(super) struct StatusView {
    /// Whether an app is set: without one no webhook is taken, and no number can be added.
    pub(super) is_configured: bool,
    /// The app that numbers are added to.
    pub(super) app: String,
    /// The version of the Graph API.
    pub(super) graph_version: String,
    /// The address to enter at Meta, when the server knows its own.
    pub(super) webhook_url: Option<String>,
}

/// A number of the workspace at the WhatsApp Business Platform. Its token is never read back.
#[derive(Debug, ToSchema)]
#[schema(as = WhatsAppNumber)]
#[expect(dead_code, reason = "describes what the domain writes")]
pub(super) struct NumberView {
    /// `chn_…`; the channel of its conversations.
    id: String,
    /// Meta's name of it (`phone_number_id`).
    number_id: String,
    /// The WhatsApp Business Account that it belongs to.
    account_id: Option<String>,
    /// The number as people see it.
    display_number: String,
    /// What the workspace calls it.
    name: String,
    /// The Meta app whose secret signs its webhooks.
    app: String,
    /// Since when nothing is sent from it, and why.
    pause: Option<NumberPauseView>,
    /// Grows by one with each change; also in the header `ETag`.
    version: i64,
    /// RFC 3339, UTC.
    #[schema(format = DateTime)]
    created_at: String,
    /// RFC 3339, UTC.
    #[schema(format = DateTime)]
    updated_at: String,
}

/// Why nothing is sent from a number.
#[derive(Debug, ToSchema)]
#[schema(as = WhatsAppNumberPause)]
#[expect(dead_code, reason = "describes what the domain writes")]
pub(super) struct NumberPauseView {
    /// Since when. RFC 3339, UTC.
    #[schema(format = DateTime)]
    at: String,
    /// `manual`, or Meta's code of what is wrong with the account, such as `190` (token) or `131042` (payment).
    reason: String,
}

/// A number to add.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewWhatsAppNumber, example = json!({"number_id": "106540352242922", "display_number": "+55 11 3876-5432",
    "token": "EAAG…"}))]
pub(super) struct NewNumberInput {
    /// Meta's name of it (`phone_number_id`), digits.
    pub(super) number_id: String,
    /// The number as people see it.
    pub(super) display_number: String,
    /// A token of a system user; sealed in the database and never shown.
    #[schema(value_type = String, format = Password)]
    pub(super) token: Secret,
    /// The WhatsApp Business Account, digits.
    pub(super) account_id: Option<String>,
    /// What the workspace calls it; the number unless told.
    pub(super) name: Option<String>,
    /// The Meta app; that of the settings unless told.
    pub(super) app: Option<String>,
}

/// What to change in a number; what is not named stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = WhatsAppNumberChange)]
pub(super) struct NumberChangeInput {
    /// What the workspace calls it.
    pub(super) name: Option<String>,
    /// Another token.
    #[schema(value_type = Option<String>, format = Password)]
    pub(super) token: Option<Secret>,
}

/// Something that came in and is in no conversation. What it says is not shown.
#[derive(Debug, ToSchema)]
#[schema(as = UnplacedMessage)]
#[expect(dead_code, reason = "describes what the domain writes")]
pub(super) struct UnplacedView {
    /// `win_…`
    id: String,
    /// The number that it came in on, `chn_…`.
    channel: String,
    /// `message`, `echo`, `status`, `error`, `other` or `malformed`.
    kind: String,
    /// Why it is in none: `failed`, `kept` (nothing reads its kind) or `late` (it waits for longer than an hour).
    state: String,
    /// What went wrong.
    error: Option<String>,
    /// When it came in. RFC 3339, UTC.
    #[schema(format = DateTime)]
    received_at: String,
}
