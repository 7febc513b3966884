//! In which order targets are tried.

use std::cmp::Ordering;
use std::fmt;
use std::sync::atomic;
use std::time::Duration;

use super::member::Health;
use super::target::Facts;
use crate::resilience::BreakerState;
use crate::rng::Random;

/// Decides in which order the targets of one call are tried.
///
/// Circuits, health checks and modes are not its business: a target that may not be called is passed over wherever it
/// stands. A candidate that a selection takes out of the list is not tried at all.
///
/// # Examples
/// ```
/// use aurora_core::{fallback::{Candidate, Selection}, rng::Random};
///
/// /// Reads are served at home, as long as home answers.
/// #[derive(Debug)]
/// struct HomeFirst;
///
/// impl Selection for HomeFirst {
///     fn order(&self, candidates: &mut Vec<Candidate<'_>>, _: &Random) {
///         candidates.sort_by_key(|candidate| !candidate.name().starts_with("sa-east-1/"));
///     }
/// }
/// ```
pub trait Selection: fmt::Debug + Send + Sync + 'static {
    /// Puts the candidates, which come by priority and then in the order of their registration, in the order in which they
    /// are to be tried.
    fn order(&self, candidates: &mut Vec<Candidate<'_>>, random: &Random);
}

/// What a selection may know of a target.
#[derive(Debug)]
pub struct Candidate<'a> {
    pub(super) facts: &'a Facts,
    pub(super) health: &'a Health,
    pub(super) now: Duration,
    pub(super) at: usize,
    pub(super) priority: u32,
    pub(super) weight: u32,
    pub(super) cost: Option<u64>,
}

impl<'a> Candidate<'a> {
    pub(super) const fn new(facts: &'a Facts, health: &'a Health, now: Duration, at: usize) -> Self {
        Self {
            facts,
            health,
            now,
            at,
            priority: facts.priority,
            weight: facts.weight,
            cost: facts.cost,
        }
    }

    /// Its place among all targets of the set, by priority and then in the order of their registration, from 0.
    #[must_use]
    pub const fn place(&self) -> usize {
        self.at
    }

    /// Gives it another priority for this call alone, before another selection is asked.
    pub const fn set_priority(&mut self, priority: u32) {
        self.priority = priority;
    }

    /// Gives it another weight for this call alone, before another selection is asked.
    pub const fn set_weight(&mut self, weight: u32) {
        self.weight = weight;
    }

    /// Says what this call alone would cost there, before another selection is asked.
    pub const fn set_cost(&mut self, cost: Option<u64>) {
        self.cost = cost;
    }

    /// The target's name.
    #[must_use]
    pub fn name(&self) -> &'a str {
        &self.facts.name
    }

    /// Lower is meant to be tried first.
    #[must_use]
    pub const fn priority(&self) -> u32 {
        self.priority
    }

    /// Its share among targets of the same priority.
    #[must_use]
    pub const fn weight(&self) -> u32 {
        self.weight
    }

    /// What a call costs; `None` when that is not known.
    #[must_use]
    pub const fn cost(&self) -> Option<u64> {
        self.cost
    }

    /// Where its circuit stands.
    #[must_use]
    pub fn circuit(&self) -> BreakerState {
        self.health.breaker.state()
    }

    /// Whether its health checks took it out.
    #[must_use]
    pub fn is_down(&self) -> bool {
        self.health.is_down()
    }

    /// How long an answer takes: the latest peak, fading over ten seconds; `None` before the first answer.
    #[must_use]
    pub fn latency(&self) -> Option<Duration> {
        self.health.latency(self.now)
    }

    /// The recent share of answered calls, from 0 to 1; 1 before the first.
    #[must_use]
    pub fn answered_share(&self) -> f64 {
        self.health.answered_share()
    }

    /// Calls that are under way at it.
    #[must_use]
    pub fn in_flight(&self) -> u64 {
        self.health.counts.in_flight.load(atomic::Ordering::Relaxed)
    }
}

/// By priority, then in the order of registration. The default.
#[derive(Debug, Clone, Copy, Default)]
pub struct ByPriority;

impl Selection for ByPriority {
    fn order(&self, candidates: &mut Vec<Candidate<'_>>, _: &Random) {
        candidates.sort_by_key(Candidate::priority);
    }
}

