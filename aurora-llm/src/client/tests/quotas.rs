//! Our own limits: who has no room, who waits for it, and what comes back.

use aurora_core::resilience::limiter::{Limiter, MemoryLimiter};

use super::*;
use crate::client::limits::{Limits, Per};
use crate::provider::ProviderId;

const MINUTE: Duration = Duration::from_secs(60);

fn limited(puppet: &Puppet, limits: Limits) -> LlmTarget {
    LlmTarget::new(puppet.clone(), "m").limits(limits)
}

fn one_a_minute() -> Limits {
    Limits::default().requests_per_minute(1)
}

/// How long was waited before each.
fn waits(attempts: &[Attempt]) -> Vec<Duration> {
    attempts.iter().map(|attempt| attempt.waited).collect()
}

fn short() -> ChatRequest {
    ChatRequest::user("?").max_tokens(100)
}

#[tokio::test]
async fn whoever_has_no_room_leaves_the_call_to_the_next() {
    let (a, b) = (Puppet::new("a"), Puppet::new("b"));
    let client = builder(&ManualClock::default())
        .target(limited(&a, one_a_minute()))
        .provider(b.clone(), "m")
        .build()
        .unwrap();
    assert_eq!(client.ask("?").await.unwrap().text(), "a");
    let answer = client.ask("?").await.unwrap();
    assert_eq!(answer.text(), "b");
    assert_eq!(
        answer.attempts()[0].outcome,
        AttemptOutcome::Skipped { retry_after: MINUTE }
    );
    assert_eq!(a.asked().len(), 1, "nothing was sent there");
}

#[tokio::test]
async fn when_nobody_has_room_the_call_waits_for_the_soonest() {
    let clock = ManualClock::default();
    let (a, b) = (Puppet::new("a"), Puppet::new("b"));
    let client = builder(&clock)
        .target(limited(&a, one_a_minute()))
        .target(limited(&b, one_a_minute()))
        .build()
        .unwrap();
    client.ask("?").await.unwrap();
    clock.advance(MINUTE / 2);
    client.ask("?").await.unwrap();
    let answer = after(&clock, MINUTE / 2, client.ask("?")).await.unwrap();
    assert_eq!(answer.text(), "a");
    let outcomes: Vec<_> = answer.attempts().iter().map(|at| at.outcome.clone()).collect();
    assert_eq!(
        outcomes,
        [
            AttemptOutcome::Skipped {
                retry_after: MINUTE / 2
            },
            AttemptOutcome::Skipped { retry_after: MINUTE },
            AttemptOutcome::Served,
        ]
    );
    assert_eq!(
        waits(answer.attempts()),
        [Duration::ZERO, Duration::ZERO, MINUTE / 2]
    );
}

#[tokio::test]
async fn who_waits_in_vain_is_told_for_whom_and_how_long() {
    let clock = ManualClock::default();
    let a = Puppet::new("a").does([Move::StreamsAndStalls(vec![start(), text("Half")])]);
    let client = builder(&clock)
        .target(limited(&a, Limits::default().concurrency(1)))
        .total_timeout(10 * SECOND)
        .build()
        .unwrap();
    let stream = client.stream(short()).await.unwrap();
    let error = after(&clock, 10 * SECOND, client.ask("?")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LocalRateLimited);
    assert!(matches!(
        error.attempts()[0].outcome,
        AttemptOutcome::Skipped { .. }
    ));
    assert_eq!(waits(error.attempts()), [10 * SECOND]);
    drop(stream);
}

#[tokio::test]
async fn our_own_limit_is_never_taken_for_the_providers() {
    let a = Puppet::new("a");
    let client = builder(&ManualClock::default())
        .target(limited(&a, one_a_minute()))
        .total_timeout(10 * SECOND)
        .build()
        .unwrap();
    client.ask("?").await.unwrap();
    for streaming in [false, true] {
        let error = if streaming {
            client.stream(ChatRequest::user("?")).await.map(drop).unwrap_err()
        } else {
            client.ask("?").await.map(drop).unwrap_err()
        };
        assert_eq!(error.kind(), ErrorKind::LocalRateLimited);
        assert_eq!(
            error.retry_after(),
            Some(MINUTE),
            "whoever is refused knows when to come back"
        );
        assert_eq!(error.provider().map(ProviderId::as_str), None);
    }
    assert_eq!(a.asked().len(), 1, "nothing was sent");
}

#[tokio::test]
async fn tokens_are_taken_as_an_upper_bound_and_settled() {
    let (a, b) = (Puppet::new("a"), Puppet::new("b"));
    let client = builder(&ManualClock::default())
        .target(limited(&a, Limits::default().tokens_per_minute(10_000)))
        .provider(b.clone(), "m")
        .build()
        .unwrap();
    // Each takes 4,000 and some before it, and 1,500 after it is known.
    for number in 0..6 {
        let request = ChatRequest::user("?").max_tokens(4_100);
        if number % 2 == 0 {
            client.chat(request).await.unwrap();
        } else {
            client
                .stream(request)
                .await
                .unwrap()
                .collect_answer()
                .await
                .unwrap();
        }
    }
    assert_eq!((a.asked().len(), b.asked().len()), (4, 2));
}

