use super::input::MAX_STAGES;
use super::{Locale, NewPipeline, NewStage, Pipeline, PipelineChange, PipelineId, StageChange, StageId, sql};
use crate::context::Context;
use crate::error::Error;
use crate::fields::Fields;
use crate::leads::refused;
use crate::store::Store;

/// What can be done with pipelines; a cheap handle.
#[derive(Debug, Clone)]
pub struct Pipelines {
    store: Store,
}

impl Pipelines {
    /// The most pipelines that a workspace can have.
    pub const MOST: usize = 100;

    pub(crate) const fn new(store: Store) -> Self {
        Self { store }
    }

    /// The pipeline that leads go into when they name none; it is made, in the language of `locale`, when there is none
    /// yet, also when several ask at once.
    ///
    /// # Errors
    /// `NotFound` when the workspace does not exist.
    pub async fn ensure_default(&self, context: &Context, locale: Locale) -> Result<Pipeline, Error> {
        let new = locale.pipeline().check(true, self.store.now())?;
        let work = async {
            if let Some(found) = sql::default(&self.store, context).await? {
                return Ok(found);
            }
            sql::insert(&self.store, context, &new).await?;
            sql::default(&self.store, context)
                .await?
                .ok_or(Error::not_found("pipeline"))
        };
        self.store.run(context, "pipelines.ensure_default", work).await
    }

    /// Makes a pipeline.
    ///
    /// # Errors
    /// `Invalid` with every wrong field, or when there are [`Self::MOST`] already; `NotFound` when the workspace does not
    /// exist.
    pub async fn create(&self, context: &Context, new: NewPipeline) -> Result<Pipeline, Error> {
        let pipeline = new.check(false, self.store.now())?;
        let work = sql::insert(&self.store, context, &pipeline);
        self.store.run(context, "pipelines.create", work).await?;
        Ok(pipeline)
    }

    /// One pipeline with its stages.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn get(&self, context: &Context, id: PipelineId) -> Result<Pipeline, Error> {
        self.store
            .run(context, "pipelines.get", sql::get(&self.store, context, id))
            .await
    }

    /// All pipelines, the oldest first, also those that are archived.
    ///
    /// # Errors
    /// What keeps the database from answering.
    pub async fn list(&self, context: &Context) -> Result<Vec<Pipeline>, Error> {
        self.store
            .run(context, "pipelines.list", sql::list(&self.store, context))
            .await
    }

    /// Renames, archives or takes back a pipeline that is still at the version that the caller has seen.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` with the stored version; `Invalid` with every wrong field.
    pub async fn update(
        &self,
        context: &Context,
        id: PipelineId,
        expected_version: i64,
        change: PipelineChange,
    ) -> Result<Pipeline, Error> {
        let now = self.store.now();
        let apply = |pipeline: &mut Pipeline| change.apply(pipeline, now);
        self.edit(context, id, expected_version, "pipelines.update", apply)
            .await
    }

    /// Makes this pipeline the one that leads go into when they name none, in the place of the present one.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` with the stored version; `Invalid` when it is archived.
    pub async fn make_default(
        &self,
        context: &Context,
        id: PipelineId,
        expected_version: i64,
    ) -> Result<Pipeline, Error> {
        let apply = |pipeline: &mut Pipeline| {
            if pipeline.archived_at.is_some() {
                return Err(refused(
                    "archived",
                    "not_allowed",
                    "an archived pipeline cannot be the default",
                ));
            }
            pipeline.is_default = true;
            Ok(())
        };
        self.edit(context, id, expected_version, "pipelines.make_default", apply)
            .await
    }

    /// Adds a stage, before the one at `place` counted from 0, or last.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` with the stored version; `Invalid` with every wrong field, or when there are 50 stages.
    pub async fn add_stage(
        &self,
        context: &Context,
        id: PipelineId,
        expected_version: i64,
        new: NewStage,
        place: Option<usize>,
    ) -> Result<Pipeline, Error> {
        let now = self.store.now();
        let apply = |pipeline: &mut Pipeline| {
            let mut fields = Fields::default();
            let stage = new.read("", now, &mut fields);
            if pipeline.stages.len() >= MAX_STAGES {
                fields.refuse(
                    "stages",
                    "too_many",
                    format_args!("must have at most {MAX_STAGES} stages"),
                );
            }
            let place = place.unwrap_or(usize::MAX).min(pipeline.stages.len());
            pipeline.stages.insert(place, stage);
            fields.finish(())
        };
        self.edit(context, id, expected_version, "pipelines.add_stage", apply)
            .await
    }

    /// Changes a stage.
    ///
    /// # Errors
    /// `NotFound`, also for the stage; `Conflict` with the pipeline's stored version; `Invalid` with every wrong field.
    pub async fn update_stage(
        &self,
        context: &Context,
        id: PipelineId,
        expected_version: i64,
        stage: StageId,
        change: StageChange,
    ) -> Result<Pipeline, Error> {
        let now = self.store.now();
        let apply = |pipeline: &mut Pipeline| {
            let found = pipeline.stages.iter_mut().find(|known| known.id == stage);
            change.apply(found.ok_or(Error::not_found("stage"))?, now)
        };
        self.edit(context, id, expected_version, "pipelines.update_stage", apply)
            .await
    }

    /// Puts the stages in this order.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` with the stored version; `Invalid` unless each stage is named exactly once.
    pub async fn reorder(
        &self,
        context: &Context,
        id: PipelineId,
        expected_version: i64,
        order: &[StageId],
    ) -> Result<Pipeline, Error> {
        let apply = |pipeline: &mut Pipeline| {
            let place = |id: StageId| order.iter().position(|named| *named == id);
            let is_complete = order.len() == pipeline.stages.len()
                && pipeline.stages.iter().all(|stage| place(stage.id).is_some());
            if !is_complete {
                return Err(refused("stages", "invalid", "must name each stage exactly once"));
            }
            pipeline.stages.sort_by_key(|stage| place(stage.id));
            Ok(())
        };
        self.edit(context, id, expected_version, "pipelines.reorder", apply)
            .await
    }

    /// Removes a stage. Its leads, also those that are deleted and could be restored, go to the end of the stage `to`, in
    /// their order.
    ///
    /// # Errors
    /// `NotFound`, also for the stages; `Conflict` with the stored version; `Invalid` when it is the last of its kind,
    /// when it has leads and `to` is not given, or when `to` is of another kind.
    pub async fn remove_stage(
        &self,
        context: &Context,
        id: PipelineId,
        expected_version: i64,
        stage: StageId,
        to: Option<StageId>,
    ) -> Result<Pipeline, Error> {
        let work = async {
            sql::removal::remove_stage(&self.store, context, id, expected_version, stage, to).await?;
            sql::get(&self.store, context, id).await
        };
        self.store.run(context, "pipelines.remove_stage", work).await
    }

    async fn edit(
        &self,
        context: &Context,
        id: PipelineId,
        expected_version: i64,
        operation: &'static str,
        apply: impl FnOnce(&mut Pipeline) -> Result<(), Error> + Send,
    ) -> Result<Pipeline, Error> {
        let work = sql::edit(&self.store, context, id, expected_version, apply);
        self.store.run(context, operation, work).await
    }
}
