use serde_json::{Value, json};

use crate::http::testing::Server;

const PATH: &str = "/api/v1/custom-fields";

#[tokio::test]
async fn fields_are_defined_and_hold_for_clients_from_then_on() {
    let server = Server::with([]).await;
    let size = json!({"applies_to": "client", "key": "size", "label": "Porte", "kind": "choice", "options": ["p", "g"]});
    let made = server.post(PATH, &size).await;
    let field = made.good(201);
    let at = made.header("location").unwrap();
    assert_eq!(server.get(at).await.good(200), field);
    assert_eq!(
        server.post(PATH, &size).await.problem(409, "duplicate")["existing_id"],
        field["id"]
    );
    let of_leads =
        json!({"applies_to": "lead", "key": "size", "label": "Porte", "kind": "number", "required": true});
    server.post(PATH, &of_leads).await.good(201);
    let list = server.get(PATH).await.good(200);
    assert_eq!(list["items"].as_array().unwrap().len(), 2);
    let list = server.get(&format!("{PATH}?applies_to=client")).await.good(200);
    assert_eq!(list["items"], json!([field]));

    let client = |custom: Value| json!({"kind": "person", "legal_name": "Ana", "custom": custom});
    let wrong = server
        .post("/api/v1/clients", &client(json!({"size": "xl"})))
        .await;
    wrong.problem(422, "invalid");
    assert_eq!(wrong.wrong_fields(), ["custom.size"]);
    let refuse = json!({"undefined": "refuse"});
    let undefined = format!("{PATH}/undefined");
    assert_eq!(server.get(&undefined).await.header("etag"), Some("\"v0\""));
    server.put(&undefined, 0, &refuse).await.good(200);
    let said = server.get(&undefined).await;
    assert_eq!(
        (said.good(200), said.header("etag")),
        (refuse.clone(), Some("\"v1\""))
    );
    let stale = server.put(&undefined, 0, &json!({"undefined": "allow"})).await;
    assert_eq!(stale.problem(412, "stale_version")["current_version"], 1);
    let unread = server.send("PUT", &undefined, &[], &refuse).await;
    assert_eq!(unread.status, 428, "{}", unread.body);
    let wrong = server
        .post("/api/v1/clients", &client(json!({"other": 1, "size": "p"})))
        .await;
    wrong.problem(422, "invalid");
    assert_eq!(wrong.wrong_fields(), ["custom.other"]);

    let change = json!({"options": ["p", "g", "xl"], "label": "Tamanho"});
    let changed = server.change("PATCH", at, "\"v1\"", &change).await.good(200);
    assert_eq!(
        (&changed["label"], &changed["version"]),
        (&json!("Tamanho"), &json!(2))
    );
    server
        .change("PATCH", at, "\"v1\"", &change)
        .await
        .problem(412, "stale_version");
    server
        .send("PATCH", at, &[], change.to_string())
        .await
        .problem(428, "if_match_required");
    let gone = server.change("DELETE", at, "\"v2\"", &Value::Null).await;
    assert_eq!(gone.status, 204);
    server.get(at).await.problem(404, "not_found");
}

#[tokio::test]
async fn every_wrong_field_of_a_definition_is_told() {
    let server = Server::with([]).await;
    let wrong = json!({"applies_to": "dog", "kind": 7, "colour": "red"});
    let answer = server.post(PATH, &wrong).await;
    answer.problem(422, "invalid");
    assert_eq!(
        answer.wrong_fields(),
        ["applies_to", "colour", "kind", "key", "label"]
    );
    let wrong =
        json!({"applies_to": "client", "key": "Größe", "label": "", "kind": "text", "options": ["a"]});
    let answer = server.post(PATH, &wrong).await;
    answer.problem(422, "invalid");
    assert_eq!(answer.wrong_fields(), ["key", "label", "options"]);
    let answer = server.get(&format!("{PATH}?applies_to=dog")).await;
    answer.problem(400, "invalid_parameter");
    let answer = server
        .send(
            "PUT",
            &format!("{PATH}/undefined"),
            &[("if-match", "\"v0\"")],
            r#"{"undefined":"maybe"}"#,
        )
        .await;
    answer.problem(422, "invalid");
}
