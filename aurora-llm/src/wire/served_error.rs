//! How the server side of every dialect answers an error.

use crate::error::{Error, ErrorKind};

/// The status under which the server side of every dialect answers an error; 529 is Anthropic's own.
pub(super) const fn status(kind: ErrorKind) -> u16 {
    match kind {
        ErrorKind::InvalidRequest
        | ErrorKind::Unsupported
        | ErrorKind::ContextOverflow
        | ErrorKind::ContentFiltered => 400,
        ErrorKind::Authentication => 401,
        ErrorKind::Permission | ErrorKind::RegionBlocked => 403,
        ErrorKind::ModelNotFound => 404,
        ErrorKind::RateLimited
        | ErrorKind::LocalRateLimited
        | ErrorKind::BudgetExceeded
        | ErrorKind::QuotaExhausted => 429,
        ErrorKind::Cancelled => 499,
        ErrorKind::Config => 500,
        ErrorKind::ToolLimit
        | ErrorKind::ServerError
        | ErrorKind::Connect
        | ErrorKind::StreamTruncated
        | ErrorKind::Malformed => 502,
        ErrorKind::Overloaded | ErrorKind::CircuitOpen => 503,
        // RFC 9111 §5.2.1.7 has it so for `only-if-cached`.
        ErrorKind::Timeout(_) | ErrorKind::NotCached => 504,
    }
}

/// Headers that tell the vendors' clients whether and when to try again.
pub(super) fn headers(error: &Error) -> Vec<(&'static str, String)> {
    let mut headers = vec![("content-type", "application/json".to_owned())];
    if let Some(wait) = error.retry_after() {
        let millis = wait.as_millis();
        headers.push(("retry-after", millis.div_ceil(1_000).to_string()));
        headers.push(("retry-after-ms", millis.to_string()));
    }
    // They would repeat any 429 by themselves; our own limit passes, a used-up quota does not.
    if error.kind() != ErrorKind::LocalRateLimited && status(error.kind()) == 429 && !error.is_retryable() {
        headers.push(("x-should-retry", "false".to_owned()));
    }
    headers
}

pub(super) fn message(error: &Error) -> String {
    error
        .provider_message()
        .map_or_else(|| error.to_string(), str::to_owned)
}
