//! What the LGPD (Lei 13.709/2018) asks of whoever keeps data of people: a copy of it, its rectification, anonymity,
//! consents, a log of sharing, requests with their time limits, legal holds, and limits to how long records are kept.

mod archive;
mod consents;
mod csv;
mod erasure;
#[cfg(test)]
mod exempt;
mod holds;
pub(crate) mod registry;
mod requests;
mod retention;
mod sharing;
mod sql;
mod subject;
#[cfg(test)]
mod tests;

use aurora_core::time::Timestamp;

pub use self::archive::{Archive, ArchiveDocument, ArchiveFile, ArchiveManifest};
pub use self::consents::{Consent, ConsentAct, ConsentId, NewConsent};
pub use self::erasure::{Anonymisation, ErasureId, ErasureReport, Kept};
pub use self::holds::{LegalHold, LegalHoldId, NewLegalHold};
pub use self::requests::{DataRequest, DataRequestId, DataRequestKind, DataRequestState, Outcome};
pub use self::retention::{Retained, RetentionClass, RetentionRule, RetentionRun};
pub use self::sharing::{DataShare, DataShareId, NewDataShare};
#[cfg(test)]
pub(crate) use self::sql::STATEMENTS;
#[cfg(feature = "files")]
pub(crate) use self::sql::refuse_held_file_in;
pub(crate) use self::sql::refuse_held_in;
pub use self::subject::{DataSubject, RecordClass};
#[cfg(feature = "access")]
use crate::accounts::Accounts;
use crate::context::Context;
use crate::error::Error;
#[cfg(feature = "files")]
use crate::files::Files;
use crate::store::Store;

/// What can be done for the people whose data a workspace keeps; a cheap handle.
///
/// # Examples
#[cfg_attr(feature = "sqlite", doc = "```")]
#[cfg_attr(not(feature = "sqlite"), doc = "```ignore")]
/// use aurora_crm::privacy::Anonymisation;
/// use aurora_crm::{Context, Crm, clients::NewClient, workspaces::{NewWorkspace, WorkspaceKind}};
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let crm = Crm::open("sqlite::memory:").await?;
/// let house = crm.workspaces().create(NewWorkspace::new(WorkspaceKind::Company, "Vendas")).await?;
/// let context = Context::new(house.id, "quick start");
/// let ana = crm.clients().create(&context, NewClient::person("Ana Souza")).await?;
///
/// let copy = crm.privacy().export(&context, ana.id).await?;
/// assert!(copy.bytes.starts_with(b"PK"));
/// let report = crm.privacy().anonymise(&context, ana.id, &Anonymisation::new()).await?;
/// assert_eq!(report.rows.get("clients"), Some(&1));
/// assert_eq!(crm.clients().get(&context, ana.id).await?.legal_name, "Anonimizado");
/// # Ok::<(), aurora_crm::Error>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone)]
pub struct Privacy {
    store: Store,
    #[cfg(feature = "files")]
    files: Option<Files>,
    #[cfg(feature = "access")]
    accounts: Option<Accounts>,
}

impl Privacy {
    pub(crate) const fn new(store: Store) -> Self {
        Self {
            store,
            #[cfg(feature = "files")]
            files: None,
            #[cfg(feature = "access")]
            accounts: None,
        }
    }

    /// The same with the files of people, which are then part of copies and go with anonymity. Without it a person who has
    /// files cannot be made anonymous.
    #[cfg(feature = "files")]
    #[must_use]
    pub fn files(mut self, files: Files) -> Self {
        self.files = Some(files);
        self
    }

    /// The same with the accounts of those who work here, of which [`Self::apply_retention_everywhere`] then deletes what is
    /// of no use any more, as [`Accounts::purge`] does.
    #[cfg(feature = "access")]
    #[must_use]
    pub fn accounts(mut self, accounts: Accounts) -> Self {
        self.accounts = Some(accounts);
        self
    }

    /// All that is kept about a person, as a ZIP (art. 18, II and V): a JSON and a CSV document for each kind of record, a
    /// manifest with their hashes, and files up to 32 MiB together; larger ones are named in the manifest.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` (code `not_allowed`) when the client is a company, or (code `too_large`) when there are over
    /// 100,000 records of a kind or 64 MiB of documents.
    pub async fn export(
        &self,
        context: &Context,
        subject: impl Into<DataSubject> + Send,
    ) -> Result<Archive, Error> {
        let work = Box::pin(archive::export(self, context, subject.into()));
        self.store.run(context, "privacy.export", work).await
    }

