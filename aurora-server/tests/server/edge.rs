//! What every answer has, and what happens to requests that should not have been sent.

use crate::harness::{Server, request};

#[tokio::test]
async fn alive_and_ready() {
    let server = Server::start().await;
    let health = server.get("/health").await;
    assert_eq!(
        (health.status, health.json()["status"].as_str()),
        (200, Some("ok"))
    );
    let ready = server.get("/ready").await.json();
    assert_eq!(ready["status"], "ok");
    assert_eq!(ready["components"][0]["name"], "database");
    assert_eq!(ready["components"][0]["criticality"], "critical");
    assert_eq!(ready["components"][1]["name"], "providers");
    let status = server.get("/api/status").await.json();
    assert!(status["open_connections"].as_u64().unwrap() >= 1, "{status}");
    if cfg!(target_os = "linux") {
        let process = &status["process"];
        assert!(
            process["resident_bytes"].as_u64().unwrap() > 1_000_000,
            "{process}"
        );
        assert!(
            process["cpu_seconds"].is_number() && process["threads"].is_number(),
            "{process}"
        );
    }
}

#[tokio::test]
async fn a_dead_cache_degrades_and_does_not_kill() {
    // Port 1 on loopback: refused at once.
    let server = Server::with("redis.url = \"redis://127.0.0.1:1\"").await;
    let ready = server.get("/ready").await;
    assert_eq!(
        (ready.status, ready.json()["status"].as_str()),
        (200, Some("degraded"))
    );
    let components = ready.json()["components"].as_array().unwrap().clone();
    let cache = components
        .iter()
        .find(|component| component["name"] == "cache")
        .unwrap();
    assert_eq!(
        (&cache["status"], &cache["criticality"]),
        (&"down".into(), &"degraded".into())
    );
    assert!(cache["detail"].is_string());
}

#[tokio::test]
async fn nothing_here_and_not_this_way() {
    let server = Server::start().await;
    server.get("/api/v1/nothing").await.problem(404, "not_found");
    server
        .get("/api/v1/clients/cli_7")
        .await
        .problem(404, "not_found");
    let wrong = server.ask("PUT", "/api/v1/clients", &[], "").await;
    wrong.problem(405, "method_not_allowed");
    let mut allowed: Vec<&str> = wrong.header("allow").unwrap().split(',').collect();
    allowed.sort_unstable();
    assert_eq!(allowed, ["GET", "HEAD", "POST"]);
}

#[tokio::test]
async fn every_answer_tells_its_request_and_keeps_browsers_in_check() {
    let server = Server::start().await;
    for path in ["/health", "/nothing", "/openapi.json", "/docs/", "/metrics"] {
        let answer = server.ask("GET", path, &[("x-request-id", "mine-1")], "").await;
        assert_eq!(answer.header("x-request-id"), Some("mine-1"), "{path}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"), "{path}");
        assert!(
            answer
                .header("content-security-policy")
                .unwrap()
                .contains("frame-ancestors 'none'"),
            "{path}"
        );
        assert_eq!(answer.header("server"), None, "{path}");
    }
    let (first, second) = (server.get("/health").await, server.get("/health").await);
    assert!(first.header("x-request-id").unwrap().starts_with("req_"));
    assert_ne!(first.header("x-request-id"), second.header("x-request-id"));
    let strange = server
        .ask("GET", "/health", &[("x-request-id", "a b\"c")], "")
        .await;
    assert!(strange.header("x-request-id").unwrap().starts_with("req_"));
}

#[tokio::test]
async fn names_that_can_be_pointed_elsewhere_are_not_answered() {
    let server = Server::start().await;
    let port = server.address.port();
    for host in [
        "localhost".to_owned(),
        format!("127.0.0.1:{port}"),
        format!("[::1]:{port}"),
    ] {
        assert_eq!(
            server.ask("GET", "/health", &[("host", &host)], "").await.status,
            200,
            "{host}"
        );
    }
    let rebound = format!("evil.example:{port}");
    server
        .ask("GET", "/health", &[("host", &rebound)], "")
        .await
        .problem(421, "wrong_host");
}

