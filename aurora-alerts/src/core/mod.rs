//! The engine without I/O: one pure step from inputs to what changed.
//!
//! [`Core::step`] takes an [`Input`] and the time. What must be written down is asked for with
//! [`Core::take_batch`], what may be sent with [`Core::claim`], when to look again with [`Core::next_due`], what
//! happened with [`Core::take_events`]. The same code runs live, in tests and over recorded samples.

mod answers;
mod facts;
mod input;
#[cfg(test)]
mod tests;
mod view;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use aurora_core::time::Timestamp;

use answers::Answers;
use facts::{facts, starts_at};
pub(crate) use input::{Before, Command, Handed, Input, Reply, Sample, Setting};

use crate::alert::AlertEvent;
use crate::evaluation::{Evaluator, Transition};
use crate::history::{Entry, Record};
use crate::labels::Fingerprint;
use crate::notification::DeliveryId;
use crate::pipeline::{LaneKey, Pipeline, Sending, Setup, SilenceRefusal};
use crate::rule::Rule;
use crate::series::SeriesStore;
use crate::state::{Decision, Phase};
use crate::store::{Batch, Snapshot, StateKey, StateKind};

/// How often what rules have learned is written down.
const CHECKPOINT: Duration = Duration::from_secs(60);
/// The most texts that an application can keep with an engine.
const MOST_KEPT: usize = 2_000;

/// Rules, alerts and deliveries together, as plain data.
#[derive(Debug)]
pub(crate) struct Core {
    evaluator: Evaluator,
    pipeline: Pipeline,
    /// The latest time it was told.
    now: Timestamp,
    /// The number of the last line of the history.
    seq: i64,
    instances: BTreeSet<Fingerprint>,
    checkpoint_at: Option<Timestamp>,
    records: Vec<Record>,
    events: Vec<AlertEvent>,
    unreadable: u64,
    transitions: Vec<Transition>,
    /// What the application keeps here, and of which names the store does not know yet.
    kept: BTreeMap<String, String>,
    unkept: BTreeSet<String>,
    answers: Answers,
}

impl Core {
    pub(crate) fn new(rules: Vec<Rule>, setup: Setup, series: SeriesStore) -> Self {
        Self {
            evaluator: Evaluator::new(rules, series),
            pipeline: Pipeline::new(setup),
            now: Timestamp::UNIX_EPOCH,
            seq: 0,
            instances: BTreeSet::new(),
            checkpoint_at: None,
            records: Vec::new(),
            events: Vec::new(),
            unreadable: 0,
            transitions: Vec::new(),
            kept: BTreeMap::new(),
            unkept: BTreeSet::new(),
            answers: Answers::default(),
        }
    }

    /// Takes up where another ended; before the first step.
    pub(crate) fn restore(&mut self, snapshot: Snapshot) {
        let rows = |wanted: StateKind| {
            snapshot
                .state
                .iter()
                .filter(move |((kind, _), _)| *kind == wanted)
                .map(|((_, key), body)| (key.clone(), body.clone()))
        };
        self.evaluator
            .restore(rows(StateKind::Instance).map(|(_, body)| body));
        self.evaluator.restore_memory(rows(StateKind::Memory));
        let mut seqs = rows(StateKind::Engine).filter(|(key, _)| key == "seq");
        self.seq = seqs.next().and_then(|(_, body)| body.parse().ok()).unwrap_or(0);
        self.kept = snapshot.kept();
        self.answers.restore(&snapshot);
        self.unreadable += self.pipeline.restore(&snapshot.state, &snapshot.outbox);
    }

    /// How many stored rows could not be understood.
    pub(crate) fn unreadable(&self) -> u64 {
        self.unreadable + self.evaluator.unreadable()
    }

    /// How often a condition of the application's own could not be judged.
    pub(crate) fn failures(&self) -> u64 {
        self.evaluator.failures()
    }

    /// One step: everything that follows from `input` at `now`.
    pub(crate) fn step(&mut self, input: Input, now: Timestamp) -> Reply {
        let now = self.turn_clock(now);
        match input {
            Input::Tick => {
                self.evaluate(now);
                self.pipeline.tick(now);
                self.pipeline.launch(now);
                Reply::Done
            }
            Input::Wake => {
                self.pipeline.tick(now);
                self.pipeline.launch(now);
                Reply::Done
            }
            Input::Ask => {
                self.pipeline.tick(now);
                Reply::Done
            }
            Input::Command(command) => self.obey(command, now),
            Input::Outcome {
                lane,
                id,
                result,
                took,
            } => {
                self.pipeline.settle(&lane, id, result, took, now);
                Reply::Done
            }
            Input::Configure(setting) => {
                self.configure(*setting, now);
                Reply::Done
            }
        }
    }

