//! Figures of a workspace over a period: clients, leads and their ways, owners, response times, tasks, files, appointments,
//! and what was used of things that cost.
//!
//! Every figure is counted when it is asked for, from indexes, and is exact. Deleted records do not count. A period is from
//! an instant up to another one that is not part of it; [`Analytics::series`] splits it by days, weeks or months of the
//! workspace's time zone.

mod figures;
mod period;
mod sql;
#[cfg(test)]
mod tests;
mod usage;

pub use self::figures::{
    AppointmentFigures, ClientFigures, FileFigures, LeadFigures, Overview, OwnerFigures, Point,
    ResponseTimes, SourceFigures, StageFigures, StageValue, TaskFigures, WebhookFigures, rate,
};
pub use self::period::{Bucket, Period};
#[cfg(test)]
pub(crate) use self::sql::STATEMENTS;
pub use self::usage::{NewUsage, UsageSum};
use crate::context::Context;
use crate::error::Error;
use crate::leads::PipelineId;
use crate::store::Store;
use crate::workspaces::Workspaces;

/// Figures of workspaces; a cheap handle. It changes nothing but what [`Self::record_usage`] adds.
///
/// # Examples
#[cfg_attr(feature = "sqlite", doc = "```")]
#[cfg_attr(not(feature = "sqlite"), doc = "```ignore")]
/// use aurora_core::time::Timestamp;
/// use aurora_crm::analytics::Period;
/// use aurora_crm::{Context, Crm, clients::NewClient, workspaces::{NewWorkspace, WorkspaceKind}};
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let crm = Crm::open("sqlite::memory:").await?;
/// let house = crm.workspaces().create(NewWorkspace::new(WorkspaceKind::Company, "Vendas")).await?;
/// let context = Context::new(house.id, "quick start");
/// crm.clients().create(&context, NewClient::person("Ana Souza")).await?;
/// let always = Period::new(Timestamp::UNIX_EPOCH, Timestamp::from_secs(4_102_444_800))?;
/// assert_eq!(crm.analytics().overview(&context, always).await?.clients.created, 1);
/// # Ok::<(), aurora_crm::Error>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone)]
pub struct Analytics {
    store: Store,
}

impl Analytics {
    pub(crate) const fn new(store: Store) -> Self {
        Self { store }
    }

    /// The figures that a page begins with.
    ///
    /// # Errors
    /// What keeps the database from answering.
    pub async fn overview(&self, context: &Context, period: Period) -> Result<Overview, Error> {
        let work = sql::overview(&self.store, context, period);
        self.store.run(context, "analytics.overview", work).await
    }

    /// The period in pieces, by the time zone of the workspace; the first and the last may be shorter than the others.
    ///
    /// # Errors
    /// `NotFound` when there is no such workspace; `Invalid` when there would be over 400 pieces, or its time zone is not in
    /// the time zone database.
    pub async fn series(
        &self,
        context: &Context,
        period: Period,
        bucket: Bucket,
    ) -> Result<Vec<Point>, Error> {
        let work = async {
            let workspace = Workspaces::new(self.store.clone()).get(context).await?;
            let pieces = period.pieces(bucket, &workspace.time_zone)?;
            sql::series(&self.store, context, &pieces).await
        };
        self.store.run(context, "analytics.series", work).await
    }

    /// What happened in each stage of a pipeline, in their order. Stages that were removed are left out.
    ///
    /// # Errors
    /// What keeps the database from answering.
    pub async fn funnel(
        &self,
        context: &Context,
        pipeline: PipelineId,
        period: Period,
    ) -> Result<Vec<StageFigures>, Error> {
        let work = sql::funnel::funnel(&self.store, context, pipeline, period);
        self.store.run(context, "analytics.funnel", work).await
    }

    /// What the open leads of a pipeline are worth now, by stage and currency, and what is to be expected of it by the
    /// probability of each stage.
    ///
    /// # Errors
    /// What keeps the database from answering.
    pub async fn pipeline_value(
        &self,
        context: &Context,
        pipeline: PipelineId,
    ) -> Result<Vec<StageValue>, Error> {
        let work = sql::funnel::values(&self.store, context, pipeline);
        self.store.run(context, "analytics.pipeline_value", work).await
    }

    /// Where leads came from and what became of them, the most productive source first.
    ///
    /// # Errors
    /// What keeps the database from answering.
    pub async fn sources(&self, context: &Context, period: Period) -> Result<Vec<SourceFigures>, Error> {
        let work = sql::sources(&self.store, context, period);
        self.store.run(context, "analytics.sources", work).await
    }

    /// What owners of leads have won and lost, by currency: who has won the most comes first.
    ///
    /// # Errors
    /// What keeps the database from answering.
    pub async fn owners(&self, context: &Context, period: Period) -> Result<Vec<OwnerFigures>, Error> {
        let work = sql::owners(&self.store, context, period);
        self.store.run(context, "analytics.owners", work).await
    }

    /// How long leads that were created in the period waited for the first activity on them.
    ///
    /// # Errors
    /// What keeps the database from answering.
    pub async fn response_times(&self, context: &Context, period: Period) -> Result<ResponseTimes, Error> {
        let work = sql::funnel::response_times(&self.store, context, period);
        self.store.run(context, "analytics.response_times", work).await
    }

    /// What became of the appointments that begin in the period.
    ///
    /// # Errors
    /// What keeps the database from answering.
    pub async fn appointments(&self, context: &Context, period: Period) -> Result<AppointmentFigures, Error> {
        let work = sql::appointments(&self.store, context, period);
        self.store.run(context, "analytics.appointments", work).await
    }

    /// Adds what was used of something that costs. The same key counts once: `false` when it was there.
    ///
    /// # Errors
    /// `Invalid` with every wrong field; `NotFound` when there is no such workspace.
    pub async fn record_usage(&self, context: &Context, new: NewUsage) -> Result<bool, Error> {
        let new = new.check()?;
        let work = sql::usage::add(&self.store, context, &new);
        self.store.run(context, "analytics.record_usage", work).await
    }

    /// What was used in a period, by metric and label.
    ///
    /// # Errors
    /// What keeps the database from answering.
    pub async fn usage(&self, context: &Context, period: Period) -> Result<Vec<UsageSum>, Error> {
        let work = sql::usage::sums(&self.store, context, period);
        self.store.run(context, "analytics.usage", work).await
    }
}
