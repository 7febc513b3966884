//! Upstreams that stay broken: how much they are asked, and how they come back.

use std::time::Duration;

use aurora_core::resilience::{Breaker, RetryBudget, RetryPolicy};
use aurora_llm::client::AttemptOutcome;
use aurora_llm::error::ErrorKind;

use crate::clock::TestClock;
use crate::reaction::{Gate, Reaction, completion};
use crate::setting::{builder, client, counts, no_breaker, no_retry, of, question};
use crate::upstream::Upstream;

const SECOND: Duration = Duration::from_secs(1);

fn broken() -> Reaction {
    Reaction::error(500, "server_error", "Broken.")
}

#[tokio::test]
async fn retries_do_not_multiply() {
    let first = Upstream::always("first", broken()).await;
    let second = Upstream::always("second", broken()).await;
    let error = client(&TestClock::new(), [&first, &second])
        .chat(question())
        .await
        .unwrap_err();
    assert_eq!(
        counts(&first, &second),
        (3, 3),
        "three attempts each, and no more"
    );
    assert_eq!(error.attempts().len(), 6);
}

#[tokio::test]
async fn a_dead_provider_is_not_hammered_and_comes_back_by_a_probe() {
    let first = Upstream::always("first", broken()).await;
    let second = Upstream::start("second", []).await;
    let clock = TestClock::new();
    let client = no_retry(of(builder(&clock), [&first, &second])).build().unwrap();
    for _ in 0..100 {
        assert_eq!(client.chat(question()).await.unwrap().text(), "second");
    }
    assert_eq!(
        counts(&first, &second),
        (5, 100),
        "five failures in a row open the circuit"
    );
    assert_eq!(
        (client.status()[0].state, client.status()[0].skipped),
        ("open", 95)
    );

    clock.advance(6 * SECOND);
    for _ in 0..10 {
        assert_eq!(client.chat(question()).await.unwrap().text(), "second");
    }
    assert_eq!(
        first.count(),
        6,
        "one probe, which failed and opened the circuit again"
    );

    clock.advance(6 * SECOND);
    client.chat(question()).await.unwrap();
    assert_eq!(first.count(), 6, "for longer than before");

    first.then_always(None);
    clock.advance(6 * SECOND);
    for _ in 0..10 {
        assert_eq!(client.chat(question()).await.unwrap().text(), "first");
    }
    assert_eq!((first.count(), client.status()[0].state), (16, "closed"));
}

#[tokio::test]
async fn truncated_streams_open_the_circuit_too() {
    let first = Upstream::always("first", Reaction::stream().opens().says("Half an").close()).await;
    let second = Upstream::start("second", []).await;
    let client = client(&TestClock::new(), [&first, &second]);
    for _ in 0..5 {
        let stream = client.stream(question()).await.unwrap();
        let error = stream.collect_answer().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::StreamTruncated);
    }
    let stream = client.stream(question()).await.unwrap();
    assert_eq!(stream.collect_answer().await.unwrap().text(), "second");
    assert_eq!(counts(&first, &second), (5, 1));
}

#[tokio::test]
async fn of_many_calls_at_once_one_is_the_probe() {
    let gate = Gate::closed();
    let body = completion("healed").to_string();
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len());
    let probe = Reaction::default().wait(&gate).raw(head + &body);
    let first = Upstream::start("first", [broken(), broken(), probe]).await;
    let second = Upstream::start("second", []).await;
    let clock = TestClock::new();
    let client = no_retry(of(builder(&clock), [&first, &second]))
        .breaker(Breaker::builder().consecutive(2))
        .build()
        .unwrap();
    for _ in 0..2 {
        client.chat(question()).await.unwrap();
    }
    clock.advance(6 * SECOND);
    let calls = futures::future::join_all((0..20).map(|_| client.chat(question())));
    let (answers, ()) = tokio::join!(calls, async {
        second.arrived(2 + 19).await;
        assert_eq!(client.status()[0].state, "half_open");
        gate.open();
    });
    let healed = |text: &str| {
        answers
            .iter()
            .filter(|answer| answer.as_ref().unwrap().text() == text)
            .count()
    };
    assert_eq!((healed("healed"), healed("second")), (1, 19));
    assert_eq!(counts(&first, &second), (3, 21));
    assert_eq!(client.status()[0].state, "closed");
}

#[tokio::test]
async fn a_storm_of_failing_calls_shares_one_budget_of_retries() {
    const CALLS: usize = 200;
    let first = Upstream::always("first", broken()).await;
    let client = no_breaker(of(builder(&TestClock::new()), [&first]))
        .build()
        .unwrap();
    let calls = futures::future::join_all((0..CALLS).map(|_| client.chat(question()))).await;
    assert!(calls.iter().all(Result::is_err));
    let retries = first.count() - CALLS;
    assert!(
        retries > 0 && first.count() <= CALLS * 12 / 10,
        "{retries} retries of {CALLS} calls"
    );

    let budget = RetryBudget::new(0);
    let shared = no_breaker(of(builder(&TestClock::new()), [&first]))
        .budget(budget)
        .build()
        .unwrap();
    let before = first.count();
    shared.chat(question()).await.unwrap_err();
    assert_eq!(first.count(), before + 1, "nothing left to spend");
}

#[tokio::test]
async fn the_total_time_binds_every_attempt_and_wait() {
    let wait = Reaction::error_with(429, &[("retry-after", "5")], "rate_limit_exceeded", "Busy.");
    let first = Upstream::always("first", wait).await;
    let second = Upstream::start("second", []).await;
    let clock = TestClock::skipping(|wait| wait == 5 * SECOND);
    let patient = RetryPolicy::default()
        .attempts(20)
        .base(Duration::ZERO)
        .throttle_base(Duration::ZERO);
    let limited = |upstreams: &[&Upstream]| {
        of(builder(&clock), upstreams.iter().copied())
            .retry(patient.clone())
            .total_timeout(22 * SECOND)
            .build()
            .unwrap()
    };
    let answer = limited(&[&first, &second]).chat(question()).await.unwrap();
    assert_eq!(
        answer.text(),
        "second",
        "the time that is left is the next target's"
    );
    assert_eq!(counts(&first, &second), (5, 1), "at 0, 5, 10, 15 and 20 seconds");
    assert_eq!(clock.waits().len(), 4);

    let error = limited(&[&first]).chat(question()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::RateLimited);
    assert_eq!(first.count(), 10);
}

#[tokio::test]
async fn a_circuit_that_another_call_opened_ends_this_calls_retries() {
    let first = Upstream::always("first", broken()).await;
    let second = Upstream::start("second", []).await;
    let client = of(builder(&TestClock::new()), [&first, &second])
        .breaker(Breaker::builder().consecutive(2))
        .build()
        .unwrap();
    let answer = client.chat(question()).await.unwrap();
    assert_eq!(
        counts(&first, &second),
        (2, 1),
        "the third attempt meets an open circuit"
    );
    assert!(matches!(
        answer.attempts()[2].outcome,
        AttemptOutcome::Skipped { .. }
    ));
}
