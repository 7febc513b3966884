//! Floods, threads and clocks, in process.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use super::{one, secs};
use crate::resilience::limiter::{Counts, MemoryLimiter, Policies, Policy, Subject};
use crate::time::{ManualClock, Timestamp};

fn limiter(max_keys: usize) -> (MemoryLimiter, ManualClock) {
    let clock = ManualClock::default();
    let builder = MemoryLimiter::builder().max_keys(max_keys).clock(clock.clone());
    (builder.build().unwrap(), clock)
}

fn subject(n: u32) -> Subject {
    Subject::new("s").principal(&n.to_string())
}

#[test]
fn a_flood_of_keys_stays_within_the_bound_and_frees_nobody_who_used_more() {
    let (limiter, _) = limiter(2_000);
    let policies = Policies::new([Policy::per_minute("m", 5), Policy::per_hour("h", 1_000)]).unwrap();
    let (attacker, user) = (Subject::new("attacker"), Subject::new("user"));
    while limiter.check(&attacker, &policies, 1).is_allowed() {}
    assert!(limiter.check(&user, &policies, 3).is_allowed());
    for n in 0..50_000 {
        assert!(
            limiter.check(&subject(n), &policies, 1).is_allowed(),
            "there is room for {n}"
        );
        assert!(limiter.keys() <= 2_000);
    }
    assert_eq!(limiter.keys(), 2_000 / 3 * 3);
    assert!(
        !limiter.check(&attacker, &policies, 1).is_allowed(),
        "used up is never forgotten"
    );
    assert!(
        !limiter.check(&user, &policies, 3).is_allowed(),
        "nor is who used more than the flood"
    );
}

#[test]
fn full_of_keys_that_used_everything_a_new_one_waits_for_the_first_of_them() {
    let (limiter, clock) = limiter(100);
    let policies = one(Policy::per_minute("m", 1));
    for n in 0..100 {
        assert!(limiter.check(&subject(n), &policies, 1).is_allowed());
        clock.advance(Duration::from_millis(100));
    }
    let verdict = limiter.check(&subject(1_000), &policies, 1);
    assert!(!verdict.is_allowed());
    assert!(!verdict.is_degraded());
    let wait = verdict.retry_after().unwrap();
    assert!(wait <= secs(60), "{wait:?}");
    clock.advance(secs(60));
    assert!(limiter.check(&subject(1_000), &policies, 1).is_allowed());
    assert!(limiter.keys() <= 100);
}

#[test]
fn keys_that_are_unused_again_go_with_new_ones() {
    let (limiter, clock) = limiter(100_000);
    let policies = one(Policy::per_second("m", 5));
    for n in 0..5_000 {
        assert!(limiter.check(&subject(n), &policies, 1).is_allowed());
    }
    assert_eq!(limiter.keys(), 5_000);
    clock.advance(secs(1));
    for n in 0..2_500 {
        assert!(limiter.check(&subject(100_000 + n), &policies, 1).is_allowed());
    }
    assert!(limiter.keys() < 3_500, "{}", limiter.keys());
}

#[test]
fn asking_and_being_refused_for_ever_keeps_nothing() {
    let (limiter, _) = limiter(100);
    let policies = one(Policy::per_minute("m", 5));
    for n in 0..1_000 {
        assert!(limiter.check(&subject(n), &policies, 0).is_allowed());
        assert!(!limiter.check(&subject(n), &policies, 6).is_allowed());
    }
    assert_eq!(limiter.keys(), 0);
}

#[test]
fn many_names_for_one_key_stay_bounded() {
    let (limiter, _) = limiter(10);
    let who = Subject::new("s");
    for n in 0..1_000 {
        assert!(
            limiter
                .check(&who, &one(Policy::per_minute(format!("p{n}"), 5)), 1)
                .is_allowed()
        );
    }
    let last = one(Policy::per_minute("p999", 5));
    assert_eq!(limiter.check(&who, &last, 0).remaining(), 4);
}

#[test]
fn threads_pass_no_more_than_the_limit() {
    let (limiter, _) = limiter(1_000);
    let policies = Policies::new([
        Policy::per_minute("m", 100),
        Policy::per_hour("h", 5_000).burst(150),
    ])
    .unwrap();
    let passed = AtomicU32::new(0);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for n in 0..2_000 {
                    if limiter.check(&subject(n % 10), &policies, 1).is_allowed() {
                        passed.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    assert_eq!(passed.into_inner(), 10 * 100);
}

#[test]
fn setting_the_wall_clock_frees_and_locks_nobody() {
    let (limiter, clock) = limiter(10);
    let policies = Policies::new([Policy::per_minute("log", 5), Policy::per_minute("bucket", 500)]).unwrap();
    let who = Subject::new("s");
    while limiter.check(&who, &policies, 1).is_allowed() {}
    for day in [-1, 1, 365] {
        clock.set_wall(Timestamp::from_secs(1_767_225_600 + day * 86_400));
        assert_eq!(limiter.check(&who, &policies, 1).retry_after(), Some(secs(60)));
    }
}

#[test]
fn requests_and_tokens_are_counted_together() {
    let (limiter, _) = limiter(10);
    let policies = Policies::new([
        Policy::per_minute("requests", 3).counts(Counts::Requests),
        Policy::per_minute("tokens", 1_000),
    ])
    .unwrap();
    let who = Subject::new("model");
    assert!(limiter.check(&who, &policies, 700).is_allowed());
    let refused = limiter.check(&who, &policies, 700);
    assert_eq!(refused.violated().collect::<Vec<_>>(), ["tokens"]);
    assert!(limiter.check(&who, &policies, 100).is_allowed());
    assert!(limiter.check(&who, &policies, 100).is_allowed());
    let refused = limiter.check(&who, &policies, 100);
    assert_eq!(refused.violated().collect::<Vec<_>>(), ["requests"]);
}

#[tokio::test]
async fn the_store_in_memory_keeps_the_contract() {
    crate::resilience::limiter::contract::check(MemoryLimiter::new()).await;
}
