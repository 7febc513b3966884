//! What an answer of a provider says about what went wrong.
//!
//! One table serves all dialects: vendors and the servers compatible with them borrow each other's codes, put them
//! into other places, and answer the same failure with different statuses. The order of the questions matters: a
//! used-up quota comes as 429 and names the rate limit too, so it is looked for first.

use std::time::Duration;

use aurora_core::time::Timestamp;
use http::HeaderMap;
use serde_json::Value;

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

    fn kind(&self, status: Option<u16>) -> ErrorKind {
        let message = self.message.to_lowercase();
        let names = [self.code.to_lowercase(), self.kind.to_lowercase()];
        let named = |known: &[&str]| names.iter().any(|name| known.contains(&name.as_str()));
        let says = |words: &[&str]| words.iter().any(|words| message.contains(words));
        let status = status.unwrap_or(0);
        // A server that fails may say anything; only answers about the request are read by their words.
        let about_request = matches!(status, 0 | 200..=499);

        // Google answers every limit, also one per minute, with the words of a used-up quota, and names the quota.
        match self.is_short {
            Some(true) => return ErrorKind::RateLimited,
            Some(false) => return ErrorKind::QuotaExhausted,
            None => {}
        }
        if status == 402 || named(QUOTA) || about_request && says(QUOTA_WORDS) {
            return ErrorKind::QuotaExhausted;
        }
        if status == 451 || named(REGION) || about_request && says(REGION_WORDS) {
            return ErrorKind::RegionBlocked;
        }
        // Under 429 "too many tokens" are too many for this minute.
        let about_size = about_request && !matches!(status, 401 | 429);
        if named(CONTEXT) || about_size && says(CONTEXT_WORDS) {
            return ErrorKind::ContextOverflow;
        }
        if named(FILTER) || status == 403 && says(&["moderation", "flagged"]) {
            return ErrorKind::ContentFiltered;
        }
        if matches!(status, 401 | 498) || named(AUTHENTICATION) || about_request && says(KEY_WORDS) {
            return ErrorKind::Authentication;
        }
        if matches!(status, 503 | 529) || named(OVERLOADED) || status == 429 && says(&["overloaded"]) {
            return ErrorKind::Overloaded;
        }
        // Larger than a limit per minute is too large at any time; another target may have a larger limit.
        if status == 413 {
            return ErrorKind::ContextOverflow;
        }
        if status == 429 || named(RATE) || matches!(status, 0 | 200) && says(RATE_WORDS) {
            return ErrorKind::RateLimited;
        }
        if status == 400 && says(UNSUPPORTED_WORDS) {
            return ErrorKind::Unsupported;
        }
        if named(MODEL) || matches!(status, 0 | 400) && message.contains("model") && says(MODEL_WORDS) {
            return ErrorKind::ModelNotFound;
        }
        if named(GENERATION) || about_request && says(GENERATION_WORDS) {
            return ErrorKind::Malformed;
        }
        match status {
            403 => ErrorKind::Permission,
            404 | 410 => ErrorKind::ModelNotFound,
            501 => ErrorKind::Unsupported,
            // 499: somebody between us and the provider gave up on the call.
            408 | 424 | 425 | 499 | 500.. => ErrorKind::ServerError,
            400..=499 => ErrorKind::InvalidRequest,
            _ if named(PERMISSION) => ErrorKind::Permission,
            _ if named(INVALID) => ErrorKind::InvalidRequest,
            _ => ErrorKind::ServerError,
        }
    }
}

