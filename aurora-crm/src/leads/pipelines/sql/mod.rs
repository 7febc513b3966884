//! The rows of pipelines and stages.

pub(in crate::leads) mod removal;

use aurora_core::store::{self, Connection, execute_on, on_connection};
use aurora_core::time::Timestamp;

use super::{Pipeline, PipelineId, Pipelines, Stage, StageId};
use crate::context::Context;
use crate::error::Error;
use crate::journal::Record;
use crate::leads::refused;
use crate::store::{Store, reading, writing};
use crate::workspaces::hold;

macro_rules! pipeline {
    ($rest:literal) => {
        concat!(
            "select id, name, is_default, archived_at, version, created_at, updated_at from pipelines
                where workspace_id = $1 ",
            $rest
        )
    };
}
macro_rules! stage {
    ($rest:literal) => {
        concat!(
            "select id, pipeline_id, name, kind, probability, expected_days, colour, created_at, updated_at
                from stages where workspace_id = $1 and removed_at is null ",
            $rest
        )
    };
}

aurora_core::store::statements! {
    INSERT = "insert into pipelines (workspace_id, id, name, is_default, version, created_at, updated_at)
        values ($1, $2, $3, $4, $5, $6, $7) on conflict (workspace_id) where is_default do nothing";
    GET = pipeline!("and id = $2");
    DEFAULT = pipeline!("and is_default");
    LIST = pipeline!("order by id limit 200");
    COUNT = "select count(*) from pipelines where workspace_id = $1";
    /// Locks the pipeline for the transaction.
    ADVANCE = "update pipelines set version = version + 1, updated_at = $4
        where workspace_id = $1 and id = $2 and version = $3";
    UPDATE = "update pipelines set name = $3, is_default = $4, archived_at = $5 where workspace_id = $1 and id = $2";
    NO_DEFAULT = "update pipelines set is_default = $3, version = version + 1
        where workspace_id = $1 and id <> $2 and is_default";
    STAGES = stage!("and pipeline_id = $2 order by position, id");
    ALL_STAGES = stage!("order by pipeline_id, position, id limit 10000");
    INSERT_STAGE = "insert into stages (workspace_id, id, pipeline_id, name, kind, probability, expected_days, colour,
            position, created_at, updated_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    UPDATE_STAGE = "update stages set name = $3, probability = $4, expected_days = $5, colour = $6, position = $7,
            updated_at = $8
        where workspace_id = $1 and id = $2";
    /// Locks the stage for the transaction: positions in it are decided by one at a time.
    LOCK_STAGE = "update stages set position = position where workspace_id = $1 and id = $2 and removed_at is null
        returning id, pipeline_id, name, kind, probability, expected_days, colour, created_at, updated_at";
}

