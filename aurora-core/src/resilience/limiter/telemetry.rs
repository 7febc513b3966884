//! The names under which the limiter reports.

use std::sync::Arc;

use metrics::{Key, Label, Level, Metadata, SharedString, counter, describe_counter};

use super::policy::Rule;
use super::verdict::Verdict;
use crate::telemetry::BoundedLabel;

/// Requests by `policy` and by what that policy said, the `outcome`: `allowed`, `limited`, `shadow_limited`.
///
/// The first 128 names of policies that a limiter meets are told apart; those after them are `other`.
pub const DECISIONS: &str = "aurora_limiter_decisions_total";

/// Requests that were decided without the store, by what decided, the `fallback`: `local`, `deny`.
pub const DEGRADED: &str = "aurora_limiter_degraded_total";

/// How many names of policies a limiter tells apart.
pub(super) const MAX_LABELS: usize = 128;

static METADATA: Metadata<'static> = Metadata::new("aurora_core::limiter", Level::INFO, Some(module_path!()));

/// Describes every metric to the installed recorder; call it once after installing one.
pub fn describe() {
    describe_counter!(DECISIONS, "Requests by policy and what that policy said.");
    describe_counter!(DEGRADED, "Requests that were decided without the store.");
}

/// The names of one policy's counters, made once so that counting allocates nothing. The counters themselves are asked
/// for each time: the recorder may come later.
#[derive(Debug, Clone)]
pub(super) struct Series {
    allowed: Key,
    limited: Key,
}

impl Series {
    fn new(names: &BoundedLabel, rule: &Rule) -> Self {
        let name = names.of(&rule.name);
        let key = |outcome: &'static str| {
            let policy = Label::new("policy", SharedString::from_shared(Arc::clone(&name)));
            let labels = vec![policy, Label::from_static_parts("outcome", outcome)];
            Key::from_parts(DECISIONS, labels)
        };
        Self {
            allowed: key("allowed"),
            limited: key(if rule.is_shadow {
                "shadow_limited"
            } else {
                "limited"
            }),
        }
    }
}

pub(super) fn decided(names: &BoundedLabel, verdict: &Verdict) {
    metrics::with_recorder(|recorder| {
        for (rule, state) in verdict.policies().rules().iter().zip(verdict.states()) {
            let series = rule.series.get_or_init(|| Series::new(names, rule));
            let key = if state.is_violated() {
                &series.limited
            } else {
                &series.allowed
            };
            recorder.register_counter(key, &METADATA).increment(1);
        }
    });
}

pub(super) fn degraded(by: &'static str) {
    counter!(DEGRADED, "fallback" => by).increment(1);
}
