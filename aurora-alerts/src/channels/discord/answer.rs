//! What Discord's answers mean.

use std::time::Duration;

use aurora_core::http::HeaderMap;
use serde::Deserialize;

use super::super::http::Answer;
use super::super::http::status::{self, Exception};
use crate::notifier::{NotifyError, NotifyErrorKind, Receipt};

/// Where Discord's statuses say more than those of others.
///
/// | status | kind | source |
/// | --- | --- | --- |
/// | 404 | gone: a webhook that is not found is not to be used again | docs/topics/rate-limits, on invalid requests |
const EXCEPTIONS: [Exception; 1] = [(404, NotifyErrorKind::Gone, "the webhook was deleted")];

/// What is longer than this (7 days) is taken for a mistake, as with `Retry-After`.
const LONGEST: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// The message that was kept, or why it was not.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Said {
    id: Option<String>,
    code: Option<i64>,
    retry_after: Option<f64>,
}

/// The receipt with the message's id and the rest that Discord asks for, or the error.
pub(super) fn judge(answer: &Answer) -> Result<Receipt, NotifyError> {
    let said: Said = answer
        .text
        .as_deref()
        .and_then(|text| serde_json::from_str(text).ok())
        .unwrap_or_default();
    if let Err(error) = status::judge(answer.status, answer.retry_after(), &EXCEPTIONS) {
        // The body is more exact than the header, which has whole seconds.
        let waits = [answer.retry_after(), said.retry_after.and_then(seconds)];
        let wait = waits
            .into_iter()
            .flatten()
            .max()
            .or_else(|| reset_after(&answer.headers));
        let error = match said.code {
            Some(code) => NotifyError::new(error.kind(), format!("{error} (code {code})")),
            None => error,
        };
        return Err(match wait.filter(|_| error.is_retryable()) {
            Some(wait) => error.with_retry_after(wait),
            None => error,
        });
    }
    let receipt = said.id.map_or_else(Receipt::new, Receipt::named);
    let is_last = number(&answer.headers, "x-ratelimit-remaining").is_some_and(|remaining| remaining < 1.0);
    Ok(match reset_after(&answer.headers).filter(|_| is_last) {
        Some(rest) => receipt.resting(rest),
        None => receipt,
    })
}

fn reset_after(headers: &HeaderMap) -> Option<Duration> {
    number(headers, "x-ratelimit-reset-after").and_then(seconds)
}

fn number(headers: &HeaderMap, name: &str) -> Option<f64> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}

fn seconds(number: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(number)
        .ok()
        .filter(|wait| *wait <= LONGEST)
}
