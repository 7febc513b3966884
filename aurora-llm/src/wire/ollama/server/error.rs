//! From our errors to Ollama's.

use bytes::Bytes;
use serde_json::{Value, json};

use crate::error::{Error, ErrorKind};
use crate::wire::{ErrorAnswer, served_error};

/// Writes an error as Ollama's clients know it, with the headers that tell whether and when to try again.
///
/// The message is the provider's own where there is one, else what our error displays. It is all there is: Ollama's
/// errors have no code, so a conversation that is too long says so in words.
#[must_use]
pub fn encode_error(error: &Error) -> ErrorAnswer {
    let status = match error.kind() {
        // 429 is for what passes.
        ErrorKind::QuotaExhausted | ErrorKind::BudgetExceeded => 402,
        kind => served_error::status(kind),
    };
    ErrorAnswer {
        status,
        headers: served_error::headers(error),
        body: Bytes::from(body(error).to_string()),
    }
}

/// The error object, as answers and streams hold it.
pub(super) fn body(error: &Error) -> Value {
    let message = served_error::message(error);
    let message = match error.kind() {
        ErrorKind::ContextOverflow if !message.contains("exceeds the context") => {
            format!("the prompt exceeds the context length: {message}")
        }
        _ => message,
    };
    json!({"error": message})
}
