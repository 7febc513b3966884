//! Upstreams that refuse: the key, the account, the model or the request itself.

use std::time::Duration;

use aurora_llm::client::{AttemptOutcome, LlmTarget};
use aurora_llm::error::ErrorKind;
use aurora_llm::provider::Capabilities;
use aurora_llm::providers::anthropic::Anthropic;
use aurora_llm::providers::openai_compatible::OpenAiCompatible;
use serde_json::json;

use crate::clock::TestClock;
use crate::reaction::Reaction;
use crate::setting::{builder, client, counts, failures, openai, pair, question};
use crate::upstream::Upstream;

const WRONG_KEY: &str = "Incorrect API key provided: sk-first-*****6789.";

/// The first upstream refuses, once; the client never tries it again in this call and leaves it alone in the next.
async fn refuses_us(reaction: Reaction, kind: ErrorKind) {
    let (first, second) = pair([reaction]).await;
    let clock = TestClock::new();
    let client = client(&clock, [&first, &second]);
    let answer = client.chat(question()).await.unwrap();
    assert_eq!(answer.text(), "second");
    assert_eq!(failures(answer.attempts()), [kind]);
    assert_eq!(counts(&first, &second), (1, 1), "never tried again");

    let answer = client.chat(question()).await.unwrap();
    assert!(matches!(
        answer.attempts()[0].outcome,
        AttemptOutcome::Skipped { .. }
    ));
    assert_eq!(counts(&first, &second), (1, 2), "the key is held back");

    clock.advance(Duration::from_secs(60));
    assert_eq!(client.chat(question()).await.unwrap().text(), "first");
    assert_eq!(counts(&first, &second), (2, 2));
    assert!(clock.waits().is_empty(), "{:?}", clock.waits());
}

#[tokio::test]
async fn a_wrong_key_is_never_tried_again() {
    let wrong = || Reaction::error(401, "invalid_api_key", WRONG_KEY);
    refuses_us(wrong(), ErrorKind::Authentication).await;
    let (first, second) = pair([wrong()]).await;
    let stream = client(&TestClock::new(), [&first, &second])
        .stream(question())
        .await
        .unwrap();
    assert_eq!(stream.collect_answer().await.unwrap().text(), "second");
    assert_eq!(counts(&first, &second), (1, 1));
}

#[tokio::test]
async fn a_missing_permission_is_never_tried_again() {
    let forbidden = Reaction::error(403, "permission_denied", "Country not supported.");
    refuses_us(forbidden, ErrorKind::Permission).await;
}

#[tokio::test]
async fn a_used_up_quota_is_not_a_rate_limit() {
    let message = "You exceeded your current quota, please check your plan. Rate limit reached.";
    let headers = [("retry-after", "1")];
    let used_up = Reaction::error_with(429, &headers, "insufficient_quota", message);
    refuses_us(used_up, ErrorKind::QuotaExhausted).await;
    let unpaid = Reaction::error(402, "payment_required", "Add credits.");
    refuses_us(unpaid, ErrorKind::QuotaExhausted).await;
}

#[tokio::test]
async fn a_spending_cap_at_anthropic_is_not_a_rate_limit() {
    let cap = json!({
        "type": "error", "request_id": "req_1",
        "error": {
            "type": "rate_limit_error", "message": "Spend limit reached.",
            "details": { "error_code": "enforced_spend_limit_reached" },
        },
    });
    let (first, second) = pair([Reaction::json(429, &[], &cap)]).await;
    let anthropic = Anthropic::builder("sk-ant-0123456789")
        .base_url(first.url())
        .build()
        .unwrap();
    let client = builder(&TestClock::new())
        .provider(anthropic, "claude-sonnet-4-5")
        .provider(openai("second", second.url()), "m")
        .build()
        .unwrap();
    let answer = client.chat(question()).await.unwrap();
    assert_eq!(failures(answer.attempts()), [ErrorKind::QuotaExhausted]);
    assert_eq!(counts(&first, &second), (1, 1));
    let sent = &first.received()[0];
    assert_eq!(
        (sent.method.as_str(), sent.path.as_str()),
        ("POST", "/v1/messages")
    );
    assert_eq!(sent.header("x-api-key"), Some("sk-ant-0123456789"));
    assert_eq!(sent.json()["model"], "claude-sonnet-4-5");
}

