//! From our errors to Anthropic's.

use bytes::Bytes;
use serde_json::{Value, json};

use crate::error::{Error, ErrorKind};
use crate::wire::{ErrorAnswer, served_error};

/// Writes an error as Anthropic's clients know it, with the headers that tell them whether and when to try again.
///
/// The message is the provider's own where there is one, else what our error displays.
#[must_use]
pub fn encode_error(error: &Error) -> ErrorAnswer {
    let status = match error.kind() {
        // Anthropic's own status for it, which its clients tell from an outage.
        ErrorKind::Overloaded | ErrorKind::CircuitOpen => 529,
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
    let mut inner = json!({"type": kind(error.kind()), "message": served_error::message(error)});
    if let Some(inner) = inner.as_object_mut() {
        let code = match error.kind() {
            ErrorKind::QuotaExhausted | ErrorKind::BudgetExceeded => Some("enforced_spend_limit_reached"),
            ErrorKind::ContextOverflow => Some("model_context_window_exceeded"),
            _ => None,
        };
        if let Some(code) = code {
            inner.insert("details".to_owned(), json!({"error_code": code}));
        }
    }
    json!({"type": "error", "error": inner})
}

const fn kind(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::RateLimited
        | ErrorKind::LocalRateLimited
        | ErrorKind::QuotaExhausted
        | ErrorKind::BudgetExceeded => "rate_limit_error",
        ErrorKind::Overloaded | ErrorKind::CircuitOpen => "overloaded_error",
        ErrorKind::Authentication => "authentication_error",
        ErrorKind::Permission => "permission_error",
        ErrorKind::ModelNotFound => "not_found_error",
        ErrorKind::ContextOverflow
        | ErrorKind::ContentFiltered
        | ErrorKind::InvalidRequest
        | ErrorKind::Unsupported => "invalid_request_error",
        ErrorKind::Timeout(_) => "timeout_error",
        _ => "api_error",
    }
}
