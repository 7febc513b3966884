//! What calls cost, whose they were, and a limit that holds.
//!
//! The model is simulated, its price and the limits are invented: no key, no network. `cargo run --example cost_and_budget`

use aurora::core::page::PageRequest;
use aurora::core::time::{Clock as _, SystemClock, Timestamp};
use aurora::llm::LlmClient;
use aurora::llm::chat::ChatRequest;
use aurora::llm::client::{CallOptions, Caller};
use aurora::llm::ledger::{
    Budget, BudgetScope, Budgets, GroupBy, Ledger as _, MemoryLedger, Period, UsageQuery,
};
use aurora::llm::pricing::{Cost, Price, PriceBook};
use aurora::llm::providers::simulated::Simulated;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // The vendors' published prices are built in; this adds one of our own: $3 and $15 a million tokens.
    let price = Price::per_million("3".parse()?, "15".parse()?);
    let prices = PriceBook::built_in().set("simulated", "large", price);

    let ledger = MemoryLedger::new();
    let budgets = Budgets::new(ledger.clone())
        // A tenant's day ends at one cent: what could cost more is refused before it is sent.
        .budget(Budget::cost(BudgetScope::Tenant, Period::Day, "0.01".parse()?))
        // All together are watched, never refused.
        .budget(Budget::cost(BudgetScope::Client, Period::Month, "0.001".parse()?).soft())
        .on_event(|event| println!("    (warning: {} % of the {})", event.percent, event.account));
    let client = LlmClient::builder()
        .provider(Simulated::new("simulated"), "large")
        .prices(prices)
        .budgets(budgets)
        .build()?;

    let clinic = |user: &str| CallOptions::default().caller(Caller::tenant("clinic").user(user));
    for (user, question, longest) in [
        ("ana", "When do you open?", 100),
        ("ana", "Where can I park?", 100),
        ("bruno", "What do I bring to the first visit?", 100),
        ("bruno", "Write me a book about teeth.", 5_000),
    ] {
        let request = ChatRequest::user(question).max_tokens(longest);
        println!("{user}: {question}");
        match client.chat_with(request, &clinic(user)).await {
            Ok(answer) => println!("    answered for {}", dollars(answer.cost())),
            Err(error) => println!("    refused: {error}"),
        }
    }

    // Nothing is lost that is still on its way to the ledger.
    client.flush(std::time::Duration::from_secs(5)).await;
    println!("\nWho used what today:");
    let today = Timestamp::from_micros(SystemClock.now().as_micros() - 60_000_000)..SystemClock.now();
    let report = UsageQuery::of("clinic", GroupBy::User, today);
    for row in ledger.usage(&report, &PageRequest::first(10)).await?.items {
        println!(
            "    {:6} calls: {}, tokens: {}, ${}",
            row.group,
            row.calls,
            row.tokens.total(),
            row.cost
        );
    }
    Ok(())
}

fn dollars(cost: Cost) -> String {
    match cost.amount() {
        Some(amount) => format!("${amount}"),
        None => "an unknown price".to_owned(),
    }
}
