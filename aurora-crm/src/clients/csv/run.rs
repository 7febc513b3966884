//! One pass over a file, in batches.

use sha2::{Digest as _, Sha256};
use tokio::io::AsyncRead;

use super::decide::{Fate, Policy, Refusal, Seen};
use super::error::CsvError;
use super::import::{Import, ImportId, ImportState, ImportWatch, Progress};
use super::options::{Identity, ImportEvents, ImportOptions};
use super::parser::Record;
use super::plan::{self, PlannedColumn};
use super::reader::Reader;
use super::refused::Refused;
use super::report::{FileHash, ImportReport, RowIssue};
use super::row::{Draft, RowReader, about_row};
use super::settle::{Batch, Settle, counts};
use crate::clients::sql::SqlClients;
use crate::context::Context;
use crate::fields::Fields;
use crate::store::Store;

/// A batch ends here, however few rows it has.
const BATCH_BYTES: usize = 1024 * 1024;

pub(super) struct Pass<'a, 'w, R> {
    settle: Settle<'a>,
    options: &'a ImportOptions,
    reader: Reader<R>,
    columns: Vec<PlannedColumn>,
    watch: ImportWatch<'w>,
    refused: Refused<'w>,
    report: ImportReport,
    hash: Sha256,
    rows: u64,
}

impl<'a, 'w, R: AsyncRead + Unpin + Send> Pass<'a, 'w, R> {
    pub(super) async fn open(
        context: &Context,
        store: &'a Store,
        repository: &'a SqlClients,
        source: R,
        options: &'a ImportOptions,
        mut watch: ImportWatch<'w>,
    ) -> Result<Self, CsvError> {
        let mut fields = Fields::default();
        fields.line("external_system", &options.external_system, 100);
        fields.finish(())?;
        let mut reader = Reader::open(source, options.encoding, options.separator).await?;
        let columns = plan::columns(&mut reader, options).await?;
        let report = ImportReport::new(reader.dialect());
        let policy = Policy {
            duplicates: options.duplicates,
            by_document: options.knows_by(Identity::Document),
            system: options.external_system.trim().to_owned(),
            each_client: options.events == ImportEvents::EachClient,
        };
        let rules = Settle::rules(store, context).await?;
        let refused = Refused::new(watch.refused.take());
        Ok(Self {
            settle: Settle {
                store,
                repository,
                policy,
                rules,
            },
            options,
            reader,
            columns,
            watch,
            refused,
            report,
            hash: Sha256::new(),
            rows: 0,
        })
    }

    /// Reads the next record and remembers what it held.
    async fn next(&mut self, record: &mut Record) -> Result<bool, CsvError> {
        if !self.reader.next(record).await? {
            return Ok(false);
        }
        self.rows += 1;
        for field in record.fields() {
            self.hash
                .update(u64::try_from(field.len()).unwrap_or(u64::MAX).to_be_bytes());
            self.hash.update(field);
        }
        self.hash.update([u8::from(record.problem.is_some()); 9]);
        Ok(true)
    }

    async fn gather(&mut self) -> Result<Batch, CsvError> {
        let (mut batch, mut bytes) = (Batch::default(), 0);
        let now = self.settle.store.now();
        while batch.rows.len() < self.options.batch_rows && bytes < BATCH_BYTES {
            let mut record = Record::default();
            if !self.next(&mut record).await? {
                batch.is_last = true;
                break;
            }
            batch.records += 1;
            bytes += record.size();
            let read = RowReader {
                columns: &self.columns,
                options: self.options,
                dialect: self.report.dialect,
                rules: &self.settle.rules,
            }
            .read(&record, now);
            match read {
                Ok(None) => {}
                Ok(Some(mut draft)) => {
                    let notes = std::mem::take(&mut draft.notes);
                    self.report.add_notes(&notes, self.options.max_issues);
                    batch.rows.push((record, Ok(batch.drafts.len())));
                    batch.drafts.push(draft);
                }
                Err(issues) => batch.rows.push((record, Err(issues))),
            }
        }
        Ok(batch)
    }

