//! Rules, routes and channels, from which the state machine is made, and made anew after a change of the lead.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use aurora_core::resilience::RetryPolicy;
use aurora_core::rng::Random;

use crate::error::{Error, Problem};
use crate::link::AckLinks;
use crate::pipeline::{Bounds, ChannelSetup, RuleSetup, Setup, Tree};
use crate::route::Routing;
use crate::rule::{Escalation, Rule, RuleBuilder};

/// How long a posted alert fires whose end nobody named, if nothing else is said.
pub(crate) const RESOLVE_TIMEOUT: Duration = Duration::from_secs(300);
/// How many alerts and silences there may be, if nothing else is said.
pub(crate) const BOUNDS: Bounds = Bounds {
    alerts: 100_000,
    silences: 10_000,
};

/// Everything that is told from outside and does not change by itself.
#[derive(Debug, Clone)]
pub(crate) struct Blueprint {
    pub(crate) rules: Vec<Rule>,
    pub(crate) routing: Routing,
    pub(crate) fixed: Arc<Fixed>,
}

/// What stays for the life of an engine.
#[derive(Debug)]
pub(crate) struct Fixed {
    pub(crate) channels: Vec<ChannelSetup>,
    pub(crate) fallback: Option<String>,
    pub(crate) retry: RetryPolicy,
    pub(crate) random: Random,
    pub(crate) links: Option<AckLinks>,
    pub(crate) resolve_timeout: Duration,
    pub(crate) bounds: Bounds,
}

impl Fixed {
    /// Everything that is wrong with the channels.
    pub(crate) fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut names = BTreeSet::new();
        for ChannelSetup { name, targets, .. } in &self.channels {
            let subject = format!("channel {name:?}");
            let mut wrong = |detail: &str| problems.push(Problem::new(subject.as_str(), detail));
            let allowed = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-');
            if name.is_empty() || name.len() > 64 || !name.bytes().all(allowed) {
                wrong("name must be 1 to 64 of a-z, 0-9, _ and -");
            }
            if !names.insert(name.as_str()) {
                wrong("another channel has the same name; use notify_as");
            }
            let unique: BTreeSet<&String> = targets.iter().collect();
            if targets.is_empty() || unique.len() < targets.len() {
                wrong("a channel needs targets, each once");
            }
            if targets.iter().any(|target| target.len() > 255) {
                wrong("a target can have at most 255 bytes");
            }
        }
        if let Some(fallback) = self.fallback.as_deref().filter(|name| !names.contains(name)) {
            problems.push(Problem::new(
                "engine",
                format!("the fallback {fallback:?} is no channel"),
            ));
        }
        problems
    }
}

impl Blueprint {
    /// Builds the rules and checks everything.
    ///
    /// # Errors
    /// With every problem at once, those that were found before among them.
    pub(crate) fn build(
        rules: Vec<RuleBuilder>,
        routing: Routing,
        fixed: Fixed,
        mut problems: Vec<Problem>,
    ) -> Result<Self, Error> {
        let mut built = Vec::new();
        for rule in rules {
            match rule.build() {
                Ok(rule) => built.push(rule),
                Err(error) => problems.extend(error.into_problems()),
            }
        }
        let blueprint = Self {
            rules: built,
            routing,
            fixed: Arc::new(fixed),
        };
        problems.extend(blueprint.problems());
        Error::check(problems)?;
        Ok(blueprint)
    }

    /// Everything that is wrong with the rules and routes.
    pub(crate) fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut names = BTreeSet::new();
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

    /// The same with other rules.
    pub(crate) fn with(&self, rules: Vec<Rule>, routing: Routing) -> Self {
        Self {
            rules,
            routing,
            fixed: Arc::clone(&self.fixed),
        }
    }

    /// What the pipeline works by; was checked before.
    pub(crate) fn setup(&self) -> Setup {
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