    /// Makes a person anonymous: names, numbers, addresses, texts and files go; ids, times, stages and values stay, so that
    /// statistics stay what they were. It cannot be undone. The report of it is stored, and its hash is in the audit log.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` for a company, under a legal hold (code `legal_hold`) unless told to keep what is held, and
    /// when there are files but no handle of them.
    ///
    /// # Cancel safety
    /// Dropping the future leaves the records as they were or anonymous; of the files some may be gone. Calling again does
    /// the rest.
    pub async fn anonymise(
        &self,
        context: &Context,
        subject: impl Into<DataSubject> + Send,
        how: &Anonymisation,
    ) -> Result<ErasureReport, Error> {
        // Boxed: files and retention would make every caller's future large.
        let work = Box::pin(erasure::anonymise(self, context, subject.into(), how));
        self.store.run(context, "privacy.anonymise", work).await
    }

    /// The reports of what was made anonymous about a subject, the newest first, at most 200.
    ///
    /// # Errors
    /// What keeps the database from answering.
    pub async fn erasures(
        &self,
        context: &Context,
        subject: impl Into<DataSubject> + Send,
    ) -> Result<Vec<ErasureReport>, Error> {
        let work = sql::erase::list(&self.store, context, subject.into());
        self.store.run(context, "privacy.erasures", work).await
    }

    /// Writes the whole SQLite file anew, so that nothing is left in it of what was deleted before this program overwrote
    /// what it deletes. It needs as much room again and holds up all writers. On PostgreSQL it does nothing: there the
    /// operator runs `vacuum full`.
    ///
    /// # Errors
    /// What keeps the database from doing it.
    pub async fn scrub(&self, context: &Context) -> Result<(), Error> {
        self.store
            .run(context, "privacy.scrub", sql::erase::scrub(&self.store))
            .await
    }

    /// Forbids the erasure of records, because the law asks for them.
    ///
    /// # Errors
    /// `NotFound` when there is no such subject; `Invalid` with every wrong field.
    pub async fn hold(&self, context: &Context, new: NewLegalHold) -> Result<LegalHold, Error> {
        let hold = new.check(self.store.now())?;
        let work = sql::holds::insert(&self.store, context, &hold);
        self.store.run(context, "privacy.hold", work).await?;
        Ok(hold)
    }

    /// Ends a legal hold.
    ///
    /// # Errors
    /// `NotFound` when there is none of this id that is in force.
    pub async fn release_hold(&self, context: &Context, id: LegalHoldId) -> Result<(), Error> {
        let work = sql::holds::release(&self.store, context, id);
        self.store.run(context, "privacy.release_hold", work).await
    }

    /// The legal holds of a subject that are in force, at most 200.
    ///
    /// # Errors
    /// What keeps the database from answering.
    pub async fn holds(
        &self,
        context: &Context,
        subject: impl Into<DataSubject> + Send,
    ) -> Result<Vec<LegalHold>, Error> {
        let work = sql::holds::list(&self.store, context, subject.into());
        self.store.run(context, "privacy.holds", work).await
    }

    /// Writes down that a person has given or revoked a consent (art. 8). A revocation counts from this moment.
    ///
    /// # Errors
    /// `NotFound` when there is no such subject; `Invalid` with every wrong field.
    pub async fn record_consent(&self, context: &Context, new: NewConsent) -> Result<Consent, Error> {
        let consent = new.check(context, self.store.now())?;
        let work = sql::consents::insert(&self.store, context, &consent);
        self.store.run(context, "privacy.record_consent", work).await?;
        Ok(consent)
    }

    /// The consent that is in force for a purpose; `None` when it was never given or is revoked.
    ///
    /// # Errors
    /// What keeps the database from answering.
    pub async fn current_consent(
        &self,
        context: &Context,
        subject: impl Into<DataSubject> + Send,
        purpose: &str,
    ) -> Result<Option<Consent>, Error> {
        let work = sql::consents::current(&self.store, context, subject.into(), purpose);
        self.store.run(context, "privacy.current_consent", work).await
    }

    /// All consents and revocations of a subject, the newest first, at most 200.
    ///
    /// # Errors
    /// What keeps the database from answering.
    pub async fn consents(
        &self,
        context: &Context,
        subject: impl Into<DataSubject> + Send,
    ) -> Result<Vec<Consent>, Error> {
        let work = sql::consents::list(&self.store, context, subject.into());
        self.store.run(context, "privacy.consents", work).await
    }

    /// Writes down that data of a person was given to somebody else (art. 18, VII).
    ///
    /// # Errors
    /// `NotFound` when there is no such subject; `Invalid` with every wrong field.
    pub async fn record_share(&self, context: &Context, new: NewDataShare) -> Result<DataShare, Error> {
        let share = new.check(context, self.store.now())?;
        let work = sql::shares::insert(&self.store, context, &share);
        self.store.run(context, "privacy.record_share", work).await?;
        Ok(share)
    }

    /// With whom data of a person was shared, the newest first, at most 200.
    ///
    /// # Errors
    /// What keeps the database from answering.
    pub async fn shares(
        &self,
        context: &Context,
        subject: impl Into<DataSubject> + Send,
    ) -> Result<Vec<DataShare>, Error> {
        let work = sql::shares::list(&self.store, context, subject.into());
        self.store.run(context, "privacy.shares", work).await
    }

