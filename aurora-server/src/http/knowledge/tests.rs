mod files;
mod rights;

use aurora_crm::workspaces::{NewWorkspace, WorkspaceKind};
use aurora_llm::providers::simulated::Simulated;
use serde_json::{Value, json};

use crate::http::testing::Server;

const PRICES: &str = "# Limpeza\n\nA limpeza dental custa R$ 250 e dura uma hora.\n\n# Clareamento\n\n\
    O clareamento custa R$ 900 em duas sessões.";

async fn taken_in(server: &Server, body: &Value) -> Value {
    let reply = server.post("/api/v1/knowledge/documents", body).await;
    assert_eq!(reply.status, 201, "{}", reply.body);
    reply.json()
}

async fn search(server: &Server, question: &str) -> Vec<Value> {
    let reply = server
        .post("/api/v1/knowledge/search", &json!({"question": question}))
        .await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    reply.json()["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_document_is_found_and_cited_exactly() {
    let server = Server::with([]).await;
    let new = json!({"title": "Preços", "format": "markdown", "content": PRICES, "external_id": "prices",
        "url": "https://clinica.example/precos"});
    let reply = server.post("/api/v1/knowledge/documents", &new).await;
    assert_eq!(
        (reply.status, reply.header("etag")),
        (201, Some("\"v1\"")),
        "{}",
        reply.body
    );
    let document = reply.json();
    let path = format!("/api/v1/knowledge/documents/{}", document["id"].as_str().unwrap());
    assert_eq!(reply.header("location"), Some(path.as_str()));
    assert_eq!(
        document["source"],
        json!({"kind": "url", "reference": "https://clinica.example/precos"})
    );
    assert_eq!(
        (&document["language"], &document["status"]),
        (&json!("pt"), &json!("words"))
    );

    let hits = search(&server, "quanto custa a limpeza?").await;
    let best = &hits[0]["citation"];
    assert!(best["quote"].as_str().unwrap().contains("R$ 250"), "{hits:?}");
    assert_eq!(
        (&best["document_id"], &best["version"]),
        (&document["id"], &json!(1))
    );
    let text = server.get(&format!("{path}/versions")).await.json();
    let text = text["items"][0]["text"].as_str().unwrap().to_owned();
    let at = |name: &str| usize::try_from(best[name].as_u64().unwrap()).unwrap();
    assert_eq!(best["quote"], text.get(at("start")..at("end")).unwrap());
    assert!(search(&server, "estacionamento").await.is_empty());

    let same = server.post("/api/v1/knowledge/documents", &new).await;
    assert_eq!((same.status, same.header("etag")), (200, Some("\"v1\"")));
    let mut changed = new.clone();
    changed["content"] = json!("# Limpeza\n\nA limpeza dental custa R$ 280.");
    let changed = server.post("/api/v1/knowledge/documents", &changed).await;
    assert_eq!((changed.status, changed.header("etag")), (200, Some("\"v2\"")));
    assert!(
        search(&server, "limpeza").await[0]["citation"]["quote"]
            .as_str()
            .unwrap()
            .contains("280")
    );

    let chunks = server.get(&format!("{path}/chunks")).await.json();
    assert_eq!(chunks["items"].as_array().unwrap().len(), 1, "{chunks}");
    assert_eq!(
        server.post(&format!("{path}/reindex"), &json!({})).await.status,
        200
    );
    let listed = server
        .get("/api/v1/knowledge/documents?source=url&language=pt")
        .await
        .json();
    assert_eq!(listed["items"][0]["id"], document["id"]);
    let places = [
        ("q=PRECO&status=words", 1),
        ("q=horario", 0),
        ("status=ready", 0),
        ("q=%20", 1),
    ];
    for (query, count) in places {
        let listed = server.get(&format!("/api/v1/knowledge/documents?{query}")).await;
        let listed = listed.good(200);
        assert_eq!(
            listed["items"].as_array().unwrap().len(),
            count,
            "{query}: {listed}"
        );
    }
    let long = format!("q={}", "a".repeat(201));
    for wrong in ["source=moon", "status=lost", long.as_str()] {
        let answer = server.get(&format!("/api/v1/knowledge/documents?{wrong}")).await;
        assert_eq!(answer.status, 400, "{wrong}");
    }
    let unread = server.send("DELETE", &path, &[], "").await;
    unread.problem(428, "if_match_required");
    let stale = server.change("DELETE", &path, "\"v1\"", &Value::Null).await;
    stale.problem(412, "stale_version");
    let deleted = server.change("DELETE", &path, "\"v2\"", &Value::Null).await;
    assert_eq!(deleted.status, 204);
    assert_eq!(server.get(&path).await.status, 404);
    assert!(search(&server, "limpeza").await.is_empty());
    server.stop().await.unwrap();
}

#[tokio::test]
async fn what_is_wrong_with_a_document_is_told() {
    let server = Server::with([]).await;
    for (wrong, field) in [
        (json!({"title": "", "content": "text"}), "title"),
        (json!({"title": "a"}), "content"),
        (json!({"title": "a", "content": "x", "turns": []}), "content"),
        (json!({"title": "a", "content": "x", "format": "word"}), "format"),
        (
            json!({"title": "a", "content": "x", "client_id": "x"}),
            "client_id",
        ),
        (json!({"content": "x"}), "title"),
        (json!({"title": "a", "content": "x", "colour": 1}), "colour"),
    ] {
        let reply = server.post("/api/v1/knowledge/documents", &wrong).await;
        assert_eq!(
            (reply.status, &reply.json()["errors"][0]["field"]),
            (422, &json!(field)),
            "{wrong}"
        );
    }
    let missing = json!({"title": "a", "file_id": "fil_0190a8b0c0de7000800000000000000a"});
    assert_eq!(
        server.post("/api/v1/knowledge/documents", &missing).await.status,
        404
    );
    let question = json!({"question": "", "limit": 51});
    let reply = server.post("/api/v1/knowledge/search", &question).await;
    assert_eq!(
        (reply.status, reply.json()["errors"].as_array().unwrap().len()),
        (422, 2)
    );
    let ask = server
        .post("/api/v1/knowledge/answer", &json!({"question": "?"}))
        .await;
    assert_eq!((ask.status, &ask.json()["code"]), (503, &json!("no_provider")));
    let broken = server
        .exchange(
            "POST",
            "/api/v1/knowledge/documents/upload",
            &[("x-filename", "a.pdf")],
            b"%PDF-1.7 nothing",
        )
        .await;
    assert_eq!(broken.status, 422, "{}", broken.json());
    let binary = server
        .exchange(
            "POST",
            "/api/v1/knowledge/documents/upload",
            &[("x-filename", "a")],
            b"\xff\xfe\x00\x01",
        )
        .await;
    assert_eq!(binary.status, 415, "{}", binary.json());
    let large = vec![b'a'; 10 * 1_024 * 1_024 + 1];
    let large = server
        .exchange(
            "POST",
            "/api/v1/knowledge/documents/upload",
            &[("x-filename", "a.txt")],
            large,
        )
        .await;
    assert_eq!(large.status, 413, "{}", large.json());
    server.stop().await.unwrap();
}

#[tokio::test]
async fn feedback_changes_what_is_found_and_can_be_taken_back() {
    let server = Server::with([]).await;
    for (title, text) in [
        ("A", "A consulta custa R$ 200."),
        ("B", "A consulta custa R$ 300."),
    ] {
        taken_in(&server, &json!({"title": title, "content": text})).await;
    }
    let question = "quanto custa a consulta?";
    let before = search(&server, question).await;
    let first = before[0]["citation"].clone();
    let wrong = json!({"chunk_id": first["chunk_id"], "question": question, "kind": "wrong"});
    let rated = server.post("/api/v1/knowledge/feedback", &wrong).await;
    assert_eq!(
        (rated.status, &rated.json()["kind"]),
        (201, &json!("wrong")),
        "{}",
        rated.body
    );
    let after = search(&server, question).await;
    assert_ne!(
        after[0]["citation"]["chunk_id"], first["chunk_id"],
        "the wrong one comes later"
    );
    let ratings = format!(
        "/api/v1/knowledge/chunks/{}/ratings",
        first["chunk_id"].as_str().unwrap()
    );
    assert_eq!(
        server.get(&ratings).await.json()["items"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    let state = server.get("/api/v1/knowledge/feedback").await.json();
    assert_eq!((&state["ratings"], &state["reverted"]), (&json!(1), &json!(0)));

    let correction = json!({"question": question, "answer": "A consulta custa R$ 250."});
    let corrected = server.post("/api/v1/knowledge/corrections", &correction).await;
    assert_eq!(
        (corrected.status, &corrected.json()["source"]["kind"]),
        (201, &json!("correction"))
    );
    let log = server
        .get("/api/v1/knowledge/feedback/log?limit=1")
        .await
        .good(200);
    assert_eq!(log["items"][0]["kind"], "correction");
    assert_eq!(log["items"][0]["title"], question);
    server.assert_shape("KnowledgeFeedbackEntry", &log["items"][0]);
    let rest = format!(
        "/api/v1/knowledge/feedback/log?limit=1&cursor={}",
        log["next"].as_str().unwrap()
    );
    let rest = server.get(&rest).await.good(200);
    let told = ["kind", "version", "chunk_id", "is_in_force"].map(|name| &rest["items"][0][name]);
    assert_eq!(
        told,
        [&json!("wrong"), &json!(1), &first["chunk_id"], &json!(true)]
    );
    assert!(
        rest["items"][0]["by"].is_string() && rest["next"].is_null(),
        "{rest}"
    );
    let reader = server.program(&["knowledge:read"]).await;
    let refused = server
        .send(
            "GET",
            "/api/v1/knowledge/feedback/log",
            &[("authorization", reader.as_str())],
            "",
        )
        .await;
    assert_eq!(refused.status, 403, "{}", refused.body);
    let pinned = search(&server, question).await;
    assert_eq!(pinned[0]["score"]["is_pinned"], true);
    assert!(pinned[0]["citation"]["quote"].as_str().unwrap().contains("250"));

    let reverted = server
        .post("/api/v1/knowledge/feedback/revert", &json!({"version": 0}))
        .await;
    assert_eq!(reverted.status, 200, "{}", reverted.body);
    let back = search(&server, question).await;
    assert_eq!(back[0]["citation"]["chunk_id"], first["chunk_id"], "as it was");
    let restored = server
        .post("/api/v1/knowledge/feedback/restore", &reverted.json())
        .await;
    assert_eq!(restored.status, 200, "{}", restored.body);
    assert_eq!(search(&server, question).await[0]["score"]["is_pinned"], true);

    let nobody = json!({"chunk_id": "kch_0190a8b0c0de7000800000000000000a", "question": "x y", "kind": "up"});
    assert_eq!(
        server.post("/api/v1/knowledge/feedback", &nobody).await.status,
        404
    );
    let odd = json!({"chunk_id": first["chunk_id"], "question": "x", "kind": "sideways"});
    assert_eq!(server.post("/api/v1/knowledge/feedback", &odd).await.status, 422);
    server.stop().await.unwrap();
}

#[tokio::test]
async fn an_answer_cites_what_it_is_taken_from() {
    let honest = Simulated::new("a").says("A limpeza custa R$ 250 [1].");
    let liar = Simulated::new("b").says("Sim [7].");
    let server = Server::with([("a", honest), ("b", liar)]).await;
    taken_in(
        &server,
        &json!({"title": "Preços", "format": "markdown", "content": PRICES}),
    )
    .await;
    let ask = |question: &str| json!({"question": question});
    let reply = server
        .post("/api/v1/knowledge/answer", &ask("quanto custa a limpeza?"))
        .await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    let answer = reply.json();
    assert_eq!(
        (&answer["is_grounded"], &answer["provider"]),
        (&json!(true), &json!("simulated"))
    );
    assert_eq!(answer["citations"][0]["number"], 1);
    assert!(
        answer["citations"][0]["quote"].as_str().unwrap().contains("250"),
        "{answer}"
    );
    let liar = json!({"question": "a limpeza dói?", "model": "m-b"});
    let made_up = server.post("/api/v1/knowledge/answer", &liar).await.json();
    assert_eq!(
        (&made_up["is_grounded"], &made_up["unknown"]),
        (&json!(false), &json!([7]))
    );
    let nothing = server
        .post("/api/v1/knowledge/answer", &ask("estacionamento"))
        .await
        .json();
    assert_eq!(
        (&nothing["answer"], &nothing["citations"]),
        (&Value::Null, &json!([]))
    );
    server.stop().await.unwrap();
}

#[tokio::test]
async fn what_is_about_a_client_or_of_another_house_is_not_found() {
    let server = Server::with([]).await;
    let ana = server
        .post(
            "/api/v1/clients",
            &json!({"kind": "person", "legal_name": "Ana Souza"}),
        )
        .await
        .json();
    let turns = json!([{"speaker": "Paciente", "text": "Tenho alergia a penicilina"}]);
    taken_in(
        &server,
        &json!({"title": "Conversa", "turns": turns, "client_id": ana["id"]}),
    )
    .await;
    assert!(search(&server, "alergia").await.is_empty());
    let about = json!({"question": "alergia", "client_id": ana["id"]});
    let found = server.post("/api/v1/knowledge/search", &about).await.json();
    assert_eq!(found["items"].as_array().unwrap().len(), 1);

    let document = taken_in(
        &server,
        &json!({"title": "Segredo", "content": "a senha do cofre"}),
    )
    .await;
    let other = NewWorkspace::new(WorkspaceKind::Clinic, "Vida");
    let other = server
        .state
        .crm
        .workspaces()
        .create(other)
        .await
        .unwrap()
        .id
        .to_string();
    let there = [("x-workspace-id", other.as_str())];
    let path = format!("/api/v1/knowledge/documents/{}", document["id"].as_str().unwrap());
    assert_eq!(server.exchange("GET", &path, &there, "").await.status, 404);
    let question = json!({"question": "cofre"});
    let found = server
        .send("POST", "/api/v1/knowledge/search", &there, &question)
        .await;
    assert_eq!(found.json()["items"], json!([]));
    let settings = server.get("/api/v1/knowledge/settings").await.json();
    assert_eq!(settings["embedding"], Value::Null);
    server.stop().await.unwrap();
}
