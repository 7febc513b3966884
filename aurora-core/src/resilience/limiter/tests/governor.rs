//! The bucket against governor's.

use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::{Clock as _, FakeRelativeClock};
use governor::{Quota, RateLimiter};

use super::one;
use crate::resilience::limiter::{Decision, Kind, MemoryLimiter, Policy, Subject};
use crate::rng::Random;
use crate::time::ManualClock;

#[test]
fn a_bucket_decides_as_governor_does() {
    for seed in 0..24 {
        let random = Random::seeded(seed);
        let limit = u32::try_from(1 + random.below(300)).unwrap();
        let burst = u32::try_from(1 + random.below(50)).unwrap();
        let unit = 1_000 + random.below(100_000);
        let theirs_clock = FakeRelativeClock::default();
        let quota = Quota::with_period(Duration::from_micros(unit)).unwrap();
        let theirs = RateLimiter::direct_with_clock(
            quota.allow_burst(NonZeroU32::new(burst).unwrap()),
            theirs_clock.clone(),
        );
        let clock = ManualClock::default();
        let ours = MemoryLimiter::builder().clock(clock.clone()).build().unwrap();
        let policy = Policy::new("p", limit, Duration::from_micros(unit * u64::from(limit)));
        let (subject, policies) = (Subject::new("s"), one(policy.burst(burst).kind(Kind::Gcra)));
        for operation in 0..5_000 {
            let by = Duration::from_micros(random.below(unit * 4));
            clock.advance(by);
            theirs_clock.advance(by);
            let cost = u32::try_from(1 + random.below(5)).unwrap();
            let expected = match theirs.check_n(NonZeroU32::new(cost).unwrap()) {
                Ok(Ok(())) => Decision::Allowed,
                Ok(Err(until)) => Decision::Limited {
                    retry_after: until.wait_time_from(theirs_clock.now()),
                },
                Err(_) => Decision::InsufficientCapacity,
            };
            let verdict = ours.check(&subject, &policies, cost);
            assert_eq!(verdict.decision(), expected, "seed {seed}, operation {operation}");
        }
    }
}
