use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use proptest::prelude::*;

use super::{Failed, poll_then_drop, ready_after};
use crate::resilience::{Bulkhead, Deadline, ShedReason};
use crate::time::ManualClock;

const SECOND: Duration = Duration::from_secs(1);

fn tenant(name: &str) -> Arc<str> {
    name.into()
}

fn on(clock: &ManualClock, permits: usize, queue: usize) -> Bulkhead {
    Bulkhead::new(permits)
        .queue(queue, 10 * SECOND)
        .clock(clock.clone())
}

fn poll<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    std::pin::Pin::new(future).poll(&mut Context::from_waker(Waker::noop()))
}

/// The slot, if the future has one by now.
fn ready<T, E: std::fmt::Debug, F: Future<Output = Result<T, E>> + Unpin>(future: &mut F) -> Option<T> {
    match poll(future) {
        Poll::Ready(slot) => Some(slot.unwrap()),
        Poll::Pending => None,
    }
}

#[tokio::test]
async fn no_more_than_the_slots_are_in_use_and_the_queue_has_an_end() {
    let clock = ManualClock::default();
    let (bulkhead, a) = (on(&clock, 2, 1), tenant("a"));
    let (one, _two) = (
        bulkhead.try_acquire(&a).unwrap(),
        bulkhead.try_acquire(&a).unwrap(),
    );
    assert_eq!(
        bulkhead.try_acquire(&a).unwrap_err().reason,
        ShedReason::QueueFull
    );
    assert_eq!(bulkhead.waiting(), 0, "who does not wait leaves no trace");
    let mut third = Box::pin(bulkhead.acquire(&a, Deadline::NONE));
    assert!(poll(&mut third).is_pending());
    let fourth = bulkhead.acquire(&a, Deadline::NONE).await;
    assert_eq!(fourth.unwrap_err().reason, ShedReason::QueueFull);
    drop(one);
    assert!(third.await.is_ok());
}

#[tokio::test]
async fn a_wait_ends_at_its_limit_or_at_the_deadline() {
    let clock = ManualClock::default();
    let (bulkhead, a) = (on(&clock, 1, 5), tenant("a"));
    let _held = bulkhead.try_acquire(&a).unwrap();
    for (limit, wait) in [(60, 10), (3, 3)] {
        let deadline = Deadline::after(&clock, limit * SECOND);
        let mut waiting = Box::pin(bulkhead.acquire(&a, deadline));
        assert!(poll(&mut waiting).is_pending());
        clock.advance(wait * SECOND - Duration::from_nanos(1));
        assert!(poll(&mut waiting).is_pending());
        clock.advance(Duration::from_nanos(1));
        assert_eq!(waiting.await.unwrap_err().reason, ShedReason::WaitedTooLong);
        assert_eq!(bulkhead.waiting(), 0);
    }
}

#[test]
fn a_free_slot_goes_to_the_tenant_with_the_fewest() {
    let clock = ManualClock::default();
    let bulkhead = on(&clock, 4, 20);
    let (loud, quiet) = (tenant("loud"), tenant("quiet"));
    let mut held: Vec<_> = (0..4).map(|_| bulkhead.try_acquire(&loud).unwrap()).collect();
    let mut louds: Vec<_> = (0..10)
        .map(|_| Box::pin(bulkhead.acquire(&loud, Deadline::NONE)))
        .collect();
    for waiting in &mut louds {
        assert!(poll(waiting).is_pending());
    }
    let mut quiets: Vec<_> = (0..3)
        .map(|_| Box::pin(bulkhead.acquire(&quiet, Deadline::NONE)))
        .collect();
    for waiting in &mut quiets {
        assert!(poll(waiting).is_pending());
    }
    drop(held.split_off(2));
    let of_quiet = quiets.iter_mut().filter_map(ready).collect::<Vec<_>>();
    let of_loud = louds.iter_mut().filter_map(ready).collect::<Vec<_>>();
    assert_eq!(
        (of_quiet.len(), of_loud.len()),
        (2, 0),
        "two each, though the loud one came first"
    );
}

#[test]
fn a_full_queue_makes_room_for_who_has_less_in_it() {
    let clock = ManualClock::default();
    let bulkhead = on(&clock, 1, 2);
    let (loud, quiet) = (tenant("loud"), tenant("quiet"));
    let _held = bulkhead.try_acquire(&loud).unwrap();
    let mut first = Box::pin(bulkhead.acquire(&loud, Deadline::NONE));
    let mut second = Box::pin(bulkhead.acquire(&loud, Deadline::NONE));
    assert!(poll(&mut first).is_pending() && poll(&mut second).is_pending());
    let mut other = Box::pin(bulkhead.acquire(&quiet, Deadline::NONE));
    assert!(poll(&mut other).is_pending());
    assert!(matches!(poll(&mut second), Poll::Ready(Err(shed)) if shed.reason == ShedReason::QueueFull));
    assert!(poll(&mut first).is_pending() && poll(&mut other).is_pending());
    assert_eq!(bulkhead.waiting(), 2);
}

