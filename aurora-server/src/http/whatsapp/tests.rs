//! The webhook over real sockets, with a stand-in for Meta's Graph API.

use aurora_alerts::AlertEngine;
use aurora_core::time::{Clock as _, SystemClock};
use aurora_crm::assistant::Receptionist;
use aurora_crm::channels::whatsapp::testing::{FakeGraph, Webhooks};
use aurora_llm::LlmClient;
use serde_json::{Value, json};

use crate::http::testing::{Answer, Server, eventually};

const NUMBER: &str = "106540352242922";
const PATIENT: &str = "5511987654321";
const SECRET: &str = "app-secret";
const WORD: &str = "the-word";
const HOOK: &str = "/webhook/whatsapp";

async fn clinic(parts: impl FnOnce(crate::app::AppBuilder) -> crate::app::AppBuilder) -> (Server, FakeGraph) {
    let meta = FakeGraph::start().await.unwrap();
    meta.add_number(NUMBER, "token");
    let base = meta.base();
    let settings = [
        ("whatsapp.app_secret", SECRET),
        ("whatsapp.verify_token", WORD),
        ("whatsapp.graph_url", base.as_str()),
    ];
    let alerts = AlertEngine::builder().build().unwrap();
    let server = Server::made([], alerts, &settings, parts).await;
    let number = json!({"number_id": NUMBER, "display_number": "+55 11 3876-5432", "token": "token"});
    let added = server.post("/api/v1/whatsapp/numbers", &number).await;
    assert_eq!(added.status, 201, "{}", added.body);
    assert!(!added.body.contains("\"token\""), "{}", added.body);
    server.assert_shape("WhatsAppNumber", &added.json());
    (server, meta)
}

fn says(id: &str, text: &str) -> Webhooks {
    Webhooks::new().text(NUMBER, PATIENT, id, SystemClock.now(), text)
}

async fn posted(server: &Server, webhooks: &Webhooks) -> Answer {
    let posted = webhooks.signed(&SECRET.into());
    let body = String::from_utf8(posted.body).unwrap();
    server
        .send("POST", HOOK, &[("x-hub-signature-256", &posted.signature)], &body)
        .await
}

/// What the stand-in took for the patient; marks of reading are not among it.
fn came(meta: &FakeGraph) -> Vec<Value> {
    let mut all = meta.messages();
    all.retain(|message| message.get("type").is_some());
    all
}

#[tokio::test]
async fn the_handshake_is_answered_as_meta_asks() {
    let (server, _meta) = clinic(|builder| builder).await;
    let ask =
        |token: &str| format!("{HOOK}?hub.mode=subscribe&hub.verify_token={token}&hub.challenge=1158201444");
    let answer = server.get(&ask(WORD)).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "1158201444"));
    assert_eq!(answer.header("content-type"), Some("text/plain; charset=utf-8"));
    assert_eq!(server.get(&ask("another")).await.status, 403);
    assert_eq!(server.get(HOOK).await.status, 400);
    let markup = format!("{HOOK}?hub.mode=subscribe&hub.verify_token={WORD}&hub.challenge=%3Cscript%3E");
    assert_eq!(server.get(&markup).await.status, 400);
    server.stop().await.unwrap();
}

