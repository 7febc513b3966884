//! What is reserved comes back, and not more.

use std::sync::atomic::Ordering;
use std::time::Duration;

use proptest::prelude::*;

use super::outage::Outside;
use super::{one, secs};
use crate::resilience::Deadline;
use crate::resilience::limiter::{
    Counts, ErrorKind, Kind, Limiter, MemoryLimiter, Outage, Policies, Policy, Subject,
};
use crate::time::ManualClock;

fn limiter() -> (Limiter, ManualClock) {
    let clock = ManualClock::default();
    let store = MemoryLimiter::builder().clock(clock.clone()).build().unwrap();
    (
        Limiter::builder(store).clock(clock.clone()).build().unwrap(),
        clock,
    )
}

fn tokens() -> Policies {
    Policies::new([
        Policy::per_minute("requests", 10).counts(Counts::Requests),
        Policy::per_minute("tokens", 1_000),
        Policy::per_minute("log", 100).kind(Kind::SlidingLog),
    ])
    .unwrap()
}

async fn left(limiter: &Limiter, who: &Subject) -> Vec<u32> {
    let verdict = limiter.peek(who, &tokens()).await;
    verdict.states().map(|state| state.remaining).collect()
}

#[tokio::test]
async fn what_was_not_used_comes_back() {
    let (limiter, _) = limiter();
    let who = Subject::new("model");
    let mut reservation = limiter.try_reserve(&who, &tokens(), 80).await.unwrap();
    assert_eq!(reservation.units(), 80);
    assert_eq!(left(&limiter, &who).await, [9, 920, 20]);
    reservation.spend();
    reservation.settle(30).await;
    assert_eq!(left(&limiter, &who).await, [9, 970, 70], "the request was made");

    let more = limiter.try_reserve(&who, &tokens(), 10).await.unwrap();
    more.settle_later(500);
    assert_eq!(
        left(&limiter, &who).await,
        [8, 470, 0],
        "as far as it can be counted"
    );
}

#[tokio::test]
async fn a_drop_before_the_request_puts_back_and_one_after_it_keeps() {
    let (limiter, _) = limiter();
    let who = Subject::new("model");
    drop(limiter.try_reserve(&who, &tokens(), 80).await.unwrap());
    limiter
        .try_reserve(&who, &tokens(), 80)
        .await
        .unwrap()
        .cancel()
        .await;
    assert_eq!(left(&limiter, &who).await, [10, 1_000, 100]);
    let mut spent = limiter.try_reserve(&who, &tokens(), 80).await.unwrap();
    spent.spend();
    drop(spent);
    assert_eq!(left(&limiter, &who).await, [9, 920, 20]);
    let error = limiter.try_reserve(&who, &tokens(), 80).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.retry_after()),
        (ErrorKind::Limited, Some(secs(60)))
    );
    assert_eq!(left(&limiter, &who).await, [9, 920, 20]);
    let soon = Deadline::NONE;
    let never = limiter.reserve(&who, &tokens(), 101, soon).await.unwrap_err();
    assert_eq!(never.kind(), ErrorKind::InsufficientCapacity);
}

#[tokio::test]
async fn what_a_bucket_has_given_back_by_itself_does_not_come_twice() {
    let (limiter, clock) = limiter();
    let (who, policies) = (Subject::new("s"), one(Policy::per_minute("p", 5).burst(5)));
    let first = limiter.try_reserve(&who, &policies, 5).await.unwrap();
    clock.advance(secs(60));
    assert!(
        limiter.check(&who, &policies, 5).await.is_allowed(),
        "all has come back"
    );
    clock.advance(secs(1));
    first.cancel().await;
    assert!(!limiter.check(&who, &policies, 1).await.is_allowed());
}

