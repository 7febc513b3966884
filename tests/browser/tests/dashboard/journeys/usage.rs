//! What was called is counted, by model and by key, and a budget is seen with what is left of it.

use aurora_browser_tests::{Journey, View};
use serde_json::json;

const VIEW: View = View {
    language: "en",
    theme: "light",
    width: 390,
};

#[tokio::test]
async fn calls_are_counted_by_model_and_key_and_a_budget_is_seen() {
    let Some(journey) = Journey::demo("usage", VIEW, &[]).await else {
        return;
    };
    let browser = &journey.browser;
    journey.go("users/model-keys").await;
    let key = make_key(&journey).await;
    let question =
        json!({"model": "demo", "messages": [{"role": "user", "content": "Good morning"}], "max_tokens": 50});
    let headers = json!({"authorization": format!("Bearer {key}")});
    let (status, answer) = browser
        .call("POST", "/v1/chat/completions", question, headers)
        .await;
    assert_eq!(status, 200, "{answer}");
    let keys = "/api/v1/llm/usage?group=key";
    let used = browser
        .told(keys, |used| {
            used["items"]
                .as_array()
                .is_some_and(|it| it.iter().any(|one| one["group"] != ""))
        })
        .await;
    let used = used["items"].as_array().expect("groups");
    let used = used.iter().find(|one| one["group"] != "").expect("the key");
    assert_eq!(used["calls"], 1, "{used}");

    journey.go("usage").await;
    browser
        .until("return Number(document.querySelectorAll('.tile .figure')[1].textContent.replace(/\\D/g, '')) > 0")
        .await;
    browser
        .until("return [...document.querySelectorAll('tbody th')].some((it) => it.innerText.includes('sim-large'))")
        .await;
    browser.push("Key").await;
    browser
        .until("const row = [...document.querySelectorAll('tbody tr')].find((it) => it.innerText.includes('Till 3')); return !!row && row.innerText.includes('$')")
        .await;
    browser.sees("A day").await;
    browser.sees("$5.00 left of $5.00").await;
    journey.finish().await;
}

/// A key with a budget of five dollars.
async fn make_key(journey: &Journey) -> String {
    let browser = &journey.browser;
    browser.push("New key").await;
    browser.fill("What it is for", "Till 3").await;
    browser.fill("Budget (US$)", "5").await;
    browser.choose("In each", "Day").await;
    browser.push("New key").await;
    browser.sees("It is shown this once.").await;
    let key = browser
        .ask("return document.querySelector('dialog input[readonly]').value")
        .await;
    browser.push("I have kept it").await;
    let made = browser.get("/api/v1/llm/keys").await;
    assert_eq!(made["items"][0]["name"], "Till 3", "{made}");
    assert_eq!(
        made["items"][0]["budgets"][0]["limit"]["usd"], "5.000000",
        "{made}"
    );
    assert_eq!(made["items"][0]["budgets"][0]["period"], "day", "{made}");
    key.as_str().expect("a key").to_owned()
}
