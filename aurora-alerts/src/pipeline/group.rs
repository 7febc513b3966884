//! Alerts that are told together, and what everybody was told of them.

use std::collections::{BTreeMap, BTreeSet};

use aurora_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::labels::{Fingerprint, Labels};
use crate::notification::Status;
use crate::pipeline::lane::LaneKey;

/// What one target was last told of one alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Told {
    /// Up to which change.
    pub(crate) seq: u64,
    /// What the alert was then.
    pub(crate) status: Status,
    pub(crate) at: Timestamp,
    /// False where the channel refused it for good: it is not tried again, and counts as told.
    pub(crate) delivered: bool,
}

/// Alerts of one route whose values of its labels are equal.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) route: usize,
    pub(crate) labels: Labels,
    pub(crate) members: BTreeSet<Fingerprint>,
    pub(crate) told: BTreeMap<LaneKey, BTreeMap<Fingerprint, Told>>,
    pub(crate) flushed_at: Option<Timestamp>,
    /// When changes are due to be told.
    pub(crate) flush_at: Option<Timestamp>,
    /// When something is to be looked at, as it stands in the index of timers.
    pub(crate) timer: Option<Timestamp>,
}

/// What is stored of a group; its members and its labels follow from the alerts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct GroupTimes {
    pub(crate) flushed_at: Option<Timestamp>,
    pub(crate) flush_at: Option<Timestamp>,
}

impl Group {
    pub(crate) const fn new(route: usize, labels: Labels) -> Self {
        Self {
            route,
            labels,
            members: BTreeSet::new(),
            told: BTreeMap::new(),
            flushed_at: None,
            flush_at: None,
            timer: None,
        }
    }

    pub(crate) fn told(&self, lane: &LaneKey, fingerprint: Fingerprint) -> Option<Told> {
        self.told.get(lane)?.get(&fingerprint).copied()
    }

    /// Lanes that were told of something that fires, and so have to hear of its end.
    pub(crate) fn listening(&self) -> impl Iterator<Item = &LaneKey> {
        self.told
            .iter()
            .filter(|(_, told)| told.values().any(|told| told.status == Status::Firing))
            .map(|(lane, _)| lane)
    }

    pub(crate) const fn times(&self) -> GroupTimes {
        GroupTimes {
            flushed_at: self.flushed_at,
            flush_at: self.flush_at,
        }
    }
}
