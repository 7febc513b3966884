//! Files (`arquivos`, `anexos`): what is sent to a workspace and fetched from it, with its bytes on disk or in S3.
//!
//! A file's bytes lie in a store behind [`Blobs`] under a number that is made here; its name and all else that is known
//! of it are a row of the database. Equal contents of a workspace are stored once.

mod blobs;
mod content;
mod disposition;
mod download;
mod file;
mod input;
mod limits;
mod links;
mod media;
mod range;
mod sql;
#[cfg(test)]
mod tests;
mod upload;

use std::sync::Arc;
use std::time::Duration;

use aurora_core::id::Id;
use aurora_core::page::{Page, PageRequest};
use aurora_core::resilience::Deadline;
use uuid::Uuid;

#[cfg(feature = "s3")]
pub use self::blobs::S3;
#[cfg(any(test, feature = "testing"))]
pub use self::blobs::blobs_contract;
pub use self::blobs::{
    Blob, BlobError, BlobErrorKind, BlobId, BlobKey, BlobStream, Blobs, Incoming, ObjectBlobs,
};
pub use self::disposition::Disposition;
pub use self::download::Download;
pub use self::file::{File, FileHash, FileId, FileSubject, InvalidFileHash, InvalidFileSubject};
pub use self::input::NewFile;
pub use self::limits::FileLimits;
pub use self::links::{FileAction, FileGrant, FileLinkError, FileLinks};
pub use self::media::{MediaFamily, MediaType, UnknownMediaType};
pub use self::range::{FileRange, InvalidFileRange};
#[cfg(test)]
pub(crate) use self::sql::ALL as STATEMENTS;
use crate::context::Context;
use crate::error::Error;
use crate::store::Store;

/// How many files are deleted in one transaction, and how many blobs are listed at once.
const BATCH: u32 = 100;
/// How long the bytes of a blob may take to go.
const PURGE: Duration = Duration::from_secs(30);

/// Which files to list; the newest comes first. A page costs the same however deep it lies.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct FileFilter {
    /// Only those that belong to this.
    pub subject: Option<FileSubject>,
    /// Not those whose subject is of one of these kinds, such as `ctc`: what somebody may not see.
    pub without: Vec<&'static str>,
}

impl FileFilter {
    /// All files.
    #[must_use]
    pub fn all() -> Self {
        Self::default()
    }

    /// Only those that belong to this, such as a client.
    #[must_use]
    pub fn subject(mut self, subject: impl Into<FileSubject>) -> Self {
        self.subject = Some(subject.into());
        self
    }

    /// Not those that belong to something of this kind, such as `ctc`.
    #[must_use]
    pub fn without(mut self, kind: &'static str) -> Self {
        self.without.push(kind);
        self
    }
}

/// What became of bytes that are no longer needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[must_use = "bytes that are left are to be swept later"]
#[non_exhaustive]
pub struct Removed {
    /// How many files were deleted.
    pub files: u64,
    /// How many contents were removed from the store.
    pub blobs: u64,
    /// How many contents the store did not remove; no file leads to them, and [`Files::sweep`] tries again.
    pub left: u64,
}

/// What can be done with the files of workspaces; a cheap handle.
///
/// # Examples
#[cfg_attr(feature = "sqlite", doc = "```")]
#[cfg_attr(not(feature = "sqlite"), doc = "```ignore")]
/// use aurora_crm::files::{FileRange, NewFile, ObjectBlobs};
/// use aurora_crm::{Context, Crm, workspaces::{NewWorkspace, WorkspaceKind}};
/// use bytes::Bytes;
/// use futures::{TryStreamExt as _, stream};
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let crm = Crm::open("sqlite::memory:").await?;
/// let house = crm.workspaces().create(NewWorkspace::new(WorkspaceKind::Clinic, "Vida")).await?;
/// let context = Context::new(house.id, "quick start");
/// let files = crm.files(ObjectBlobs::memory()); // or ObjectBlobs::disk("/var/lib/aurora/files")?
///
/// let body = stream::iter([Ok::<_, std::io::Error>(Bytes::from("Bom dia, ")), Ok(Bytes::from("doutora"))]);
/// let file = files.upload(&context, NewFile::new("recado.txt"), body).await?;
/// assert_eq!((file.size, file.media_type.as_str()), (16, "text/plain"));
///
/// let part = files.download(&context, file.id, Some(FileRange::Last(7))).await?;
/// let bytes: Vec<Bytes> = part.content.try_collect().await?;
/// assert_eq!(bytes.concat(), b"doutora");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone)]
pub struct Files {
    store: Store,
    blobs: Arc<dyn Blobs>,
    limits: Arc<FileLimits>,
}

impl Files {
    /// The youngest bytes of an unfinished upload that [`sweep`](Self::sweep) removes: twice as old as the longest time
    /// that an upload can take.
    pub const MIN_SWEEP_AGE: Duration = Duration::from_secs(2 * FileLimits::MAX_UPLOAD_TIME.as_secs());

    pub(crate) fn new(store: Store, blobs: impl Blobs) -> Self {
        Self {
            store,
            blobs: Arc::new(blobs),
            limits: Arc::default(),
        }
    }

