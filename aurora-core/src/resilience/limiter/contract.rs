//! What every [`RateLimiter`] must do.
//!
//! Run [`check`] against your own implementation:
//!
//! ```
//! # async fn example() {
//! let subject = aurora_core::resilience::limiter::MemoryLimiter::new();
//! aurora_core::resilience::limiter::contract::check(subject).await;
//! # }
//! ```
#![expect(clippy::unwrap_used, reason = "a contract suite fails by panicking")]

use std::time::Duration;

use futures::future::join_all;

use super::{Counts, Decision, Kind, Limiter, Policies, Policy, RateLimiter, Subject, Verdict};
use crate::time::{Clock, SystemClock};

/// Runs the whole suite against `limiter`, which lives in real time and knows no subject of the class `contract` yet.
///
/// # Panics
/// When `limiter` breaks the contract.
pub async fn check(limiter: impl RateLimiter) {
    let limiter = Limiter::builder(limiter).build().unwrap();
    for kind in [Kind::SlidingLog, Kind::Gcra] {
        a_limit_is_passed_and_not_more(&limiter, kind).await;
        asking_counts_nothing(&limiter, kind).await;
        what_is_used_comes_back(&limiter, kind).await;
        what_never_fits_is_said(&limiter, kind).await;
        a_quota_may_change(&limiter, kind).await;
        reservations_come_back(&limiter, kind).await;
        many_at_once_pass_no_more(&limiter, kind).await;
    }
    all_policies_count_or_none(&limiter).await;
    subjects_do_not_meet(&limiter).await;
    a_shadow_refuses_nothing(&limiter).await;
    any_name_and_any_number_will_do(&limiter).await;
}

fn who(test: &str, kind: Kind) -> Subject {
    Subject::new("contract").principal(&format!("{test}-{kind:?}"))
}

/// So slow that nothing comes back while the suite runs.
fn slow(limit: u32, kind: Kind) -> Policies {
    Policies::new([Policy::per_day("slow", limit).kind(kind)]).unwrap()
}

async fn ask(limiter: &Limiter, subject: &Subject, policies: &Policies, cost: u32) -> Verdict {
    let verdict = limiter.check(subject, policies, cost).await;
    assert!(!verdict.is_degraded(), "the store did not answer");
    verdict
}

async fn left(limiter: &Limiter, subject: &Subject, policies: &Policies) -> Vec<u32> {
    let verdict = limiter.peek(subject, policies).await;
    assert!(!verdict.is_degraded(), "the store did not answer");
    verdict.states().map(|state| state.remaining).collect()
}

async fn a_limit_is_passed_and_not_more(limiter: &Limiter, kind: Kind) {
    let (subject, policies) = (who("limit", kind), slow(5, kind));
    for (cost, remaining) in [(1, 4), (3, 1)] {
        let verdict = ask(limiter, &subject, &policies, cost).await;
        assert!(verdict.is_allowed());
        assert_eq!(verdict.remaining(), remaining);
    }
    let verdict = ask(limiter, &subject, &policies, 2).await;
    assert!(!verdict.is_allowed(), "2 of 1");
    assert_eq!(verdict.remaining(), 1);
    assert!(ask(limiter, &subject, &policies, 1).await.is_allowed());
    let verdict = ask(limiter, &subject, &policies, 1).await;
    let wait = verdict.retry_after().unwrap();
    let longest = Duration::from_secs(24 * 60 * 60);
    assert!(wait > longest / 6 && wait <= longest, "{wait:?}");
    assert!(verdict.reset() >= wait && verdict.reset() <= longest);
}

async fn asking_counts_nothing(limiter: &Limiter, kind: Kind) {
    let (subject, policies) = (who("ask", kind), slow(5, kind));
    for _ in 0..10 {
        assert_eq!(left(limiter, &subject, &policies).await, [5]);
    }
    assert_eq!(limiter.peek(&subject, &policies).await.reset(), Duration::ZERO);
}

async fn what_is_used_comes_back(limiter: &Limiter, kind: Kind) {
    let subject = who("back", kind);
    let quick = Policy::new("quick", 2, Duration::from_millis(80)).kind(kind);
    let policies = Policies::new([quick]).unwrap();
    assert!(ask(limiter, &subject, &policies, 2).await.is_allowed());
    let mut looks = 0;
    while !limiter.check(&subject, &policies, 2).await.is_allowed() {
        looks += 1;
        assert!(looks < 1_000, "what was used does not come back");
        SystemClock.sleep(Duration::from_millis(20)).await;
    }
}

async fn what_never_fits_is_said(limiter: &Limiter, kind: Kind) {
    let (subject, policies) = (who("never", kind), slow(5, kind));
    for cost in [6, u32::MAX] {
        let verdict = ask(limiter, &subject, &policies, cost).await;
        assert_eq!(verdict.decision(), Decision::InsufficientCapacity);
    }
    assert_eq!(left(limiter, &subject, &policies).await, [5]);
}

