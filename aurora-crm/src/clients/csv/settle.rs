//! What becomes of a batch: tried, or stored in one transaction with the position of the import.

use aurora_core::store::{self, Connection};
use aurora_core::time::Timestamp;

use super::decide::{Fate, Given, Policy, Seen, Work, Write, decide};
use super::error::CsvError;
use super::import::{Import, ImportId};
use super::options::Duplicates;
use super::parser::Record;
use super::report::{Counts, FileHash, RowIssue};
use super::row::Draft;
use crate::clients::sql::SqlClients;
use crate::context::Context;
use crate::custom_fields::sql::rules;
use crate::custom_fields::{CustomFieldTarget, Rules};
use crate::error::Error;
use crate::journal::Record as Journal;
use crate::store::{Store, reading, writing};

/// How often a batch is stored that others get in the way of.
const ATTEMPTS: u32 = 3;

/// Rows that are settled together.
#[derive(Default)]
pub(super) struct Batch {
    /// The rows that are right.
    pub(super) drafts: Vec<Draft>,
    /// Each row with what is wrong with it, or the place of its draft.
    pub(super) rows: Vec<(Record, Result<usize, Vec<RowIssue>>)>,
    /// Records that were read for it, empty ones among them.
    pub(super) records: u64,
    pub(super) is_last: bool,
}

/// Settles batches.
pub(super) struct Settle<'a> {
    pub(super) store: &'a Store,
    pub(super) repository: &'a SqlClients,
    pub(super) policy: Policy,
    /// The workspace's own fields, as they were when the pass began.
    pub(super) rules: Rules,
}

