//! From alerts to deliveries: what is told to whom, when, and what was told. No clock, no I/O.
//!
//! Every alert counts its changes, and every target of every channel remembers for each alert of each group up to which
//! change it was told. All that is sent follows from the difference: nothing is told twice, nothing is forgotten, and
//! what is superseded while a target cannot be reached is summed up. The stages are those of [`STAGES`], one file each.

mod broken;
mod changes;
mod deliver;
mod escalate;
mod explain;
mod finish;
mod flush;
mod group;
mod inhibit;
mod intake;
mod known;
mod lane;
mod people;
mod preview;
mod retry;
mod rows;
mod settle;
mod tree;
mod write;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use aurora_core::resilience::RetryPolicy;
use aurora_core::rng::Random;
use aurora_core::time::Timestamp;

pub(crate) use changes::{About, Dirty, Log};
pub(crate) use deliver::Sending;
pub use explain::{EscalationExplanation, Explanation, GroupExplanation, Stage, TargetExplanation};
pub use known::Acknowledgement;
pub(crate) use known::{Facts, Known, Origin};
pub(crate) use lane::LaneKey;
pub(crate) use people::SilenceRefusal;
pub(crate) use retry::patient;
pub(crate) use tree::Tree;

use group::Group;
use inhibit::Inhibition;
use lane::{Lane, Standing};

use crate::labels::Fingerprint;
use crate::link::AckLinks;
use crate::notifier::Limits;
use crate::route::InhibitRule;
use crate::rule::{Escalation, Flapping};
use crate::silence::{Silence, SilenceId};

/// The way of an alert, in its order; [`Stage`] says at which of them one stands.
pub const STAGES: [&str; 9] = [
    "route", "silence", "inhibit", "mute", "flap", "group", "dedup", "escalate", "deliver",
];

/// What the pipeline needs to know of one channel.
#[derive(Debug, Clone)]
pub(crate) struct ChannelSetup {
    pub(crate) name: String,
    pub(crate) targets: Vec<String>,
    pub(crate) limits: Limits,
}

/// How many alerts and silences there may be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    pub(crate) alerts: usize,
    pub(crate) silences: usize,
}

/// What does not change by itself.
#[derive(Debug)]
pub(crate) struct Setup {
    pub(crate) tree: Tree,
    pub(crate) inhibit: Vec<InhibitRule>,
    pub(crate) channels: Vec<ChannelSetup>,
    /// Who is told of what a broken channel cannot tell.
    pub(crate) fallback: Option<String>,
    /// Chains and flapping of the rules, by name.
    pub(crate) rules: BTreeMap<String, RuleSetup>,
    pub(crate) retry: RetryPolicy,
    pub(crate) random: Random,
    pub(crate) links: Option<AckLinks>,
    /// How long a posted alert lives whose end nobody named.
    pub(crate) resolve_timeout: Duration,
    pub(crate) bounds: Bounds,
}

/// What the pipeline needs to know of a rule.
#[derive(Debug, Clone, Default)]
pub(crate) struct RuleSetup {
    pub(crate) escalation: Option<Escalation>,
    pub(crate) flapping: Option<Flapping>,
}

/// Alerts, groups, silences and what waits, as plain data.
#[derive(Debug)]
pub(crate) struct Pipeline {
    setup: Setup,
    alerts: BTreeMap<Fingerprint, Known>,
    memberships: BTreeMap<Fingerprint, Vec<String>>,
    groups: BTreeMap<String, Group>,
    silences: BTreeMap<SilenceId, Silence>,
    lanes: BTreeMap<LaneKey, Lane>,
    channels: BTreeMap<String, Standing>,
    inhibition: Option<Inhibition>,
    timers: Timers,
    /// Groups of which something is kept back that time alone may release.
    watched: BTreeSet<String>,
    /// Alerts that changed and of which nobody has looked yet whether they are kept back.
    unweighed: BTreeSet<Fingerprint>,
    /// Alerts whose next step of escalation is due.
    due_climbs: BTreeSet<Fingerprint>,
    /// What was told in groups that are no longer there, while a pipeline is taken up.
    strays: Vec<(changes::ToldKey, group::Told)>,
    /// Whether what waits may be about groups that are no longer there.
    has_strangers: bool,
    /// Lanes on which something was launched and not yet handed out.
    launched: BTreeSet<LaneKey>,
    order: u64,
    /// The time of the last tick.
    now: Timestamp,
    dirty: Dirty,
    log: Log,
}

/// When something is to be looked at.
#[derive(Debug, Default)]
struct Timers {
    groups: BTreeSet<(Timestamp, String)>,
    alerts: BTreeSet<(Timestamp, Fingerprint)>,
    of_alert: BTreeMap<Fingerprint, Timestamp>,
}

