//! Visitors of a page, by polling and on an open line.

use std::time::Duration;

use aurora_core::time::ManualClock;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::http::layers::pace::Class;
use crate::http::testing::{Answer, Server, within};

async fn chat(server: &Server) -> (String, String) {
    let made = server.post("/api/v1/webchats", &json!({"name": "Site"})).await;
    server.assert_shape("WebChat", &made.json());
    let id = made.json()["id"].as_str().unwrap().to_owned();
    let key = server.get(&format!("/api/v1/webchats/{id}/key")).await.json();
    (id, key["page_key"].as_str().unwrap().to_owned())
}

async fn begin(server: &Server, key: &str) -> Answer {
    server
        .post("/api/v1/webchat/sessions", &json!({"page_key": key}))
        .await
}

async fn token(server: &Server, key: &str) -> String {
    let session = begin(server, key).await.json();
    server.assert_shape("VisitorSession", &session);
    session["token"].as_str().unwrap().to_owned()
}

async fn call(server: &Server, method: &str, path: &str, token: &str, body: &str) -> Answer {
    let bearer = format!("Bearer {token}");
    server
        .send(
            method,
            &format!("/api/v1/webchat/{path}"),
            &[("authorization", &bearer)],
            body,
        )
        .await
}

async fn answer(server: &Server, text: &str) {
    let list = server
        .until("/api/v1/conversations", |list| list["items"] != json!([]))
        .await;
    let at = format!(
        "/api/v1/conversations/{}/messages",
        list["items"][0]["id"].as_str().unwrap()
    );
    assert_eq!(server.post(&at, &json!({"text": text})).await.status, 201);
}

#[tokio::test]
async fn a_visitor_writes_and_waits_for_the_answer() {
    let server = Server::with([]).await;
    let (_, key) = chat(&server).await;
    let token = token(&server, &key).await;
    let body = json!({"key": "m-1", "text": "Olá"}).to_string();
    let posted = call(&server, "POST", "messages", &token, &body).await;
    server.assert_shape("VisitorView", &posted.json());
    assert_eq!((posted.status, &posted.json()["own"]), (201, &json!(true)));
    let again = call(&server, "POST", "messages", &token, &body).await.json();
    assert_eq!(again["id"], posted.json()["id"], "the page tried again");
    let first = call(&server, "GET", "messages", &token, "").await.json();
    server.assert_shape("VisitorMessages", &first);
    let path = format!("messages?wait=25&after={}", first["after"]);
    let (waited, ()) = tokio::join!(
        call(&server, "GET", &path, &token, ""),
        answer(&server, "Bom dia!")
    );
    assert_eq!(
        waited.json()["items"][0]["content"]["body"],
        "Bom dia!",
        "{}",
        waited.body
    );
    let renewed = call(&server, "POST", "sessions/renew", &token, "").await;
    assert_eq!(renewed.status, 200, "{}", renewed.body);
    server.stop().await.unwrap();
}

#[tokio::test]
async fn only_who_has_a_key_or_a_token_is_a_visitor() {
    let server = Server::with([]).await;
    let (id, key) = chat(&server).await;
    let token = token(&server, &key).await;
    assert_eq!(begin(&server, "nothing").await.status, 401);
    assert_eq!(begin(&server, &token).await.status, 401, "a visitor is no page");
    for wrong in ["", "x", &key] {
        assert_eq!(
            call(&server, "GET", "messages", wrong, "").await.status,
            401,
            "{wrong}"
        );
    }
    assert_eq!(server.get("/api/v1/webchat/messages").await.status, 401);
    assert_eq!(
        call(&server, "GET", "messages?wait=26&limit=0", &token, "")
            .await
            .status,
        400
    );
    let wrong = call(
        &server,
        "POST",
        "messages",
        &token,
        r#"{"key": "a b", "text": ""}"#,
    )
    .await;
    assert_eq!(
        (wrong.status, wrong.json()["errors"].as_array().unwrap().len()),
        (422, 2),
        "{}",
        wrong.body
    );
    let off = server
        .post(&format!("/api/v1/webchats/{id}/disable"), &json!({}))
        .await;
    assert!(off.json()["disabled_at"].is_string());
    assert_eq!(begin(&server, &key).await.status, 404);
    assert_eq!(call(&server, "GET", "messages", &token, "").await.status, 404);
    server
        .post(&format!("/api/v1/webchats/{id}/enable"), &json!({}))
        .await;
    assert_eq!(call(&server, "GET", "messages", &token, "").await.status, 200);
    server.stop().await.unwrap();
}

