//! What an answer of a provider says about what went wrong.
//!
//! One table serves all dialects: vendors and the servers compatible with them borrow each other's codes, put them
//! into other places, and answer the same failure with different statuses. The order of the questions matters: a
//! used-up quota comes as 429 and names the rate limit too, so it is looked for first.

mod kind;
mod wait;

use std::time::Duration;

use aurora_core::time::Timestamp;
use http::HeaderMap;
use serde_json::Value;

use self::wait::{SHORT_QUOTA, quota_is_short, retry_after, retry_delay, retry_words};
use super::ResponseHead;
use crate::error::{Error, ErrorKind};

/// Reads an answer that says what went wrong.
pub(super) fn classify(head: &ResponseHead, body: &[u8], now: Timestamp) -> Error {
    let report = Report::read(body);
    let mut error = Error::new(report.kind(Some(head.status))).with_status(head.status);
    if head.status == 404 && report.is_empty() {
        error = error.with_context("nothing is served at this address");
    }
    match header(&head.headers, "x-should-retry") {
        Some("false") => error = error.without_retry(),
        // The server takes the blame for what would else be the request's, as OpenAI does for a lock conflict (409).
        Some("true") if error.kind() == ErrorKind::InvalidRequest => {
            error = Error::new(ErrorKind::ServerError).with_status(head.status);
        }
        _ => {}
    }
    if let Some(wait) = retry_after(&head.headers, now).or(report.retry_after) {
        error = error.with_retry_after(wait);
    }
    let id = request_id(&head.headers).map(str::to_owned);
    report.describe(match id {
        Some(id) => error.with_request_id(id),
        None => error,
    })
}

/// Reads an error that came within a stream or under a status below 300; `None` when `value` is no error.
pub(super) fn within_answer(value: &Value) -> Option<Error> {
    let report = Report::of(value)?;
    let status = report.status;
    let error = Error::new(report.kind(status));
    Some(report.describe(match status {
        Some(status) => error.with_status(status),
        None => error,
    }))
}

/// What a JSON document says that came where a stream was asked for.
pub(super) fn instead_of_stream(body: &[u8]) -> Error {
    match serde_json::from_slice(body) {
        Ok(value) => within_answer(&value).unwrap_or_else(|| {
            Error::new(ErrorKind::Malformed).with_context("a JSON document instead of a stream of events")
        }),
        Err(_) => Error::new(ErrorKind::StreamTruncated),
    }
}

/// The vendor's id of the call.
pub(crate) fn request_id(headers: &HeaderMap) -> Option<&str> {
    [
        "x-request-id",
        "request-id",
        "apim-request-id",
        "x-debug-trace-id",
        "cf-ray",
    ]
    .into_iter()
    .find_map(|name| header(headers, name))
}

/// What the body says, wherever it says it.
#[derive(Debug, Default)]
struct Report {
    message: String,
    code: String,
    kind: String,
    status: Option<u16>,
    request_id: Option<String>,
    retry_after: Option<Duration>,
    /// Of a quota that names its time, whether it is a short one, which waiting helps against (Google).
    is_short: Option<bool>,
}

impl Report {
    fn read(body: &[u8]) -> Self {
        if let Ok(value) = serde_json::from_slice::<Value>(body) {
            return Self::of(&value).unwrap_or_default();
        }
        let text = String::from_utf8_lossy(body.get(..2_000).unwrap_or(body));
        let text = text.trim();
        let message = if text.starts_with('<') { "" } else { text };
        Self {
            message: message.to_owned(),
            ..Self::default()
        }
    }

    fn of(value: &Value) -> Option<Self> {
        // Gemini's compatible endpoint wraps the error into a list.
        let value = value.as_array().and_then(|list| list.first()).unwrap_or(value);
        let inner = match value.get("error") {
            Some(Value::Null) | None => {
                let is_error = value.get("object").is_some_and(|object| object == "error")
                    || value.get("type").is_some_and(|kind| kind == "error")
                    || ["detail", "errors", "message"]
                        .iter()
                        .any(|name| value.get(name).is_some())
                        && value.get("choices").is_none()
                        && value.get("content").is_none();
                is_error.then_some(value)?
            }
            Some(error) => error,
        };
        let text = |name: &str| inner.get(name).and_then(as_text).unwrap_or_default();
        let details = inner.get("details");
        let code = details
            .and_then(|details| details.get("error_code"))
            .and_then(as_text)
            .or_else(|| details.and_then(error_reason))
            .or_else(|| inner.get("code").and_then(as_text))
            // Azure's content filter may tell its name within alone.
            .or_else(|| inner.pointer("/innererror/code").and_then(as_text))
            .unwrap_or_default();
        let message = inner
            .as_str()
            .map(str::to_owned)
            .or_else(|| inner.get("message").and_then(as_text))
            .or_else(|| {
                value
                    .get("detail")
                    .map(|detail| as_text(detail).unwrap_or_else(|| detail.to_string()))
            })
            .unwrap_or_default();
        let kind = [text("type"), text("status")]
            .into_iter()
            .chain(value.get("error_type").and_then(as_text))
            .find(|kind| !kind.is_empty() && kind != "error")
            .unwrap_or_default();
        let status = ["code", "status", "status_code", "http_status_code"]
            .into_iter()
            .filter_map(|name| inner.get(name))
            .find_map(as_status);
        let retry_after = details.and_then(retry_delay).or_else(|| retry_words(&message));
        let is_short = details.and_then(quota_is_short).or_else(|| {
            let wait = retry_after.filter(|_| kind == "RESOURCE_EXHAUSTED")?;
            Some(wait <= SHORT_QUOTA)
        });
        Some(Self {
            message,
            code,
            kind,
            status,
            request_id: value.get("request_id").and_then(as_text),
            retry_after,
            is_short,
        })
    }

    const fn is_empty(&self) -> bool {
        self.message.is_empty() && self.code.is_empty() && self.kind.is_empty()
    }

    fn describe(self, mut error: Error) -> Error {
        let code = if self.code.is_empty() || as_status_text(&self.code).is_some() {
            self.kind
        } else {
            self.code
        };
        if !code.is_empty() {
            error = error.with_code(code.chars().take(100).collect::<String>());
        }
        if !self.message.is_empty() {
            error = error.with_provider_message(&self.message);
        }
        if let Some(id) = self.request_id
            && error.request_id().is_none()
        {
            error = error.with_request_id(id);
        }
        error
    }
}

fn as_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn as_status(value: &Value) -> Option<u16> {
    as_status_text(&as_text(value)?)
}

fn as_status_text(text: &str) -> Option<u16> {
    text.parse().ok().filter(|status| (400..600).contains(status))
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

/// `details[].reason` of Google's errors, such as `API_KEY_INVALID`.
fn error_reason(details: &Value) -> Option<String> {
    let mut reasons = details
        .as_array()?
        .iter()
        .filter_map(|detail| detail.get("reason"));
    reasons.find_map(as_text)
}
