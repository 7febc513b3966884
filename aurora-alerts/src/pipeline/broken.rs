//! Channels and targets that take nothing any more, until somebody has mended them.

use std::collections::{BTreeMap, BTreeSet};

use aurora_core::time::Timestamp;

use super::Pipeline;
use super::known::{Facts, Origin};
use super::lane::{Disabled, Lane, LaneKey};
use crate::history::{Entry, Outcome};
use crate::labels::{Fingerprint, Labels};
use crate::notifier::{NotifyError, Scope};
use crate::rule::Severity;
use crate::state::{Decision, ResolveReason};

/// The name of the alert about a channel that was switched off.
pub(crate) const CHANNEL_BROKEN: &str = "Notification channel broken";

impl Pipeline {
    /// Switches a channel or one of its targets off, hands on what waits, and says so on the fallback channel.
    pub(super) fn disable(&mut self, key: &LaneKey, error: &NotifyError, now: Timestamp) {
        let disabled = Some(Disabled {
            at: now,
            error: error.kind(),
            detail: error.to_string(),
        });
        match error.scope() {
            Scope::Target => {
                if let Some(lane) = self.lanes.get_mut(key) {
                    lane.standing.disabled = disabled;
                }
                self.dirty.lanes.insert(key.clone());
            }
            Scope::Channel => {
                if let Some(standing) = self.channels.get_mut(&*key.channel) {
                    standing.disabled = disabled;
                }
                self.dirty.channels.insert(key.channel.to_string());
            }
        }
        let entry = Entry::Channel {
            enabled: false,
            reason: Some(error.kind()),
        };
        self.log.note(now, None, Some(&key.channel), entry);
        if !self.fallback_lanes(&key.channel).is_empty() {
            self.redirect(key, error.scope(), now);
        }
        let target = (error.scope() == Scope::Target).then_some(&*key.target);
        self.tell_broken(&key.channel, target, error, now);
    }

    /// What waits on broken lanes is taken out; their groups are planned anew, for whoever takes over.
    pub(super) fn redirect(&mut self, key: &LaneKey, scope: Scope, now: Timestamp) {
        let lanes: Vec<LaneKey> = self
            .lanes
            .keys()
            .filter(|other| match scope {
                Scope::Target => *other == key,
                Scope::Channel => other.channel == key.channel,
            })
            .cloned()
            .collect();
        let mut groups = BTreeSet::new();
        for lane in lanes {
            let items = self.lanes.get_mut(&lane).map(Lane::drain).unwrap_or_default();
            for item in items {
                self.dirty.item_gone(item.notification.id);
                self.note_delivery(&lane, &item.notification, Outcome::Redirected, None, now);
                groups.extend(item.groups().into_iter().map(str::to_owned));
            }
        }
        for group in groups {
            self.schedule_group(&group, now);
        }
    }

    fn tell_broken(&mut self, channel: &str, target: Option<&str>, error: &NotifyError, now: Timestamp) {
        let mut labels = Labels::from([("alertname", CHANNEL_BROKEN), ("channel", channel)]);
        if let Some(target) = target {
            labels.insert("target", target);
        }
        let facts = Facts {
            fingerprint: labels.fingerprint(),
            rule: CHANNEL_BROKEN.to_owned(),
            severity: Severity::Critical,
            metric: None,
            value: None,
            operator: None,
            threshold: None,
            description: format!(
                "channel {channel} takes nothing any more ({error}); it was switched off until it is switched on again"
            ),
            labels,
            annotations: BTreeMap::new(),
            generator_url: None,
            starts_at: now,
        };
        let fingerprint = facts.fingerprint;
        if self.take_firing(facts, Origin::Channel, now, now) {
            self.note_change(fingerprint, Decision::Fired, now);
        }
    }

    /// Uses a channel again that was switched off, with all its targets; says whether it was off.
    pub(crate) fn enable(&mut self, channel: &str, now: Timestamp) -> bool {
        let mut was_off = false;
        let Some(standing) = self.channels.get_mut(channel) else {
            return false;
        };
        was_off |= standing.disabled.take().is_some();
        standing.permanent = 0;
        standing.rest_until = None;
        self.dirty.channels.insert(channel.to_owned());
        for (key, lane) in &mut self.lanes {
            if &*key.channel == channel {
                was_off |= lane.standing.disabled.take().is_some();
                lane.standing.permanent = 0;
                lane.standing.rest_until = None;
                lane.failures = 0;
                self.dirty.lanes.insert(key.clone());
            }
        }
        if !was_off {
            return false;
        }
        let entry = Entry::Channel {
            enabled: true,
            reason: None,
        };
        self.log.note(now, None, Some(channel), entry);
        let own: Vec<Fingerprint> = self
            .alerts
            .values()
            .filter(|known| {
                known.origin == Origin::Channel && known.facts.labels.get("channel") == Some(channel)
            })
            .map(|known| known.facts.fingerprint)
            .collect();
        for fingerprint in own {
            self.resolve(fingerprint, None, ResolveReason::Recovered, now, now);
            self.note_change(fingerprint, Decision::Resolved, now);
        }
        // Whatever it was not told in the meantime.
        let groups: Vec<String> = self.groups.keys().cloned().collect();
        for group in groups {
            self.schedule_group(&group, now);
        }
        true
    }
}
