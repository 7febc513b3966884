//! Counting records, one after the other.

use std::collections::{BTreeMap, HashMap, VecDeque};

use aurora_core::time::Timestamp;

use super::spread::Counts;
use super::{ChannelReport, Firing, Report, RuleReport};
use crate::history::{Entry, Outcome, Record};
use crate::labels::Fingerprint;
use crate::notification::Reason;
use crate::rule::Severity;
use crate::state::Decision;

const MOST_RULES: usize = 1_000;
const MOST_CHANNELS: usize = 100;
/// Alerts of a rule that fire at once.
pub(super) const MOST_OPEN: usize = 1_000;
/// Firings of a rule that are listed.
pub(super) const MOST_LISTED: usize = 100;

#[derive(Debug, Clone, Copy)]
struct Period {
    from: Timestamp,
    to: Timestamp,
}

#[derive(Debug)]
pub(crate) struct Tally {
    period: Period,
    rules: BTreeMap<String, RuleTally>,
    channels: BTreeMap<String, ChannelTally>,
    left_out: u64,
}

/// The tally of a name, a new one where there is room; names come from outside, so that their number has a limit.
fn slot<'t, T: Default>(tallies: &'t mut BTreeMap<String, T>, name: &str, most: usize) -> Option<&'t mut T> {
    if !tallies.contains_key(name) {
        if tallies.len() >= most {
            return None;
        }
        tallies.insert(name.to_owned(), T::default());
    }
    tallies.get_mut(name)
}

impl Tally {
    pub(crate) const fn new(from: Timestamp, to: Timestamp) -> Self {
        Self {
            period: Period { from, to },
            rules: BTreeMap::new(),
            channels: BTreeMap::new(),
            left_out: 0,
        }
    }

    pub(crate) fn take(&mut self, record: Record) {
        let is_within = record.at >= self.period.from;
        if is_within && let (Some(channel), Entry::Delivery { .. }) = (&record.channel, &record.entry) {
            match slot(&mut self.channels, channel, MOST_CHANNELS) {
                Some(tally) => tally.take(&record.entry),
                None => self.left_out += 1,
            }
        }
        // What somebody said by hand is about no rule: its headline stands in the place of one.
        let by_hand = matches!(
            &record.entry,
            Entry::Delivery {
                reason: Reason::Message | Reason::Test,
                ..
            }
        );
        let Some(name) = record.rule.as_ref().filter(|_| !by_hand) else {
            return;
        };
        match slot(&mut self.rules, name, MOST_RULES) {
            Some(rule) => rule.take(record, self.period),
            None => self.left_out += u64::from(is_within),
        }
    }

    /// The report on a period whose end was not known when it began.
    pub(crate) fn finish_at(mut self, to: Timestamp) -> Report {
        self.period.to = to;
        self.finish()
    }

    pub(super) fn finish(self) -> Report {
        let mut report = Report {
            from: self.period.from,
            to: self.period.to,
            rules: Vec::new(),
            channels: self
                .channels
                .into_iter()
                .map(|(name, tally)| tally.report(name))
                .collect(),
            firings: Vec::new(),
            firings_left_out: 0,
            left_out: self.left_out,
        };
        for (name, tally) in self.rules {
            tally.report(name, self.period, &mut report);
        }
        report
            .rules
            .sort_by(|a, b| b.firings.cmp(&a.firings).then_with(|| a.rule.cmp(&b.rule)));
        report.firings.sort_by_key(|firing| {
            let end = firing.resolved_at.unwrap_or(self.period.to);
            (end, firing.fired_at, firing.fingerprint)
        });
        report
    }
}

#[derive(Debug, Default)]
struct RuleTally {
    is_of_period: bool,
    severity: Option<Severity>,
    firings: u64,
    resolved: u64,
    acknowledged: u64,
    firing_ms: u64,
    longest_ms: u64,
    to_acknowledge: Mean,
    to_resolve: Mean,
    flaps: u64,
    notifications: u64,
    open: HashMap<Fingerprint, Open>,
    /// Whether there was no room in `open` for one that fires.
    has_overflowed: bool,
    listed: VecDeque<Firing>,
    unlisted: u64,
    left_out: u64,
}

/// A firing that has not ended.
#[derive(Debug, Clone, Default)]
struct Open {
    fired_at: Option<Timestamp>,
    acknowledged: Option<(String, Timestamp)>,
}

impl RuleTally {
    fn take(&mut self, record: Record, period: Period) {
        let is_within = record.at >= period.from;
        self.is_of_period |= is_within;
        self.severity = record.severity.or(self.severity);
        let Some(fingerprint) = record.fingerprint else {
            return;
        };
        match record.entry {
            Entry::Alert { decision, .. } => self.change(fingerprint, decision, record.at, period),
            Entry::Acknowledged { by, .. } => self.acknowledge(fingerprint, by, record.at, period),
            Entry::Flapping { began: true } if is_within => self.flaps += 1,
            Entry::Delivery {
                outcome: Outcome::Delivered { .. },
                ..
            } if is_within => self.notifications += 1,
            _ => {}
        }
    }

    fn change(&mut self, fingerprint: Fingerprint, decision: Decision, at: Timestamp, period: Period) {
        match decision {
            Decision::Fired | Decision::FiredQuietly { .. } => {
                // Where the end of the one before was never recorded, it lasted until now at most.
                if let Some(open) = self.open.remove(&fingerprint) {
                    self.end(fingerprint, open, at, None, period);
                }
                self.firings += u64::from(at >= period.from);
                self.begin(fingerprint, Some(at));
            }
            Decision::CooldownOver if !self.open.contains_key(&fingerprint) && !self.has_overflowed => {
                self.begin(fingerprint, None);
            }
            Decision::Resolved | Decision::ResolvedQuietly => match self.open.remove(&fingerprint) {
                Some(open) => self.end(fingerprint, open, at, Some(at), period),
                None if self.has_overflowed => self.left_out += u64::from(at >= period.from),
                None => self.end(fingerprint, Open::default(), at, Some(at), period),
            },
            Decision::CooldownOver | Decision::Pending | Decision::Cleared => {}
        }
    }

