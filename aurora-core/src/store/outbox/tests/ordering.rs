use std::time::Duration;

use super::super::{Failed, Outcome, State};
use super::{LEASE, SECOND, message, open, text, texts, with_clock};
use crate::failure::FailureClass;
use crate::rng::Random;
use crate::store::{Database, Error, in_transaction};
use crate::testing::each_database;

#[tokio::test]
async fn one_at_a_time_and_a_retry_comes_before_what_is_later() {
    each_database(|db| async move {
        let (outbox, clock) = open(&db).await;
        let keyed = |text: &str, key: &str| message(text).ordering_key(key);
        outbox
            .enqueue_all(&[
                keyed("a1", "a"),
                keyed("a2", "a"),
                keyed("b1", "b"),
                keyed("a1 of t", "a").tenant("t"),
                message("free"),
            ])
            .await
            .unwrap();
        let claimed = outbox.claim("q", 9, LEASE).await.unwrap();
        assert_eq!(texts(&claimed), ["a1", "b1", "a1 of t", "free"]);
        let failed = Failed::again(FailureClass::Timeout, "no answer");
        outbox.retry(&claimed[0], SECOND * 10, failed).await.unwrap();
        assert!(outbox.claim("q", 9, LEASE).await.unwrap().is_empty());
        clock.advance(SECOND * 10);
        let again = outbox.claim("q", 9, LEASE).await.unwrap();
        assert_eq!(texts(&again), ["a1"]);
        outbox.done(&again[0]).await.unwrap();
        assert_eq!(texts(&outbox.claim("q", 9, LEASE).await.unwrap()), ["a2"]);
    })
    .await;
}

#[tokio::test]
async fn order_is_that_of_commits_also_when_an_earlier_enqueue_takes_longer() {
    each_database(|db| async move {
        let (outbox, clock) = open(&db).await;
        let other = with_clock(&Database::open(&db.url).await.unwrap(), &clock).await;
        let keyed = |text: &str| message(text).ordering_key("k");
        let second = keyed("second");
        let mut later = std::pin::pin!(other.enqueue(&second));
        let outcome: Result<(), Error> = in_transaction!(db.database, |tx| {
            outbox.enqueue_in(&mut (&mut *tx).into(), &keyed("first")).await?;
            // it cannot pass us by
            let passed = tokio::time::timeout(Duration::from_millis(100), &mut later).await;
            assert!(passed.is_err());
            Ok(())
        });
        outcome.unwrap();
        later.await.unwrap();
        for expected in ["first", "second"] {
            let claimed = outbox.claim("q", 9, LEASE).await.unwrap();
            assert_eq!(texts(&claimed), [expected]);
            outbox.done(&claimed[0]).await.unwrap();
        }
        other.database().close().await;
    })
    .await;
}

/// Enqueuers and workers at once, with attempts that fail and leases that are given back.
#[tokio::test]
async fn order_holds_while_many_enqueue_and_many_work_and_fail() {
    each_database(|db| async move {
        let (outbox, _) = open(&db).await;
        let random = Random::seeded(7);
        let done = std::sync::Mutex::new(Vec::new());
        let enqueuers = (0..4).map(|key| {
            let outbox = &outbox;
            async move {
                for n in 0..15 {
                    let message = message(&format!("{key} {n}"))
                        .ordering_key(key)
                        .max_attempts(1_000);
                    outbox.enqueue(&message).await.unwrap();
                }
            }
        });
        let workers = (0..6).map(|_| async {
            while done.lock().unwrap().len() < 60 {
                for delivery in outbox.claim("q", 3, LEASE).await.unwrap() {
                    let outcome = match random.below(4) {
                        0 => Outcome::Retry(Duration::ZERO, Failed::again(FailureClass::Transient, "no")),
                        1 => Outcome::Release,
                        _ => {
                            done.lock().unwrap().push(text(&delivery));
                            Outcome::Done
                        }
                    };
                    assert!(outbox.settle(&[(delivery, outcome)]).await.unwrap().is_empty());
                }
                tokio::task::yield_now().await;
            }
        });
        tokio::join!(
            futures::future::join_all(enqueuers),
            futures::future::join_all(workers)
        );
        let done = done.into_inner().unwrap();
        for key in 0..4 {
            let of_key: Vec<_> = done
                .iter()
                .filter(|text| text.starts_with(&format!("{key} ")))
                .collect();
            let expected: Vec<_> = (0..15).map(|n| format!("{key} {n}")).collect();
            assert_eq!(of_key, expected.iter().collect::<Vec<_>>());
        }
        let counts = outbox.counts().await.unwrap();
        assert!(
            counts.iter().all(|count| count.state == State::Done),
            "{counts:?}"
        );
    })
    .await;
}