impl Timers {
    fn groups_due(&self, now: Timestamp) -> Vec<(Timestamp, String)> {
        let due = self.groups.iter().take_while(|(at, _)| *at <= now);
        due.cloned().collect()
    }

    fn alerts_due(&self, now: Timestamp) -> Vec<(Timestamp, Fingerprint)> {
        let due = self.alerts.iter().take_while(|(at, _)| *at <= now);
        due.copied().collect()
    }
}

impl Pipeline {
    pub(crate) fn new(setup: Setup) -> Self {
        let mut pipeline = Self {
            setup,
            alerts: BTreeMap::new(),
            memberships: BTreeMap::new(),
            groups: BTreeMap::new(),
            silences: BTreeMap::new(),
            lanes: BTreeMap::new(),
            channels: BTreeMap::new(),
            inhibition: None,
            timers: Timers::default(),
            watched: BTreeSet::new(),
            unweighed: BTreeSet::new(),
            due_climbs: BTreeSet::new(),
            strays: Vec::new(),
            has_strangers: false,
            launched: BTreeSet::new(),
            order: 0,
            now: Timestamp::UNIX_EPOCH,
            dirty: Dirty::default(),
            log: Log::default(),
        };
        pipeline.open_lanes();
        pipeline
    }

    /// Lanes for every target of every channel.
    fn open_lanes(&mut self) {
        for channel in &self.setup.channels {
            self.channels.entry(channel.name.clone()).or_default();
            for target in &channel.targets {
                self.lanes
                    .entry(LaneKey::new(&channel.name, target))
                    .or_insert_with(|| Lane::new(channel.limits))
                    .limits = channel.limits;
            }
        }
    }

    /// Lets time pass: what expires, ends, or is due to be told.
    pub(crate) fn tick(&mut self, now: Timestamp) {
        self.now = now;
        if std::mem::take(&mut self.has_strangers) {
            self.drop_strangers(now);
        }
        self.expire_silences(now);
        // Each once: what is due again at once waits for the next tick.
        for (due, fingerprint) in self.timers.alerts_due(now) {
            self.timers.alerts.remove(&(due, fingerprint));
            self.timers.of_alert.remove(&fingerprint);
            self.wake_alert(fingerprint, now);
        }
        self.weigh(now);
        self.escalate(now);
        for (due, key) in self.timers.groups_due(now) {
            self.timers.groups.remove(&(due, key.clone()));
            if let Some(group) = self.groups.get_mut(&key)
                && group.timer == Some(due)
            {
                group.timer = None;
                self.flush(&key, now);
            }
        }
        let watched = std::mem::take(&mut self.watched);
        for key in watched {
            self.flush(&key, now);
        }
        self.merge(now);
    }

    /// When something will be due, if nothing else happens.
    pub(crate) fn next_due(&self) -> Option<Timestamp> {
        let group = self.timers.groups.first().map(|(at, _)| *at);
        let alert = self.timers.alerts.first().map(|(at, _)| *at);
        let lanes = self.lanes.iter().filter_map(|(key, lane)| {
            let channel = self.channels.get(&*key.channel)?;
            if channel.disabled.is_some() {
                return None;
            }
            let due = lane.due()?;
            Some(channel.rest_until.map_or(due, |rest| due.max(rest)))
        });
        group.into_iter().chain(alert).chain(lanes).min()
    }

    /// Every wait ends earlier by `by`: the machine's clock was set back, and no wait may become longer by it.
    pub(crate) fn shift(&mut self, by: Duration) {
        for lane in self.lanes.values_mut() {
            lane.shift(by);
        }
        for standing in self.channels.values_mut() {
            standing.rest_until = standing.rest_until.map(|until| until - by);
        }
        self.timers.groups = std::mem::take(&mut self.timers.groups)
            .into_iter()
            .map(|(at, key)| (at - by, key))
            .collect();
        for group in self.groups.values_mut() {
            for time in [&mut group.timer, &mut group.flush_at, &mut group.flushed_at] {
                *time = time.map(|at| at - by);
            }
            for told in group.told.values_mut().flat_map(BTreeMap::values_mut) {
                told.at = told.at - by;
            }
        }
        for known in self.alerts.values_mut() {
            if let Some(climb) = &mut known.climb {
                climb.due = climb.due.map(|due| due - by);
            }
        }
        let fingerprints: Vec<_> = self.alerts.keys().copied().collect();
        for fingerprint in fingerprints {
            self.set_alert_timer(fingerprint);
        }
    }

    pub(crate) fn known(&self, fingerprint: Fingerprint) -> Option<&Known> {
        self.alerts.get(&fingerprint)
    }

    pub(crate) fn all_known(&self) -> impl Iterator<Item = &Known> {
        self.alerts.values()
    }

