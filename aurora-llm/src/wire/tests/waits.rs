//! When to try again, wherever an answer says it.

use std::time::Duration;

use aurora_core::time::Timestamp;

use super::failures::{head, kind};
use super::openai;
use crate::error::{Error, ErrorKind};
use crate::wire::{Codec as _, openai_chat};

#[cfg(feature = "http")]
#[test]
fn retry_after_may_be_a_date() {
    let head = head(429, &[("retry-after", "Thu, 01 Jan 1970 00:00:20 GMT")]);
    let error = openai().classify(&head, b"", Timestamp::from_secs(5));
    assert_eq!(error.retry_after(), Some(Duration::from_secs(15)));
}

#[test]
fn google_s_retry_delay_is_read_from_the_body() {
    let body = br#"[{"error":{"code":429,"message":"Quota","status":"RESOURCE_EXHAUSTED","details":[{"@type":"QuotaFailure"},{"retryDelay":"32s"}]}}]"#;
    let error = openai().classify(&head(429, &[]), body, Timestamp::UNIX_EPOCH);
    assert_eq!(error.kind(), ErrorKind::RateLimited);
    assert_eq!(error.retry_after(), Some(Duration::from_secs(32)));
    assert_eq!(error.code(), Some("RESOURCE_EXHAUSTED"));
}

#[test]
fn a_server_that_decides_about_retries_is_obeyed() {
    let wanted = head(409, &[("x-should-retry", "true"), ("retry-after", "2")]);
    let error = openai().classify(&wanted, b"", Timestamp::UNIX_EPOCH);
    assert!(error.is_retryable());
    assert_eq!(
        (error.status(), error.retry_after()),
        (Some(409), Some(Duration::from_secs(2)))
    );
    assert!(
        !openai()
            .classify(&head(409, &[]), b"", Timestamp::UNIX_EPOCH)
            .is_retryable()
    );
    let forbidden = head(500, &[("x-should-retry", "false")]);
    let error = openai().classify(&forbidden, b"", Timestamp::UNIX_EPOCH);
    assert_eq!(
        (error.kind(), error.is_retryable()),
        (ErrorKind::ServerError, false)
    );
    assert!(
        openai()
            .classify(&head(500, &[]), b"", Timestamp::UNIX_EPOCH)
            .is_retryable()
    );
}

#[test]
fn retry_after_is_rounded_up_to_whole_seconds() {
    let error = Error::new(ErrorKind::RateLimited).with_retry_after(Duration::from_millis(2_300));
    let answer = openai_chat::server::encode_error(&error);
    assert_eq!(answer.status, 429);
    assert!(
        answer.headers.contains(&("retry-after", "3".to_owned())),
        "{answer:?}"
    );
}

#[test]
fn google_s_quotas_are_told_apart_by_their_time() {
    let body = |id: &str| {
        format!(
            r#"{{"error":{{"code":429,"message":"You exceeded your current quota, please check your plan and billing details.","status":"RESOURCE_EXHAUSTED","details":[{{"@type":"type.googleapis.com/google.rpc.QuotaFailure","violations":[{{"quotaId":"{id}"}}]}},{{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"32s"}}]}}}}"#
        )
    };
    assert_eq!(
        kind(429, &body("GenerateRequestsPerMinutePerProjectPerModel-FreeTier")),
        ErrorKind::RateLimited
    );
    assert_eq!(
        kind(429, &body("GenerateRequestsPerDayPerProjectPerModel-FreeTier")),
        ErrorKind::QuotaExhausted
    );
}

#[test]
fn a_wait_that_is_told_in_words_is_read() {
    for (words, expected) in [
        (
            "Please retry in 10h17m3.5s.",
            Some(Duration::from_millis(37_023_500)),
        ),
        (
            "Rate limit reached. Please try again in 1.2s. Visit the page.",
            Some(Duration::from_millis(1_200)),
        ),
        ("Please try again in 6m0s.", Some(Duration::from_secs(360))),
        ("Please try again in 5 minutes.", Some(Duration::from_secs(300))),
        ("Please try again in 20 seconds", Some(Duration::from_secs(20))),
        ("Please try again in 20", None),
        ("Please try again in a moment.", None),
        ("Please try again in ", None),
    ] {
        let body = format!(r#"{{"error":{{"message":"{words}","code":"rate_limit_exceeded"}}}}"#);
        let error = openai().classify(&head(429, &[]), body.as_bytes(), Timestamp::UNIX_EPOCH);
        assert_eq!(error.retry_after(), expected, "{words}");
    }
}
