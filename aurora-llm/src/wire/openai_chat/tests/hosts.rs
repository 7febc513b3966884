//! What Azure, Hugging Face and Text Generation Inference say when something goes wrong.

use std::time::Duration;

use aurora_core::time::Timestamp;
use http::{HeaderMap, HeaderValue};

use crate::error::{Error, ErrorKind};
use crate::wire::tests::openai;
use crate::wire::{Codec as _, ResponseHead};

fn classify(status: u16, headers: HeaderMap, body: &str) -> Error {
    let head = ResponseHead::new(status, headers);
    openai().classify(&head, body.as_bytes(), Timestamp::UNIX_EPOCH)
}

fn check(cases: &[(u16, &str, ErrorKind)]) {
    for (status, body, expected) in cases {
        let error = classify(*status, HeaderMap::new(), body);
        assert_eq!(error.kind(), *expected, "{status} {body}");
    }
}

#[test]
fn azure_s_errors() {
    check(&[
        (
            400,
            r#"{"error":{"message":"The response was filtered due to the prompt triggering the content management policy.","type":null,"param":"prompt","code":"content_filter","status":400,"innererror":{"code":"ResponsibleAIPolicyViolation","content_filter_result":{}}}}"#,
            ErrorKind::ContentFiltered,
        ),
        (
            400,
            r#"{"error":{"message":"m","innererror":{"code":"ResponsibleAIPolicyViolation"}}}"#,
            ErrorKind::ContentFiltered,
        ),
        (
            404,
            r#"{"error":{"code":"DeploymentNotFound","message":"The API deployment for this resource does not exist."}}"#,
            ErrorKind::ModelNotFound,
        ),
        (
            401,
            r#"{"error":{"code":"401","message":"Access denied due to invalid subscription key or wrong API endpoint."}}"#,
            ErrorKind::Authentication,
        ),
        (
            403,
            r#"{"error":{"code":"403","message":"Out of call volume quota. Quota will be replenished in 2 days."}}"#,
            ErrorKind::QuotaExhausted,
        ),
        (
            429,
            r#"{"error":{"code":"429","message":"Requests have exceeded call rate limit of your current pricing tier."}}"#,
            ErrorKind::RateLimited,
        ),
    ]);
}

#[test]
fn azure_s_wait_is_read_from_its_words_when_there_is_no_header() {
    let mut headers = HeaderMap::new();
    headers.insert("x-ratelimit-limit-requests", HeaderValue::from_static("-1"));
    headers.insert("x-ratelimit-remaining-tokens", HeaderValue::from_static("0"));
    let body = r#"{"error":{"code":"429","message":"Rate limit exceeded. Please retry after 6 seconds."}}"#;
    let error = classify(429, headers.clone(), body);
    assert_eq!(error.kind(), ErrorKind::RateLimited);
    assert_eq!(error.retry_after(), Some(Duration::from_secs(6)));
    headers.insert("retry-after", HeaderValue::from_static("9"));
    assert_eq!(
        classify(429, headers, body).retry_after(),
        Some(Duration::from_secs(9))
    );
}

#[test]
fn hugging_face_s_errors() {
    check(&[
        (
            402,
            r#"{"error":"You have exceeded your monthly included credits for Inference Providers."}"#,
            ErrorKind::QuotaExhausted,
        ),
        (
            400,
            r#"{"error":{"message":"The requested model 'x/y' does not exist","type":"invalid_request_error","code":"model_not_found"}}"#,
            ErrorKind::ModelNotFound,
        ),
        (
            401,
            r#"{"error":"Invalid username or password."}"#,
            ErrorKind::Authentication,
        ),
        (
            422,
            r#"{"error":"Input validation error: `inputs` must have less than 1024 tokens. Given: 5000","error_type":"validation"}"#,
            ErrorKind::ContextOverflow,
        ),
        (
            422,
            r#"{"error":"Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 5000 `inputs` tokens and 100 `max_new_tokens`","error_type":"validation"}"#,
            ErrorKind::ContextOverflow,
        ),
        (
            422,
            r#"{"error":"Input validation error: `temperature` must be strictly positive","error_type":"validation"}"#,
            ErrorKind::InvalidRequest,
        ),
        (
            424,
            r#"{"error":"Request failed during generation","error_type":"generation"}"#,
            ErrorKind::ServerError,
        ),
        (
            429,
            r#"{"error":"Model is overloaded","error_type":"overloaded"}"#,
            ErrorKind::Overloaded,
        ),
        (
            500,
            r#"{"error":"Incomplete generation","error_type":"incomplete_generation"}"#,
            ErrorKind::ServerError,
        ),
    ]);
}
