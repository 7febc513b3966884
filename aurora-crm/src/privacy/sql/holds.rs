use aurora_core::store::{self, Connection, on_connection};
use aurora_core::time::Timestamp;
use sqlx::types::Uuid;

use super::subjects;
use crate::clients::ClientId;
use crate::context::Context;
use crate::error::Error;
use crate::fields::Fields;
use crate::privacy::holds::{LegalHold, LegalHoldId};
use crate::privacy::{DataSubject, RecordClass};
use crate::store::{Store, reading, writing};

aurora_core::store::statements! {
    INSERT = "insert into legal_holds (workspace_id, id, subject_kind, subject_id, record_class, basis, until, created_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8)";
    RELEASE = "update legal_holds set released_at = $3 where workspace_id = $1 and id = $2 and released_at is null
        returning subject_kind, subject_id";
    /// Of the subject, of its leads, of the client of its lead, and of what was merged into it.
    IN_FORCE = "select id, subject_kind, subject_id, record_class, basis, until, created_at from legal_holds
        where workspace_id = $1 and released_at is null and (until is null or until > $3) and (subject_id = $2
            or subject_id in (select c.id from clients c where c.workspace_id = $1 and c.merged_into = $2)
            or subject_id in (select l.id from leads l where l.workspace_id = $1 and l.client_id = $2)
            or subject_id in (select l.client_id from leads l where l.workspace_id = $1 and l.id = $2))
        order by id limit 200";
    /// Of the client or lead that a file belongs to by itself, or by an activity or a task; `$2` is the file's subject.
    OF_FILE = "select id, subject_kind, subject_id, record_class, basis, until, created_at from legal_holds
        where workspace_id = $1 and released_at is null and (until is null or until > $3) and record_class = 'files'
            and (subject_id = $2
                or subject_id in (select c.id from clients c where c.workspace_id = $1 and c.merged_into = $2)
                or subject_id in (select c.merged_into from clients c where c.workspace_id = $1 and c.id = $2)
                or subject_id in (select l.client_id from leads l where l.workspace_id = $1 and l.id = $2)
                or subject_id in (select a.client_id from activities a where a.workspace_id = $1 and a.id = $2)
                or subject_id in (select a.lead_id from activities a where a.workspace_id = $1 and a.id = $2)
                or subject_id in (select t.client_id from tasks t where t.workspace_id = $1 and t.id = $2)
                or subject_id in (select t.lead_id from tasks t where t.workspace_id = $1 and t.id = $2)
                or subject_id in (select l.client_id from leads l join tasks t
                    on t.workspace_id = l.workspace_id and t.lead_id = l.id
                    where l.workspace_id = $1 and t.id = $2))
        order by id limit 200";
}

#[derive(Debug, sqlx::FromRow)]
struct Row {
    id: LegalHoldId,
    subject_kind: String,
    subject_id: Uuid,
    record_class: String,
    basis: String,
    until: Option<Timestamp>,
    created_at: Timestamp,
}

impl TryFrom<Row> for LegalHold {
    type Error = store::Error;

    fn try_from(row: Row) -> Result<Self, store::Error> {
        let corrupt = || store::Error::corrupt("a legal hold of something unknown");
        Ok(Self {
            id: row.id,
            subject: DataSubject::read(&row.subject_kind, row.subject_id).ok_or_else(corrupt)?,
            class: RecordClass::read(&row.record_class).ok_or_else(corrupt)?,
            basis: row.basis,
            until: row.until,
            created_at: row.created_at,
        })
    }
}

