use aurora_core::page::{Page, PageRequest};

use super::lead::Step;
use super::lost::NewLoss;
use super::sql::steps::Stepping;
use super::{
    Board, Conversion, Converted, Lead, LeadChange, LeadFilter, LeadId, LeadScorer, LostReason, LostReasonId,
    NewLead, OwnerId, PipelineId, Place, Rescored, RuleSet, ScoreRule, StageId, StageMove, sql,
};
use crate::context::Context;
use crate::error::Error;
use crate::store::Store;

/// What can be done with leads; a cheap handle.
///
/// Every change names the version that the caller has seen; scores and activities do not raise it.
#[derive(Debug, Clone)]
pub struct Leads {
    store: Store,
}

impl Leads {
    pub(crate) const fn new(store: Store) -> Self {
        Self { store }
    }

    /// Makes a lead, at the top of its stage.
    ///
    /// # Errors
    /// `Invalid` with every wrong field, or when the stage is not an open one, or the pipeline is archived; `NotFound`
    /// for a pipeline, stage or client that there is not, and when no pipeline is named and the workspace has no default
    /// one yet (see [`Pipelines::ensure_default`](super::Pipelines::ensure_default)).
    ///
    /// # Cancel safety
    /// Dropping the future leaves the lead either made or not made, as with every change here.
    pub async fn create(&self, context: &Context, new: NewLead) -> Result<Lead, Error> {
        let work = sql::steps::create(&self.store, context, new);
        self.store.run(context, "leads.create", work).await
    }

    /// One lead.
    ///
    /// # Errors
    /// `NotFound` when there is no such lead in the workspace, or it is deleted.
    pub async fn get(&self, context: &Context, id: LeadId) -> Result<Lead, Error> {
        self.store
            .run(context, "leads.get", sql::get(&self.store, context, id))
            .await
    }

    /// One page of leads.
    ///
    /// # Errors
    /// `Invalid` when the cursor is damaged or belongs to another list, or the filter contradicts itself.
    pub async fn list(
        &self,
        context: &Context,
        filter: &LeadFilter,
        page: &PageRequest,
    ) -> Result<Page<Lead>, Error> {
        let work = sql::list::page(&self.store, context, filter, page);
        self.store.run(context, "leads.list", work).await
    }

    /// A pipeline as a board, with the first `most` leads of each stage, held within 1 to 200. It reads each lead of the
    /// pipeline once to count and to sum; the rest of a column is a list by
    /// [`LeadOrder::Position`](super::LeadOrder::Position).
    ///
    /// # Errors
    /// `NotFound` when there is no such pipeline.
    pub async fn board(&self, context: &Context, pipeline: PipelineId, most: u32) -> Result<Board, Error> {
        let work = sql::list::board(&self.store, context, pipeline, None, most);
        self.store.run(context, "leads.board", work).await
    }

    /// The same with the leads of one owner alone, in counts and sums, too.
    ///
    /// # Errors
    /// As [`Self::board`].
    pub async fn board_of(
        &self,
        context: &Context,
        pipeline: PipelineId,
        owner: OwnerId,
        most: u32,
    ) -> Result<Board, Error> {
        let work = sql::list::board(&self.store, context, pipeline, Some(owner), most);
        self.store.run(context, "leads.board", work).await
    }

    /// Changes what is known of a lead.
    ///
    /// # Errors
    /// `NotFound`, also for the client; `Conflict` with the stored version when somebody was faster; `Invalid` with every
    /// wrong field.
    pub async fn update(
        &self,
        context: &Context,
        id: LeadId,
        expected_version: i64,
        change: LeadChange,
    ) -> Result<Lead, Error> {
        let work = sql::steps::update(&self.store, context, id, expected_version, change);
        self.store.run(context, "leads.update", work).await
    }

    /// Moves a lead to a place in a stage of the same kind as its own, also of another pipeline.
    ///
    /// Whoever moves leads within one stage waits for whoever does so already: each place is what it was said to be. When
    /// there is no room between two leads, those of the one stage get new positions.
    ///
    /// # Errors
    /// `NotFound`, also for the stage or for a neighbour that is not in it; `Conflict` with the stored version; `Invalid`
    /// when the stage is of another kind.
    pub async fn move_to(
        &self,
        context: &Context,
        id: LeadId,
        expected_version: i64,
        stage: StageId,
        place: Place,
    ) -> Result<Lead, Error> {
        let step = Stepping {
            place,
            ..Stepping::new(id, expected_version, Step::Move, Some(stage))
        };
        self.step(context, "leads.move", step).await
    }

    /// Wins an open lead: it goes to the top of `stage`, or of the first won stage of its pipeline.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` with the stored version; `Invalid` when the lead is not open or the stage not a won one.
    pub async fn win(
        &self,
        context: &Context,
        id: LeadId,
        expected_version: i64,
        stage: Option<StageId>,
    ) -> Result<Lead, Error> {
        let step = Stepping::new(id, expected_version, Step::Win, stage);
        self.step(context, "leads.win", step).await
    }

    /// Loses an open lead: it goes to the top of `stage`, or of the first lost stage of its pipeline.
    ///
    /// # Errors
    /// `NotFound`, also for a reason that there is not or that is archived; `Conflict` with the stored version; `Invalid`
    /// when no reason is given, the lead is not open or the stage not a lost one.
    pub async fn lose(
        &self,
        context: &Context,
        id: LeadId,
        expected_version: i64,
        loss: NewLoss,
        stage: Option<StageId>,
    ) -> Result<Lead, Error> {
        let step = Stepping {
            loss: Some(loss.check()?),
            ..Stepping::new(id, expected_version, Step::Lose, stage)
        };
        self.step(context, "leads.lose", step).await
    }

