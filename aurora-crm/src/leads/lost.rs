use std::fmt;

use aurora_core::id::{Id, IdKind};
use aurora_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::fields::Fields;

const MAX_NAME: usize = 100;
const MAX_NOTE: usize = 1_000;

/// Names a reason: `lrs_` and 32 hexadecimal digits.
pub type LostReasonId = Id<LostReason>;

/// A reason why leads are lost, from the workspace's own catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LostReason {
    /// Its name for programs.
    pub id: LostReasonId,
    /// Its name for people; unique among those that are not archived, without regard to case.
    pub name: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// Since when it cannot be chosen any more; leads keep it.
    pub archived_at: Option<Timestamp>,
}

impl IdKind for LostReason {
    const PREFIX: &'static str = "lrs";
}

impl LostReason {
    pub(super) fn new(name: &str, now: Timestamp) -> Result<Self, Error> {
        let mut fields = Fields::default();
        let name = fields.line("name", name, MAX_NAME);
        fields.finish(Self {
            id: LostReasonId::new(now),
            name,
            created_at: now,
            archived_at: None,
        })
    }

    pub(super) fn key(&self) -> String {
        self.name.to_lowercase()
    }
}

/// Why a lead was lost (`motivo de perda`): a reason from the catalogue, words, or both.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Loss {
    /// From the catalogue.
    pub reason: Option<LostReasonId>,
    /// In words.
    pub note: Option<String>,
}

impl fmt::Debug for Loss {
    /// Without the words, which can be about people.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Loss")
            .field("reason", &self.reason)
            .finish_non_exhaustive()
    }
}

/// Why a lead is lost: at least a reason from the catalogue, or a note of one line of up to 1,000 characters.
#[derive(Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NewLoss {
    reason: Option<LostReasonId>,
    note: Option<String>,
}

impl NewLoss {
    /// A reason from the catalogue.
    #[must_use]
    pub const fn reason(id: LostReasonId) -> Self {
        Self {
            reason: Some(id),
            note: None,
        }
    }

    /// In words alone.
    #[must_use]
    pub fn other(note: impl Into<String>) -> Self {
        Self {
            reason: None,
            note: Some(note.into()),
        }
    }

    /// In words as well.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.note = Some(note.into());
        self
    }

    pub(super) fn check(self) -> Result<Loss, Error> {
        let mut fields = Fields::default();
        let note = fields.optional_line("note", self.note.as_deref(), MAX_NOTE);
        if self.reason.is_none() && self.note.is_none_or(|note| note.trim().is_empty()) {
            fields.refuse("reason", "required", "name a reason or say it in words");
        }
        fields.finish(Loss {
            reason: self.reason,
            note,
        })
    }
}

impl fmt::Debug for NewLoss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewLoss")
            .field("reason", &self.reason)
            .finish_non_exhaustive()
    }
}
