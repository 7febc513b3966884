use std::fmt;
use std::ops::ControlFlow;

use aurora_core::id::{Id, IdKind};
use aurora_core::time::Timestamp;
use tokio::io::{AsyncRead, AsyncWrite};

use super::error::CsvError;
use super::options::ImportOptions;
use super::plan::{self, Plan};
use super::report::{Counts, FileHash, ImportReport};
use super::run::Pass;
use crate::clients::sql::SqlClients;
use crate::context::Context;
use crate::error::Error;
use crate::store::Store;

/// Names an import: `imp_` and 32 hexadecimal digits.
pub type ImportId = Id<Import>;

/// An import of a file, and how far it has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Import {
    /// Its name for programs.
    pub id: ImportId,
    /// Whether it has come to the end of the file.
    pub state: ImportState,
    /// How many rows after the header are settled, empty ones among them.
    pub rows: u64,
    /// What the settled rows hold, so that another file is not taken for the rest of this one.
    pub(in crate::clients) rows_hash: [u8; 32],
    /// The file, once it was read to its end.
    pub file: Option<FileHash>,
    /// What became of the rows.
    pub counts: Counts,
    /// When it was begun.
    pub started_at: Timestamp,
    /// When its last batch was stored.
    pub updated_at: Timestamp,
}

impl IdKind for Import {
    const PREFIX: &'static str = "imp";
}

/// Whether an import has come to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ImportState {
    /// It is under way, or was broken off and can be resumed.
    Running,
    /// Every row is settled.
    Finished,
}

/// How far a pass over a file has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// Rows after the header that are settled.
    pub rows: u64,
    /// Bytes of the file that have been read.
    pub bytes: u64,
    /// Its size, if the options tell it.
    pub total_bytes: Option<u64>,
}

type Sink<'a> = &'a mut (dyn AsyncWrite + Unpin + Send);
type OnProgress<'a> = &'a mut (dyn FnMut(Progress) -> ControlFlow<()> + Send);

/// Who looks on while a file is read.
#[derive(Default)]
pub struct ImportWatch<'a> {
    pub(super) refused: Option<Sink<'a>>,
    pub(super) progress: Option<OnProgress<'a>>,
}

impl<'a> ImportWatch<'a> {
    /// Nobody.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the rows that are refused: a CSV file in UTF-8 with the separator and the columns of the source, and before
    /// these `_linha` (the line in the source) and `_erros`. Mended, it can be imported as it is. It holds personal data.
    #[must_use]
    pub fn refused(mut self, sink: &'a mut (dyn AsyncWrite + Unpin + Send)) -> Self {
        self.refused = Some(sink);
        self
    }

    /// Is called after each batch; `Break` ends the pass, and what is stored stays.
    #[must_use]
    pub fn progress(mut self, call: &'a mut (dyn FnMut(Progress) -> ControlFlow<()> + Send)) -> Self {
        self.progress = Some(call);
        self
    }
}

impl fmt::Debug for ImportWatch<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ImportWatch")
            .field("refused", &self.refused.is_some())
            .field("progress", &self.progress.is_some())
            .finish()
    }
}

/// Reads clients from CSV files; a cheap handle.
///
/// A file is read once in each of the three steps, in memory that does not grow with it: [`plan`](Self::plan) its
/// columns, try it with [`dry_run`](Self::dry_run), [`run`](Self::run) the import.
#[derive(Debug, Clone)]
pub struct Imports {
    store: Store,
    repository: SqlClients,
}

impl Imports {
    pub(in crate::clients) const fn new(store: Store, repository: SqlClients) -> Self {
        Self { store, repository }
    }

    /// Finds out how a file is written and where its columns go. It reads its beginning, and no database.
    ///
    /// # Errors
    /// `File` when it is not CSV or its header cannot be used, and [`CsvError::Source`].
    pub async fn plan<R>(&self, source: R, options: &ImportOptions) -> Result<Plan, CsvError>
    where
        R: AsyncRead + Unpin + Send,
    {
        plan::plan(source, options).await
    }

    /// Checks every row as [`run`](Self::run) does, duplicates within the file and in the database among them, and
    /// changes nothing.
    ///
    /// What others change between the dry run and the run is not foreseen. With [`super::Duplicates::Update`] a row that
    /// changes a client which an earlier batch of the same file would make is checked by itself. For each identity it
    /// remembers 8 bytes in a table that doubles when it is full, up to a million.
    ///
    /// # Errors
    /// As [`plan`](Self::plan); [`CsvError::Sink`]; [`CsvError::Crm`] when the database fails.
    pub async fn dry_run<R>(
        &self,
        context: &Context,
        source: R,
        options: &ImportOptions,
        watch: ImportWatch<'_>,
    ) -> Result<ImportReport, CsvError>
    where
        R: AsyncRead + Unpin + Send,
    {
        Pass::open(context, &self.store, &self.repository, source, options, watch)
            .await?
            .dry_run(context)
            .await
    }

    /// Imports a file, a batch of rows a transaction.
    ///
    /// A row that is wrong is refused, and the others go on. Repeating the call with the same id and file goes on after
    /// the last batch that was stored, and does nothing once the import is finished; [`FileHash::import_id`] of a dry run
    /// is an id that the same file gives again. Two runs of one import at the same time do not store a row twice: one of
    /// them ends with `Conflict`.
    ///
    /// # Errors
    /// As [`plan`](Self::plan); `File` with code `other_file` when the import was begun with another file;
    /// [`CsvError::Sink`]; [`CsvError::Crm`] when the database fails, also `NotFound` when there is no such workspace.
    ///
    /// # Cancel safety
    /// Dropping the future leaves every batch either stored or not stored; the import can be resumed.
    pub async fn run<R>(
        &self,
        context: &Context,
        id: ImportId,
        source: R,
        options: &ImportOptions,
        watch: ImportWatch<'_>,
    ) -> Result<ImportReport, CsvError>
    where
        R: AsyncRead + Unpin + Send,
    {
        Pass::open(context, &self.store, &self.repository, source, options, watch)
            .await?
            .run(context, id)
            .await
    }

    /// How far an import has come.
    ///
    /// # Errors
    /// `NotFound` when there is no such import in the workspace.
    pub async fn get(&self, context: &Context, id: ImportId) -> Result<Import, Error> {
        self.store
            .run(context, "clients.import", self.repository.import(context, id))
            .await
    }
}
