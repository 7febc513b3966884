//! What the documentation promises of every window.

use std::time::Duration;

use proptest::prelude::*;

use super::{one, secs};
use crate::resilience::Deadline;
use crate::resilience::limiter::{
    Decision, ErrorKind, Kind, Limiter, MemoryLimiter, Policies, Policy, Subject,
};
use crate::time::ManualClock;

/// The units that pass, with their times.
fn passed(policy: Policy, arrivals: &[(u64, u32)]) -> Vec<u64> {
    let clock = ManualClock::default();
    let limiter = MemoryLimiter::builder().clock(clock.clone()).build().unwrap();
    let (subject, policies) = (Subject::new("s"), one(policy));
    let (mut now, mut passed) = (0, Vec::new());
    for (by, cost) in arrivals {
        clock.advance(Duration::from_micros(*by));
        now += by;
        if limiter.check(&subject, &policies, *cost).is_allowed() {
            passed.extend(std::iter::repeat_n(now, usize::try_from(*cost).unwrap()));
        }
    }
    passed
}

/// For each pair of units, those from the one to the other, and the time between them.
fn windows(passed: &[u64]) -> impl Iterator<Item = (u64, u64)> {
    let starts = passed.iter().enumerate();
    starts.flat_map(|(first, start)| {
        let ends = passed.iter().enumerate().skip(first);
        ends.map(move |(last, end)| (u64::try_from(last - first + 1).unwrap(), end - start))
    })
}

proptest! {
    #[test]
    fn a_log_passes_its_limit_in_any_window(
        limit in 1_u32..12, period in 1_000_u64..5_000,
        arrivals in prop::collection::vec((0_u64..1_500, 1_u32..4), 1..150),
    ) {
        let policy = Policy::new("p", limit, Duration::from_micros(period)).kind(Kind::SlidingLog);
        for (units, span) in windows(&passed(policy, &arrivals)) {
            prop_assert!(span >= period || units <= u64::from(limit), "{units} in {span}");
        }
    }

    #[test]
    fn a_bucket_passes_its_burst_and_what_comes_back(
        limit in 1_u32..12, period in 1_000_u64..5_000, burst in 1_u32..20,
        arrivals in prop::collection::vec((0_u64..400, 1_u32..4), 1..150),
    ) {
        let policy = Policy::new("p", limit, Duration::from_micros(period));
        for (units, span) in windows(&passed(policy.kind(Kind::Gcra).burst(burst), &arrivals)) {
            let most = u64::from(burst) + (span + 1) * u64::from(limit) / period;
            prop_assert!(units <= most, "{units} in {span}");
        }
    }
}

#[test]
fn a_bucket_of_whole_microseconds_passes_exactly_what_is_promised() {
    // As fast as it can: 5 at once, then one each 12 s; 9 in the first minute, where a log passes 5.
    let every_millisecond: Vec<_> = std::iter::repeat_n((1_000, 1), 60_000).collect();
    let policy = || Policy::per_minute("p", 5);
    let bucket = passed(policy().kind(Kind::Gcra), &every_millisecond);
    for (units, span) in windows(&bucket) {
        assert!(units <= 5 + (span + 1) / 12_000_000, "{units} in {span}");
    }
    assert_eq!(bucket.len(), 9);
    assert_eq!(passed(policy(), &every_millisecond).len(), 5);
}

#[tokio::test]
async fn what_can_never_pass_is_said_at_once_and_waits_for_nobody() {
    let clock = ManualClock::default();
    let limiter = Limiter::builder(MemoryLimiter::builder().clock(clock.clone()).build().unwrap())
        .clock(clock)
        .build()
        .unwrap();
    for policy in [Policy::per_minute("p", 5), Policy::per_minute("p", 500).burst(5)] {
        let (subject, policies) = (Subject::new("s"), one(policy));
        let verdict = limiter.check(&subject, &policies, 6).await;
        assert_eq!(verdict.decision(), Decision::InsufficientCapacity);
        assert_eq!(verdict.retry_after(), None);
        let waited = limiter.until_ready(&subject, &policies, 6, Deadline::NONE).await;
        assert_eq!(waited.unwrap_err().kind(), ErrorKind::InsufficientCapacity);
        assert!(limiter.check(&subject, &policies, 5).await.is_allowed());
    }
}

#[test]
fn all_policies_count_or_none() {
    let clock = ManualClock::default();
    let limiter = MemoryLimiter::builder().clock(clock.clone()).build().unwrap();
    let both = Policies::new([Policy::per_minute("m", 5), Policy::per_hour("h", 8)]).unwrap();
    let subject = Subject::new("s");
    for _ in 0..5 {
        assert!(limiter.check(&subject, &both, 1).is_allowed());
    }
    for _ in 0..50 {
        let verdict = limiter.check(&subject, &both, 1);
        assert_eq!(verdict.violated().collect::<Vec<_>>(), ["m"]);
        let left: Vec<_> = verdict.states().map(|state| state.remaining).collect();
        assert_eq!(left, [0, 3], "what is refused is not counted");
        assert_eq!(verdict.most_restrictive().name, "m");
    }
    clock.advance(secs(60));
    for _ in 0..3 {
        assert!(limiter.check(&subject, &both, 1).is_allowed());
    }
    let verdict = limiter.check(&subject, &both, 3);
    assert_eq!(verdict.violated().collect::<Vec<_>>(), ["m", "h"]);
    assert_eq!(verdict.most_restrictive().name, "h");
    assert_eq!(verdict.retry_after(), Some(secs(3_600 - 60)));
}