#[tokio::test]
async fn an_address_begins_so_often_and_a_visitor_writes_so_much() {
    let server = Server::with([]).await;
    let (_, key) = chat(&server).await;
    let token = token(&server, &key).await;
    for number in 0..30 {
        let body = json!({"key": format!("m-{number}"), "text": "Olá"}).to_string();
        assert_eq!(call(&server, "POST", "messages", &token, &body).await.status, 201);
    }
    let more = call(
        &server,
        "POST",
        "messages",
        &token,
        r#"{"key": "m-30", "text": "Olá"}"#,
    )
    .await;
    assert_eq!(
        (more.status, more.header("retry-after")),
        (429, Some("60")),
        "{}",
        more.body
    );
    // A place comes back every three seconds, and this may take some.
    let mut more = begin(&server, &key).await;
    for _ in 0..60 {
        if more.status == 429 {
            break;
        }
        assert_eq!(more.status, 201, "{}", more.body);
        more = begin(&server, &key).await;
    }
    assert_eq!(more.status, 429, "{}", more.body);
    assert!(more.header("retry-after").is_some());
    server.stop().await.unwrap();
}

#[tokio::test]
async fn only_so_many_calls_of_a_session_wait_for_messages() {
    let server = Server::with([]).await;
    let (_, key) = chat(&server).await;
    let (ana, bia) = (token(&server, &key).await, token(&server, &key).await);
    let places = &server.state.reception.waiting;
    let taken: Vec<_> = (0..2).map(|_| places.take(None, Some(&ana)).unwrap()).collect();
    let refused = call(&server, "GET", "messages?wait=25", &ana, "").await;
    refused.problem(429, "too_many_requests");
    assert!(refused.header("retry-after").is_some());
    let at_once = call(&server, "GET", "messages", &ana, "").await;
    assert_eq!(at_once.status, 200, "whoever does not wait takes no place");
    let body = json!({"key": "m-1", "text": "Olá"}).to_string();
    assert_eq!(call(&server, "POST", "messages", &bia, &body).await.status, 201);
    let other = call(&server, "GET", "messages?wait=25", &bia, "").await;
    assert_eq!(
        other.json()["items"][0]["content"]["body"],
        "Olá",
        "{}",
        other.body
    );
    // When all places are taken nobody waits, and everybody is answered.
    let full: Vec<_> = std::iter::from_fn(|| places.take(None, None).ok()).collect();
    call(&server, "GET", "messages?wait=25", &bia, "")
        .await
        .problem(503, "unavailable");
    assert_eq!(call(&server, "GET", "messages", &bia, "").await.status, 200);
    drop((full, taken));
    server.stop().await.unwrap();
}

#[tokio::test]
async fn visitors_of_an_address_call_so_often() {
    let clock = ManualClock::default();
    let server = Server::adapted(|builder| builder.clock(clock)).await;
    let (_, key) = chat(&server).await;
    let token = token(&server, &key).await;
    let address = Some("127.0.0.1".parse().unwrap());
    while server
        .state
        .pace
        .of_address(Class::Visitor, address)
        .await
        .is_ok()
    {}
    let body = json!({"key": "m-1", "text": "Olá"}).to_string();
    for (method, path, body) in [
        ("GET", "messages", ""),
        ("POST", "messages", body.as_str()),
        ("POST", "sessions/renew", ""),
    ] {
        let answer = call(&server, method, path, &token, body).await;
        answer.problem(429, "too_many_requests");
        assert!(answer.header("retry-after").is_some(), "{method} {path}");
    }
    server.stop().await.unwrap();
}

/// The plainest client of RFC 6455.
struct Line {
    stream: TcpStream,
    unread: Vec<u8>,
}

