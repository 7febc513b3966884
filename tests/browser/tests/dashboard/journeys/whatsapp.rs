//! Somebody wrote on WhatsApp more than a day ago: only a template goes out. It fails, and says why; a new message lets words
//! through again. Meta stands in as a server on a socket of its own.

use std::time::Duration;

use aurora_browser_tests::{CUSTOMER, Journey, Meta, NUMBER, TOKEN, Taken, View, untranslated};
use serde_json::{Value, json};

const PHONE: View = View {
    language: "pt-BR",
    theme: "dark",
    width: 390,
};
const DESK: View = View {
    language: "en",
    theme: "light",
    width: 1_280,
};
/// Wide enough for the details of a conversation to stand beside it.
const WORDS: View = View {
    language: "qps",
    theme: "light",
    width: 1_600,
};
const SHOWN: &str = "Olá, Ana! Sua consulta é amanhã às 10h. Confirma?";
const LONG_AGO: Duration = Duration::from_hours(25);
const IS_SHUT: &str = "return document.querySelector('.reply textarea')?.disabled === true";
const IS_OPEN: &str = "return document.querySelector('.reply textarea')?.disabled === false";
/// The names of channels and of people come together.
const IS_NAMED: &str = "return !!document.querySelector('.thread-head')?.innerText.includes('Recepção')";
const DIALOG: &str = "return !!document.querySelector('dialog form')";

#[tokio::test]
async fn after_a_day_only_a_template_goes_out_until_the_contact_writes_again() {
    let meta = Meta::start().await;
    let Some(journey) = Journey::signed_in_to("whatsapp", PHONE, &meta.settings()).await else {
        return;
    };
    let browser = &journey.browser;
    let number = json!({"number_id": NUMBER, "display_number": "+55 11 3876-5432", "token": TOKEN, "name": "Recepção"});
    browser.post("/api/v1/whatsapp/numbers", number).await;
    journey.go("conversations").await;
    meta.says(browser, "wamid.customer.1", LONG_AGO, "Quero marcar, é possível?")
        .await;
    browser
        .on("//ul[contains(@class, 'talks')]//a", async |it| it.click().await)
        .await;
    browser.sees("Quero marcar, é possível?").await;
    browser
        .sees("Passaram-se 24 horas desde a última mensagem do contato.")
        .await;
    browser.until(IS_SHUT).await;
    journey.keep("shut").await;

    let talks = browser.get("/api/v1/conversations").await;
    let path = format!(
        "/api/v1/conversations/{}",
        talks["items"][0]["id"].as_str().expect("an id")
    );
    let sent = send_template(&journey, &meta, &path).await;
    fail(&journey, &meta, &sent, &path).await;
    let page = path.trim_start_matches("/api/v1/");
    look_at_the_words(&journey, page).await;
    write_again(&journey, &meta, page).await;
    journey.finish().await;
}

/// From the dialog of the page to Meta.
async fn send_template(journey: &Journey, meta: &Meta, path: &str) -> Taken {
    let browser = &journey.browser;
    browser.push("Enviar um modelo…").await;
    browser.fill("Nome do modelo", "lembrete_consulta").await;
    browser.fill("Valores das variáveis", "Ana\namanhã às 10h").await;
    browser.fill("Texto para o histórico", SHOWN).await;
    journey.keep("template").await;
    browser.push("Enviar modelo").await;
    browser.sees(SHOWN).await;
    browser.sees("Modelo lembrete_consulta").await;
    let sent = meta.taken(1).await.remove(0);
    browser.sees("entregue ao canal").await;

    let message = newest(journey, path).await;
    let body = json!({
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": CUSTOMER,
        "type": "template",
        "template": {
            "name": "lembrete_consulta",
            "language": {"code": "pt_BR"},
            "components": [{"type": "body", "parameters": [
                {"type": "text", "text": "Ana"},
                {"type": "text", "text": "amanhã às 10h"},
            ]}],
        },
        "biz_opaque_callback_data": message["id"],
    });
    assert_eq!(sent.body, body);
    assert_eq!(message["provider_id"], sent.id, "{message}");
    // A template opens nothing: that is for the contact to do.
    browser.until(IS_SHUT).await;
    sent
}

/// Meta could not deliver it after all.
async fn fail(journey: &Journey, meta: &Meta, sent: &Taken, path: &str) {
    let browser = &journey.browser;
    let errors = json!([{
        "code": 131_026, "title": "Message undeliverable", "message": "Message undeliverable",
        "error_data": {"details": "Message Undeliverable."},
        "href": "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/",
    }]);
    meta.tells(browser, sent, "failed", errors).await;
    browser.sees("não enviada").await;
    browser.sees("O WhatsApp não conseguiu entregar.").await;
    browser.misses("entregue ao canal").await;
    let message = newest(journey, path).await;
    assert_eq!(message["delivery"], "failed");
    assert_eq!(message["failure"], "131026: Message undeliverable");
    journey.keep("failed").await;
}

/// The same in English, and in the pseudo-locale with the dialog of templates.
async fn look_at_the_words(journey: &Journey, page: &str) {
    let browser = &journey.browser;
    journey.go_as(page, DESK).await;
    browser
        .sees("24 hours have passed since the contact last wrote.")
        .await;
    browser.sees("not sent").await;
    browser.sees("WhatsApp could not deliver it.").await;
    journey.keep("english").await;
    journey.go_as(page, WORDS).await;
    browser.until(IS_NAMED).await;
    let mut left = untranslated(browser).await;
    // Of the house it offers the people, whose names are no words.
    let options = "return [...document.querySelectorAll('.thread-aside option')].map((it) => it.textContent)";
    let options = browser.ask(options).await;
    let offered = options.as_array().expect("a choice");
    assert!(offered.contains(&json!("Ana Souza")), "{options}");
    browser
        .on("//*[contains(@class, 'reply-bar')]//button", async |it| {
            it.click().await
        })
        .await;
    browser.until(DIALOG).await;
    left.extend(untranslated(browser).await);
    assert!(left.is_empty(), "{}", left.join("\n"));
}

/// The contact does, which opens the window for words.
async fn write_again(journey: &Journey, meta: &Meta, page: &str) {
    let browser = &journey.browser;
    journey.go_as(page, DESK).await;
    browser.until(IS_SHUT).await;
    meta.says(browser, "wamid.customer.2", Duration::ZERO, "Confirmo!")
        .await;
    browser.sees("Confirmo!").await;
    browser.until(IS_OPEN).await;
    browser.sees("Free text until").await;
    browser.misses("24 hours have passed").await;
    let words = "Obrigado, até amanhã!";
    browser.fill("Write a message", words).await;
    browser.push("Send").await;
    browser.sees(words).await;
    let sent = meta.taken(2).await.remove(1);
    let path = format!("/api/v1/{page}");
    let message = newest(journey, &path).await;
    let body = json!({
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": CUSTOMER,
        "type": "text",
        "text": {"body": words, "preview_url": false},
        "biz_opaque_callback_data": message["id"],
    });
    assert_eq!(sent.body, body);
    meta.tells(browser, &sent, "delivered", Value::Null).await;
    browser
        .told(&format!("{path}/messages"), |it| {
            it["items"][0]["delivery"] == "delivered"
        })
        .await;
    browser
        .until("return [...document.querySelectorAll('.bubble-state')].some((it) => it.textContent === 'delivered')")
        .await;
    // By now one that is sent twice would have come.
    meta.taken(2).await;
}

/// The last message of the conversation.
async fn newest(journey: &Journey, path: &str) -> Value {
    let page = journey.browser.get(&format!("{path}/messages")).await;
    page["items"][0].clone()
}