async fn a_quota_may_change(limiter: &Limiter, kind: Kind) {
    let subject = who("change", kind);
    assert!(ask(limiter, &subject, &slow(10, kind), 6).await.is_allowed());
    let smaller = ask(limiter, &subject, &slow(2, kind), 1).await;
    assert!(!smaller.is_allowed() || kind == Kind::Gcra);
    let more = left(limiter, &subject, &slow(100, kind)).await;
    let expected = match kind {
        Kind::SlidingLog => 94..=94, // the same units
        Kind::Gcra => 0..=41,        // the same part
    };
    assert!(
        more.iter().all(|left| expected.contains(left)),
        "{kind:?} {more:?}"
    );
}

async fn reservations_come_back(limiter: &Limiter, kind: Kind) {
    let (subject, policies) = (who("reserve", kind), slow(10, kind));
    let mut first = limiter.try_reserve(&subject, &policies, 6).await.unwrap();
    assert!(limiter.try_reserve(&subject, &policies, 5).await.is_err());
    first.spend();
    first.settle(2).await;
    assert_eq!(left(limiter, &subject, &policies).await, [8]);
    let second = limiter.try_reserve(&subject, &policies, 8).await.unwrap();
    second.cancel().await;
    assert_eq!(left(limiter, &subject, &policies).await, [8]);
    let third = limiter.try_reserve(&subject, &policies, 1).await.unwrap();
    third.settle(4).await;
    assert_eq!(left(limiter, &subject, &policies).await, [4]);
    drop(limiter.try_reserve(&subject, &policies, 4).await.unwrap());
    // A drop cannot wait: it goes with the next question.
    left(limiter, &subject, &policies).await;
    assert_eq!(left(limiter, &subject, &policies).await, [4]);
}

async fn many_at_once_pass_no_more(limiter: &Limiter, kind: Kind) {
    let (subject, policies) = (who("many", kind), slow(50, kind));
    let verdicts = join_all((0..200).map(|_| ask(limiter, &subject, &policies, 1))).await;
    let passed = verdicts.iter().filter(|verdict| verdict.is_allowed()).count();
    assert_eq!(passed, 50);
}

async fn all_policies_count_or_none(limiter: &Limiter) {
    let subject = who("all", Kind::Gcra);
    let policies = Policies::new([
        Policy::per_day("log", 3),
        Policy::per_day("bucket", 300).burst(2),
        Policy::per_day("requests", 9).counts(Counts::Requests),
    ])
    .unwrap();
    assert!(ask(limiter, &subject, &policies, 2).await.is_allowed());
    for _ in 0..5 {
        let verdict = ask(limiter, &subject, &policies, 1).await;
        assert_eq!(verdict.violated().collect::<Vec<_>>(), ["bucket"]);
    }
    assert_eq!(left(limiter, &subject, &policies).await, [1, 0, 8]);
    let verdict = ask(limiter, &subject, &policies, 2).await;
    assert_eq!(verdict.violated().collect::<Vec<_>>(), ["log", "bucket"]);
}

async fn subjects_do_not_meet(limiter: &Limiter) {
    let policies = slow(1, Kind::SlidingLog);
    let base = || who("subjects", Kind::SlidingLog);
    let subjects = [
        base(),
        base().principal("a"),
        base().principal("a}"),
        base().ip([127, 0, 0, 1].into()),
        base().principal("a").ip([127, 0, 0, 1].into()),
    ];
    for subject in &subjects {
        assert!(ask(limiter, subject, &policies, 1).await.is_allowed());
        assert!(!ask(limiter, subject, &policies, 1).await.is_allowed());
    }
}

async fn a_shadow_refuses_nothing(limiter: &Limiter) {
    let subject = who("shadow", Kind::Gcra);
    let policies = Policies::new([Policy::per_day("real", 3), Policy::per_day("trial", 1).shadow()]).unwrap();
    for violated in [0, 1, 1] {
        let verdict = ask(limiter, &subject, &policies, 1).await;
        assert!(verdict.is_allowed());
        assert_eq!(verdict.shadow_violated().count(), violated);
    }
    let verdict = ask(limiter, &subject, &policies, 1).await;
    assert_eq!(verdict.violated().collect::<Vec<_>>(), ["real"]);
}

async fn any_name_and_any_number_will_do(limiter: &Limiter) {
    let subject = who("names", Kind::Gcra);
    let year = Duration::from_secs(400 * 24 * 60 * 60);
    let policies = Policies::new([
        Policy::new(r#"{a}:b "c" \*"#, 1, year).kind(Kind::SlidingLog),
        Policy::new("{}", 1, year).kind(Kind::Gcra),
        Policy::new("fast", u32::MAX, Duration::from_secs(4_295)),
        Policy::new("short", 1_000, Duration::from_millis(1)),
    ])
    .unwrap();
    assert!(ask(limiter, &subject, &policies, 1).await.is_allowed());
    let verdict = ask(limiter, &subject, &policies, 1).await;
    let wait = verdict.retry_after().unwrap();
    assert!(wait <= year && wait > year - Duration::from_secs(600), "{wait:?}");
}
