use super::super::{
    DeadFilter, DeadReason, Delivery, Failed, Message, OnDead, Outbox, Outcome, Schedule, State,
};
use super::{LEASE, SECOND, message, open, text, texts};
use std::time::Duration;

use crate::failure::FailureClass;
use crate::page::PageRequest;
use crate::resilience::RetryPolicy;
use crate::rng::Random;
use crate::store::ErrorKind;
use crate::testing::each_database;

async fn kill(outbox: &Outbox, delivery: &Delivery) {
    outbox
        .dead(delivery, DeadReason::Rejected, Failed::rejected("no such number"))
        .await
        .unwrap();
}

#[tokio::test]
async fn whoever_dies_with_a_message_often_enough_takes_it_along() {
    each_database(|db| async move {
        let (outbox, clock) = open(&db).await;
        outbox
            .enqueue(&message("poison").max_attempts(3).ordering_key("k"))
            .await
            .unwrap();
        outbox.enqueue(&message("next").ordering_key("k")).await.unwrap();
        for attempt in 1..=3 {
            let claimed = outbox.claim("q", 9, LEASE).await.unwrap();
            assert_eq!(texts(&claimed), ["poison"]);
            assert_eq!(claimed[0].attempt, attempt);
            clock.advance(LEASE);
        }
        assert_eq!(texts(&outbox.claim("q", 9, LEASE).await.unwrap()), ["next"]);
        let dead = outbox
            .page("q", State::Dead, None, &PageRequest::default())
            .await
            .unwrap()
            .items;
        assert_eq!(dead[0].dead_reason, Some(DeadReason::Exhausted));
        assert_eq!(dead[0].failure.as_deref(), Some("the lease ran out"));
    })
    .await;
}

#[tokio::test]
async fn what_nobody_began_in_its_lifetime_is_dead() {
    each_database(|db| async move {
        let (outbox, clock) = open(&db).await;
        let short = |text: &str| message(text).lifetime(SECOND * 10).ordering_key("k");
        outbox
            .enqueue_all(&[short("a"), short("b"), message("c").ordering_key("k")])
            .await
            .unwrap();
        clock.advance(SECOND * 10);
        assert_eq!(texts(&outbox.claim("q", 9, LEASE).await.unwrap()), ["c"]);
        let dead = outbox
            .page("q", State::Dead, None, &PageRequest::default())
            .await
            .unwrap()
            .items;
        assert_eq!(dead.len(), 2);
        assert!(
            dead.iter()
                .all(|dead| dead.dead_reason == Some(DeadReason::Expired) && dead.attempts == 0)
        );
    })
    .await;
}

#[tokio::test]
async fn a_dead_message_lets_its_key_go_on_or_holds_it_up() {
    each_database(|db| async move {
        for (on_dead, discards) in [
            (OnDead::Skip, false),
            (OnDead::Block, false),
            (OnDead::Block, true),
        ] {
            let (outbox, _) = open(&db).await;
            let key = format!("{on_dead:?}{discards}");
            let keyed = |text: &str| message(text).ordering_key(&key).on_dead(on_dead);
            outbox
                .enqueue_all(&[keyed("1"), keyed("2"), keyed("3")])
                .await
                .unwrap();
            let first = outbox.claim("q", 9, LEASE).await.unwrap().remove(0);
            kill(&outbox, &first).await;
            if on_dead == OnDead::Block {
                assert!(outbox.claim("q", 9, LEASE).await.unwrap().is_empty());
                // what others wait for is not purged
                assert_eq!(outbox.purge(State::Dead, Duration::ZERO, 9).await.unwrap(), 0);
                if discards {
                    outbox.discard(first.id).await.unwrap();
                } else {
                    outbox.requeue(first.id).await.unwrap();
                    let again = outbox.claim("q", 9, LEASE).await.unwrap().remove(0);
                    assert_eq!((again.id, again.attempt), (first.id, 1));
                    assert!(again.fence > first.fence);
                    outbox.done(&again).await.unwrap();
                }
            }
            for expected in ["2", "3"] {
                let next = outbox.claim("q", 9, LEASE).await.unwrap();
                assert_eq!(texts(&next), [expected]);
                outbox.done(&next[0]).await.unwrap();
            }
            assert_eq!(outbox.discard(first.id).await.is_ok(), on_dead == OnDead::Skip);
        }
    })
    .await;
}

#[tokio::test]
async fn a_requeued_message_waits_for_whoever_holds_its_key_and_goes_before_later_ones() {
    each_database(|db| async move {
        let (outbox, _) = open(&db).await;
        let keyed = |text: &str| message(text).ordering_key("k");
        outbox
            .enqueue_all(&[keyed("1"), keyed("2"), keyed("3")])
            .await
            .unwrap();
        let first = outbox.claim("q", 9, LEASE).await.unwrap().remove(0);
        kill(&outbox, &first).await;
        let second = outbox.claim("q", 9, LEASE).await.unwrap().remove(0);
        outbox.requeue(first.id).await.unwrap();
        assert!(outbox.claim("q", 9, LEASE).await.unwrap().is_empty());
        outbox.done(&second).await.unwrap();
        let mut order = Vec::new();
        while let Some(next) = outbox.claim("q", 9, LEASE).await.unwrap().pop() {
            order.push(text(&next));
            outbox.done(&next).await.unwrap();
        }
        assert_eq!(order, ["1", "3"]);
        // what was done can be done once more
        outbox.requeue(second.id).await.unwrap();
        assert_eq!(texts(&outbox.claim("q", 9, LEASE).await.unwrap()), ["2"]);
    })
    .await;
}

