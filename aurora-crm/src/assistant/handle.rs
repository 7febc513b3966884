use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use aurora_core::page::{Page, PageRequest};
use aurora_core::store::outbox::{Schedule, WorkerBuilder};
use aurora_llm::LlmClient;

use super::desk::{Desk, House};
use super::engine::{Engine, TIME};
use super::settings::{AssistantSettings, StoredSettings};
use super::step::{Step, TurnStep};
use super::{QUEUE, sql};
use crate::context::Context;
use crate::conversations::{ConversationId, MessageId};
use crate::crm::Crm;
use crate::error::Error;
use crate::knowledge::{Citation, Knowledge};
use crate::store::Store;

/// How long an attempt may take: its own time, and some to call a person when that is over.
const DEADLINE: Duration = TIME.saturating_add(Duration::from_secs(10));
/// How long a message is leased; so long does it take until a turn goes on whose process was killed.
const LEASE: Duration = DEADLINE.saturating_add(Duration::from_secs(10));
/// Waits between attempts, in seconds: a contact waits for an answer.
const WAITS: [u64; 9] = [1, 5, 20, 60, 180, 600, 1_800, 3_600, 7_200];
const TRIES: u32 = 4;

/// Puts an [`Assistant`] together.
#[derive(Debug, Clone)]
#[must_use = "call `build` to get an assistant"]
pub struct AssistantBuilder {
    crm: Crm,
    llm: LlmClient,
    knowledge: Option<Knowledge>,
    tries: u32,
}

impl AssistantBuilder {
    pub(crate) const fn new(crm: Crm, llm: LlmClient) -> Self {
        Self {
            crm,
            llm,
            knowledge: None,
            tries: TRIES,
        }
    }

    /// Looks things up there; nowhere unless told.
    pub fn knowledge(mut self, knowledge: Knowledge) -> Self {
        self.knowledge = Some(knowledge);
        self
    }

    /// How often a turn is tried while no model can be reached or the house fails, before a person is called; 4 unless told,
    /// over about half a minute, and at least 1.
    pub const fn tries(mut self, tries: u32) -> Self {
        self.tries = if tries == 0 { 1 } else { tries };
        self
    }

    /// Gives the assistant.
    #[must_use]
    pub fn build(self) -> Assistant {
        let store = self.crm.store().clone();
        let has_knowledge = self.knowledge.is_some();
        let desk = House::new(self.crm, self.knowledge);
        Assistant::with(store, Arc::new(desk), self.llm, has_knowledge, self.tries)
    }
}

/// The assistant of all workspaces; a cheap handle.
///
/// Run it in one process or in many: each turn is worked on by one of them.
#[derive(Debug, Clone)]
pub struct Assistant {
    pub(super) engine: Engine,
}

impl Assistant {
    pub(super) fn with(
        store: Store,
        desk: Arc<dyn Desk>,
        llm: LlmClient,
        has_knowledge: bool,
        tries: u32,
    ) -> Self {
        let engine = Engine {
            store,
            desk,
            llm,
            has_knowledge,
            tries,
            #[cfg(test)]
            mortal: super::engine::mortal::Mortal::default(),
        };
        Self { engine }
    }

    /// What the workspace has told its assistant. One that was never told anything answers nobody.
    ///
    /// # Errors
    /// What keeps the database from answering.
    pub async fn settings(&self, context: &Context) -> Result<StoredSettings, Error> {
        let store = &self.engine.store;
        store
            .run(context, "assistant.settings", sql::settings::get(store, context))
            .await
    }

    /// Stores settings in place of those at a version; 0 when there are none yet. They hold from the next turn on.
    ///
    /// # Errors
    /// `Invalid` with every wrong field; `Conflict` with the stored version; `NotFound` when there is no such workspace.
    pub async fn configure(
        &self,
        context: &Context,
        expected_version: i64,
        settings: &AssistantSettings,
    ) -> Result<StoredSettings, Error> {
        settings.check()?;
        let store = &self.engine.store;
        let work = sql::settings::set(store, context, expected_version, settings);
        store.run(context, "assistant.configure", work).await
    }

    /// What the assistant did in a conversation, the latest step first.
    ///
    /// # Errors
    /// `Invalid` when the cursor is damaged or belongs to another list.
    pub async fn steps(
        &self,
        context: &Context,
        conversation: ConversationId,
        page: &PageRequest,
    ) -> Result<Page<TurnStep>, Error> {
        let store = &self.engine.store;
        let work = sql::steps::page(store, context, conversation, page);
        let page = store.run(context, "assistant.steps", work).await?;
        Ok(page.map(TurnStep::from))
    }

    /// The passages that a reply of the assistant rests on, as they were when it was written.
    ///
    /// # Errors
    /// What keeps the database from answering.
    pub async fn citations(&self, context: &Context, message: MessageId) -> Result<Vec<Citation>, Error> {
        let store = &self.engine.store;
        let work = async {
            let Some(turn) = sql::turns::of_message(store, context, message).await? else {
                return Ok(Vec::new());
            };
            let steps = sql::steps::of_turn(store, context, turn).await?;
            let decided = steps.into_iter().rev().find_map(|written| match written.step {
                Step::Decided { decision } => Some(decision.citations),
                _ => None,
            });
            Ok(decided.unwrap_or_default())
        };
        store.run(context, "assistant.citations", work).await
    }

    /// Settings for a worker that answers.
    pub fn worker(&self) -> WorkerBuilder {
        let waits: Vec<Duration> = WAITS.into_iter().map(Duration::from_secs).collect();
        let outbox = self.engine.store.outbox();
        outbox
            .worker(QUEUE, self.engine.clone())
            .lease(LEASE)
            .deadline(DEADLINE)
            .schedule(Schedule::listed(waits))
    }

    /// Answers until `stop` resolves, with the default settings of a worker.
    ///
    /// # Errors
    /// None with these settings.
    ///
    /// # Cancel safety
    /// Dropping the future drops the turns under way; they go on where they were when their leases have run out.
    pub async fn run(&self, stop: impl Future<Output = ()> + Send) -> Result<(), Error> {
        self.worker().build()?.run(stop).await;
        Ok(())
    }
}
