use std::fmt;

use aurora_core::id::{Id, IdKind};
use aurora_core::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{LeadSource, Loss, Money, PipelineId, Score, Stage, StageId, StageKind};
use crate::clients::{ClientId, OwnerId};
use crate::companies::Cnpj;
use crate::contacts::{Email, Phone};
use crate::error::Error;

/// Names a lead: `led_` and 32 hexadecimal digits.
pub type LeadId = Id<Lead>;

/// Whether a lead is open, won or lost: the kind of its stage.
pub type LeadStatus = StageKind;

/// What may become business.
///
/// `Debug` shows neither names nor addresses: they are personal data.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Lead {
    /// Its name for programs.
    pub id: LeadId,
    /// What it is about.
    pub title: String,
    /// The person to talk to.
    pub contact_name: Option<String>,
    /// Where to write.
    pub contact_email: Option<Email>,
    /// Where to call.
    pub contact_phone: Option<Phone>,
    /// The client that it is of, when there is one already. It stays when the client is deleted.
    pub client_id: Option<ClientId>,
    /// The name of the company.
    pub company_name: Option<String>,
    /// The company's number. Several leads can have the same.
    pub cnpj: Option<Cnpj>,
    /// What it is worth; nothing until it is known.
    pub value: Money,
    /// Where it comes from.
    pub source: LeadSource,
    /// Where it comes from, in words: the name of the campaign, of whoever recommended the house.
    pub source_detail: Option<String>,
    /// Who looks after it.
    pub owner_id: Option<OwnerId>,
    /// The pipeline that it goes through.
    pub pipeline_id: PipelineId,
    /// Where in it it is.
    pub stage_id: StageId,
    /// Where in the stage it lies: lower is higher up. Other leads' positions can change with a move.
    pub position: i64,
    /// Open, won or lost: the kind of the stage.
    pub status: LeadStatus,
    /// Why it was lost; `None` unless it was.
    pub loss: Option<Loss>,
    /// When it is expected to be decided.
    pub expected_close: Option<Timestamp>,
    /// Labels, in the order given.
    pub tags: Vec<String>,
    /// Fields of the workspace's own.
    pub custom: Map<String, Value>,
    /// How promising it is; `None` until there are rules or a scorer.
    pub score: Option<Score>,
    /// When somebody last did something about it.
    pub last_activity_at: Option<Timestamp>,
    /// Since when it is in its stage.
    pub stage_since: Timestamp,
    /// How often it came into a stage, the first included.
    pub stage_changes: i64,
    /// When it was won or lost; `None` while it is open.
    pub closed_at: Option<Timestamp>,
    /// When it was converted into a client.
    pub converted_at: Option<Timestamp>,
    /// Grows by one with each change; 1 when new. Scores and activities do not change it.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

impl IdKind for Lead {
    const PREFIX: &'static str = "led";
}

impl fmt::Debug for Lead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lead")
            .field("id", &self.id)
            .field("stage_id", &self.stage_id)
            .field("position", &self.position)
            .field("status", &self.status)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

impl Lead {
    /// Raises the version.
    pub(super) fn touch(&mut self, now: Timestamp) {
        self.version = self.version.saturating_add(1);
        self.updated_at = now.max(self.updated_at); // the machine's clock may have been set back
    }

    /// Puts it into a stage; `loss` says why when that is a lost one. Whether the step is legal is for
    /// [`Step::check`] to say.
    pub(super) fn enter(
        &mut self,
        pipeline: PipelineId,
        stage: &Stage,
        position: i64,
        loss: Option<Loss>,
        now: Timestamp,
    ) {
        if stage.id != self.stage_id {
            self.stage_since = now;
            self.stage_changes = self.stage_changes.saturating_add(1);
        }
        if stage.kind != self.status {
            self.closed_at = (stage.kind != StageKind::Open).then_some(now);
        }
        self.pipeline_id = pipeline;
        self.stage_id = stage.id;
        self.position = position;
        self.status = stage.kind;
        self.loss = loss;
    }
}

/// A step of a lead from one status to another, or within one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// Within the stages of its kind.
    Move,
    /// From open to won.
    Win,
    /// From open to lost.
    Lose,
    /// From won or lost to open.
    Reopen,
}

impl Step {
    /// The kind of stage that the step leads to.
    pub(super) const fn target(self, from: LeadStatus) -> StageKind {
        match self {
            Self::Move => from,
            Self::Win => StageKind::Won,
            Self::Lose => StageKind::Lost,
            Self::Reopen => StageKind::Open,
        }
    }

    /// Refuses a step that a lead in this state cannot make, or into a stage of another kind.
    pub(super) fn check(self, lead: &Lead, to: StageKind) -> Result<(), Error> {
        let is_legal = match self {
            Self::Move => true,
            Self::Win | Self::Lose => lead.status == StageKind::Open,
            // Won for good: the client is there.
            Self::Reopen => lead.status != StageKind::Open && lead.converted_at.is_none(),
        };
        if !is_legal {
            return Err(super::refused(
                "status",
                "not_allowed",
                match self {
                    Self::Reopen if lead.converted_at.is_some() => "a converted lead cannot be reopened",
                    Self::Reopen => "the lead is open",
                    _ => "the lead is not open: reopen it first",
                },
            ));
        }
        if to != self.target(lead.status) {
            return Err(super::refused(
                "stage",
                "not_allowed",
                "the stage is of another kind: use win, lose or reopen to change the status",
            ));
        }
        Ok(())
    }

    pub(super) const fn action(self) -> &'static str {
        match self {
            Self::Move => "lead.moved",
            Self::Win => "lead.won",
            Self::Lose => "lead.lost",
            Self::Reopen => "lead.reopened",
        }
    }
}

/// Where in a stage a lead is put.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Place {
    /// Above all others.
    #[default]
    First,
    /// Below all others.
    Last,
    /// Right above this one, which must be in the stage.
    Before(LeadId),
    /// Right below this one, which must be in the stage.
    After(LeadId),
}
