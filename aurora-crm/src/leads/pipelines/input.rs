use aurora_core::time::Timestamp;
use serde::Deserialize;

use super::{Pipeline, PipelineId, Stage, StageId, StageKind};
use crate::error::Error;
use crate::fields::{Change, Fields};

const MAX_NAME: usize = 100;
pub(super) const MAX_STAGES: usize = 50;

/// What is needed to make a pipeline: a name of up to 100 characters and up to 50 stages in order, at least one of each
/// kind.
///
/// # Examples
/// ```
/// use aurora_crm::leads::{NewPipeline, NewStage, StageKind};
///
/// let partners = NewPipeline::new("Partners")
///     .stage(NewStage::new(StageKind::Open, "Talking").probability(30).expected_days(14))
///     .stage(NewStage::new(StageKind::Won, "Signed"))
///     .stage(NewStage::new(StageKind::Lost, "Refused"));
/// # drop(partners);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewPipeline {
    name: String,
    stages: Vec<NewStage>,
}

impl NewPipeline {
    /// A pipeline without stages yet.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            stages: Vec::new(),
        }
    }

    /// One more stage, after the others.
    #[must_use]
    pub fn stage(mut self, stage: NewStage) -> Self {
        self.stages.push(stage);
        self
    }

    pub(super) fn check(self, is_default: bool, now: Timestamp) -> Result<Pipeline, Error> {
        let mut fields = Fields::default();
        let name = fields.line("name", &self.name, MAX_NAME);
        if self.stages.len() > MAX_STAGES {
            fields.refuse(
                "stages",
                "too_many",
                format_args!("must have at most {MAX_STAGES} stages"),
            );
            return fields.finish(()).and(Err(Error::invalid(Vec::new())));
        }
        let mut stages = Vec::with_capacity(self.stages.len());
        for (index, stage) in self.stages.into_iter().enumerate() {
            stages.push(stage.read(&format!("stages[{index}]."), now, &mut fields));
        }
        for kind in StageKind::ALL {
            if stages.iter().all(|stage| stage.kind != kind) {
                fields.refuse(
                    "stages",
                    "required",
                    format_args!("must have a stage of the kind {}", kind.as_str()),
                );
            }
        }
        fields.finish(Pipeline {
            id: PipelineId::new(now),
            name,
            is_default,
            archived_at: None,
            stages,
            version: 1,
            created_at: now,
            updated_at: now,
        })
    }
}

/// What is needed to make a stage.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewStage {
    kind: StageKind,
    name: String,
    #[serde(default)]
    probability: Option<u8>,
    #[serde(default)]
    expected_days: Option<u16>,
    #[serde(default)]
    colour: Option<String>,
}

impl NewStage {
    /// A stage with a name of up to 100 characters. Its probability is 50 percent when open, 100 when won, 0 when lost.
    #[must_use]
    pub fn new(kind: StageKind, name: impl Into<String>) -> Self {
        Self {
            kind,
            name: name.into(),
            probability: None,
            expected_days: None,
            colour: None,
        }
    }

    /// How likely a lead in it will be won, 0 to 100 percent.
    #[must_use]
    pub const fn probability(mut self, percent: u8) -> Self {
        self.probability = Some(percent);
        self
    }

    /// How many days a lead should stay in it.
    #[must_use]
    pub const fn expected_days(mut self, days: u16) -> Self {
        self.expected_days = Some(days);
        self
    }

    /// Its colour, as `#rrggbb`.
    #[must_use]
    pub fn colour(mut self, colour: impl Into<String>) -> Self {
        self.colour = Some(colour.into());
        self
    }

