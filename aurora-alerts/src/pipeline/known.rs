//! An alert from its first firing until everybody was told of its end.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use aurora_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::condition::Operator;
use crate::labels::{Fingerprint, Labels};
use crate::notification::{Change, NamedAlert, Status};
use crate::rule::{Flapping, Severity};
use crate::state::ResolveReason;

/// How many changes are remembered one by one; of earlier ones only the number is.
const CHANGES_KEPT: usize = 16;

/// What is said of an alert, apart from what became of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Facts {
    pub(crate) fingerprint: Fingerprint,
    pub(crate) rule: String,
    pub(crate) severity: Severity,
    pub(crate) metric: Option<String>,
    pub(crate) value: Option<f64>,
    pub(crate) operator: Option<Operator>,
    pub(crate) threshold: Option<f64>,
    pub(crate) description: String,
    pub(crate) labels: Labels,
    pub(crate) annotations: BTreeMap<String, String>,
    pub(crate) generator_url: Option<String>,
    pub(crate) starts_at: Timestamp,
}

/// Where an alert comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "from", rename_all = "snake_case")]
pub(crate) enum Origin {
    /// A rule of this engine, which also says when it ends.
    Rule,
    /// Somebody posted it; it ends by itself unless it is posted again.
    Posted {
        expires_at: Timestamp,
        /// Whether `expires_at` is a guess, because whoever posted it named none.
        guessed: bool,
        /// When it was last posted.
        #[serde(default)]
        at: Option<Timestamp>,
    },
    /// This engine says that one of its channels is broken.
    Channel,
}

/// Somebody takes care of an alert.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Acknowledgement {
    /// Who.
    pub by: String,
    /// What was said; may be empty.
    pub comment: String,
    /// When.
    pub at: Timestamp,
    /// Until when it counts; `None`: until the alert ends.
    pub until: Option<Timestamp>,
}

/// How far an alert has come on its escalation chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Climb {
    /// The step that comes next, from 0.
    pub(crate) next: u32,
    /// How often the chain was begun anew.
    pub(crate) round: u32,
    /// When the next step is due; `None` once the chain has ended.
    pub(crate) due: Option<Timestamp>,
    /// How many notifications there were since the step before.
    pub(crate) told: u32,
}

/// How often an alert has changed lately.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Flap {
    recent: VecDeque<Timestamp>,
    /// Since when changes are told as a digest.
    pub(crate) since: Option<Timestamp>,
    /// When the next digest is due.
    pub(crate) digest_at: Option<Timestamp>,
}

/// What changed by looking at the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FlapTurn {
    Began,
    Ended,
}

/// Everything that is known of one alert that has fired.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Known {
    #[serde(flatten)]
    pub(crate) facts: Facts,
    pub(crate) origin: Origin,
    pub(crate) status: Status,
    pub(crate) ends_at: Option<Timestamp>,
    pub(crate) resolve_reason: Option<ResolveReason>,
    /// How many changes there were.
    pub(crate) seq: u64,
    /// The last of them.
    pub(crate) changes: VecDeque<Change>,
    /// The groups in which this firing was kept back by a silence, an inhibition or a mute time, and not told since.
    #[serde(default)]
    pub(crate) held: BTreeSet<String>,
    pub(crate) acknowledgement: Option<Acknowledgement>,
    pub(crate) climb: Option<Climb>,
    #[serde(default)]
    pub(crate) flap: Flap,
}

