use aurora_alerts::{AlertEngine, Rule};
use serde_json::{Value, json};

use crate::http::bus::{KEPT, LISTENERS, Level};
use crate::http::testing::{House, Open, Server};

fn publish(server: &Server, kind: &'static str, level: Level) {
    server.state.bus.publish(None, kind, level, json!({"n": 1}));
}

/// The last id of an event in what was read.
fn last_id(open: &Open) -> u64 {
    let body = open.answer().body;
    let mut ids = body.lines().filter_map(|line| line.strip_prefix("id: "));
    ids.next_back().unwrap().parse().unwrap()
}

#[tokio::test]
async fn whoever_listens_hears_and_resumes_where_they_were() {
    let server = Server::with([]).await;
    let mut open = server.open("GET", "/api/v1/events?kind=test", "").await;
    open.until("retry: ").await;
    publish(&server, "test.a", Level::Info);
    publish(&server, "other.a", Level::Info);
    publish(&server, "test.b", Level::Info);
    open.until_whole("event: test.b").await;
    assert_eq!(open.answer().events(), ["test.a", "test.b"]);
    let id = last_id(&open);
    drop(open);
    publish(&server, "test.c", Level::Error);
    let headers = [("last-event-id", id.to_string())];
    let headers: Vec<(&str, &str)> = headers
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let mut resumed = server
        .open_with("GET", "/api/v1/events?kind=test&level=error", &headers, "")
        .await;
    resumed.until_whole("event: test.c").await;
    assert_eq!(resumed.answer().events(), ["test.c"]);
    // A stream is no request that the stop waits for.
    let mut late = server.open("GET", "/api/v1/events?kind=test&after=1", "").await;
    late.until_whole("event: gap").await;
    server.stop().await.unwrap();
    late.rest().await;
    assert!(late.answer().body.ends_with("\n\n"), "no event is cut");
}

#[tokio::test]
async fn the_end_of_an_alert_tells_since_when_it_was() {
    let rule = Rule::new("Too hot").metric("heat").above(1.0);
    let alerts = AlertEngine::builder().rule(rule).build().unwrap();
    let server = Server::watched([], alerts.clone()).await;
    let mut open = server.open("GET", "/api/v1/events?kind=alert", "").await;
    open.until("retry: ").await;
    alerts.record("heat", 2.0);
    open.until_whole("event: alert.fired").await;
    let since = alerts.active()[0].state.phase.active_since().unwrap();
    alerts.record("heat", 0.0);
    open.until_whole("event: alert.resolved").await;
    let log = server.get("/api/v1/events/log?kind=alert").await.good(200);
    for item in log["items"].as_array().unwrap() {
        assert_eq!(item["data"]["starts_at"], json!(since), "{item}");
    }
    assert_eq!(log["items"].as_array().unwrap().len(), 2, "{log}");
    server.stop().await.unwrap();
}

