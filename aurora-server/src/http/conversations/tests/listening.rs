//! Who listens, and who may not.

use crate::http::testing::Server;

use super::{visited, write};

#[tokio::test]
async fn who_comes_back_with_the_last_event_misses_nothing_and_hears_nothing_twice() {
    let server = Server::with([]).await;
    let at = "/api/v1/conversations/events";
    let mut live = server.open("GET", at, "").await;
    live.until_whole("event: ready").await;
    let (_, token) = visited(&server, "primeira").await;
    live.until_whole("event: message").await;
    let told = live.answer();
    assert_eq!(
        (told.status, told.header("content-type")),
        (200, Some("text/event-stream; charset=utf-8"))
    );
    let ids: Vec<i64> = told
        .body
        .lines()
        .filter_map(|line| line.strip_prefix("id: ")?.parse().ok())
        .collect();
    assert!(ids.is_sorted() && ids.len() >= 2, "{ids:?}");
    drop(live); // the connection breaks
    write(&server, &token, "m-2", "segunda").await;

    let last = ids.last().unwrap().to_string();
    let mut back = server.open_with("GET", at, &[("last-event-id", &last)], "").await;
    back.until_whole("event: message").await;
    let missed = back.answer();
    let messages = missed
        .events()
        .into_iter()
        .filter(|name| *name == "message")
        .count();
    assert_eq!(messages, 1, "only what came meanwhile: {}", missed.body);
    let message = missed
        .body
        .lines()
        .find_map(|line| line.split("\"message_id\":\"").nth(1)?.split('"').next())
        .unwrap();
    let message = server
        .get(&format!("/api/v1/conversations/messages/{message}"))
        .await
        .json();
    assert_eq!(message["content"]["body"], "segunda");
    assert_eq!(server.get(&format!("{at}?after=-1")).await.status, 400);
    assert_eq!(
        server.send("GET", at, &[("last-event-id", "x")], "").await.status,
        400
    );
    server.stop().await.unwrap();
    back.rest().await;
}

#[tokio::test]
async fn nobody_reads_without_credentials() {
    let alerts = aurora_alerts::AlertEngine::builder().build().unwrap();
    let server = Server::made([], alerts, &[("access.open", "false")], |builder| builder).await;
    for path in [
        "/api/v1/conversations",
        "/api/v1/conversations/events",
        "/api/v1/appointments",
        "/api/v1/calendar/links",
        "/api/v1/whatsapp/numbers",
        "/api/v1/webchats",
        "/api/v1/assistant",
        "/api/v1/services",
    ] {
        assert_eq!(server.get(path).await.status, 401, "{path}");
    }
    server.stop().await.unwrap();
}
