//! Requests that no honest client sends: each is refused, and honest ones are answered as before.

use tokio::io::AsyncWriteExt as _;

use crate::harness::{Connection, Server, request};

/// Everything that is answered to these bytes, up to the end of the connection.
async fn answered(server: &Server, bytes: &str) -> String {
    let mut connection = server.connect().await;
    // A server that refuses need not read to the end.
    drop(connection.stream.write_all(bytes.as_bytes()).await);
    connection.rest_if_any().await
}

fn statuses(text: &str) -> Vec<&str> {
    text.split("HTTP/1.1 ")
        .skip(1)
        .map(|answer| answer.get(..3).unwrap())
        .collect()
}

#[tokio::test]
async fn lines_that_are_none_are_refused() {
    let server = Server::start().await;
    for wrong in [
        "GET /health HTTP/1.1\r\nhost: localhost\r\nx-a: 1\rx-b: 2\r\n\r\n",
        "GET /health HTTP/1.1\r\nhost: localhost\r\nx-a: 1\0\r\n\r\n",
        "GET /health HTTP/1.1\r\nhost: localhost\r\nx a: 1\r\n\r\n",
        "GET /health HTTP/1.1\r\nhost: localhost\r\nx-a : 1\r\n\r\n",
        "GET /health HTTP/1.1\r\nhost: localhost\r\n folded: 1\r\n\r\n",
        "GET /health\r\nx HTTP/1.1\r\nhost: localhost\r\n\r\n",
        "GET /he alth HTTP/1.1\r\nhost: localhost\r\n\r\n",
        "GET /health HTTP/3.0\r\nhost: localhost\r\n\r\n",
        "\0\0\0\0\r\n\r\n",
    ] {
        let answer = answered(&server, wrong).await;
        assert_eq!(statuses(&answer), ["400"], "{wrong:?}: {answer}");
    }
    assert_eq!(server.get("/health").await.status, 200);
}

/// Nobody behind or before this server may see two requests where it sees one.
#[tokio::test]
async fn lengths_that_can_be_read_in_two_ways_are_no_way_in() {
    let server = Server::start().await;
    let post = "POST /llm/chat HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n";
    let hidden = "GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n";
    for wrong in [
        "content-length: 4\r\ncontent-length: 44\r\n\r\n",
        "content-length: 4, 44\r\n\r\n",
        "content-length: +4\r\n\r\n",
        "content-length: 0x4\r\n\r\n",
        "content-length: -1\r\n\r\n",
        "content-length: 99999999999999999999999\r\n\r\n",
        "transfer-encoding: gzip\r\n\r\n",
        "transfer-encoding: chunked, identity\r\n\r\n",
        "transfer-encoding: xchunked\r\n\r\n",
    ] {
        let answer = answered(&server, &format!("{post}{wrong}{hidden}")).await;
        assert_eq!(statuses(&answer), ["400"], "{wrong:?}: {answer}");
    }
    // With both, the chunks count, and nothing that follows is taken for a request (RFC 9112 §6.1).
    for both in [
        "content-length: 4\r\ntransfer-encoding: chunked\r\n\r\n",
        "transfer-encoding: chunked\r\ncontent-length: 4\r\n\r\n",
    ] {
        let answer = answered(&server, &format!("{post}{both}0\r\n\r\n{hidden}")).await;
        assert_eq!(statuses(&answer), ["400"], "an empty body is no JSON: {answer}");
        assert!(answer.contains("invalid_json"), "{answer}");
    }
    assert_eq!(server.get("/health").await.status, 200);
}

#[tokio::test]
async fn chunks_that_are_none_are_refused() {
    let server = Server::start().await;
    let head = request(
        "POST",
        "/api/v1/clients",
        &[
            ("content-type", "application/json"),
            ("transfer-encoding", "chunked"),
        ],
        "",
    );
    let long = format!("2;{}\r\n{{}}\r\n0\r\n\r\n", "x".repeat(100_000));
    for wrong in [
        "zz\r\n{}\r\n0\r\n\r\n",
        "-2\r\n{}\r\n0\r\n\r\n",
        "2\r\n{}xx\r\n0\r\n\r\n",
        "2\n{}\n0\n\n",
        "fffffffffffffffff\r\n{}\r\n0\r\n\r\n",
        long.as_str(),
    ] {
        let answer = answered(&server, &format!("{head}{wrong}")).await;
        let statuses = statuses(&answer);
        assert!(
            statuses.len() <= 1 && statuses.iter().all(|status| status.starts_with('4')),
            "{wrong:.40?}: {answer}"
        );
    }
    assert_eq!(server.get("/health").await.status, 200);
}

#[tokio::test]
async fn ten_thousand_fields_and_cookies_without_end_are_refused() {
    let server = Server::start().await;
    let many: String = (0..10_000).map(|number| format!("x-{number}: 1\r\n")).collect();
    let cookies = "cookie: a=b\r\n".repeat(10_000);
    let cookie = format!("cookie: aurora_access={}\r\n", "x".repeat(1_000_000));
    for fields in [many, cookies, cookie] {
        let answer = answered(
            &server,
            &format!("GET /health HTTP/1.1\r\nhost: localhost\r\n{fields}\r\n"),
        )
        .await;
        // The answer can be lost with what the client had under way when the server closed.
        assert!(matches!(statuses(&answer)[..], [] | ["431"]), "{answer}");
    }
    let address = format!(
        "GET /{} HTTP/1.1\r\nhost: localhost\r\n\r\n",
        "x".repeat(1_000_000)
    );
    let answer = answered(&server, &address).await;
    assert!(matches!(statuses(&answer)[..], [] | ["414" | "431"]), "{answer}");
    assert_eq!(server.get("/health").await.status, 200);
}

/// Slow heads and slow bodies.
#[tokio::test]
async fn slow_clients_are_cut_and_others_are_served_meanwhile() {
    let server =
        Server::with("limits.header_read_timeout = \"300ms\"\nlimits.request_timeout = \"300ms\"").await;
    let body = request(
        "POST",
        "/api/v1/clients",
        &[("content-type", "application/json"), ("content-length", "10")],
        "",
    );
    let mut slow: Vec<Connection> = Vec::new();
    for number in 0..100 {
        let mut connection = server.connect().await;
        connection
            .send(if number % 2 == 0 {
                "GET /health HTT"
            } else {
                body.as_str()
            })
            .await;
        slow.push(connection);
    }
    assert_eq!(server.get("/health").await.status, 200);
    for (number, connection) in slow.iter_mut().enumerate() {
        if number % 2 == 0 {
            connection.is_ended().await;
        } else {
            connection.answer().await.problem(408, "body_timeout");
        }
    }
    assert_eq!(server.get("/health").await.status, 200);
}
