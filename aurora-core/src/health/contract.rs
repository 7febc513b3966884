//! What every [`HealthCheck`] must do.
//!
//! Run [`check`] against your own implementation:
//!
//! ```
//! # async fn example() {
//! use aurora_core::health::{FnCheck, contract};
//!
//! contract::check(&FnCheck::new("queue", || async { Ok(()) })).await;
//! # }
//! ```
#![expect(clippy::expect_used, reason = "a contract suite fails by panicking")]

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use futures::future::join_all;

use super::HealthCheck;
use crate::time::{Clock, SystemClock};

/// Longest that a check may take here, whatever it says of itself.
const PATIENCE: Duration = Duration::from_secs(30);

/// Runs the whole suite against a `subject` that lives in real time. Whether it is well does not matter.
///
/// # Panics
/// When `subject` breaks the contract.
pub async fn check(subject: &dyn HealthCheck) {
    its_name_is_a_label_and_stays(subject).await;
    it_ends(subject).await;
    given_up_at_any_point_it_answers_again(subject).await;
    several_at_once_all_end(subject).await;
}

async fn its_name_is_a_label_and_stays(subject: &dyn HealthCheck) {
    let name = subject.name().to_owned();
    let allowed = |byte: u8| {
        byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'-' | b'.' | b':')
    };
    assert!(
        (1..=64).contains(&name.len()) && name.bytes().all(allowed),
        "the name {name:?} cannot be a label"
    );
    it_ends(subject).await;
    assert_eq!(subject.name(), name, "the name has changed");
}

async fn it_ends(subject: &dyn HealthCheck) {
    let limit = subject.time_limit();
    assert!(
        limit.is_none_or(|limit| !limit.is_zero()),
        "a time limit of nothing"
    );
    let outcome = tokio::select! {
        outcome = subject.check() => Some(outcome),
        () = SystemClock.sleep(PATIENCE) => None,
    };
    if let Err(error) = outcome.expect("the check does not end") {
        assert!(!error.detail().is_empty(), "a reason without words");
    }
}

async fn given_up_at_any_point_it_answers_again(subject: &dyn HealthCheck) {
    for polls in 0..10 {
        {
            let mut check = pin!(subject.check());
            for _ in 0..polls {
                let is_ready = poll_fn(|context| Poll::Ready(check.as_mut().poll(context).is_ready())).await;
                if is_ready {
                    break;
                }
                tokio::task::yield_now().await;
            }
        }
        it_ends(subject).await;
    }
}

async fn several_at_once_all_end(subject: &dyn HealthCheck) {
    join_all((0..5).map(|_| it_ends(subject))).await;
}
