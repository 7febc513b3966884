use std::time::Duration;

use crate::failure::FailureClass;
use crate::resilience::RetryBudget;
use crate::time::ManualClock;

#[test]
fn a_failing_target_is_retried_only_as_long_as_tokens_last() {
    let budget = RetryBudget::default();
    let retries = std::iter::from_fn(|| {
        budget
            .withdraw(FailureClass::Transient)
            .map(|mut retry| retry.spend())
    })
    .count();
    assert_eq!(retries, 35);
    assert_eq!(budget.tokens(), 10);
}

#[test]
fn success_gives_back_what_it_cost_and_never_more_than_the_capacity() {
    let budget = RetryBudget::new(20);
    let mut retry = budget.withdraw(FailureClass::Throttled).unwrap();
    retry.spend();
    assert_eq!(budget.tokens(), 15);
    budget.succeeded(Some(retry));
    budget.succeeded(None);
    assert_eq!(budget.tokens(), 20);
}

#[test]
fn a_retry_that_is_never_made_costs_nothing() {
    let budget = RetryBudget::new(100);
    drop(budget.withdraw(FailureClass::Transient));
    assert_eq!(budget.tokens(), 100);
    budget.withdraw(FailureClass::Transient).unwrap().spend();
    assert_eq!(budget.tokens(), 86);
    let unspent = budget.withdraw(FailureClass::Transient);
    budget.succeeded(unspent);
    assert_eq!(budget.tokens(), 86, "it comes back once");
}

#[test]
fn a_share_of_requests_follows_the_last_ten_seconds() {
    let clock = ManualClock::default();
    let budget = RetryBudget::share_of_requests(20, 1, clock.clone());
    let retry = || {
        budget
            .withdraw(FailureClass::Transient)
            .map(|mut retry| retry.spend())
    };
    assert_eq!(budget.tokens(), 10, "one a second in any case");
    for _ in 0..100 {
        budget.requested();
    }
    assert_eq!(std::iter::from_fn(retry).count(), 30);
    clock.advance(Duration::from_secs(9));
    assert!(retry().is_none(), "all of it still counts");
    clock.advance(Duration::from_secs(1));
    assert_eq!(
        std::iter::from_fn(retry).count(),
        10,
        "the requests are too old, and so are the retries"
    );
}

#[test]
fn a_retry_out_of_a_share_goes_back_only_if_it_was_not_made() {
    let clock = ManualClock::default();
    let budget = RetryBudget::share_of_requests(0, 1, clock.clone());
    drop(budget.withdraw(FailureClass::Transient));
    assert_eq!(budget.tokens(), 10);
    let mut made = budget.withdraw(FailureClass::Transient).unwrap();
    made.spend();
    budget.succeeded(Some(made));
    assert_eq!(budget.tokens(), 9, "a success does not unmake the load");
    let late = budget.withdraw(FailureClass::Transient);
    clock.advance(Duration::from_secs(60));
    drop(late);
    assert_eq!(budget.tokens(), 10);
}
