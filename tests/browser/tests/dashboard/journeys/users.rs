//! A second factor is set up; with it a key is made, used and revoked, and somebody is invited.

use aurora_browser_tests::{Journey, View};
use serde_json::{Value, json};

const VIEW: View = View {
    language: "en",
    theme: "light",
    width: 1_280,
};

#[tokio::test]
async fn a_key_is_made_used_and_revoked_and_somebody_is_invited() {
    let Some(journey) = Journey::signed_in("users", VIEW).await else {
        return;
    };
    let browser = &journey.browser;
    second_factor(&journey).await;
    browser.push("API keys").await;
    browser.push("New key").await;
    browser.fill("What it is for", "Till 3").await;
    browser.tick("client:read").await;
    browser.push("New key").await;
    browser.sees("It is shown this once.").await;
    let key = browser
        .ask("return document.querySelector('dialog input[readonly]').value")
        .await;
    let key = key.as_str().expect("a key").to_owned();
    journey.keep("key").await;
    browser.push("I have kept it").await;
    browser.misses(&key).await;
    assert_eq!(asked_with(&journey, &key).await, 200);
    let keys = browser.get("/api/v1/api-keys").await;
    assert_eq!(keys["items"][0]["scopes"], json!(["client:read"]), "{keys}");
    assert!(!keys.to_string().contains(&key), "it is told once");

    browser.push("Revoke").await;
    browser.sees("This cannot be undone.").await;
    browser.push("Revoke").await;
    browser.sees("Revoked.").await;
    assert_eq!(asked_with(&journey, &key).await, 401);

    browser.push("Members").await;
    browser.push("Invite").await;
    browser.fill("E-mail", "bia@example.com").await;
    browser.push("Invite").await;
    browser.sees("Hand over this link").await;
    journey.keep("link").await;
    browser.push("I have kept it").await;
    browser.sees("bia@example.com").await;
    let members = browser.get("/api/v1/workspaces").await;
    let path = format!(
        "/api/v1/workspaces/{}/invitations",
        members["items"][0]["id"].as_str().expect("an id")
    );
    let invited = browser.get(&path).await;
    assert_eq!(invited["items"][0]["email"], "bia@example.com", "{invited}");
    assert_eq!(invited["items"][0]["status"], "open", "{invited}");
    journey.refused("401").finish().await;
}

/// As the page leads to it: a secret for the app, a code of the app, and what is kept for the day without it.
async fn second_factor(journey: &Journey) {
    let browser = &journey.browser;
    journey.go("users").await;
    browser.push("Set up").await;
    browser.sees("Scan this").await;
    journey.keep("factor").await;
    let secret = browser
        .ask("return document.querySelector('dialog input[aria-label=Secret]').value")
        .await;
    let code = browser.code(secret.as_str().expect("a secret")).await;
    browser.fill("Code of the app", &code).await;
    browser.push("Turn on").await;
    browser.sees("Each is good once").await;
    journey.keep("recovery").await;
    browser.push("I have kept it").await;
    browser.sees("recovery codes left").await;
    assert_eq!(browser.get("/api/v1/auth/factors").await["is_active"], true);
}

/// What the key opens: it comes without the cookies of who is signed in.
async fn asked_with(journey: &Journey, key: &str) -> u64 {
    let headers = json!({"authorization": format!("Bearer {key}")});
    journey
        .browser
        .call("GET", "/api/v1/clients", Value::Null, headers)
        .await
        .0
}
