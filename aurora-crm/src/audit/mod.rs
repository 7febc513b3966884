//! The audit log: who did what, to what, when, and from where, in a chain per workspace that shows what was tampered with.
//!
//! Every change of the CRM writes its entry in its own transaction. Each entry's hash covers the one before, so that an
//! entry that was changed, removed, moved or added is found. Who may write to the database can compute all later hashes
//! anew: what they cannot make is the signature of a checkpoint, which is kept outside of it.

#[cfg(feature = "access")]
mod checkpoints;
mod entry;
mod export;
#[cfg(feature = "access")]
mod sink;
mod sql;
#[cfg(feature = "access")]
mod statement;
#[cfg(test)]
mod tests;
mod verify;

use aurora_core::page::{Page, PageRequest};
use aurora_core::time::Timestamp;
use futures::stream::{Stream, try_unfold};
use serde::Deserialize;
use uuid::Uuid;

use crate::context::{Context, INSTALLATION};
use crate::error::Error;
use crate::store::Store;

#[cfg(feature = "access")]
pub use self::checkpoints::{CheckpointError, Checkpointed, Checkpoints, CheckpointsBuilder};
pub use self::entry::{AuditEntry, AuditHash, AuditOutcome, ParseHashError};
pub use self::export::AuditFormat;
#[cfg(feature = "access")]
pub use self::sink::{AuditSink, FileSink};
#[cfg(test)]
pub(crate) use self::sql::ALL as STATEMENTS;
#[cfg(feature = "access")]
pub use self::statement::SignedCheckpoint;
use self::verify::Walk;
pub use self::verify::{Checkpoint, Evidence, Fault, FaultKind, Verification, verify_lines};

/// Entries that are read at once.
const BATCH: i64 = 500;

/// Which entries to list; the newest first.
///
/// Those of one subject come from an index. The other conditions are tried on one entry after the other: a page of what is
/// rare costs as much as the entries that are passed over.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct AuditFilter {
    /// Only actions that begin with this text, such as `client.`.
    pub action: Option<String>,
    /// Only what this principal did.
    pub principal: Option<String>,
    /// Only what happened to this thing: its id without prefix.
    pub subject: Option<Uuid>,
    /// Only what ended so.
    pub outcome: Option<AuditOutcome>,
    /// Only from this time on.
    pub from: Option<Timestamp>,
    /// Only before this time.
    pub until: Option<Timestamp>,
}

impl AuditFilter {
    /// All entries.
    #[must_use]
    pub fn all() -> Self {
        Self::default()
    }

    /// Only actions that begin with `prefix`, such as `client.`.
    #[must_use]
    pub fn action(mut self, prefix: impl Into<String>) -> Self {
        self.action = Some(prefix.into());
        self
    }

    /// Only what `principal` did.
    #[must_use]
    pub fn principal(mut self, principal: impl Into<String>) -> Self {
        self.principal = Some(principal.into());
        self
    }

    /// Only what happened to the thing with this id.
    #[must_use]
    pub const fn subject(mut self, id: Uuid) -> Self {
        self.subject = Some(id);
        self
    }

    /// Only what ended so.
    #[must_use]
    pub const fn outcome(mut self, outcome: AuditOutcome) -> Self {
        self.outcome = Some(outcome);
        self
    }

    /// Only from `time` on.
    #[must_use]
    pub const fn from(mut self, time: Timestamp) -> Self {
        self.from = Some(time);
        self
    }

    /// Only before `time`.
    #[must_use]
    pub const fn until(mut self, time: Timestamp) -> Self {
        self.until = Some(time);
        self
    }
}

/// Which part of a chain to export, by the numbers of the first and the last entry, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct AuditRange {
    /// The first entry; that of the chain unless given.
    pub first: Option<i64>,
    /// The last entry; that of the chain, when the export begins, unless given.
    pub last: Option<i64>,
}

impl AuditRange {
    /// The whole chain.
    #[must_use]
    pub fn all() -> Self {
        Self::default()
    }

    /// From entry `seq` on.
    #[must_use]
    pub const fn first(mut self, seq: i64) -> Self {
        self.first = Some(seq);
        self
    }

    /// Up to entry `seq`.
    #[must_use]
    pub const fn last(mut self, seq: i64) -> Self {
        self.last = Some(seq);
        self
    }
}

/// The audit log; a cheap handle. With [`Context::installation`] it is the log of what belongs to no workspace.
///
/// # Examples
#[cfg_attr(feature = "sqlite", doc = "```")]
#[cfg_attr(not(feature = "sqlite"), doc = "```ignore")]
/// use aurora_crm::{Context, Crm, workspaces::{NewWorkspace, WorkspaceKind}};
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let crm = Crm::open("sqlite::memory:").await?;
/// let house = crm.workspaces().create(NewWorkspace::new(WorkspaceKind::Company, "Vendas")).await?;
/// let verification = crm.audit().verify(&Context::new(house.id, "nightly check")).await?;
/// assert!(verification.is_ok());
/// assert_eq!(verification.entries, 1);
/// # Ok::<(), aurora_crm::Error>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone)]
pub struct Audit {
    store: Store,
}

impl Audit {
    pub(crate) const fn new(store: Store) -> Self {
        Self { store }
    }

