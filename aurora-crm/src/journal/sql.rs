use aurora_core::store::{self, Connection, execute_on, on_connection};
use aurora_core::time::Timestamp;

use super::chain::{Entry, GENESIS, Hash};
use super::record::Record;
use crate::context::Context;
use crate::workspaces::WorkspaceId;

aurora_core::store::statements! {
    OPEN_CHAIN = "insert into audit_heads (workspace_id, seq, hash) values ($1, 0, $2)
        on conflict (workspace_id) do nothing";
    /// Locks the chain and gives its end.
    ADVANCE_HEAD = "update audit_heads set seq = seq + $2 where workspace_id = $1 returning seq - $2, hash";
    SET_HEAD = "update audit_heads set hash = $2 where workspace_id = $1";
    INSERT_ENTRY = "insert into audit_entries (workspace_id, seq, at, action, outcome, principal, subject_kind,
            subject_id, origin, request_id, detail, previous_hash, hash)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
    INSERT_EVENT = "insert into events (workspace_id, id, type, subject_kind, subject_id, data, occurred_at)
        values ($1, $2, $3, $4, $5, $6, $7)";
}

/// Adds the events of a change.
pub(super) async fn add_events(
    tx: &mut Connection<'_>,
    context: &Context,
    now: Timestamp,
    records: &[Record],
) -> Result<(), store::Error> {
    for record in records {
        let Some(event) = record.event_id() else { continue };
        execute_on!(
            tx,
            sqlx::query(INSERT_EVENT)
                .bind(context.workspace)
                .bind(event)
                .bind(record.action())
                .bind(record.subject_kind())
                .bind(record.subject_id())
                .bind(record.data_text())
                .bind(now)
        )?;
    }
    Ok(())
}

/// Locks the end of the workspace's chain and adds an entry for each record.
pub(super) async fn add_entries(
    tx: &mut Connection<'_>,
    context: &Context,
    now: Timestamp,
    records: &[Record],
) -> Result<(), store::Error> {
    let count = i64::try_from(records.len()).unwrap_or(i64::MAX);
    let (mut seq, mut previous) = advance(tx, context.workspace, count).await?;
    let origin = context.origin.map(|address| address.to_string());
    for record in records {
        seq += 1;
        let detail = record.detail_text();
        let entry = Entry {
            workspace: context.workspace,
            seq,
            at: now,
            action: record.action(),
            outcome: record.outcome().as_str(),
            principal: &context.principal,
            subject_kind: record.subject_kind(),
            subject: record.subject_id(),
            origin: origin.as_deref(),
            request_id: context.request_id.as_deref(),
            detail: &detail,
        };
        let hash = entry.hash(&previous);
        execute_on!(
            tx,
            sqlx::query(INSERT_ENTRY)
                .bind(entry.workspace)
                .bind(entry.seq)
                .bind(entry.at)
                .bind(entry.action)
                .bind(entry.outcome)
                .bind(entry.principal)
                .bind(entry.subject_kind)
                .bind(entry.subject)
                .bind(entry.origin)
                .bind(entry.request_id)
                .bind(entry.detail)
                .bind(previous.as_slice())
                .bind(hash.as_slice())
        )?;
        previous = hash;
    }
    execute_on!(
        tx,
        sqlx::query(SET_HEAD)
            .bind(context.workspace)
            .bind(previous.as_slice())
    )?;
    Ok(())
}

async fn advance(
    tx: &mut Connection<'_>,
    workspace: WorkspaceId,
    count: i64,
) -> Result<(i64, Hash), store::Error> {
    let mut opened = false;
    loop {
        let head: Option<(i64, Vec<u8>)> = on_connection!(tx, |tx| sqlx::query_as(ADVANCE_HEAD)
            .bind(workspace)
            .bind(count)
            .fetch_optional(&mut *tx))?;
        match head {
            Some((seq, hash)) => {
                let hash = Hash::try_from(hash).map_err(|_| store::Error::corrupt("a hash has 32 bytes"))?;
                return Ok((seq, hash));
            }
            None if opened => return Err(store::Error::corrupt("the audit chain has no end")),
            None => {
                execute_on!(
                    tx,
                    sqlx::query(OPEN_CHAIN).bind(workspace).bind(GENESIS.as_slice())
                )?;
                opened = true;
            }
        }
    }
}
