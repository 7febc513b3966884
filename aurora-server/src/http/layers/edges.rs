//! Tests of what stands between the network and the handlers: keys, rights, limits, repeated calls, foreign pages, language.

use aurora_crm::Context;
use aurora_crm::accounts::NewApiKey;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::http::testing::{Answer, Server, within};

/// A key of the first workspace with these permissions.
async fn key(server: &Server, scopes: &[&str]) -> String {
    let context = Context::new(server.state.workspace, "test");
    let new = scopes
        .iter()
        .fold(NewApiKey::new("test"), |new, scope| new.scope(*scope));
    let keys = server.state.doors.accounts().api_keys();
    keys.create(&context, new)
        .await
        .unwrap()
        .secret
        .expose()
        .to_owned()
}

async fn with_key(server: &Server, key: &str, method: &str, path: &str, body: &Value) -> Answer {
    let authorization = format!("Bearer {key}");
    let headers = [("authorization", authorization.as_str())];
    server.send(method, path, &headers, &text(body)).await
}

fn text(body: &Value) -> String {
    if body.is_null() {
        String::new()
    } else {
        body.to_string()
    }
}

fn client(name: &str) -> Value {
    json!({"kind": "company", "legal_name": name})
}

#[tokio::test]
async fn nobody_is_let_in_without_credentials_that_are_good() {
    let server = Server::guarded(&[]).await;
    for path in [
        "/api/v1/clients",
        "/api/v1/clientes",
        "/api/status",
        "/api/alerts",
        "/v1/models",
    ] {
        let answer = server.get(path).await;
        assert_eq!(answer.status, 401, "{path}");
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"), "{path}");
    }
    assert_eq!(server.get("/health").await.status, 200);
    assert_eq!(server.get("/ready").await.status, 200);
    let forged = "eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0.e30.";
    for shown in [forged, "aur_live_0000000000000000000000000000", "", "x"] {
        let answer = with_key(&server, shown, "GET", "/api/v1/clients", &Value::Null).await;
        assert_eq!(
            (answer.status, answer.json()["code"].as_str()),
            (401, Some("unauthenticated")),
            "{shown}"
        );
    }
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_key_can_do_what_its_scopes_name_and_nothing_else() {
    let server = Server::guarded(&[]).await;
    let reads = key(&server, &["client:read"]).await;
    assert_eq!(
        with_key(&server, &reads, "GET", "/api/v1/clients", &Value::Null)
            .await
            .status,
        200
    );
    let refused = with_key(&server, &reads, "POST", "/api/v1/clients", &client("A")).await;
    assert_eq!(refused.status, 403);
    assert_eq!(refused.json()["permission"], "client:write");
    let status = with_key(&server, &reads, "GET", "/api/status", &Value::Null).await;
    assert_eq!(status.status, 403, "the installation is none of its business");
    let operator = key(&server, &["status:read"]).await;
    assert_eq!(
        with_key(&server, &operator, "GET", "/api/status", &Value::Null)
            .await
            .status,
        200
    );

    let by_header = server
        .send("GET", "/api/v1/clients", &[("x-api-key", &reads)], "")
        .await;
    assert_eq!(by_header.status, 200, "as Anthropic's clients show it");
    let elsewhere = [
        ("x-api-key", reads.as_str()),
        ("x-clinic-id", "wsp_00000000000070008000000000000002"),
    ];
    assert_eq!(
        server.send("GET", "/api/v1/clients", &elsewhere, "").await.status,
        404
    );
    server.stop().await.unwrap();
}

#[tokio::test]
async fn metrics_are_for_this_machine_and_for_keys_that_carry_the_right() {
    let server = Server::guarded(&[]).await;
    let near = server.get("/metrics").await.status;
    assert!([200, 501].contains(&near), "{near}");
    let through_a_proxy = server
        .send("GET", "/metrics", &[("x-forwarded-for", "203.0.113.9")], "")
        .await;
    assert_eq!(through_a_proxy.status, 401);
    server.stop().await.unwrap();

    // A proxy on this machine that adds no header looks like this machine.
    for told in [
        ("server.public_url", "https://aurora.example"),
        ("server.trusted_proxies", "1"),
    ] {
        let server = Server::guarded(&[told]).await;
        assert_eq!(server.get("/metrics").await.status, 401, "{told:?}");
        let key = key(&server, &["metrics:read"]).await;
        let answer = with_key(&server, &key, "GET", "/metrics", &Value::Null).await;
        assert!([200, 501].contains(&answer.status), "{}", answer.status);
        server.stop().await.unwrap();
    }
}

#[tokio::test]
async fn an_address_has_a_limit_of_its_own_however_many_call_from_there() {
    let limits = [
        ("limits.api_per_minute", "3"),
        ("limits.callers_per_address", "2"),
    ];
    let server = Server::guarded(&limits).await;
    for _ in 0..6 {
        let key = key(&server, &["client:read"]).await;
        let answer = with_key(&server, &key, "GET", "/api/v1/clients", &Value::Null).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
    }
    let another = key(&server, &["client:read"]).await;
    let refused = with_key(&server, &another, "GET", "/api/v1/clients", &Value::Null).await;
    let problem = refused.problem(429, "too_many_requests");
    assert_eq!(problem["violated_policies"], json!(["address"]));
    assert!(refused.header("retry-after").is_some());
    // What claims to come from elsewhere comes from here, unless a proxy is trusted.
    let headers = [
        ("x-api-key", another.as_str()),
        ("x-forwarded-for", "203.0.113.9"),
    ];
    let claimed = server.send("GET", "/api/v1/clients", &headers, "").await;
    assert_eq!(claimed.status, 429);
    assert_eq!(server.get("/health").await.status, 200);
    server.stop().await.unwrap();
}

#[tokio::test]
async fn calls_are_counted_per_caller_and_guesses_per_address() {
    let server = Server::guarded(&[("limits.api_per_minute", "3"), ("limits.api_per_hour", "100")]).await;
    let (first, second) = (
        key(&server, &["client:read"]).await,
        key(&server, &["client:read"]).await,
    );
    for left in [2, 1, 0] {
        let answer = with_key(&server, &first, "GET", "/api/v1/clients", &Value::Null).await;
        assert_eq!(answer.status, 200);
        assert!(
            answer.header("ratelimit").unwrap().contains(&format!("r={left}")),
            "{left}"
        );
        assert_eq!(
            answer.header("ratelimit-policy"),
            Some(r#""api";q=3;w=60, "api-h";q=100;w=3600"#)
        );
    }
    let refused = with_key(&server, &first, "GET", "/api/v1/clients", &Value::Null).await;
    assert_eq!(
        (refused.status, refused.json()["code"].as_str()),
        (429, Some("too_many_requests"))
    );
    assert!(refused.header("retry-after").unwrap().parse::<u64>().unwrap() >= 1);
    assert_eq!(
        with_key(&server, &second, "GET", "/api/v1/clients", &Value::Null)
            .await
            .status,
        200
    );

    for _ in 0..3 {
        assert_eq!(server.get("/api/v1/clients").await.status, 401);
    }
    assert_eq!(
        server.get("/api/v1/clients").await.status,
        429,
        "whoever guesses is slowed down"
    );
    assert_eq!(
        with_key(&server, &second, "GET", "/api/v1/clients", &Value::Null)
            .await
            .status,
        200
    );
    server.stop().await.unwrap();
}

#[tokio::test]
async fn the_pace_is_told_by_every_answer_whatever_is_wrong() {
    let server = Server::guarded(&[]).await;
    let key = key(&server, &["client:read"]).await;
    let absent = "/api/v1/clients/cli_0190a8b0c0de7000800000000000000a";
    let wrong = json!({"email": "nobody@example.com", "password": "wrong horse battery"});
    let get = async |path: &str| with_key(&server, &key, "GET", path, &Value::Null).await;
    let forged = with_key(&server, "aur_live_0", "GET", "/api/v1/clients", &Value::Null).await;
    let answers = [
        (server.post("/api/v1/auth/login", &wrong).await, 401, "auth"),
        (server.get("/api/v1/clients").await, 401, "api"),
        (server.get("/v1/models").await, 401, "api"), // in the form of OpenAI
        (forged, 401, "api"),
        (get("/api/v1/clients?limit=none").await, 400, "api"),
        (get("/api/status").await, 403, "api"),
        (get(absent).await, 404, "api"),
        (get("/api/v1/clients").await, 200, "api"),
    ];
    for (answer, status, class) in answers {
        assert_eq!(answer.status, status, "{}", answer.body);
        let told = ["ratelimit-policy", "ratelimit"].map(|name| answer.headers(name));
        assert_eq!(told.each_ref().map(Vec::len), [1, 1], "{status}: {told:?}");
        assert!(told[0][0].starts_with(&format!("\"{class}\";q=")), "{told:?}");
        assert!(told[1][0].contains(&format!("\"{class}\";r=")), "{told:?}");
    }
    server.stop().await.unwrap();
}

#[tokio::test]
async fn while_the_database_is_away_nobody_is_taken_for_one_who_guesses() {
    let server = Server::guarded(&[("limits.api_per_minute", "3"), ("limits.api_per_hour", "100")]).await;
    let key = key(&server, &["client:read"]).await;
    server.state.crm.database().close().await;
    for _ in 0..6 {
        let answer = with_key(&server, &key, "GET", "/api/v1/clients", &Value::Null).await;
        answer.problem(503, "unavailable");
    }
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_body_that_breaks_off_is_the_same_fault_with_a_key_and_without() {
    let server = Server::guarded(&[]).await;
    let key = key(&server, &["client:write"]).await;
    for idempotency in ["", "idempotency-key: k-1\r\n"] {
        let mut stream = server.connect().await;
        let text = format!(
            "POST /api/v1/clients HTTP/1.1\r\nhost: localhost\r\nx-api-key: {key}\r\n{idempotency}\
             content-type: application/json\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\nno number\r\n"
        );
        stream.write_all(text.as_bytes()).await.unwrap();
        let mut answer = String::new();
        within(stream.read_to_string(&mut answer)).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 400"), "{idempotency}: {answer}");
    }
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_creating_call_that_is_sent_twice_has_one_effect() {
    let server = Server::guarded(&[]).await;
    let key = key(&server, &["client:read", "client:write"]).await;
    let authorization = format!("Bearer {key}");
    let send = |name: &'static str, idempotency: &'static str| {
        let (server, authorization) = (&server, authorization.as_str());
        async move {
            let headers = [("authorization", authorization), ("idempotency-key", idempotency)];
            server
                .send("POST", "/api/v1/clients", &headers, &client(name).to_string())
                .await
        }
    };
    let first = send("Once", "k-1").await;
    let second = send("Once", "k-1").await;
    assert_eq!((first.status, second.status), (201, 201));
    assert_eq!(first.json()["id"], second.json()["id"]);
    assert_eq!(first.header("location"), second.header("location"));
    assert_eq!(second.header("etag"), Some("\"v1\""));
    assert_eq!(
        (
            first.header("idempotent-replayed"),
            second.header("idempotent-replayed")
        ),
        (None, Some("true"))
    );

    let other = send("Another", "k-1").await;
    assert_eq!(
        (other.status, other.json()["code"].as_str()),
        (422, Some("idempotency_key_reused"))
    );
    assert_ne!(send("Once", "k-2").await.json()["id"], first.json()["id"]);
    assert_eq!(send("Once", "").await.status, 400);

    let (wrong, again) = (send("", "k-3").await, send("", "k-3").await);
    assert_eq!((wrong.status, again.status), (422, 422));
    assert_eq!(
        again.json()["errors"],
        wrong.json()["errors"],
        "told in full each time"
    );
    assert_eq!(again.json()["errors"][0]["field"], "legal_name");
    assert_eq!(send("Mended", "k-3").await.status, 201, "a refusal had no effect");

    let all: Vec<_> = futures::future::join_all((0..8).map(|_| send("Together", "k-4"))).await;
    let made = all.iter().filter(|answer| answer.status == 201);
    let ids: std::collections::HashSet<String> = made.map(|answer| answer.json()["id"].to_string()).collect();
    assert_eq!(ids.len(), 1);
    assert!(all.iter().all(|answer| [201, 409].contains(&answer.status)));
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_key_counts_for_one_address_and_a_call_is_made_whoever_waits_for_it() {
    let server = Server::guarded(&[]).await;
    let authorization = format!("Bearer {}", key(&server, &["client:write", "client:read"]).await);
    let headers = [
        ("authorization", authorization.as_str()),
        ("idempotency-key", "k-1"),
    ];
    let send = |path: String, body: Value| {
        let (server, headers) = (&server, &headers);
        async move { server.send("POST", &path, headers, &body.to_string()).await }
    };
    let mut notes = Vec::new();
    for name in ["One", "Other"] {
        let authorized = [("authorization", authorization.as_str())];
        let made = server
            .send("POST", "/api/v1/clients", &authorized, &client(name).to_string())
            .await;
        let id = made.json()["id"].as_str().unwrap().to_owned();
        let note = send(format!("/api/v1/clients/{id}/notes"), json!({"text": "A note"})).await;
        assert_eq!(
            (note.status, note.header("idempotent-replayed")),
            (201, None),
            "{}",
            note.body
        );
        notes.push(note.json()["id"].clone());
    }
    assert_ne!(notes[0], notes[1]);

    // A client that goes away at once finds the answer when it comes again.
    let body = client("Patient").to_string();
    let gone = server.open_with("POST", "/api/v1/clients", &headers, &body).await;
    drop(gone);
    let found = within(async {
        loop {
            let again = send("/api/v1/clients".to_owned(), client("Patient")).await;
            if again.status != 409 {
                return again;
            }
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_eq!(found.status, 201, "{}", found.body);
    let all = with_key(
        &server,
        authorization.trim_start_matches("Bearer "),
        "GET",
        "/api/v1/clients?q=Patient",
        &Value::Null,
    )
    .await;
    assert_eq!(all.json()["items"].as_array().unwrap().len(), 1, "{}", all.body);
    server.stop().await.unwrap();
}

#[tokio::test]
async fn pages_of_named_origins_may_ask_and_no_others() {
    let server = Server::guarded(&[("server.cors_origins", "https://app.example")]).await;
    let asks = |origin: &'static str| {
        let server = &server;
        async move {
            let headers = [("origin", origin), ("access-control-request-method", "POST")];
            server.send("OPTIONS", "/api/v1/clients", &headers, "").await
        }
    };
    let allowed = asks("https://app.example").await;
    assert_eq!(
        allowed.header("access-control-allow-origin"),
        Some("https://app.example")
    );
    assert_eq!(
        asks("https://evil.example")
            .await
            .header("access-control-allow-origin"),
        None
    );
    // The vendors' clients send headers of their own.
    let wanted =
        "anthropic-dangerous-direct-browser-access,anthropic-version,api-key,if-match,x-stainless-os";
    let headers = [
        ("origin", "https://app.example"),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", wanted),
    ];
    let asked = server.send("OPTIONS", "/v1/messages", &headers, "").await;
    assert_eq!(asked.header("access-control-allow-headers"), Some(wanted));
    server.stop().await.unwrap();
}

#[tokio::test]
async fn transport_security_is_asked_for_where_there_is_tls() {
    let with = Server::guarded(&[("server.public_url", "https://aurora.example")]).await;
    let header = with
        .get("/health")
        .await
        .header("strict-transport-security")
        .map(str::to_owned);
    assert_eq!(header.as_deref(), Some("max-age=63072000; includeSubDomains"));
    let without = Server::guarded(&[]).await;
    assert_eq!(
        without.get("/health").await.header("strict-transport-security"),
        None
    );
    with.stop().await.unwrap();
    without.stop().await.unwrap();
}

#[tokio::test]
async fn problems_are_told_in_the_language_of_the_client() {
    let server = Server::guarded(&[]).await;
    let key = key(&server, &["client:write"]).await;
    let headers = [("x-api-key", key.as_str()), ("accept-language", "pt-BR,pt;q=0.9")];
    let body = json!({"kind": "company", "legal_name": "x".repeat(201)}).to_string();
    let answer = server.send("POST", "/api/v1/clients", &headers, &body).await;
    assert_eq!(answer.header("content-language"), Some("pt-BR"));
    let problem = answer.json();
    assert_eq!(problem["title"], "Campos inválidos");
    assert_eq!(problem["code"], "invalid", "codes are for programs");
    assert_eq!(
        problem["errors"][0]["message"],
        "deve ter no máximo 200 caracteres"
    );
    server.stop().await.unwrap();
}
