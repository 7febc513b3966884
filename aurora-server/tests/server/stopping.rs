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

const REQUESTS: usize = 900;
const STREAMS: usize = 100;

#[cfg(not(unix))]
const fn room_for_a_thousand() {}

/// Lets this process hold both ends of a thousand connections, and what else a test needs.
#[cfg(unix)]
fn room_for_a_thousand() {
    const FILES: u64 = 3_000;
    let limit = rlimit::increase_nofile_limit(FILES).unwrap();
    assert!(
        limit >= FILES,
        "this takes {FILES} open files, and the system allows {limit} (ulimit -Hn)"
    );
}

/// Requests that run and streams that write when the server is told to stop: none of them fails.
#[tokio::test]
async fn a_thousand_open_requests_are_all_brought_to_their_end() {
    room_for_a_thousand();
    let server = Server::with("limits.drain_timeout = \"60s\"\nlimits.connections_per_address = 0").await;
    let json = ("content-type", "application/json");
    let mut running = Vec::new();
    for number in 0..REQUESTS {
        // One in three is stored, the others are refused by what they hold: this is no test of how fast a database writes.
        let name = if number % 3 == 0 { "Ana" } else { "" };
        let body = format!(r#"{{"kind":"person","legal_name":"{name}"}}"#);
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
    for _ in 0..STREAMS {
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
    let awaited = (0..REQUESTS).map(|number| if number % 3 == 0 { 201 } else { 422 });
    assert_eq!(statuses, awaited.collect::<Vec<u16>>());
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
