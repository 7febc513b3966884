//! A mail as it goes over the wire (RFC 5322, RFC 2046).

use std::time::{Duration, SystemTime};

use aurora_core::time::Timestamp;
use lettre::Message;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, SinglePart};
use sha2::{Digest, Sha256};

use super::layout;
use crate::notification::Notification;
use crate::notifier::{NotifyError, NotifyErrorKind, Rendered};

/// The last second of the year 9999, behind which RFC 5322 has no dates.
const LAST: u64 = 253_402_300_799;

/// The bytes for one recipient; the same for every attempt.
pub(super) fn write(
    notification: &Notification,
    rendered: Rendered,
    from: &Mailbox,
    to: &Mailbox,
) -> Result<Vec<u8>, NotifyError> {
    let domain = from.email.domain();
    // Not the id of any mail: mail programs put together what refers to the same one.
    let group = format!("<group-{}@{domain}>", digest(&notification.group_key));
    let parts = MultiPart::alternative()
        .boundary(format!("=_{}", notification.id))
        .singlepart(SinglePart::plain(rendered.text))
        .singlepart(SinglePart::html(rendered.html.unwrap_or_default()));
    let automatic = HeaderValue::new(
        HeaderName::new_from_ascii_str("Auto-Submitted"),
        "auto-generated".to_owned(),
    );
    let message = Message::builder()
        .from(from.clone())
        .to(to.clone())
        .subject(layout::subject(&rendered.title))
        .date(date(notification.created_at))
        .message_id(Some(format!("<{}@{domain}>", notification.id)))
        .in_reply_to(group.clone())
        .references(group)
        .raw_header(automatic)
        .multipart(parts);
    match message {
        Ok(message) => Ok(message.formatted()),
        // The text of the error could repeat an address.
        Err(_) => Err(NotifyError::new(
            NotifyErrorKind::Other,
            "the mail cannot be written",
        )),
    }
}

/// 32 hexadecimal digits: enough to tell groups apart, and no label can be read from them.
fn digest(group_key: &str) -> String {
    let hash = Sha256::digest(group_key);
    hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

pub(super) fn date(at: Timestamp) -> SystemTime {
    let seconds = u64::try_from(at.as_secs()).unwrap_or(0).min(LAST);
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}
