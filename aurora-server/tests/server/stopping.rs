//! The end of a server.

use futures::future::join_all;

use crate::harness::{Connection, PATIENCE, Server, request};

#[tokio::test]
async fn idle_connections_do_not_hold_the_end_up() {
    let server = Server::start().await;
    let mut used = server.connect().await;
    used.send(&request("GET", "/health", &[], "")).await;
    assert_eq!(used.answer().await.status, 200);
    let mut begun = server.connect().await;
    begun.send("GET /hea").await;
    let _silent = server.connect().await;
    server.stopped().await.unwrap();
    used.is_ended().await;
    begun.is_ended().await;
}

#[tokio::test]
async fn a_request_that_runs_is_brought_to_its_end() {
    let server = Server::start().await;
    let mut connection = server.connect().await;
    let body = r#"{"kind":"person","legal_name":"Ana"}"#;
    let length = body.len().to_string();
    let json = ("content-type", "application/json");
    let head = request(
        "POST",
        "/api/v1/clients",
        &[json, ("expect", "100-continue"), ("content-length", &length)],
        "",
    );
    connection.send(&head).await;
    // The server asks for the body: from here on the request runs.
    assert_eq!(connection.answer().await.status, 100);
    server.tell_to_stop();
    while tokio::net::TcpStream::connect(server.address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    connection.send(body).await;
    assert_eq!(connection.answer().await.status, 201);
    server.stopped().await.unwrap();
}

#[tokio::test]
async fn who_does_not_end_in_time_is_cut() {
    let server = Server::with("limits.drain_timeout = \"100ms\"").await;
    let mut connection = server.connect().await;
    let json = ("content-type", "application/json");
    let head = request(
        "POST",
        "/api/v1/clients",
        &[json, ("expect", "100-continue"), ("content-length", "99")],
        "",
    );
    connection.send(&head).await;
    assert_eq!(connection.answer().await.status, 100);
    let error = server.stopped().await.unwrap_err();
    assert_eq!(error.kind(), aurora_server::ErrorKind::Internal);
    connection.is_ended().await;
}

/// How many connections this process can hold, both of their ends, up to a thousand.
fn as_many_as_possible() -> usize {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let files = limits.lines().find(|line| line.starts_with("Max open files"));
    let soft = files.and_then(|line| line.split_whitespace().nth(3)?.parse().ok());
    let soft: usize = soft.unwrap_or(1_024);
    (soft.saturating_sub(200) / 2).min(1_000)
}

/// Requests that run and streams that write when the server is told to stop: none of them fails.
#[tokio::test]
async fn a_thousand_open_requests_are_all_brought_to_their_end() {
    let server = Server::with("limits.drain_timeout = \"60s\"").await;
    let count = as_many_as_possible();
    let json = ("content-type", "application/json");
    let mut running = Vec::new();
    for number in 0..count * 9 / 10 {
        let body = format!(r#"{{"kind":"person","legal_name":"Ana {number}"}}"#);
        let length = body.len().to_string();
        let headers = [
            json,
            ("expect", "100-continue"),
            ("content-length", length.as_str()),
        ];
        let mut connection = server.connect().await;
        connection
            .send(&request("POST", "/api/v1/clients", &headers, ""))
            .await;
        running.push((connection, body));
    }
    for (connection, _) in &mut running {
        assert_eq!(connection.answer().await.status, 100, "the request runs");
    }
    let mut streams = Vec::new();
    for _ in 0..count / 10 {
        let mut stream = server.connect().await;
        let body = r#"{"prompt":"Tell me a long story.","stream":true}"#;
        stream.send(&request("POST", "/llm/chat", &[json], body)).await;
        streams.push(stream);
    }
    for stream in &mut streams {
        stream.until("event: start").await;
    }

    server.tell_to_stop();
    while tokio::net::TcpStream::connect(server.address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    let answers = running
        .iter_mut()
        .map(|(connection, body)| finish(connection, body));
    let statuses = tokio::time::timeout(PATIENCE * 2, join_all(answers))
        .await
        .unwrap();
    assert!(statuses.iter().all(|status| *status == 201), "{statuses:?}");
    for stream in &mut streams {
        let text = stream.rest().await;
        let last = ["event: finish", "event: error"];
        assert!(
            last.iter().any(|last| text.contains(last)),
            "a stream ended without its last event: {text}"
        );
    }
    server.stopped().await.unwrap();
}

async fn finish(connection: &mut Connection, body: &str) -> u16 {
    connection.send(body).await;
    connection.answer().await.status
}
