//! What Google's answers mean.

use std::fmt;
use std::time::Duration;

use aurora_core::failure::{Failure, FailureClass};
use aurora_core::http;
use serde_json::Value;

/// What can be done about a failed call to Google.
///
/// After [Handle API errors](https://developers.google.com/workspace/calendar/api/guides/errors); the reason in the body
/// decides where one status has several meanings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum GoogleErrorKind {
    /// No token is given for these credentials any more (`invalid_grant`): revoked, key deleted, delegation missing, clock
    /// wrong. Only a person can repair it; repeating does not help.
    Grant,
    /// The application itself is refused (`invalid_client` and others), or none is set: its id or secret is wrong. No calendar
    /// has to be connected again; whoever runs this program repairs it.
    App,
    /// The access token is refused, also a new one (401).
    Unauthenticated,
    /// These credentials may not do this (403 for another reason than a quota).
    Forbidden,
    /// There is no such calendar or event (404), or it cannot be seen with these credentials.
    NotFound,
    /// The event is deleted already (410 `deleted`).
    Gone,
    /// The sync token is not valid any more (410 `fullSyncRequired`, `updatedMinTooLongAgo`): everything has to be listed.
    FullSyncRequired,
    /// The event's own id is taken (409 `duplicate`), also by one that was deleted.
    Duplicate,
    /// The event is not at the expected etag any more (412).
    Changed,
    /// Too many calls (429, or 403 with `rateLimitExceeded`, `userRateLimitExceeded`, `quotaExceeded`,
    /// `dailyLimitExceeded`): later, and ever later.
    Quota,
    /// The request is refused as it is (400 and other 4xx).
    Invalid,
    /// Google, or the way to it, fails: 5xx, no connection, an answer that cannot be read.
    Unavailable,
    /// No answer in time. A write may have happened.
    Timeout,
}

/// A failed call to Google. It shows neither URLs nor tokens nor texts of an answer, apart from its reason code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GoogleError {
    kind: GoogleErrorKind,
    status: Option<u16>,
    reason: Option<String>,
    retry_after: Option<Duration>,
    not_executed: bool,
}

impl GoogleError {
    pub(in super::super) const fn new(kind: GoogleErrorKind) -> Self {
        Self {
            kind,
            status: None,
            reason: None,
            retry_after: None,
            not_executed: matches!(kind, GoogleErrorKind::Quota),
        }
    }

    /// What can be done about it.
    #[must_use]
    pub const fn kind(&self) -> GoogleErrorKind {
        self.kind
    }

    /// The status of the answer, where there was one.
    #[must_use]
    pub const fn status(&self) -> Option<u16> {
        self.status
    }

    /// Google's code for it, such as `invalid_grant` or `rateLimitExceeded`.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        self.reason.as_deref()
    }

    /// Whether the same call can succeed a moment later.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        self.class().is_retryable()
    }

    /// Whether it is certain that nothing was done there.
    pub(in super::super) fn is_undone(&self) -> bool {
        self.not_executed || !self.is_retryable()
    }

    /// It came before the call itself.
    pub(super) const fn before_the_call(mut self) -> Self {
        self.not_executed = true;
        self
    }

    /// What was asked for under the name of the application: only `invalid_grant` says something about the person.
    pub(in super::super) fn asked_by_app(mut self) -> Self {
        if self.kind == GoogleErrorKind::Grant && self.reason() != Some("invalid_grant") {
            self.kind = GoogleErrorKind::App;
        }
        self
    }

    /// What an answer of the Calendar API that is no success means.
    pub(in super::super) fn of_answer(status: u16, body: &[u8], retry_after: Option<Duration>) -> Self {
        let body: Value = serde_json::from_slice(body).unwrap_or(Value::Null);
        let reason = body.pointer("/error/errors/0/reason").and_then(code);
        let kind = match (status, reason.as_deref()) {
            (401, _) => GoogleErrorKind::Unauthenticated,
            (
                403,
                Some("rateLimitExceeded" | "userRateLimitExceeded" | "quotaExceeded" | "dailyLimitExceeded"),
            )
            | (429, _) => GoogleErrorKind::Quota,
            (403, _) => GoogleErrorKind::Forbidden,
            (404, _) => GoogleErrorKind::NotFound,
            (408, _) => GoogleErrorKind::Timeout,
            (409, _) => GoogleErrorKind::Duplicate,
            (410, Some("deleted")) => GoogleErrorKind::Gone,
            (410, _) => GoogleErrorKind::FullSyncRequired,
            (412, _) => GoogleErrorKind::Changed,
            (400..=499, _) => GoogleErrorKind::Invalid,
            // A redirect, which is not followed, and what is no status of this API.
            _ => GoogleErrorKind::Unavailable,
        };
        Self {
            status: Some(status),
            reason,
            retry_after,
            ..Self::new(kind)
        }
    }

    /// What an answer of the token endpoint that is no success means (RFC 6749, section 5.2).
    pub(in super::super) fn of_token_answer(status: u16, body: &[u8], retry_after: Option<Duration>) -> Self {
        let body: Value = serde_json::from_slice(body).unwrap_or(Value::Null);
        let reason = body.get("error").and_then(code);
        let kind = match (status, reason.as_deref()) {
            (429, _) | (403, Some("rate_limit_exceeded")) => GoogleErrorKind::Quota,
            (400..=499, Some("temporarily_unavailable" | "internal_failure")) | (408 | 500.., _) => {
                GoogleErrorKind::Unavailable
            }
            (400..=499, Some(_)) => GoogleErrorKind::Grant,
            // Who does not say why may be a proxy on the way.
            _ => GoogleErrorKind::Unavailable,
        };
        Self {
            status: Some(status),
            reason,
            retry_after,
            ..Self::new(kind)
        }
    }

    /// A successful answer whose body is not what Google documents.
    pub(in super::super) fn unreadable(status: u16) -> Self {
        Self {
            status: Some(status),
            ..Self::new(GoogleErrorKind::Unavailable)
        }
    }
}

