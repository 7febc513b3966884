use std::time::Duration;

use aurora_alerts::AlertEngine;
use aurora_core::time::{Clock as _, ManualClock, SystemClock};
use aurora_crm::Context;
use aurora_crm::accounts::NewApiKey;
use aurora_llm::LlmClient;
use aurora_llm::client::LlmTarget;
use aurora_llm::providers::simulated::{Simulated, Step};
use futures::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::http::testing::{Server, eventually, within};
use crate::http::watch::EVERY;

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

async fn dial(server: &Server, path: &str, headers: &[(&'static str, &str)]) -> Result<Socket, Error> {
    let mut request = format!("ws://localhost:{}{path}", server.address().port())
        .into_client_request()
        .unwrap();
    for (name, value) in headers {
        request.headers_mut().insert(*name, value.parse().unwrap());
    }
    within(connect_async(request)).await.map(|(socket, _)| socket)
}

async fn say(socket: &mut Socket, message: &Value) {
    within(socket.send(Message::text(message.to_string())))
        .await
        .unwrap();
}

/// The next event.
async fn hear(socket: &mut Socket) -> Value {
    loop {
        match within(socket.next()).await.unwrap().unwrap() {
            Message::Text(text) => return serde_json::from_str(&text).unwrap(),
            Message::Ping(_) | Message::Pong(_) => {}
            other => panic!("{other:?}"),
        }
    }
}

fn one(provider: Simulated) -> [(&'static str, Simulated); 1] {
    [("sim-a", provider)]
}

#[tokio::test]
async fn chats_of_one_socket_are_told_apart() {
    let server = Server::with(one(Simulated::new("sim-a").says("It is blue."))).await;
    for path in ["/llm/ws", "/api/v1/llm/ws"] {
        let mut socket = dial(&server, path, &[]).await.unwrap();
        say(&mut socket, &json!({"type": "chat", "id": "a", "prompt": "Why?"})).await;
        say(&mut socket, &json!({"type": "chat", "id": "b", "prompt": "Why?"})).await;
        let mut said = [String::new(), String::new()];
        let mut ended = 0;
        while ended < 2 {
            let event = hear(&mut socket).await;
            let of = usize::from(event["id"] == "b");
            match event["type"].as_str().unwrap() {
                "text" => said[of].push_str(event["data"]["text"].as_str().unwrap()),
                "finish" => {
                    assert!(event["data"]["usage"]["output_tokens"].as_u64().unwrap() > 0);
                    ended += 1;
                }
                _ => {}
            }
        }
        assert_eq!(said, ["It is blue.", "It is blue."]);
    }
    server.stop().await.unwrap();
}

#[tokio::test]
async fn what_cannot_be_understood_is_an_error_and_the_socket_goes_on() {
    let server = Server::with(one(Simulated::new("sim-a"))).await;
    let mut socket = dial(&server, "/llm/ws", &[]).await.unwrap();
    let table = [
        (json!([1]), "bad_request", Value::Null),
        (json!({"type": "chat", "prompt": "?"}), "invalid", Value::Null),
        (json!({"type": "dance", "id": "1"}), "invalid", json!("1")),
        (json!({"type": "chat", "id": "2"}), "invalid", json!("2")),
        (
            json!({"type": "chat", "id": "3", "prompt": "?", "model": "nothing"}),
            "model_not_found",
            json!("3"),
        ),
    ];
    for (message, code, id) in table {
        say(&mut socket, &message).await;
        let event = hear(&mut socket).await;
        assert_eq!(
            (&event["type"], &event["data"]["code"], &event["id"]),
            (&json!("error"), &json!(code), &id),
            "{message}"
        );
    }
    say(&mut socket, &json!({"type": "chat", "id": "4", "prompt": "?"})).await;
    assert_eq!(hear(&mut socket).await["type"], "start");
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_chat_can_be_cancelled_and_a_client_that_leaves_takes_all_with_it() {
    let provider = Simulated::new("sim-a").says("One two three.").script([
        Step::StallAfter(2),
        Step::StallAfter(2),
        Step::StallAfter(2),
    ]);
    let handle = provider.handle();
    let server = Server::with(one(provider)).await;
    let mut socket = dial(&server, "/llm/ws", &[]).await.unwrap();
    for id in ["a", "b"] {
        say(&mut socket, &json!({"type": "chat", "id": id, "prompt": "?"})).await;
    }
    eventually(|| handle.in_flight() == 2).await;
    say(&mut socket, &json!({"type": "cancel", "id": "a"})).await;
    loop {
        let event = hear(&mut socket).await;
        if event["type"] == "cancelled" {
            assert_eq!(event["id"], "a");
            break;
        }
    }
    assert_eq!(handle.cancelled(), 1);
    drop(socket);
    eventually(|| handle.cancelled() == 2).await;
    server.stop().await.unwrap();
}

#[tokio::test]
async fn only_so_many_chats_are_under_way_at_once() {
    let provider = Simulated::new("sim-a")
        .says("One two three.")
        .script(vec![Step::StallAfter(1); 9]);
    let server = Server::with(one(provider)).await;
    let mut socket = dial(&server, "/llm/ws", &[]).await.unwrap();
    for number in 0..9 {
        say(
            &mut socket,
            &json!({"type": "chat", "id": number.to_string(), "prompt": "?"}),
        )
        .await;
    }
    loop {
        let event = hear(&mut socket).await;
        if event["type"] == "error" {
            assert_eq!(
                (&event["id"], &event["data"]["code"]),
                (&json!("8"), &json!("too_many_requests"))
            );
            break;
        }
    }
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_client_that_does_not_read_slows_the_upstream_down() {
    let text = "word ".repeat(200_000);
    let provider = Simulated::new("sim-a").says(text.as_str());
    let handle = provider.handle();
    let server = Server::with(one(provider)).await;
    let mut socket = dial(&server, "/llm/ws", &[]).await.unwrap();
    say(&mut socket, &json!({"type": "chat", "id": "a", "prompt": "?"})).await;
    assert_eq!(hear(&mut socket).await["type"], "start");
    SystemClock.sleep(Duration::from_millis(500)).await;
    assert_eq!(handle.in_flight(), 1, "what nobody takes is not read");
    drop(socket);
    eventually(|| handle.in_flight() == 0).await;
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_socket_ends_with_a_last_event_when_the_server_stops() {
    let server = Server::with(one(Simulated::new("sim-a"))).await;
    let mut socket = dial(&server, "/llm/ws", &[]).await.unwrap();
    let (stopped, ()) = tokio::join!(server.stop(), async {
        let event = hear(&mut socket).await;
        assert_eq!(
            (&event["type"], &event["data"]["reason"]),
            (&json!("closing"), &json!("server_stopping"))
        );
        let Message::Close(Some(frame)) = within(socket.next()).await.unwrap().unwrap() else {
            panic!("no close")
        };
        assert_eq!(frame.code, CloseCode::Away);
    });
    stopped.unwrap();
}

#[tokio::test]
async fn more_than_is_taken_ends_the_socket() {
    let server = Server::with(one(Simulated::new("sim-a"))).await;
    let mut socket = dial(&server, "/llm/ws", &[]).await.unwrap();
    let long = json!({"type": "chat", "id": "a", "prompt": "x".repeat(70_000)});
    drop(socket.send(Message::text(long.to_string())).await);
    let ended = async { while let Some(Ok(_)) = socket.next().await {} };
    within(ended).await;
    server.stop().await.unwrap();
}

#[tokio::test]
async fn foreign_pages_and_plain_requests_get_no_socket() {
    let server = Server::with(one(Simulated::new("sim-a"))).await;
    let refused = dial(&server, "/llm/ws", &[("origin", "https://evil.example")]).await;
    assert!(
        matches!(&refused, Err(Error::Http(response)) if response.status() == 403),
        "{refused:?}"
    );
    let host = format!("http://localhost:{}", server.address().port());
    assert!(dial(&server, "/llm/ws", &[("origin", &host)]).await.is_ok());
    let plain = server.get("/llm/ws").await;
    assert_eq!(
        (plain.status, &plain.json()["code"]),
        (400, &json!("bad_request"))
    );
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_key_that_is_revoked_ends_its_socket() {
    let target = LlmTarget::new(Simulated::new("sim-a"), "m-a").name("sim-a");
    let server = Server::of(LlmClient::builder().target(target)).await;
    let made = server
        .post("/api/v1/llm/keys", &json!({"name": "k"}))
        .await
        .json();
    let bearer = format!("Bearer {}", made["key"].as_str().unwrap());
    let mut socket = dial(&server, "/llm/ws", &[("authorization", &bearer)])
        .await
        .unwrap();
    say(&mut socket, &json!({"type": "chat", "id": "a", "prompt": "?"})).await;
    assert_eq!(hear(&mut socket).await["type"], "start");
    let path = format!("/api/v1/llm/keys/{}", made["id"].as_str().unwrap());
    assert_eq!(server.send("DELETE", &path, &[], &Value::Null).await.status, 204);
    say(&mut socket, &json!({"type": "chat", "id": "b", "prompt": "?"})).await;
    loop {
        let event = hear(&mut socket).await;
        if event["type"] == "closing" {
            assert_eq!(event["data"]["reason"], "unauthenticated");
            break;
        }
        assert_eq!(event["id"], "a");
    }
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_revoked_key_ends_a_socket_on_which_nothing_is_said() {
    let clock = ManualClock::default();
    let providers = one(Simulated::new("sim-a"));
    let alerts = AlertEngine::builder().build().unwrap();
    let server = Server::made(providers, alerts, &[("access.open", "false")], |builder| {
        builder.clock(clock.clone())
    })
    .await;
    let context = Context::new(server.state.workspace, "test");
    let keys = server.state.doors.accounts().api_keys();
    let new = NewApiKey::new("test").scope("llm:use");
    let made = keys.create(&context, new).await.unwrap();
    let bearer = format!("Bearer {}", made.secret.expose());
    let mut socket = dial(&server, "/llm/ws", &[("authorization", &bearer)])
        .await
        .unwrap();
    keys.revoke(&context, made.key.id).await.unwrap();
    clock.advance(EVERY);
    let event = hear(&mut socket).await;
    assert_eq!(
        (&event["type"], &event["data"]["reason"]),
        (&json!("closing"), &json!("unauthenticated"))
    );
    server.stop().await.unwrap();
}

#[tokio::test]
async fn chats_of_a_socket_count_as_requests() {
    let providers = one(Simulated::new("sim-a"));
    let alerts = AlertEngine::builder().build().unwrap();
    let settings = [("access.open", "false"), ("limits.api_per_hour", "3")];
    let server = Server::made(providers, alerts, &settings, |builder| builder).await;
    let bearer = server.program(&["llm:use"]).await;
    let mut socket = dial(&server, "/llm/ws", &[("authorization", &bearer)])
        .await
        .unwrap();
    for id in ["a", "b", "c"] {
        say(&mut socket, &json!({"type": "chat", "id": id, "prompt": "?"})).await;
    }
    loop {
        let event = hear(&mut socket).await;
        if event["type"] == "error" {
            assert_eq!(
                (&event["id"], &event["data"]["code"]),
                (&json!("c"), &json!("too_many_requests"))
            );
            break;
        }
    }
    server.stop().await.unwrap();
}
