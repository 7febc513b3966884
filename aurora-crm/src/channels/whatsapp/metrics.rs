//! The names of this module's metrics.

use metrics::{counter, describe_counter};

/// What came in, by `outcome`: `stored`, `duplicate`, `unknown_number`, `foreign_app`, `malformed`, `refused` (signature) or
/// `unreadable`; and of what was stored, when that is known: `placed`, `kept` (nothing here reads it), `failed` or `retried`.
pub const INBOUND: &str = "aurora_whatsapp_inbound_total";

/// What became of requests to send, by `outcome`: `sent`, `unknown`, or a name of [`Advice`](super::graph::Advice).
pub const SENDS: &str = "aurora_whatsapp_sends_total";

/// What became of media that came in, by `outcome`: `stored` or `lost`.
pub const MEDIA: &str = "aurora_whatsapp_media_total";

/// Describes the metrics to the installed recorder; call it once after installing one.
pub fn describe() {
    describe_counter!(INBOUND, "What came in from WhatsApp.");
    describe_counter!(MEDIA, "What became of media that came in from WhatsApp.");
    describe_counter!(SENDS, "What became of requests to send by WhatsApp.");
}

pub(super) fn came_in(outcome: &'static str, count: usize) {
    if count > 0 {
        counter!(INBOUND, "outcome" => outcome).increment(u64::try_from(count).unwrap_or(u64::MAX));
    }
}

pub(super) fn sent(outcome: &'static str) {
    counter!(SENDS, "outcome" => outcome).increment(1);
}

#[cfg(feature = "files")]
pub(super) fn fetched(outcome: &'static str) {
    counter!(MEDIA, "outcome" => outcome).increment(1);
}
