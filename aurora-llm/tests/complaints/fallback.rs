//! Who is asked next, how often, and who is left alone.

use std::time::Duration;

use aurora_core::resilience::RetryPolicy;
use aurora_core::time::{ManualClock, Timestamp};
use aurora_llm::ErrorKind;
use aurora_llm::client::{AttemptOutcome, ClientBuilder};
use aurora_llm::providers::simulated::{Simulated, Step};
use aurora_llm::wire::openai_chat::OpenAiChat;
use aurora_llm::wire::{Codec as _, ResponseHead};

use crate::scripted::{Act, Scripted, builder, question};

#[tokio::test]
async fn complaint_08_a_dead_provider_is_left_alone_and_asked_again_later() {
    let clock = ManualClock::default();
    let dead = Scripted::new("dead", &clock).fails(ErrorKind::ServerError, 1_000);
    let client = builder(&clock)
        .provider(dead.clone(), "m")
        .provider(Scripted::new("alive", &clock), "m")
        .build()
        .unwrap();
    for _ in 0..100 {
        assert_eq!(client.chat(question()).await.unwrap().text(), "alive");
    }
    let asked = dead.asked();
    assert!(asked <= 10, "{asked} times in 100 calls");
    let answer = client.chat(question()).await.unwrap();
    assert!(matches!(
        answer.attempts()[0].outcome,
        AttemptOutcome::Skipped { .. }
    ));
    clock.advance(Duration::from_secs(600));
    client.chat(question()).await.unwrap();
    assert_eq!(
        dead.asked(),
        asked + 1,
        "one probe, which is a call that somebody made"
    );
}

#[tokio::test]
async fn complaint_09_every_refusal_of_a_provider_leads_to_the_next() {
    for status in [401, 402, 403, 404, 408, 429, 500, 502, 503, 504, 520, 529] {
        for streamed in [false, true] {
            let clock = ManualClock::default();
            let refuses = Simulated::new("refuses").script(vec![Step::status(status); 9]);
            let client = builder(&clock)
                .provider(refuses.clock(clock.clone()), "m")
                .provider(Scripted::new("next", &clock), "m")
                .build()
                .unwrap();
            let said = if streamed {
                client
                    .stream(question())
                    .await
                    .unwrap()
                    .collect_answer()
                    .await
                    .unwrap()
                    .text()
            } else {
                client.chat(question()).await.unwrap().text()
            };
            assert_eq!(said, "next", "{status}, without a header that says so");
        }
    }
}

#[tokio::test]
async fn complaint_10_a_fallback_fires_only_where_another_may_do_better() {
    let next_is_asked = async |kind: ErrorKind| {
        let clock = ManualClock::default();
        let next = Scripted::new("next", &clock);
        let client = builder(&clock)
            .provider(Scripted::new("first", &clock).fails(kind, 9), "m")
            .provider(next.clone(), "m")
            .build()
            .unwrap();
        let outcome = client.chat(question()).await;
        assert_eq!(outcome.is_ok(), next.asked() > 0);
        next.asked() > 0
    };
    assert!(
        !next_is_asked(ErrorKind::InvalidRequest).await,
        "the caller's own mistake"
    );
    assert!(
        !next_is_asked(ErrorKind::ContentFiltered).await,
        "unless told otherwise"
    );
    assert!(next_is_asked(ErrorKind::ModelNotFound).await);

    // A tool call that the model spoiled comes as 400, and is not the caller's mistake.
    let body = br#"{"error": {"message": "Failed to call a function.", "type": "invalid_request_error",
        "code": "tool_use_failed"}}"#;
    let head = ResponseHead::new(400, http::HeaderMap::new());
    let spoiled = OpenAiChat::compatible().classify(&head, body, Timestamp::UNIX_EPOCH);
    assert!(next_is_asked(spoiled.kind()).await, "{spoiled:?}");
}

#[tokio::test]
async fn complaint_11_retries_do_not_multiply() {
    let asked = async |targets: usize, set: fn(ClientBuilder) -> ClientBuilder| {
        let clock = ManualClock::default();
        let down = Scripted::new("down", &clock).fails(ErrorKind::ServerError, 1_000);
        let add = |builder: ClientBuilder, model: usize| builder.provider(down.clone(), format!("m{model}"));
        let client = (0..targets).fold(set(builder(&clock)), add).build().unwrap();
        let error = client.chat(question()).await.unwrap_err();
        assert_eq!(error.attempts().len(), down.asked(), "the trail tells each");
        down.asked()
    };
    assert_eq!(
        asked(2, |client| client.retry(RetryPolicy::never())).await,
        2,
        "never is never"
    );
    assert_eq!(asked(2, |client| client).await, 6, "three at each target");
    assert_eq!(asked(20, |client| client).await, 16, "all together");
}

#[tokio::test]
async fn complaint_07_our_own_limit_is_told_apart_from_the_providers() {
    let clock = ManualClock::default();
    let minute = Duration::from_secs(60);
    let busy = Scripted::new("busy", &clock).does((0..9).map(|_| Act::Busy(minute)));
    let client = builder(&clock).provider(busy, "m").build().unwrap();
    let error = client.chat(question()).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.retry_after()),
        (ErrorKind::RateLimited, Some(minute))
    );
}
