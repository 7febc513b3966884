//! A rule is tried and made; what it finds is silenced and acknowledged; the silence ends.

use aurora_browser_tests::{Journey, View};

const VIEW: View = View {
    language: "pt-BR",
    theme: "light",
    width: 1_280,
};
const ROW: &str = "//li[contains(@class, 'alert-row')][contains(., 'Porta aberta')]";

#[tokio::test]
async fn a_rule_is_made_and_what_it_finds_is_silenced_and_acknowledged() {
    let Some(journey) = Journey::demo("alerts", VIEW, &[]).await else {
        return;
    };
    let browser = &journey.browser;
    journey.go("alerts/rules").await;
    make_rule(&journey).await;
    let rules = browser.get("/api/v1/alerts/rules?enabled=true").await;
    let rules = rules["items"].as_array().expect("rules");
    let rule = rules.iter().find(|rule| rule["name"] == "Porta aberta");
    assert_eq!(rule.expect("the rule")["threshold"], 1.0);

    browser.push("Ativos").await;
    browser.push_in(ROW, "Silenciar").await;
    browser.fill("Comentário", "Manutenção da porta").await;
    browser.push("Silenciar").await;
    browser.sees("Silenciado por 1 silêncio").await;
    let silences = browser.get("/api/v1/alerts/silences?state=active").await;
    assert_eq!(
        silences["items"][0]["comment"], "Manutenção da porta",
        "{silences}"
    );

    browser.push_in(ROW, "Reconhecer").await;
    browser.fill("Comentário", "Já estou indo").await;
    browser.push("Reconhecer").await;
    browser.sees("Já estou indo").await;
    journey.keep("acknowledged").await;
    let alerts = browser.get("/api/v1/alerts").await;
    let alerts = alerts["items"].as_array().expect("alerts");
    let alert = alerts
        .iter()
        .find(|alert| alert["rule"] == "Porta aberta")
        .expect("it");
    assert_eq!(alert["acknowledgement"]["note"], "Já estou indo", "{alert}");
    assert_eq!(alert["silenced_by"].as_array().map(Vec::len), Some(1), "{alert}");

    browser.push("Silêncios").await;
    browser.push("Encerrar agora").await;
    browser.sees("O silêncio terminou.").await;
    let ended = "/api/v1/alerts/silences?state=expired";
    browser
        .told(ended, |it| it["items"][0]["comment"] == "Manutenção da porta")
        .await;
    browser.push("Ativos").await;
    browser.misses("Silenciado por 1 silêncio").await;
    journey.finish().await;
}

/// The traffic of the demonstration succeeds: a rule that fires on that is tried first, then made.
async fn make_rule(journey: &Journey) {
    let browser = &journey.browser;
    browser.push("Nova regra").await;
    browser.fill("Nome", "Porta aberta").await;
    browser.fill("Métrica", "success_rate").await;
    browser.fill("Só séries com", "target=\"\"").await;
    browser.fill("Limite", "1").await;
    browser.fill("Precisa durar", "0s").await;
    browser.push("Experimentar").await;
    browser
        .until("return !!document.querySelector('dialog .preview .strong')?.textContent")
        .await;
    journey.keep("tried").await;
    browser.push("Criar regra").await;
    browser.sees("Criada e em vigor.").await;
}