/// A short code that may be shown; whatever else stands there may be somebody's text.
fn code(value: &Value) -> Option<String> {
    let text = value.as_str()?;
    let is_code = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    ((1..=64).contains(&text.len()) && text.bytes().all(is_code)).then(|| text.to_owned())
}

impl From<http::Error> for GoogleError {
    fn from(error: http::Error) -> Self {
        let kind = match error.class() {
            FailureClass::Timeout => GoogleErrorKind::Timeout,
            FailureClass::Rejected => GoogleErrorKind::Invalid,
            _ => GoogleErrorKind::Unavailable,
        };
        Self {
            not_executed: error.before_sending(),
            ..Self::new(kind)
        }
    }
}

impl Failure for GoogleError {
    fn class(&self) -> FailureClass {
        match self.kind {
            GoogleErrorKind::Quota => FailureClass::Throttled,
            GoogleErrorKind::Unavailable => FailureClass::Transient,
            GoogleErrorKind::Timeout => FailureClass::Timeout,
            GoogleErrorKind::Grant
            | GoogleErrorKind::App
            | GoogleErrorKind::Unauthenticated
            | GoogleErrorKind::Forbidden => FailureClass::Credential,
            _ => FailureClass::Rejected,
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    fn not_executed(&self) -> bool {
        self.not_executed
    }
}

impl fmt::Display for GoogleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            GoogleErrorKind::Grant => {
                "Google gives no token for these credentials: connect the calendar again"
            }
            GoogleErrorKind::App => "Google refuses the application: check its client id and secret",
            GoogleErrorKind::Unauthenticated => "Google refuses the access token",
            GoogleErrorKind::Forbidden => "these credentials may not do this in Google Calendar",
            GoogleErrorKind::NotFound => "Google Calendar has no such calendar or event",
            GoogleErrorKind::Gone => "the event is deleted in Google Calendar",
            GoogleErrorKind::FullSyncRequired => "the sync token is not valid any more",
            GoogleErrorKind::Duplicate => "the id of the event is taken in Google Calendar",
            GoogleErrorKind::Changed => "the event was changed in Google Calendar meanwhile",
            GoogleErrorKind::Quota => "Google Calendar wants fewer calls",
            GoogleErrorKind::Invalid => "Google Calendar refuses the request",
            GoogleErrorKind::Unavailable => "Google Calendar cannot be reached or does not work",
            GoogleErrorKind::Timeout => "Google Calendar did not answer in time",
        })?;
        match (self.status, self.reason.as_deref()) {
            (Some(status), Some(reason)) => write!(f, " ({status} {reason})"),
            (Some(status), None) => write!(f, " ({status})"),
            _ => Ok(()),
        }
    }
}

impl std::error::Error for GoogleError {}
