use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use aurora_core::time::Timestamp;

use super::Transition;
use super::instance::{Identity, Instance};
use super::leaf::{Leaf, Room};
use super::plan::Planned;
use crate::condition::{Learned, Verdict};
use crate::labels::Fingerprint;
use crate::rule::NoData;
use crate::series::{Sample, Slot};
use crate::state::{Observation, Phase};

/// One series, and the rules that judge it on its own.
#[derive(Debug)]
pub(super) struct Watched {
    pub(super) slot: Arc<Slot>,
    /// The last sample; for a series that was taken up again and has none yet, the first tick.
    pub(super) heard_at: Option<Timestamp>,
    /// Whether it was taken up again, and waits for the first tick.
    pub(super) restored: bool,
    /// When it was taken up again: what was before it is not in its windows.
    pub(super) resumed_at: Option<Timestamp>,
    pub(super) judged: Vec<Judged>,
    /// The number of the last tick that looked at it.
    pub(super) visited: u64,
}

/// One rule on one series.
#[derive(Debug)]
pub(super) struct Judged {
    /// The place of the rule.
    pub(super) rule: usize,
    pub(super) fingerprint: Fingerprint,
    pub(super) instance: Instance,
    pub(super) learned: Option<Box<Learned>>,
    /// Whether it has learned something since that was last stored.
    pub(super) unsaved: AtomicBool,
}

/// What one visit knows.
struct Visit<'a> {
    identity: Identity<'a>,
    leaf: &'a Leaf,
    samples: &'a [Sample],
    /// How many of the samples were judged before.
    old: usize,
    heard_at: Option<Timestamp>,
    resumed_at: Option<Timestamp>,
    now: Timestamp,
}

impl Watched {
    pub(super) fn new(slot: Arc<Slot>, judged: Vec<Judged>) -> Self {
        Self {
            slot,
            heard_at: None,
            restored: false,
            resumed_at: None,
            judged,
            visited: 0,
        }
    }

    /// Judges what is new and lets time pass; whether time alone can change anything from here on.
    pub(super) fn visit(
        &mut self,
        rules: &[Planned],
        now: Timestamp,
        room: &mut Room,
        out: &mut Vec<Transition>,
    ) -> bool {
        let old = self.slot.take(now, &mut room.samples);
        let heard_at = self.heard_at.map(|heard| heard.min(now));
        if std::mem::take(&mut self.restored) {
            self.resumed_at = Some(now);
        }
        let last = room.samples.get(old..).and_then(<[_]>::last).map(|(at, _)| *at);
        self.heard_at = Some(last.or(heard_at).unwrap_or(now));
        let mut restless = false;
        for judged in &mut self.judged {
            let Some(planned) = rules.get(judged.rule) else {
                continue;
            };
            if judged.is_quick(planned, room.samples.get(old..).unwrap_or_default()) {
                continue;
            }
            let Some((_, leaf)) = &planned.each else {
                continue;
            };
            let visit = Visit {
                identity: Identity {
                    rule: &planned.rule,
                    series: &self.slot.labels,
                    fingerprint: judged.fingerprint,
                },
                leaf,
                samples: &room.samples,
                old,
                heard_at,
                resumed_at: self.resumed_at,
                now,
            };
            restless |= judged.visit(&visit, self.heard_at.unwrap_or(now), &mut room.sorting, out);
        }
        restless
    }
}

impl Judged {
    pub(super) fn new(rule: usize, fingerprint: Fingerprint) -> Self {
        Self {
            rule,
            fingerprint,
            instance: Instance::default(),
            learned: None,
            unsaved: AtomicBool::new(false),
        }
    }

    /// Takes values that change nothing, which most do: of a limit that is not passed, without an alert.
    fn is_quick(&mut self, planned: &Planned, fresh: &[Sample]) -> bool {
        let (Some(threshold), Phase::Inactive, false) =
            (&planned.quick, self.instance.state.phase, self.instance.stored)
        else {
            return false;
        };
        if fresh.iter().any(|(_, value)| threshold.is_breached(*value)) {
            return false;
        }
        if let Some((_, value)) = fresh.last() {
            self.instance.state.value = Some(*value);
        }
        true
    }