    fn begin(&mut self, fingerprint: Fingerprint, fired_at: Option<Timestamp>) {
        if self.open.len() >= MOST_OPEN {
            self.has_overflowed = true;
            return;
        }
        let open = Open {
            fired_at,
            acknowledged: None,
        };
        self.open.insert(fingerprint, open);
    }

    /// The first acknowledgement of a firing counts.
    fn acknowledge(&mut self, fingerprint: Fingerprint, by: String, at: Timestamp, period: Period) {
        let Some(open) = self.open.get_mut(&fingerprint) else {
            return;
        };
        if open.acknowledged.is_some() {
            return;
        }
        open.acknowledged = Some((by, at));
        if at >= period.from {
            self.acknowledged += 1;
            if let Some(fired_at) = open.fired_at {
                self.to_acknowledge.add(millis(fired_at, at));
            }
        }
    }

    fn end(
        &mut self,
        fingerprint: Fingerprint,
        open: Open,
        at: Timestamp,
        resolved_at: Option<Timestamp>,
        period: Period,
    ) {
        if at < period.from {
            return;
        }
        let begin = open.fired_at.unwrap_or(period.from).max(period.from);
        let firing_ms = millis(begin, at);
        self.firing_ms = self.firing_ms.saturating_add(firing_ms);
        self.longest_ms = self.longest_ms.max(firing_ms);
        if resolved_at.is_some() {
            self.resolved += 1;
            if let Some(fired_at) = open.fired_at {
                self.to_resolve.add(millis(fired_at, at));
            }
        }
        if self.listed.len() >= MOST_LISTED {
            self.listed.pop_front();
            self.unlisted += 1;
        }
        let (acknowledged_by, acknowledged_at) = open.acknowledged.unzip();
        self.listed.push_back(Firing {
            rule: String::new(),
            fingerprint,
            severity: self.severity,
            fired_at: open.fired_at,
            resolved_at,
            firing_ms,
            acknowledged_by,
            acknowledged_at,
        });
    }

    fn report(mut self, name: String, period: Period, report: &mut Report) {
        let mut open: Vec<_> = self.open.drain().collect();
        open.sort_by_key(|(fingerprint, open)| (open.fired_at, *fingerprint));
        let still_firing = u64::try_from(open.len()).unwrap_or(u64::MAX);
        for (fingerprint, firing) in open {
            self.end(fingerprint, firing, period.to, None, period);
        }
        report.left_out += self.left_out;
        report.firings_left_out += self.unlisted;
        let listed = self.listed.into_iter().map(|firing| Firing {
            rule: name.clone(),
            ..firing
        });
        report.firings.extend(listed);
        if !self.is_of_period && still_firing == 0 {
            return;
        }
        report.rules.push(RuleReport {
            rule: name,
            severity: self.severity,
            firings: self.firings,
            resolved: self.resolved,
            still_firing,
            acknowledged: self.acknowledged,
            firing_ms: self.firing_ms,
            longest_ms: self.longest_ms,
            mean_to_acknowledge_ms: self.to_acknowledge.value(),
            mean_to_resolve_ms: self.to_resolve.value(),
            flaps: self.flaps,
            notifications: self.notifications,
        });
    }
}

#[derive(Debug, Default)]
struct ChannelTally {
    delivered: u64,
    failed: u64,
    retried: u64,
    superseded: u64,
    redirected: u64,
    waited: Counts,
    took: Counts,
}

impl ChannelTally {
    fn take(&mut self, entry: &Entry) {
        let Entry::Delivery {
            attempt,
            took_ms,
            waited_ms,
            outcome,
            ..
        } = entry
        else {
            return;
        };
        if *attempt > 0 {
            self.took.record(*took_ms);
        }
        match outcome {
            Outcome::Delivered { .. } => {
                self.delivered += 1;
                self.waited.record(*waited_ms);
            }
            Outcome::Failed { .. } => self.failed += 1,
            Outcome::Retrying { .. } => self.retried += 1,
            Outcome::Superseded => self.superseded += 1,
            Outcome::Redirected => self.redirected += 1,
        }
    }

    fn report(self, channel: String) -> ChannelReport {
        let ended = self.delivered + self.failed;
        ChannelReport {
            channel,
            delivered: self.delivered,
            failed: self.failed,
            retried: self.retried,
            superseded: self.superseded,
            redirected: self.redirected,
            success_rate: (ended > 0).then(|| self.delivered as f64 / ended as f64),
            waited_ms: self.waited.spread(),
            attempt_ms: self.took.spread(),
        }
    }
}

#[derive(Debug, Default)]
struct Mean {
    sum: u128,
    count: u64,
}

impl Mean {
    fn add(&mut self, millis: u64) {
        self.sum += u128::from(millis);
        self.count += 1;
    }

    /// Rounded to the nearest.
    fn value(&self) -> Option<u64> {
        let count = u128::from(self.count);
        u64::try_from((self.sum + count / 2).checked_div(count)?).ok()
    }
}

fn millis(from: Timestamp, to: Timestamp) -> u64 {
    u64::try_from(to.since(from).as_millis()).unwrap_or(u64::MAX)
}
