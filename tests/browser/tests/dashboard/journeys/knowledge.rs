//! A document is added, found, rated, and taken away.

use aurora_browser_tests::{Journey, View};
use serde_json::{Value, json};

const VIEW: View = View {
    language: "pt-BR",
    theme: "dark",
    width: 1_280,
};
const TITLE: &str = "Horários da clínica";

#[tokio::test]
async fn a_document_is_added_found_rated_and_deleted() {
    let Some(journey) = Journey::demo("knowledge", VIEW, &[]).await else {
        return;
    };
    let browser = &journey.browser;
    journey.go("knowledge").await;
    browser.push("Novo documento").await;
    browser.fill("Título", TITLE).await;
    browser
        .fill(
            "Conteúdo",
            "A clínica abre de segunda a sexta, das 8h às 18h. No sábado, só com hora marcada.",
        )
        .await;
    browser.push("Incluir").await;
    browser.sees("Horários da clínica foi incluído").await;
    let found = json!({"question": "sábado", "limit": 1});
    let found = browser.post("/api/v1/knowledge/search", found).await;
    let citation = &found["items"][0]["citation"];
    assert_eq!(citation["title"], TITLE, "{found}");

    browser.fill("Sua pergunta", "a clínica abre no sabado?").await;
    browser.push("Buscar trechos").await;
    browser.sees("só com hora marcada").await;
    journey.keep("found").await;
    let passage = "//li[@class='passage'][contains(., 'hora marcada')]";
    browser.push_in(passage, "Ajudou").await;
    browser.sees("Anotado").await;
    let chunk = citation["chunk_id"].as_str().expect("a passage");
    let ratings = browser
        .get(&format!("/api/v1/knowledge/chunks/{chunk}/ratings"))
        .await;
    assert_eq!(ratings["items"][0]["kind"], "up", "{ratings}");

    browser.push(TITLE).await;
    browser.sees("Todos os documentos").await;
    journey.keep("document").await;
    browser.push("Excluir").await;
    browser.sees("Excluir este documento?").await;
    browser.push("Excluir").await;
    browser.sees("Horários da clínica foi excluído").await;
    let document = format!(
        "/api/v1/knowledge/documents/{}",
        citation["document_id"].as_str().expect("an id")
    );
    let (status, _) = browser.call("GET", &document, Value::Null, json!({})).await;
    assert_eq!(status, 404);
    journey.refused("404").finish().await;
}
