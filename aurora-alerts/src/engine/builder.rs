use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use aurora_core::resilience::RetryPolicy;
use aurora_core::rng::Random;
use aurora_core::time::{Clock, SystemClock};

use super::AlertEngine;
use super::events::Journal;
use crate::error::{Error, Problem};
use crate::evaluation::Evaluation;
use crate::notifier::Notifier;
use crate::pipeline::{Channel, Courier, patient};
use crate::rule::{Rule, RuleBuilder};

/// An engine in the making; see [`AlertEngine::builder`].
#[derive(Debug)]
#[must_use = "an engine begins with build()"]
pub struct AlertEngineBuilder {
    rules: Vec<RuleBuilder>,
    channels: Vec<(String, Box<dyn Notifier>)>,
    clock: Arc<dyn Clock>,
    random: Random,
    retry: RetryPolicy,
    send_timeout: Duration,
    interval: Duration,
    series_limit: usize,
    outbox_limit: usize,
    history_limit: usize,
    deliveries_limit: usize,
}

impl Default for AlertEngineBuilder {
    fn default() -> Self {
        Self {
            rules: Vec::new(),
            channels: Vec::new(),
            clock: Arc::new(SystemClock),
            random: Random::system(),
            retry: patient(),
            send_timeout: Duration::from_secs(30),
            interval: Duration::from_secs(1),
            series_limit: 1_000,
            outbox_limit: 1_000,
            history_limit: 1_000,
            deliveries_limit: 1_000,
        }
    }
}

impl AlertEngineBuilder {
    /// Adds a rule, finished or still in the making.
    pub fn rule(mut self, rule: impl Into<RuleBuilder>) -> Self {
        self.rules.push(rule.into());
        self
    }

    /// Adds several rules.
    pub fn rules<R: Into<RuleBuilder>>(mut self, rules: impl IntoIterator<Item = R>) -> Self {
        self.rules.extend(rules.into_iter().map(Into::into));
        self
    }

    /// Adds a channel under the notifier's own name.
    pub fn notify(self, notifier: impl Notifier) -> Self {
        let name = notifier.name().to_owned();
        self.notify_as(name, notifier)
    }

    /// Adds a channel under a name of its own, for instance the second webhook.
    pub fn notify_as(mut self, name: impl Into<String>, notifier: impl Notifier) -> Self {
        self.channels.push((name.into(), Box::new(notifier)));
        self
    }

    /// Where the time comes from; default the system's clock.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Where the jitter of retries comes from; default seeded by the system.
    pub fn random(mut self, random: Random) -> Self {
        self.random = random;
        self
    }

    /// When failed deliveries are tried again.
    ///
    /// Default 20 attempts with full jitter under 1 s, 2 s, 4 s … 5 minutes, about half an hour in the mean; a
    /// `Retry-After` is obeyed up to 24 hours.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// How long one attempt on a channel may take; default 30 s.
    pub fn send_timeout(mut self, limit: Duration) -> Self {
        self.send_timeout = limit;
        self
    }

    /// How often [`AlertEngine::run`] lets time pass; default 1 s.
    pub fn interval(mut self, interval: Duration) -> Self {
        self.interval = interval;
        self
    }

    /// How many label sets a metric may have; samples of further ones are refused and counted. Default 1,000.
    pub fn series_limit(mut self, limit: usize) -> Self {
        self.series_limit = limit;
        self
    }

    /// How many notifications may wait for one channel. Default 1,000.
    ///
    /// Beyond it one of the least severe is dropped, counted, and logged: the oldest about whose alert a later one waits
    /// too, or else the oldest.
    pub fn outbox_limit(mut self, limit: usize) -> Self {
        self.outbox_limit = limit;
        self
    }

    /// How many changes [`AlertEngine::history`] remembers; default 1,000.
    pub fn history_limit(mut self, limit: usize) -> Self {
        self.history_limit = limit;
        self
    }

    /// How many attempts [`AlertEngine::deliveries`] remembers; default 1,000.
    pub fn deliveries_limit(mut self, limit: usize) -> Self {
        self.deliveries_limit = limit;
        self
    }

    /// Checks everything and makes the engine, which does nothing by itself.
    ///
    /// # Errors
    /// With every problem at once: those of the rules, two rules or two channels of the same name, a channel name that
    /// is not 1 to 64 of `a-z 0-9 _ -`, a limit or a wait of zero.
    pub fn build(self) -> Result<AlertEngine, Error> {
        let mut problems = self.problems();
        let mut rules: Vec<Rule> = Vec::new();
        for rule in self.rules {
            match rule.build() {
                Ok(rule) => rules.push(rule),
                Err(error) => problems.extend(error.into_problems()),
            }
        }
        let mut names = BTreeSet::new();
        for rule in &rules {
            if !names.insert(rule.name()) {
                problems.push(Problem::new(
                    format!("rule {:?}", rule.name()),
                    "another rule has the same name",
                ));
            }
        }
        Error::check(problems)?;
        let journal = Arc::new(Journal::new(self.history_limit, self.deliveries_limit));
        let log = Arc::clone(&journal);
        let courier = Courier {
            clock: self.clock,
            random: self.random,
            policy: self.retry,
            send_limit: self.send_timeout,
            record: Box::new(move |record| log.delivery(record)),
        };
        let outbox_limit = self.outbox_limit;
        let channels = self.channels.into_iter();
        let channels = channels
            .map(|(name, notifier)| Channel::new(name, notifier, outbox_limit))
            .collect();
        Ok(AlertEngine::new(
            Evaluation::new(rules, self.series_limit),
            channels,
            courier,
            journal,
            self.interval,
        ))
    }

    fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut names = BTreeSet::new();
        for (name, _) in &self.channels {
            let subject = format!("channel {name:?}");
            let allowed = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-');
            if name.is_empty() || name.len() > 64 || !name.bytes().all(allowed) {
                problems.push(Problem::new(
                    subject.as_str(),
                    "name must be 1 to 64 of a-z, 0-9, _ and -",
                ));
            }
            if !names.insert(name) {
                problems.push(Problem::new(
                    subject.as_str(),
                    "another channel has the same name; use notify_as",
                ));
            }
        }
        let zeros = [
            ("send timeout", self.send_timeout.is_zero()),
            ("interval", self.interval.is_zero()),
            ("series limit", self.series_limit == 0),
            ("outbox limit", self.outbox_limit == 0),
        ];
        let zeros = zeros.into_iter().filter(|(_, wrong)| *wrong);
        problems.extend(
            zeros.map(|(what, _)| Problem::new("engine", format!("{what} must be greater than zero"))),
        );
        problems
    }
}
