//! The life of a client over HTTP.

use serde_json::{Value, json};

use crate::harness::Server;

const JSON: (&str, &str) = ("content-type", "application/json");

async fn create(server: &Server, body: Value) -> Value {
    let answer = server.post("/api/v1/clients", &body.to_string()).await;
    assert_eq!(answer.status, 201, "{}", answer.json());
    answer.json()
}

#[tokio::test]
async fn from_creation_to_deletion() {
    let server = Server::start().await;
    let new = json!({"kind": "company", "legal_name": "Padaria Pão Quente Ltda", "cnpj": "11.222.333/0001-81",
        "phones": ["(11) 98765-4321"], "tags": ["retail"], "custom": {"size": 3}});
    let made = server.post("/api/v1/clientes", &new.to_string()).await;
    assert_eq!((made.status, made.header("etag")), (201, Some("\"v1\"")));
    let client = made.json();
    let path = made.header("location").unwrap().to_owned();
    assert_eq!(
        path,
        format!("/api/v1/clientes/{}", client["id"].as_str().unwrap())
    );
    assert_eq!(client["version"], 1);
    assert_eq!(client["cnpj"], "11222333000181");
    assert_eq!(client["phones"], json!(["+5511987654321"]));
    assert_eq!(client["custom"], json!({"size": 3}));
    assert_eq!(
        (&client["trade_name"], &client["email"]),
        (&Value::Null, &Value::Null)
    );

    let read = server.get(&path.replace("clientes", "clients")).await;
    assert_eq!((read.status, read.header("etag")), (200, Some("\"v1\"")));
    assert_eq!(read.json(), client);

    let change = json!({"trade_name": "Pão Quente", "custom": null}).to_string();
    let merge = ("content-type", "application/merge-patch+json");
    let changed = server
        .ask("PATCH", &path, &[merge, ("if-match", "\"v1\"")], &change)
        .await;
    assert_eq!((changed.status, changed.header("etag")), (200, Some("\"v2\"")));
    assert_eq!(changed.json()["trade_name"], "Pão Quente");
    assert_eq!(changed.json()["custom"], json!({}));
    assert_eq!(
        changed.json()["tags"],
        json!(["retail"]),
        "what is not named stays"
    );

    let deleted = server.ask("DELETE", &path, &[("if-match", "\"v2\"")], "").await;
    assert_eq!((deleted.status, deleted.body.len()), (204, 0));
    server.get(&path).await.problem(404, "not_found");
    server
        .ask("DELETE", &path, &[("if-match", "\"v3\"")], "")
        .await
        .problem(404, "not_found");
}

#[tokio::test]
async fn the_same_number_twice_names_the_first() {
    let server = Server::start().await;
    let first = create(
        &server,
        json!({"kind": "person", "legal_name": "Ana", "cpf": "529.982.247-25"}),
    )
    .await;
    let again = json!({"kind": "person", "legal_name": "Anna", "cpf": "52998224725"}).to_string();
    let problem = server
        .post("/api/v1/clients", &again)
        .await
        .problem(409, "duplicate");
    assert_eq!(problem["existing_id"], first["id"]);
}

#[tokio::test]
async fn every_wrong_field_is_told_at_once() {
    let server = Server::start().await;
    let wrong = json!({"kind": "company", "legal_name": " ", "cnpj": "11.222.333/0001-82", "email": "x", "phones": ["7"]});
    let answer = server.post("/api/v1/clients", &wrong.to_string()).await;
    answer.problem(422, "invalid");
    assert_eq!(
        answer.wrong_fields(),
        ["legal_name", "cnpj", "email", "phones[0]"]
    );

    let shapeless = json!({"kind": "dog", "cnpj": 7, "colour": "red"});
    let answer = server.post("/api/v1/clients", &shapeless.to_string()).await;
    answer.problem(422, "invalid");
    assert_eq!(answer.wrong_fields(), ["cnpj", "colour", "kind", "legal_name"]);
}

