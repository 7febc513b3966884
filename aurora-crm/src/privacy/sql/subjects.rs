use aurora_core::store::{Connection, execute_on, on_connection};
use sqlx::types::Uuid;

use crate::clients::ClientKind;
use crate::context::Context;
use crate::error::Error;
use crate::privacy::DataSubject;

aurora_core::store::statements! {
    /// Deleted ones too: they are not forgotten.
    CLIENT = "select kind from clients where workspace_id = $1 and id = $2 and merged_into is null";
    LEAD = "select status from leads where workspace_id = $1 and id = $2";
    /// Merges are never in a chain: what was merged before goes along.
    MERGED_INTO = "select merged_into from clients where workspace_id = $1 and id = $2 and merged_into is not null";
    /// The contact of a company's lead stays a subject of its own.
    CLIENT_OF_LEAD = "select c.id from leads l join clients c on c.workspace_id = l.workspace_id and c.id = l.client_id
        where l.workspace_id = $1 and l.id = $2 and c.kind = 'person'";
    /// These change nothing. The client of a lead before the lead, as everywhere.
    LOCK_CLIENT = "update clients set version = version where workspace_id = $1 and (id = $2
        or id in (select l.client_id from leads l where l.workspace_id = $1 and l.id = $2))";
    LOCK_LEAD = "update leads set version = version where workspace_id = $1 and id = $2";
}

/// Holds a subject until the transaction ends: what is put under a legal hold is not erased at the same moment.
pub(super) async fn lock_in(
    tx: &mut Connection<'_>,
    context: &Context,
    subject: DataSubject,
) -> Result<(), Error> {
    for statement in [LOCK_CLIENT, LOCK_LEAD] {
        execute_on!(
            &mut *tx,
            sqlx::query(statement)
                .bind(context.workspace)
                .bind(subject.uuid())
        )?;
    }
    Ok(())
}

/// Refuses what is not there.
pub(super) async fn check_in(
    tx: &mut Connection<'_>,
    context: &Context,
    subject: DataSubject,
) -> Result<(), Error> {
    kind_in(tx, context, subject).await.map(drop)
}

/// Refuses what is not there, and companies.
pub(super) async fn check_person_in(
    tx: &mut Connection<'_>,
    context: &Context,
    subject: DataSubject,
) -> Result<(), Error> {
    let kind = kind_in(tx, context, subject).await?;
    let mut fields = crate::fields::Fields::default();
    if kind == ClientKind::Company.as_str() {
        fields.refuse(
            "subject",
            "not_allowed",
            "a company is no data subject; the contact of a lead is",
        );
    }
    fields.finish(())
}

/// As whom the subject is known by now: the client that a merge has left, and the client of a person's lead.
pub(super) async fn now_in(
    tx: &mut Connection<'_>,
    context: &Context,
    subject: DataSubject,
) -> Result<Uuid, Error> {
    let statement = match subject {
        DataSubject::Client(_) => MERGED_INTO,
        DataSubject::Lead(_) => CLIENT_OF_LEAD,
    };
    let known: Option<Uuid> = on_connection!(tx, |tx| sqlx::query_scalar(statement)
        .bind(context.workspace)
        .bind(subject.uuid())
        .fetch_optional(&mut *tx))?;
    Ok(known.unwrap_or(subject.uuid()))
}

async fn kind_in(tx: &mut Connection<'_>, context: &Context, subject: DataSubject) -> Result<String, Error> {
    let (statement, what) = match subject {
        DataSubject::Client(_) => (CLIENT, "client"),
        DataSubject::Lead(_) => (LEAD, "lead"),
    };
    let kind: Option<String> = on_connection!(tx, |tx| sqlx::query_scalar(statement)
        .bind(context.workspace)
        .bind(subject.uuid())
        .fetch_optional(&mut *tx))?;
    kind.ok_or(Error::not_found(what))
}

/// The record of something that happened to a subject; no listener is told, for who asks is personal as well.
pub(super) fn record(
    action: &'static str,
    subject: DataSubject,
    now: aurora_core::time::Timestamp,
) -> crate::journal::Record {
    use crate::journal::Record;
    match subject {
        DataSubject::Client(id) => Record::new(action, "client", id, now),
        DataSubject::Lead(id) => Record::new(action, "lead", id, now),
    }
    .without_event()
}
