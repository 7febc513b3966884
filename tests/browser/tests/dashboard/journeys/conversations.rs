//! A visitor writes on a page: it is read, taken over, answered, and given back to the assistant.

use aurora_browser_tests::{Journey, View};
use serde_json::{Value, json};

const VIEW: View = View {
    language: "pt-BR",
    theme: "light",
    width: 390,
};

const TALK: &str = "//ul[contains(@class, 'talks')]//a";
/// No message leaves the page.
const CUT_OFF: &str = "window.whole = window.fetch; \
    window.fetch = (path, init) => (init?.method === 'POST' && path.endsWith('/messages') \
        ? Promise.reject(new TypeError('cut off')) : window.whole(path, init)); return null";

#[tokio::test]
async fn a_visitor_is_read_answered_and_given_back_to_the_assistant() {
    let Some(journey) = Journey::signed_in("conversations", VIEW).await else {
        return;
    };
    // An assistant that is off takes nothing back.
    let journey = journey.refused("409");
    let browser = &journey.browser;
    journey.go("conversations").await;
    let visitor = visit(&journey).await;
    say(&journey, &visitor, "Vocês abrem no sábado?").await;
    // The list hears of it by itself.
    browser.on(TALK, async |it| it.click().await).await;
    browser.sees("Vocês abrem no sábado?").await;
    browser
        .until(
            "return document.querySelector('.reply').getBoundingClientRect().bottom + scrollY <= innerHeight",
        )
        .await;
    journey.keep("read").await;
    let talk = browser
        .told("/api/v1/conversations", |it| it["items"][0]["unread"] == 0)
        .await;
    let path = format!(
        "/api/v1/conversations/{}",
        talk["items"][0]["id"].as_str().expect("an id")
    );

    browser.push("Assumir").await;
    browser.sees("Com você").await;
    assert_eq!(browser.get(&path).await["assignee"]["kind"], "person");
    answer(&journey, &visitor, &path).await;
    say(&journey, &visitor, "Obrigado!").await;
    browser.sees("Obrigado!").await;
    journey.keep("answered").await;

    browser.push("Detalhes").await;
    browser.push("Devolver à assistente").await;
    browser
        .sees("a assistente está desligada neste espaço de trabalho")
        .await;
    assert_eq!(browser.get(&path).await["assignee"]["kind"], "person");
    browser.push("Dispensar").await;
    let told = json!({"enabled": true, "name": "Lia", "house": "Clínica Sol"});
    let first = json!({"if-match": "\"v0\""});
    let (status, answer) = browser.call("PUT", "/api/v1/assistant", told, first).await;
    assert_eq!(status, 200, "{answer}");
    browser.push("Devolver à assistente").await;
    browser.sees("Com Assistente").await;
    journey.finish().await;
}

/// Written here, at first without a connection, and read by the visitor.
async fn answer(journey: &Journey, visitor: &str, path: &str) {
    let browser = &journey.browser;
    let words = "Sim, das 8h ao meio-dia.";
    // On a phone what was said lies above the button that sends.
    browser.push("Dispensar").await;
    browser.fill("Escreva uma mensagem", words).await;
    browser.ask(CUT_OFF).await;
    browser.push("Enviar").await;
    browser.sees("não enviada").await;
    // What was not sent is still there when the conversation is opened again.
    browser.push("Voltar à lista").await;
    browser.ask("window.fetch = window.whole; return null").await;
    browser.on(TALK, async |it| it.click().await).await;
    browser.sees("não enviada").await;
    browser.push("Enviar de novo").await;
    browser.misses("não enviada").await;
    browser.sees(words).await;
    let headers = json!({"authorization": format!("Bearer {visitor}")});
    let waiting = "/api/v1/webchat/messages?after=1&wait=20";
    let (_, heard) = browser.call("GET", waiting, Value::Null, headers).await;
    assert_eq!(heard["items"][0]["content"]["body"], words, "{heard}");
    let messages = browser.get(&format!("{path}/messages")).await;
    assert_eq!(messages["items"][0]["content"]["body"], words, "{messages}");
}

/// A chat on a page, and somebody who opens it; gives what the visitor is known by.
async fn visit(journey: &Journey) -> String {
    let browser = &journey.browser;
    let chat = browser.post("/api/v1/webchats", json!({"name": "Site"})).await;
    let path = format!("/api/v1/webchats/{}/key", chat["id"].as_str().expect("an id"));
    let key = browser.get(&path).await;
    let session = browser
        .post("/api/v1/webchat/sessions", json!({"page_key": key["page_key"]}))
        .await;
    session["token"].as_str().expect("a token").to_owned()
}

async fn say(journey: &Journey, visitor: &str, text: &str) {
    let message = json!({"key": format!("m-{}", text.len()), "text": text});
    let headers = json!({"authorization": format!("Bearer {visitor}")});
    let (status, answer) = journey
        .browser
        .call("POST", "/api/v1/webchat/messages", message, headers)
        .await;
    assert!((200..300).contains(&status), "{status} {answer}");
}
