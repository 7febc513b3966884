use aurora_core::store::{Connection, execute_on, on_connection};
use aurora_core::time::Timestamp;

use super::super::{PipelineId, Stage, StageId};
use super::{advance, lock_stage};
use crate::context::Context;
use crate::error::Error;
use crate::journal::Record;
use crate::leads::position::GAP;
use crate::leads::refused;
use crate::store::{Store, writing};

aurora_core::store::statements! {
    REMOVE_STAGE = "update stages set removed_at = $3 where workspace_id = $1 and id = $2";
    HAS_LEADS = "select count(*) from (select 1 as one from leads where workspace_id = $1 and stage_id = $2 limit 1) x";
    RECORD_MOVES = "insert into lead_stage_changes (workspace_id, lead_id, seq, pipeline_id, from_stage_id, to_stage_id,
            at, principal, from_since)
        select workspace_id, id, stage_changes + 1, pipeline_id, stage_id, $3, $4, $5, stage_since from leads
        where workspace_id = $1 and stage_id = $2";
    MOVE_LEADS = "update leads set stage_id = $3, stage_changes = stage_changes + 1, position = position + $4,
            version = version + 1, stage_since = $5, updated_at = $5
        where workspace_id = $1 and stage_id = $2";
    FIRST_POSITION = "select min(position) from leads where workspace_id = $1 and stage_id = $2";
    LAST_POSITION = "select max(position) from leads where workspace_id = $1 and stage_id = $2";
}

pub(in crate::leads) async fn remove_stage(
    store: &Store,
    context: &Context,
    id: PipelineId,
    expected: i64,
    stage: StageId,
    to: Option<StageId>,
) -> Result<(), Error> {
    writing!(store, context, |tx| {
        remove_stage_in(store, &mut (&mut *tx).into(), context, id, expected, stage, to).await
    })
}

async fn remove_stage_in(
    store: &Store,
    tx: &mut Connection<'_>,
    context: &Context,
    id: PipelineId,
    expected: i64,
    stage: StageId,
    to: Option<StageId>,
) -> Result<(), Error> {
    let now = store.now();
    let pipeline = advance(tx, context, id, expected, now).await?;
    let kind = pipeline.stage(stage).ok_or(Error::not_found("stage"))?.kind;
    let kept = |other: &Stage| other.kind == kind && other.id != stage;
    if !pipeline.stages.iter().any(kept) {
        return Err(refused(
            "stage",
            "not_allowed",
            "it is the last stage of its kind",
        ));
    }
    let target = match to {
        None => None,
        Some(to) => match pipeline.stage(to) {
            None => return Err(Error::not_found("stage")),
            Some(target) if kept(target) => Some(target.id),
            Some(_) => {
                return Err(refused(
                    "to",
                    "not_allowed",
                    "must be another stage of the same kind",
                ));
            }
        },
    };
    let mut locks: Vec<StageId> = std::iter::once(stage).chain(target).collect();
    locks.sort_unstable();
    for lock in locks {
        lock_stage(tx, context, lock).await?;
    }
    let leads: i64 = on_connection!(tx, |tx| sqlx::query_scalar(HAS_LEADS)
        .bind(context.workspace)
        .bind(stage)
        .fetch_one(&mut *tx))?;
    match target {
        None if leads > 0 => {
            return Err(refused(
                "to",
                "required",
                "the stage has leads: say where they go",
            ));
        }
        Some(target) if leads > 0 => move_leads(tx, context, stage, target, now).await?,
        _ => {}
    }
    execute_on!(
        tx,
        sqlx::query(REMOVE_STAGE)
            .bind(context.workspace)
            .bind(stage)
            .bind(now)
    )?;
    let record = Record::new("pipeline.stage_removed", "pipeline", id, now)
        .with("stage", stage.to_string())
        .with("kind", kind.as_str())
        .with("moved_to", target.map(|target| target.to_string()));
    store.record(tx, context, now, &[record]).await?;
    Ok(())
}

/// All at once, behind the last lead of the target.
async fn move_leads(
    tx: &mut Connection<'_>,
    context: &Context,
    from: StageId,
    to: StageId,
    now: Timestamp,
) -> Result<(), Error> {
    let first: Option<i64> = on_connection!(tx, |tx| sqlx::query_scalar(FIRST_POSITION)
        .bind(context.workspace)
        .bind(from)
        .fetch_one(&mut *tx))?;
    let last: Option<i64> = on_connection!(tx, |tx| sqlx::query_scalar(LAST_POSITION)
        .bind(context.workspace)
        .bind(to)
        .fetch_one(&mut *tx))?;
    let offset = last.unwrap_or(0) + GAP - first.unwrap_or(0);
    execute_on!(
        tx,
        sqlx::query(RECORD_MOVES)
            .bind(context.workspace)
            .bind(from)
            .bind(to)
            .bind(now)
            .bind(&context.principal)
    )?;
    execute_on!(
        tx,
        sqlx::query(MOVE_LEADS)
            .bind(context.workspace)
            .bind(from)
            .bind(to)
            .bind(offset)
            .bind(now)
    )?;
    Ok(())
}
