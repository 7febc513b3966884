//! Waiting for a limit.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use async_trait::async_trait;

use super::outage::Outside;
use super::{one, secs};
use crate::resilience::Deadline;
use crate::resilience::limiter::{
    Adjustment, Error, ErrorKind, Limiter, LimiterBuilder, MemoryLimiter, Outage, Policies, Policy,
    RateLimiter, Subject, Verdict,
};
use crate::time::{Clock as _, ManualClock};

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

#[tokio::test]
async fn units_that_are_put_back_let_the_first_in_line_pass_at_once() {
    let (builder, _) = builder();
    let limiter = builder.max_wait(secs(100)).build().unwrap();
    let (subject, policies) = two_a_minute();
    let (first, second) = (
        limiter.try_reserve(&subject, &policies, 1).await.unwrap(),
        limiter.try_reserve(&subject, &policies, 1).await.unwrap(),
    );
    let wait = || Box::pin(limiter.until_ready(&subject, &policies, 1, Deadline::NONE));
    let (mut ahead, mut behind) = (wait(), wait());
    assert!(poll(ahead.as_mut()).is_pending() && poll(behind.as_mut()).is_pending());
    drop(first);
    assert!(poll(ahead.as_mut()).is_ready(), "no time has passed");
    assert!(poll(behind.as_mut()).is_pending());
    second.settle(0).await;
    assert!(poll(behind.as_mut()).is_ready());
}

/// A store that takes a second of the clock for everything, and then fails.
#[derive(Debug)]
struct Slow {
    quick: Outside,
    clock: ManualClock,
}

impl Slow {
    async fn delay(&self) -> Result<(), Error> {
        if self.quick.is_away.load(Ordering::Relaxed) {
            self.clock.sleep(secs(1)).await;
            return Err(Error::new(ErrorKind::Timeout));
        }
        Ok(())
    }
}

#[async_trait]
impl RateLimiter for Slow {
    async fn check(&self, subject: &Subject, policies: &Policies, cost: u32) -> Result<Verdict, Error> {
        self.delay().await?;
        Ok(self.quick.memory.check(subject, policies, cost))
    }

    async fn adjust(&self, adjustment: &Adjustment) -> Result<(), Error> {
        self.delay().await?;
        self.quick.memory.adjust(adjustment);
        Ok(())
    }
}

fn slow() -> (Limiter, Arc<AtomicBool>, ManualClock) {
    let clock = ManualClock::default();
    let quick = Outside::new(&clock);
    let is_away = Arc::clone(&quick.is_away);
    let store = Slow {
        quick,
        clock: clock.clone(),
    };
    let builder = Limiter::builder(store).clock(clock.clone());
    (builder.outage(Outage::Deny).build().unwrap(), is_away, clock)
}

#[tokio::test]
async fn what_is_put_back_late_keeps_a_request_no_longer_than_the_request_itself() {
    let (limiter, is_away, clock) = slow();
    let (subject, policies) = (Subject::new("s"), one(Policy::per_minute("p", 100)));
    let mut reserved = Vec::new();
    for _ in 0..20 {
        reserved.push(limiter.try_reserve(&subject, &policies, 1).await.unwrap());
    }
    drop(reserved);
    is_away.store(true, Ordering::Relaxed);
    let mut check = Box::pin(limiter.check(&subject, &policies, 1));
    assert!(poll(check.as_mut()).is_pending());
    clock.advance(secs(1));
    let Poll::Ready(verdict) = poll(check.as_mut()) else {
        panic!("it waits for what is put back")
    };
    assert!(verdict.is_degraded());
}

#[tokio::test]
async fn a_store_that_is_slower_than_the_deadline_is_not_waited_for() {
    let (limiter, is_away, clock) = slow();
    let (subject, policies) = two_a_minute();
    is_away.store(true, Ordering::Relaxed);
    let soon = Deadline::after(&clock, Duration::from_millis(100));
    let mut wait = Box::pin(limiter.until_ready(&subject, &policies, 1, soon));
    assert!(poll(wait.as_mut()).is_pending());
    clock.advance(Duration::from_millis(100));
    let Poll::Ready(Err(error)) = poll(wait.as_mut()) else {
        panic!("it goes on waiting")
    };
    assert_eq!(error.kind(), ErrorKind::Timeout);
    // And one whose time is over is not asked.
    is_away.store(false, Ordering::Relaxed);
    let error = limiter
        .until_ready(&subject, &policies, 1, soon)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Limited);
    assert_eq!(limiter.peek(&subject, &policies).await.remaining(), 2);
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
