//! The first provider is down, the second takes over; and the trail tells what happened.
//!
//! The providers are simulated: no key, no network. `cargo run --example llm_fallback`

use std::time::Duration;

use aurora::llm::chat::ChatRequest;
use aurora::llm::client::Attempt;
use aurora::llm::providers::simulated::{Simulated, Step};
use aurora::llm::{Error, LlmClient};

#[tokio::main]
async fn main() -> Result<(), Error> {
    let primary = Simulated::new("primary").says("I am back.");
    let switch = primary.handle();
    let backup = Simulated::new("backup").says("Sunlight is scattered by the air, blue the most.");
    let client = LlmClient::builder()
        .provider(primary, "large")
        .provider(backup, "small")
        .build()?;

    println!("The primary has a broken server:");
    switch.break_with(Step::status(500));
    let answer = client.ask("Why is the sky blue?").await?;
    show(answer.provider().as_str(), &answer.text(), answer.attempts());

    println!("It heals, but is busy and asks to be left alone for two minutes:");
    switch.heal();
    switch.follow([Step::status(429).retry_after(Duration::from_secs(120))]);
    let answer = client.ask("Why is the sky blue?").await?;
    show(answer.provider().as_str(), &answer.text(), answer.attempts());

    println!("Meanwhile it is not asked at all, streams included:");
    let stream = client
        .stream(ChatRequest::user("And why is it red at dusk?"))
        .await?;
    let (provider, attempts) = (stream.provider().clone(), stream.attempts().to_vec());
    let text = stream.collect_answer().await?.text();
    show(provider.as_str(), &text, &attempts);
    println!("The primary was called {} times in all.", switch.calls());

    println!("After a reset it is asked again:");
    client.reset();
    let answer = client.ask("Are you there?").await?;
    show(answer.provider().as_str(), &answer.text(), answer.attempts());
    Ok(())
}

fn show(provider: &str, text: &str, attempts: &[Attempt]) {
    for attempt in attempts {
        let waited = match attempt.waited {
            Duration::ZERO => String::new(),
            wait => format!(" after a wait of {wait:.0?}"),
        };
        println!("    {}{waited}: {:?}", attempt.target, attempt.outcome);
    }
    println!("  {provider}: {text}\n");
}
