use aurora_core::store::{self, Connection, execute_on};
use aurora_core::time::Timestamp;

use super::{
    LOCK_DELETED, SET_DELETED, get_in, history, insert_in, lock_at, lock_with, lost, place, replace_in,
    scores,
};
use crate::clients::within as clients;
use crate::context::Context;
use crate::custom_fields::CustomFieldTarget;
use crate::custom_fields::sql::rules;
use crate::error::Error;
use crate::journal::Record;
use crate::leads::lead::Step;
use crate::leads::pipelines::sql as pipelines;
use crate::leads::{
    Lead, LeadChange, LeadId, Loss, NewLead, Pipeline, PipelineId, Place, Stage, StageId, StageKind, refused,
};
use crate::store::{Store, writing};

/// A step from stage to stage.
#[derive(Debug)]
pub(in crate::leads) struct Stepping {
    pub(in crate::leads) id: LeadId,
    pub(in crate::leads) expected_version: i64,
    pub(in crate::leads) step: Step,
    pub(in crate::leads) stage: Option<StageId>,
    pub(in crate::leads) place: Place,
    pub(in crate::leads) loss: Option<Loss>,
}

impl Stepping {
    /// To the top of `stage`, or of the first of its kind; without a loss.
    pub(in crate::leads) const fn new(
        id: LeadId,
        expected_version: i64,
        step: Step,
        stage: Option<StageId>,
    ) -> Self {
        Self {
            id,
            expected_version,
            step,
            stage,
            place: Place::First,
            loss: None,
        }
    }
}

pub(in crate::leads) async fn create(store: &Store, context: &Context, new: NewLead) -> Result<Lead, Error> {
    writing!(store, context, |tx| {
        create_in(store, &mut (&mut *tx).into(), context, new).await
    })
}

async fn create_in(
    store: &Store,
    tx: &mut Connection<'_>,
    context: &Context,
    new: NewLead,
) -> Result<Lead, Error> {
    let now = store.now();
    let (pipeline, stage) = (new.pipeline, new.stage);
    let lead = new.check(now, &rules(tx, context, CustomFieldTarget::Lead).await?)?;
    let (pipeline, stage) = entrance(tx, context, pipeline, stage).await?;
    if pipeline.archived_at.is_some() {
        return Err(refused("pipeline", "not_allowed", "the pipeline is archived"));
    }
    if stage.kind != StageKind::Open {
        return Err(refused("stage", "not_allowed", "a lead begins in an open stage"));
    }
    let id = lead.id();
    let position = place::position(tx, context, stage.id, Place::First, id).await?;
    let mut lead = lead.place(&pipeline, &stage, position);
    if let Some(client) = lead.client_id {
        lead.client_id = Some(clients::hold(tx, context, client).await?);
    }
    if let Some(rules) = scores::rules_in(tx, context).await? {
        lead.score = Some(rules.score(&lead, now));
    }
    insert_in(tx, context, &lead).await?;
    history::add_in(tx, context, None, &lead).await?;
    let record = Record::new("lead.created", "lead", lead.id, now)
        .with("pipeline", pipeline.id.to_string())
        .with("stage", stage.id.to_string());
    store.record(tx, context, now, &[record]).await?;
    Ok(lead)
}

/// The stage that a new lead goes into, locked, and its pipeline.
async fn entrance(
    tx: &mut Connection<'_>,
    context: &Context,
    pipeline: Option<PipelineId>,
    stage: Option<StageId>,
) -> Result<(Pipeline, Stage), Error> {
    if let Some(stage) = stage {
        let (id, stage) = pipelines::lock_stage(tx, context, stage)
            .await?
            .ok_or(Error::not_found("stage"))?;
        if pipeline.is_some_and(|pipeline| pipeline != id) {
            return Err(refused("stage", "not_allowed", "must be a stage of the pipeline"));
        }
        return Ok((pipelines::get_in(tx, context, id).await?, stage));
    }
    let pipeline = match pipeline {
        Some(id) => pipelines::get_in(tx, context, id).await?,
        None => pipelines::default_in(tx, context)
            .await?
            .ok_or(Error::not_found("pipeline"))?,
    };
    let stage = lock_first(tx, context, &pipeline, StageKind::Open).await?;
    Ok((pipeline, stage))
}

/// The first stage of a kind, locked. It may have been removed since the pipeline was read; then the next one is it.
pub(super) async fn lock_first(
    tx: &mut Connection<'_>,
    context: &Context,
    pipeline: &Pipeline,
    kind: StageKind,
) -> Result<Stage, Error> {
    for stage in pipeline.stages.iter().filter(|stage| stage.kind == kind) {
        if let Some((_, stage)) = pipelines::lock_stage(tx, context, stage.id).await? {
            return Ok(stage);
        }
    }
    Err(Error::not_found("stage"))
}

pub(in crate::leads) async fn update(
    store: &Store,
    context: &Context,
    id: LeadId,
    expected: i64,
    change: LeadChange,
) -> Result<Lead, Error> {
    writing!(store, context, |tx| {
        update_in(store, &mut (&mut *tx).into(), context, id, expected, change).await
    })
}