impl Line {
    async fn open(server: &Server, headers: &str) -> Result<Self, String> {
        let mut stream = server.connect().await;
        let head = format!(
            "GET /api/v1/webchat/line HTTP/1.1\r\nhost: localhost\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\
             sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n{headers}\r\n"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut unread = Vec::new();
        let end = loop {
            if let Some(end) = unread.windows(4).position(|window| window == b"\r\n\r\n") {
                break end + 4;
            }
            assert!(within(stream.read_buf(&mut unread)).await.unwrap() > 0);
        };
        let head: Vec<u8> = unread.drain(..end).collect();
        let head = String::from_utf8(head).unwrap();
        if head.starts_with("HTTP/1.1 101") {
            // The vector of RFC 6455 §1.3.
            assert!(
                head.to_ascii_lowercase().contains("s3pplmbitxaq9kygzzhzrbk+xoo="),
                "{head}"
            );
            Ok(Self { stream, unread })
        } else {
            Err(head)
        }
    }

    async fn say(&mut self, what: &Value) {
        self.frame(0x81, what.to_string().as_bytes()).await;
    }

    async fn frame(&mut self, first: u8, payload: &[u8]) {
        let mut frame = vec![first];
        match u16::try_from(payload.len()) {
            Ok(length) if length < 126 => frame.push(0x80 | u8::try_from(length).unwrap()),
            Ok(length) => {
                frame.push(0xfe);
                frame.extend(length.to_be_bytes());
            }
            Err(_) => {
                frame.push(0xff);
                frame.extend(u64::try_from(payload.len()).unwrap().to_be_bytes());
            }
        }
        frame.extend([0; 4]); // a mask of zeros leaves it as it is
        frame.extend(payload);
        self.stream.write_all(&frame).await.unwrap();
    }

    /// The next text; `None` once the other side has closed.
    async fn next(&mut self) -> Option<Value> {
        loop {
            let (kind, payload) = self.read().await?;
            match kind {
                0x1 => return Some(serde_json::from_slice(&payload).unwrap()),
                0x8 => return None,
                _ => {}
            }
        }
    }

    async fn read(&mut self) -> Option<(u8, Vec<u8>)> {
        self.fill(2).await?;
        let (kind, short) = (self.unread[0] & 0x0f, self.unread[1]);
        let (head, length) = if short == 126 {
            self.fill(4).await?;
            (
                4,
                usize::from(u16::from_be_bytes([self.unread[2], self.unread[3]])),
            )
        } else {
            (2, usize::from(short))
        };
        self.fill(head + length).await?;
        let frame: Vec<u8> = self.unread.drain(..head + length).collect();
        Some((kind, frame[head..].to_vec()))
    }

    async fn fill(&mut self, length: usize) -> Option<()> {
        while self.unread.len() < length {
            if within(self.stream.read_buf(&mut self.unread)).await.ok()? == 0 {
                return None;
            }
        }
        Some(())
    }
}

#[tokio::test]
async fn an_open_line_takes_and_brings_messages_until_the_server_stops() {
    let server = Server::with([]).await;
    let (_, key) = chat(&server).await;
    let token = token(&server, &key).await;
    let mut line = Line::open(&server, "origin: http://localhost\r\n").await.unwrap();
    line.say(&json!({"type": "hello", "token": token})).await;
    assert_eq!(line.next().await.unwrap(), json!({"type": "ready", "after": 0}));
    line.say(&json!({"type": "message", "key": "m-1", "text": "Olá", "name": "Ana"}))
        .await;
    let mut kinds = Vec::new();
    while kinds.len() < 2 {
        kinds.push(line.next().await.unwrap()["type"].as_str().unwrap().to_owned());
    }
    kinds.sort();
    assert_eq!(kinds, ["messages", "posted"]);
    line.say(&json!({"type": "message", "key": "m 2", "text": ""}))
        .await;
    let refused = line.next().await.unwrap();
    assert_eq!(
        (&refused["type"], &refused["code"]),
        (&json!("refused"), &json!("invalid")),
        "{refused}"
    );
    answer(&server, "Bom dia!").await;
    let came = line.next().await.unwrap();
    assert_eq!(came["items"][0]["content"]["body"], "Bom dia!", "{came}");

    let (ended, ()) = tokio::join!(server.stop(), async {
        assert_eq!(
            line.next().await.unwrap(),
            json!({"type": "bye", "reason": "stopping"})
        );
        assert!(line.next().await.is_none());
    });
    ended.unwrap();
}

#[tokio::test]
async fn a_line_ends_for_whoever_may_not_speak_or_says_too_much() {
    let server = Server::with([]).await;
    let (_, key) = chat(&server).await;
    let token = token(&server, &key).await;
    let refused = Line::open(&server, "origin: https://evil.example\r\n")
        .await
        .err()
        .unwrap();
    assert!(refused.starts_with("HTTP/1.1 403"), "{refused}");
    assert_eq!(server.get("/api/v1/webchat/line").await.status, 400);
    for (said, reason) in [
        (json!({"type": "hello", "token": "x"}), "unauthenticated"),
        (
            json!({"type": "message", "key": "m", "text": "before hello"}),
            "unreadable",
        ),
        (json!("what"), "unreadable"),
    ] {
        let mut line = Line::open(&server, "").await.unwrap();
        line.say(&said).await;
        assert_eq!(
            line.next().await.unwrap(),
            json!({"type": "bye", "reason": reason}),
            "{said}"
        );
        assert!(line.next().await.is_none());
    }
    let mut line = Line::open(&server, "").await.unwrap();
    line.say(&json!({"type": "hello", "token": token})).await;
    assert_eq!(line.next().await.unwrap()["type"], "ready");
    let large = format!(
        "{{\"type\":\"message\",\"key\":\"m\",\"text\":\"{}\"}}",
        "x".repeat(64 * 1024)
    );
    line.frame(0x81, large.as_bytes()).await;
    let ended = tokio::time::timeout(Duration::from_secs(20), async {
        while line.next().await.is_some() {}
    });
    ended.await.unwrap();
    server.stop().await.unwrap();
}
