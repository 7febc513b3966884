//! The first provider fails: it is seen with every attempt, and all are tried again on demand.

use aurora_browser_tests::{Journey, View};

const VIEW: View = View {
    language: "en",
    theme: "dark",
    width: 1_280,
};

#[tokio::test]
async fn a_failing_provider_is_seen_with_every_attempt_and_reset() {
    let Some(journey) = Journey::demo("providers", VIEW, &["--fast"]).await else {
        return;
    };
    let browser = &journey.browser;
    journey.go("providers").await;
    browser.push("Fallback").await;
    // Two attempts in their order: the one that failed, and who answered in its place.
    browser
        .until("return [...document.querySelectorAll('tbody ol.trail')].some((it) => /^sim-a.*(failed|after|skipped)/s.test(it.innerText) && /sim-b.*answered/s.test(it.innerText))")
        .await;
    journey.keep("fallback").await;
    let calls = browser.get("/api/v1/llm/requests?limit=200").await;
    let calls = calls["items"].as_array().expect("calls");
    let saved = |call: &&serde_json::Value| call["attempts"].as_array().is_some_and(|it| it.len() > 1);
    assert!(
        calls
            .iter()
            .any(|call| saved(&call) && call["outcome"] == "served")
    );

    let broken = |status: &serde_json::Value| status["targets"][0]["state"] == "open";
    browser.told("/api/fallback", broken).await;
    browser.push("Reset").await;
    browser.sees("Close every circuit?").await;
    journey.keep("asked").await;
    browser.push("Close the circuits").await;
    browser.sees("Every circuit is closed.").await;
    browser
        .told("/api/fallback", |status| {
            status["targets"][0]["state"] == "closed"
        })
        .await;
    journey.finish().await;
}