impl Settle<'_> {
    pub(super) async fn rules(store: &Store, context: &Context) -> Result<Rules, Error> {
        let work = async {
            reading!(store, context, |tx| {
                rules(&mut (&mut *tx).into(), context, CustomFieldTarget::Client).await
            })
        };
        store.run(context, "clients.import", work).await
    }

    pub(super) async fn begin(
        &self,
        context: &Context,
        id: ImportId,
        empty: [u8; 32],
    ) -> Result<Import, Error> {
        let begin = self.repository.begin_import(context, id, empty);
        self.store.run(context, "clients.import", begin).await
    }

    pub(super) async fn try_batch(
        &self,
        context: &Context,
        batch: &Batch,
        seen: &mut Seen,
    ) -> Result<Vec<(usize, Fate)>, CsvError> {
        let open: Vec<usize> = (0..batch.drafts.len()).collect();
        let work = async {
            reading!(self.store, context, |tx| {
                let mut connection: Connection<'_> = (&mut *tx).into();
                self.repository
                    .find_batch(&mut connection, context, &batch.drafts, &open, &self.policy)
                    .await
            })
        };
        let stored = self.store.run(context, "clients.dry_run", work).await?;
        let given = Given {
            stored: &stored,
            policy: &self.policy,
            rules: &self.rules,
            seen: Some(seen),
            now: self.store.now(),
        };
        let Work {
            writes, mut fates, ..
        } = decide(&batch.drafts, &open, &given);
        for write in writes {
            for draft in write.rows.iter().filter_map(|row| batch.drafts.get(*row)) {
                seen.add(draft);
            }
            let is_new = write.before.is_none();
            fates.extend(write.rows.iter().enumerate().map(|(place, row)| {
                let fate = if is_new && place == 0 {
                    Fate::Created
                } else {
                    Fate::Updated
                };
                (*row, fate)
            }));
        }
        Ok(fates)
    }

    pub(super) async fn store_batch(
        &self,
        context: &Context,
        import: &Import,
        batch: &Batch,
        hash: [u8; 32],
    ) -> Result<(Import, Vec<(usize, Fate)>), CsvError> {
        let mut attempt = 1;
        loop {
            let work = self.try_store(context, import, batch, hash);
            match self.store.run(context, "clients.import", work).await {
                Ok(done) => return Ok(done),
                Err(error) => {
                    let kind = error.stored().map(store::Error::kind);
                    let is_in_the_way =
                        matches!(kind, Some(store::ErrorKind::Conflict | store::ErrorKind::Busy));
                    if !is_in_the_way || attempt == ATTEMPTS {
                        return Err(error.into());
                    }
                    attempt += 1;
                }
            }
        }
    }

    async fn try_store(
        &self,
        context: &Context,
        import: &Import,
        batch: &Batch,
        hash: [u8; 32],
    ) -> Result<(Import, Vec<(usize, Fate)>), Error> {
        let now = self.store.now();
        writing!(self.store, context, |tx| {
            let mut connection: Connection<'_> = (&mut *tx).into();
            let (fates, written) = self
                .repository
                .write_batch(
                    &mut connection,
                    context,
                    &batch.drafts,
                    &self.policy,
                    &self.rules,
                    now,
                )
                .await?;
            let batch_counts = counts(batch, &fates);
            let mut next = Import {
                rows: import.rows + batch.records,
                rows_hash: hash,
                updated_at: now,
                ..*import
            };
            next.counts.add(batch_counts);
            self.repository
                .advance_import(&mut connection, context, import, &next)
                .await?;
            let records = self.records(import, batch_counts, &written, batch.records, now);
            self.store.record(&mut connection, context, now, &records).await?;
            Ok((next, fates))
        })
    }

    /// What a batch leaves in the audit log: one entry with the ids, and one for each client if that is wanted.
    fn records(
        &self,
        import: &Import,
        counts: Counts,
        written: &[Write],
        rows: u64,
        now: Timestamp,
    ) -> Vec<Journal> {
        let ids = |is_new: bool| -> Vec<String> {
            let some = written.iter().filter(|write| write.before.is_none() == is_new);
            some.map(|write| write.client.id.to_string()).collect()
        };
        let batch = Journal::new("import.advanced", "import", import.id, now)
            .without_event()
            .detail("rows_before", import.rows)
            .detail("rows", rows)
            .detail("skipped", counts.skipped)
            .detail("refused", counts.refused)
            .detail("created", ids(true))
            .detail("updated", ids(false));
        let each = written.iter().filter(|_| self.policy.each_client).map(|write| {
            let client = &write.client;
            if write.before.is_none() {
                Journal::new("client.created", "client", client.id, now).with("kind", client.kind.as_str())
            } else {
                Journal::new("client.updated", "client", client.id, now)
                    .with("version", client.version)
                    .with("changed", write.differences())
            }
        });
        each.chain([batch]).collect()
    }

    pub(super) async fn finish(
        &self,
        context: &Context,
        import: &Import,
        file: [u8; 32],
    ) -> Result<(), CsvError> {
        let now = self.store.now();
        let counts = import.counts;
        let policy = match self.policy.duplicates {
            Duplicates::Skip => "skip",
            Duplicates::Update => "update",
            Duplicates::Fail => "fail",
        };
        let record = Journal::new("client.imported", "import", import.id, now)
            .with("created", counts.created)
            .with("updated", counts.updated)
            .with("unchanged", counts.unchanged)
            .with("skipped", counts.skipped)
            .with("refused", counts.refused)
            .with("duplicates", policy)
            .with("sha256", FileHash(file).to_string());
        let records = [record];
        let work = async {
            writing!(self.store, context, |tx| {
                let mut connection: Connection<'_> = (&mut *tx).into();
                self.repository
                    .finish_import(&mut connection, context, import, &file, now)
                    .await?;
                self.store.record(&mut connection, context, now, &records).await?;
                Ok(())
            })
        };
        Ok(self.store.run(context, "clients.import", work).await?)
    }
}

pub(super) fn counts(batch: &Batch, fates: &[(usize, Fate)]) -> Counts {
    let mut counts = Counts::default();
    for (_, fate) in fates {
        match fate {
            Fate::Created => counts.created += 1,
            Fate::Updated => counts.updated += 1,
            Fate::Unchanged => counts.unchanged += 1,
            Fate::Skipped => counts.skipped += 1,
            Fate::Refused(_) => counts.refused += 1,
        }
    }
    let wrong = batch.rows.iter().filter(|(_, outcome)| outcome.is_err()).count();
    counts.refused += u64::try_from(wrong).unwrap_or(u64::MAX);
    counts
}
