//! The end of a server.

use crate::harness::{Server, request};

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