    fn obey(&mut self, command: Command, now: Timestamp) -> Reply {
        match command {
            Command::Post { alerts } => {
                let mut refused = 0;
                for alert in alerts {
                    let fingerprint = alert.fingerprint();
                    match self.pipeline.post(alert, now) {
                        Ok(Some(decision)) => self.publish_known(fingerprint, decision, now),
                        Ok(None) => {}
                        Err(_) => refused += 1,
                    }
                }
                if refused > 0 { Reply::Full } else { Reply::Done }
            }
            Command::Silence { silence, after } => done(self.pipeline.silence(*silence, after, now)),
            Command::Expire { id, by, after } => done(self.pipeline.expire_silence(id, after, &by, now)),
            Command::Acknowledge {
                alerts,
                acknowledgement,
            } => {
                let mut found = false;
                for fingerprint in alerts {
                    found |= self
                        .pipeline
                        .acknowledge(fingerprint, acknowledgement.clone(), now);
                }
                Reply::found(found)
            }
            Command::Unacknowledge { alert, by } => {
                Reply::found(self.pipeline.unacknowledge(alert, &by, now))
            }
            Command::Enable { channel } => Reply::found(self.pipeline.enable(&channel, now)),
            Command::Samples { samples } => {
                for sample in samples {
                    // What a replica could take, its leader mostly can; what not, it counts.
                    let series = self.evaluator.series();
                    let Sample {
                        metric,
                        labels,
                        value,
                        at,
                        share,
                    } = sample;
                    let recorded = match share {
                        Some((of, share)) => {
                            series.record_share(&metric, labels, value, (at, now), &of, share)
                        }
                        None => series.record(&metric, labels, value, at),
                    };
                    if let Err(refusal) = recorded {
                        series.refuse(refusal);
                    }
                }
                Reply::Done
            }
            Command::Note { records } => {
                self.records.extend(records);
                Reply::Done
            }
            Command::Keep { name, text, after } => self.keep(name, text, &after),
        }
    }

    fn keep(&mut self, name: String, text: Option<String>, before: &Before) -> Reply {
        if !before.fits(self.kept.get(&name)) {
            return Reply::Overtaken;
        }
        match text {
            Some(_) if !self.kept.contains_key(&name) && self.kept.len() >= MOST_KEPT => return Reply::Full,
            Some(text) => {
                self.kept.insert(name.clone(), text);
            }
            None if self.kept.remove(&name).is_none() => return Reply::NotFound,
            None => {}
        }
        self.unkept.insert(name);
        Reply::Done
    }

    /// What the application keeps here.
    pub(crate) const fn kept(&self) -> &BTreeMap<String, String> {
        &self.kept
    }

    /// Writes down what became of a command for the replica that handed it in.
    pub(crate) fn answer(&mut self, ticket: String, reply: Reply) {
        self.answers.give(ticket, reply, self.now);
    }

    /// What became of the command with this ticket, if it was taken in.
    pub(crate) fn answer_to(&self, ticket: &str) -> Option<Reply> {
        self.answers.get(ticket)
    }

    /// A clock that was set back shortens waits, and makes none longer.
    fn turn_clock(&mut self, now: Timestamp) -> Timestamp {
        let back = self.now.since(now);
        if !back.is_zero() && self.now != Timestamp::UNIX_EPOCH {
            self.pipeline.shift(back);
            self.checkpoint_at = None;
        }
        self.now = now;
        now
    }

    fn evaluate(&mut self, now: Timestamp) {
        let mut transitions = std::mem::take(&mut self.transitions);
        self.evaluator.tick(now, &mut transitions);
        for transition in transitions.drain(..) {
            self.follow(transition, now);
        }
        self.transitions = transitions;
    }

