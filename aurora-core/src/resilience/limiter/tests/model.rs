//! What the limiter should say, written down as plainly as it can be: whole histories, signed 128-bit numbers, and the
//! formulas as they stand in the literature.

use std::time::Duration;

use crate::resilience::limiter::{Counts, Kind, Policies, Policy, Verdict};
use crate::rng::Random;

#[derive(Debug, Clone)]
pub(super) struct Spec {
    pub(super) kind: Kind,
    pub(super) limit: u32,
    pub(super) period: u64,
    pub(super) burst: u32,
    pub(super) counts: Counts,
    pub(super) is_shadow: bool,
}

/// What is said about one policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) remaining: i128,
    pub(super) reset: i128,
    /// `None` is never, zero is now.
    pub(super) retry: Option<i128>,
}

#[derive(Debug)]
pub(super) struct Model {
    pub(super) specs: Vec<Spec>,
    /// Of a log: the times of all units that were taken, as far back as a window reaches.
    histories: Vec<Vec<i128>>,
    /// Of a bucket: its theoretical arrival time.
    tats: Vec<i128>,
}

impl Spec {
    pub(super) fn random(random: &Random) -> Self {
        let kind = if random.below(2) == 0 {
            Kind::SlidingLog
        } else {
            Kind::Gcra
        };
        let limit = u32::try_from(1 + random.below(20)).unwrap();
        // Some are divided by the limit without a rest, and some are not.
        let period = match random.below(3) {
            0 => u64::from(limit) * (1 + random.below(50_000)) + 1_000 * u64::from(limit),
            1 => 1_000_000,
            _ => 1_000 + random.below(3_000_000),
        };
        Self {
            kind,
            limit,
            period,
            burst: match kind {
                Kind::SlidingLog => limit,
                Kind::Gcra => u32::try_from(1 + random.below(2 * u64::from(limit))).unwrap(),
            },
            counts: if random.below(4) == 0 {
                Counts::Requests
            } else {
                Counts::Cost
            },
            is_shadow: random.below(5) == 0,
        }
    }

    fn policy(&self, name: &str) -> Policy {
        let policy = Policy::new(name, self.limit, Duration::from_micros(self.period))
            .kind(self.kind)
            .burst(self.burst)
            .counts(self.counts);
        if self.is_shadow { policy.shadow() } else { policy }
    }

    fn units(&self, cost: u32) -> i128 {
        i128::from(if self.counts == Counts::Requests {
            cost.min(1)
        } else {
            cost
        })
    }

    fn time_of(&self, units: i128) -> i128 {
        let (product, limit) = (units * i128::from(self.period), i128::from(self.limit));
        (product + limit - 1) / limit
    }
}

pub(super) fn policies(specs: &[Spec]) -> Policies {
    let named = specs.iter().enumerate();
    Policies::new(named.map(|(n, spec)| spec.policy(&format!("p{n}")))).unwrap()
}

impl Model {
    pub(super) fn new(specs: Vec<Spec>) -> Self {
        Self {
            histories: vec![Vec::new(); specs.len()],
            tats: vec![0; specs.len()],
            specs,
        }
    }

    fn in_window(&self, n: usize, now: i128) -> Vec<i128> {
        let since = now - i128::from(self.specs[n].period);
        self.histories[n]
            .iter()
            .copied()
            .filter(|at| *at > since)
            .collect()
    }

    fn retry(&self, n: usize, now: i128, cost: u32) -> Option<i128> {
        let spec = &self.specs[n];
        let units = spec.units(cost);
        if units == 0 {
            return Some(0);
        }
        match spec.kind {
            Kind::SlidingLog => {
                if units > i128::from(spec.limit) {
                    return None;
                }
                // The first moment at which there is room, tried at every moment at which something leaves.
                let mut moments = vec![now];
                moments.extend(
                    self.in_window(n, now)
                        .iter()
                        .map(|at| at + i128::from(spec.period)),
                );
                moments.sort_unstable();
                let room = |moment: &i128| {
                    let taken = i128::try_from(self.in_window(n, *moment).len()).unwrap();
                    taken + units <= i128::from(spec.limit)
                };
                moments.into_iter().find(room).map(|moment| moment - now)
            }
            _ => {
                let (tau_and_t, increment) = (spec.time_of(i128::from(spec.burst)), spec.time_of(units));
                if increment > tau_and_t {
                    return None;
                }
                let new = self.tats[n].max(now) + increment;
                Some((new - tau_and_t - now).max(0))
            }
        }
    }

    pub(super) fn check(&mut self, now: u64, cost: u32) -> (bool, Vec<Said>) {
        let now = i128::from(now);
        for (history, spec) in self.histories.iter_mut().zip(&self.specs) {
            history.retain(|at| *at > now - i128::from(spec.period));
        }
        let retries: Vec<_> = (0..self.specs.len()).map(|n| self.retry(n, now, cost)).collect();
        let refuses = |n: usize| retries[n] != Some(0) && !self.specs[n].is_shadow;
        let passes = !(0..self.specs.len()).any(refuses);
        let said = retries.into_iter().enumerate().map(|(n, retry)| {
            let units = self.specs[n].units(cost);
            if passes && retry == Some(0) && units > 0 {
                self.tats[n] = self.tats[n].max(now) + self.specs[n].time_of(units);
                self.histories[n].extend(std::iter::repeat_n(now, usize::try_from(units).unwrap()));
            }
            let spec = &self.specs[n];
            let (remaining, reset) = match spec.kind {
                Kind::SlidingLog => {
                    let taken = self.in_window(n, now);
                    let newest = taken
                        .iter()
                        .max()
                        .map_or(0, |at| at + i128::from(spec.period) - now);
                    (
                        i128::from(spec.limit) - i128::try_from(taken.len()).unwrap(),
                        newest,
                    )
                }
                _ => {
                    let missing = (self.tats[n] - now).max(0);
                    let free = spec.time_of(i128::from(spec.burst)) - missing;
                    (free * i128::from(spec.limit) / i128::from(spec.period), missing)
                }
            };
            Said {
                remaining,
                reset,
                retry,
            }
        });
        (passes, said.collect())
    }
}

/// A verdict in the same terms.
pub(super) fn said(verdict: &Verdict) -> (bool, Vec<Said>) {
    let micros = |time: Duration| i128::try_from(time.as_micros()).unwrap();
    let states = verdict.states().map(|state| Said {
        remaining: i128::from(state.remaining),
        reset: micros(state.reset),
        retry: state.retry_after.map(micros),
    });
    (verdict.is_allowed(), states.collect())
}
