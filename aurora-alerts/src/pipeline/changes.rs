//! What has to be written down: which rows changed since the last look.

use std::collections::{BTreeMap, BTreeSet};

use aurora_core::time::Timestamp;

use crate::history::{Entry, Record};
use crate::labels::{Fingerprint, Labels};
use crate::notification::DeliveryId;
use crate::pipeline::lane::LaneKey;
use crate::rule::Severity;
use crate::silence::SilenceId;

/// Keys of what changed. The rows are written out when they are asked for, each once however often it changed.
#[derive(Debug, Default)]
pub(crate) struct Dirty {
    pub(crate) alerts: BTreeSet<Fingerprint>,
    pub(crate) groups: BTreeSet<String>,
    pub(crate) told: BTreeSet<ToldKey>,
    pub(crate) silences: BTreeSet<SilenceId>,
    pub(crate) lanes: BTreeSet<LaneKey>,
    pub(crate) channels: BTreeSet<String>,
    /// Notifications that were written or changed, and where they wait.
    pub(crate) items: BTreeMap<DeliveryId, LaneKey>,
    /// Notifications that wait no more.
    pub(crate) gone: BTreeSet<DeliveryId>,
}

/// Group, lane, alert.
pub(crate) type ToldKey = (String, LaneKey, Fingerprint);

impl Dirty {
    pub(crate) fn item_put(&mut self, id: DeliveryId, lane: &LaneKey) {
        self.items.insert(id, lane.clone());
    }

    pub(crate) fn item_gone(&mut self, id: DeliveryId) {
        self.items.remove(&id);
        self.gone.insert(id);
    }
}

/// What happened, on its way into the history; the engine gives each its number.
#[derive(Debug, Default)]
pub(crate) struct Log(Vec<Record>);

/// The alert that a line of the history is about.
#[derive(Debug, Clone, Copy)]
pub(crate) struct About<'a> {
    pub(crate) fingerprint: Fingerprint,
    pub(crate) rule: &'a str,
    pub(crate) severity: Severity,
    pub(crate) labels: &'a Labels,
}

impl Log {
    pub(crate) fn note(
        &mut self,
        at: Timestamp,
        about: Option<About<'_>>,
        channel: Option<&str>,
        entry: Entry,
    ) {
        self.0.push(Record {
            seq: 0,
            at,
            fingerprint: about.map(|about| about.fingerprint),
            rule: about.map(|about| about.rule.to_owned()),
            severity: about.map(|about| about.severity),
            labels: about.map(|about| about.labels.clone()),
            channel: channel.map(str::to_owned),
            entry,
        });
    }

    pub(crate) fn take(&mut self) -> Vec<Record> {
        std::mem::take(&mut self.0)
    }
}