#[tokio::test]
async fn a_model_that_is_not_there_is_looked_for_elsewhere() {
    let missing = "The model `m` does not exist or you do not have access to it.";
    let first = Upstream::always("first", Reaction::error(404, "model_not_found", missing)).await;
    let second = Upstream::start("second", []).await;
    let clock = TestClock::new();
    let client = client(&clock, [&first, &second]);
    for minutes in 1..=3 {
        let answer = client.chat(question()).await.unwrap();
        assert_eq!(failures(answer.attempts()), [ErrorKind::ModelNotFound]);
        for _ in 1..10 {
            assert_eq!(client.chat(question()).await.unwrap().text(), "second");
        }
        assert_eq!(counts(&first, &second), (minutes, 10 * minutes), "once a minute");
        clock.advance(std::time::Duration::from_secs(60));
    }
    assert_eq!(
        client.status()[0].state,
        "closed",
        "it says nothing about the target's health"
    );
}

#[tokio::test]
async fn fallback_does_not_fire_for_the_callers_own_mistakes() {
    let filtered = "The response was filtered due to the prompt triggering content management policy.";
    for (reaction, kind) in [
        (
            Reaction::error(400, "invalid_value", "Invalid value for 'temperature'."),
            ErrorKind::InvalidRequest,
        ),
        (
            Reaction::error(422, "validation_error", "messages: field required"),
            ErrorKind::InvalidRequest,
        ),
        (
            Reaction::error(400, "content_filter", filtered),
            ErrorKind::ContentFiltered,
        ),
    ] {
        let first = Upstream::always("first", reaction).await;
        let second = Upstream::start("second", []).await;
        let client = client(&TestClock::new(), [&first, &second]);
        for calls in 1..=20 {
            let error = client.chat(question()).await.unwrap_err();
            assert_eq!(error.kind(), kind, "{error}");
            assert!(!error.is_retryable());
            assert_eq!(counts(&first, &second), (calls, 0));
        }
        assert_eq!(client.status()[0].state, "closed");
    }
}

#[tokio::test]
async fn a_conversation_too_long_goes_only_where_there_is_more_room() {
    let long = "This model's maximum context length is 8192 tokens.";
    let first = Upstream::always("first", Reaction::error(400, "context_length_exceeded", long)).await;
    let [same, larger] = [
        Upstream::start("same", []).await,
        Upstream::start("larger", []).await,
    ];
    let sized = |upstream: &Upstream, tokens: u32| {
        let mut capabilities = Capabilities::ALL;
        capabilities.context_tokens = Some(tokens);
        let provider = OpenAiCompatible::builder(upstream.name(), upstream.url());
        LlmTarget::new(provider.capabilities(capabilities).build().unwrap(), "m")
    };
    let clock = TestClock::new();
    let both = || {
        builder(&clock)
            .target(sized(&first, 8_192))
            .target(sized(&same, 8_192))
    };
    let error = both().build().unwrap().chat(question()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ContextOverflow);
    assert_eq!(counts(&first, &same), (1, 0));

    let client = both().target(sized(&larger, 128_000)).build().unwrap();
    assert_eq!(client.chat(question()).await.unwrap().text(), "larger");
    assert_eq!((counts(&first, &same), larger.count()), ((2, 0), 1));
}

#[tokio::test]
async fn an_error_shows_no_key_no_address_and_no_prompt() {
    let first = Upstream::always("first", Reaction::error(401, "invalid_api_key", WRONG_KEY)).await;
    let client = client(&TestClock::new(), [&first]);
    let error = client.chat(question()).await.unwrap_err();
    let mut shown = format!("{error}");
    let mut cause: Option<&dyn std::error::Error> = std::error::Error::source(&error);
    while let Some(inner) = cause {
        shown += &inner.to_string();
        cause = inner.source();
    }
    for secret in ["sk-", "127.0.0.1", "sky blue"] {
        assert!(!shown.contains(secret), "{shown}");
    }
    assert_eq!(
        error.provider_message(),
        Some(WRONG_KEY),
        "the provider's own words are kept apart"
    );
    assert_eq!(
        first.received()[0].header("authorization"),
        Some("Bearer sk-first-0123456789")
    );
    assert!(!format!("{client:?}").contains("sk-first"));
}
