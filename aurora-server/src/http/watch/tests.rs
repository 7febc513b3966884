use aurora_crm::Context;
use aurora_crm::accounts::NewApiKey;
use aurora_crm::workspaces::{Role, Roles};
use serde_json::json;

use super::*;
use crate::http::testing::{House, Open, Person};

/// Streams, and what each begins with.
const STREAMS: [(&str, &str); 4] = [
    ("/api/events", "event: snapshot"),
    ("/api/v1/events", "retry: "),
    ("/api/v1/tasks/reminders", "text/event-stream"),
    ("/api/v1/conversations/events", "event: ready"),
];

async fn listening(house: &House, token: &str, (path, first): (&str, &str)) -> Open {
    let bearer = format!("Bearer {token}");
    let mut open = house
        .server
        .open_with("GET", path, &[("authorization", &bearer)], "")
        .await;
    open.until(first).await;
    open
}

/// Reads to the end, which has to be told with this reason.
async fn closed_with(open: &mut Open, reason: &str) {
    open.rest().await;
    let told = open.answer();
    assert_eq!(told.events().last(), Some(&"closing"), "{}", told.body);
    assert!(
        told.body
            .ends_with(&format!("data: {{\"reason\":\"{reason}\"}}\n\n")),
        "{}",
        told.body
    );
}

#[tokio::test]
async fn a_session_that_ends_takes_its_streams_along() {
    let house = House::new().await;
    let ana = house.founder().await;
    let other = house.signed_in(&ana.email).await;
    let mut streams = Vec::new();
    for stream in STREAMS {
        streams.push(listening(&house, &ana.token, stream).await);
    }
    let mut stays = listening(&house, &other.token, STREAMS[1]).await;
    let out = house.post(&ana, "/api/v1/auth/logout", &json!({})).await;
    assert!(out.status < 300, "{}", out.body);
    house.clock.advance(EVERY);
    for open in &mut streams {
        closed_with(open, "unauthenticated").await;
    }
    let kind = "test.a";
    house
        .server
        .state
        .bus
        .publish(None, kind, crate::http::bus::Level::Info, json!({}));
    stays.until_whole("event: test.a").await;
    house.server.stop().await.unwrap();
    stays.rest().await;
    assert!(!stays.answer().events().contains(&"closing"));
}

/// Somebody who manages the first workspace and listens to its events.
async fn manager(house: &House) -> (Person, Open) {
    let ana = house.founder().await;
    let bia = house.member(&ana, "bia@example.com", "admin").await;
    let open = listening(house, &bia.token, STREAMS[1]).await;
    (bia, open)
}

#[tokio::test]
async fn nothing_more_is_told_to_whoever_is_no_member_any_more() {
    let house = House::new().await;
    let (bia, mut open) = manager(&house).await;
    let state = &house.server.state;
    let context = Context::new(state.workspace, "test");
    let members = state.crm.members();
    let member = members.get(&context, bia.id.parse().unwrap()).await.unwrap();
    members
        .remove(&context, bia.id.parse().unwrap(), member.version)
        .await
        .unwrap();
    house.clock.advance(EVERY);
    // It happens after the right is gone, and before that has been asked.
    let workspace = Some(state.workspace);
    state
        .bus
        .publish(workspace, "test.a", crate::http::bus::Level::Info, json!({}));
    closed_with(&mut open, "forbidden").await;
    assert!(!open.answer().events().contains(&"test.a"));
    house.server.stop().await.unwrap();
}

#[tokio::test]
async fn a_role_without_the_right_ends_the_stream() {
    let house = House::new().await;
    let (bia, mut open) = manager(&house).await;
    let state = &house.server.state;
    let context = Context::new(state.workspace, "test");
    let members = state.crm.members();
    let member = members.get(&context, bia.id.parse().unwrap()).await.unwrap();
    members
        .change_roles(
            &context,
            bia.id.parse().unwrap(),
            member.version,
            Roles::of([Role::Viewer]),
        )
        .await
        .unwrap();
    house.clock.advance(EVERY);
    closed_with(&mut open, "forbidden").await;
    house.server.stop().await.unwrap();
}

#[tokio::test]
async fn a_key_that_is_revoked_takes_its_sockets_along() {
    let house = House::new().await;
    let state = &house.server.state;
    let context = Context::new(state.workspace, "test");
    let keys = state.doors.accounts().api_keys();
    let made = keys
        .create(&context, NewApiKey::new("wall").scope("event:read"))
        .await
        .unwrap();
    let bearer = format!("Bearer {}", made.secret.expose());
    let headers = [
        ("authorization", bearer.as_str()),
        ("connection", "Upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];
    let mut open = house
        .server
        .open_with("GET", "/api/v1/events/ws", &headers, "")
        .await;
    open.until("101 Switching Protocols").await;
    keys.revoke(&context, made.key.id).await.unwrap();
    house.clock.advance(EVERY);
    open.until(r#"{"kind":"closing","reason":"unauthenticated"}"#)
        .await;
    open.rest().await;
    house.server.stop().await.unwrap();
}

#[tokio::test]
async fn a_caller_does_not_take_the_places_of_others() {
    let house = House::new().await;
    let ana = house.founder().await;
    let bia = house.member(&ana, "bia@example.com", "admin").await;
    let mut open = Vec::new();
    for _ in 0..8 {
        open.push(listening(&house, &ana.token, STREAMS[1]).await);
    }
    let refused = house.get(&ana, "/api/v1/events").await;
    refused.problem(429, "too_many_requests");
    assert!(refused.header("retry-after").is_some());
    open.push(listening(&house, &bia.token, STREAMS[1]).await);
    house.server.stop().await.unwrap();
}
