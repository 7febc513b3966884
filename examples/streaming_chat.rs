//! A chat in the terminal: words appear as they are written, and the conversation is remembered.
//!
//! `cargo run --example streaming_chat --features config` answers by a simulated model; with a key in the environment
//! (`OPENAI_API_KEY`, `ANTHROPIC_API_KEY`, `GEMINI_API_KEY` with `--features gemini` …) by the real one. What you type goes
//! to the model, an empty line ends it; without a terminal it says three things by itself.

use std::io::{BufRead as _, IsTerminal as _, Write as _, stdin, stdout};
use std::time::Duration;

use aurora::llm::chat::{Message, StreamEvent};
use aurora::llm::conversation::{Conversation, TurnEvent};
use aurora::llm::providers::simulated::Simulated;
use aurora::llm::{LlmClient, setup};
use futures::StreamExt as _;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let client = match setup::from_environment()? {
        Some(builder) => builder.build()?,
        None => {
            let pace = (Duration::from_millis(200), Duration::from_millis(30));
            let model = Simulated::new("simulated").latency(pace.0, pace.1).jitter(0.5);
            LlmClient::builder().provider(model, "m").build()?
        }
    };
    let mut talk = Conversation::new(client)
        .system("Answer in two sentences at most.")
        .max_tokens(4_000);

    if stdin().is_terminal() {
        for line in stdin().lock().lines() {
            let line = line?;
            if line.trim().is_empty() {
                break;
            }
            say(&mut talk, &line).await?;
        }
    } else {
        for line in ["Hello!", "Name a river of Brazil.", "What did I ask first?"] {
            println!("> {line}");
            say(&mut talk, line).await?;
        }
    }
    let spent = talk.spent();
    let (messages, tokens) = (talk.messages().len(), spent.usage.total());
    match spent.cost.amount() {
        Some(amount) => println!("{messages} messages, {tokens} tokens, ${amount}"),
        None => println!("{messages} messages, {tokens} tokens; the model has no price"),
    }
    Ok(())
}

async fn say(talk: &mut Conversation, text: &str) -> Result<(), Box<dyn std::error::Error>> {
    let mut turn = talk.stream(Message::user(text)).await?;
    while let Some(event) = turn.next().await {
        match event {
            Ok(TurnEvent::Model(StreamEvent::Text(words))) => {
                print!("{words}");
                stdout().flush()?;
            }
            Ok(_) => {}
            // What was said before is on the screen; the history is as before, and the same can be said again.
            Err(error) => println!("\n(broken off: {error})"),
        }
    }
    println!("\n");
    Ok(())
}