    /// The alerts of a group.
    pub(crate) fn members(&self, group: &str) -> impl Iterator<Item = Fingerprint> {
        let members = self.groups.get(group).map(|group| &group.members);
        members.into_iter().flatten().copied()
    }

    pub(crate) fn silences(&self) -> impl Iterator<Item = &Silence> {
        self.silences.values()
    }

    pub(crate) fn take_log(&mut self) -> Vec<crate::history::Record> {
        self.log.take()
    }

    fn flapping_of(&self, known: &Known) -> Option<Flapping> {
        match known.origin {
            Origin::Rule => self.setup.rules.get(&known.facts.rule)?.flapping,
            Origin::Posted { .. } => Some(Flapping::default()),
            Origin::Channel => None,
        }
    }

    /// The lanes of a receiver; those that are broken give way to those of the fallback channel.
    fn lanes_of(&self, receiver: &str) -> BTreeSet<LaneKey> {
        let mut found = BTreeSet::new();
        for channel in self.setup.tree.channels(receiver) {
            let lanes = self.lanes_of_channel(channel);
            if lanes.clone().any(|(key, lane)| self.is_broken(key, lane)) {
                found.extend(self.fallback_lanes(channel));
            }
            found.extend(
                lanes
                    .filter(|(key, lane)| {
                        !self.is_broken(key, lane) || self.fallback_lanes(channel).is_empty()
                    })
                    .map(|(key, _)| key.clone()),
            );
        }
        found
    }

    fn lanes_of_channel<'a>(
        &'a self,
        channel: &'a str,
    ) -> impl Iterator<Item = (&'a LaneKey, &'a Lane)> + Clone {
        self.lanes.iter().filter(move |(key, _)| &*key.channel == channel)
    }

    fn is_broken(&self, key: &LaneKey, lane: &Lane) -> bool {
        lane.standing.disabled.is_some()
            || self
                .channels
                .get(&*key.channel)
                .is_some_and(|standing| standing.disabled.is_some())
    }

    /// Who takes over from a broken channel; nobody from the fallback channel itself.
    fn fallback_lanes(&self, broken: &str) -> BTreeSet<LaneKey> {
        let Some(fallback) = self.setup.fallback.as_deref().filter(|name| *name != broken) else {
            return BTreeSet::new();
        };
        self.lanes_of_channel(fallback)
            .filter(|(key, lane)| !self.is_broken(key, lane))
            .map(|(key, _)| key.clone())
            .collect()
    }

    fn silenced_by<'a>(&'a self, known: &'a Known, now: Timestamp) -> impl Iterator<Item = &'a Silence> {
        let active = self
            .silences
            .values()
            .filter(move |silence| silence.is_active(now));
        active.filter(|silence| silence.matches(&known.matched()))
    }

    /// Makes ready which alerts keep others back, where alerts changed since.
    fn prepare_inhibition(&mut self) {
        if self.inhibition.is_none() {
            self.inhibition = Some(Inhibition::new(&self.setup.inhibit, self.alerts.values()));
        }
    }

    fn inhibited_by(&self, known: &Known) -> Option<Fingerprint> {
        self.inhibition.as_ref()?.by(&self.setup.inhibit, known)
    }

    fn is_suppressed(&self, known: &Known, now: Timestamp) -> bool {
        self.silenced_by(known, now).next().is_some() || self.inhibited_by(known).is_some()
    }

    fn set_group_timer(&mut self, key: &str, at: Option<Timestamp>) {
        let Some(group) = self.groups.get_mut(key) else {
            return;
        };
        if group.timer == at {
            return;
        }
        if let Some(before) = group.timer.take() {
            self.timers.groups.remove(&(before, key.to_owned()));
        }
        if let Some(at) = at {
            self.timers.groups.insert((at, key.to_owned()));
        }
        group.timer = at;
    }

    /// The next instant at which time alone changes something about an alert.
    fn set_alert_timer(&mut self, fingerprint: Fingerprint) {
        let due = self.alerts.get(&fingerprint).and_then(|known| {
            let flapping = self.flapping_of(known);
            let ack = known.acknowledgement.as_ref().and_then(|ack| ack.until);
            let climb = known.climb.and_then(|climb| climb.due);
            let times = [
                known.expires_at(),
                known.flap_due(flapping.as_ref(), self.now),
                ack,
                climb,
            ];
            times.into_iter().flatten().min()
        });
        if let Some(before) = self.timers.of_alert.remove(&fingerprint) {
            self.timers.alerts.remove(&(before, fingerprint));
        }
        if let Some(due) = due {
            self.timers.alerts.insert((due, fingerprint));
            self.timers.of_alert.insert(fingerprint, due);
        }
    }
}
