//! The in-process limiter against the naive model.

use std::time::Duration;

use super::model::{Model, Spec, policies, said};
use crate::resilience::limiter::{MemoryLimiter, Subject};
use crate::rng::Random;
use crate::time::ManualClock;

const SEEDS: u64 = 24;
const OPERATIONS: u32 = 5_000;

/// The steps of time that a run takes: none, small ones, and pauses in which everything frees.
pub(super) fn step(random: &Random, specs: &[Spec]) -> u64 {
    let slowest = specs.iter().map(|spec| spec.period).max().unwrap();
    let unit = specs
        .iter()
        .map(|spec| spec.period / u64::from(spec.limit))
        .max()
        .unwrap();
    match random.below(20) {
        0..6 => 0,
        6..19 => random.below(2 * unit + 2),
        _ => random.below(2 * slowest),
    }
}

/// 1 to 5, seldom nothing: a question.
pub(super) fn cost(random: &Random) -> u32 {
    if random.below(25) == 0 {
        0
    } else {
        u32::try_from(1 + random.below(5)).unwrap()
    }
}

#[test]
fn a_hundred_thousand_requests_are_decided_as_the_model_decides() {
    let (mut allowed, mut limited, mut never) = (0_u32, 0_u32, 0_u32);
    for seed in 0..SEEDS {
        let random = Random::seeded(seed);
        let specs: Vec<Spec> = (0..=seed % 3).map(|_| Spec::random(&random)).collect();
        let clock = ManualClock::default();
        let limiter = MemoryLimiter::builder().clock(clock.clone()).build().unwrap();
        let (subject, policies) = (Subject::new("s"), policies(&specs));
        let mut model = Model::new(specs);
        let mut now = 0;
        for operation in 0..OPERATIONS {
            let by = step(&random, &model.specs);
            clock.advance(Duration::from_micros(by));
            now += by;
            let cost = cost(&random);
            let expected = model.check(now, cost);
            let verdict = limiter.check(&subject, &policies, cost);
            assert_eq!(
                said(&verdict),
                expected,
                "seed {seed}, operation {operation}, cost {cost}, {:?}",
                model.specs
            );
            match (expected.0, expected.1.iter().any(|said| said.retry.is_none())) {
                (true, _) => allowed += 1,
                (false, false) => limited += 1,
                (false, true) => never += 1,
            }
        }
    }
    assert_eq!(
        u64::from(allowed + limited + never),
        SEEDS * u64::from(OPERATIONS)
    );
    // A run in which nothing is refused, or everything, shows nothing.
    assert!(
        allowed > 20_000 && limited > 20_000 && never > 1_000,
        "{allowed} {limited} {never}"
    );
}
