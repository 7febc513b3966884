use aurora_core::page::{Cursor, Page, PageRequest};
use aurora_core::store;
use aurora_core::time::Timestamp;
use sqlx::types::Uuid;

use super::AuditFilter;
use super::entry::{AuditEntry, AuditHash};
use super::verify::RecordedEnd;
use crate::clients::wrong_cursor;
use crate::context::Context;
use crate::error::Error;
use crate::journal::Record;
use crate::store::{END_OF_TIME, START_OF_TIME, Store, reading, writing};
use crate::workspaces::WorkspaceId;

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "select workspace_id, seq, at, action, outcome, principal, subject_kind, subject_id, origin, request_id,
                detail, previous_hash, hash from audit_entries where workspace_id = $1 ",
            $rest
        )
    };
}

aurora_core::store::statements! {
    /// An empty text asks for nothing.
    LIST = select!("and seq < $2 and at >= $3 and at < $4 and substr(action, 1, length(cast($5 as text))) = cast($5 as text)
        and (cast($6 as text) = '' or principal = $6) and (cast($7 as text) = '' or outcome = $7)
        order by seq desc limit $8");
    LIST_OF_SUBJECT = select!("and subject_id = $9 and seq < $2 and at >= $3 and at < $4
        and substr(action, 1, length(cast($5 as text))) = cast($5 as text)
        and (cast($6 as text) = '' or principal = $6) and (cast($7 as text) = '' or outcome = $7)
        order by seq desc limit $8");
    WALK = select!("and seq > $2 and seq <= $3 order by seq limit $4");
    /// In one statement, so that both are of one moment.
    ENDS = "select (select seq from audit_heads where workspace_id = $1),
        (select hash from audit_heads where workspace_id = $1),
        (select max(seq) from audit_entries where workspace_id = $1)";
    INSERT_CHECKPOINT = "insert into audit_checkpoints (workspace_id, seq, at, statement) values ($1, $2, $3, $4)
        on conflict (workspace_id, seq) do nothing";
    LAST_CHECKPOINT = "select seq, at, statement from audit_checkpoints where workspace_id = $1
        order by seq desc limit 1";
    CHECKPOINTS = "select statement from audit_checkpoints where workspace_id = $1 and seq > $2
        order by seq limit 200";
}

#[derive(Debug, sqlx::FromRow)]
pub(super) struct Row {
    workspace_id: WorkspaceId,
    seq: i64,
    at: Timestamp,
    action: String,
    outcome: String,
    principal: String,
    subject_kind: String,
    subject_id: Uuid,
    origin: Option<String>,
    request_id: Option<String>,
    detail: String,
    previous_hash: Vec<u8>,
    hash: Vec<u8>,
}

impl TryFrom<Row> for AuditEntry {
    type Error = store::Error;

    fn try_from(row: Row) -> Result<Self, store::Error> {
        let hash =
            |bytes| AuditHash::of_bytes(bytes).ok_or_else(|| store::Error::corrupt("a hash has 32 bytes"));
        Ok(Self {
            workspace: row.workspace_id,
            seq: row.seq,
            at: row.at,
            action: row.action,
            outcome: row
                .outcome
                .parse()
                .map_err(|error: &str| store::Error::corrupt(error))?,
            principal: row.principal,
            subject_kind: row.subject_kind,
            subject: row.subject_id,
            origin: row.origin,
            request_id: row.request_id,
            detail: row.detail,
            previous_hash: hash(row.previous_hash)?,
            hash: hash(row.hash)?,
        })
    }
}

pub(super) async fn list(
    store: &Store,
    context: &Context,
    filter: &AuditFilter,
    page: &PageRequest,
) -> Result<Page<AuditEntry>, Error> {
    let scope = format!("{}/audit/{filter:?}", context.workspace);
    let before: i64 = match page
        .cursor()
        .map(|cursor: &Cursor| cursor.key(&scope))
        .transpose()
    {
        Ok(seq) => seq.unwrap_or(i64::MAX),
        Err(error) => return Err(wrong_cursor(error)),
    };
    let statement = if filter.subject.is_some() {
        LIST_OF_SUBJECT
    } else {
        LIST
    };
    let rows: Vec<Row> = reading!(store, context, |tx| {
        let mut query = sqlx::query_as(statement)
            .bind(context.workspace)
            .bind(before)
            .bind(filter.from.unwrap_or(START_OF_TIME))
            .bind(filter.until.unwrap_or(END_OF_TIME))
            .bind(filter.action.as_deref().unwrap_or_default())
            .bind(filter.principal.as_deref().unwrap_or_default())
            .bind(filter.outcome.map_or("", |outcome| outcome.as_str()))
            .bind(i64::from(page.limit()) + 1);
        if let Some(subject) = filter.subject {
            query = query.bind(subject);
        }
        Ok(query.fetch_all(&mut *tx).await?)
    })?;
    let entries: Vec<AuditEntry> = rows
        .into_iter()
        .map(AuditEntry::try_from)
        .collect::<Result<_, _>>()?;
    Page::from_rows(entries, page, &scope, |entry| entry.seq).map_err(wrong_cursor)
}

/// Where a chain ends.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ends {
    pub(super) recorded: RecordedEnd,
    /// The highest number that is there or should be; 0 when there is none.
    pub(super) last: i64,
}

pub(super) async fn ends(store: &Store, context: &Context) -> Result<Ends, Error> {
    type Columns = (Option<i64>, Option<Vec<u8>>, Option<i64>);
    let (seq, hash, last): Columns = reading!(store, context, |tx| {
        Ok(sqlx::query_as(ENDS)
            .bind(context.workspace)
            .fetch_one(&mut *tx)
            .await?)
    })?;
    // A head that is no hash is no head: the walk then says that it is missing.
    let head = seq.zip(hash.and_then(AuditHash::of_bytes));
    Ok(Ends {
        recorded: RecordedEnd { head },
        last: last.unwrap_or(0).max(seq.unwrap_or(0)),
    })
}

/// Up to `limit` entries after `after` and up to `last`, in order; those that cannot be read are errors of their own.
/// `None` when the rows themselves cannot be told apart.
pub(super) async fn walk(
    store: &Store,
    context: &Context,
    after: i64,
    last: i64,
    limit: i64,
) -> Result<Option<Vec<Result<AuditEntry, store::Error>>>, Error> {
    let rows: Result<Vec<Row>, Error> = reading!(store, context, |tx| {
        Ok(sqlx::query_as(WALK)
            .bind(context.workspace)
            .bind(after)
            .bind(last)
            .bind(limit)
            .fetch_all(&mut *tx)
            .await?)
    });
    match rows {
        Ok(rows) => Ok(Some(rows.into_iter().map(AuditEntry::try_from).collect())),
        // A value of another type than its column's.
        Err(error) if is_corrupt(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

fn is_corrupt(error: &Error) -> bool {
    error
        .stored()
        .is_some_and(|stored| stored.kind() == store::ErrorKind::Corrupt)
}

/// Records that entries leave the house.
pub(super) async fn record_export(
    store: &Store,
    context: &Context,
    format: &'static str,
) -> Result<(), Error> {
    let now = store.now();
    let record = Record::new("audit.exported", "workspace", context.workspace, now)
        .without_event()
        .detail("format", format);
    writing!(store, context, |tx| {
        store
            .record(&mut (&mut *tx).into(), context, now, &[record])
            .await?;
        Ok(())
    })
}

/// Records that the whole database was copied.
pub(super) async fn record_backup(
    store: &Store,
    context: &Context,
    (name, bytes, is_verified): (&str, u64, bool),
) -> Result<(), Error> {
    let now = store.now();
    let record = Record::new("backup.made", "installation", context.workspace, now)
        .without_event()
        .detail("name", name)
        .detail("bytes", bytes)
        .detail("verified", is_verified);
    writing!(store, context, |tx| {
        store
            .record(&mut (&mut *tx).into(), context, now, &[record])
            .await?;
        Ok(())
    })
}

#[cfg(feature = "access")]
#[derive(Debug, sqlx::FromRow)]
pub(super) struct LastCheckpoint {
    pub(super) seq: i64,
    pub(super) at: Timestamp,
    pub(super) statement: String,
}

#[cfg(feature = "access")]
pub(super) async fn last_checkpoint(
    store: &Store,
    context: &Context,
) -> Result<Option<LastCheckpoint>, Error> {
    reading!(store, context, |tx| {
        Ok(sqlx::query_as(LAST_CHECKPOINT)
            .bind(context.workspace)
            .fetch_optional(&mut *tx)
            .await?)
    })
}

#[cfg(feature = "access")]
pub(super) async fn checkpoints_after(
    store: &Store,
    context: &Context,
    seq: i64,
) -> Result<Vec<String>, Error> {
    reading!(store, context, |tx| {
        Ok(sqlx::query_scalar(CHECKPOINTS)
            .bind(context.workspace)
            .bind(seq)
            .fetch_all(&mut *tx)
            .await?)
    })
}

/// It is no entry of the chain: that would need a checkpoint itself.
#[cfg(feature = "access")]
pub(super) async fn add_checkpoint(
    store: &Store,
    context: &Context,
    checkpoint: &super::Checkpoint,
    statement: &str,
) -> Result<(), Error> {
    writing!(store, context, |tx| {
        sqlx::query(INSERT_CHECKPOINT)
            .bind(context.workspace)
            .bind(checkpoint.seq)
            .bind(checkpoint.at)
            .bind(statement)
            .execute(&mut *tx)
            .await?;
        Ok(())
    })
}
