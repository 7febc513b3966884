//! The names under which the limiter reports.

use metrics::{Counter, counter};

use super::verdict::Verdict;

/// Requests by policy and what that policy said: `allowed`, `limited`, `shadow_limited`.
pub const DECISIONS: &str = "aurora_limiter_decisions_total";

/// Requests that were decided without the store, by what decided: `local`, `deny`.
pub const DEGRADED: &str = "aurora_limiter_degraded_total";

/// The handles of one policy, so that counting allocates nothing.
#[derive(Debug, Clone)]
pub(super) struct Counters {
    allowed: Counter,
    limited: Counter,
}

impl Counters {
    fn new(policy: &str, is_shadow: bool) -> Self {
        let counter =
            |outcome: &'static str| counter!(DECISIONS, "policy" => policy.to_owned(), "outcome" => outcome);
        Self {
            allowed: counter("allowed"),
            limited: counter(if is_shadow { "shadow_limited" } else { "limited" }),
        }
    }
}

pub(super) fn decided(verdict: &Verdict) {
    for (rule, state) in verdict.policies().rules().iter().zip(verdict.states()) {
        let counters = rule
            .counters
            .get_or_init(|| Counters::new(&rule.name, rule.is_shadow));
        if state.is_violated() {
            counters.limited.increment(1);
        } else {
            counters.allowed.increment(1);
        }
    }
}

pub(super) fn degraded(by: &'static str) {
    counter!(DEGRADED, "fallback" => by).increment(1);
}