const QUOTA: &[&str] = &[
    "insufficient_quota",
    "billing_hard_limit_reached",
    "billing_not_active",
    "billing_error",
    "enforced_spend_limit_reached",
    "insufficient_balance",
    "insufficient_credits",
    "payment_required",
];
const QUOTA_WORDS: &[&str] = &[
    "exceeded your current quota",
    "credit balance is too low",
    "insufficient balance",
    "insufficient credit",
    "billing hard limit",
    // Azure, under 403
    "out of call volume quota",
    // Hugging Face's router
    "exceeded your monthly included credits",
    // Cohere's trial keys: so many calls in a month, under the same status as so many in a minute.
    "api calls / month",
    "calls per month",
    "prepayment credits are depleted",
];
const REGION: &[&str] = &["unsupported_country_region_territory", "unsupported_location"];
const REGION_WORDS: &[&str] = &[
    "country, region, or territory not supported",
    "user location is not supported",
    "not available in your country",
    "not available in your region",
];
/// The model wrote a tool call or a document that its own server could not read: asking again, or another, helps.
const GENERATION: &[&str] = &[
    "tool_use_failed",
    "json_validate_failed",
    "malformed_function_call",
    "output_parse_failed",
];
const GENERATION_WORDS: &[&str] = &["failed to call a function", "malformed function call"];
const CONTEXT: &[&str] = &[
    "context_length_exceeded",
    "exceed_context_size_error",
    "model_context_window_exceeded",
    "request_too_large",
];
const CONTEXT_WORDS: &[&str] = &[
    "maximum context length",
    "context length exceeded",
    "exceeds the context",
    "exceed context limit",
    "exceeds the available context size",
    "exceeds the maximum number of tokens",
    "maximum prompt length",
    "prompt is too long",
    "input is too long",
    "too many tokens",
    "reduce the length of the messages",
    // Text Generation Inference
    "`inputs` must have less than",
    "tokens + `max_new_tokens` must be <=",
];
const FILTER: &[&str] = &[
    "content_filter",
    "content_policy_violation",
    "responsibleaipolicyviolation",
    "moderation_blocked",
    "image_content_policy_violation",
    "misalignment_policy_violation",
    "bio_policy",
];
const AUTHENTICATION: &[&str] = &[
    "invalid_api_key",
    "authentication_error",
    "api_key_invalid",
    "unauthenticated",
    "invalid_authentication",
];
const KEY_WORDS: &[&str] = &["api key not valid", "incorrect api key", "invalid api key"];
const OVERLOADED: &[&str] = &[
    "overloaded_error",
    "overloaded",
    "engine_overloaded",
    "server_overloaded",
    "service_unavailable",
    "unavailable",
];
const RATE: &[&str] = &[
    "rate_limit_exceeded",
    "rate_limit_error",
    "rate_limit",
    "too_many_requests",
    "resource_exhausted",
];
/// Ollama's words for what one model cannot do, and another may.
const UNSUPPORTED_WORDS: &[&str] = &[
    "does not support tools",
    "does not support thinking",
    "does not support chat",
    "does not support image",
    "does not support embed",
    "is not supported for this model",
];
const RATE_WORDS: &[&str] = &["rate limit", "too many requests"];
const MODEL: &[&str] = &[
    "model_not_found",
    "model_not_available",
    "invalid_model",
    "deploymentnotfound",
    "not_found_error",
];
const MODEL_WORDS: &[&str] = &[
    "does not exist",
    "not found",
    "not a valid model",
    "unknown model",
];
const PERMISSION: &[&str] = &["permission_error", "permission_denied", "forbidden"];
const INVALID: &[&str] = &["invalid_request_error", "invalid_argument", "bad_request"];

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

/// `details[].retryDelay` of Google's errors, such as `"32s"`.
fn retry_delay(details: &Value) -> Option<Duration> {
    let delay = details
        .as_array()?
        .iter()
        .find_map(|detail| detail.get("retryDelay"))?;
    seconds(delay.as_str()?.strip_suffix('s')?)
}

/// `details[].reason` of Google's errors, such as `API_KEY_INVALID`.
fn error_reason(details: &Value) -> Option<String> {
    let mut reasons = details
        .as_array()?
        .iter()
        .filter_map(|detail| detail.get("reason"));
    reasons.find_map(as_text)
}

/// Who is asked to wait longer has used up what he has for the day.
const SHORT_QUOTA: Duration = Duration::from_secs(60 * 60);

/// `details[].violations[].quotaId` of Google's errors, such as `GenerateRequestsPerMinutePerProjectPerModel`.
fn quota_is_short(details: &Value) -> Option<bool> {
    let violations = details
        .as_array()?
        .iter()
        .filter_map(|detail| detail.get("violations")?.as_array())
        .flatten();
    let mut short = None;
    for violation in violations {
        let text = |name: &str| violation.get(name).and_then(as_text).unwrap_or_default();
        let id = text("quotaId");
        // One that lasts until tomorrow, or is nothing at all, outweighs those that are over in a minute.
        if id.contains("PerDay") || text("quotaValue") == "0" {
            return Some(false);
        }
        if id.contains("PerMinute") || id.contains("PerSecond") {
            short = Some(true);
        }
    }
    short
}

/// "Please retry in 10h17m3.5s", "Please try again in 1.2s".
fn retry_words(message: &str) -> Option<Duration> {
    let (_, rest) = ["retry in ", "try again in ", "retry after "]
        .iter()
        .find_map(|words| message.split_once(words))?;
    let mut words = rest
        .split_whitespace()
        .map(|word| word.trim_end_matches(['.', ',']));
    let wait = super::limits::go_duration(words.next()?)?;
    let is_bare = rest.starts_with(|c: char| c.is_ascii_digit())
        && !rest
            .split_whitespace()
            .next()?
            .contains(|c: char| c.is_ascii_alphabetic());
    let scale = match words.next() {
        _ if !is_bare => 1,
        Some(unit) if unit.starts_with("second") => 1,
        Some(unit) if unit.starts_with("minute") => 60,
        Some(unit) if unit.starts_with("hour") => 3_600,
        _ => return None,
    };
    wait.checked_mul(scale)
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

#[cfg(feature = "http")]
fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    aurora_core::http::parse_retry_after(headers, now)
}

/// Without a provider that uses HTTP there is no HTTP client to ask; numbers are read, dates are not.
#[cfg(not(feature = "http"))]
fn retry_after(headers: &HeaderMap, _now: Timestamp) -> Option<Duration> {
    let millis = header(headers, "retry-after-ms").and_then(seconds);
    let millis = millis.and_then(|wait| wait.checked_div(1_000));
    millis.or_else(|| header(headers, "retry-after").and_then(seconds))
}

fn seconds(text: &str) -> Option<Duration> {
    Duration::try_from_secs_f64(text.trim().parse().ok()?).ok()
}
