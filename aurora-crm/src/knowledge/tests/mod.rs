mod answer;
mod chunking;
mod corpus;
mod documents;
mod feedback;
mod hybrid;
#[cfg(feature = "knowledge-pdf")]
mod pdf;
mod privacy;
mod quality;
mod ranking;
mod tenancy;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use aurora_core::failure::FailureClass;
use aurora_core::store::outbox::Handler as _;
use aurora_core::time::ManualClock;

use super::{
    Content, EmbedFailure, EmbedPurpose, Embedder, Hit, Knowledge, KnowledgeBuilder, NewDocument, QUEUE,
    Query,
};
use crate::context::Context;
use crate::crm::Crm;
use crate::testing::TestDatabase;
use crate::workspaces::{NewWorkspace, WorkspaceKind};

/// A workspace with knowledge.
pub(super) struct World {
    pub(super) crm: Crm,
    pub(super) clock: ManualClock,
    pub(super) context: Context,
    pub(super) knowledge: Knowledge,
}

impl World {
    pub(super) async fn new(db: &TestDatabase) -> Self {
        Self::with(db, |builder| builder).await
    }

    pub(super) async fn with(
        db: &TestDatabase,
        settings: impl Fn(KnowledgeBuilder) -> KnowledgeBuilder,
    ) -> Self {
        let clock = ManualClock::default();
        let builder = Crm::builder(db.database.clone()).clock(clock.clone());
        let crm = builder.build().await.unwrap();
        let context = house(&crm).await;
        let knowledge = settings(crm.knowledge()).build().unwrap();
        Self {
            crm,
            clock,
            context,
            knowledge,
        }
    }

    pub(super) async fn add(&self, name: &str, text: &str) -> super::Document {
        let new = NewDocument::new(name, Content::Markdown(text.to_owned())).external_id(name);
        self.knowledge
            .ingest(&self.context, new)
            .await
            .unwrap()
            .document()
            .clone()
    }

    pub(super) async fn search(&self, query: Query) -> Vec<Hit> {
        self.knowledge.search(&self.context, &query).await.unwrap()
    }

    /// The titles of what is found, best first.
    pub(super) async fn titles(&self, text: &str) -> Vec<String> {
        titles(&self.search(Query::new(text).most(10)).await)
    }

    /// Embeds everything that waits, and gives how many messages that took.
    pub(super) async fn index(&self, knowledge: &Knowledge) -> usize {
        let indexer = knowledge.indexer().unwrap();
        let outbox = self.crm.store().outbox();
        let mut messages = 0;
        loop {
            let lease = std::time::Duration::from_secs(60);
            let claimed = outbox.claim(QUEUE, 10, lease).await.unwrap();
            if claimed.is_empty() {
                return messages;
            }
            for delivery in claimed {
                indexer.handle(&delivery).await.unwrap();
                messages += 1;
            }
        }
    }
}

pub(super) async fn house(crm: &Crm) -> Context {
    let new = NewWorkspace::new(WorkspaceKind::Clinic, "Clínica");
    Context::new(crm.workspaces().create(new).await.unwrap().id, "usr_tester")
}

pub(super) fn titles(hits: &[Hit]) -> Vec<String> {
    hits.iter().map(|hit| hit.citation.title.clone()).collect()
}

/// A test double, not a model: counts hashes of three letters. It knows nothing of meaning, but is near where words are alike.
#[derive(Debug, Clone)]
pub(super) struct NgramDouble {
    model: &'static str,
    dimensions: usize,
    pub(super) texts: Arc<AtomicUsize>,
    pub(super) failing: Arc<AtomicUsize>,
}

impl NgramDouble {
    pub(super) fn new(model: &'static str, dimensions: usize) -> Self {
        Self {
            model,
            dimensions,
            texts: Arc::default(),
            failing: Arc::default(),
        }
    }

    pub(super) fn vector(&self, text: &str) -> Vec<f32> {
        let folded: Vec<char> = format!(" {} ", super::lexical::fingerprint(text).join(" "))
            .chars()
            .collect();
        let mut vector = vec![0.0; self.dimensions];
        for gram in folded.windows(3) {
            let hash = gram.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, letter| {
                (hash ^ u64::from(u32::from(*letter))).wrapping_mul(0x0100_0000_01b3)
            });
            vector[usize::try_from(hash % self.dimensions as u64).unwrap()] += 1.0;
        }
        vector
    }
}

#[async_trait]
impl Embedder for NgramDouble {
    fn model(&self) -> &str {
        self.model
    }

    fn dimensions(&self) -> usize {
        self.dimensions
    }

    async fn embed(&self, _purpose: EmbedPurpose, texts: &[String]) -> Result<Vec<Vec<f32>>, EmbedFailure> {
        if self.failing.load(Ordering::Relaxed) > 0 {
            return Err(EmbedFailure::new(FailureClass::Transient, "the model is away"));
        }
        self.texts.fetch_add(texts.len(), Ordering::Relaxed);
        Ok(texts.iter().map(|text| self.vector(text)).collect())
    }
}
