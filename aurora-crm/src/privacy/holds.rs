use aurora_core::id::{Id, IdKind};
use aurora_core::time::Timestamp;

use super::{DataSubject, RecordClass};
use crate::error::Error;
use crate::fields::Fields;

/// Names a legal hold: `lgh_` and 32 hexadecimal digits.
pub type LegalHoldId = Id<LegalHold>;

/// Records that the law forbids to erase (art. 16, I), such as medical records: 20 years from the last entry
/// (Lei 13.787/2018, art. 6).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LegalHold {
    /// Its name for programs.
    pub id: LegalHoldId,
    /// Whose records.
    pub subject: DataSubject,
    /// Which records.
    pub class: RecordClass,
    /// The law or the case.
    pub basis: String,
    /// Until when; until it is released if not told.
    pub until: Option<Timestamp>,
    /// Since when.
    pub created_at: Timestamp,
}

impl IdKind for LegalHold {
    const PREFIX: &'static str = "lgh";
}

/// What is needed to hold records.
#[derive(Debug, Clone)]
pub struct NewLegalHold {
    subject: DataSubject,
    class: RecordClass,
    basis: String,
    until: Option<Timestamp>,
}

impl NewLegalHold {
    /// Holds records of a class for the reason of `basis`, until it is released.
    #[must_use]
    pub fn new(subject: impl Into<DataSubject>, class: RecordClass, basis: impl Into<String>) -> Self {
        Self {
            subject: subject.into(),
            class,
            basis: basis.into(),
            until: None,
        }
    }

    /// Until a time.
    #[must_use]
    pub const fn until(mut self, time: Timestamp) -> Self {
        self.until = Some(time);
        self
    }

    pub(super) fn check(self, now: Timestamp) -> Result<LegalHold, Error> {
        let mut fields = Fields::default();
        let basis = fields.line("basis", &self.basis, 500);
        if self.until.is_some_and(|until| until <= now) {
            fields.refuse("until", "invalid", "must lie in the future");
        }
        fields.finish(LegalHold {
            id: LegalHoldId::new(now),
            subject: self.subject,
            class: self.class,
            basis,
            until: self.until,
            created_at: now,
        })
    }
}
