//! From our errors to Google's.

use bytes::Bytes;
use serde_json::{Value, json};

use crate::error::{Error, ErrorKind};
use crate::wire::{ErrorAnswer, served_error};

/// Writes an error as Google's clients know it: with its status as a word, and with the time to wait among the details.
///
/// The message is the provider's own where there is one, else what our error displays.
#[must_use]
pub fn encode_error(error: &Error) -> ErrorAnswer {
    ErrorAnswer {
        status: status(error.kind()),
        headers: served_error::headers(error),
        body: Bytes::from(body(error).to_string()),
    }
}

/// A wrong key is a wrong argument to Google.
const fn status(kind: ErrorKind) -> u16 {
    match kind {
        ErrorKind::Authentication | ErrorKind::RegionBlocked => 400,
        kind => served_error::status(kind),
    }
}

/// The error object, as answers and streams hold it.
pub(super) fn body(error: &Error) -> Value {
    let kind = error.kind();
    let mut details = Vec::new();
    if let Some(reason) = reason(kind) {
        details.push(json!({
            "@type": "type.googleapis.com/google.rpc.ErrorInfo",
            "reason": reason,
            "domain": "googleapis.com",
        }));
    }
    if kind == ErrorKind::QuotaExhausted {
        details.push(json!({
            "@type": "type.googleapis.com/google.rpc.QuotaFailure",
            "violations": [{"quotaId": "GenerateRequestsPerDay"}],
        }));
    }
    if let Some(wait) = error.retry_after() {
        details.push(json!({
            "@type": "type.googleapis.com/google.rpc.RetryInfo",
            "retryDelay": format!("{}s", wait.as_secs_f64()),
        }));
    }
    let mut message = served_error::message(error);
    // The words by which clients, ours among them, know it.
    match kind {
        ErrorKind::RegionBlocked => message.insert_str(0, "User location is not supported for the API use. "),
        ErrorKind::ContextOverflow => {
            message.insert_str(
                0,
                "The input token count exceeds the maximum number of tokens allowed. ",
            );
        }
        _ => {}
    }
    let mut inner = json!({"code": status(kind), "message": message, "status": word(kind)});
    if let Some(inner) = inner.as_object_mut().filter(|_| !details.is_empty()) {
        inner.insert("details".to_owned(), Value::Array(details));
    }
    json!({"error": inner})
}

const fn reason(kind: ErrorKind) -> Option<&'static str> {
    match kind {
        ErrorKind::Authentication => Some("API_KEY_INVALID"),
        ErrorKind::ContentFiltered => Some("CONTENT_FILTER"),
        _ => None,
    }
}

const fn word(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::InvalidRequest
        | ErrorKind::Unsupported
        | ErrorKind::ContextOverflow
        | ErrorKind::ContentFiltered
        | ErrorKind::Authentication => "INVALID_ARGUMENT",
        ErrorKind::RegionBlocked => "FAILED_PRECONDITION",
        ErrorKind::Permission => "PERMISSION_DENIED",
        ErrorKind::ModelNotFound => "NOT_FOUND",
        ErrorKind::RateLimited
        | ErrorKind::LocalRateLimited
        | ErrorKind::BudgetExceeded
        | ErrorKind::QuotaExhausted => "RESOURCE_EXHAUSTED",
        ErrorKind::Cancelled => "CANCELLED",
        ErrorKind::Overloaded | ErrorKind::CircuitOpen => "UNAVAILABLE",
        ErrorKind::Timeout(_) => "DEADLINE_EXCEEDED",
        _ => "INTERNAL",
    }
}
