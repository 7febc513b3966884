//! What an HTTP status says about a delivery: one table for every channel that speaks HTTP.

use std::time::Duration;

use aurora_core::failure::{Failure, FailureClass};
use aurora_core::http::{Error, StatusCode};

use crate::notifier::{NotifyError, NotifyErrorKind};

/// `Ok` for 2xx; for anything else the error, with the wait that the channel asked for.
///
/// | status | kind | tried again |
/// | --- | --- | --- |
/// | 3xx | client: a redirect is not followed, for it could lead anywhere | no |
/// | 401, 403 | auth | no |
/// | 408 | timeout | yes |
/// | 410 | client: the address is gone for good | no |
/// | 429 | rate limited | yes |
/// | other 4xx | client | no |
/// | 5xx | server | yes |
pub(super) fn judge(status: StatusCode, retry_after: Option<Duration>) -> Result<(), NotifyError> {
    let (kind, what) = match status.as_u16() {
        200..=299 => return Ok(()),
        300..=399 => (NotifyErrorKind::Client, "a redirect, which is not followed"),
        401 | 403 => (NotifyErrorKind::Auth, "access refused"),
        408 => (NotifyErrorKind::Timeout, "the request took too long"),
        410 => (NotifyErrorKind::Client, "the address is gone for good"),
        429 => (NotifyErrorKind::RateLimited, "too many requests"),
        500..=599 => (NotifyErrorKind::Server, "the receiver failed"),
        _ => (NotifyErrorKind::Client, "the message was refused"),
    };
    let error = NotifyError::new(kind, format!("status {}: {what}", status.as_u16()));
    Err(match retry_after.filter(|_| kind.is_retryable()) {
        Some(wait) => error.with_retry_after(wait),
        None => error,
    })
}

/// The error for an exchange that brought no status at all.
pub(super) fn unanswered(error: Error) -> NotifyError {
    let kind = match error.class() {
        FailureClass::Timeout => NotifyErrorKind::Timeout,
        FailureClass::Transient => NotifyErrorKind::Server,
        FailureClass::Throttled => NotifyErrorKind::RateLimited,
        FailureClass::Credential => NotifyErrorKind::Auth,
        FailureClass::Cancelled => NotifyErrorKind::Cancelled,
        _ => NotifyErrorKind::Client,
    };
    NotifyError::new(kind, "the receiver gave no answer").with_source(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_become_the_kinds_of_the_table() {
        let table = [
            (302, NotifyErrorKind::Client),
            (400, NotifyErrorKind::Client),
            (401, NotifyErrorKind::Auth),
            (403, NotifyErrorKind::Auth),
            (404, NotifyErrorKind::Client),
            (408, NotifyErrorKind::Timeout),
            (410, NotifyErrorKind::Client),
            (429, NotifyErrorKind::RateLimited),
            (500, NotifyErrorKind::Server),
            (503, NotifyErrorKind::Server),
        ];
        let wait = Some(Duration::from_secs(7));
        for (status, kind) in table {
            let error = judge(StatusCode::from_u16(status).unwrap(), wait).unwrap_err();
            assert_eq!(error.kind(), kind, "{status}");
            assert_eq!(error.retry_after().is_some(), kind.is_retryable(), "{status}");
        }
        for status in [200, 202, 204] {
            assert!(judge(StatusCode::from_u16(status).unwrap(), wait).is_ok());
        }
    }
}
