//! What an HTTP status says about a delivery: one table for every channel that speaks HTTP.

use std::time::Duration;

use aurora_core::failure::{Failure, FailureClass};
use aurora_core::http::{Error, StatusCode};

use crate::notifier::{NotifyError, NotifyErrorKind};

/// What a channel means by a status where that is not what the table says, and why: `(status, kind, meaning)`.
pub(in crate::channels) type Exception = (u16, NotifyErrorKind, &'static str);

/// The table: first and last status, kind, meaning. The first line that fits counts.
///
/// | status | kind | tried again |
/// | --- | --- | --- |
/// | 3xx | client: a redirect is not followed, for it could lead anywhere | no |
/// | 401, 403, 407 | auth | no |
/// | 408, 504, 524 | timeout: the message may have arrived | yes |
/// | 410 | gone: the address will not come back (RFC 9110 §15.5.11, Standard Webhooks) | no |
/// | 421, 425 | server: the same request can succeed on another connection, or a little later | yes |
/// | 429 | rate limited | yes |
/// | other 4xx | client | no |
/// | other 5xx | server | yes |
/// | anything else | client: no status that HTTP knows | no |
///
/// What a channel means differently is in its own list of [`Exception`]s.
const TABLE: [(u16, u16, NotifyErrorKind, &str); 11] = [
    (
        300,
        399,
        NotifyErrorKind::Client,
        "a redirect, which is not followed",
    ),
    (401, 401, NotifyErrorKind::Auth, "access refused"),
    (403, 403, NotifyErrorKind::Auth, "access refused"),
    (407, 407, NotifyErrorKind::Auth, "a proxy refused access"),
    (408, 408, NotifyErrorKind::Timeout, "the request took too long"),
    (410, 410, NotifyErrorKind::Gone, "the address is gone for good"),
    (421, 421, NotifyErrorKind::Server, "the receiver is not there"),
    (425, 425, NotifyErrorKind::Server, "too early"),
    (429, 429, NotifyErrorKind::RateLimited, "too many requests"),
    (504, 504, NotifyErrorKind::Timeout, "the receiver took too long"),
    (524, 524, NotifyErrorKind::Timeout, "the receiver took too long"),
];

/// `Ok` for 2xx; for anything else the error by the channel's exceptions and then by the table, with the wait that the
/// channel asked for.
pub(in crate::channels) fn judge(
    status: StatusCode,
    retry_after: Option<Duration>,
    exceptions: &[Exception],
) -> Result<(), NotifyError> {
    let code = status.as_u16();
    let exception = exceptions.iter().find(|(known, ..)| *known == code);
    let (kind, what) = match exception {
        Some((_, kind, what)) => (*kind, *what),
        None if status.is_success() => return Ok(()),
        None => by_table(code),
    };
    let error = NotifyError::new(kind, format!("status {code}: {what}"));
    Err(match retry_after.filter(|_| kind.is_retryable()) {
        Some(wait) => error.with_retry_after(wait),
        None => error,
    })
}

fn by_table(code: u16) -> (NotifyErrorKind, &'static str) {
    TABLE
        .iter()
        .find(|(first, last, ..)| (*first..=*last).contains(&code))
        .map_or_else(
            || match code {
                500..=599 => (NotifyErrorKind::Server, "the receiver failed"),
                _ => (NotifyErrorKind::Client, "the message was refused"),
            },
            |(.., kind, what)| (*kind, *what),
        )
}

/// The error for an exchange that brought no status at all.
pub(in crate::channels) fn unanswered(error: Error) -> NotifyError {
    let kind = match error.class() {
        // Nobody knows whether it arrived.
        FailureClass::Transient if !error.before_sending() => NotifyErrorKind::Timeout,
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

    fn kind_of(status: u16, exceptions: &[Exception]) -> NotifyErrorKind {
        let wait = Some(Duration::from_secs(7));
        let error = judge(StatusCode::from_u16(status).unwrap(), wait, exceptions).unwrap_err();
        assert_eq!(
            error.retry_after().is_some(),
            error.is_retryable(),
            "{status}: a wait belongs to what is tried again"
        );
        error.kind()
    }

    #[test]
    fn statuses_become_the_kinds_of_the_table() {
        let table = [
            (302, NotifyErrorKind::Client),
            (304, NotifyErrorKind::Client),
            (400, NotifyErrorKind::Client),
            (401, NotifyErrorKind::Auth),
            (403, NotifyErrorKind::Auth),
            (404, NotifyErrorKind::Client),
            (407, NotifyErrorKind::Auth),
            (408, NotifyErrorKind::Timeout),
            (410, NotifyErrorKind::Gone),
            (413, NotifyErrorKind::Client),
            (421, NotifyErrorKind::Server),
            (425, NotifyErrorKind::Server),
            (429, NotifyErrorKind::RateLimited),
            (499, NotifyErrorKind::Client),
            (500, NotifyErrorKind::Server),
            (501, NotifyErrorKind::Server),
            (502, NotifyErrorKind::Server),
            (503, NotifyErrorKind::Server),
            (504, NotifyErrorKind::Timeout),
            (524, NotifyErrorKind::Timeout),
            (599, NotifyErrorKind::Server),
            (999, NotifyErrorKind::Client),
        ];
        for (status, kind) in table {
            assert_eq!(kind_of(status, &[]), kind, "{status}");
        }
        for status in [200, 202, 204] {
            assert!(judge(StatusCode::from_u16(status).unwrap(), None, &[]).is_ok());
        }
    }

    #[test]
    fn what_a_channel_means_differently_goes_before_the_table() {
        let exceptions = [
            (404, NotifyErrorKind::Gone, "deleted"),
            (204, NotifyErrorKind::Server, "not said to be taken"),
        ];
        assert_eq!(kind_of(404, &exceptions), NotifyErrorKind::Gone);
        assert_eq!(kind_of(204, &exceptions), NotifyErrorKind::Server);
        assert_eq!(kind_of(400, &exceptions), NotifyErrorKind::Client);
    }
}