    /// Everything that follows from a decision of a rule.
    fn follow(&mut self, transition: Transition, now: Timestamp) {
        let Transition {
            at,
            fingerprint,
            decision,
            alert,
        } = transition;
        self.instances.insert(fingerprint);
        let Some(decision) = decision else { return };
        match decision {
            Decision::Fired | Decision::CooldownOver => self.pipeline.fire(facts(&alert), at, now),
            Decision::Resolved => {
                let reason = match alert.state.phase {
                    Phase::Resolved { reason, .. } => reason,
                    _ => crate::state::ResolveReason::Recovered,
                };
                self.pipeline
                    .resolve(fingerprint, alert.state.value, reason, at, now);
            }
            _ => {}
        }
        let entry = Entry::Alert {
            decision,
            value: alert.state.value,
            starts_at: starts_at(&alert.state, at),
        };
        self.records.push(Record {
            seq: 0,
            at,
            fingerprint: Some(fingerprint),
            rule: Some(alert.rule.clone()),
            severity: Some(alert.severity),
            labels: Some(alert.labels.clone()),
            channel: None,
            entry,
        });
        self.events.push(AlertEvent { at, decision, alert });
    }

    fn publish_known(&mut self, fingerprint: Fingerprint, decision: Decision, at: Timestamp) {
        if let Some(known) = self.pipeline.known(fingerprint) {
            let alert = view::shown(known);
            self.events.push(AlertEvent { at, decision, alert });
        }
    }

    fn configure(&mut self, setting: Setting, now: Timestamp) {
        let mut transitions = std::mem::take(&mut self.transitions);
        self.evaluator.replace_rules(setting.rules, now, &mut transitions);
        self.pipeline.configure(setting.setup, now);
        for transition in transitions.drain(..) {
            self.follow(transition, now);
        }
        self.transitions = transitions;
    }

    /// Everything that changed since the last call, to be written in one transaction.
    pub(crate) fn take_batch(&mut self) -> Batch {
        let mut batch = Batch::default();
        for fingerprint in std::mem::take(&mut self.instances) {
            let key: StateKey = (StateKind::Instance, fingerprint.to_string());
            match self.evaluator.stored(fingerprint) {
                Some(body) => batch.puts.push((key, body)),
                None => batch.deletes.push(key),
            }
        }
        for name in std::mem::take(&mut self.unkept) {
            let row = self.kept.get(&name).cloned();
            let key = (StateKind::Engine, crate::store::kept_key(&name));
            match row {
                Some(text) => batch.puts.push((key, text)),
                None => batch.deletes.push(key),
            }
        }
        self.answers.take_changes(self.now, &mut batch);
        self.pipeline.take_changes(&mut batch);
        if self
            .checkpoint_at
            .is_none_or(|at| self.now.since(at) >= CHECKPOINT)
        {
            self.checkpoint(&mut batch);
        }
        batch.history.append(&mut self.records);
        batch.history.extend(self.pipeline.take_log());
        for record in &mut batch.history {
            self.seq += 1;
            record.seq = self.seq;
        }
        if !batch.history.is_empty() {
            let key = (StateKind::Engine, "seq".to_owned());
            batch.puts.push((key, self.seq.to_string()));
        }
        batch
    }

    /// Writes down what rules have learned, whenever it was last done.
    pub(crate) fn checkpoint(&mut self, batch: &mut Batch) {
        self.checkpoint_at = Some(self.now);
        for (key, body) in self.evaluator.memory() {
            let key = (StateKind::Memory, key);
            if body == "null" {
                batch.deletes.push(key);
            } else {
                batch.puts.push((key, body));
            }
        }
    }

    pub(crate) fn take_events(&mut self) -> Vec<AlertEvent> {
        std::mem::take(&mut self.events)
    }

    /// What may be sent now. Only once everything that was taken as a batch is written.
    pub(crate) fn claim(&mut self) -> Vec<Sending> {
        self.pipeline.claim()
    }

    pub(crate) fn unclaim(&mut self, lane: &LaneKey, id: DeliveryId) {
        self.pipeline.unclaim(lane, id);
    }

    pub(crate) fn next_due(&self) -> Option<Timestamp> {
        self.pipeline.next_due()
    }

    pub(crate) const fn pipeline(&self) -> &Pipeline {
        &self.pipeline
    }
}

/// What became of a change of a silence.
fn done(changed: Result<(), SilenceRefusal>) -> Reply {
    match changed {
        Ok(()) => Reply::Done,
        Err(SilenceRefusal::Full) => Reply::Full,
        Err(SilenceRefusal::NotFound) => Reply::NotFound,
        Err(SilenceRefusal::Overtaken) => Reply::Overtaken,
    }
}
