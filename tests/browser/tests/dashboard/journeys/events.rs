//! What happens comes in by itself, and is found by its kind and words.

use aurora_browser_tests::{Journey, View};
use serde_json::json;

const VIEW: View = View {
    language: "pt-BR",
    theme: "dark",
    width: 390,
};

#[tokio::test]
async fn an_event_comes_in_by_itself_and_is_found_by_kind_and_words() {
    let Some(journey) = Journey::demo("events", VIEW, &[]).await else {
        return;
    };
    let browser = &journey.browser;
    journey.go("events").await;
    browser.sees("Eventos novos entram no topo.").await;
    browser.ask("window.stayed = true").await;
    let silence = json!({"matchers": ["alertname=\"Nada\""], "comment": "Obra", "during": [], "ends_at": "2099-01-01T00:00:00Z"});
    let silence = browser.post("/api/v1/alerts/silences", silence).await;
    browser.sees("criou um silêncio").await;
    browser
        .post("/api/v1/notifications/channels/console/test", json!({}))
        .await;
    browser.sees("console recebeu a mensagem").await;
    assert_eq!(
        browser.ask("return window.stayed").await,
        true,
        "nothing was loaded anew"
    );

    browser.choose("Tipo", "Silêncios").await;
    browser.misses("console recebeu a mensagem").await;
    browser.sees("criou um silêncio").await;
    let log = browser.get("/api/v1/events/log?kind=silence").await;
    assert_eq!(log["items"][0]["kind"], "silence.created", "{log}");
    browser.choose("Tipo", "Tudo").await;
    browser.sees("console recebeu a mensagem").await;
    browser.fill("Texto", "console recebeu").await;
    browser.misses("criou um silêncio").await;
    journey.keep("found").await;
    browser.fill("Texto", "").await;

    let id = silence["id"].as_str().expect("an id");
    let path = format!("/api/v1/alerts/silences/{id}");
    browser
        .call(
            "DELETE",
            &path,
            serde_json::Value::Null,
            json!({"if-match": "\"v1\""}),
        )
        .await;
    browser.sees("Um silêncio terminou").await;
    browser
        .push_in(
            "//ol[contains(@class, 'log')]/li[contains(., 'Um silêncio terminou')]",
            &line(&journey).await,
        )
        .await;
    browser.sees(id).await;
    journey.finish().await;
}

/// The words of the newest line, by which it is pressed.
async fn line(journey: &Journey) -> String {
    let words = "return document.querySelector('.log-line').textContent.replace(/\\s+/g, ' ').trim()";
    journey
        .browser
        .ask(words)
        .await
        .as_str()
        .expect("words")
        .to_owned()
}