#[tokio::test]
async fn what_meta_has_not_signed_is_refused_and_leaves_nothing() {
    let (server, _meta) = clinic(|builder| builder).await;
    let webhooks = says("wamid.1", "Olá");
    let body = String::from_utf8(webhooks.signed(&SECRET.into()).body).unwrap();
    let right = webhooks.signed(&SECRET.into()).signature;
    let wrong = webhooks.signed(&"another".into()).signature;
    let twice = [
        ("x-hub-signature-256", wrong.as_str()),
        ("x-hub-signature-256", right.as_str()),
    ];
    for headers in [
        &[][..],
        &[("x-hub-signature-256", wrong.as_str())],
        &[("x-hub-signature-256", "sha1=0")],
        &twice,
    ] {
        let answer = server.send("POST", HOOK, headers, &body).await;
        assert_eq!(answer.status, 401, "{headers:?}: {}", answer.body);
    }
    let changed = body.replace("Ol", "Al");
    assert_eq!(
        server
            .send("POST", HOOK, &[("x-hub-signature-256", &right)], &changed)
            .await
            .status,
        401
    );
    let large = "x".repeat(3 * 1024 * 1024 + 1);
    assert_eq!(
        server
            .send("POST", HOOK, &[("x-hub-signature-256", &right)], &large)
            .await
            .status,
        413
    );
    assert_eq!(
        server.get("/api/v1/conversations").await.json()["items"],
        json!([])
    );
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_server_without_an_app_takes_no_webhook() {
    let server = Server::with([]).await;
    assert_eq!(posted(&server, &says("wamid.1", "Olá")).await.status, 401);
    let status = server.get("/api/v1/whatsapp").await.json();
    server.assert_shape("WhatsAppStatus", &status);
    assert_eq!(status["is_configured"], false);
    let number = json!({"number_id": NUMBER, "display_number": "+55 11 3876-5432", "token": "token"});
    let refused = server.post("/api/v1/whatsapp/numbers", &number).await;
    assert_eq!(
        (refused.status, &refused.json()["errors"][0]["field"]),
        (422, &json!("app")),
        "{}",
        refused.body
    );
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_patient_writes_once_however_often_meta_posts_it_and_is_answered() {
    let (server, meta) = clinic(|builder| builder).await;
    let webhooks = says("wamid.1", "Olá, há vaga?");
    for _ in 0..3 {
        assert_eq!(posted(&server, &webhooks).await.status, 200);
    }
    let list = server
        .until("/api/v1/conversations", |list| list["items"] != json!([]))
        .await;
    let conversation = &list["items"][0];
    assert_eq!(
        (&conversation["unread"], &conversation["channel_kind"]),
        (&json!(1), &json!("whatsapp"))
    );
    let at = format!("/api/v1/conversations/{}", conversation["id"].as_str().unwrap());
    let sent = server
        .post(&format!("{at}/messages"), &json!({"text": "Há, às 10h."}))
        .await;
    assert_eq!(sent.status, 201, "{}", sent.body);
    let place = sent.header("location").unwrap().to_owned();
    let taken = server
        .until(&place, |message| message["delivery"] == "accepted")
        .await;
    let out = came(&meta);
    assert_eq!(out.len(), 1, "{out:?}");
    assert_eq!(
        (&out[0]["to"], &out[0]["text"]["body"]),
        (&json!(PATIENT), &json!("Há, às 10h."))
    );

    let (name, ours) = (
        taken["provider_id"].as_str().unwrap(),
        taken["id"].as_str().unwrap(),
    );
    let told = Webhooks::new().status(NUMBER, PATIENT, name, SystemClock.now(), "read", Some(ours));
    assert_eq!(posted(&server, &told).await.status, 200);
    server
        .until(&place, |message| message["delivery"] == "read")
        .await;
    let messages = server.get(&format!("{at}/messages")).await.json();
    assert_eq!(messages["items"].as_array().unwrap().len(), 2, "{messages}");

    let position = messages["items"][1]["position"].clone();
    assert_eq!(
        server
            .post(&format!("{at}/read"), &json!({"up_to": position}))
            .await
            .status,
        200
    );
    eventually(|| meta.seen().iter().any(|request| request.body["status"] == "read")).await;
    let nothing = server.get("/api/v1/whatsapp/failed").await.json();
    assert_eq!(nothing, json!({"items": [], "next": null}));
    server.stop().await.unwrap();
}

#[tokio::test]
async fn the_assistant_answers_a_patient() {
    let llm = LlmClient::builder()
        .provider(Receptionist::new("demo"), "receptionist")
        .build()
        .unwrap();
    let (server, meta) = clinic(|builder| builder.llm(llm)).await;
    let told =
        json!({"enabled": true, "name": "Sol", "house": "Clínica Sol", "limits": {"gather_seconds": 0}});
    assert_eq!(server.put("/api/v1/assistant", 0, &told).await.status, 200);
    let first = json!({"first_assignee": "assistant"});
    assert_eq!(
        server
            .put("/api/v1/conversations/settings", 0, &first)
            .await
            .status,
        200
    );
    assert_eq!(
        posted(&server, &says("wamid.1", "Oi, quero falar com uma pessoa"))
            .await
            .status,
        200
    );
    eventually(|| !came(&meta).is_empty()).await;
    let list = server
        .until("/api/v1/conversations", |list| {
            list["items"][0]["assignee"]["kind"] == "nobody"
        })
        .await;
    let conversation = list["items"][0]["id"].as_str().unwrap();
    let steps = server
        .get(&format!("/api/v1/assistant/conversations/{conversation}/steps"))
        .await
        .json();
    let steps = steps["items"].as_array().unwrap().clone();
    assert_eq!(
        (&steps[0]["kind"], &steps[0]["reason"]),
        (&json!("decided"), &json!("asked_for_person")),
        "{steps:?}"
    );
    steps
        .iter()
        .for_each(|step| server.assert_shape("AssistantStep", step));
    server.stop().await.unwrap();
}

#[tokio::test]
async fn numbers_are_changed_paused_and_removed() {
    let (server, meta) = clinic(|builder| builder).await;
    let list = server.get("/api/v1/whatsapp/numbers").await.json();
    let number = &list["items"][0];
    let at = format!("/api/v1/whatsapp/numbers/{}", number["id"].as_str().unwrap());
    let again = json!({"number_id": NUMBER, "display_number": "+55 11 3876-5432", "token": "token"});
    assert_eq!(server.post("/api/v1/whatsapp/numbers", &again).await.status, 409);
    let change = json!({"name": "Recepção"}).to_string();
    assert_eq!(server.send("PATCH", &at, &[], &change).await.status, 428);
    let changed = server
        .send("PATCH", &at, &[("if-match", "\"v1\"")], &change)
        .await;
    assert_eq!(
        (&changed.json()["name"], changed.header("etag")),
        (&json!("Recepção"), Some("\"v2\""))
    );
    assert_eq!(
        server
            .send("PATCH", &at, &[("if-match", "\"v1\"")], &change)
            .await
            .status,
        412
    );

    let paused = server.post(&format!("{at}/pause"), &json!({})).await.json();
    assert_eq!(paused["pause"]["reason"], "manual", "{paused}");
    server.assert_shape("WhatsAppNumber", &paused);
    let pauses = server.get("/api/v1/conversations/paused").await.json();
    server.assert_shape("ChannelPause", &pauses["items"][0]);
    posted(&server, &says("wamid.1", "Olá")).await;
    let list = server
        .until("/api/v1/conversations", |list| list["items"] != json!([]))
        .await;
    let conversation = list["items"][0]["id"].as_str().unwrap();
    let sent = server
        .post(
            &format!("/api/v1/conversations/{conversation}/messages"),
            &json!({"text": "Oi"}),
        )
        .await;
    assert_eq!(sent.json()["delivery"], "queued", "{}", sent.body);
    assert!(came(&meta).is_empty());
    let resumed = server.post(&format!("{at}/resume"), &json!({})).await.json();
    assert_eq!(resumed["pause"], Value::Null);
    assert_eq!(
        server
            .send("DELETE", &at, &[("if-match", "\"v2\"")], "")
            .await
            .status,
        204
    );
    assert_eq!(server.get(&at).await.status, 404);
    server.stop().await.unwrap();
}
