//! Rules, routes and channels, from which the state machine is made, and made anew after a change of the lead.

use std::sync::Arc;
use std::time::Duration;

use aurora_core::resilience::RetryPolicy;
use aurora_core::rng::Random;

use crate::error::Problem;
use crate::link::AckLinks;
use crate::pipeline::{Bounds, ChannelSetup, RuleSetup, Setup, Tree};
use crate::route::Routing;
use crate::rule::{Escalation, Rule};

/// Everything that is told from outside and does not change by itself.
#[derive(Debug, Clone)]
pub(super) struct Blueprint {
    pub(super) rules: Vec<Rule>,
    pub(super) routing: Routing,
    pub(super) fixed: Arc<Fixed>,
}

/// What stays for the life of an engine.
#[derive(Debug)]
pub(super) struct Fixed {
    pub(super) channels: Vec<ChannelSetup>,
    pub(super) fallback: Option<String>,
    pub(super) retry: RetryPolicy,
    pub(super) random: Random,
    pub(super) links: Option<AckLinks>,
    pub(super) resolve_timeout: Duration,
    pub(super) bounds: Bounds,
}

impl Blueprint {
    /// Everything that is wrong with the rules and routes.
    pub(super) fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut names = std::collections::BTreeSet::new();
        for rule in &self.rules {
            if !names.insert(rule.name()) {
                problems.push(Problem::new(
                    format!("rule {:?}", rule.name()),
                    "another rule has the same name",
                ));
            }
        }
        let tree = self.tree(&mut problems);
        for rule in &self.rules {
            for step in rule.escalation().map(Escalation::steps).unwrap_or_default() {
                if !tree.has_receiver(&step.receiver) {
                    problems.push(Problem::new(
                        format!("rule {:?}", rule.name()),
                        format!("escalation: there is no receiver or channel {:?}", step.receiver),
                    ));
                }
            }
        }
        problems
    }

    fn tree(&self, problems: &mut Vec<Problem>) -> Tree {
        let channels: Vec<String> = self
            .fixed
            .channels
            .iter()
            .map(|channel| channel.name.clone())
            .collect();
        Tree::new(&self.routing, &channels, problems)
    }

    /// What the pipeline works by; was checked before.
    pub(super) fn setup(&self) -> Setup {
        let fixed = &self.fixed;
        let of_rule = |rule: &Rule| {
            let setup = RuleSetup {
                escalation: rule.escalation().cloned(),
                flapping: rule.flapping().copied(),
            };
            (rule.name().to_owned(), setup)
        };
        Setup {
            tree: self.tree(&mut Vec::new()),
            inhibit: self.routing.inhibit.clone(),
            channels: fixed.channels.clone(),
            fallback: fixed.fallback.clone(),
            rules: self.rules.iter().map(of_rule).collect(),
            retry: fixed.retry.clone(),
            random: fixed.random.clone(),
            links: fixed.links.clone(),
            resolve_timeout: fixed.resolve_timeout,
            bounds: fixed.bounds,
        }
    }
}
