use aurora_core::page::{Page, PageRequest};
use aurora_core::store::{self, Connection, execute_on};
use aurora_core::time::Timestamp;

use super::get_in;
use crate::clients::wrong_cursor;
use crate::context::Context;
use crate::error::Error;
use crate::leads::{Lead, LeadId, PipelineId, StageId, StageMove};
use crate::store::{Store, reading};

aurora_core::store::statements! {
    INSERT = "insert into lead_stage_changes (workspace_id, lead_id, seq, pipeline_id, from_stage_id, to_stage_id, at,
            principal, from_since)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    PAGE = "select lead_id, seq, pipeline_id, from_stage_id, to_stage_id, at, principal, from_since
        from lead_stage_changes where workspace_id = $1 and lead_id = $2 and seq < $3 order by seq desc limit $4";
}

#[derive(Debug, sqlx::FromRow)]
pub(crate) struct MoveRow {
    lead_id: LeadId,
    pub(crate) seq: i64,
    pipeline_id: PipelineId,
    from_stage_id: Option<StageId>,
    to_stage_id: StageId,
    pub(crate) at: Timestamp,
    principal: String,
    from_since: Option<Timestamp>,
}

impl From<MoveRow> for StageMove {
    fn from(row: MoveRow) -> Self {
        Self {
            lead_id: row.lead_id,
            seq: row.seq,
            pipeline_id: row.pipeline_id,
            from: row.from_stage_id,
            to: row.to_stage_id,
            at: row.at,
            principal: row.principal,
            from_since: row.from_since,
        }
    }
}

/// Writes down that `lead` has come into its stage.
pub(super) async fn add_in(
    tx: &mut Connection<'_>,
    context: &Context,
    before: Option<&Lead>,
    lead: &Lead,
) -> Result<(), store::Error> {
    execute_on!(
        tx,
        sqlx::query(INSERT)
            .bind(context.workspace)
            .bind(lead.id)
            .bind(lead.stage_changes)
            .bind(lead.pipeline_id)
            .bind(before.map(|before| before.stage_id))
            .bind(lead.stage_id)
            .bind(lead.stage_since)
            .bind(&context.principal)
            .bind(before.map(|before| before.stage_since))
    )?;
    Ok(())
}

pub(in crate::leads) async fn page(
    store: &Store,
    context: &Context,
    id: LeadId,
    request: &PageRequest,
) -> Result<Page<StageMove>, Error> {
    let scope = format!("leads/{}/history/{id}", context.workspace);
    let before: i64 = match request.cursor() {
        Some(cursor) => cursor.key(&scope).map_err(wrong_cursor)?,
        None => i64::MAX,
    };
    let limit = i64::from(request.limit()) + 1;
    let rows: Vec<MoveRow> = reading!(store, context, |tx| {
        get_in(&mut (&mut *tx).into(), context, id).await?;
        Ok(sqlx::query_as(PAGE)
            .bind(context.workspace)
            .bind(id)
            .bind(before)
            .bind(limit)
            .fetch_all(&mut *tx)
            .await?)
    })?;
    let page = Page::from_rows(rows, request, &scope, |row| row.seq).map_err(wrong_cursor)?;
    Ok(page.map(StageMove::from))
}