/// By priority, and within one at random by weight: of two targets with weights 3 and 1 the first is tried first at three
/// calls of four.
#[derive(Debug, Clone, Copy, Default)]
pub struct Weighted;

impl Selection for Weighted {
    fn order(&self, candidates: &mut Vec<Candidate<'_>>, random: &Random) {
        // Whose exponential clock of rate `weight` rings first; the rest follow as if drawn without replacement.
        let rings = |candidate: &Candidate<'_>| match candidate.weight() {
            0 => f64::INFINITY,
            weight => -(1.0 - random.unit()).ln() / f64::from(weight),
        };
        sort_by(candidates, |candidate| (candidate.priority(), rings(candidate)));
    }
}

/// By priority, and within one by the expected wait: the latency times the calls under way.
///
/// Of two targets drawn at random the better one is tried first ("power of two choices"), so that a fleet that agrees on
/// the fastest does not bury it: of four targets the fastest gets half of the calls. A target without an answer yet
/// counts as the best, for one call at a time. Latencies fade, so that a target that was slow once is tried again.
#[derive(Debug, Clone, Copy, Default)]
pub struct LowestLatency;

impl Selection for LowestLatency {
    fn order(&self, candidates: &mut Vec<Candidate<'_>>, random: &Random) {
        let wait = |candidate: &Candidate<'_>| match (candidate.latency(), candidate.in_flight()) {
            (Some(latency), under_way) => latency.as_secs_f64() * (under_way + 1) as f64,
            (None, 0) => 0.0,
            (None, _) => f64::MAX, // somebody is finding out already
        };
        sort_by(candidates, |candidate| (candidate.priority(), wait(candidate)));
        let tier = candidates.first().map(Candidate::priority);
        let tier = candidates
            .iter()
            .take_while(|candidate| Some(candidate.priority()) == tier);
        let tier = tier.count() as u64;
        if tier > 2 {
            let first = random.below(tier);
            let second = (first + 1 + random.below(tier - 1)) % tier;
            // They are sorted, so the one further ahead is the better one.
            let better = usize::try_from(first.min(second)).unwrap_or(0);
            if let Some(head) = candidates.get_mut(..=better) {
                head.rotate_right(1);
            }
        }
    }
}

/// By priority, and within one by cost; what costs an unknown amount comes last.
#[derive(Debug, Clone, Copy, Default)]
pub struct LowestCost;

impl Selection for LowestCost {
    fn order(&self, candidates: &mut Vec<Candidate<'_>>, _: &Random) {
        candidates.sort_by_key(|candidate| (candidate.priority(), candidate.cost().unwrap_or(u64::MAX)));
    }
}

/// The healthiest first, whatever its priority: a closed circuit before one that is probed before an open one, then by the
/// recent share of answered calls in steps of a tenth, then by priority.
#[derive(Debug, Clone, Copy, Default)]
pub struct HealthiestFirst;

impl Selection for HealthiestFirst {
    fn order(&self, candidates: &mut Vec<Candidate<'_>>, _: &Random) {
        let illness = |candidate: &Candidate<'_>| match candidate.circuit() {
            _ if candidate.is_down() => 3,
            BreakerState::HalfOpen => 1,
            state if state.admits() => 0,
            _ => 2,
        };
        let failing = |candidate: &Candidate<'_>| ((1.0 - candidate.answered_share()) * 10.0).round();
        sort_by(candidates, |candidate| {
            (
                illness(candidate),
                failing(candidate) * 1e10 + f64::from(candidate.priority()),
            )
        });
    }
}

/// Sorts by a key that is asked for once per candidate.
fn sort_by(candidates: &mut Vec<Candidate<'_>>, key: impl Fn(&Candidate<'_>) -> (u32, f64)) {
    let mut keyed: Vec<_> = candidates
        .drain(..)
        .map(|candidate| (key(&candidate), candidate))
        .collect();
    keyed.sort_by(|((tier, value), _), ((other_tier, other), _)| {
        let by_value = || value.partial_cmp(other).unwrap_or(Ordering::Equal);
        tier.cmp(other_tier).then_with(by_value)
    });
    candidates.extend(keyed.into_iter().map(|(_, candidate)| candidate));
}
