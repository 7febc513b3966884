use std::collections::{BTreeMap, BTreeSet};

use aurora_core::id::{Id, IdKind};
use aurora_core::time::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::sql::erase as sql;
use super::{DataSubject, Privacy, RecordClass};
use crate::context::Context;
use crate::error::Error;

/// Names the report of an erasure: `era_` and 32 hexadecimal digits.
pub type ErasureId = Id<ErasureReport>;

/// What stays when somebody is made anonymous.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Anonymisation {
    pub(super) keep_tags: bool,
    pub(super) keep_place: bool,
    pub(super) keep: BTreeSet<RecordClass>,
}

impl Anonymisation {
    /// Nothing stays but ids, times, stages and values.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Labels stay, for workspaces whose labels say nothing of a person.
    #[must_use]
    pub const fn keep_tags(mut self, keep: bool) -> Self {
        self.keep_tags = keep;
        self
    }

    /// City and state stay, for statistics by place.
    #[must_use]
    pub const fn keep_place(mut self, keep: bool) -> Self {
        self.keep_place = keep;
        self
    }

    /// Records of this class stay whole, because of a legal hold.
    #[must_use]
    pub fn keep(mut self, class: RecordClass) -> Self {
        self.keep.insert(class);
        self
    }
}

/// Records that stayed whole, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Kept {
    /// Which.
    pub class: RecordClass,
    /// The law or the case of the legal hold; absent when only the caller asked for it.
    pub basis: Option<String>,
    /// Until when.
    pub until: Option<Timestamp>,
}

/// What was done to make somebody anonymous, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ErasureReport {
    /// Its name for programs.
    pub id: ErasureId,
    /// The id of the subject.
    pub subject: String,
    /// When.
    pub at: Timestamp,
    /// Who did it: the principal of the context.
    pub signed_by: String,
    /// How many rows were changed or removed, by table.
    pub rows: BTreeMap<String, u64>,
    /// What stayed whole.
    pub kept: Vec<Kept>,
    /// Whether labels stayed.
    pub tags_kept: bool,
    /// Whether city and state stayed.
    pub place_kept: bool,
    /// SHA-256 of the report as it is stored, in hexadecimal digits; the audit log has it as `report_sha256`.
    #[serde(skip)]
    pub sha256: String,
    /// Of SQLite, whether its log was emptied after the change, so that no file has the old bytes. `Some(false)` means that
    /// somebody was reading, and the next checkpoint does it. `None` on PostgreSQL and in stored reports.
    #[serde(skip)]
    pub log_emptied: Option<bool>,
}

impl IdKind for ErasureReport {
    const PREFIX: &'static str = "era";
}

pub(super) async fn anonymise(
    privacy: &Privacy,
    context: &Context,
    subject: DataSubject,
    how: &Anonymisation,
) -> Result<ErasureReport, Error> {
    let store = &privacy.store;
    let with_files = sql::check(store, context, subject, how).await?;
    let removed = remove_files(privacy, context, with_files).await?;
    let mut report = sql::erase(store, context, subject, how, removed).await?;
    report.log_emptied = sql::empty_log(store).await?;
    Ok(report)
}

#[cfg_attr(
    not(feature = "files"),
    expect(clippy::unused_async, reason = "with files there is something to wait for")
)]
/// Files first: a failure leaves a person with a name and fewer files, and the next call finds them.
async fn remove_files(
    privacy: &Privacy,
    context: &Context,
    with_files: Vec<(String, Uuid)>,
) -> Result<u64, Error> {
    if with_files.is_empty() {
        return Ok(0);
    }
    #[cfg(feature = "files")]
    if let Some(files) = &privacy.files {
        let mut removed = 0;
        for (kind, id) in with_files {
            let subject = format!("{kind}_{}", id.as_simple());
            let Ok(subject) = subject.parse::<crate::files::FileSubject>() else {
                return Err(Error::new(crate::error::ErrorKind::Internal));
            };
            removed += files.delete_of_subject(context, subject).await?.files;
        }
        return Ok(removed);
    }
    let _ = (privacy, context);
    let mut fields = crate::fields::Fields::default();
    fields.refuse(
        "files",
        "required",
        "there are files: give their handle to `Privacy::files`, or keep them",
    );
    fields.finish(0)
}
