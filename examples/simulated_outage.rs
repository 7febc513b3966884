//! A provider that breaks in the middle of a sentence, dawdles, is busy, and recovers; and what each attempt cost.
//!
//! The providers are simulated: no key, no network. `cargo run --example simulated_outage`

use std::io::Write as _;
use std::time::Duration;

use aurora::core::resilience::Hedge;
use aurora::llm::LlmClient;
use aurora::llm::chat::{ChatRequest, StreamEvent};
use aurora::llm::client::{Attempt, AttemptOutcome, CallOptions, Continuation, LlmTarget};
use aurora::llm::pricing::{Cost, Price};
use aurora::llm::providers::simulated::{Simulated, Step};
use futures::StreamExt as _;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let price = Price::per_million("3".parse()?, "15".parse()?);
    let primary = Simulated::new("primary").says("The sky is blue because the air scatters light.");
    let backup = Simulated::new("backup").says("blue because blue light is scattered the most.");
    let switch = primary.handle();
    let client = LlmClient::builder()
        .target(LlmTarget::new(primary, "large").price(price))
        .target(LlmTarget::new(backup, "small").price(price))
        .continuation(Continuation::Continue)
        .build()?;

    println!("1. The connection breaks after three words; another model goes on:");
    switch.follow([Step::TruncateAfter(3)]);
    let mut stream = client.stream(ChatRequest::user("Why is the sky blue?")).await?;
    print!("   ");
    let mut speaker = stream.provider().clone();
    while let Some(event) = stream.next().await {
        let event = event?;
        if *stream.provider() != speaker {
            speaker = stream.provider().clone();
            print!("[{speaker}:] ");
        }
        if let StreamEvent::Text(words) = event {
            print!("{words}");
            std::io::stdout().flush()?;
        }
    }
    println!();
    trail(stream.attempts());

    println!("2. The primary falls silent; after 50 ms the backup is asked too, and wins:");
    switch.follow([Step::Stall]);
    let hedge = Hedge::default()
        .hedgeable()
        .after(Duration::from_millis(50))
        .max_extra_load(100);
    let impatient = CallOptions::default().hedge(hedge);
    let answer = client
        .chat_with(ChatRequest::user("Still there?"), &impatient)
        .await?;
    println!("   {}", answer.text());
    trail(answer.attempts());

    println!("3. The primary has too many requests, and asks for two seconds of rest:");
    let rest = Duration::from_secs(2);
    switch.follow([Step::status(429).retry_after(rest)]);
    let options = CallOptions::default();
    let answer = client.chat_with(ChatRequest::user("And now?"), &options).await?;
    println!("   {}", answer.text());
    trail(answer.attempts());

    println!("4. It is down; after a few failures nobody asks it any more:");
    switch.break_with(Step::status(503));
    for _ in 0..5 {
        client.ask("Anybody?").await?;
    }
    let before = switch.calls();
    let answer = client.ask("Anybody?").await?;
    println!(
        "   {} (it was asked {} times)",
        answer.text(),
        switch.calls() - before
    );
    trail(answer.attempts());

    println!("5. It recovers, and somebody says so instead of waiting for the next probe:");
    switch.heal();
    client.reset();
    let answer = client.ask("Welcome back?").await?;
    println!("   {}", answer.text());
    trail(answer.attempts());
    Ok(())
}

/// Who was asked, how it went, and what it cost.
fn trail(attempts: &[Attempt]) {
    for attempt in attempts {
        let outcome = match &attempt.outcome {
            AttemptOutcome::Served => "answered".to_owned(),
            AttemptOutcome::Failed { kind, .. } => format!("failed: {}", kind.as_str().replace('_', " ")),
            AttemptOutcome::Skipped { retry_after } => format!("not asked, for another {retry_after:.0?}"),
            AttemptOutcome::Outrun => "too slow, dropped".to_owned(),
            _ => "unknown".to_owned(),
        };
        let waited = match attempt.waited {
            Duration::ZERO => String::new(),
            wait => format!(" after a wait of {wait:.0?}"),
        };
        let cost = match attempt.cost.and_then(Cost::amount) {
            Some(amount) => format!(", ${amount}"),
            None => String::new(),
        };
        println!("     {:14} {outcome}{waited}{cost}", attempt.target);
    }
    println!();
}
