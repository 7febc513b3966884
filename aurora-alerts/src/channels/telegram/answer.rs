//! What the answers of the Bot API mean.

use std::time::Duration;

use aurora_core::http::StatusCode;
use serde::Deserialize;

use super::super::http::Answer;
use super::super::http::status::{self, Exception};
use crate::notifier::{NotifyError, NotifyErrorKind, Receipt, Scope};

/// Where the statuses of the Bot API say something else than those of others.
///
/// | status | kind | why |
/// | --- | --- | --- |
/// | 403 | gone, for the chat alone | the bot was blocked, or put out of the group |
/// | 404 | auth | there is no such bot: the token is wrong |
const EXCEPTIONS: [Exception; 2] = [
    (403, NotifyErrorKind::Gone, "the chat does not let the bot in"),
    (404, NotifyErrorKind::Auth, "there is no such bot"),
];

/// What makes a 400 final for the chat: nothing that is sent there will arrive. In lower case.
const GONE: [&str; 7] = [
    "chat not found",
    "user not found",
    "peer_id_invalid",
    "group chat was deactivated",
    "chat was deleted",
    "not enough rights to send",
    "have no rights to send",
];

/// What one request led to.
#[derive(Debug)]
pub(super) enum Verdict {
    /// The message is there.
    Taken(Receipt),
    /// The group has another id now.
    Moved(String),
    /// The markup was not understood.
    NotUnderstood,
    /// Anything else.
    Failed(NotifyError),
}

/// core.telegram.org/bots/api#making-requests
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Said {
    ok: Option<bool>,
    error_code: Option<u16>,
    description: String,
    parameters: Parameters,
    result: Option<Sent>,
}

/// core.telegram.org/bots/api#responseparameters
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Parameters {
    migrate_to_chat_id: Option<i64>,
    retry_after: Option<u64>,
}

#[derive(Debug, Deserialize)]
struct Sent {
    message_id: i64,
}

pub(super) fn judge(answer: &Answer) -> Verdict {
    let said: Said = answer
        .text
        .as_deref()
        .and_then(|text| serde_json::from_str(text).ok())
        .unwrap_or_default();
    if answer.status.is_success() && said.ok != Some(false) {
        let message = said.result.map(|sent| sent.message_id.to_string());
        return match (message, said.ok) {
            (Some(message), _) => Verdict::Taken(Receipt::named(message)),
            (None, Some(_)) => Verdict::Taken(Receipt::new()),
            (None, None) => Verdict::Failed(NotifyError::new(
                NotifyErrorKind::Server,
                "an answer that does not say that the message was taken",
            )),
        };
    }
    if let Some(chat) = said.parameters.migrate_to_chat_id {
        return Verdict::Moved(chat.to_string());
    }
    let code = said.error_code.and_then(|code| StatusCode::from_u16(code).ok());
    let status = code.filter(|code| !code.is_success()).unwrap_or(answer.status);
    let description = said.description.to_lowercase();
    if status == StatusCode::BAD_REQUEST && description.contains("can't parse entities") {
        return Verdict::NotUnderstood;
    }
    if status == StatusCode::BAD_REQUEST && GONE.iter().any(|words| description.contains(words)) {
        let error = NotifyError::new(
            NotifyErrorKind::Gone,
            "status 400: the chat is not there for the bot",
        );
        return Verdict::Failed(error.with_scope(Scope::Target));
    }
    let wait = said.parameters.retry_after.map(Duration::from_secs);
    Verdict::Failed(failure(status, wait.or(answer.retry_after())))
}

fn failure(status: StatusCode, wait: Option<Duration>) -> NotifyError {
    let error = match status::judge(status, wait, &EXCEPTIONS) {
        Err(error) => error,
        Ok(()) => NotifyError::new(
            NotifyErrorKind::Client,
            "the message was refused in words that are not known",
        ),
    };
    match error.kind() {
        NotifyErrorKind::Gone | NotifyErrorKind::RateLimited | NotifyErrorKind::Client => {
            error.with_scope(Scope::Target)
        }
        _ => error,
    }
}
