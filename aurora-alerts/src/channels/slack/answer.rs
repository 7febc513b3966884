//! What Slack's answers mean.

use serde::Deserialize;

use super::super::http::{Answer, status};
use crate::notifier::{NotifyError, NotifyErrorKind};

/// The words of incoming webhooks, with what they mean for the next message.
///
/// Sources: docs.slack.dev/messaging/sending-messages-using-incoming-webhooks#handling_errors and
/// docs.slack.dev/changelog/2016-05-17-changes-to-errors-for-incoming-webhooks.
///
/// | word | status | kind |
/// | --- | --- | --- |
/// | `invalid_payload`, `invalid_blocks`, `invalid_blocks_format`, `invalid_attachments`, `too_many_attachments`, `no_text`, `msg_too_long` | 400 | client: this message |
/// | `invalid_token` | 403 | auth |
/// | `action_prohibited`, `posting_to_general_channel_denied` | 403 | gone: an administrator forbids it |
/// | `channel_not_found`, `user_not_found`, `no_service`, `no_service_id`, `no_team`, `team_disabled` | 404, 403, 400 | gone |
/// | `channel_is_archived` | 410 | gone |
/// | `rollup_error`, `internal_error`, `fatal_error`, `service_unavailable` | 500 | server |
/// | `rate_limited`, `ratelimited` | 429 | rate limited |
const WORDS: [(&str, NotifyErrorKind); 23] = [
    ("invalid_payload", NotifyErrorKind::Client),
    ("invalid_blocks", NotifyErrorKind::Client),
    ("invalid_blocks_format", NotifyErrorKind::Client),
    ("invalid_attachments", NotifyErrorKind::Client),
    ("too_many_attachments", NotifyErrorKind::Client),
    ("no_text", NotifyErrorKind::Client),
    ("msg_too_long", NotifyErrorKind::Client),
    ("invalid_token", NotifyErrorKind::Auth),
    ("action_prohibited", NotifyErrorKind::Gone),
    ("posting_to_general_channel_denied", NotifyErrorKind::Gone),
    ("channel_not_found", NotifyErrorKind::Gone),
    ("user_not_found", NotifyErrorKind::Gone),
    ("no_service", NotifyErrorKind::Gone),
    ("no_service_id", NotifyErrorKind::Gone),
    ("no_team", NotifyErrorKind::Gone),
    ("team_disabled", NotifyErrorKind::Gone),
    ("channel_is_archived", NotifyErrorKind::Gone),
    ("rollup_error", NotifyErrorKind::Server),
    ("internal_error", NotifyErrorKind::Server),
    ("fatal_error", NotifyErrorKind::Server),
    ("service_unavailable", NotifyErrorKind::Server),
    ("rate_limited", NotifyErrorKind::RateLimited),
    ("ratelimited", NotifyErrorKind::RateLimited),
];

/// The form of the Web API, which also comes from webhooks at times.
#[derive(Debug, Deserialize)]
struct Refusal {
    ok: bool,
    error: Option<String>,
}

/// `Ok` for 200 with the body `ok`, or its JSON form, alone.
pub(super) fn judge(answer: &Answer) -> Result<(), NotifyError> {
    let text = answer.text.as_deref().map(str::trim);
    let refusal = text.and_then(|text| serde_json::from_str::<Refusal>(text).ok());
    let word = match &refusal {
        Some(refusal) => refusal.error.as_deref(),
        None => text,
    };
    if let Some((word, kind)) = WORDS.iter().find(|(known, _)| Some(*known) == word) {
        let error = NotifyError::new(*kind, format!("status {}: {word}", answer.status.as_u16()));
        return Err(match answer.retry_after().filter(|_| kind.is_retryable()) {
            Some(wait) => error.with_retry_after(wait),
            None => error,
        });
    }
    status::judge(answer.status, answer.retry_after(), &[])?;
    if answer.status.as_u16() == 200
        && (text == Some("ok") || refusal.as_ref().is_some_and(|refusal| refusal.ok))
    {
        return Ok(());
    }
    let (kind, what) = match refusal {
        Some(_) => (
            NotifyErrorKind::Client,
            "the message was refused in words that are not known",
        ),
        None => (
            NotifyErrorKind::Server,
            "an answer that does not say that the message was taken",
        ),
    };
    Err(NotifyError::new(
        kind,
        format!("status {}: {what}", answer.status.as_u16()),
    ))
}
