use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use super::{Failed, poll_then_drop};
use crate::failure::FailureClass;
use crate::resilience::{CallBudget, Hedge};
use crate::time::{Clock, ManualClock};

const MS: Duration = Duration::from_millis(1);

/// A hedge on `clock` that has seen `requests` answers after 10 ms each.
fn trained(clock: &ManualClock, requests: u32) -> Hedge {
    let hedge = Hedge::default().hedgeable().clock(clock.clone());
    for _ in 0..requests {
        let answer = hedge.run(CallBudget::default(), |_| {
            clock.advance(10 * MS);
            std::future::ready(Ok::<_, Failed>(()))
        });
        assert!(futures::FutureExt::now_or_never(answer).unwrap().is_ok());
    }
    clock.advance(Duration::from_secs(3));
    hedge
}

fn poll<F: Future>(future: std::pin::Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn the_backup_goes_out_at_the_95th_percentile_and_the_faster_counts() {
    let clock = ManualClock::default();
    let hedge = trained(&clock, 100);
    let delay = hedge.delay().unwrap();
    assert!(delay >= 9 * MS && delay <= 11 * MS, "{delay:?}");
    let (sent, call) = (AtomicU32::new(0), CallBudget::default());
    let mut run = Box::pin(hedge.run(&call, |inside| {
        assert!(!inside.may_retry());
        let number = sent.fetch_add(1, Ordering::SeqCst);
        let clock = clock.clone();
        async move {
            clock.sleep(if number == 0 { 500 * MS } else { 5 * MS }).await;
            Ok::<_, Failed>(number)
        }
    }));
    assert!(poll(run.as_mut()).is_pending());
    clock.advance(delay - Duration::from_micros(1));
    assert!(poll(run.as_mut()).is_pending());
    assert_eq!(sent.load(Ordering::SeqCst), 1);
    clock.advance(Duration::from_micros(1));
    assert!(poll(run.as_mut()).is_pending());
    assert_eq!(sent.load(Ordering::SeqCst), 2);
    clock.advance(5 * MS);
    let Poll::Ready(Ok(answer)) = poll(run.as_mut()) else {
        panic!("the backup has answered")
    };
    assert!(answer.backup_sent() && answer.by_backup());
    assert_eq!(answer.into_value(), 1);
    drop(run);
    assert_eq!(clock.sleepers(), 0, "the slower one is dropped");
    assert_eq!(call.attempts_left(), 14, "both were attempts of the call");
}

#[test]
fn backups_are_one_percent_of_the_requests_however_few_there_are() {
    let clock = ManualClock::default();
    let hedge = trained(&clock, 50);
    let sent = AtomicU32::new(0);
    for number in 0..450 {
        let mut run = Box::pin(hedge.run(CallBudget::default(), |_| {
            sent.fetch_add(1, Ordering::SeqCst);
            let clock = clock.clone();
            async move {
                clock
                    .sleep(if number % 25 == 0 { 100 * MS } else { 10 * MS })
                    .await;
                Ok::<_, Failed>(())
            }
        }));
        while poll(run.as_mut()).is_pending() {
            clock.advance(10 * MS);
        }
    }
    assert!(
        sent.load(Ordering::SeqCst) <= 450 + 5,
        "500 requests, five backups: {sent:?}"
    );
    assert!(sent.load(Ordering::SeqCst) > 450);
}

#[test]
fn it_is_off_unless_wanted_unless_known_and_inside_another_layer() {
    let clock = ManualClock::default();
    assert_eq!(Hedge::default().clock(clock.clone()).delay(), None);
    assert_eq!(
        Hedge::default().hedgeable().clock(clock.clone()).delay(),
        None,
        "nothing is known"
    );
    let hedge = trained(&clock, 200);
    let call = CallBudget::default();
    let inside = call.take_attempt(&clock).unwrap().begin().nested();
    let sent = AtomicU32::new(0);
    let mut run = Box::pin(hedge.run(&inside, |_| {
        sent.fetch_add(1, Ordering::SeqCst);
        std::future::pending::<Result<(), Failed>>()
    }));
    for _ in 0..5 {
        assert!(poll(run.as_mut()).is_pending());
        clock.advance(100 * MS);
    }
    assert_eq!(sent.load(Ordering::SeqCst), 1);
    clock.advance(Duration::from_secs(60));
    assert_eq!(hedge.delay(), None, "what was known is too old");
}

#[test]
fn a_failure_waits_for_the_other() {
    let clock = ManualClock::default();
    let hedge = trained(&clock, 200);
    let sent = AtomicU32::new(0);
    let mut run = Box::pin(hedge.run(CallBudget::default(), |_| {
        let (first, clock) = (sent.fetch_add(1, Ordering::SeqCst) == 0, clock.clone());
        async move {
            clock.sleep(if first { 20 * MS } else { 40 * MS }).await;
            if first {
                Err(Failed(FailureClass::Transient))
            } else {
                Ok("backup")
            }
        }
    }));
    while poll(run.as_mut()).is_pending() {
        clock.advance(5 * MS);
    }
    drop(run);
    assert_eq!(sent.load(Ordering::SeqCst), 2);
}

#[test]
fn a_dropped_hedge_leaves_nothing_under_way() {
    for polls in 0..4 {
        let clock = ManualClock::default();
        let hedge = trained(&clock, 100);
        let slow = |_: CallBudget| {
            let clock = clock.clone();
            async move {
                clock.sleep(Duration::from_secs(9)).await;
                Ok::<_, Failed>(())
            }
        };
        let mut step = Box::pin(hedge.run(CallBudget::default(), slow));
        for _ in 0..polls {
            assert!(poll(step.as_mut()).is_pending());
            clock.advance(20 * MS);
        }
        drop(step);
        assert_eq!(clock.sleepers(), 0);
        assert!(!poll_then_drop(polls, || hedge.run(CallBudget::default(), slow)));
        assert_eq!(clock.sleepers(), 0);
    }
}

#[test]
fn a_fixed_time_needs_nothing_learned_and_keeps_the_ratio_for_whoever_sends_himself() {
    let clock = ManualClock::default();
    let hedge = Hedge::default().clock(clock.clone()).after(20 * MS);
    assert_eq!(hedge.begin().delay(), None, "off is off");
    let hedge = hedge.hedgeable().max_extra_load(50);
    let sent = (0..10).filter(|_| {
        let call = hedge.begin();
        assert_eq!(call.delay(), Some(20 * MS));
        call.may_send()
    });
    assert_eq!(sent.count(), 5);
}
