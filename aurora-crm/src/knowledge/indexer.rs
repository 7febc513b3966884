//! Chunks get their vectors in the background, through the outbox.

use std::future::Future;
use std::sync::Arc;

use async_trait::async_trait;
use aurora_core::failure::FailureClass;
use aurora_core::store;
use aurora_core::store::outbox::{Delivery, Failed, Handler, Message, WorkerBuilder};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::document::{ChunkId, DocumentId};
use super::embedder::{EmbedPurpose, Embedder};
use super::sql::vectors as sql;
use super::sql::vectors::Missing;
use super::vectors::{Packed, pack};
use crate::context::Context;
use crate::error::Error;
use crate::store::Store;
use crate::workspaces::{WorkspaceId, Workspaces};

/// The queue of the outbox that documents wait in.
pub const QUEUE: &str = "crm.knowledge";

/// Who it is in records.
const PRINCIPAL: &str = "knowledge indexer";
/// How many batches of 64 chunks one message stands for; a longer document goes on with another.
const BATCHES: usize = 4;

/// Has chunks embedded; a cheap handle, and a [`Handler`] of the outbox.
///
/// Run it in one process or in many. Until it has seen a document, the document is found by its words.
#[derive(Debug, Clone)]
pub struct Indexer {
    store: Store,
    embedder: Arc<dyn Embedder>,
}

impl Indexer {
    pub(super) fn new(store: Store, embedder: Arc<dyn Embedder>) -> Self {
        Self { store, embedder }
    }

    /// Settings for a worker that embeds, one document after the other unless told.
    pub fn worker(&self) -> WorkerBuilder {
        self.store.outbox().worker(QUEUE, self.clone()).concurrency(1)
    }

    /// Asks for the vectors of what lacks some of the embedder's model, in all workspaces, and then embeds until `stop`
    /// resolves.
    ///
    /// # Errors
    /// What keeps the database from answering at the beginning; from then on it is tried again.
    ///
    /// # Cancel safety
    /// Dropping the future drops what is being embedded; it is embedded again when its lease has run out.
    pub async fn run(&self, stop: impl Future<Output = ()> + Send) -> Result<(), Error> {
        let workspaces = Workspaces::new(self.store.clone());
        let mut after = None;
        loop {
            let ids = workspaces.ids(after).await?;
            let Some(last) = ids.last() else { break };
            after = Some(*last);
            for id in ids {
                self.refresh(&Context::new(id, PRINCIPAL)).await?;
            }
        }
        self.worker().build()?.run(stop).await;
        Ok(())
    }

    /// Asks for the vectors of every document of a workspace that lacks some of the embedder's model: after another model
    /// was chosen, also an earlier one, or when an embedder comes to what was there before. What was given up is tried again.
    /// Gives how many documents lack some; what waits already is not asked for twice.
    ///
    /// # Errors
    /// What keeps the database from answering.
    pub async fn refresh(&self, context: &Context) -> Result<u64, Error> {
        let work = async {
            let mut after = DocumentId::from_uuid(Uuid::nil());
            let mut asked = 0;
            while let Some((last, messages)) =
                sql::ask(&self.store, context, self.embedder.model(), after).await?
            {
                sql::ask_again(&self.store, &messages).await?;
                after = last;
                asked += u64::try_from(messages.len()).unwrap_or(u64::MAX);
            }
            Ok(asked)
        };
        self.store.run(context, "knowledge.refresh", work).await
    }

    async fn embed(&self, missing: &[Missing]) -> Result<Vec<(ChunkId, Packed)>, Failed> {
        let texts: Vec<String> = missing.iter().map(read_as).collect();
        let vectors = self
            .embedder
            .embed(EmbedPurpose::Document, &texts)
            .await
            .map_err(|failure| {
                if failure.class().is_retryable() {
                    Failed::again(failure.class(), failure.to_string())
                } else {
                    // Somebody has to put it right, such as a key: the message waits with the dead ones.
                    Failed::rejected(failure.to_string())
                }
            })?;
        if vectors.len() != texts.len() {
            let text = format!("{} vectors for {} texts", vectors.len(), texts.len());
            return Err(Failed::again(FailureClass::Transient, text));
        }
        let dimensions = self.embedder.dimensions();
        let packed = missing.iter().zip(&vectors).map(|(missing, vector)| {
            let packed = pack(vector, dimensions)
                .ok_or_else(|| Failed::rejected(format!("a vector is not one of {dimensions} dimensions")))?;
            Ok((missing.id, packed))
        });
        packed.collect()
    }
}

/// What stands for a chunk: a passage without its title and headings often does not say what it is about.
fn read_as(missing: &Missing) -> String {
    let mut text = missing.title.clone();
    for heading in &missing.headings.0 {
        text.push_str(" › ");
        text.push_str(heading);
    }
    text.push('\n');
    text.push_str(&missing.text);
    text
}

#[async_trait]
impl Handler for Indexer {
    async fn handle(&self, delivery: &Delivery) -> Result<(), Failed> {
        let ticket: Ticket = delivery.json()?;
        let context = Context::new(ticket.workspace, PRINCIPAL);
        let model = self.embedder.model();
        for _ in 0..BATCHES {
            let missing = sql::missing(&self.store, &context, ticket.document, model).await?;
            if missing.is_empty() {
                break;
            }
            let vectors = self.embed(&missing).await?;
            sql::put(&self.store, &context, ticket.document, model, &vectors).await?;
        }
        sql::done(&self.store, &context, ticket.document, model, delivery).await?;
        Ok(())
    }
}

/// What a message of the outbox says: which document. What it lacks is read when its turn comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Ticket {
    workspace: WorkspaceId,
    document: DocumentId,
}

impl Ticket {
    /// Documents are embedded one at a time, in order: `key` tells one wish from another.
    pub(super) fn message(
        workspace: WorkspaceId,
        document: DocumentId,
        key: &str,
    ) -> Result<Message, store::Error> {
        let ticket = Self { workspace, document };
        Ok(Message::json(QUEUE, &ticket)?
            .tenant(workspace)
            .ordering_key(document)
            .idempotency_key(key))
    }
}