#[tokio::test]
async fn the_log_is_read_by_pages_and_filters() {
    let server = Server::with([]).await;
    for kind in ["test.a", "test.b", "test.c"] {
        publish(&server, kind, Level::Warning);
    }
    publish(&server, "test.d", Level::Info);
    let first = server
        .get("/api/v1/events/log?kind=test&level=warning&limit=2")
        .await
        .json();
    let kinds = |page: &Value| -> Vec<String> {
        let items = page["items"].as_array().unwrap().iter();
        items
            .map(|item| item["kind"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(kinds(&first), ["test.c", "test.b"]);
    let next = first["next"].as_str().unwrap();
    let second = server
        .get(&format!(
            "/api/v1/events/log?kind=test&level=warning&limit=2&cursor={next}"
        ))
        .await
        .json();
    assert_eq!(
        (kinds(&second), &second["next"]),
        (vec!["test.a".to_owned()], &Value::Null)
    );
    let none = server
        .get("/api/v1/events/log?since=2100-01-01T00:00:00Z")
        .await
        .json();
    assert_eq!(none["items"], json!([]));
    for wrong in [
        "level=loud",
        "since=yesterday",
        "limit=0",
        "kind=,",
        "after=x",
        "cursor=%22",
    ] {
        let answer = server.get(&format!("/api/v1/events/log?{wrong}")).await;
        assert_eq!(answer.status, 400, "{wrong}: {}", answer.body);
    }
    server.stop().await.unwrap();
}

#[tokio::test]
async fn failures_of_requests_and_changes_of_targets_are_events() {
    use aurora_llm::providers::simulated::{Simulated, Step};
    let failing = Simulated::new("sim-a").script((0..9).map(|_| Step::status(500)));
    let server = Server::with([("sim-a", failing), ("sim-b", Simulated::new("sim-b"))]).await;
    let mut open = server.open("GET", "/api/v1/events", "").await;
    open.until("retry: ").await;
    server.post("/llm/chat", &json!({"prompt": "Why?"})).await;
    open.until_whole("event: llm.fallback").await;
    // As many as there is room for; this stream has a place already.
    let taken: Vec<_> = (1..LISTENERS)
        .map(|_| server.state.bus.places.take(None, None).unwrap())
        .collect();
    let refused = server.get("/api/v1/events").await;
    assert_eq!(
        (refused.status, refused.json()["code"].as_str()),
        (503, Some("unavailable"))
    );
    assert!(refused.header("retry-after").is_some());
    drop(taken);
    open.until_whole("event: request.failed").await;
    open.until_whole("/api/v1/events").await;
    server.stop().await.unwrap();
}

const UPGRADE: [(&str, &str); 4] = [
    ("connection", "Upgrade"),
    ("upgrade", "websocket"),
    ("sec-websocket-version", "13"),
    ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
];

#[tokio::test]
async fn the_same_events_come_over_a_socket() {
    let server = Server::with([]).await;
    let mut open = server
        .open_with("GET", "/api/v1/events/ws?kind=test&after=1", &UPGRADE, "")
        .await;
    open.until("101 Switching Protocols").await;
    open.until("\"kind\":\"gap\"").await;
    publish(&server, "other.a", Level::Info);
    publish(&server, "test.a", Level::Info);
    open.until("\"kind\":\"test.a\"").await;
    server.stop().await.unwrap();
    open.until("the server stops").await;
}

#[tokio::test]
async fn sockets_of_foreign_pages_and_plain_requests_are_refused() {
    let server = Server::with([]).await;
    for foreign in [
        ("origin", "https://evil.example"),
        ("sec-fetch-site", "cross-site"),
    ] {
        let mut headers = UPGRADE.to_vec();
        headers.push(foreign);
        let mut open = server.open_with("GET", "/api/v1/events/ws", &headers, "").await;
        open.until("foreign_origin").await;
        assert_eq!(open.answer().status, 403);
    }
    let own: Vec<_> = UPGRADE
        .into_iter()
        .chain([("origin", "http://localhost")])
        .collect();
    server
        .open_with("GET", "/api/v1/events/ws", &own, "")
        .await
        .until("101 Switching Protocols")
        .await;
    let plain = server.get("/api/v1/events/ws").await;
    assert_eq!(
        (plain.status, plain.header("content-type")),
        (400, Some("application/problem+json"))
    );
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_listener_that_falls_behind_is_cut_off() {
    let server = Server::with([]).await;
    let mut open = server.open("GET", "/api/v1/events?kind=test", "").await;
    open.until("retry: ").await;
    // Nothing is read while more is published than is kept: the stream is not polled within this.
    for _ in 0..=KEPT {
        publish(&server, "test.a", Level::Info);
    }
    open.rest().await;
    let events = open.answer();
    assert_eq!(events.events().last(), Some(&"overrun"));
    server.stop().await.unwrap();
}

#[tokio::test]
async fn the_address_chooses_a_workspace_as_the_header_does() {
    let house = House::new().await;
    let ana = house.administrator().await;
    let bia = house.member(&ana, "bia@example.com", "admin").await;
    let body = json!({"name": "Boa Vista"});
    let clinic = house.post(&ana, "/api/v1/clinics", &body).await.good(201);
    let clinic = clinic["id"].as_str().unwrap().to_owned();
    let own = house.server.state.workspace;
    let bearer = ana.bearer();
    let shown = [("authorization", bearer.as_str())];
    let path = format!("/api/v1/events?kind=test&workspace={clinic}");
    let mut open = house.server.open_with("GET", &path, &shown, "").await;
    open.until("retry: ").await;
    let publish = |workspace, kind| {
        let bus = &house.server.state.bus;
        bus.publish(Some(workspace), kind, Level::Info, json!({"n": 1}));
    };
    publish(own, "test.elsewhere");
    publish(clinic.parse().unwrap(), "test.here");
    open.until_whole("event: test.here").await;
    assert_eq!(open.answer().events(), ["test.here"]);
    drop(open);

    for at in [
        "/api/events",
        "/api/v1/events",
        "/api/v1/conversations/events",
        "/api/v1/tasks/reminders",
    ] {
        let path = format!("{at}?workspace={clinic}");
        let agreed = [shown[0], ("x-workspace-id", clinic.as_str())];
        let mut open = house.server.open_with("GET", &path, &agreed, "").await;
        open.until("\r\n\r\n").await;
        assert_eq!(open.answer().status, 200, "{at}");
        let own = own.to_string();
        let others = [("x-clinic-id", own.as_str())];
        house
            .ask(&ana, "GET", &path, &others, "")
            .await
            .problem(404, "not_found");
        let wrong = house.get(&ana, &format!("{at}?workspace=nonsense")).await;
        wrong.problem(400, "invalid_parameter");
        assert_eq!(wrong.wrong_fields(), ["workspace"], "{at}");
        let answer = house.get(&bia, &path).await;
        answer.problem(404, "not_found");
    }
    // Whatever can be asked for with a header is not chosen so.
    let path = format!("/api/v1/events/log?workspace={clinic}");
    house.get(&ana, &path).await.problem(400, "invalid_parameter");
    house.server.stop().await.unwrap();
}
