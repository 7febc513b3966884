//! A client is made, found, changed, deleted and brought back.

use aurora_browser_tests::{Journey, View};

const VIEW: View = View {
    language: "pt-BR",
    theme: "dark",
    width: 390,
};

#[tokio::test]
async fn a_client_is_made_found_changed_deleted_and_back_again() {
    let Some(journey) = Journey::demo("clients", VIEW, &[]).await else {
        return;
    };
    let journey = journey.refused("422");
    let browser = &journey.browser;
    journey.go("clients").await;
    make(&journey).await;
    let made = browser.get("/api/v1/clients?limit=1").await;
    let made = &made["items"][0];
    assert_eq!(made["legal_name"], "Sacolão São João Ltda", "{made}");
    assert_eq!(made["cnpj"], "11222333000181", "{made}");
    let path = format!("/api/v1/clients/{}", made["id"].as_str().expect("an id"));

    journey.go("clients").await;
    browser.fill("Buscar", "sacolao sao joao").await;
    browser
        .until("return document.querySelectorAll('tbody tr').length === 1")
        .await;
    journey.keep("found").await;
    browser.push("Sacolão São João Ltda").await;
    browser.sees("Todos os clientes").await;
    browser.push("Editar").await;
    browser.fill("Nome fantasia", "Sacolão do João").await;
    browser.push("Salvar").await;
    browser.sees("Salvo.").await;
    browser
        .until("return document.querySelector('h1')?.textContent === 'Sacolão do João'")
        .await;
    let changed = browser.get(&path).await;
    assert_eq!(changed["trade_name"], "Sacolão do João", "{changed}");

    browser.push("Excluir").await;
    browser.sees("Sacolão do João foi excluído.").await;
    let (status, _) = browser
        .call("GET", &path, serde_json::Value::Null, serde_json::json!({}))
        .await;
    assert_eq!(status, 404);
    journey.keep("deleted").await;
    browser.push("Desfazer").await;
    browser.sees("Sacolão do João voltou.").await;
    browser
        .until("return document.querySelector('h1')?.textContent === 'Sacolão do João'")
        .await;
    assert_eq!(browser.get(&path).await["trade_name"], "Sacolão do João");
    journey.refused("404").finish().await;
}

/// With a wrong number at first, which is told where it stands, and the data of the registry that answers.
async fn make(journey: &Journey) {
    let browser = &journey.browser;
    browser.push("Novo cliente").await;
    browser.fill("CNPJ", "11.222.333/0001-82").await;
    browser.fill("Razão social", "Sacolão São João Ltda").await;
    browser.push("Cadastrar").await;
    browser
        .until("const bad = document.querySelector('dialog [aria-invalid=true]'); return bad?.name === 'cnpj' && document.activeElement === bad && !!bad.closest('.field').querySelector('.field-error:not([hidden])')?.textContent")
        .await;
    journey.keep("refused").await;
    browser.fill("CNPJ", "11.222.333/0001-81").await;
    browser.push("Consultar").await;
    browser
        .until("const told = [...document.querySelectorAll('dialog .trail .attempt')].map((it) => it.innerText.replace(/\\s+/g, ' ').trim()); return told.length === 2 && told[0] === 'sim-cnpj-paid: sem créditos' && told[1].startsWith('sim-cnpj-free: respondeu em ')")
        .await;
    journey.keep("registry").await;
    another_company(journey).await;
    browser.fill("Razão social", "Sacolão São João Ltda").await;
    browser.push("Cadastrar").await;
    browser.sees("Sacolão São João Ltda foi cadastrado.").await;
}

/// A second number in between, asked by Enter: what the first company lacks is not left over from the other.
async fn another_company(journey: &Journey) {
    let browser = &journey.browser;
    let trade_name = "document.querySelector('dialog [name=trade_name]').value";
    browser.fill("CNPJ", "12.ABC.345/01DE-35").await;
    browser.keys("//dialog//input[@name='cnpj']", "\u{e007}").await;
    // It is a client already, which is told once more calls have come back.
    browser
        .until(&format!(
            "return {trade_name} === 'Boreal' && !document.querySelector('dialog .notice.warn').hidden"
        ))
        .await;
    browser.fill("CNPJ", "11.222.333/0001-81").await;
    browser.push("Consultar").await;
    browser
        .until(&format!("return document.querySelector('dialog [name=legal_name]').value.includes('11222333000181') && {trade_name} === ''"))
        .await;
}
