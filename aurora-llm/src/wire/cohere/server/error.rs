//! From our errors to Cohere's.

use bytes::Bytes;
use serde_json::json;

use crate::error::{Error, ErrorKind};
use crate::wire::{ErrorAnswer, served_error};

/// Writes an error as Cohere's clients know it, with the headers that tell them whether and when to try again.
///
/// The message is the provider's own where there is one, else what our error displays. It is all there is: Cohere's
/// errors have no code, so a conversation that is too long says so in Cohere's words.
#[must_use]
pub fn encode_error(error: &Error) -> ErrorAnswer {
    let status = match error.kind() {
        // Cohere's own status for it, which its clients do not repeat.
        ErrorKind::QuotaExhausted | ErrorKind::BudgetExceeded => 402,
        kind => served_error::status(kind),
    };
    ErrorAnswer {
        status,
        headers: served_error::headers(error),
        body: Bytes::from(json!({"message": message(error)}).to_string()),
    }
}

pub(super) fn message(error: &Error) -> String {
    let message = served_error::message(error);
    match error.kind() {
        ErrorKind::ContextOverflow if !message.contains("too many tokens") => {
            format!("too many tokens: {message}")
        }
        _ => message,
    }
}
