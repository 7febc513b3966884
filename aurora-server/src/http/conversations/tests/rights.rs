use serde_json::json;

use super::{id, only, visited};
use crate::http::testing::Server;

#[tokio::test]
async fn nobody_sends_out_a_file_that_they_may_not_read() {
    let server = Server::with([]).await;
    visited(&server, "Tem laudo?").await;
    let at = format!("/api/v1/conversations/{}/messages", id(&only(&server).await));
    let file = server
        .exchange("POST", "/api/v1/files", &[("x-filename", "laudo.txt")], "laudo")
        .await
        .good(201);
    let media = |file: &str| {
        json!({"content": {"type": "media", "kind": "document", "media": {"file_id": file}, "caption": null,
            "file_name": null}})
    };
    let writer = server.program(&["conversation:read", "conversation:write"]).await;
    let writer = [("authorization", writer.as_str())];
    let refused = server.send("POST", &at, &writer, &media(id(&file))).await;
    assert_eq!(refused.problem(403, "forbidden")["permission"], "file:read");
    let words = server.send("POST", &at, &writer, &json!({"text": "Sim."})).await;
    words.good(201);
    let absent = media("fil_0190a8b0c0de7000800000000000000a");
    server.post(&at, &absent).await.problem(404, "not_found");
    let sent = server.post(&at, &media(id(&file))).await;
    assert!([201, 422].contains(&sent.status), "{}", sent.body);
    server.stop().await.unwrap();
}