#[tokio::test]
async fn a_change_needs_the_version_that_was_read() {
    let server = Server::start().await;
    let client = create(&server, json!({"kind": "person", "legal_name": "Ana"})).await;
    let path = format!("/api/v1/clients/{}", client["id"].as_str().unwrap());
    let change = json!({"legal_name": "Ana Maria"}).to_string();

    server
        .ask("PATCH", &path, &[JSON], &change)
        .await
        .problem(428, "if_match_required");
    server
        .ask("DELETE", &path, &[], "")
        .await
        .problem(428, "if_match_required");
    let with = |tag: &'static str| [JSON, ("if-match", tag)];
    assert_eq!(
        server.ask("PATCH", &path, &with("\"v1\""), &change).await.status,
        200
    );
    for stale in ["\"v1\"", "\"v9\"", "W/\"v2\"", "\"something\""] {
        let problem = server
            .ask("PATCH", &path, &with(stale), &change)
            .await
            .problem(412, "stale_version");
        assert_eq!(problem["current_version"], 2, "{stale}");
        let problem = server
            .ask("DELETE", &path, &with(stale), "")
            .await
            .problem(412, "stale_version");
        assert_eq!(problem["current_version"], 2, "{stale}");
    }
    server
        .ask("PATCH", &path, &with("*"), &change)
        .await
        .problem(400, "bad_request");
    server
        .ask("PATCH", &path, &with("\"v1\", \"v2\""), &change)
        .await
        .problem(400, "bad_request");
}

#[tokio::test]
async fn a_list_is_read_page_by_page() {
    let server = Server::start().await;
    for n in 0..5 {
        create(
            &server,
            json!({"kind": "person", "legal_name": format!("Person {n}")}),
        )
        .await;
    }
    create(&server, json!({"kind": "company", "legal_name": "House"})).await;
    let mut names = Vec::new();
    let mut path = "/api/v1/clients?kind=person&order=name&limit=2".to_owned();
    loop {
        let page = server.get(&path).await.json();
        let items = page["items"].as_array().unwrap();
        assert!(items.len() <= 2);
        names.extend(
            items
                .iter()
                .map(|client| client["legal_name"].as_str().unwrap().to_owned()),
        );
        match page["next"].as_str() {
            Some(next) => path = format!("/api/v1/clients?kind=person&order=name&limit=2&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(
        names,
        ["Person 0", "Person 1", "Person 2", "Person 3", "Person 4"]
    );
    let page = server.get("/api/v1/clients?limit=1").await.json();
    let foreign = format!(
        "/api/v1/clients?kind=person&cursor={}",
        page["next"].as_str().unwrap()
    );
    let answer = server.get(&foreign).await;
    answer.problem(400, "invalid_parameter");
    assert_eq!(answer.wrong_fields(), ["cursor"]);
    let answer = server.get("/api/v1/clients?cursor=garbage").await;
    answer.problem(400, "invalid_parameter");
    assert_eq!(answer.wrong_fields(), ["cursor"]);
}

#[tokio::test]
async fn a_body_that_is_no_object_changes_nothing() {
    let server = Server::start().await;
    let made = server
        .post("/api/v1/clients", r#"{"kind":"person","legal_name":"Ana"}"#)
        .await;
    let path = format!("/api/v1/clients/{}", made.json()["id"].as_str().unwrap());
    let headers = [("content-type", "application/json"), ("if-match", "\"v1\"")];
    for body in ["[]", " [\"Bia\"]", "null", "7", "\"a\""] {
        let answer = server.ask("PATCH", &path, &headers, body).await;
        let problem = answer.problem(400, "bad_request");
        assert_eq!(problem["detail"], "the body must be a JSON object", "{body}");
        let new = server.post("/api/v1/clients", body).await;
        new.problem(400, "bad_request");
        assert_eq!(server.post("/v1/chat/completions", body).await.status, 400);
    }
    assert_eq!(server.get(&path).await.json()["version"], 1);
}