#[tokio::test]
async fn dead_letters_are_requeued_by_what_they_have_in_common() {
    each_database(|db| async move {
        let (outbox, _) = open(&db).await;
        let many: Vec<Message> = (0..4).map(|n| message(&n.to_string()).tenant(n % 2)).collect();
        outbox.enqueue_all(&many).await.unwrap();
        for (n, delivery) in outbox.claim("q", 9, LEASE).await.unwrap().iter().enumerate() {
            let reason = if n == 0 {
                DeadReason::Exhausted
            } else {
                DeadReason::Rejected
            };
            outbox
                .dead(delivery, reason, Failed::rejected("no"))
                .await
                .unwrap();
        }
        let requeue = async |filter| outbox.requeue_dead("q", &filter, 100).await.unwrap();
        assert_eq!(
            requeue(DeadFilter::all().tenant("0").reason(DeadReason::Exhausted)).await,
            1
        );
        assert_eq!(requeue(DeadFilter::all().tenant("1")).await, 2);
        assert_eq!(requeue(DeadFilter::all()).await, 1);
        assert_eq!(requeue(DeadFilter::all()).await, 0);
        let claimed = outbox.claim("q", 9, LEASE).await.unwrap();
        assert_eq!(claimed.len(), 4);
        for wrong in [
            outbox.requeue(claimed[0].id).await,
            outbox.discard(claimed[0].id).await,
        ] {
            assert_eq!(wrong.unwrap_err().kind(), ErrorKind::NotFound);
        }
    })
    .await;
}

#[tokio::test]
async fn the_last_failure_is_told_with_the_message() {
    each_database(|db| async move {
        let (outbox, clock) = open(&db).await;
        let id = outbox.enqueue(&message("a")).await.unwrap().id();
        let delivery = outbox.claim("q", 1, LEASE).await.unwrap().remove(0);
        let failed = Failed::again(FailureClass::Throttled, "too many calls");
        outbox.retry(&delivery, SECOND * 3, failed).await.unwrap();
        let stored = outbox.get(id).await.unwrap();
        assert_eq!((stored.state, stored.attempts), (State::Ready, 1));
        assert_eq!(stored.failure_class.as_deref(), Some("throttled"));
        assert_eq!(stored.failure.as_deref(), Some("too many calls"));
        clock.advance(SECOND * 2);
        assert!(outbox.claim("q", 1, LEASE).await.unwrap().is_empty());
        clock.advance(SECOND);
        assert_eq!(outbox.claim("q", 1, LEASE).await.unwrap()[0].attempt, 2);
    })
    .await;
}

#[tokio::test]
async fn a_schedule_says_when_and_when_no_more() {
    each_database(|db| async move {
        let (outbox, _) = open(&db).await;
        outbox.enqueue(&message("a").max_attempts(20)).await.unwrap();
        let mut delivery = outbox.claim("q", 1, LEASE).await.unwrap().remove(0);
        let random = Random::seeded(1);
        let schedule = Schedule::standard_webhooks();
        let again = || Failed::again(FailureClass::Transient, "503");
        let mut total = Duration::ZERO;
        for (attempt, seconds) in (1..).zip([5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400]) {
            delivery.attempt = attempt;
            let Outcome::Retry(wait, _) = schedule.decide(&delivery, again(), &random) else {
                panic!("no retry after attempt {attempt}")
            };
            let least = Duration::from_secs(seconds);
            assert!(
                (least..=least + least / 10).contains(&wait),
                "{attempt}: {wait:?}"
            );
            total += least;
        }
        assert_eq!(total.as_secs(), 272_105); // about three days
        delivery.attempt = 10;
        let last = schedule.decide(&delivery, again(), &random);
        assert!(matches!(last, Outcome::Dead(DeadReason::Exhausted, _)));
        // what the receiver asks for is a floor, and has a bound
        delivery.attempt = 1;
        for schedule in [
            schedule.clone(),
            Schedule::policy(RetryPolicy::default()),
            Schedule::default(),
        ] {
            for (asked, least) in [(600, 600), (864_000, 86_400)] {
                let asked = again().after(Duration::from_secs(asked));
                let Outcome::Retry(wait, _) = schedule.decide(&delivery, asked, &random) else {
                    panic!()
                };
                assert!((least..=least * 13 / 10).contains(&wait.as_secs()), "{wait:?}");
            }
            let rejected = schedule.decide(&delivery, Failed::rejected("410"), &random);
            assert!(matches!(rejected, Outcome::Dead(DeadReason::Rejected, _)));
        }
        delivery.attempt = 20;
        let worn_out = Schedule::default().decide(&delivery, again(), &random);
        assert!(matches!(worn_out, Outcome::Dead(DeadReason::Exhausted, _)));
    })
    .await;
}
