//! Answers from documents, with citations: documents are taken in, searched and cited; feedback changes the ranking.
//!
//! ```sh
//! cargo run --example knowledge_rag --features assistant
//! ```
//!
//! It needs no key and no network: the model is simulated. Its vectors know nothing of meaning and its answer is prepared; with
//! another `LlmTarget` a real model answers from the same passages.

use std::time::Duration;

use aurora::core::page::PageRequest;
use aurora::core::time::{Clock as _, SystemClock};
use aurora::crm::knowledge::{
    AnswerContext, Content, Correction, DocumentFilter, DocumentStatus, Hit, Knowledge, LlmEmbedder,
    NewDocument, NewRating, Query, RatingKind, Source,
};
use aurora::crm::workspaces::{NewWorkspace, WorkspaceKind};
use aurora::crm::{Context, Crm, Error};
use aurora::llm::LlmClient;
use aurora::llm::chat::ChatRequest;
use aurora::llm::client::LlmTarget;
use aurora::llm::providers::simulated::Simulated;

const PRICES_2023: &str = "# Tabela de preços\n\nPreços de 2023. Limpeza: R$ 180. Clareamento: R$ 900.";
const PRICES: &str = "# Valores dos procedimentos\n\n| Procedimento | Valor |\n|---|---|\n| Limpeza | R$ 250 |\n| Clareamento | R$ 1.200 |";
const HOURS: &str = "<h1>Atendimento</h1><p>Segunda a sexta, das 8h às 19h.</p><script>track()</script>";

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let model = Simulated::new("simulated").says("A limpeza custa R$ 250 [1], e não R$ 180 [7].");
    let client = LlmClient::builder()
        .target(LlmTarget::new(model, "chat"))
        .target(LlmTarget::embeddings(Simulated::new("simulated"), "embed").name("simulated/embed"))
        .build()?;

    let crm = Crm::open("sqlite::memory:").await?;
    let clinic = crm
        .workspaces()
        .create(NewWorkspace::new(WorkspaceKind::Clinic, "Sorriso Vivo"))
        .await?;
    let context = Context::new(clinic.id, "example");
    let knowledge = crm
        .knowledge()
        .embedder(LlmEmbedder::new(client.clone(), "embed", 64).shortened())
        .build()?;

    for new in [
        NewDocument::new("Preços 2023", Content::Markdown(PRICES_2023.into())).external_id("prices-2023"),
        NewDocument::new("Preços", Content::Markdown(PRICES.into())).external_id("prices"),
        NewDocument::new("Horário", Content::Html(HOURS.into()))
            .external_id("hours")
            .source(Source::url("https://clinica.example/horario")),
    ] {
        let taken = knowledge.ingest(&context, new).await?;
        let document = taken.document();
        println!(
            "taken in   {} in {} passages, {}",
            document.title,
            document.chunks,
            document.status.as_str()
        );
    }

    // In an application this runs beside everything else; documents are found by their words before it has seen them.
    let indexer = knowledge.indexer().ok_or("there is an embedder")?;
    let all_are_ready = async {
        let page = PageRequest::default();
        while let Ok(page) = knowledge.list(&context, &DocumentFilter::default(), &page).await {
            if page
                .items
                .iter()
                .all(|document| document.status == DocumentStatus::Ready)
            {
                break;
            }
            SystemClock.sleep(Duration::from_millis(20)).await;
        }
    };
    Box::pin(indexer.run(all_are_ready)).await?;

    let question = "quais os preços da limpeza?";
    let hits = show(&knowledge, &context, question).await?;
    let passages = AnswerContext::new(&hits);
    let prompt = format!(
        "Responda só com o que está aqui e cite [n].\n\n{}\nPergunta: {question}",
        passages.prompt()
    );
    let text = client.chat(ChatRequest::user(prompt)).await?.text();
    println!("answer     {text}");
    let read = passages.read(&text);
    for (number, citation) in &read.cited {
        println!(
            "  [{number}] {} {:?}, bytes {} to {}",
            citation.title, citation.headings, citation.start, citation.end
        );
    }
    println!("  made up: {:?}", read.unknown);

    for hit in &hits {
        let is_old = hit.chunk.text.contains("2023");
        let kind = if is_old { RatingKind::Wrong } else { RatingKind::Up };
        for reader in ["ana", "bia", "caio"] {
            let context = Context::new(clinic.id, reader);
            knowledge
                .rate(&context, NewRating::new(hit.chunk.id, question, kind))
                .await?;
        }
    }
    println!("rated      the old prices as wrong");
    show(&knowledge, &context, "preços do clareamento").await?;

    knowledge
        .correct(
            &context,
            Correction::new("Vocês parcelam?", "Sim, em até dez vezes sem juros."),
        )
        .await?;
    show(&knowledge, &context, "vocês parcelam").await?;
    let version = knowledge.revert_feedback(&context, 0).await?;
    println!("reverted   all feedback, in version {version}");
    show(&knowledge, &context, "preços do clareamento").await?;
    Ok(())
}

async fn show(knowledge: &Knowledge, context: &Context, question: &str) -> Result<Vec<Hit>, Error> {
    println!("asked      {question}");
    let hits = knowledge.search(context, &Query::new(question).most(3)).await?;
    for hit in &hits {
        let line = hit.chunk.text.lines().last().unwrap_or_default();
        println!(
            "  {:.4} feedback {:.2} {}: {line}",
            hit.score.total, hit.score.feedback, hit.citation.title
        );
    }
    Ok(hits)
}
