//! The table that reads errors, and the way back.

use std::time::Duration;

use aurora_core::time::Timestamp;
use http::{HeaderMap, HeaderName, HeaderValue};

use super::{claude, dialects, openai};
use crate::error::{Error, ErrorKind, TimeoutStage};
use crate::wire::cohere::CohereChat;
use crate::wire::ollama::OllamaChat;
use crate::wire::{Codec, ResponseHead, anthropic, cohere, ollama, openai_chat};

pub(super) fn head(status: u16, headers: &[(&'static str, &'static str)]) -> ResponseHead {
    let headers: HeaderMap = headers
        .iter()
        .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
        .collect();
    ResponseHead::new(status, headers)
}

pub(super) fn kind(status: u16, body: &str) -> ErrorKind {
    let kinds = dialects().map(|(dialect, codec)| {
        let error = codec.classify(&head(status, &[]), body.as_bytes(), Timestamp::UNIX_EPOCH);
        assert_eq!(error.status(), Some(status));
        (dialect, error.kind())
    });
    let kinds: Vec<_> = kinds.collect();
    let (_, first) = kinds[0];
    let same = kinds.iter().all(|(_, kind)| *kind == first);
    assert!(same, "all dialects read one table: {kinds:?} of {body}");
    first
}

#[test]
fn openai_s_documented_errors() {
    let body = |kind: &str, code: &str| {
        format!(r#"{{"error":{{"message":"m","type":"{kind}","param":null,"code":"{code}"}}}}"#)
    };
    let invalid = "invalid_request_error";
    for (status, body, expected) in [
        (401, body(invalid, "invalid_api_key"), ErrorKind::Authentication),
        (
            403,
            body(invalid, "unsupported_country_region_territory"),
            ErrorKind::RegionBlocked,
        ),
        (404, body(invalid, "model_not_found"), ErrorKind::ModelNotFound),
        (
            400,
            body(invalid, "context_length_exceeded"),
            ErrorKind::ContextOverflow,
        ),
        (400, body(invalid, "content_filter"), ErrorKind::ContentFiltered),
        (400, body(invalid, "unknown_parameter"), ErrorKind::InvalidRequest),
        (422, body(invalid, ""), ErrorKind::InvalidRequest),
        (
            429,
            body("requests", "rate_limit_exceeded"),
            ErrorKind::RateLimited,
        ),
        (
            429,
            body("insufficient_quota", "insufficient_quota"),
            ErrorKind::QuotaExhausted,
        ),
        (500, body("server_error", ""), ErrorKind::ServerError),
        (503, body("server_error", ""), ErrorKind::Overloaded),
    ] {
        assert_eq!(kind(status, &body), expected, "{status} {body}");
    }
}

#[test]
fn too_many_tokens_for_now_are_not_too_many_at_any_time() {
    let body = r#"{"message":"Too many tokens, please wait before trying again."}"#;
    assert_eq!(
        kind(429, body),
        ErrorKind::RateLimited,
        "as Amazon's gateway says it"
    );
    assert_eq!(
        kind(400, r#"{"message":"too many tokens"}"#),
        ErrorKind::ContextOverflow
    );
}

#[test]
fn anthropic_s_documented_errors() {
    let body = |kind: &str| {
        format!(r#"{{"type":"error","error":{{"type":"{kind}","message":"m"}},"request_id":"req_1"}}"#)
    };
    for (status, name, expected) in [
        (400, "invalid_request_error", ErrorKind::InvalidRequest),
        (401, "authentication_error", ErrorKind::Authentication),
        (402, "billing_error", ErrorKind::QuotaExhausted),
        (403, "permission_error", ErrorKind::Permission),
        (404, "not_found_error", ErrorKind::ModelNotFound),
        (413, "request_too_large", ErrorKind::ContextOverflow),
        (429, "rate_limit_error", ErrorKind::RateLimited),
        (500, "api_error", ErrorKind::ServerError),
        (504, "timeout_error", ErrorKind::ServerError),
        (529, "overloaded_error", ErrorKind::Overloaded),
    ] {
        assert_eq!(kind(status, &body(name)), expected, "{status} {name}");
    }
    let spent = r#"{"type":"error","error":{"type":"rate_limit_error","message":"m","details":{"error_code":"enforced_spend_limit_reached"}}}"#;
    assert_eq!(kind(429, spent), ErrorKind::QuotaExhausted);
    let poor = r#"{"type":"error","error":{"type":"invalid_request_error","message":"Your credit balance is too low to access the API."}}"#;
    assert_eq!(kind(400, poor), ErrorKind::QuotaExhausted);
    let long = r#"{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 210000 tokens > 200000 maximum"}}"#;
    assert_eq!(kind(400, long), ErrorKind::ContextOverflow);
}

#[test]
fn cohere_s_documented_errors() {
    for (status, message, expected) in [
        (
            400,
            "too many tokens: total number of tokens cannot exceed 4096",
            ErrorKind::ContextOverflow,
        ),
        (
            400,
            "invalid request: message must be at least 1 token long",
            ErrorKind::InvalidRequest,
        ),
        (401, "invalid api token", ErrorKind::Authentication),
        (
            402,
            "Please add or update your payment method",
            ErrorKind::QuotaExhausted,
        ),
        (403, "forbidden", ErrorKind::Permission),
        (
            404,
            "model 'x' not found, make sure the correct model ID was used",
            ErrorKind::ModelNotFound,
        ),
        (422, "unprocessable", ErrorKind::InvalidRequest),
        (
            429,
            "You are using a Trial key, which is limited to 40 API calls / minute.",
            ErrorKind::RateLimited,
        ),
        (
            429,
            "You are using a Trial key, which is limited to 1000 API calls / month.",
            ErrorKind::QuotaExhausted,
        ),
        (498, "invalid token", ErrorKind::Authentication),
        (499, "request cancelled", ErrorKind::ServerError),
        (500, "internal server error", ErrorKind::ServerError),
        (501, "not implemented", ErrorKind::Unsupported),
        (503, "service unavailable", ErrorKind::Overloaded),
        (504, "timeout", ErrorKind::ServerError),
    ] {
        let body = format!(r#"{{"message":"{message}","id":"e-1"}}"#);
        assert_eq!(kind(status, &body), expected, "{status} {body}");
    }
    let error = CohereChat.classify(
        &head(400, &[]),
        br#"{"message":"m","id":"e-1"}"#,
        Timestamp::UNIX_EPOCH,
    );
    assert_eq!(
        (error.request_id(), error.provider_message()),
        (Some("e-1"), Some("m"))
    );
}

#[test]
fn ollama_s_errors() {
    for (status, message, expected) in [
        (400, "\"gemma:2b\" does not support tools", ErrorKind::Unsupported),
        (
            400,
            "\"gemma:2b\" does not support thinking",
            ErrorKind::Unsupported,
        ),
        (
            400,
            "the input length exceeds the context length",
            ErrorKind::ContextOverflow,
        ),
        (400, "missing request body", ErrorKind::InvalidRequest),
        (401, "unauthorized", ErrorKind::Authentication),
        (404, "model 'x' not found", ErrorKind::ModelNotFound),
        (
            500,
            "model requires more system memory (9 GiB) than is available",
            ErrorKind::ServerError,
        ),
        (
            503,
            "server busy, please try again.  maximum pending requests exceeded",
            ErrorKind::Overloaded,
        ),
    ] {
        let body = serde_json::json!({"error": message}).to_string();
        assert_eq!(kind(status, &body), expected, "{status} {body}");
    }
}

#[test]
fn what_compatible_servers_say_instead() {
    for (status, body, expected) in [
        // vLLM, without an envelope
        (
            400,
            r#"{"object":"error","message":"This model's maximum context length is 4096 tokens.","type":"BadRequestError","code":400}"#,
            ErrorKind::ContextOverflow,
        ),
        // llama.cpp
        (
            400,
            r#"{"error":{"code":400,"message":"the request exceeds the available context size","type":"exceed_context_size_error"}}"#,
            ErrorKind::ContextOverflow,
        ),
        // OpenRouter
        (
            402,
            r#"{"error":{"code":402,"message":"Insufficient credits"}}"#,
            ErrorKind::QuotaExhausted,
        ),
        (
            403,
            r#"{"error":{"code":403,"message":"Your input was flagged"}}"#,
            ErrorKind::ContentFiltered,
        ),
        (
            400,
            r#"{"error":{"code":400,"message":"x/y is not a valid model ID"}}"#,
            ErrorKind::ModelNotFound,
        ),
        // Groq
        (
            400,
            r#"{"error":{"message":"Failed to call a function.","code":"tool_use_failed","failed_generation":"<x>"}}"#,
            ErrorKind::Malformed,
        ),
        (
            413,
            r#"{"error":{"message":"Request too large, reduce your message size","type":"tokens","code":"rate_limit_exceeded"}}"#,
            ErrorKind::ContextOverflow,
        ),
        // Gemini's compatible endpoint
        (
            400,
            r#"[{"error":{"code":400,"message":"API key not valid. Please pass a valid API key.","status":"INVALID_ARGUMENT"}}]"#,
            ErrorKind::Authentication,
        ),
        // TGI and Ollama
        (
            429,
            r#"{"error":"Model is overloaded","error_type":"overloaded"}"#,
            ErrorKind::Overloaded,
        ),
        (
            404,
            r#"{"error":"model 'x' not found, try pulling it first"}"#,
            ErrorKind::ModelNotFound,
        ),
        // FastAPI
        (
            422,
            r#"{"detail":[{"loc":["body"],"msg":"field required"}]}"#,
            ErrorKind::InvalidRequest,
        ),
        // no JSON, no body, nonsense
        (502, "<html>Bad Gateway</html>", ErrorKind::ServerError),
        (524, "<html>maximum context length</html>", ErrorKind::ServerError),
        (404, "", ErrorKind::ModelNotFound),
        (429, "slow down", ErrorKind::RateLimited),
        (418, "[]", ErrorKind::InvalidRequest),
        (
            500,
            r#"{"error":{"message":"maximum context length lookup failed"}}"#,
            ErrorKind::ServerError,
        ),
    ] {
        assert_eq!(kind(status, body), expected, "{status} {body}");
    }
}

#[test]
fn details_are_kept_and_pages_are_not() {
    let codec = openai();
    let body = br#"{"error":{"message":"Slow down","type":"requests","code":"rate_limit_exceeded"}}"#;
    let headers = [
        ("retry-after-ms", "1500"),
        ("retry-after", "9"),
        ("x-request-id", "req_9"),
    ];
    let error = codec.classify(&head(429, &headers), body, Timestamp::UNIX_EPOCH);
    assert_eq!(error.retry_after(), Some(Duration::from_millis(1_500)));
    assert_eq!(error.request_id(), Some("req_9"));
    assert_eq!(error.code(), Some("rate_limit_exceeded"));
    assert_eq!(error.provider_message(), Some("Slow down"));
    assert!(!error.to_string().contains("Slow down"), "{error}");

    let page = codec.classify(
        &head(502, &[]),
        b"<html>secret page</html>",
        Timestamp::UNIX_EPOCH,
    );
    assert_eq!(page.provider_message(), None);

    let body = br#"{"type":"error","error":{"type":"overloaded_error","message":"m"},"request_id":"req_1"}"#;
    let error = claude().classify(&head(529, &[]), body, Timestamp::UNIX_EPOCH);
    assert_eq!(error.request_id(), Some("req_1"));
}

#[test]
fn errors_survive_a_server_of_ours() {
    let same = [
        ErrorKind::RateLimited,
        ErrorKind::QuotaExhausted,
        ErrorKind::Overloaded,
        ErrorKind::ServerError,
        ErrorKind::Authentication,
        ErrorKind::Permission,
        ErrorKind::ModelNotFound,
        ErrorKind::ContextOverflow,
        ErrorKind::InvalidRequest,
    ];
    let becomes = [
        (ErrorKind::LocalRateLimited, ErrorKind::RateLimited),
        (ErrorKind::CircuitOpen, ErrorKind::Overloaded),
        (ErrorKind::Unsupported, ErrorKind::InvalidRequest),
        (ErrorKind::Connect, ErrorKind::ServerError),
        (ErrorKind::Timeout(TimeoutStage::Idle), ErrorKind::ServerError),
    ];
    for (kind, expected) in same.map(|kind| (kind, kind)).into_iter().chain(becomes) {
        let error = Error::new(kind).with_retry_after(Duration::from_millis(2_300));
        let answers = [
            (
                openai_chat::server::encode_error(&error),
                Box::new(openai()) as Box<dyn Codec>,
            ),
            (anthropic::server::encode_error(&error), Box::new(claude())),
            (cohere::server::encode_error(&error), Box::new(CohereChat)),
            (
                ollama::server::encode_error(&error),
                Box::new(OllamaChat::default()),
            ),
        ];
        for (answer, codec) in answers {
            let headers = answer
                .headers
                .iter()
                .map(|(name, value)| {
                    (
                        HeaderName::from_static(name),
                        HeaderValue::from_str(value).unwrap(),
                    )
                })
                .collect();
            let read = codec.classify(
                &ResponseHead::new(answer.status, headers),
                &answer.body,
                Timestamp::UNIX_EPOCH,
            );
            assert_eq!(read.kind(), expected, "{codec:?} {answer:?}");
            assert_eq!(read.retry_after(), error.retry_after(), "{codec:?}");
            let final_429 = kind == ErrorKind::QuotaExhausted;
            let forbids = answer.headers.contains(&("x-should-retry", "false".to_owned()));
            assert_eq!(forbids, final_429, "{codec:?} {kind:?}");
        }
    }
}

#[test]
fn a_place_that_is_not_served_is_no_wrong_key() {
    let google = r#"{"error":{"code":400,"message":"User location is not supported for the API use.","status":"FAILED_PRECONDITION"}}"#;
    assert_eq!(kind(400, google), ErrorKind::RegionBlocked);
    assert_eq!(kind(451, "{}"), ErrorKind::RegionBlocked);
    let openai =
        r#"{"error":{"message":"Country, region, or territory not supported","type":"request_forbidden"}}"#;
    assert_eq!(kind(403, openai), ErrorKind::RegionBlocked);
}

#[test]
fn a_tool_call_that_the_model_spoiled_is_the_provider_s_failure() {
    let groq = r#"{"error":{"message":"Failed to call a function. Please adjust your prompt.","type":"invalid_request_error","code":"tool_use_failed"}}"#;
    assert_eq!(kind(400, groq), ErrorKind::Malformed);
    let google =
        r#"{"error":{"code":400,"message":"Malformed function call","status":"MALFORMED_FUNCTION_CALL"}}"#;
    assert_eq!(kind(400, google), ErrorKind::Malformed);
}