    /// One page of entries, the newest first.
    ///
    /// # Errors
    /// `Invalid` when the cursor is damaged or belongs to another list.
    pub async fn list(
        &self,
        context: &Context,
        filter: &AuditFilter,
        page: &PageRequest,
    ) -> Result<Page<AuditEntry>, Error> {
        let work = sql::list(&self.store, context, filter, page);
        self.store.run(context, "audit.list", work).await
    }

    /// One page of what happened to the thing with this id, the newest first.
    ///
    /// # Errors
    /// `Invalid` when the cursor is damaged or belongs to another list.
    pub async fn of_subject(
        &self,
        context: &Context,
        subject: Uuid,
        page: &PageRequest,
    ) -> Result<Page<AuditEntry>, Error> {
        self.list(context, &AuditFilter::all().subject(subject), page)
            .await
    }

    /// Entries as text, in order, a few hundred lines at a time whatever the length of the chain. That it was exported is
    /// an entry itself, and part of the export unless the range ends before.
    ///
    /// # Errors
    /// What keeps the database from recording it. The stream ends with the first error: an entry that cannot be read is
    /// `Internal`, and [`Audit::verify`] names it.
    pub async fn export(
        &self,
        context: &Context,
        range: AuditRange,
        format: AuditFormat,
    ) -> Result<impl Stream<Item = Result<String, Error>> + Send + use<>, Error> {
        let begin = async {
            sql::record_export(&self.store, context, format.as_str()).await?;
            sql::ends(&self.store, context).await
        };
        let ends = self.store.run(context, "audit.export", begin).await?;
        let last = range.last.unwrap_or(ends.last).min(ends.last);
        let after = range.first.map_or(i64::MIN, |first| first.saturating_sub(1));
        let (store, context) = (self.store.clone(), context.clone());
        let opening = Some(format.opening()).filter(|text| !text.is_empty());
        Ok(try_unfold((opening, after), move |(opening, after)| {
            let (store, context) = (store.clone(), context.clone());
            async move {
                if let Some(opening) = opening {
                    return Ok(Some((opening, (None, after))));
                }
                let batch = sql::walk(&store, &context, after, last, BATCH)
                    .await?
                    .ok_or_else(|| Error::new(crate::error::ErrorKind::Internal))?;
                let (mut text, mut reached) = (String::new(), after);
                for entry in batch {
                    let entry = entry?;
                    format.write(&entry, &mut text)?;
                    reached = entry.seq;
                }
                Ok((!text.is_empty()).then_some((text, (None, reached))))
            }
        }))
    }

    /// Writes down in the chain of the installation ([`Context::installation`]) that a backup of the whole database was made:
    /// under which name, of how many bytes, and whether it was restored as a test. Who made it, and from where, the context says;
    /// its workspace is passed over.
    ///
    /// # Errors
    /// What keeps the database from answering.
    pub async fn backup_made(
        &self,
        context: &Context,
        name: &str,
        bytes: u64,
        is_verified: bool,
    ) -> Result<(), Error> {
        let mut context = context.clone();
        context.workspace = INSTALLATION;
        let work = sql::record_backup(&self.store, &context, (name, bytes, is_verified));
        self.store.run(&context, "audit.backup_made", work).await
    }

    /// Verifies the chain from its first entry to its end, in batches and in constant memory. Entries that are written
    /// meanwhile are left out.
    ///
    /// What is missing at the end together with the record of where the end is, only [`Audit::verify_against`] finds.
    ///
    /// # Errors
    /// What keeps the database from answering; a chain that is not whole is an answer.
    pub async fn verify(&self, context: &Context) -> Result<Verification, Error> {
        self.verify_against(context, &Evidence::none()).await
    }

    /// Verifies the chain against checkpoints that were kept outside of the database, from the start that they name.
    ///
    /// # Errors
    /// What keeps the database from answering; a chain that is not whole is an answer.
    pub async fn verify_against(
        &self,
        context: &Context,
        evidence: &Evidence,
    ) -> Result<Verification, Error> {
        self.store
            .run(context, "audit.verify", self.walk(context, evidence))
            .await
    }

    async fn walk(&self, context: &Context, evidence: &Evidence) -> Result<Verification, Error> {
        let ends = sql::ends(&self.store, context).await?;
        let mut walk = Walk::new(context.workspace, evidence);
        let start = evidence.start_of(context.workspace);
        // From below 1 on: an entry of number 0 is none.
        let mut after = start.map_or(i64::MIN, |start| start.seq.saturating_sub(1));
        let mut limit = BATCH;
        loop {
            let Some(batch) = sql::walk(&self.store, context, after, ends.last, limit).await? else {
                if limit > 1 {
                    limit = 1; // to find which one it is
                    continue;
                }
                walk.unreadable();
                break;
            };
            let is_last = i64::try_from(batch.len()).unwrap_or(i64::MAX) < limit;
            let mut is_over = false;
            for entry in batch {
                let step = match &entry {
                    Ok(entry) => walk.entry(entry),
                    Err(_) => Err(walk.unreadable()),
                };
                is_over |= step.is_err();
                match entry {
                    Ok(entry) if !is_over => after = entry.seq,
                    _ => break,
                }
            }
            if is_last || is_over {
                break;
            }
        }
        Ok(walk.finish(Some(ends.recorded)))
    }
}
