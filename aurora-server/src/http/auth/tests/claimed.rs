//! What a client claims about itself and about what it makes: fields that are not its to say, and headers of proxies.

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::http::testing::{House, PASSWORD, within};

const OTHER: &str = "wsp_0190a8b0c0de7000800000000000000a";

#[tokio::test]
async fn fields_that_are_not_the_callers_to_say_are_refused_wherever_something_is_made() {
    let house = House::new().await;
    let ana = house.administrator().await;
    let place = format!("/api/v1/workspaces/{}", house.server.state.workspace);
    let bodies = [
        (
            "/api/v1/clients".to_owned(),
            json!({"kind": "person", "legal_name": "Bia"}),
        ),
        (
            "/api/v1/users".to_owned(),
            json!({"email": "rui@example.com", "name": "Rui"}),
        ),
        ("/api/v1/workspaces".to_owned(), json!({"name": "Padaria"})),
        (
            format!("{place}/invitations"),
            json!({"email": "x@example.com", "roles": ["viewer"]}),
        ),
        (
            format!("{place}/members"),
            json!({"user": ana.id, "roles": ["viewer"]}),
        ),
        ("/api/v1/api-keys".to_owned(), json!({"name": "k"})),
        ("/api/v1/llm/keys".to_owned(), json!({"name": "k"})),
        (
            "/api/v1/auth/register".to_owned(),
            json!({"token": "t", "name": "Rui", "password": PASSWORD}),
        ),
        (
            "/api/v1/auth/login".to_owned(),
            json!({"email": ana.email, "password": PASSWORD}),
        ),
        (
            "/api/v1/auth/refresh".to_owned(),
            json!({"refresh_token": ana.refresh}),
        ),
    ];
    let more = [
        ("id", json!(OTHER)),
        ("tenant_id", json!(OTHER)),
        ("workspace_id", json!(OTHER)),
        ("role", json!("owner")),
        ("is_administrator", json!(true)),
        ("created_at", json!("2020-01-01T00:00:00Z")),
    ];
    for (path, body) in &bodies {
        for (field, value) in &more {
            let mut body: Value = body.clone();
            body[*field] = value.clone();
            let answer = house.post(&ana, path, &body).await;
            let problem = answer.problem(422, "invalid");
            let error = &problem["errors"][0];
            assert_eq!(
                (&error["field"], &error["code"]),
                (&json!(field), &json!("unknown")),
                "{path}"
            );
        }
    }
    let clients = house.get(&ana, "/api/v1/clients").await.good(200);
    assert_eq!(clients["items"], json!([]), "nothing was made");
}

#[tokio::test]
async fn whoever_writes_headers_of_a_proxy_gets_no_limit_of_their_own() {
    let house = House::with(&[("limits.auth_per_minute", "4")]).await;
    house.founder().await; // two of the four
    let body = json!({"email": "nobody@example.com", "password": "wrong horse battery"}).to_string();
    let mut seen = Vec::new();
    for name in ["x-forwarded-for", "forwarded", "x-real-ip", "x-client-ip"] {
        let claimed = [(name, "203.0.113.9")];
        let answer = house
            .server
            .send("POST", "/api/v1/auth/login", &claimed, &body)
            .await;
        seen.push(answer.status);
    }
    assert_eq!(seen, [401, 401, 429, 429]);
}

#[tokio::test]
async fn links_lead_where_the_settings_say_whatever_host_was_asked() {
    let house = House::new().await;
    let ana = house.administrator().await;
    let body = json!({"email": "rui@example.com", "name": "Rui"}).to_string();
    let request = format!(
        "POST /api/v1/users HTTP/1.1\r\nhost: evil.example\r\nx-forwarded-host: evil.example\r\nx-forwarded-proto: https\r\n\
         connection: close\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        ana.token,
        body.len()
    );
    let mut stream = house.server.connect().await;
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    within(stream.read_to_string(&mut answer)).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    let own = format!("http://{}/invite?token=", house.server.address());
    assert!(
        answer.contains(&own) && !answer.contains("evil.example"),
        "{answer}"
    );
}

#[tokio::test]
async fn a_workspace_that_is_named_in_a_header_is_one_of_ones_own_or_there_is_none() {
    let house = House::new().await;
    let ana = house.administrator().await;
    let bia = house.member(&ana, "bia@example.com", "agent").await;
    let made = house
        .post(&ana, "/api/v1/clinics", &json!({"name": "Boa Vista"}))
        .await;
    let clinic = made.good(201)["id"].as_str().unwrap().to_owned();
    let client = json!({"kind": "person", "legal_name": "Rui"}).to_string();
    let own = house.server.state.workspace.to_string();
    for headers in [
        vec![("x-clinic-id", clinic.as_str())],
        vec![("x-workspace-id", clinic.as_str()), ("x-clinic-id", own.as_str())],
        vec![("x-clinic-id", "nonsense")],
    ] {
        let answer = house
            .ask(&bia, "POST", "/api/v1/clients", &headers, &client)
            .await;
        answer.problem(404, "not_found");
    }
    for workspace in [&own, &clinic] {
        let there = [("x-workspace-id", workspace.as_str())];
        let clients = house
            .ask(&ana, "GET", "/api/v1/clients", &there, "")
            .await
            .good(200);
        assert_eq!(clients["items"], json!([]));
    }
}