    /// Tells what became of a batch.
    async fn tell(&mut self, batch: Batch, fates: Vec<(usize, Fate)>) -> Result<(), CsvError> {
        let mut by_draft: Vec<Option<Fate>> = Vec::new();
        by_draft.resize_with(batch.drafts.len(), || None);
        for (row, fate) in fates {
            if let Some(place) = by_draft.get_mut(row) {
                *place = Some(fate);
            }
        }
        for (record, outcome) in batch.rows {
            let issues = match outcome {
                Err(issues) => issues,
                Ok(at) => match (batch.drafts.get(at), by_draft.get_mut(at).and_then(Option::take)) {
                    (Some(draft), Some(Fate::Refused(refusal))) => self.issues(draft, &refusal),
                    _ => continue,
                },
            };
            self.report.add_errors(&issues, self.options.max_issues);
            self.refused
                .write(&self.columns, &self.report.dialect, &record, &issues)
                .await?;
        }
        Ok(())
    }

    fn issues(&self, draft: &Draft, refusal: &Refusal) -> Vec<RowIssue> {
        let whole = |code, message: String| vec![about_row(draft, code, message)];
        match refusal {
            Refusal::Exists(Some(id)) => {
                whole("already_exists", format!("the client exists already as {id}"))
            }
            Refusal::Exists(None) => whole(
                "already_exists",
                "a row before this one is the same client".to_owned(),
            ),
            Refusal::Several => whole("ambiguous", "the row means several clients at once".to_owned()),
            Refusal::Changed => {
                let what = "the client was changed again and again meanwhile: import the row once more";
                whole("changed_meanwhile", what.to_owned())
            }
            Refusal::Domain(error) => RowReader {
                columns: &self.columns,
                options: self.options,
                dialect: self.report.dialect,
                rules: &self.settle.rules,
            }
            .refused(draft, error),
        }
    }

    /// False when whoever looks on wants no more.
    fn go_on(&mut self) -> bool {
        let progress = Progress {
            rows: self.rows,
            bytes: self.reader.bytes(),
            total_bytes: self.options.total_bytes,
        };
        match &mut self.watch.progress {
            Some(call) => call(progress).is_continue(),
            None => true,
        }
    }

    pub(super) async fn dry_run(mut self, context: &Context) -> Result<ImportReport, CsvError> {
        let mut seen = Seen::new();
        loop {
            let batch = self.gather().await?;
            let fates = self.settle.try_batch(context, &batch, &mut seen).await?;
            self.report.counts.add(counts(&batch, &fates));
            let is_last = batch.is_last;
            self.tell(batch, fates).await?;
            if is_last {
                self.report.is_finished = true;
                self.report.file = Some(FileHash(self.reader.hash()));
            }
            if !self.go_on() || is_last {
                break;
            }
        }
        self.report.saw_all_duplicates = !seen.is_full;
        self.refused.finish().await?;
        Ok(self.report)
    }

    pub(super) async fn run(mut self, context: &Context, id: ImportId) -> Result<ImportReport, CsvError> {
        let mut import = self
            .settle
            .begin(context, id, Sha256::new().finalize().into())
            .await?;
        self.pass_over(&import).await?;
        self.report.resumed_after = import.rows;
        while import.state == ImportState::Running {
            let batch = self.gather().await?;
            let hash = self.hash.clone().finalize().into();
            let (next, fates) = self.settle.store_batch(context, &import, &batch, hash).await?;
            import = next;
            let is_last = batch.is_last;
            self.tell(batch, fates).await?;
            if is_last {
                self.settle.finish(context, &import, self.reader.hash()).await?;
                import.state = ImportState::Finished;
            }
            if !self.go_on() {
                break;
            }
        }
        self.report.counts = import.counts;
        self.report.is_finished = import.state == ImportState::Finished;
        self.report.file = self.report.is_finished.then(|| FileHash(self.reader.hash()));
        self.refused.finish().await?;
        Ok(self.report)
    }

    /// Reads the rows that are settled already, and makes sure that they are those of the file.
    async fn pass_over(&mut self, import: &Import) -> Result<(), CsvError> {
        let mut record = Record::default();
        let is_finished = import.state == ImportState::Finished;
        while (is_finished || self.rows < import.rows) && self.next(&mut record).await? {}
        let hash: [u8; 32] = self.hash.clone().finalize().into();
        let is_same_end = import.file.is_none_or(|file| file.0 == self.reader.hash());
        if self.rows != import.rows || hash != import.rows_hash || !is_same_end {
            let what = "this import was begun with another file: give the same file, or a new id";
            return Err(CsvError::file("other_file", what));
        }
        Ok(())
    }
}