#[test]
fn a_dropped_future_frees_its_slot_or_place_whenever_it_is_dropped() {
    let clock = ManualClock::default();
    for polls in 0..4 {
        for busy in [false, true] {
            let (bulkhead, a) = (on(&clock, 1, 3), tenant("a"));
            let held = busy.then(|| bulkhead.try_acquire(&a).unwrap());
            let operation = || ready_after(9, Ok::<_, Failed>(()));
            assert!(!poll_then_drop(polls, || bulkhead.call(
                &a,
                Deadline::NONE,
                operation
            )));
            assert_eq!((bulkhead.in_use(), bulkhead.waiting()), (usize::from(busy), 0));
            drop(held);
            assert!(bulkhead.try_acquire(&a).is_ok());
        }
    }
}

#[tokio::test]
async fn who_comes_after_the_deadline_takes_no_place_from_others() {
    let clock = ManualClock::default();
    let bulkhead = on(&clock, 1, 2);
    let (loud, late) = (tenant("loud"), tenant("late"));
    let held = bulkhead.try_acquire(&loud).unwrap();
    let mut waiting: Vec<_> = (0..2)
        .map(|_| Box::pin(bulkhead.acquire(&loud, Deadline::NONE)))
        .collect();
    assert!(waiting.iter_mut().all(|waiting| poll(waiting).is_pending()));
    let passed = Deadline::after(&clock, Duration::ZERO);
    let shed = bulkhead.acquire(&late, passed).await.unwrap_err();
    assert_eq!((shed.reason, bulkhead.waiting()), (ShedReason::WaitedTooLong, 2));
    drop((held, waiting));
    assert!(bulkhead.acquire(&late, passed).await.is_err(), "nor a free slot");
}

/// How many of `turns` at the one slot each tenant got, of whom each has so many calls under way or waiting all the time.
fn turns(calls: [usize; 3], turns: usize) -> [usize; 3] {
    let bulkhead = on(&ManualClock::default(), 1, 20);
    let tenants = [tenant("a"), tenant("b"), tenant("c")];
    let arrive = |who: usize| {
        let mut future = Box::pin(bulkhead.acquire(&tenants[who], Deadline::NONE));
        let slot = ready(&mut future);
        (who, future, slot)
    };
    let mut under_way: Vec<_> = (0..3)
        .flat_map(|who| std::iter::repeat_n(who, calls[who]))
        .map(arrive)
        .collect();
    let mut served = [0; 3];
    for _ in 0..turns {
        let next = under_way
            .iter_mut()
            .position(|(_, future, slot)| slot.is_some() || ready(future).is_some());
        let (who, ..) = under_way.swap_remove(next.expect("somebody has the slot"));
        served[who] += 1;
        under_way.push(arrive(who));
    }
    served
}

#[test]
fn who_comes_back_does_not_pass_who_has_waited() {
    assert_eq!(turns([1, 1, 1], 30), [10, 10, 10]);
    assert_eq!(turns([1, 5, 1], 30), [10, 10, 10], "nor one with a longer queue");
}

#[test]
fn a_slot_that_came_too_late_goes_to_the_next() {
    let clock = ManualClock::default();
    let (bulkhead, a) = (on(&clock, 1, 3), tenant("a"));
    let held = bulkhead.try_acquire(&a).unwrap();
    let mut gone = Box::pin(bulkhead.acquire(&a, Deadline::NONE));
    let mut next = Box::pin(bulkhead.acquire(&a, Deadline::NONE));
    assert!(poll(&mut gone).is_pending() && poll(&mut next).is_pending());
    drop(held); // given to `gone`, which never looks
    assert!(poll(&mut next).is_pending());
    drop(gone);
    assert!(poll(&mut next).is_ready());
}

proptest! {
    /// Tenants come and go at random: never more slots than there are, never a free one while somebody waits, and nobody who
    /// is let in from the queue had more slots than another who waited.
    #[test]
    fn slots_are_bounded_used_and_fairly_given(steps in proptest::collection::vec((0_u8..3, 0_usize..3), 1..80)) {
        let clock = ManualClock::default();
        let bulkhead = on(&clock, 3, 6);
        let tenants = [tenant("a"), tenant("b"), tenant("c")];
        let (mut held, mut waiting) = (Vec::new(), Vec::new());
        for (step, who) in steps {
            match step {
                0 => waiting.push((who, Box::pin(bulkhead.acquire(&tenants[who], Deadline::NONE)))),
                1 => if let Some(at) = held.iter().position(|(holder, _)| *holder == who) {
                    drop(held.swap_remove(at));
                },
                _ => if let Some(at) = waiting.iter().position(|(waiter, _)| *waiter == who) {
                    drop(waiting.swap_remove(at));
                },
            }
            let had = [0, 1, 2].map(|who| held.iter().filter(|(holder, _)| *holder == who).count());
            let mut let_in = Vec::new();
            // Twice: the newest may have pushed out one that was looked at before.
            for _ in 0..2 {
                let mut still = Vec::new();
                for (who, mut future) in waiting {
                    match poll(&mut future) {
                        Poll::Ready(Ok(slot)) => { let_in.push(who); held.push((who, slot)); }
                        Poll::Ready(Err(_)) => {}
                        Poll::Pending => still.push((who, future)),
                    }
                }
                waiting = still;
            }
            prop_assert!(held.len() <= 3);
            prop_assert_eq!(bulkhead.in_use(), held.len());
            prop_assert_eq!(bulkhead.waiting(), waiting.len());
            prop_assert!(held.len() == 3 || waiting.is_empty());
            if let [who] = let_in[..] {
                prop_assert!(waiting.iter().all(|(other, _)| had[who] <= had[*other]));
            }
        }
    }
}
