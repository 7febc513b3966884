use std::task::{Context, Poll, Waker};
use std::time::Duration;

use crate::failure::FailureClass;
use crate::resilience::{AdaptiveLimit, Class, LimitSlot, Outcome, ShedReason};
use crate::time::ManualClock;

const MS: Duration = Duration::from_millis(1);

fn poll<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    std::pin::Pin::new(future).poll(&mut Context::from_waker(Waker::noop()))
}

fn now(limit: &AdaptiveLimit, class: Class) -> Option<LimitSlot> {
    match poll(&mut Box::pin(limit.acquire(class))) {
        Poll::Ready(slot) => slot.ok(),
        Poll::Pending => None,
    }
}

/// As many calls as may be, over and over, that take 10 ms each while there are at most `capacity`, and longer by as much as
/// there are more.
fn load(clock: &ManualClock, limit: &AdaptiveLimit, capacity: u32, rounds: u32) {
    for _ in 0..rounds {
        let slots: Vec<_> = std::iter::from_fn(|| now(limit, Class::Interactive)).collect();
        let many = u32::try_from(slots.len()).unwrap();
        clock.advance(10 * MS * many.max(capacity) / capacity);
        slots.into_iter().for_each(|slot| slot.record(Outcome::Success));
    }
}

#[test]
fn the_limit_finds_what_can_be_served_and_stays_between_its_ends() {
    let clock = ManualClock::default();
    let limit = AdaptiveLimit::new(4, 1_000).clock(clock.clone());
    // One call alone shows how fast it can be.
    let alone = now(&limit, Class::Interactive).unwrap();
    clock.advance(10 * MS);
    alone.record(Outcome::Success);
    load(&clock, &limit, 60, 20);
    assert!((60..=100).contains(&limit.limit()), "{}", limit.limit());
    let small = AdaptiveLimit::new(4, 30).clock(clock.clone());
    load(&clock, &small, 60, 20);
    assert_eq!(small.limit(), 30);
    for _ in 0..200 {
        now(&small, Class::Interactive)
            .unwrap()
            .record(Outcome::Failed(FailureClass::Timeout, None));
    }
    assert_eq!(small.limit(), 4);
}

#[test]
fn who_waits_gets_the_next_slot_by_shares_and_reserved_slots_are_beside_the_limit() {
    let clock = ManualClock::default();
    let limit = AdaptiveLimit::new(10, 10)
        .queue(4, 100 * MS)
        .reserved(1)
        .clock(clock.clone());
    let mut held: Vec<_> = (0..10)
        .map(|_| now(&limit, Class::Batch).expect("nobody else wants it"))
        .collect();
    let health = now(&limit, Class::Reserved).expect("always");
    assert!(now(&limit, Class::Reserved).is_none());
    let mut batch = Box::pin(limit.acquire(Class::Batch));
    let mut people: Vec<_> = (0..3)
        .map(|_| Box::pin(limit.acquire(Class::Interactive)))
        .collect();
    assert!(poll(&mut batch).is_pending());
    assert!(people.iter_mut().all(|person| poll(person).is_pending()));
    held.truncate(7);
    let ready: Vec<_> = people.iter_mut().map(poll).collect();
    assert!(
        ready.iter().all(|ready| matches!(ready, Poll::Ready(Ok(_)))),
        "nine tenths are theirs"
    );
    assert!(poll(&mut batch).is_pending());
    drop(health);
    assert_eq!(limit.under_way(), 10);
}

#[test]
fn a_fast_or_late_health_check_says_nothing_about_the_limit() {
    let clock = ManualClock::default();
    let limit = AdaptiveLimit::new(4, 1_000).clock(clock.clone());
    let alone = now(&limit, Class::Interactive).unwrap();
    clock.advance(10 * MS);
    alone.record(Outcome::Success);
    let health = now(&limit, Class::Reserved).unwrap();
    clock.advance(MS / 100);
    health.record(Outcome::Success);
    load(&clock, &limit, 60, 20);
    let found = limit.limit();
    assert!((60..=100).contains(&found), "{found}");
    let late = Outcome::Failed(FailureClass::Timeout, None);
    now(&limit, Class::Reserved).unwrap().record(late);
    assert_eq!(limit.limit(), found);
}

#[test]
fn under_overload_the_newest_is_next_and_the_oldest_is_sent_away() {
    let clock = ManualClock::default();
    let limit = AdaptiveLimit::new(2, 2).queue(8, 100 * MS).clock(clock.clone());
    let mut held: Vec<_> = (0..2).map(|_| now(&limit, Class::Interactive).unwrap()).collect();
    let mut first = Box::pin(limit.acquire(Class::Interactive));
    assert!(poll(&mut first).is_pending());
    clock.advance(90 * MS);
    let mut second = Box::pin(limit.acquire(Class::Interactive));
    assert!(poll(&mut second).is_pending());
    drop(held.pop());
    let Poll::Ready(Ok(slot)) = poll(&mut first) else {
        panic!("no overload yet: first come, first served")
    };
    held.push(slot);
    clock.advance(30 * MS); // for 120 ms somebody has waited
    let mut third = Box::pin(limit.acquire(Class::Interactive));
    assert!(poll(&mut third).is_pending());
    assert!(matches!(poll(&mut second), Poll::Ready(Err(shed)) if shed.reason == ShedReason::WaitedTooLong));
    let mut fourth = Box::pin(limit.acquire(Class::Interactive));
    assert!(poll(&mut fourth).is_pending());
    drop(held.pop());
    let newest = poll(&mut fourth);
    assert!(matches!(newest, Poll::Ready(Ok(_))), "the newest");
    assert_eq!(limit.waiting(), 1);
}

#[test]
fn dropped_futures_free_their_place_and_panics_are_calls_too_many() {
    let clock = ManualClock::default();
    let limit = AdaptiveLimit::new(1, 20).clock(clock.clone());
    let held: Vec<_> = std::iter::from_fn(|| now(&limit, Class::Interactive)).collect();
    assert_eq!(
        (held.len(), limit.waiting()),
        (20, 0),
        "the one that did not get in has left the queue"
    );
    drop(held);
    assert_eq!((limit.under_way(), limit.limit()), (0, 20));
    let shared = limit.clone();
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(move || {
        let _slot = now(&shared, Class::Interactive).unwrap();
        panic!("the call's own fault");
    }));
    assert!(panicked.is_err());
    assert!(limit.limit() < 20);
    assert_eq!(limit.under_way(), 0);
}