    /// Opens a won or lost lead again: it goes to the top of `stage`, or of the first open stage of its pipeline.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` with the stored version; `Invalid` when the lead is open or was converted, or the stage is
    /// not an open one.
    pub async fn reopen(
        &self,
        context: &Context,
        id: LeadId,
        expected_version: i64,
        stage: Option<StageId>,
    ) -> Result<Lead, Error> {
        let step = Stepping::new(id, expected_version, Step::Reopen, stage);
        self.step(context, "leads.reopen", step).await
    }

    async fn step(&self, context: &Context, operation: &'static str, step: Stepping) -> Result<Lead, Error> {
        let work = sql::steps::step(&self.store, context, step);
        self.store.run(context, operation, work).await
    }

    /// Deletes a lead; the row stays, marked as deleted, with its history.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` with the stored version when somebody was faster.
    pub async fn delete(&self, context: &Context, id: LeadId, expected_version: i64) -> Result<(), Error> {
        let work = sql::steps::delete(&self.store, context, id, expected_version);
        self.store.run(context, "leads.delete", work).await
    }

    /// Takes back a deletion; the version is the one that the lead was deleted at, plus one.
    ///
    /// # Errors
    /// `NotFound` when there is no such lead that is deleted; `Conflict` with the stored version.
    pub async fn restore(&self, context: &Context, id: LeadId, expected_version: i64) -> Result<Lead, Error> {
        let work = sql::steps::restore(&self.store, context, id, expected_version);
        self.store.run(context, "leads.restore", work).await
    }

    /// Makes a client of a lead and wins the lead, both or neither. It needs no version: whoever converts a lead that was
    /// converted gets the same client again, also when several do so at once.
    ///
    /// # Errors
    /// `NotFound`, also for the client; `AlreadyExists` with the id of the client that has the same CNPJ or CPF, unless
    /// told to link it; `Invalid` when the lead is lost, or with every field of the client that is wrong.
    pub async fn convert(&self, context: &Context, id: LeadId, how: Conversion) -> Result<Converted, Error> {
        let work = sql::convert::convert(&self.store, context, id, how);
        self.store.run(context, "leads.convert", work).await
    }

    /// One page of the changes of stage of a lead, the latest first.
    ///
    /// # Errors
    /// `NotFound` when there is no such lead; `Invalid` when the cursor is damaged or belongs to another list.
    pub async fn history(
        &self,
        context: &Context,
        id: LeadId,
        page: &PageRequest,
    ) -> Result<Page<StageMove>, Error> {
        let work = sql::history::page(&self.store, context, id, page);
        self.store.run(context, "leads.history", work).await
    }

    /// Adds a reason to the catalogue.
    ///
    /// # Errors
    /// `Invalid`, also when there are 200 already; `AlreadyExists` with the id of the one of that name; `NotFound` when
    /// the workspace does not exist.
    pub async fn add_lost_reason(&self, context: &Context, name: &str) -> Result<LostReason, Error> {
        let reason = LostReason::new(name, self.store.now())?;
        let work = sql::lost::insert(&self.store, context, &reason);
        self.store.run(context, "leads.add_lost_reason", work).await?;
        Ok(reason)
    }

    /// The catalogue, in the order in which it was made, without what is archived.
    ///
    /// # Errors
    /// What keeps the database from answering.
    pub async fn lost_reasons(&self, context: &Context) -> Result<Vec<LostReason>, Error> {
        let work = sql::lost::list(&self.store, context);
        self.store.run(context, "leads.lost_reasons", work).await
    }

    /// Takes a reason out of the catalogue; leads that have it keep it.
    ///
    /// # Errors
    /// `NotFound` when there is none, or it is archived.
    pub async fn archive_lost_reason(&self, context: &Context, id: LostReasonId) -> Result<(), Error> {
        let work = sql::lost::archive(&self.store, context, id);
        self.store.run(context, "leads.archive_lost_reason", work).await
    }

    /// The workspace's rules for scores; `None` when it never had any.
    ///
    /// # Errors
    /// What keeps the database from answering.
    pub async fn score_rules(&self, context: &Context) -> Result<Option<RuleSet>, Error> {
        let work = sql::scores::rules(&self.store, context);
        self.store.run(context, "leads.score_rules", work).await
    }

    /// Puts these rules in the place of the present ones. From then on each change of a lead and each activity on it gives
    /// it a new score; [`Self::rescore`] does so for those that nobody changes.
    ///
    /// # Errors
    /// `Invalid` with every wrong field; `Conflict` unless `expected_version` is that of the present rules, 0 when there
    /// are none; `NotFound` when the workspace does not exist.
    pub async fn set_score_rules(
        &self,
        context: &Context,
        expected_version: i64,
        rules: Vec<ScoreRule>,
    ) -> Result<RuleSet, Error> {
        let rules = RuleSet::check(expected_version.saturating_add(1), rules)?;
        let work = sql::scores::set_rules(&self.store, context, expected_version, &rules);
        self.store.run(context, "leads.set_score_rules", work).await?;
        Ok(rules)
    }

    /// Gives the next 100 leads of a pipeline new scores, in the order of their ids. Call it with what it gives until
    /// there is no next. Some rules depend on the day, so this is also work for every night.
    ///
    /// # Errors
    /// As the scorer; otherwise what keeps the database from answering. What was stored before stays.
    pub async fn rescore(
        &self,
        context: &Context,
        pipeline: PipelineId,
        scorer: &dyn LeadScorer,
        after: Option<LeadId>,
    ) -> Result<Rescored, Error> {
        let work = sql::scores::rescore(&self.store, context, pipeline, scorer, after);
        self.store.run(context, "leads.rescore", work).await
    }
}
