//! A small search: texts as vectors, the nearest to a question, and a second model that sorts them.
//!
//! `cargo run --example embeddings_and_rerank --features cohere` is simulated; with `COHERE_API_KEY` in the environment it asks
//! Cohere.

use aurora::llm::LlmClient;
use aurora::llm::client::LlmTarget;
use aurora::llm::embed::{EmbedPurpose, EmbedRequest};
use aurora::llm::providers::cohere::Cohere;
use aurora::llm::providers::simulated::Simulated;
use aurora::llm::rerank::RerankRequest;

const NOTES: [&str; 5] = [
    "The clinic opens at eight and closes at six",
    "A first visit takes fifty minutes",
    "Bring your last blood test to the first visit",
    "Parking is behind the building",
    "Results of a blood test are ready after two days",
];

#[tokio::main]
#[expect(
    clippy::disallowed_methods,
    reason = "an example has no settings but its environment"
)]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let client = match std::env::var("COHERE_API_KEY") {
        Ok(key) => LlmClient::builder()
            .target(LlmTarget::embeddings(Cohere::new(key.as_str())?, "embed-v4.0"))
            .target(LlmTarget::rerank(Cohere::new(key.as_str())?, "rerank-v3.5")),
        Err(_) => LlmClient::builder()
            .target(LlmTarget::embeddings(Simulated::new("simulated"), "embed"))
            .target(LlmTarget::rerank(Simulated::new("simulated"), "rerank").name("simulated/rerank")),
    }
    .build()?;

    let notes = client.embed(EmbedRequest::new(NOTES)).await?;
    println!(
        "{} vectors of {} numbers by {}",
        NOTES.len(),
        notes.value().embeddings.first().map_or(0, Vec::len),
        notes.model()
    );

    let question = "What do I bring to the first visit?";
    let asked = client
        .embed(EmbedRequest::new([question]).purpose(EmbedPurpose::Query))
        .await?;
    let asked = asked
        .value()
        .embeddings
        .first()
        .ok_or("no vector for the question")?;
    let mut near: Vec<(f32, &str)> = notes
        .value()
        .embeddings
        .iter()
        .zip(NOTES)
        .map(|(vector, note)| (vector.iter().zip(asked).map(|(a, b)| a * b).sum(), note))
        .collect();
    near.sort_by(|one, other| other.0.total_cmp(&one.0));
    println!("\n{question}\nnearest by their vectors:");
    for (score, note) in near.iter().take(3) {
        println!("  {score:.2} {note}");
    }

    let candidates = near.iter().take(3).map(|(_, note)| *note);
    let sorted = client
        .rerank(RerankRequest::new(question, candidates).top_n(2))
        .await?;
    println!("sorted by {}:", sorted.model());
    for ranked in &sorted.value().results {
        let note = near.get(ranked.index).map_or("?", |(_, note)| note);
        println!("  {:.2} {note}", ranked.score);
    }
    Ok(())
}