    /// Judges what is new and lets time pass; whether time alone can change it from here on.
    fn visit(
        &mut self,
        visit: &Visit<'_>,
        last_heard: Timestamp,
        sorting: &mut Vec<f64>,
        out: &mut Vec<Transition>,
    ) -> bool {
        let rule = visit.identity.rule;
        let mut heard_at = visit.heard_at;
        for (number, sample) in visit.samples.iter().enumerate().skip(visit.old) {
            let (at, _) = *sample;
            // Before the first sample there was no silence, but an alert that was taken up again has waited.
            let heard = heard_at.replace(at).unwrap_or(at);
            self.pass(visit, heard, at, out);
            let before = visit.samples.get(..number).unwrap_or_default();
            let known = self.learned.is_some();
            let verdict = visit.leaf.sample(&mut self.learned, before, *sample, sorting);
            if visit.leaf.learns() || self.learned.is_some() != known {
                self.unsaved.store(true, Ordering::Relaxed);
            }
            if let Some((verdict, value)) = verdict {
                let observation = Observation::Judged(verdict, value);
                self.instance.step(visit.identity, observation, at, out);
            }
        }
        if visit.leaf.judged_window().is_some() {
            self.judge_window(visit, last_heard, sorting, out);
        } else {
            self.pass(visit, last_heard, visit.now, out);
        }
        self.instance.let_go(visit.identity, visit.now, out);
        let window = visit.leaf.judged_window();
        self.instance.is_restless(rule)
            || matches!(visit.leaf, Leaf::Heartbeat(_))
            || window.is_some_and(|window| visit.now.since(last_heard) < window)
    }

    /// Lets time pass until `to` for a series that was last heard at `heard`.
    fn pass(&mut self, visit: &Visit<'_>, heard: Timestamp, to: Timestamp, out: &mut Vec<Transition>) {
        let silent = to.since(heard);
        let rule = visit.identity.rule;
        let observation = match visit.leaf {
            Leaf::Heartbeat(limit) if silent >= *limit => Observation::Judged(Verdict::Breached, None),
            Leaf::Window { .. } | Leaf::Change { .. } => return,
            _ if rule.stale_after().is_some_and(|limit| silent >= limit) => Observation::Missing,
            _ => Observation::Unchanged,
        };
        let idle = self.instance.state.phase == Phase::Inactive;
        if idle && (observation == Observation::Unchanged || is_vain(rule.no_data(), observation)) {
            return;
        }
        self.instance.step(visit.identity, observation, to, out);
    }

    fn judge_window(
        &mut self,
        visit: &Visit<'_>,
        heard: Timestamp,
        sorting: &mut Vec<f64>,
        out: &mut Vec<Transition>,
    ) {
        let Some(window) = visit.leaf.judged_window() else {
            return;
        };
        // What was measured before a restart is no longer in the window; until it is full again it ends nothing.
        let settling = visit
            .resumed_at
            .is_some_and(|resumed| visit.now.since(resumed) < window);
        let firing = matches!(self.instance.state.phase, Phase::Firing { .. });
        let silent = visit.now.since(heard);
        let rule = visit.identity.rule;
        let observation = match visit.leaf.judge_window(visit.samples, visit.now, sorting) {
            Some((Verdict::Between | Verdict::Clear, _)) if settling && firing => Observation::Unchanged,
            Some((verdict, value)) => Observation::Judged(verdict, value),
            None if settling => Observation::Unchanged,
            None if rule.stale_after().is_none_or(|limit| silent >= limit) => Observation::Missing,
            None => Observation::Unchanged,
        };
        self.instance.step(visit.identity, observation, visit.now, out);
    }
}

/// Whether missing data means nothing to an inactive alert.
fn is_vain(policy: NoData, observation: Observation) -> bool {
    observation == Observation::Missing && policy != NoData::Fire
}