async fn update_in(
    store: &Store,
    tx: &mut Connection<'_>,
    context: &Context,
    id: LeadId,
    expected: i64,
    change: LeadChange,
) -> Result<Lead, Error> {
    let now = store.now();
    let seen = get_in(tx, context, id).await?;
    if seen.version != expected {
        return Err(Error::conflict("lead", seen.version));
    }
    // The client before the lead, as everywhere: a merge holds two clients and then takes their leads.
    let change = match change.new_client() {
        Some(client) if Some(client) != seen.client_id => {
            change.client(clients::hold(tx, context, client).await?)
        }
        // The one that the lead has, or that this was merged into meanwhile.
        Some(_) => change.same_client(),
        None => change,
    };
    let before = lock_at(tx, context, id, expected).await?;
    let rules = rules(tx, context, CustomFieldTarget::Lead).await?;
    let lead = change.apply(&before, now, &rules)?;
    let record = Record::new("lead.updated", "lead", id, now).with("version", lead.version);
    settle(store, tx, context, &before, lead, now, vec![record]).await
}

/// Scores, stores and records what a lead has become.
pub(super) async fn settle(
    store: &Store,
    tx: &mut Connection<'_>,
    context: &Context,
    before: &Lead,
    mut lead: Lead,
    now: Timestamp,
    records: Vec<Record>,
) -> Result<Lead, Error> {
    if let Some(rules) = scores::rules_in(tx, context).await? {
        lead.score = Some(rules.score(&lead, now));
    }
    replace_in(tx, context, before, &lead).await?;
    store.record(tx, context, now, &records).await?;
    Ok(lead)
}

pub(in crate::leads) async fn step(
    store: &Store,
    context: &Context,
    stepping: Stepping,
) -> Result<Lead, Error> {
    writing!(store, context, |tx| {
        step_in(store, &mut (&mut *tx).into(), context, stepping).await
    })
}

async fn step_in(
    store: &Store,
    tx: &mut Connection<'_>,
    context: &Context,
    stepping: Stepping,
) -> Result<Lead, Error> {
    let now = store.now();
    let id = stepping.id;
    // The stage before the lead, as everywhere: whoever renumbers a stage holds it and then takes its leads.
    let seen = get_in(tx, context, id).await?;
    if seen.version != stepping.expected_version {
        return Err(Error::conflict("lead", seen.version));
    }
    let (pipeline, stage) = match stepping.stage {
        Some(stage) => pipelines::lock_stage(tx, context, stage)
            .await?
            .ok_or(Error::not_found("stage"))?,
        None => {
            let pipeline = pipelines::get_in(tx, context, seen.pipeline_id).await?;
            let kind = stepping.step.target(seen.status);
            (pipeline.id, lock_first(tx, context, &pipeline, kind).await?)
        }
    };
    let before = lock_at(tx, context, id, stepping.expected_version).await?;
    stepping.step.check(&before, stage.kind)?;
    if let Some(reason) = stepping.loss.as_ref().and_then(|loss| loss.reason) {
        lost::check_in(tx, context, reason).await?;
    }
    let position = place::position(tx, context, stage.id, stepping.place, id).await?;
    let mut lead = before.clone();
    let loss = match stepping.step {
        Step::Move => before.loss.clone(),
        _ => stepping.loss,
    };
    lead.touch(now);
    lead.enter(pipeline, &stage, position, loss, now);
    let record = Record::new(stepping.step.action(), "lead", id, now)
        .with("version", lead.version)
        .with("pipeline", pipeline.to_string())
        .with("from", before.stage_id.to_string())
        .with("to", stage.id.to_string());
    settle(store, tx, context, &before, lead, now, vec![record]).await
}

pub(in crate::leads) async fn delete(
    store: &Store,
    context: &Context,
    id: LeadId,
    expected: i64,
) -> Result<(), Error> {
    writing!(store, context, |tx| {
        let now = store.now();
        let tx = &mut Connection::from(&mut *tx);
        let mut lead = lock_at(tx, context, id, expected).await?;
        lead.touch(now);
        set_deleted(tx, context, &lead, Some(now)).await?;
        let record = Record::new("lead.deleted", "lead", id, now);
        store.record(tx, context, now, &[record]).await?;
        Ok(())
    })
}

pub(in crate::leads) async fn restore(
    store: &Store,
    context: &Context,
    id: LeadId,
    expected: i64,
) -> Result<Lead, Error> {
    writing!(store, context, |tx| {
        let now = store.now();
        let tx = &mut Connection::from(&mut *tx);
        let mut lead = lock_with(tx, context, LOCK_DELETED, id).await?;
        if lead.version != expected {
            return Err(Error::conflict("lead", lead.version));
        }
        lead.touch(now);
        set_deleted(tx, context, &lead, None).await?;
        let record = Record::new("lead.restored", "lead", id, now);
        store.record(tx, context, now, &[record]).await?;
        Ok(lead)
    })
}

async fn set_deleted(
    tx: &mut Connection<'_>,
    context: &Context,
    lead: &Lead,
    deleted_at: Option<Timestamp>,
) -> Result<(), store::Error> {
    execute_on!(
        tx,
        sqlx::query(SET_DELETED)
            .bind(context.workspace)
            .bind(lead.id)
            .bind(deleted_at)
            .bind(lead.version)
            .bind(lead.updated_at)
    )?;
    Ok(())
}
