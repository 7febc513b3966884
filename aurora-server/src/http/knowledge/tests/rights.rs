//! What a call takes beyond `knowledge:read` and `knowledge:write`.

use aurora_core::config::Loader;
use serde_json::{Value, json};

use super::taken_in;
use crate::App;
use crate::http::testing::{House, Server};

#[tokio::test]
async fn a_model_is_asked_only_by_those_who_may_spend_its_money() {
    let house = House::new().await;
    let ana = house.founder().await;
    let viewer = house.member(&ana, "vera@example.com", "viewer").await;
    let agent = house.member(&ana, "ivo@example.com", "agent").await;
    let question = json!({"question": "quanto custa?"});
    let path = "/api/v1/knowledge/answer";
    let refused = house.post(&viewer, path, &question).await;
    assert_eq!(refused.problem(403, "forbidden")["permission"], "llm:use");
    house
        .post(&agent, path, &question)
        .await
        .problem(503, "no_provider");
    for (scopes, status) in [
        (&["knowledge:read"][..], 403),
        (&["knowledge:read", "llm:use"], 503),
    ] {
        let key = house.server.program(scopes).await;
        let asked = house
            .server
            .send("POST", path, &[("authorization", &key)], &question)
            .await;
        assert_eq!(asked.status, status, "{scopes:?}: {}", asked.body);
    }
    house.server.stop().await.unwrap();
}

#[tokio::test]
async fn a_question_is_embedded_for_those_alone_who_may_use_models() {
    let settings = [
        ("access.open", "true"),
        ("knowledge.embedding_provider", "simulated"),
        ("knowledge.embedding_model", "words"),
        ("knowledge.embedding_dimensions", "256"),
    ];
    let memory = [("DATABASE_URL", "sqlite::memory:")];
    let loaded = Loader::new()
        .environment(memory)
        .overrides(settings)
        .load()
        .unwrap();
    let server = Server::run(App::build(loaded.settings().clone()).await.unwrap()).await;
    let document = taken_in(
        &server,
        &json!({"title": "Preços", "content": "A limpeza custa R$ 250."}),
    )
    .await;
    let path = format!("/api/v1/knowledge/documents/{}", document["id"].as_str().unwrap());
    server
        .until(&path, |document| document["status"] == "ready")
        .await;
    let question = json!({"question": "limpeza"});
    for (scopes, has_vectors) in [
        (&["knowledge:read"][..], false),
        (&["knowledge:read", "llm:use"], true),
    ] {
        let key = server.program(scopes).await;
        let headers = [("authorization", key.as_str())];
        let found = server
            .send("POST", "/api/v1/knowledge/search", &headers, &question)
            .await;
        let score = found.good(200)["items"][0]["score"].clone();
        assert_eq!(score["words_rank"], 1, "{scopes:?}");
        assert_eq!(score["vector_rank"] != Value::Null, has_vectors, "{scopes:?}");
    }
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_file_becomes_a_document_only_for_those_who_may_read_it() {
    let server = Server::with([]).await;
    let file = server
        .exchange(
            "POST",
            "/api/v1/files",
            &[("x-filename", "a.txt")],
            "o cofre fica atrás",
        )
        .await
        .good(201);
    let new = json!({"title": "A", "file_id": file["id"]});
    let path = "/api/v1/knowledge/documents";
    let writer = server.program(&["knowledge:read", "knowledge:write"]).await;
    let refused = server
        .send("POST", path, &[("authorization", &writer)], &new)
        .await;
    assert_eq!(refused.problem(403, "forbidden")["permission"], "file:read");
    let reader = server
        .program(&["knowledge:read", "knowledge:write", "file:read"])
        .await;
    let taken = server
        .send("POST", path, &[("authorization", &reader)], &new)
        .await;
    taken.good(201);
    server.stop().await.unwrap();
}
