//! Clients that send too much, or too slowly.

use tokio::io::AsyncWriteExt as _;

use crate::harness::{Server, request};

const SMALL: &str = "limits.body_bytes = 1024";
const JSON: (&str, &str) = ("content-type", "application/json");

#[tokio::test]
async fn a_body_that_says_it_is_too_large_is_refused() {
    let server = Server::with(SMALL).await;
    let body = format!("{{\"legal_name\":\"{}\"}}", "x".repeat(2_000));
    server
        .post("/api/v1/clients", &body)
        .await
        .problem(413, "body_too_large");
}

#[tokio::test]
async fn a_request_to_a_model_may_carry_a_picture() {
    let server = Server::with(SMALL).await;
    let prompt = |bytes: usize| format!("{{\"prompt\":\"{}\"}}", "x".repeat(bytes));
    assert_eq!(server.post("/llm/chat", &prompt(2_000)).await.status, 200);
    let server = Server::with("limits.model_body_bytes = 1024").await;
    server
        .post("/llm/chat", &prompt(2_000))
        .await
        .problem(413, "body_too_large");
    assert_eq!(
        server.post("/v1/chat/completions", &prompt(2_000)).await.status,
        413
    );
}

#[tokio::test]
async fn a_body_that_does_not_say_is_cut() {
    let server = Server::with(SMALL).await;
    let mut connection = server.connect().await;
    connection
        .send(&request(
            "POST",
            "/api/v1/clients",
            &[JSON, ("transfer-encoding", "chunked")],
            "",
        ))
        .await;
    for _ in 0..3 {
        connection.send(&format!("200\r\n{}\r\n", "x".repeat(512))).await;
    }
    connection.send("0\r\n\r\n").await;
    connection.answer().await.problem(413, "body_too_large");
}

#[tokio::test]
async fn a_body_that_nobody_wants_costs_neither_the_answer_nor_the_connection() {
    let server = Server::start().await;
    let body = "x".repeat(3_000_000);
    for (method, path, host, status) in [
        ("POST", "/nowhere", "localhost", 404),
        ("DELETE", "/v1/chat/completions", "localhost", 405),
        ("POST", "/llm/chat", "localhost", 415),
        ("POST", "/llm/chat", "evil.example", 421),
    ] {
        let mut connection = server.connect().await;
        connection
            .send(&request(method, path, &[("host", host)], &body))
            .await;
        assert_eq!(connection.answer().await.status, status, "{method} {path}");
        connection.send(&request("GET", "/health", &[], "")).await;
        assert_eq!(connection.answer().await.status, 200, "after {method} {path}");
    }
}

#[tokio::test]
async fn a_body_that_is_refused_is_not_asked_for() {
    let server = Server::with(SMALL).await;
    let headers = [JSON, ("content-length", "5000"), ("expect", "100-continue")];
    let mut connection = server.connect().await;
    connection
        .send(&request("POST", "/api/v1/clients", &headers, ""))
        .await;
    let answer = connection.answer().await;
    answer.problem(413, "body_too_large");
    assert_eq!(answer.header("connection"), Some("close"));
}

#[tokio::test]
async fn an_address_without_end_is_refused() {
    let server = Server::start().await;
    server
        .get(&format!("/api/v1/clients?cursor={}", "x".repeat(9_000)))
        .await
        .problem(414, "address_too_long");
}

#[tokio::test]
async fn headers_without_end_are_refused() {
    let server = Server::start().await;
    let long = "x".repeat(20_000);
    assert_eq!(
        server
            .ask("GET", "/health", &[("x-long", &long)], "")
            .await
            .status,
        431
    );
    let names: Vec<String> = (0..101).map(|n| format!("x-{n}")).collect();
    let many: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "1")).collect();
    assert_eq!(server.ask("GET", "/health", &many, "").await.status, 431);
}

#[tokio::test]
async fn a_head_that_drips_is_cut_on_a_new_connection_and_on_a_used_one() {
    let server = Server::with("limits.header_read_timeout = \"200ms\"").await;
    let mut silent = server.connect().await;
    silent.is_ended().await;

    let mut dripping = server.connect().await;
    dripping.send("GET /health HTTP/1.1\r\n").await;
    dripping.is_ended().await;

    let mut used = server.connect().await;
    used.send(&request("GET", "/health", &[], "")).await;
    assert_eq!(used.answer().await.status, 200);
    used.send("GET /health HTTP/1.1\r\nx-drip: ").await;
    let drip = async {
        loop {
            // A byte now and then does not buy time.
            if used.stream.write_all(b"x").await.is_err() {
                break;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(crate::harness::PATIENCE, drip)
        .await
        .expect("the connection stays open");
}

#[tokio::test]
async fn a_body_that_never_comes_does_not_hold_the_request() {
    let server = Server::with("limits.request_timeout = \"200ms\"").await;
    let mut connection = server.connect().await;
    let head = request("POST", "/api/v1/clients", &[JSON, ("content-length", "10")], "");
    connection.send(&head).await;
    connection.answer().await.problem(408, "body_timeout");
}
