//! The vendors' official clients in Python and JavaScript drive `aurora serve`, in front of an upstream that follows a
//! script.
//!
//! What a client sees is judged by somebody else's types, and what the upstream received is counted.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed"
)]

mod anthropic;
mod aurora;
mod native;
mod openai;
#[expect(dead_code, reason = "written for more faults than are needed here")]
#[path = "../../../aurora-llm/tests/faults/reaction.rs"]
mod reaction;
#[expect(dead_code, reason = "written for more faults than are needed here")]
#[path = "../../../aurora-llm/tests/faults/upstream.rs"]
mod upstream;

use serde_json::{Value, json};

use aurora::{Aurora, Sdk};
use reaction::{Gate, Reaction};
use upstream::Upstream;

/// A server over `upstream`, and a key for it.
async fn serve(upstream: &Upstream) -> (Aurora, String) {
    let aurora = Aurora::serve(&[
        ("OPENAI_API_KEY", "sk-of-the-server"),
        ("OPENAI_BASE_URL", &upstream.url()),
    ])
    .await;
    let key = aurora.key(&json!({"name": "official clients"})).await;
    (aurora, key)
}

/// What one client saw in one scenario, and the upstream that it saw it of.
struct Seen {
    sdk: &'static str,
    value: Value,
    upstream: Upstream,
}

/// Runs a scenario with each client of a vendor, each with an upstream of its own that follows the same script and, once that
/// is at its end, always does the last of it.
async fn each(vendor: &'static str, scenario: &str, retries: u32, script: &[Reaction]) -> Vec<Seen> {
    let mut all = Vec::new();
    for sdk in Sdk::all_of(vendor) {
        let upstream = Upstream::start("upstream", script.iter().cloned()).await;
        upstream.then_always(script.last().cloned());
        let (aurora, key) = serve(&upstream).await;
        let value = sdk.run(&base_of(vendor, &aurora), &key, scenario, retries).await;
        aurora.stop().await;
        all.push(Seen {
            sdk: sdk.name,
            value,
            upstream,
        });
    }
    all
}

/// Runs a streaming scenario with each client of a vendor, and holds each stream back after its first piece until the client
/// has shown it: whoever gathers an answer before handing it out never ends.
async fn each_gated(
    vendor: &'static str,
    scenario: &str,
    answer: impl Fn(&Gate) -> Reaction,
    serve: impl AsyncFn(&Upstream) -> (Aurora, String),
) -> Vec<Seen> {
    let mut all = Vec::new();
    for sdk in Sdk::all_of(vendor) {
        let gate = Gate::closed();
        let upstream = Upstream::always("upstream", answer(&gate)).await;
        let (aurora, key) = serve(&upstream).await;
        let value = sdk
            .run_gated(&base_of(vendor, &aurora), &key, scenario, &gate)
            .await;
        aurora.stop().await;
        all.push(Seen {
            sdk: sdk.name,
            value,
            upstream,
        });
    }
    all
}

/// The address that a client of this vendor is given.
fn base_of(vendor: &str, aurora: &Aurora) -> String {
    match vendor {
        "openai" => format!("{}/v1", aurora.url()),
        _ => aurora.url().to_owned(),
    }
}

/// What each client of a vendor makes of keys that may not do what it wants: one for another model, one without budget, and
/// one that nobody made. The client repeats what it thinks can be repeated.
async fn refusals(vendor: &'static str) -> Vec<[Value; 3]> {
    let mut all = Vec::new();
    for sdk in Sdk::all_of(vendor) {
        let upstream = Upstream::always("upstream", Reaction::chat("unused")).await;
        let (aurora, _) = serve(&upstream).await;
        let base = base_of(vendor, &aurora);
        let other = aurora.key(&json!({"name": "k", "models": ["gpt-other"]})).await;
        let poor = json!({"name": "k", "budgets": [{"period": "day", "limit_tokens": 1}]});
        let poor = aurora.key(&poor).await;
        all.push([
            sdk.run(&base, &other, "error", 2).await,
            sdk.run(&base, &poor, "error", 2).await,
            sdk.run(&base, "sk-nobody", "error", 2).await,
        ]);
        aurora.stop().await;
        assert_eq!(upstream.count(), 0, "{}", sdk.name);
    }
    all
}
