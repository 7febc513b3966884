use aurora_core::id::{Id, IdKind};
use aurora_core::time::Timestamp;

use super::DataSubject;
use crate::context::Context;
use crate::error::Error;
use crate::fields::Fields;

/// Names an entry of the log of sharing: `shr_` and 32 hexadecimal digits.
pub type DataShareId = Id<DataShare>;

/// Data of a person that somebody else was given (`uso compartilhado`).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DataShare {
    /// Its name for programs.
    pub id: DataShareId,
    /// Whose data.
    pub subject: DataSubject,
    /// Who was given it, such as a provider's name.
    pub recipient: String,
    /// What for.
    pub purpose: String,
    /// Kinds of data, such as `phone`.
    pub categories: Vec<String>,
    /// When.
    pub at: Timestamp,
    /// Who wrote it down.
    pub principal: String,
}

impl IdKind for DataShare {
    const PREFIX: &'static str = "shr";
}

/// What is needed to write down that data was shared.
#[derive(Debug, Clone)]
pub struct NewDataShare {
    subject: DataSubject,
    recipient: String,
    purpose: String,
    categories: Vec<String>,
}

impl NewDataShare {
    /// Data of `subject` for `recipient`.
    #[must_use]
    pub fn new(
        subject: impl Into<DataSubject>,
        recipient: impl Into<String>,
        purpose: impl Into<String>,
    ) -> Self {
        Self {
            subject: subject.into(),
            recipient: recipient.into(),
            purpose: purpose.into(),
            categories: Vec::new(),
        }
    }

    /// One more kind of data.
    #[must_use]
    pub fn category(mut self, name: impl Into<String>) -> Self {
        self.categories.push(name.into());
        self
    }

    pub(super) fn check(self, context: &Context, now: Timestamp) -> Result<DataShare, Error> {
        let mut fields = Fields::default();
        let recipient = fields.line("recipient", &self.recipient, 200);
        let purpose = fields.line("purpose", &self.purpose, 200);
        let categories = fields.list("categories", &self.categories, 50, |fields, field, text| {
            Some(fields.line(field, text, 100))
        });
        if self.categories.is_empty() {
            fields.refuse("categories", "required", "must name what was shared");
        }
        fields.finish(DataShare {
            id: DataShareId::new(now),
            subject: self.subject,
            recipient,
            purpose,
            categories,
            at: now,
            principal: context.principal.clone(),
        })
    }
}