/// Each of them alone may come back; but what the first has brought forward, the second must not count on.
#[tokio::test]
async fn what_comes_back_of_several_is_not_more_than_of_all_together() {
    let (limiter, clock) = limiter();
    let (who, policies) = (Subject::new("s"), one(Policy::per_second("p", 1).burst(3)));
    let first = limiter.try_reserve(&who, &policies, 1).await.unwrap();
    let second = limiter.try_reserve(&who, &policies, 1).await.unwrap();
    clock.advance(Duration::from_millis(500));
    first.cancel().await;
    clock.advance(Duration::from_millis(500));
    assert!(limiter.check(&who, &policies, 1).await.is_allowed());
    clock.advance(Duration::from_millis(200));
    second.cancel().await;
    // Without the two: one unit, 0.2 s ago.
    assert!(limiter.peek(&who, &policies).await.reset() >= Duration::from_millis(800));
}

/// A key whose units are all back gives way to others; what is used above the reservation counts all the same.
#[tokio::test]
async fn what_is_used_above_a_reservation_counts_though_the_key_was_forgotten() {
    let clock = ManualClock::default();
    let store = MemoryLimiter::builder().clock(clock.clone()).max_keys(1);
    let limiter = Limiter::builder(store.build().unwrap())
        .clock(clock.clone())
        .build()
        .unwrap();
    let (who, policies) = (Subject::new("model"), one(Policy::per_minute("tokens", 1_000)));
    let mut reservation = limiter.try_reserve(&who, &policies, 100).await.unwrap();
    reservation.spend();
    clock.advance(secs(30));
    let other = limiter.check(&Subject::new("other"), &policies, 1).await;
    assert!(other.is_allowed(), "it has the place");
    clock.advance(secs(30));
    reservation.settle(700).await;
    assert_eq!(limiter.peek(&who, &policies).await.remaining(), 400);
}

#[tokio::test]
async fn a_store_that_is_away_gets_the_rest_later() {
    let clock = ManualClock::default();
    let store = Outside::new(&clock);
    let limiter = Limiter::builder(store.clone())
        .clock(clock.clone())
        .outage(Outage::Local { replicas: 2 })
        .build()
        .unwrap();
    let who = Subject::new("model");
    let dropped = limiter.try_reserve(&who, &tokens(), 20).await.unwrap();
    let settled = limiter.try_reserve(&who, &tokens(), 20).await.unwrap();
    store.is_away.store(true, Ordering::Relaxed);
    drop(dropped);
    settled.settle(5).await;
    // What is reserved meanwhile is counted, and put back, where it was taken.
    let local = limiter.try_reserve(&who, &tokens(), 40).await.unwrap();
    assert!(local.verdict().is_degraded());
    assert_eq!(left(&limiter, &who).await, [4, 460, 10]);
    drop(local);
    assert_eq!(left(&limiter, &who).await, [5, 500, 50]);
    store.is_away.store(false, Ordering::Relaxed);
    for _ in 0..3 {
        left(&limiter, &who).await;
    }
    assert_eq!(left(&limiter, &who).await, [9, 995, 95]);
}

proptest! {
    /// Counting only what was kept, a bucket with refunds passes no more than one without, and the same limit holds.
    #[test]
    fn refunds_never_pass_more_than_is_promised(
        burst in 1_u32..10,
        steps in prop::collection::vec((0_u64..3_000_000, 1_u32..6, 0_u32..6, 0_usize..4), 1..80),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let kept = runtime.block_on(async {
            let (limiter, clock) = limiter();
            let (who, policies) = (Subject::new("s"), one(Policy::per_second("p", 1).burst(burst)));
            let (mut now, mut kept, mut open) = (0_u64, Vec::new(), Vec::new());
            for (by, units, used, until) in steps {
                clock.advance(Duration::from_micros(by));
                now += by;
                if let Ok(mut reservation) = limiter.try_reserve(&who, &policies, units).await {
                    reservation.spend();
                    let used = used.min(units);
                    kept.extend(std::iter::repeat_n(now, usize::try_from(used).unwrap()));
                    open.push((reservation, used));
                }
                while open.len() > until {
                    let (reservation, used) = open.remove(0);
                    reservation.settle(used).await;
                }
            }
            kept
        });
        for (first, start) in kept.iter().enumerate() {
            for (last, end) in kept.iter().enumerate().skip(first) {
                let most = u64::from(burst) + (end - start + 1) / 1_000_000;
                prop_assert!(u64::try_from(last - first + 1).unwrap() <= most);
            }
        }
    }
}
