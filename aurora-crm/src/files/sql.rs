mod list;
mod row;

use aurora_core::store;
use aurora_core::time::Timestamp;

pub(super) use self::list::page;
use self::row::{Row, signed, unsigned};
use super::input::over_quota;
use super::{BlobId, File, FileId, FileSubject};
use crate::context::Context;
use crate::error::{Error, ErrorKind};
use crate::journal::Record;
use crate::privacy::refuse_held_file_in;
use crate::store::{Store, reading, writing};

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "select id, blob_id, name, media_type, size, sha256, subject_kind, subject_id, uploaded_by, created_at
                from files where workspace_id = $1 and deleted_at is null ",
            $rest
        )
    };
}

aurora_core::store::statements! {
    /// Comes first in each transaction that changes files of a workspace, so that these follow one another.
    LOCK = "insert into file_usage (workspace_id, bytes) values ($1, 0)
        on conflict (workspace_id) do update set bytes = file_usage.bytes returning bytes";
    USAGE = "select bytes from file_usage where workspace_id = $1";
    USE = "update file_usage set bytes = bytes + $2 where workspace_id = $1";
    BEGIN = "insert into file_blobs (workspace_id, id, state, size, uses, created_at)
        values ($1, $2, 'pending', 0, 0, $3)";
    SAME = "update file_blobs set uses = uses + 1 where workspace_id = $1 and sha256 = $2 and state = 'stored'
        returning id";
    KEEP = "update file_blobs set state = 'stored', sha256 = $3, size = $4, uses = 1
        where workspace_id = $1 and id = $2 and state = 'pending'";
    GIVE_UP = "update file_blobs set state = 'doomed' where workspace_id = $1 and id = $2 and state = 'pending'";
    RELEASE = "update file_blobs set uses = uses - 1 where workspace_id = $1 and id = $2 and uses > 1";
    DOOM = "update file_blobs set state = 'doomed', sha256 = null, uses = 0
        where workspace_id = $1 and id = $2 and state = 'stored' and uses = 1 returning size";
    GIVE_UP_OLD = "update file_blobs set state = 'doomed'
        where workspace_id = $1 and state = 'pending' and created_at < $2";
    DOOMED = "select id from file_blobs where workspace_id = $1 and state = 'doomed' and id > $2 order by id limit $3";
    FORGET = "delete from file_blobs where workspace_id = $1 and id = $2 and state = 'doomed'";
    INSERT = "insert into files (workspace_id, id, blob_id, name, media_type, size, sha256, subject_kind, subject_id,
            uploaded_by, created_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    EXISTS = "select id from files where workspace_id = $1 and id = $2";
    GET = select!("and id = $2");
    DELETE = "update files set deleted_at = $3, blob_id = null, sha256 = null, name = '', subject_kind = null,
            subject_id = null
        where workspace_id = $1 and id = $2 and deleted_at is null";
    ALL_OF_SUBJECT = select!("and subject_kind = $2 and subject_id = $3 order by created_at, id limit $4");
    NEWEST = select!("and (created_at, id) < ($2, $3) order by created_at desc, id desc limit $4");
    /// `$5` is a list such as `,ctc,msg,`; kinds are lower-case letters, so that none is a pattern.
    NEWEST_WITHOUT = select!("and (created_at, id) < ($2, $3)
            and (subject_kind is null or $5 not like '%,' || subject_kind || ',%')
        order by created_at desc, id desc limit $4");
    NEWEST_OF_SUBJECT = select!("and subject_kind = $5 and subject_id = $6 and (created_at, id) < ($2, $3)
        order by created_at desc, id desc limit $4");
}

/// Deletes one file within a transaction that has found it, and gives the blob that nothing uses any more.
macro_rules! delete_row {
    ($tx:ident, $context:ident, $id:expr, $blob:expr, $now:ident) => {{
        sqlx::query(DELETE)
            .bind($context.workspace)
            .bind($id)
            .bind($now)
            .execute(&mut *$tx)
            .await?;
        let released = sqlx::query(RELEASE)
            .bind($context.workspace)
            .bind($blob)
            .execute(&mut *$tx)
            .await?;
        if released.rows_affected() > 0 {
            None
        } else {
            let size: i64 = sqlx::query_scalar(DOOM)
                .bind($context.workspace)
                .bind($blob)
                .fetch_one(&mut *$tx)
                .await?;
            sqlx::query(USE)
                .bind($context.workspace)
                .bind(-size)
                .execute(&mut *$tx)
                .await?;
            Some($blob)
        }
    }};
}

/// Writes down that bytes will come, and tells how many may.
pub(super) async fn begin(
    store: &Store,
    context: &Context,
    file: FileId,
    blob: BlobId,
    declared: u64,
    quota: u64,
) -> Result<u64, Error> {
    let now = store.now();
    let begun = writing!(store, context, |tx| {
        let used: i64 = sqlx::query_scalar(LOCK)
            .bind(context.workspace)
            .fetch_one(&mut *tx)
            .await?;
        let left = quota.saturating_sub(unsigned(used)?);
        if declared > left || left == 0 {
            return Err(over_quota(quota));
        }
        let taken: Option<FileId> = sqlx::query_scalar(EXISTS)
            .bind(context.workspace)
            .bind(file)
            .fetch_optional(&mut *tx)
            .await?;
        if taken.is_some() {
            return Err(Error::already_exists("file", file));
        }
        sqlx::query(BEGIN)
            .bind(context.workspace)
            .bind(blob)
            .bind(now)
            .execute(&mut *tx)
            .await?;
        Ok(left)
    });
    match begun {
        Err(error)
            if error
                .stored()
                .is_some_and(|cause| cause.kind() == store::ErrorKind::ForeignKey) =>
        {
            Err(Error::not_found("workspace"))
        }
        begun => begun,
    }
}

/// Makes the file of bytes that have come. Gives back the blob that holds its content: another one where that was
/// stored before, and then the new bytes are doomed.
pub(super) async fn finish(
    store: &Store,
    context: &Context,
    file: &File,
    blob: BlobId,
    quota: u64,
) -> Result<BlobId, Error> {
    let now = store.now();
    let size = signed(file.size)?;
    writing!(store, context, |tx| {
        let used: i64 = sqlx::query_scalar(LOCK)
            .bind(context.workspace)
            .fetch_one(&mut *tx)
            .await?;
        let same: Option<BlobId> = sqlx::query_scalar(SAME)
            .bind(context.workspace)
            .bind(file.sha256.0.as_slice())
            .fetch_optional(&mut *tx)
            .await?;
        let claim = if same.is_some() {
            sqlx::query(GIVE_UP).bind(context.workspace).bind(blob)
        } else if unsigned(used)?.saturating_add(file.size) > quota {
            return Err(over_quota(quota));
        } else {
            sqlx::query(USE)
                .bind(context.workspace)
                .bind(size)
                .execute(&mut *tx)
                .await?;
            sqlx::query(KEEP)
                .bind(context.workspace)
                .bind(blob)
                .bind(file.sha256.0.as_slice())
                .bind(size)
        };
        if claim.execute(&mut *tx).await?.rows_affected() == 0 {
            // Swept while it came, which takes longer than sending a file may.
            return Err(Error::new(ErrorKind::Timeout));
        }
        let blob = same.unwrap_or(blob);
        sqlx::query(INSERT)
            .bind(context.workspace)
            .bind(file.id)
            .bind(blob)
            .bind(&file.name)
            .bind(file.media_type.as_str())
            .bind(size)
            .bind(file.sha256.0.as_slice())
            .bind(file.subject.as_ref().map(|subject| subject.kind.as_str()))
            .bind(file.subject.as_ref().map(|subject| subject.id))
            .bind(&file.uploaded_by)
            .bind(file.created_at)
            .execute(&mut *tx)
            .await?;
        let record = Record::new("file.uploaded", "file", file.id, now)
            .with("media_type", file.media_type.as_str())
            .with("size", size);
        store
            .record(&mut (&mut *tx).into(), context, now, &[record])
            .await?;
        Ok(blob)
    })
}

/// Dooms bytes that no file was made of; tells whether there were any such.
pub(super) async fn give_up(store: &Store, context: &Context, blob: BlobId) -> Result<bool, Error> {
    writing!(store, context, |tx| {
        sqlx::query(LOCK)
            .bind(context.workspace)
            .execute(&mut *tx)
            .await?;
        let doomed = sqlx::query(GIVE_UP)
            .bind(context.workspace)
            .bind(blob)
            .execute(&mut *tx)
            .await?;
        Ok(doomed.rows_affected() > 0)
    })
}

/// Dooms what has been on its way since before `cutoff`.
pub(super) async fn give_up_old(store: &Store, context: &Context, cutoff: Timestamp) -> Result<(), Error> {
    writing!(store, context, |tx| {
        sqlx::query(LOCK)
            .bind(context.workspace)
            .execute(&mut *tx)
            .await?;
        sqlx::query(GIVE_UP_OLD)
            .bind(context.workspace)
            .bind(cutoff)
            .execute(&mut *tx)
            .await?;
        Ok(())
    })
}

/// The next doomed blobs after this one.
pub(super) async fn doomed(
    store: &Store,
    context: &Context,
    after: BlobId,
    limit: u32,
) -> Result<Vec<BlobId>, Error> {
    reading!(store, context, |tx| {
        Ok(sqlx::query_scalar(DOOMED)
            .bind(context.workspace)
            .bind(after)
            .bind(i64::from(limit))
            .fetch_all(&mut *tx)
            .await?)
    })
}

/// Forgets a doomed blob, once its bytes are gone.
pub(super) async fn forget(store: &Store, context: &Context, blob: BlobId) -> Result<(), Error> {
    writing!(store, context, |tx| {
        sqlx::query(FORGET)
            .bind(context.workspace)
            .bind(blob)
            .execute(&mut *tx)
            .await?;
        Ok(())
    })
}

pub(super) async fn usage(store: &Store, context: &Context) -> Result<u64, Error> {
    let used: Option<i64> = reading!(store, context, |tx| {
        Ok(sqlx::query_scalar(USAGE)
            .bind(context.workspace)
            .fetch_optional(&mut *tx)
            .await?)
    })?;
    unsigned(used.unwrap_or(0))
}

/// A living file and the blob that holds its content.
pub(super) async fn get(store: &Store, context: &Context, id: FileId) -> Result<(File, BlobId), Error> {
    let row: Option<Row> = reading!(store, context, |tx| {
        Ok(sqlx::query_as(GET)
            .bind(context.workspace)
            .bind(id)
            .fetch_optional(&mut *tx)
            .await?)
    })?;
    row.ok_or(Error::not_found("file"))?.read()
}

/// Deletes a file, and gives the blob that is doomed by it.
pub(super) async fn delete(store: &Store, context: &Context, id: FileId) -> Result<Option<BlobId>, Error> {
    let now = store.now();
    writing!(store, context, |tx| {
        sqlx::query(LOCK)
            .bind(context.workspace)
            .execute(&mut *tx)
            .await?;
        let row: Option<Row> = sqlx::query_as(GET)
            .bind(context.workspace)
            .bind(id)
            .fetch_optional(&mut *tx)
            .await?;
        let row = row.ok_or(Error::not_found("file"))?;
        if let Some(subject) = row.subject_id {
            refuse_held_file_in(&mut (&mut *tx).into(), context, subject, now).await?;
        }
        let blob = row.blob_id;
        let doomed = delete_row!(tx, context, id, blob, now);
        let record = Record::new("file.deleted", "file", id, now);
        store
            .record(&mut (&mut *tx).into(), context, now, &[record])
            .await?;
        Ok(doomed)
    })
}

/// Deletes up to `limit` files of a subject; gives how many, and the blobs that are doomed by it.
pub(super) async fn delete_of_subject(
    store: &Store,
    context: &Context,
    subject: &FileSubject,
    limit: u32,
) -> Result<(u64, Vec<BlobId>), Error> {
    let now = store.now();
    writing!(store, context, |tx| {
        sqlx::query(LOCK)
            .bind(context.workspace)
            .execute(&mut *tx)
            .await?;
        let rows: Vec<Row> = sqlx::query_as(ALL_OF_SUBJECT)
            .bind(context.workspace)
            .bind(&subject.kind)
            .bind(subject.id)
            .bind(i64::from(limit))
            .fetch_all(&mut *tx)
            .await?;
        if rows.is_empty() {
            return Ok((0, Vec::new()));
        }
        refuse_held_file_in(&mut (&mut *tx).into(), context, subject.id, now).await?;
        let (mut count, mut doomed, mut records) = (0, Vec::new(), Vec::new());
        for row in rows {
            doomed.extend(delete_row!(tx, context, row.id, row.blob_id, now));
            records.push(Record::new("file.deleted", "file", row.id, now));
            count += 1;
        }
        store
            .record(&mut (&mut *tx).into(), context, now, &records)
            .await?;
        Ok((count, doomed))
    })
}
