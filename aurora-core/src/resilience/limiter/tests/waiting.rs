//! Waiting for a limit.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use super::outage::Outside;
use super::{one, secs};
use crate::resilience::Deadline;
use crate::resilience::limiter::{
    ErrorKind, Limiter, LimiterBuilder, MemoryLimiter, Policies, Policy, Subject,
};
use crate::time::ManualClock;

fn builder() -> (LimiterBuilder, ManualClock) {
    let clock = ManualClock::default();
    let store = MemoryLimiter::builder().clock(clock.clone()).build().unwrap();
    (Limiter::builder(store).clock(clock.clone()), clock)
}

fn poll<F: Future>(future: std::pin::Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

async fn settle() {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}

fn two_a_minute() -> (Subject, Policies) {
    (Subject::new("s"), one(Policy::per_minute("p", 2)))
}

#[tokio::test]
async fn waiters_pass_in_the_order_in_which_they_came() {
    let (builder, clock) = builder();
    let limiter = builder.max_wait(secs(3_600)).build().unwrap();
    let (subject, policies) = (Subject::new("s"), one(Policy::per_minute("p", 60).burst(1)));
    assert!(limiter.check(&subject, &policies, 1).await.is_allowed());
    let (sender, mut passed) = tokio::sync::mpsc::unbounded_channel();
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..5 {
        let (limiter, subject, policies, sender) =
            (limiter.clone(), subject.clone(), policies.clone(), sender.clone());
        tasks.spawn(async move {
            limiter
                .until_ready(&subject, &policies, 1, Deadline::NONE)
                .await
                .unwrap();
            sender.send(n).unwrap();
        });
        settle().await;
    }
    for n in 0..5 {
        assert!(passed.try_recv().is_err(), "{n} is before its time");
        clock.advance(secs(1));
        settle().await;
        assert_eq!(passed.try_recv().unwrap(), n);
    }
}

#[tokio::test]
async fn a_wait_that_would_be_in_vain_is_not_begun() {
    let (builder, clock) = builder();
    let limiter = builder.max_wait(secs(100)).build().unwrap();
    let (subject, policies) = two_a_minute();
    for _ in 0..2 {
        assert!(
            limiter
                .until_ready(&subject, &policies, 1, Deadline::NONE)
                .await
                .is_ok()
        );
    }
    let soon = Deadline::after(&clock, secs(59));
    let error = limiter
        .until_ready(&subject, &policies, 1, soon)
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.retry_after()),
        (ErrorKind::Limited, Some(secs(60)))
    );
    assert!(error.is_retryable());
    // And never longer than the limiter allows, whatever the deadline.
    let hourly = one(Policy::per_hour("h", 1));
    assert!(
        limiter
            .until_ready(&subject, &hourly, 1, Deadline::NONE)
            .await
            .is_ok()
    );
    let error = limiter
        .until_ready(&subject, &hourly, 1, Deadline::NONE)
        .await
        .unwrap_err();
    assert_eq!(error.retry_after(), Some(secs(3_600)));
}

#[tokio::test]
async fn who_stands_behind_others_leaves_at_its_deadline() {
    let (builder, clock) = builder();
    let limiter = builder.build().unwrap();
    let (subject, policies) = two_a_minute();
    assert!(limiter.check(&subject, &policies, 2).await.is_allowed());
    clock.advance(secs(1));
    let mut first = pin!(limiter.until_ready(&subject, &policies, 1, Deadline::NONE));
    assert!(poll(first.as_mut()).is_pending());
    let mut second = pin!(limiter.until_ready(&subject, &policies, 1, Deadline::after(&clock, secs(10))));
    assert!(poll(second.as_mut()).is_pending());
    clock.advance(secs(10));
    let Poll::Ready(Err(error)) = poll(second.as_mut()) else {
        panic!("it goes on waiting")
    };
    assert_eq!(error.kind(), ErrorKind::Limited);
    clock.advance(secs(49));
    assert!(first.await.is_ok());
}

#[tokio::test]
async fn the_number_of_waiters_is_bounded_and_a_drop_makes_room() {
    let (builder, _) = builder();
    let limiter = builder.max_waiters(2).max_wait(secs(100)).build().unwrap();
    let (subject, policies) = two_a_minute();
    assert!(limiter.check(&subject, &policies, 2).await.is_allowed());
    let wait = || Box::pin(limiter.until_ready(&subject, &policies, 1, Deadline::NONE));
    let (mut a, mut b) = (wait(), wait());
    assert!(poll(a.as_mut()).is_pending() && poll(b.as_mut()).is_pending());
    assert_eq!(wait().await.unwrap_err().kind(), ErrorKind::TooManyWaiters);
    drop(a);
    let mut c = wait();
    assert!(poll(c.as_mut()).is_pending());
    assert_eq!(wait().await.unwrap_err().kind(), ErrorKind::TooManyWaiters);
    drop((b, c));
    assert!(poll(wait().as_mut()).is_pending());
}

/// Polls `k` times with time moving on, then drops, for every `k` until it would be done.
#[tokio::test]
async fn a_wait_dropped_at_any_point_counts_nothing_and_lets_the_next_pass() {
    let ((subject, policies), other) = (two_a_minute(), Subject::new("other"));
    for polls in 0.. {
        let (builder, clock) = builder();
        let limiter = builder.build().unwrap();
        assert!(limiter.check(&subject, &policies, 2).await.is_allowed());
        clock.advance(secs(30));
        let mut ahead = Box::pin(limiter.until_ready(&subject, &policies, 1, Deadline::NONE));
        assert!(poll(ahead.as_mut()).is_pending());
        let mut dropped = Box::pin(limiter.until_ready(&subject, &policies, 1, Deadline::NONE));
        let mut is_done = false;
        for _ in 0..polls {
            is_done = poll(dropped.as_mut()).is_ready();
            if is_done {
                break;
            }
            clock.advance(secs(10));
            // Who is ahead passes in between, and hands on the turn.
            if poll(ahead.as_mut()).is_ready() {
                ahead = Box::pin(limiter.until_ready(&other, &policies, 1, Deadline::NONE));
            }
        }
        if is_done {
            assert!(polls > 3, "{polls}");
            return;
        }
        drop((ahead, dropped));
        clock.advance(secs(60));
        let mut all = Box::pin(limiter.until_ready(&subject, &policies, 2, Deadline::NONE));
        assert!(poll(all.as_mut()).is_ready(), "after {polls} polls");
    }
}

/// With a store outside, what is counted is at most what was asked for.
#[tokio::test]
async fn a_wait_on_a_store_outside_that_is_dropped_counts_at_most_once() {
    let clock = ManualClock::default();
    let store = Outside::new(&clock);
    let limiter = Limiter::builder(store.clone())
        .clock(clock.clone())
        .build()
        .unwrap();
    let (subject, policies) = two_a_minute();
    for polls in 0.. {
        let before = store.memory.check(&subject, &policies, 0).remaining();
        let mut wait = Box::pin(limiter.until_ready(&subject, &policies, 1, Deadline::NONE));
        let is_done = (0..polls).any(|_| poll(wait.as_mut()).is_ready());
        drop(wait);
        let after = store.memory.check(&subject, &policies, 0).remaining();
        assert_eq!(before - after, u32::from(is_done), "after {polls} polls");
        if is_done {
            return;
        }
    }
}
