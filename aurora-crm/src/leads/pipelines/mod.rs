//! Pipelines (`funis de vendas`) and their stages (`etapas`).

mod handle;
mod input;
pub(in crate::leads) mod sql;
mod template;
#[cfg(test)]
pub(in crate::leads) mod tests;

use std::str::FromStr;

use aurora_core::id::{Id, IdKind};
use aurora_core::time::Timestamp;
use serde::{Deserialize, Serialize};

pub use self::handle::Pipelines;
pub use self::input::{NewPipeline, NewStage, PipelineChange, StageChange};
pub use self::template::Locale;

/// Names a pipeline: `pip_` and 32 hexadecimal digits.
pub type PipelineId = Id<Pipeline>;

/// Names a stage: `stg_` and 32 hexadecimal digits.
pub type StageId = Id<Stage>;

/// A way that leads go, from one stage to the next.
///
/// It always has at least one stage of each kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Pipeline {
    /// Its name for programs.
    pub id: PipelineId,
    /// Its name for people.
    pub name: String,
    /// Whether leads that name no pipeline go into it; one of a workspace is.
    pub is_default: bool,
    /// Since when it takes no new leads.
    pub archived_at: Option<Timestamp>,
    /// Its stages in order, without those that were removed.
    pub stages: Vec<Stage>,
    /// Grows by one with each change, also of a stage; 1 when new.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

impl IdKind for Pipeline {
    const PREFIX: &'static str = "pip";
}

impl Pipeline {
    /// One of its stages.
    #[must_use]
    pub fn stage(&self, id: StageId) -> Option<&Stage> {
        self.stages.iter().find(|stage| stage.id == id)
    }

    /// Its first stage of a kind: where a new lead goes, and one that is won or lost.
    #[must_use]
    pub fn first(&self, kind: StageKind) -> Option<&Stage> {
        self.stages.iter().find(|stage| stage.kind == kind)
    }
}

/// One step of a pipeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Stage {
    /// Its name for programs.
    pub id: StageId,
    /// Its name for people.
    pub name: String,
    /// What a lead in it is; cannot be changed.
    pub kind: StageKind,
    /// How likely a lead in it will be won, 0 to 100 percent.
    pub probability: u8,
    /// How many days a lead should stay in it, for people and for analytics; nothing happens by itself.
    pub expected_days: Option<u16>,
    /// Its colour, as `#rrggbb`.
    pub colour: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

impl IdKind for Stage {
    const PREFIX: &'static str = "stg";
}

/// What a lead in a stage is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StageKind {
    /// Being worked on.
    Open,
    /// Bought (`ganho`).
    Won,
    /// Did not buy (`perdido`).
    Lost,
}

impl StageKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Open, Self::Won, Self::Lost];

    /// The name used in JSON and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Won => "won",
            Self::Lost => "lost",
        }
    }
}

impl FromStr for StageKind {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or("a stage is open, won or lost")
    }
}
