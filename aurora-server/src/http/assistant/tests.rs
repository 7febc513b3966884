//! What the assistant is told. That it answers is tested where a patient writes on WhatsApp.

use aurora_llm::providers::simulated::Simulated;
use serde_json::json;

use crate::http::testing::Server;

const AT: &str = "/api/v1/assistant";

#[tokio::test]
async fn the_assistant_is_told_as_a_whole_from_the_version_that_was_read() {
    let server = Server::with([("one", Simulated::new("one"))]).await;
    let usual = server.get(AT).await;
    assert_eq!(
        (usual.status, usual.header("etag")),
        (200, Some("\"v0\"")),
        "{}",
        usual.body
    );
    server.assert_shape("AssistantSettings", &usual.json());
    assert_eq!(usual.json()["enabled"], false);
    let told = json!({"enabled": true, "name": "Lia", "house": "Clínica Sol", "tools": ["find_slots"],
        "away": {"say": "Voltamos às 8h."}, "hours": [{"weekday": 1, "from": 480, "until": 1080}]});
    let set = server.put(AT, 0, &told).await;
    assert_eq!(
        (set.status, set.header("etag")),
        (200, Some("\"v1\"")),
        "{}",
        set.body
    );
    server.assert_shape("AssistantSettings", &set.json());
    assert_eq!(server.get(AT).await.json()["tools"], json!(["find_slots"]));
    assert_eq!(server.put(AT, 0, &told).await.status, 412);
    assert_eq!(server.send("PUT", AT, &[], &told.to_string()).await.status, 428);
    let wrong = server
        .put(AT, 1, &json!({"name": "", "limits": {"tool_calls": 0}}))
        .await;
    assert_eq!(
        (
            wrong.status,
            wrong.json()["errors"].as_array().unwrap().len() >= 2
        ),
        (422, true),
        "{}",
        wrong.body
    );
    let unknown = "cnv_0190a8b0c0de7000800000000000000a";
    assert_eq!(
        server
            .get(&format!("{AT}/conversations/{unknown}/steps"))
            .await
            .status,
        404
    );
    let unknown = "msg_0190a8b0c0de7000800000000000000a";
    assert_eq!(
        server
            .get(&format!("{AT}/messages/{unknown}/citations"))
            .await
            .status,
        404
    );
    server.stop().await.unwrap();
}

#[tokio::test]
async fn without_a_model_there_is_nobody_to_be_told() {
    let server = Server::with([]).await;
    let answer = server.get(AT).await;
    assert_eq!(
        (answer.status, &answer.json()["code"]),
        (503, &json!("no_provider"))
    );
    server.stop().await.unwrap();
}