#[tokio::test]
async fn pages_of_other_origins_change_nothing() {
    let server = Server::start().await;
    let json = ("content-type", "application/json");
    let body = r#"{"kind":"person","legal_name":"Ana"}"#;
    for foreign in [
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("sec-fetch-site", "cross-site"),
    ] {
        let answer = server
            .ask("POST", "/api/v1/clients", &[json, foreign], body)
            .await;
        answer.problem(403, "foreign_origin");
    }
    assert_eq!(
        server.get("/api/v1/clients").await.json()["items"]
            .as_array()
            .unwrap()
            .len(),
        0
    );
    let own = format!("http://{}", server.address);
    let answer = server
        .ask(
            "POST",
            "/api/v1/clients",
            &[json, ("origin", &own), ("sec-fetch-site", "same-origin")],
            body,
        )
        .await;
    assert_eq!(answer.status, 201);
}

#[tokio::test]
async fn bodies_that_are_not_what_they_should_be() {
    let server = Server::start().await;
    let broken = server
        .post("/api/v1/clients", "{\n  \"kind\": \"company\",\n  legal_name: 1}")
        .await;
    let problem = broken.problem(400, "invalid_json");
    assert_eq!(
        (problem["line"].as_u64(), problem["column"].as_u64()),
        (Some(3), Some(3))
    );
    assert!(
        !problem["detail"].as_str().unwrap().contains("legal_name"),
        "nothing of the body is repeated"
    );

    server
        .post("/api/v1/clients", r#"{"kind":"person","kind":"company"}"#)
        .await
        .problem(400, "invalid_json");
    let deep = format!("{}{}", "[".repeat(65), "]".repeat(65));
    server
        .post("/api/v1/clients", &deep)
        .await
        .problem(400, "invalid_json");
    server
        .post("/api/v1/clients", "")
        .await
        .problem(400, "invalid_json");

    let text = server
        .ask("POST", "/api/v1/clients", &[("content-type", "text/plain")], "{}")
        .await;
    text.problem(415, "unsupported_media_type");
    server
        .ask("POST", "/api/v1/clients", &[], "{}")
        .await
        .problem(415, "unsupported_media_type");
}

#[tokio::test]
async fn parameters_that_are_not_known_here() {
    let server = Server::start().await;
    let answer = server
        .get("/api/v1/clients?limit=0&kind=dog&order=up&colour=red&kind=cat")
        .await;
    answer.problem(400, "invalid_parameter");
    let mut fields = answer.wrong_fields();
    fields.sort_unstable();
    assert_eq!(fields, ["colour", "kind", "limit", "order"]);
}

#[tokio::test]
async fn both_versions_of_http_are_spoken() {
    let server = Server::start().await;
    let mut connection = server.connect().await;
    // One connection, two requests.
    connection.send(&request("GET", "/health", &[], "")).await;
    assert_eq!(connection.answer().await.status, 200);
    connection.send(&request("GET", "/health", &[], "")).await;
    assert_eq!(connection.answer().await.status, 200);

    let stream = tokio::net::TcpStream::connect(server.address).await.unwrap();
    let io = hyper_util::rt::TokioIo::new(stream);
    let executor = hyper_util::rt::TokioExecutor::new();
    let (mut sender, connection) = hyper::client::conn::http2::handshake(executor, io).await.unwrap();
    let driver = tokio::spawn(connection);
    let ask = |uri: &str| hyper::Request::get(uri).body(String::new()).unwrap();
    let good = sender
        .send_request(ask(&format!("http://{}/health", server.address)))
        .await
        .unwrap();
    assert_eq!(good.status(), 200);
    let bad = sender
        .send_request(ask("http://evil.example/health"))
        .await
        .unwrap();
    assert_eq!(bad.status(), 421);
    drop(sender);
    driver.await.unwrap().unwrap();
}

#[tokio::test]
async fn the_description_and_its_page_come_from_here() {
    let server = Server::start().await;
    let api = server.get("/openapi.json").await.json();
    assert!(api["openapi"].as_str().unwrap().starts_with("3.1"));
    let paths = api["paths"].as_object().unwrap();
    for path in [
        "/health",
        "/ready",
        "/metrics",
        "/api/v1/clients",
        "/api/v1/clients/{id}",
        "/api/v1/clientes/{id}",
    ] {
        assert!(paths.contains_key(path), "{path}");
    }
    let page = server.get("/docs/").await;
    assert_eq!(page.status, 200);
    let html = String::from_utf8(page.body).unwrap();
    assert!(
        !html.contains("http://") && !html.contains("https://"),
        "nothing is loaded from elsewhere"
    );
    assert!(
        !html.contains("<script>"),
        "the policy forbids scripts within the page"
    );
    let script = server.get("/docs/swagger-ui-bundle.js").await;
    assert_eq!(script.status, 200);
    assert!(script.body.len() > 100_000);
}