    /// The same files, within these limits.
    #[must_use]
    pub fn limits(mut self, limits: FileLimits) -> Self {
        self.limits = Arc::new(limits);
        self
    }

    /// What is known of a file.
    ///
    /// # Errors
    /// `NotFound` when there is no such file in the workspace, or it is deleted.
    pub async fn get(&self, context: &Context, id: FileId) -> Result<File, Error> {
        let work = async { Ok(sql::get(&self.store, context, id).await?.0) };
        self.store.run(context, "files.get", work).await
    }

    /// One page of files.
    ///
    /// # Errors
    /// `Invalid` when the cursor is damaged or belongs to another list.
    pub async fn list(
        &self,
        context: &Context,
        filter: &FileFilter,
        page: &PageRequest,
    ) -> Result<Page<File>, Error> {
        let work = sql::page(&self.store, context, filter, page);
        self.store.run(context, "files.list", work).await
    }

    /// How many bytes the workspace stores; equal contents count once.
    ///
    /// # Errors
    /// What keeps the database from answering.
    pub async fn usage(&self, context: &Context) -> Result<u64, Error> {
        let work = sql::usage(&self.store, context);
        self.store.run(context, "files.usage", work).await
    }

    /// Deletes a file. Its content goes with the last file that has it; the row stays for the record, without name and
    /// subject.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` (code `legal_hold`) when files of its subject are under a legal hold.
    ///
    /// # Cancel safety
    /// Dropping the future leaves the file either deleted or not; bytes that are left are swept later.
    pub async fn delete(&self, context: &Context, id: FileId) -> Result<Removed, Error> {
        let work = sql::delete(&self.store, context, id);
        let doomed = self.store.run(context, "files.delete", work).await?;
        let mut removed = Removed {
            files: 1,
            ..Removed::default()
        };
        self.purge(context, doomed, &mut removed).await;
        Ok(removed)
    }

    /// Deletes all files of a subject, such as those of a person who asks for it (LGPD, art. 18, VI).
    ///
    /// # Errors
    /// `Invalid` (code `legal_hold`) when they are under a legal hold, before anything is deleted; what keeps the database
    /// from deleting them; some may be deleted by then, and calling again deletes the rest.
    ///
    /// # Cancel safety
    /// As of the errors.
    pub async fn delete_of_subject(
        &self,
        context: &Context,
        subject: impl Into<FileSubject> + Send,
    ) -> Result<Removed, Error> {
        let subject = subject.into();
        let mut removed = Removed::default();
        loop {
            let work = sql::delete_of_subject(&self.store, context, &subject, BATCH);
            let (files, doomed) = self.store.run(context, "files.delete_of_subject", work).await?;
            removed.files += files;
            self.purge(context, doomed, &mut removed).await;
            if files < u64::from(BATCH) {
                return Ok(removed);
            }
        }
    }

    /// Removes the bytes of uploads that were begun longer ago than `min_age` and never finished, and of deleted files
    /// that the store did not remove. To be called now and then for each workspace, such as once a day.
    ///
    /// `min_age` is at least [`Self::MIN_SWEEP_AGE`], so that nothing is removed that is still being sent.
    ///
    /// # Errors
    /// What keeps the database from answering.
    ///
    /// # Cancel safety
    /// Dropping the future leaves the rest for the next time.
    pub async fn sweep(&self, context: &Context, min_age: Duration) -> Result<Removed, Error> {
        let cutoff = self.store.now() - min_age.max(Self::MIN_SWEEP_AGE);
        let work = sql::give_up_old(&self.store, context, cutoff);
        self.store.run(context, "files.sweep", work).await?;
        let (mut removed, mut after) = (Removed::default(), Id::from_uuid(Uuid::nil()));
        loop {
            let work = sql::doomed(&self.store, context, after, BATCH);
            let doomed = self.store.run(context, "files.sweep", work).await?;
            let Some(last) = doomed.last() else {
                return Ok(removed);
            };
            after = *last;
            self.purge(context, doomed, &mut removed).await;
        }
    }

    /// Removes the bytes of doomed blobs, and then their rows. What fails is left to the next sweep.
    async fn purge(
        &self,
        context: &Context,
        doomed: impl IntoIterator<Item = BlobId> + Send,
        removed: &mut Removed,
    ) {
        let doomed: Vec<BlobId> = doomed.into_iter().collect();
        for blob in doomed {
            // The caller's deadline was for the decision, which is made.
            let context = self.for_upkeep(context);
            let work = async {
                self.blobs.delete(&BlobKey::new(context.workspace, blob)).await?;
                sql::forget(&self.store, &context, blob).await
            };
            match self.store.run(&context, "files.purge", work).await {
                Ok(()) => removed.blobs += 1,
                Err(error) => {
                    tracing::warn!(%error, "the bytes of a deleted file are left to the next sweep");
                    removed.left += 1;
                }
            }
        }
    }

    /// The same caller with a deadline of its own.
    fn for_upkeep(&self, context: &Context) -> Context {
        context
            .clone()
            .deadline(Deadline::after(self.store.clock(), PURGE))
    }
}