pub(in crate::privacy) async fn insert(
    store: &Store,
    context: &Context,
    hold: &LegalHold,
) -> Result<(), Error> {
    let now = hold.created_at;
    let record = subjects::record("subject.held", hold.subject, now)
        .detail("hold", hold.id.to_string())
        .detail("class", hold.class.as_str());
    writing!(store, context, |tx| {
        subjects::lock_in(&mut (&mut *tx).into(), context, hold.subject).await?;
        subjects::check_in(&mut (&mut *tx).into(), context, hold.subject).await?;
        sqlx::query(INSERT)
            .bind(context.workspace)
            .bind(hold.id)
            .bind(hold.subject.kind())
            .bind(hold.subject.uuid())
            .bind(hold.class.as_str())
            .bind(&hold.basis)
            .bind(hold.until)
            .bind(now)
            .execute(&mut *tx)
            .await?;
        store
            .record(&mut (&mut *tx).into(), context, now, &[record])
            .await?;
        Ok(())
    })
}

pub(in crate::privacy) async fn release(
    store: &Store,
    context: &Context,
    id: LegalHoldId,
) -> Result<(), Error> {
    let now = store.now();
    writing!(store, context, |tx| {
        let found: Option<(String, Uuid)> = sqlx::query_as(RELEASE)
            .bind(context.workspace)
            .bind(id)
            .bind(now)
            .fetch_optional(&mut *tx)
            .await?;
        let (kind, subject) = found.ok_or(Error::not_found("legal hold"))?;
        let subject = DataSubject::read(&kind, subject)
            .ok_or_else(|| store::Error::corrupt("a legal hold of something unknown"))?;
        let record = subjects::record("subject.released", subject, now).detail("hold", id.to_string());
        store
            .record(&mut (&mut *tx).into(), context, now, &[record])
            .await?;
        Ok(())
    })
}

pub(in crate::privacy) async fn list(
    store: &Store,
    context: &Context,
    subject: DataSubject,
) -> Result<Vec<LegalHold>, Error> {
    let now = store.now();
    reading!(store, context, |tx| {
        in_force_in(&mut (&mut *tx).into(), context, subject, now).await
    })
}

/// Refuses to remove what of a client is under a legal hold: records of one class, or of any. Whoever calls it has locked
/// the client's row.
pub(crate) async fn refuse_held_in(
    tx: &mut Connection<'_>,
    context: &Context,
    client: ClientId,
    class: Option<RecordClass>,
    now: Timestamp,
) -> Result<(), Error> {
    let mut holds = in_force_in(tx, context, client.into(), now).await?;
    holds.retain(|hold| class.is_none_or(|class| class == hold.class));
    refuse(&holds)
}

/// Refuses to delete a file of a subject whose files are under a legal hold.
#[cfg(feature = "files")]
pub(crate) async fn refuse_held_file_in(
    tx: &mut Connection<'_>,
    context: &Context,
    subject: Uuid,
    now: Timestamp,
) -> Result<(), Error> {
    refuse(&select_in(tx, OF_FILE, context, subject, now).await?)
}

fn refuse(holds: &[LegalHold]) -> Result<(), Error> {
    let mut fields = Fields::default();
    for hold in holds {
        let message = format!("{} is under the legal hold {}", hold.class.as_str(), hold.id);
        fields.refuse("id", "legal_hold", message);
    }
    fields.finish(())
}

/// The holds that an erasure has to respect.
pub(super) async fn in_force_in(
    tx: &mut Connection<'_>,
    context: &Context,
    subject: DataSubject,
    now: Timestamp,
) -> Result<Vec<LegalHold>, Error> {
    select_in(tx, IN_FORCE, context, subject.uuid(), now).await
}

async fn select_in(
    tx: &mut Connection<'_>,
    statement: &'static str,
    context: &Context,
    subject: Uuid,
    now: Timestamp,
) -> Result<Vec<LegalHold>, Error> {
    let rows: Vec<Row> = on_connection!(tx, |tx| sqlx::query_as(statement)
        .bind(context.workspace)
        .bind(subject)
        .bind(now)
        .fetch_all(&mut *tx))?;
    Ok(rows
        .into_iter()
        .map(LegalHold::try_from)
        .collect::<Result<_, _>>()?)
}
