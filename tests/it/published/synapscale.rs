//! *SynapScale Backend*: its table of endpoints, workspaces, files, models, and the description of the interface.

use serde_json::{Value, json};

use super::{Person, assert_status, guarded};

#[tokio::test]
async fn the_table_of_endpoints_answers() {
    let (server, setup) = guarded("").await;
    assert_eq!(server.get("/health").await.status, 200);
    for page in ["/docs/", "/redoc", "/openapi.json"] {
        assert_eq!(server.get(page).await.status, 200, "{page}");
    }
    // `POST /auth/login`
    let ana = Person::founder(&server, &setup).await;

    // `GET /workspaces`
    let workspaces = assert_status(&ana.get(&server, "/workspaces").await, 200);
    assert_eq!(workspaces["items"].as_array().unwrap().len(), 1, "{workspaces}");

    // `POST /llm/chat`, with a choice between providers, and as a stream.
    let chat = json!({"messages": [{"role": "user", "content": "Olá"}]});
    assert_eq!(
        assert_status(&ana.ask(&server, "POST", "/llm/chat", &chat).await, 200)["provider"],
        "simulated"
    );
    let models = assert_status(&ana.get(&server, "/v1/models").await, 200);
    assert!(!models["data"].as_array().unwrap().is_empty());

    // `POST /files/upload`
    let form = "--b\r\ncontent-disposition: form-data; name=\"file\"; filename=\"nota.txt\"\r\ncontent-type: text/plain\r\n\r\n\
                ol\u{e1}\r\n--b--\r\n";
    let bearer = format!("Bearer {}", ana.token);
    let headers = [
        ("authorization", bearer.as_str()),
        ("content-type", "multipart/form-data; boundary=b"),
    ];
    let file = assert_status(&server.ask("POST", "/files/upload", &headers, form).await, 201);
    let id = file["id"].as_str().unwrap();
    let content = ana.get(&server, &format!("/api/v1/files/{id}/content")).await;
    assert_eq!(String::from_utf8_lossy(&content.body), "olá");

    // Webhooks, API keys of providers, analytics, audit.
    for path in [
        "/api/v1/webhooks",
        "/api/v1/provider-keys",
        "/api/v1/llm/usage",
        "/api/v1/audit",
    ] {
        assert_eq!(
            ana.ask(&server, "GET", path, &Value::Null).await.status,
            200,
            "{path}"
        );
    }
    server.stopped().await.unwrap();
}
