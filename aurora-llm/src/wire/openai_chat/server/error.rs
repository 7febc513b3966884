//! From our errors to OpenAI's.

use bytes::Bytes;
use serde_json::{Value, json};

use crate::error::{Error, ErrorKind};
use crate::wire::{ErrorAnswer, served_error};

/// Writes an error as OpenAI's clients know it, with the headers that tell them whether and when to try again.
///
/// The message is the provider's own where there is one, else what our error displays.
#[must_use]
pub fn encode_error(error: &Error) -> ErrorAnswer {
    ErrorAnswer {
        status: served_error::status(error.kind()),
        headers: served_error::headers(error),
        body: Bytes::from(body(error).to_string()),
    }
}

/// The error object, as answers and streams hold it.
pub(in crate::wire) fn body(error: &Error) -> Value {
    let (kind, code) = match error.kind() {
        ErrorKind::RateLimited | ErrorKind::LocalRateLimited => ("rate_limit_error", "rate_limit_exceeded"),
        // A budget of ours is to the client what a quota is: official clients know the code and do not repeat the call.
        ErrorKind::QuotaExhausted | ErrorKind::BudgetExceeded => ("insufficient_quota", "insufficient_quota"),
        ErrorKind::Authentication => ("invalid_request_error", "invalid_api_key"),
        ErrorKind::Permission => ("invalid_request_error", "permission_denied"),
        ErrorKind::ModelNotFound => ("invalid_request_error", "model_not_found"),
        ErrorKind::ContextOverflow => ("invalid_request_error", "context_length_exceeded"),
        ErrorKind::ContentFiltered => ("invalid_request_error", "content_filter"),
        ErrorKind::InvalidRequest => ("invalid_request_error", "invalid_request"),
        ErrorKind::Unsupported => ("invalid_request_error", "unsupported"),
        ErrorKind::Overloaded | ErrorKind::CircuitOpen => ("server_error", "overloaded"),
        kind => ("server_error", kind.as_str()),
    };
    json!({"error": {
        "message": served_error::message(error),
        "type": kind,
        "param": null,
        "code": code,
    }})
}