    /// Takes down what a person asks for. It is to be answered within 15 days (art. 19, II).
    ///
    /// # Errors
    /// `NotFound` when there is no such subject; `Invalid` when `received_at` lies in the future.
    pub async fn open_request(
        &self,
        context: &Context,
        subject: impl Into<DataSubject> + Send,
        kind: DataRequestKind,
        received_at: Timestamp,
    ) -> Result<DataRequest, Error> {
        let request = DataRequest::open(subject.into(), kind, received_at, self.store.now())?;
        let work = sql::requests::insert(&self.store, context, &request);
        self.store.run(context, "privacy.open_request", work).await?;
        Ok(request)
    }

    /// Closes a request that is at the version that the caller has seen.
    ///
    /// # Errors
    /// `NotFound`; `Conflict`, also when it is closed already; `Invalid` when the outcome says nothing.
    pub async fn close_request(
        &self,
        context: &Context,
        id: DataRequestId,
        expected_version: i64,
        outcome: &Outcome,
    ) -> Result<DataRequest, Error> {
        let work = sql::requests::close(&self.store, context, id, expected_version, outcome);
        self.store.run(context, "privacy.close_request", work).await
    }

    /// Requests that wait for their answer, the most urgent first, at most 200; those that are due after `until` are left
    /// out.
    ///
    /// # Errors
    /// What keeps the database from answering.
    pub async fn open_requests(
        &self,
        context: &Context,
        until: Option<Timestamp>,
    ) -> Result<Vec<DataRequest>, Error> {
        let work = sql::requests::due(&self.store, context, until);
        self.store.run(context, "privacy.open_requests", work).await
    }

    /// Says how long records of a class are kept; `None` keeps them for good, which is what holds unless told.
    ///
    /// # Errors
    /// `Invalid` unless 1 to 36,500 days.
    pub async fn set_retention(
        &self,
        context: &Context,
        class: RetentionClass,
        keep_days: Option<u32>,
    ) -> Result<(), Error> {
        let work = retention::set(self, context, (class, keep_days), None);
        let set = self.store.run(context, "privacy.set_retention", work);
        set.await.map(drop)
    }

    /// The same, if the rules are still as they were read: at `expected_version`. Gives the new version of the rules together.
    ///
    /// # Errors
    /// `Invalid` unless 1 to 36,500 days; `Conflict` when somebody was faster.
    pub async fn set_retention_at(
        &self,
        context: &Context,
        expected_version: i64,
        class: RetentionClass,
        keep_days: Option<u32>,
    ) -> Result<i64, Error> {
        let work = retention::set(self, context, (class, keep_days), Some(expected_version));
        self.store.run(context, "privacy.set_retention", work).await
    }

    /// The workspace's rules.
    ///
    /// # Errors
    /// What keeps the database from answering.
    pub async fn retention(&self, context: &Context) -> Result<Vec<RetentionRule>, Error> {
        let work = sql::retention::rules(&self.store, context);
        self.store.run(context, "privacy.retention", work).await
    }

    /// The same with the version of the rules together; 0 before the first was set.
    ///
    /// # Errors
    /// What keeps the database from answering.
    pub async fn stored_retention(&self, context: &Context) -> Result<(Vec<RetentionRule>, i64), Error> {
        let work = async {
            let version = sql::retention::version(&self.store, context).await?;
            Ok((sql::retention::rules(&self.store, context).await?, version))
        };
        self.store.run(context, "privacy.retention", work).await
    }

    /// What [`Self::apply_retention`] would do now: how many records, and the ids of up to 20 of each class.
    ///
    /// # Errors
    /// What keeps the database from answering.
    pub async fn preview_retention(&self, context: &Context) -> Result<Vec<Retained>, Error> {
        let work = retention::preview(self, context);
        self.store.run(context, "privacy.preview_retention", work).await
    }

    /// Removes and makes anonymous what the workspace's rules no longer keep, in batches of 100. Records under a legal hold
    /// stay, and audit entries always do.
    ///
    /// # Errors
    /// What keeps the database from doing it; what is done by then stays done.
    ///
    /// # Cancel safety
    /// As of the errors.
    pub async fn apply_retention(&self, context: &Context) -> Result<Vec<Retained>, Error> {
        let work = Box::pin(retention::apply(self, context));
        self.store.run(context, "privacy.apply_retention", work).await
    }

    /// The same for every workspace, by one process at a time; `None` when another one is at it. A workspace that fails
    /// is logged and counted, and the others are visited all the same.
    ///
    /// # Errors
    /// What keeps the database from listing the workspaces, or the lease from being held.
    pub async fn apply_retention_everywhere(&self) -> Result<Option<RetentionRun>, Error> {
        Box::pin(retention::everywhere(self)).await
    }
}
