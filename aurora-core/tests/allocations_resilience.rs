//! What the mechanisms allocate on the way of every call: nothing.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use aurora_core::failure::FailureClass;
use aurora_core::resilience::{
    Breaker, BreakerState, Bulkhead, CallBudget, ClientThrottle, Outcome, RetryBudget,
};
use aurora_core::time::SystemClock;

#[track_caller]
fn allocates_nothing(act: impl Fn()) {
    act(); // what is made once, at the first use
    let allocated = allocation_counter::measure(|| (0..1_000).for_each(|_| act()));
    assert_eq!(allocated.count_total, 0);
}

#[test]
fn a_closed_breaker_is_asked_and_told() {
    for builder in [
        Breaker::builder(),
        Breaker::builder().window_seconds(30).name("target"),
    ] {
        let breaker = builder.build();
        allocates_nothing(|| {
            breaker
                .try_acquire()
                .unwrap()
                .record(Outcome::Success, Duration::ZERO);
        });
    }
}

#[test]
fn an_open_breaker_refuses() {
    let breaker = Breaker::builder().name("target").build();
    breaker.set(BreakerState::ForcedOpen).unwrap();
    allocates_nothing(|| assert!(black_box(breaker.try_acquire()).is_err()));
}

#[test]
fn budgets_are_drawn_from() {
    let (budget, share) = (
        RetryBudget::default(),
        RetryBudget::share_of_requests(20, 10, SystemClock),
    );
    let call = CallBudget::default();
    allocates_nothing(|| {
        for budget in [&budget, &share] {
            budget.requested();
            drop(black_box(budget.withdraw(FailureClass::Transient)));
            budget.succeeded(None);
        }
        drop(black_box(call.take_attempt(&SystemClock)));
    });
}

#[test]
fn a_slot_and_a_throttle_are_passed() {
    let (bulkhead, throttle, tenant) = (Bulkhead::new(4), ClientThrottle::default(), Arc::from("tenant"));
    allocates_nothing(|| {
        drop(black_box(bulkhead.try_acquire(&tenant).unwrap()));
        throttle.try_acquire().unwrap().record(Outcome::Success);
    });
}