#[tokio::test]
async fn an_attempt_that_was_refused_has_used_no_tokens_and_one_that_was_dropped_keeps_them() {
    let clock = ManualClock::default();
    let a = Puppet::new("a").does([Move::Fails(Error::new(ErrorKind::Permission)), Move::Hangs]);
    let b = Puppet::new("b");
    let client = builder(&clock)
        .target(limited(&a, Limits::default().tokens_per_minute(5_000)))
        .provider(b.clone(), "m")
        .build()
        .unwrap();
    let large = || ChatRequest::user("?").max_tokens(4_000);
    assert_eq!(client.chat(large()).await.unwrap().text(), "b");
    clock.advance(MINUTE - SECOND);
    client.reset();
    {
        let hangs = client.chat(large());
        tokio::pin!(hangs);
        assert!(
            futures::poll!(hangs.as_mut()).is_pending(),
            "the refusal left room for it"
        );
        assert_eq!(a.asked().len(), 2);
    }
    assert_eq!(
        client.chat(large()).await.unwrap().text(),
        "b",
        "what was used is not known"
    );
}

#[tokio::test]
async fn slots_are_free_again_however_a_call_ends() {
    let a = Puppet::new("a").does([
        Move::Hangs,
        Move::Hangs,
        Move::StreamsAndStalls(vec![start(), text("Half")]),
    ]);
    let client = builder(&ManualClock::default())
        .target(limited(&a, Limits::default().concurrency(1)))
        .provider(Puppet::new("b"), "m")
        .build()
        .unwrap();
    for polls in 0..3 {
        let call = client.chat(short());
        tokio::pin!(call);
        for _ in 0..polls {
            drop(futures::poll!(call.as_mut()));
        }
        if polls == 1 {
            assert_eq!(
                client.ask("?").await.unwrap().text(),
                "b",
                "the only slot is taken"
            );
        }
    }
    let mut stream = client.stream(short()).await.unwrap();
    assert_eq!(stream.next().await.unwrap().unwrap(), start());
    assert_eq!(
        client.ask("?").await.unwrap().text(),
        "b",
        "a stream has its slot until it ends"
    );
    drop(stream);
    assert_eq!(client.ask("?").await.unwrap().text(), "a");
}

#[tokio::test]
async fn those_who_wait_for_a_slot_get_it_when_it_is_free() {
    let clock = ManualClock::default();
    let a = Puppet::new("a").does([Move::StreamsAndStalls(vec![start(), text("Half")])]);
    let client = builder(&clock)
        .target(limited(&a, Limits::default().concurrency(1)))
        .build()
        .unwrap();
    let stream = client.stream(short()).await.unwrap();
    let waits = client.ask("?");
    tokio::pin!(waits);
    assert!(futures::poll!(waits.as_mut()).is_pending());
    assert_eq!(a.asked().len(), 1);
    drop(stream);
    assert_eq!(waits.await.unwrap().text(), "a");
}

#[tokio::test]
async fn requests_a_minute_hold_across_instances_that_share_a_limiter() {
    let clock = ManualClock::default();
    let store = MemoryLimiter::builder().clock(clock.clone()).build().unwrap();
    let limiter = Limiter::builder(store).clock(clock.clone()).build().unwrap();
    let puppets = [Puppet::new("a"), Puppet::new("a")];
    let replicas = puppets.each_ref().map(|puppet| {
        builder(&clock)
            .target(limited(puppet, Limits::default().requests_per_minute(10)))
            .limiter(limiter.clone())
            .total_timeout(SECOND)
            .build()
            .unwrap()
    });
    for number in 0..30 {
        drop(replicas[number % 2].ask("?").await);
    }
    let sent: usize = puppets.iter().map(|puppet| puppet.asked().len()).sum();
    assert_eq!(sent, 10);
}

#[tokio::test]
async fn limits_are_counted_by_key_unless_told_otherwise() {
    for (per, served) in [(Per::Key, 3), (Per::Target, 1), (Per::Provider, 1)] {
        let a = Puppet::new("a").with_keys(3);
        let client = builder(&ManualClock::default())
            .target(limited(&a, one_a_minute().per(per)))
            .total_timeout(SECOND)
            .build()
            .unwrap();
        for _ in 0..6 {
            drop(client.ask("?").await);
        }
        assert_eq!(a.asked().len(), served, "{per:?}");
    }
}

#[tokio::test]
async fn a_key_whose_provider_told_that_nothing_is_left_is_waited_for_if_that_is_soon() {
    let told = |reset| {
        [
            ("x-ratelimit-remaining-requests", "0"),
            ("x-ratelimit-reset-requests", reset),
        ]
    };
    let clock = ManualClock::default();
    let a = Puppet::new("a").tells(told("2s"));
    let client = builder(&clock).provider(a.clone(), "m").build().unwrap();
    client.ask("?").await.unwrap();
    let answer = after(&clock, 2 * SECOND, client.ask("?")).await.unwrap();
    let skipped = AttemptOutcome::Skipped {
        retry_after: 2 * SECOND,
    };
    assert_eq!(answer.attempts()[0].outcome, skipped);
    assert_eq!(waits(answer.attempts()), [Duration::ZERO, 2 * SECOND]);
    assert_eq!(a.asked().len(), 2);

    // Too long a wait is the caller's to decide, and so is one beyond the deadline.
    let b = Puppet::new("b").tells(told("30s"));
    let client = builder(&clock).provider(b.clone(), "m").build().unwrap();
    client.ask("?").await.unwrap();
    let error = client.ask("?").await.unwrap_err();
    assert_eq!(
        (error.kind(), error.retry_after()),
        (ErrorKind::CircuitOpen, Some(30 * SECOND))
    );
    let c = Puppet::new("c").tells(told("2s"));
    let client = builder(&clock)
        .provider(c, "m")
        .total_timeout(SECOND)
        .build()
        .unwrap();
    client.ask("?").await.unwrap();
    assert_eq!(client.ask("?").await.unwrap_err().kind(), ErrorKind::CircuitOpen);
}