impl Known {
    /// What routes, silences and inhibition look at: the labels; and of an alert that this engine found the name of its
    /// rule as `alertname` and its severity as `severity`, where no label says otherwise.
    pub(crate) fn matched(&self) -> Cow<'_, Labels> {
        let facts = &self.facts;
        let mut labels = Cow::Borrowed(&facts.labels);
        if !matches!(self.origin, Origin::Posted { .. }) {
            for (name, value) in [
                ("alertname", facts.rule.as_str()),
                ("severity", facts.severity.as_str()),
            ] {
                if labels.get(name).is_none() {
                    labels.to_mut().insert(name, value);
                }
            }
        }
        labels
    }

    pub(crate) const fn new(facts: Facts, origin: Origin) -> Self {
        Self {
            facts,
            origin,
            status: Status::Resolved,
            ends_at: None,
            resolve_reason: None,
            seq: 0,
            changes: VecDeque::new(),
            held: BTreeSet::new(),
            acknowledgement: None,
            climb: None,
            flap: Flap {
                recent: VecDeque::new(),
                since: None,
                digest_at: None,
            },
        }
    }

    pub(crate) fn is_firing(&self) -> bool {
        self.status == Status::Firing
    }

    /// It fires: a change unless it does already.
    pub(crate) fn fire(&mut self, facts: Facts, origin: Origin, at: Timestamp) -> bool {
        let changes = !self.is_firing();
        self.facts = facts;
        self.origin = origin;
        if changes {
            self.ends_at = None;
            self.resolve_reason = None;
            self.held.clear();
            self.acknowledgement = None;
            self.climb = None;
            self.change(Status::Firing, at);
        }
        changes
    }

    /// It is over: a change unless it was.
    pub(crate) fn resolve(&mut self, reason: ResolveReason, at: Timestamp) -> bool {
        let changes = self.is_firing();
        if changes {
            self.ends_at = Some(at);
            self.resolve_reason = Some(reason);
            self.climb = None;
            self.change(Status::Resolved, at);
        }
        changes
    }

    fn change(&mut self, status: Status, at: Timestamp) {
        self.status = status;
        self.seq += 1;
        self.changes.push_back(Change {
            seq: self.seq,
            status,
            at,
        });
        while self.changes.len() > CHANGES_KEPT {
            self.changes.pop_front();
        }
        self.flap.recent.push_back(at);
    }

    /// Looks at how often it has changed lately.
    pub(crate) fn watch_flapping(&mut self, policy: Option<&Flapping>, now: Timestamp) -> Option<FlapTurn> {
        let Some(policy) = policy else {
            self.flap = Flap::default();
            return None;
        };
        let kept = usize::try_from(policy.start)
            .unwrap_or(usize::MAX)
            .saturating_add(1);
        while self.flap.recent.len() > kept.min(1_024) {
            self.flap.recent.pop_front();
        }
        let is_old = |at: &Timestamp| now.since(*at) >= policy.window;
        while self.flap.recent.front().is_some_and(is_old) {
            self.flap.recent.pop_front();
        }
        let count = u32::try_from(self.flap.recent.len()).unwrap_or(u32::MAX);
        if self.flap.since.is_none() && count > policy.start {
            self.flap.since = Some(now);
            self.flap.digest_at = Some(now);
            return Some(FlapTurn::Began);
        }
        if self.flap.since.is_some() && count < policy.stop {
            self.flap.since = None;
            self.flap.digest_at = None;
            return Some(FlapTurn::Ended);
        }
        None
    }

    /// When time alone changes whether it flaps, or lets its changes be forgotten.
    pub(crate) fn flap_due(&self, policy: Option<&Flapping>, now: Timestamp) -> Option<Timestamp> {
        let policy = policy?;
        let oldest = self.flap.recent.front().map(|at| *at + policy.window);
        // A digest that is due already waits for its lane, not for the time.
        match self.flap.digest_at.filter(|at| now < *at) {
            Some(digest) => Some(oldest.map_or(digest, |oldest| oldest.min(digest))),
            None => oldest,
        }
    }

    /// Whether it changed so lately that its changes still count.
    pub(crate) fn is_restless(&self) -> bool {
        !self.flap.recent.is_empty()
    }

    /// When time alone ends it.
    pub(crate) fn expires_at(&self) -> Option<Timestamp> {
        match self.origin {
            Origin::Posted { expires_at, .. } if self.is_firing() => Some(expires_at),
            _ => None,
        }
    }

    /// Whether this firing was never told to somebody who knows of it up to change `told`.
    pub(crate) fn named(&self, told: u64) -> NamedAlert {
        let facts = &self.facts;
        NamedAlert {
            fingerprint: facts.fingerprint,
            rule: facts.rule.clone(),
            status: self.status,
            severity: facts.severity,
            metric: facts.metric.clone(),
            value: facts.value,
            operator: facts.operator,
            threshold: facts.threshold,
            description: facts.description.clone(),
            labels: facts.labels.clone(),
            annotations: facts.annotations.clone(),
            starts_at: facts.starts_at,
            ends_at: self.ends_at,
            resolve_reason: self.resolve_reason,
            generator_url: facts.generator_url.clone(),
            acknowledged_by: self.acknowledgement.as_ref().map(|ack| ack.by.clone()),
            changes: self
                .changes
                .iter()
                .filter(|change| change.seq > told)
                .copied()
                .collect(),
            changes_total: self.seq.saturating_sub(told),
        }
    }
}
