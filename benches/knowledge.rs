//! What it costs to find passages among many: by words, by words and vectors, and by words about one client, on SQLite and,
//! where `AURORA_BENCH_POSTGRES_URL` and `AURORA_BENCH_POSTGRES_OWNER_URL` name an empty database and its owner, on PostgreSQL.
//!
//! `AURORA_BENCH_CHUNKS` says how many passages there are: 100,000 unless told. Their words are drawn as words of a language
//! are, by Zipf's law, so that a question has rare and common ones. Vectors are random, 384 numbers each.
//!
//! ```sh
//! cargo bench --bench knowledge
//! AURORA_BENCH_CHUNKS=5000 cargo bench --bench knowledge -- --quick
//! ```
#![expect(clippy::unwrap_used, reason = "a benchmark that fails has nothing to measure")]
#![expect(
    clippy::disallowed_methods,
    reason = "which database to measure is no setting of an application"
)]

use std::fmt::Write as _;
use std::hint::black_box;

use aurora::core::failure::FailureClass;
use aurora::core::rng::Random;
use aurora::core::store::Database;
use aurora::core::store::outbox::Handler as _;
use aurora::crm::knowledge::{
    Content, EmbedFailure, EmbedPurpose, Embedder, Knowledge, NewDocument, QUEUE, Query,
};
use aurora::crm::workspaces::{NewWorkspace, WorkspaceKind};
use aurora::crm::{Context, Crm};
use criterion::{Criterion, criterion_group, criterion_main};
use tokio::runtime::Runtime;

/// Passages of one document.
const OF_DOCUMENT: u32 = 500;
const WORDS: u64 = 20_000;
const DIMENSIONS: usize = 384;

/// Vectors that mean nothing.
#[derive(Debug)]
struct RandomDouble(Random);

#[async_trait::async_trait]
impl Embedder for RandomDouble {
    fn model(&self) -> &str {
        "random"
    }

    fn dimensions(&self) -> usize {
        DIMENSIONS
    }

    async fn embed(&self, _purpose: EmbedPurpose, texts: &[String]) -> Result<Vec<Vec<f32>>, EmbedFailure> {
        if texts.is_empty() {
            return Err(EmbedFailure::new(FailureClass::Rejected, "nothing to embed"));
        }
        #[expect(clippy::cast_possible_truncation, reason = "random numbers")]
        let one = |_: &String| (0..DIMENSIONS).map(|_| self.0.unit() as f32 - 0.5).collect();
        Ok(texts.iter().map(one).collect())
    }
}

/// A word by its rank, which is drawn so that the first words are the commonest.
fn word(random: &Random) -> String {
    let uniform = random.unit().max(1e-9);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a rank within 20,000"
    )]
    let rank = ((WORDS as f64).powf(uniform) as u64).min(WORDS);
    format!("palavra{rank}x")
}

fn passages(random: &Random, count: u32) -> String {
    let mut text = String::new();
    for n in 0..count {
        let words: Vec<String> = (0..120).map(|_| word(random)).collect();
        write!(text, "# Assunto {n}\n\n{}.\n\n", words.join(" ")).unwrap();
    }
    text
}

async fn fill(crm: &Crm, chunks: u32) -> (Knowledge, Context) {
    let new = NewWorkspace::new(WorkspaceKind::Clinic, "Bench");
    let context = Context::new(crm.workspaces().create(new).await.unwrap().id, "bench");
    let random = Random::seeded(1);
    let knowledge = crm
        .knowledge()
        .embedder(RandomDouble(Random::seeded(2)))
        .build()
        .unwrap();
    for number in 0..chunks.div_ceil(OF_DOCUMENT) {
        let text = passages(&random, OF_DOCUMENT.min(chunks - number * OF_DOCUMENT));
        let new = NewDocument::new(format!("d{number}"), Content::Markdown(text));
        knowledge.ingest(&context, new).await.unwrap();
    }
    let (indexer, outbox) = (knowledge.indexer().unwrap(), crm_outbox(crm).await);
    loop {
        let claimed = outbox
            .claim(QUEUE, 16, std::time::Duration::from_secs(600))
            .await
            .unwrap();
        if claimed.is_empty() {
            return (knowledge, context);
        }
        for delivery in claimed {
            indexer.handle(&delivery).await.unwrap();
        }
    }
}

async fn crm_outbox(crm: &Crm) -> aurora::core::store::outbox::Outbox {
    aurora::core::store::outbox::Outbox::open(crm.database().clone())
        .await
        .unwrap()
}

async fn postgres() -> Option<Crm> {
    let [url, owner] =
        ["AURORA_BENCH_POSTGRES_URL", "AURORA_BENCH_POSTGRES_OWNER_URL"].map(|name| std::env::var(name).ok());
    let [database, owner] = [url?, owner?];
    let owner = Database::open(&owner.into()).await.unwrap();
    let database = Database::open(&database.into()).await.unwrap();
    Some(Crm::builder(database).owner(owner).build().await.unwrap())
}

fn retrieval(criterion: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let chunks = std::env::var("AURORA_BENCH_CHUNKS").map_or(100_000, |text| text.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}/knowledge.db", folder.path().display());
    let sqlite = runtime.block_on(Crm::open(url)).unwrap();
    let mut engines = vec![("sqlite", sqlite)];
    engines.extend(runtime.block_on(postgres()).map(|crm| ("postgres", crm)));
    for (engine, crm) in engines {
        let (knowledge, context) = runtime.block_on(fill(&crm, chunks));
        let mut group = criterion.benchmark_group(format!("{engine}/{chunks}"));
        group.sample_size(10);
        for (name, text) in [
            ("rare", "palavra19001x palavra15003x palavra17007x"),
            ("common", "palavra40x palavra300x palavra2000x palavra9000x"),
        ] {
            for (kind, query) in [
                ("words", Query::new(text).words_only()),
                ("hybrid", Query::new(text)),
            ] {
                group.bench_function(format!("{name}/{kind}"), |bencher| {
                    bencher.to_async(&runtime).iter(|| async {
                        black_box(knowledge.search(&context, &query).await.unwrap());
                    });
                });
            }
        }
        group.finish();
    }
}

criterion_group!(benches, retrieval);
criterion_main!(benches);
