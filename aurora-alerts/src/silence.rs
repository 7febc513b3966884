//! Silences and maintenance windows: matching alerts are not told while one is active.

use aurora_core::id::{Id, IdKind};
use aurora_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::labels::Labels;
use crate::matcher::Matchers;
use crate::time_interval::TimeInterval;

/// Marks the ids of silences.
#[derive(Debug)]
#[non_exhaustive]
pub struct SilenceMark;

impl IdKind for SilenceMark {
    const PREFIX: &'static str = "sil";
}

/// Names one silence.
pub type SilenceId = Id<SilenceMark>;

/// Alerts that fulfil the matchers are not told while it is active.
///
/// With time intervals it is a recurring maintenance window: active only within them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Silence {
    /// Its id.
    pub id: SilenceId,
    /// Sets of matchers of which one must hold; in each set all must.
    pub matchers: Vec<Matchers>,
    /// From then on.
    pub starts_at: Timestamp,
    /// Until then, exclusive.
    pub ends_at: Timestamp,
    /// Active only within one of these; empty is always.
    #[serde(default)]
    pub during: Vec<TimeInterval>,
    /// Who made it.
    pub created_by: String,
    /// Why.
    pub comment: String,
    /// Grows with each change, from 1; the engine counts it, whatever a silence that is given to it says.
    #[serde(default = "first")]
    pub version: i64,
}

/// Of those that were stored before versions were counted.
const fn first() -> i64 {
    1
}

impl Silence {
    /// A silence from `starts_at` until `ends_at`.
    #[must_use]
    pub fn new(matchers: impl Into<Matchers>, starts_at: Timestamp, ends_at: Timestamp) -> Self {
        Self {
            id: SilenceId::new(starts_at),
            matchers: vec![matchers.into()],
            starts_at,
            ends_at,
            during: Vec::new(),
            created_by: String::new(),
            comment: String::new(),
            version: first(),
        }
    }

    /// Who makes it, and why.
    #[must_use]
    pub fn by(mut self, who: impl Into<String>, comment: impl Into<String>) -> Self {
        self.created_by = who.into();
        self.comment = comment.into();
        self
    }

    /// Only within this interval: a recurring maintenance window. Several count together.
    #[must_use]
    pub fn during(mut self, interval: TimeInterval) -> Self {
        self.during.push(interval);
        self
    }

    /// Whether it holds back anything at `now`.
    #[must_use]
    pub fn is_active(&self, now: Timestamp) -> bool {
        self.starts_at <= now
            && now < self.ends_at
            && (self.during.is_empty() || self.during.iter().any(|interval| interval.contains(now)))
    }

    /// Whether it is about an alert with these labels.
    #[must_use]
    pub fn matches(&self, labels: &Labels) -> bool {
        self.matchers.iter().any(|all| all.matches(labels))
    }
}
