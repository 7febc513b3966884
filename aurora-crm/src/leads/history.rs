use std::time::Duration;

use aurora_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::{LeadId, PipelineId, StageId};

/// A lead that came into a stage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct StageMove {
    /// The lead.
    pub lead_id: LeadId,
    /// Counts the changes of the lead from 1.
    pub seq: i64,
    /// The pipeline that it is in since then.
    pub pipeline_id: PipelineId,
    /// Where it came from; `None` when it was made.
    pub from: Option<StageId>,
    /// Where it went.
    pub to: StageId,
    /// When.
    pub at: Timestamp,
    /// The [`principal`](crate::Context::principal) who did it.
    pub principal: String,
    /// Since when it had been where it came from.
    pub from_since: Option<Timestamp>,
}

impl StageMove {
    /// How long it had been where it came from; `None` when it was made.
    #[must_use]
    pub fn spent(&self) -> Option<Duration> {
        self.from_since.map(|since| self.at.since(since))
    }
}
