//! How long to wait before the next attempt, wherever an answer says it.

use std::time::Duration;

use aurora_core::time::Timestamp;
use http::HeaderMap;
use serde_json::Value;

use super::as_text;
#[cfg(not(feature = "http"))]
use super::header;
use crate::wire::limits::go_duration;

/// `details[].retryDelay` of Google's errors, such as `"32s"`.
pub(super) fn retry_delay(details: &Value) -> Option<Duration> {
    let delay = details
        .as_array()?
        .iter()
        .find_map(|detail| detail.get("retryDelay"))?;
    seconds(delay.as_str()?.strip_suffix('s')?)
}

/// Who is asked to wait longer has used up what he has for the day.
pub(super) const SHORT_QUOTA: Duration = Duration::from_secs(60 * 60);

/// `details[].violations[].quotaId` of Google's errors, such as `GenerateRequestsPerMinutePerProjectPerModel`.
pub(super) fn quota_is_short(details: &Value) -> Option<bool> {
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
pub(super) fn retry_words(message: &str) -> Option<Duration> {
    let (_, rest) = ["retry in ", "try again in ", "retry after "]
        .iter()
        .find_map(|words| message.split_once(words))?;
    let mut words = rest
        .split_whitespace()
        .map(|word| word.trim_end_matches(['.', ',']));
    let wait = go_duration(words.next()?)?;
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

#[cfg(feature = "http")]
pub(super) fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    aurora_core::http::parse_retry_after(headers, now)
}

/// Without a provider that uses HTTP there is no HTTP client to ask; numbers are read, dates are not.
#[cfg(not(feature = "http"))]
pub(super) fn retry_after(headers: &HeaderMap, _now: Timestamp) -> Option<Duration> {
    let millis = header(headers, "retry-after-ms").and_then(seconds);
    let millis = millis.and_then(|wait| wait.checked_div(1_000));
    millis.or_else(|| header(headers, "retry-after").and_then(seconds))
}

fn seconds(text: &str) -> Option<Duration> {
    Duration::try_from_secs_f64(text.trim().parse().ok()?).ok()
}
