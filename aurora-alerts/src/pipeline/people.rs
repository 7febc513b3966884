//! What people say: silences, and that somebody takes care.

use std::collections::BTreeMap;

use aurora_core::time::Timestamp;

use super::known::Acknowledgement;
use super::lane::Item;
use super::{About, Pipeline};
use crate::history::Entry;
use crate::labels::Fingerprint;
use crate::notification::Reason;
use crate::silence::{Silence, SilenceId};

/// How long an ended silence is still shown, as in Alertmanager.
const SILENCE_KEPT: std::time::Duration = std::time::Duration::from_secs(120 * 60 * 60);

/// Why a silence was not made, changed or ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SilenceRefusal {
    /// There are as many as there may be.
    Full,
    /// There is none that it could be done to.
    NotFound,
    /// It has another version than it was to have.
    Overtaken,
}

impl Pipeline {
    /// Makes a silence or changes it; with `after` only the one that has this version.
    pub(crate) fn silence(
        &mut self,
        mut silence: Silence,
        after: Option<i64>,
        now: Timestamp,
    ) -> Result<(), SilenceRefusal> {
        let before = self.silences.get(&silence.id).map(|before| before.version);
        match (before, after) {
            (None, Some(_)) => return Err(SilenceRefusal::NotFound),
            (Some(before), Some(after)) if before != after => return Err(SilenceRefusal::Overtaken),
            (None, None) if self.silences.len() >= self.setup.bounds.silences => {
                return Err(SilenceRefusal::Full);
            }
            _ => {}
        }
        let known = before.is_some();
        silence.version = before.unwrap_or(0).saturating_add(1);
        let entry = Entry::Silence {
            id: silence.id.to_string(),
            change: if known { "changed" } else { "created" }.to_owned(),
            by: silence.created_by.clone(),
            matchers: silence.matchers.clone(),
        };
        self.log.note(now, None, None, entry);
        self.dirty.silences.insert(silence.id);
        let matching: Vec<Fingerprint> = self.matching(&silence);
        self.silences.insert(silence.id, silence);
        for fingerprint in matching {
            self.watch_groups_of(fingerprint);
        }
        Ok(())
    }

    /// Ends a silence now; with `after` only the one that has this version.
    pub(crate) fn expire_silence(
        &mut self,
        id: SilenceId,
        after: Option<i64>,
        by: &str,
        now: Timestamp,
    ) -> Result<(), SilenceRefusal> {
        let Some(silence) = self.silences.get_mut(&id).filter(|silence| now < silence.ends_at) else {
            return Err(SilenceRefusal::NotFound);
        };
        if after.is_some_and(|after| after != silence.version) {
            return Err(SilenceRefusal::Overtaken);
        }
        silence.version = silence.version.saturating_add(1);
        silence.ends_at = now.max(silence.starts_at.min(now));
        let silence = silence.clone();
        self.dirty.silences.insert(id);
        let entry = Entry::Silence {
            id: id.to_string(),
            change: "expired".to_owned(),
            by: by.to_owned(),
            matchers: silence.matchers.clone(),
        };
        self.log.note(now, None, None, entry);
        for fingerprint in self.matching(&silence) {
            self.watch_groups_of(fingerprint);
        }
        Ok(())
    }

    pub(super) fn expire_silences(&mut self, now: Timestamp) {
        let old: Vec<SilenceId> = self
            .silences
            .values()
            .filter(|silence| now.since(silence.ends_at) >= SILENCE_KEPT)
            .map(|silence| silence.id)
            .collect();
        for id in old {
            self.silences.remove(&id);
            self.dirty.silences.insert(id);
        }
    }

    fn matching(&self, silence: &Silence) -> Vec<Fingerprint> {
        let alerts = self.alerts.values();
        alerts
            .filter(|known| silence.matches(&known.matched()))
            .map(|known| known.facts.fingerprint)
            .collect()
    }

    fn watch_groups_of(&mut self, fingerprint: Fingerprint) {
        self.watched
            .extend(self.memberships.get(&fingerprint).into_iter().flatten().cloned());
    }

    /// Somebody takes care of an alert; says whether it fires.
    pub(crate) fn acknowledge(
        &mut self,
        fingerprint: Fingerprint,
        ack: Acknowledgement,
        now: Timestamp,
    ) -> bool {
        let Some(known) = self
            .alerts
            .get_mut(&fingerprint)
            .filter(|known| known.is_firing())
        else {
            return false;
        };
        let entry = Entry::Acknowledged {
            by: ack.by.clone(),
            comment: ack.comment.clone(),
            until: ack.until,
        };
        known.acknowledgement = Some(ack);
        known.climb = None;
        let about = About {
            fingerprint,
            rule: &known.facts.rule,
            severity: known.facts.severity,
            labels: &known.facts.labels,
        };
        self.log.note(now, Some(about), None, entry);
        self.dirty.alerts.insert(fingerprint);
        self.set_alert_timer(fingerprint);
        self.tell_acknowledged(fingerprint, now);
        // What waits to call somebody else is taken back.
        self.watch_groups_of(fingerprint);
        true
    }

    /// Nobody takes care any more; escalation begins anew. Says whether somebody did.
    pub(crate) fn unacknowledge(&mut self, fingerprint: Fingerprint, by: &str, now: Timestamp) -> bool {
        let Some(known) = self.alerts.get_mut(&fingerprint) else {
            return false;
        };
        if known.acknowledgement.take().is_none() {
            return false;
        }
        let about = About {
            fingerprint,
            rule: &known.facts.rule,
            severity: known.facts.severity,
            labels: &known.facts.labels,
        };
        self.log.note(
            now,
            Some(about),
            None,
            Entry::Unacknowledged { by: by.to_owned() },
        );
        self.dirty.alerts.insert(fingerprint);
        self.begin_climb(fingerprint, now);
        self.set_alert_timer(fingerprint);
        self.schedule_groups_of(fingerprint, now);
        // It is repeated again, perhaps before its group is looked at for its changes.
        for key in self.memberships.get(&fingerprint).cloned().unwrap_or_default() {
            self.set_repeat_timer(&key);
        }
        true
    }

    /// Tells channels that have a place for it that somebody takes care.
    fn tell_acknowledged(&mut self, fingerprint: Fingerprint, now: Timestamp) {
        let mut told = BTreeMap::new();
        for key in self.memberships.get(&fingerprint).into_iter().flatten() {
            let Some(group) = self.groups.get(key) else {
                continue;
            };
            for lane in group.listening() {
                let acknowledges = self.lanes.get(lane).is_some_and(|lane| {
                    let says_so = |item: &Item| item.notification.reason == Reason::Acknowledged;
                    lane.limits.acknowledges && !lane.about(key).any(says_so)
                });
                if acknowledges && group.told(lane, fingerprint).is_some() {
                    told.entry(lane.clone()).or_insert_with(|| key.clone());
                }
            }
        }
        for (lane, key) in told {
            self.enqueue(&lane, &key, Reason::Acknowledged, &[fingerprint], None, now);
        }
    }
}