#[test]
fn a_quota_that_changes_keeps_what_was_used() {
    let clock = ManualClock::default();
    let limiter = MemoryLimiter::builder().clock(clock.clone()).build().unwrap();
    let left = |subject: &Subject, policy: Policy| limiter.check(subject, &one(policy), 0).remaining();
    let bucket = Subject::new("bucket");
    let small = || Policy::per_minute("p", 200);
    let large = || Policy::per_minute("p", 2_000);
    assert!(limiter.check(&bucket, &one(small()), 150).is_allowed());
    assert_eq!(left(&bucket, large()), 500, "the same part of the larger one");
    assert_eq!(left(&bucket, small()), 50);
    // From a long period to a short one: not longer than the short one could ever last.
    assert!(
        limiter
            .check(&bucket, &one(Policy::per_day("d", 1_000)), 1_000)
            .is_allowed()
    );
    let verdict = limiter.check(&bucket, &one(Policy::per_minute("d", 1_000)), 1_000);
    assert_eq!(verdict.retry_after(), Some(secs(60)));

    let log = Subject::new("log");
    assert!(
        limiter
            .check(&log, &one(Policy::per_minute("p", 5)), 4)
            .is_allowed()
    );
    assert_eq!(
        left(&log, Policy::per_minute("p", 3)),
        0,
        "smaller than what was used"
    );
    assert_eq!(left(&log, Policy::per_minute("p", 10)), 6);
    assert!(
        limiter
            .check(&log, &one(Policy::per_minute("p", 10)), 6)
            .is_allowed()
    );
    assert!(
        !limiter
            .check(&log, &one(Policy::per_minute("p", 10)), 1)
            .is_allowed()
    );
    clock.advance(secs(60));
    assert_eq!(left(&log, Policy::per_minute("p", 10)), 10);
}

#[test]
fn each_key_has_the_plan_that_comes_with_it() {
    let limiter = MemoryLimiter::new();
    let (free, paid) = (one(Policy::per_hour("api", 2)), one(Policy::per_hour("api", 100)));
    let passes = |who: &str, plan: &Policies| {
        let subject = Subject::new("api").principal(who);
        (0..200)
            .filter(|_| limiter.check(&subject, plan, 1).is_allowed())
            .count()
    };
    assert_eq!((passes("a", &free), passes("b", &paid)), (2, 100));
}

#[test]
fn a_shadow_policy_is_evaluated_and_refuses_nothing() {
    let limiter = MemoryLimiter::new();
    let policies =
        Policies::new([Policy::per_hour("real", 5), Policy::per_hour("trial", 2).shadow()]).unwrap();
    let subject = Subject::new("s");
    let said: Vec<_> = (0..7)
        .map(|_| {
            let verdict = limiter.check(&subject, &policies, 1);
            (verdict.is_allowed(), verdict.shadow_violated().count())
        })
        .collect();
    let expected = [
        (true, 0),
        (true, 0),
        (true, 1),
        (true, 1),
        (true, 1),
        (false, 1),
        (false, 1),
    ];
    assert_eq!(said, expected);
}

#[test]
fn policies_that_cannot_be_used_are_all_named() {
    let error = Policies::new([
        Policy::per_minute("", 5),
        Policy::per_minute("zero", 0),
        Policy::new("short", 1, Duration::from_micros(999)),
        Policy::new("long", 1, secs(401 * 24 * 60 * 60)),
        Policy::new("fast", 1_001, Duration::from_millis(1)),
        Policy::per_minute("log", 129).kind(Kind::SlidingLog),
        Policy::per_minute("none", 500).burst(0),
        Policy::per_day("slow", 1).burst(401),
        Policy::per_minute("zero", 1),
    ])
    .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidPolicy);
    let source = std::error::Error::source(&error).unwrap().to_string();
    for name in [
        "\"\"",
        "zero",
        "short",
        "long",
        "fast",
        "log",
        "none",
        "slow",
        "twice",
        "1 to 8 policies",
    ] {
        assert!(source.contains(name), "{name}: {source}");
    }
    assert!(Policies::new([]).is_err());
    let kinds = [
        (Policy::per_minute("p", 128), Kind::SlidingLog),
        (Policy::per_minute("p", 129), Kind::Gcra),
        (Policy::per_minute("p", 5).burst(2), Kind::Gcra),
    ];
    for (policy, kind) in kinds {
        let verdict = MemoryLimiter::new().check(&Subject::new("s"), &one(policy), 0);
        assert_eq!(verdict.most_restrictive().kind, kind);
    }
}
