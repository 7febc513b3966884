//! Which target gets a request: by weight, by price, by name, by rule, and always the same one.
//!
//! The providers are simulated: no key, no network. `cargo run --example routing`

use std::collections::BTreeMap;

use aurora::core::rng::Random;
use aurora::llm::chat::ChatRequest;
use aurora::llm::client::{CallOptions, Caller, Condition, LlmTarget, Rule, Strategy};
use aurora::llm::pricing::Price;
use aurora::llm::providers::simulated::Simulated;
use aurora::llm::{Error, LlmClient};

/// A client whose draws begin at `seed`: with the same seed, the same calls go the same ways.
fn client(seed: u64) -> Result<LlmClient, Box<dyn std::error::Error>> {
    let dear = Price::per_million("3".parse()?, "15".parse()?);
    let cheap = Price::per_million("0.15".parse()?, "0.60".parse()?);
    let client = LlmClient::builder()
        .target(
            LlmTarget::new(Simulated::new("paris"), "large")
                .weight(3)
                .price(dear),
        )
        .target(
            LlmTarget::new(Simulated::new("recife"), "large")
                .weight(1)
                .price(cheap),
        )
        .target(LlmTarget::new(Simulated::new("home"), "small").priority(2))
        .strategy(Strategy::Weighted)
        .alias("fast", ["home/small", "recife/large"])
        .alias_strategy("fast", Strategy::Priority)
        .rule(Rule::when(Condition::tenant("hospital-*")).to_targets(["home/small"]))
        .random(Random::seeded(seed))
        .build()?;
    Ok(client)
}

/// Who answered how many of `calls` calls.
async fn share(client: &LlmClient, options: &CallOptions, calls: usize) -> Result<String, Error> {
    let mut answers = BTreeMap::new();
    for _ in 0..calls {
        let answer = client.chat_with(ChatRequest::user("Hello"), options).await?;
        *answers.entry(answer.target().to_owned()).or_insert(0) += 1;
    }
    let told = answers
        .iter()
        .map(|(target, number)| format!("{target} {number}"));
    Ok(told.collect::<Vec<_>>().join(", "))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let first = client(7)?;
    let anybody = CallOptions::default();
    println!("by weight, 3 to 1:       {}", share(&first, &anybody, 100).await?);
    println!(
        "again, the same seed:    {}",
        share(&client(7)?, &anybody, 100).await?
    );

    let cheapest = CallOptions::default().strategy(Strategy::LowestCost);
    println!("by price, for this call: {}", share(&first, &cheapest, 10).await?);

    let talk = CallOptions::default().sticky("conversation-5");
    println!("one conversation:        {}", share(&first, &talk, 10).await?);

    let private = CallOptions::default().caller(Caller::tenant("hospital-3"));
    println!("by rule, stays at home:  {}", share(&first, &private, 10).await?);

    let fast = first.chat(ChatRequest::user("Hello").model("fast")).await?;
    println!("by alias 'fast':         {}", fast.target());

    let unknown = first.chat(ChatRequest::user("Hello").model("huge")).await;
    if let Err(error) = unknown {
        println!("a model nobody has:      {error}, and nobody was asked");
    }
    Ok(())
}
