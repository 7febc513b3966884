//! Clients over HTTP, beyond what the tests of the whole server look at.

use aurora_crm::accounts::NewApiKey;
use serde_json::{Value, json};

use crate::http::testing::{Answer, Server};

async fn person(server: &Server, name: &str, more: Value) -> Value {
    let mut new = json!({"kind": "person", "legal_name": name});
    new.as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    server.post("/api/v1/clients", &new).await.good(201)
}

fn path(client: &Value) -> String {
    format!("/api/v1/clients/{}", client["id"].as_str().unwrap())
}

fn names(answer: &Answer) -> Vec<String> {
    let page = answer.good(200);
    let items = page["items"].as_array().unwrap().iter();
    items
        .map(|item| item["legal_name"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn everything_of_a_client_comes_back() {
    let server = Server::with([]).await;
    let owner = "usr_0190a8b0c0de7000800000000000000a";
    let new = json!({"birth_date": "28/02/1990", "email": "ana@example.com", "emails": ["b@example.com"],
        "phones": ["(11) 98765-4321"], "status": "inactive", "source": "site", "owner": owner,
        "addresses": [{"street": "Avenida Paulista", "number": "1578", "city": "São Paulo", "state": "SP",
            "postal_code": "01310-200"}]});
    let made = person(&server, "Ana", new).await;
    assert_eq!(made["birth_date"], "1990-02-28");
    assert_eq!(
        (&made["status"], &made["source"]),
        (&json!("inactive"), &json!("site"))
    );
    assert_eq!(
        (&made["owner"], &made["emails"]),
        (&json!(owner), &json!(["b@example.com"]))
    );
    assert_eq!(made["addresses"][0]["postal_code"], "01310200");
    assert_eq!(
        (&made["addresses"][0]["country"], &made["blocked"]),
        (&json!("BR"), &Value::Null)
    );
    assert_eq!(server.get(&path(&made)).await.good(200), made);
}

#[tokio::test]
async fn lists_are_filtered_searched_and_paged() {
    let server = Server::with([]).await;
    for n in 0..5 {
        let more = json!({"tags": [if n % 2 == 0 { "even" } else { "odd" }, "all"], "custom": {"n": n}});
        person(&server, &format!("João {n}"), more).await;
    }
    let house =
        json!({"kind": "company", "legal_name": "Padaria São João Ltda", "cnpj": "11.222.333/0001-81"});
    server.post("/api/v1/clients", &house).await.good(201);
    let of = async |query: &str| names(&server.get(&format!("/api/v1/clients?{query}")).await);
    assert_eq!(
        of("tag=even&tag=all&order=name").await,
        ["João 0", "João 2", "João 4"]
    );
    assert_eq!(of("custom.n=3").await, ["João 3"]);
    assert_eq!(of("document=present").await, ["Padaria São João Ltda"]);
    assert_eq!(of("status=inactive").await, [""; 0]);
    assert_eq!(of("created_before=2020-01-01T00:00:00Z").await, [""; 0]);
    assert_eq!(
        of("created_from=2020-01-01T00:00:00Z&kind=company").await.len(),
        1
    );
    assert_eq!(of("q=sao+joa").await, ["Padaria São João Ltda"]);
    assert_eq!(of("q=11.222.333/0001").await, ["Padaria São João Ltda"]);
    let mut seen = Vec::new();
    let mut query = "q=joao&limit=2".to_owned();
    loop {
        let page = server.get(&format!("/api/v1/clients?{query}")).await;
        seen.extend(names(&page));
        // What comes meanwhile is not met twice.
        person(&server, "Zé", json!({})).await;
        let Some(next) = page.json()["next"].as_str().map(str::to_owned) else {
            break;
        };
        query = format!("q=joao&limit=2&cursor={next}");
    }
    seen.sort();
    assert_eq!(seen.len(), 6);
    assert_eq!(seen[0], "João 0");
}

#[tokio::test]
async fn every_wrong_parameter_is_told() {
    let server = Server::with([]).await;
    let answer = server
        .get("/api/v1/clients?kind=dog&order=age&created_from=today&owner=me&document=maybe&colour=red&limit=0")
        .await;
    answer.problem(400, "invalid_parameter");
    assert_eq!(
        answer.wrong_fields(),
        [
            "limit",
            "order",
            "kind",
            "owner",
            "document",
            "created_from",
            "colour"
        ]
    );
    let answer = server.get("/api/v1/clients?city=Santos").await;
    answer.problem(400, "invalid_parameter");
    assert_eq!(answer.wrong_fields(), ["state"]);
    let answer = server.get("/api/v1/clients?q=a&kind=person&blocked=only").await;
    answer.problem(400, "invalid_parameter");
    assert_eq!(answer.wrong_fields(), ["blocked", "kind"]);
    let answer = server.get("/api/v1/clients?q=...").await;
    answer.problem(400, "invalid_parameter");
    assert_eq!(answer.wrong_fields(), ["q"]);
    for tags in ["tag=a&tag=b&tag=c&tag=d", "custom.a=1&custom.b=1&custom.c=1"] {
        let answer = server.get(&format!("/api/v1/clients?{tags}")).await;
        answer.problem(400, "invalid_parameter");
    }
}

#[tokio::test]
async fn blocked_clients_are_shown_to_whoever_looks_after_rights() {
    let server = Server::with([]).await;
    let keys = server.state.doors.accounts().api_keys();
    let context = aurora_crm::Context::new(server.state.workspace, "test");
    let new = NewApiKey::new("reader").scope("client:read");
    let key = keys.create(&context, new).await.unwrap();
    let key = [("x-api-key", key.secret.expose())];
    let list = "/api/v1/clients?blocked=shown";
    assert_eq!(server.get(list).await.status, 200, "the owner may");
    server.send("GET", "/api/v1/clients", &key, "").await.good(200);
    let problem = server.send("GET", list, &key, "").await.problem(403, "forbidden");
    assert_eq!(problem["permission"], "privacy:read");
    let new = json!({"kind": "person", "legal_name": "Ana"}).to_string();
    let problem = server.send("POST", "/api/v1/clients", &key, new).await;
    assert_eq!(problem.problem(403, "forbidden")["permission"], "client:write");
}

#[tokio::test]
async fn notes_belong_to_their_client() {
    let server = Server::with([]).await;
    let (ana, bia) = (
        person(&server, "Ana", json!({})).await,
        person(&server, "Bia", json!({})).await,
    );
    let notes = format!("{}/notes", path(&ana));
    let made = server.post(&notes, &json!({"text": " liga de manhã\n"})).await;
    let note = made.good(201);
    assert_eq!(
        (&note["text"], &note["client"]),
        (&json!("liga de manhã"), &ana["id"])
    );
    let at = made.header("location").unwrap().to_owned();
    assert_eq!(server.get(&at).await.good(200), note);
    let elsewhere = format!("{}/notes/{}", path(&bia), note["id"].as_str().unwrap());
    server.get(&elsewhere).await.problem(404, "not_found");
    server
        .change("DELETE", &elsewhere, "\"v1\"", &Value::Null)
        .await
        .problem(404, "not_found");

    let text = json!({"text": "liga à tarde"});
    server
        .send("PATCH", &at, &[], text.to_string())
        .await
        .problem(428, "if_match_required");
    let changed = server.change("PATCH", &at, "\"v1\"", &text).await;
    assert_eq!(
        (changed.good(200)["version"].as_i64(), changed.header("etag")),
        (Some(2), Some("\"v2\""))
    );
    let stale = server.change("PATCH", &at, "\"v1\"", &text).await;
    assert_eq!(stale.problem(412, "stale_version")["current_version"], 2);
    let empty = server.post(&notes, &json!({"text": " ", "colour": 1})).await;
    empty.problem(422, "invalid");
    assert_eq!(empty.wrong_fields(), ["colour"]);
    assert_eq!(
        server.post(&notes, &json!({"text": " "})).await.wrong_fields(),
        ["text"]
    );
    assert_eq!(
        server.get(&notes).await.good(200)["items"][0]["text"],
        "liga à tarde"
    );
    let gone = server.change("DELETE", &at, "\"v2\"", &Value::Null).await;
    assert_eq!(gone.status, 204);
    assert_eq!(server.get(&notes).await.good(200)["items"], json!([]));
}

#[tokio::test]
async fn duplicates_are_found_merged_deleted_and_brought_back() {
    let server = Server::with([]).await;
    let (cpf, other) = ("529.982.247-25", "111.444.777-35");
    let kept = person(
        &server,
        "Ana Maria de Souza",
        json!({"cpf": cpf, "email": "ana@example.com"}),
    )
    .await;
    let lost = person(
        &server,
        "Ana Maria Souza",
        json!({"cpf": other, "email": "ANA@example.com"}),
    )
    .await;
    let new = json!({"kind": "person", "legal_name": "Ana Maria de Sousa", "email": "ana@example.com"});
    let found = server.post("/api/v1/clients/duplicates", &new).await.good(200);
    assert_eq!(found["items"].as_array().unwrap().len(), 2);
    assert!(
        found["items"][0]["reasons"]
            .as_array()
            .unwrap()
            .contains(&json!("same_email"))
    );
    let alike = format!("{}/duplicates", path(&kept));
    server.get(&alike).await.good(200);

    let merge = format!("{}/merge", path(&kept));
    let mut body = json!({"lose": lost["id"], "lose_version": 1});
    let undecided = server.change("POST", &merge, "\"v1\"", &body).await;
    undecided.problem(422, "invalid");
    assert_eq!(undecided.wrong_fields(), ["cpf"]);
    body["choices"] = json!({"document": "lost"});
    body["lose_version"] = json!(7);
    server
        .change("POST", &merge, "\"v1\"", &body)
        .await
        .problem(412, "stale_version");
    body["lose_version"] = json!(1);
    let merged = server.change("POST", &merge, "\"v1\"", &body).await.good(200);
    assert_eq!(
        (&merged["id"], &merged["cpf"]),
        (&kept["id"], &json!("11144477735"))
    );
    assert_eq!(server.get(&path(&lost)).await.good(200)["id"], kept["id"]);
    let wrong = json!({"lose": "cli_x", "lose_version": "1", "choices": {"colour": "kept"}});
    let wrong = server.change("POST", &merge, "\"v2\"", &wrong).await;
    wrong.problem(422, "invalid");
    assert_eq!(wrong.wrong_fields(), ["choices", "lose", "lose_version"]);

    let at = path(&kept);
    let deleted = server.change("DELETE", &at, "\"v2\"", &Value::Null).await;
    assert_eq!(deleted.status, 204);
    let gone = server.get("/api/v1/clients/deleted").await.good(200);
    assert_eq!(
        (
            &gone["items"][0]["id"],
            &gone["items"][0]["version"],
            &gone["next"]
        ),
        (&kept["id"], &json!(3), &Value::Null)
    );
    let names = ["legal_name", "trade_name"].map(|name| &gone["items"][0][name]);
    assert_eq!(names, [&json!("Ana Maria de Souza"), &Value::Null]);
    let taker = person(&server, "Outra", json!({"cpf": other})).await;
    let back = server
        .change("POST", &format!("{at}/restore"), "\"v3\"", &Value::Null)
        .await;
    assert_eq!(back.problem(409, "duplicate")["existing_id"], taker["id"]);
    server
        .change("DELETE", &path(&taker), "\"v1\"", &Value::Null)
        .await;
    let back = server
        .change("POST", &format!("{at}/restore"), "\"v3\"", &Value::Null)
        .await;
    assert_eq!(back.good(200)["legal_name"], "Ana Maria de Souza");
    let purged = server
        .send("POST", &format!("{}/purge", path(&taker)), &[], "")
        .await;
    assert_eq!(purged.status, 204, "{}", purged.body);
    server
        .send("POST", &format!("{at}/purge"), &[], "")
        .await
        .problem(404, "not_found");
}

#[tokio::test]
async fn labels_are_counted_renamed_and_removed() {
    let server = Server::with([]).await;
    for n in 0..3 {
        person(&server, &format!("P{n}"), json!({"tags": ["velho", "outro"]})).await;
    }
    let tags = server.get("/api/v1/clients/tags").await.good(200);
    assert_eq!(
        tags,
        json!({"items": [{"tag": "outro", "clients": 3}, {"tag": "velho", "clients": 3}], "next": null})
    );
    let rename = json!({"old": "velho", "new": "novo"});
    let done = server.post("/api/v1/clients/tags/rename", &rename).await;
    assert_eq!(done.good(200), json!({"clients": 3}));
    let wrong = json!({"old": "novo", "new": ""});
    let wrong = server.post("/api/v1/clients/tags/rename", &wrong).await;
    wrong.problem(422, "invalid");
    let done = server
        .post("/api/v1/clients/tags/remove", &json!({"tag": "outro"}))
        .await;
    assert_eq!(done.good(200), json!({"clients": 3}));
    let tags = server.get("/api/v1/clients/tags").await.good(200);
    assert_eq!(tags["items"], json!([{"tag": "novo", "clients": 3}]));
}

#[tokio::test]
async fn deleted_clients_are_read_in_pages_the_last_deleted_first() {
    let server = Server::with([]).await;
    let mut ids = Vec::new();
    for n in 0..5 {
        let client = person(&server, &format!("P{n}"), json!({})).await;
        let deleted = server
            .change("DELETE", &path(&client), "\"v1\"", &Value::Null)
            .await;
        assert_eq!(deleted.status, 204);
        ids.insert(0, client["id"].clone());
    }
    let (mut seen, mut times, mut next) = (Vec::new(), Vec::new(), String::new());
    loop {
        let page = server
            .get(&format!("/api/v1/clients/deleted?limit=2{next}"))
            .await
            .good(200);
        for client in page["items"].as_array().unwrap() {
            seen.push(client["id"].clone());
            times.push(client["deleted_at"].as_str().unwrap().to_owned());
        }
        let Some(cursor) = page["next"].as_str() else {
            break;
        };
        next = format!("&cursor={cursor}");
    }
    assert_eq!(seen, ids);
    let before = format!("/api/v1/clients/deleted?before={}", times[2]);
    let older = server.get(&before).await.good(200);
    assert!(
        older["items"]
            .as_array()
            .unwrap()
            .iter()
            .all(|it| ids[3..].contains(&it["id"]))
    );
    let bad = server.get("/api/v1/clients/deleted?cursor=x").await;
    bad.problem(400, "invalid_parameter");

    // What stands in the list brings it back.
    let at = format!("/api/v1/clients/{}/restore", ids[4].as_str().unwrap());
    server.change("POST", &at, "\"v2\"", &Value::Null).await.good(200);
}