#[derive(Debug, sqlx::FromRow)]
struct Row {
    id: PipelineId,
    name: String,
    is_default: bool,
    archived_at: Option<Timestamp>,
    version: i64,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl Row {
    fn with(self, stages: Vec<Stage>) -> Pipeline {
        Pipeline {
            id: self.id,
            name: self.name,
            is_default: self.is_default,
            archived_at: self.archived_at,
            stages,
            version: self.version,
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
    }
}

#[derive(Debug, sqlx::FromRow)]
struct StageRow {
    id: StageId,
    pipeline_id: PipelineId,
    name: String,
    kind: String,
    probability: i64,
    expected_days: Option<i64>,
    colour: Option<String>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl TryFrom<StageRow> for Stage {
    type Error = store::Error;

    fn try_from(row: StageRow) -> Result<Self, store::Error> {
        let corrupt = store::Error::corrupt;
        Ok(Self {
            id: row.id,
            name: row.name,
            kind: row.kind.parse().map_err(|error: &str| corrupt(error))?,
            probability: u8::try_from(row.probability).map_err(store::Error::corrupt)?,
            expected_days: row
                .expected_days
                .map(u16::try_from)
                .transpose()
                .map_err(store::Error::corrupt)?,
            colour: row.colour,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

pub(super) async fn insert(store: &Store, context: &Context, pipeline: &Pipeline) -> Result<(), Error> {
    let outcome: Result<(), Error> = writing!(store, context, |tx| {
        insert_in(store, &mut (&mut *tx).into(), context, pipeline).await
    });
    outcome.map_err(|error| match error.stored().map(store::Error::kind) {
        Some(store::ErrorKind::ForeignKey) => Error::not_found("workspace"),
        _ => error,
    })
}

async fn insert_in(
    store: &Store,
    tx: &mut Connection<'_>,
    context: &Context,
    pipeline: &Pipeline,
) -> Result<(), Error> {
    let now = pipeline.created_at;
    hold(tx, context).await?;
    let count: i64 = on_connection!(tx, |tx| sqlx::query_scalar(COUNT)
        .bind(context.workspace)
        .fetch_one(&mut *tx))?;
    if usize::try_from(count).is_ok_and(|count| count >= Pipelines::MOST) {
        return Err(refused(
            "pipelines",
            "too_many",
            "a workspace can have 100 pipelines",
        ));
    }
    let stored = execute_on!(
        tx,
        sqlx::query(INSERT)
            .bind(context.workspace)
            .bind(pipeline.id)
            .bind(&pipeline.name)
            .bind(pipeline.is_default)
            .bind(pipeline.version)
            .bind(now)
            .bind(now)
    )?;
    if stored == 0 {
        return Ok(()); // somebody else has made the default one
    }
    for (position, stage) in (1_i64..).zip(&pipeline.stages) {
        insert_stage(tx, context, pipeline.id, stage, position).await?;
    }
    let record = Record::new("pipeline.created", "pipeline", pipeline.id, now);
    store.record(tx, context, now, &[record]).await?;
    Ok(())
}

async fn insert_stage(
    tx: &mut Connection<'_>,
    context: &Context,
    pipeline: PipelineId,
    stage: &Stage,
    position: i64,
) -> Result<(), store::Error> {
    execute_on!(
        tx,
        sqlx::query(INSERT_STAGE)
            .bind(context.workspace)
            .bind(stage.id)
            .bind(pipeline)
            .bind(&stage.name)
            .bind(stage.kind.as_str())
            .bind(i64::from(stage.probability))
            .bind(stage.expected_days.map(i64::from))
            .bind(stage.colour.as_deref())
            .bind(position)
            .bind(stage.created_at)
            .bind(stage.updated_at)
    )?;
    Ok(())
}

pub(super) async fn get(store: &Store, context: &Context, id: PipelineId) -> Result<Pipeline, Error> {
    reading!(store, context, |tx| {
        get_in(&mut (&mut *tx).into(), context, id).await
    })
}

/// One pipeline with its stages, within a transaction.
pub(in crate::leads) async fn get_in(
    tx: &mut Connection<'_>,
    context: &Context,
    id: PipelineId,
) -> Result<Pipeline, Error> {
    let row: Option<Row> = on_connection!(tx, |tx| sqlx::query_as(GET)
        .bind(context.workspace)
        .bind(id)
        .fetch_optional(&mut *tx))?;
    let row = row.ok_or(Error::not_found("pipeline"))?;
    Ok(row.with(stages_in(tx, context, id).await?))
}

async fn stages_in(
    tx: &mut Connection<'_>,
    context: &Context,
    id: PipelineId,
) -> Result<Vec<Stage>, store::Error> {
    let rows: Vec<StageRow> = on_connection!(tx, |tx| sqlx::query_as(STAGES)
        .bind(context.workspace)
        .bind(id)
        .fetch_all(&mut *tx))?;
    rows.into_iter().map(Stage::try_from).collect()
}

pub(super) async fn default(store: &Store, context: &Context) -> Result<Option<Pipeline>, Error> {
    reading!(store, context, |tx| {
        default_in(&mut (&mut *tx).into(), context).await
    })
}

/// The pipeline of leads that name none, within a transaction.
pub(in crate::leads) async fn default_in(
    tx: &mut Connection<'_>,
    context: &Context,
) -> Result<Option<Pipeline>, Error> {
    let row: Option<Row> = on_connection!(tx, |tx| sqlx::query_as(DEFAULT)
        .bind(context.workspace)
        .fetch_optional(&mut *tx))?;
    let Some(row) = row else { return Ok(None) };
    let stages = stages_in(tx, context, row.id).await?;
    Ok(Some(row.with(stages)))
}

pub(super) async fn list(store: &Store, context: &Context) -> Result<Vec<Pipeline>, Error> {
    let (rows, stages): (Vec<Row>, Vec<StageRow>) = reading!(store, context, |tx| {
        let rows = sqlx::query_as(LIST)
            .bind(context.workspace)
            .fetch_all(&mut *tx)
            .await?;
        let stages = sqlx::query_as(ALL_STAGES)
            .bind(context.workspace)
            .fetch_all(&mut *tx)
            .await?;
        Ok((rows, stages))
    })?;
    let mut pipelines: Vec<Pipeline> = rows.into_iter().map(|row| row.with(Vec::new())).collect();
    for stage in stages {
        let id = stage.pipeline_id;
        if let Some(pipeline) = pipelines.iter_mut().find(|pipeline| pipeline.id == id) {
            pipeline.stages.push(stage.try_into()?);
        }
    }
    Ok(pipelines)
}

/// Locks a stage, and gives it and the pipeline that it is of.
pub(in crate::leads) async fn lock_stage(
    tx: &mut Connection<'_>,
    context: &Context,
    id: StageId,
) -> Result<Option<(PipelineId, Stage)>, Error> {
    let row: Option<StageRow> = on_connection!(tx, |tx| sqlx::query_as(LOCK_STAGE)
        .bind(context.workspace)
        .bind(id)
        .fetch_optional(&mut *tx))?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some((row.pipeline_id, row.try_into()?)))
}

/// Changes a pipeline at the version that is expected.
pub(super) async fn edit(
    store: &Store,
    context: &Context,
    id: PipelineId,
    expected: i64,
    apply: impl FnOnce(&mut Pipeline) -> Result<(), Error> + Send,
) -> Result<Pipeline, Error> {
    writing!(store, context, |tx| {
        edit_in(store, &mut (&mut *tx).into(), context, id, expected, apply).await
    })
}

/// Locks a pipeline and raises its version.
async fn advance(
    tx: &mut Connection<'_>,
    context: &Context,
    id: PipelineId,
    expected: i64,
    now: Timestamp,
) -> Result<Pipeline, Error> {
    let touched = execute_on!(
        tx,
        sqlx::query(ADVANCE)
            .bind(context.workspace)
            .bind(id)
            .bind(expected)
            .bind(now)
    )?;
    let pipeline = get_in(tx, context, id).await?;
    if touched == 0 {
        return Err(Error::conflict("pipeline", pipeline.version));
    }
    Ok(pipeline)
}

async fn edit_in(
    store: &Store,
    tx: &mut Connection<'_>,
    context: &Context,
    id: PipelineId,
    expected: i64,
    apply: impl FnOnce(&mut Pipeline) -> Result<(), Error> + Send,
) -> Result<Pipeline, Error> {
    let now = store.now();
    let before = advance(tx, context, id, expected, now).await?;
    let mut after = before.clone();
    apply(&mut after)?;
    if after.is_default && !before.is_default {
        execute_on!(
            tx,
            sqlx::query(NO_DEFAULT)
                .bind(context.workspace)
                .bind(id)
                .bind(false)
        )?;
    }
    execute_on!(
        tx,
        sqlx::query(UPDATE)
            .bind(context.workspace)
            .bind(id)
            .bind(&after.name)
            .bind(after.is_default)
            .bind(after.archived_at)
    )?;
    for (position, stage) in (1_i64..).zip(&after.stages) {
        if before.stage(stage.id).is_none() {
            insert_stage(tx, context, id, stage, position).await?;
            continue;
        }
        execute_on!(
            tx,
            sqlx::query(UPDATE_STAGE)
                .bind(context.workspace)
                .bind(stage.id)
                .bind(&stage.name)
                .bind(i64::from(stage.probability))
                .bind(stage.expected_days.map(i64::from))
                .bind(stage.colour.as_deref())
                .bind(position)
                .bind(stage.updated_at)
        )?;
    }
    let record = Record::new("pipeline.updated", "pipeline", id, now).with("version", after.version);
    store.record(tx, context, now, &[record]).await?;
    Ok(after)
}