    pub(super) fn read(self, prefix: &str, now: Timestamp, fields: &mut Fields) -> Stage {
        let blank = Stage {
            id: StageId::new(now),
            name: String::new(),
            kind: self.kind,
            probability: match self.kind {
                StageKind::Open => 50,
                StageKind::Won => 100,
                StageKind::Lost => 0,
            },
            expected_days: self.expected_days,
            colour: None,
            created_at: now,
            updated_at: now,
        };
        let everything = StageChange {
            name: Change::Set(self.name),
            probability: self.probability.map_or(Change::Keep, Change::Set),
            expected_days: Change::Keep,
            colour: self.colour.map_or(Change::Keep, Change::Set),
        };
        everything.read(blank, prefix, fields)
    }
}

/// What to change in a pipeline; what is not named stays.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PipelineChange {
    name: Option<String>,
    archived: Option<bool>,
}

impl PipelineChange {
    /// Changes nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the name.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Whether it takes no new leads; the default pipeline always takes them.
    #[must_use]
    pub const fn archived(mut self, archived: bool) -> Self {
        self.archived = Some(archived);
        self
    }

    pub(super) fn apply(self, pipeline: &mut Pipeline, now: Timestamp) -> Result<(), Error> {
        let mut fields = Fields::default();
        if let Some(name) = self.name {
            pipeline.name = fields.line("name", &name, MAX_NAME);
        }
        match self.archived {
            Some(true) if pipeline.is_default => {
                fields.refuse(
                    "archived",
                    "not_allowed",
                    "the default pipeline cannot be archived",
                );
            }
            Some(true) => pipeline.archived_at = pipeline.archived_at.or(Some(now)),
            Some(false) => pipeline.archived_at = None,
            None => {}
        }
        fields.finish(())
    }
}

/// What to change in a stage; what is not named stays. The kind cannot be changed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StageChange {
    name: Change<String>,
    probability: Change<u8>,
    expected_days: Change<u16>,
    colour: Change<String>,
}

impl StageChange {
    /// Changes nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the name.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Change::Set(name.into());
        self
    }

    /// Sets how likely a lead in it will be won, 0 to 100 percent.
    #[must_use]
    pub const fn probability(mut self, percent: u8) -> Self {
        self.probability = Change::Set(percent);
        self
    }

    /// Sets or removes how many days a lead should stay in it.
    #[must_use]
    pub fn expected_days(mut self, days: Option<u16>) -> Self {
        self.expected_days = days.map_or(Change::Clear, Change::Set);
        self
    }

    /// Sets the colour, as `#rrggbb`.
    #[must_use]
    pub fn colour(mut self, colour: impl Into<String>) -> Self {
        self.colour = Change::Set(colour.into());
        self
    }

    pub(super) fn apply(self, stage: &mut Stage, now: Timestamp) -> Result<(), Error> {
        let mut fields = Fields::default();
        *stage = self.read(stage.clone(), "", &mut fields);
        stage.updated_at = now;
        fields.finish(())
    }

    fn read(self, mut stage: Stage, prefix: &str, fields: &mut Fields) -> Stage {
        match self.name {
            Change::Keep => {}
            Change::Clear => fields.refuse(format!("{prefix}name"), "required", "must not be empty"),
            Change::Set(name) => stage.name = fields.line(&format!("{prefix}name"), &name, MAX_NAME),
        }
        match self.probability {
            Change::Keep => {}
            Change::Set(percent) if percent <= 100 => stage.probability = percent,
            Change::Set(_) | Change::Clear => {
                fields.refuse(
                    format!("{prefix}probability"),
                    "invalid",
                    "must be 0 to 100 percent",
                );
            }
        }
        match self.expected_days {
            Change::Keep => {}
            Change::Clear => stage.expected_days = None,
            Change::Set(days) => stage.expected_days = Some(days),
        }
        match self.colour {
            Change::Keep => {}
            Change::Clear => stage.colour = None,
            Change::Set(colour) => {
                let colour = colour.trim().to_ascii_lowercase();
                let digits = colour.strip_prefix('#').unwrap_or_default();
                if digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                    stage.colour = Some(colour);
                } else {
                    fields.refuse(format!("{prefix}colour"), "invalid", "must have the form #rrggbb");
                }
            }
        }
        stage
    }
}
