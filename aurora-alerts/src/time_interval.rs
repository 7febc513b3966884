//! Recurring times: nights, weekends, holidays.

use aurora_core::time::Timestamp;
use serde::{Deserialize, Serialize};

/// A recurring time in the words of Alertmanager's `time_intervals`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct TimeInterval {}

impl TimeInterval {
    /// Whether `now` lies within.
    #[must_use]
    pub fn contains(&self, _now: Timestamp) -> bool {
        false
    }
}
