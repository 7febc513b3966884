use aurora_alerts::{AlertEngine, Rule};
use aurora_llm::providers::simulated::Simulated;
use serde_json::{Value, json};

use super::LISTENERS;
use crate::http::testing::Server;

#[tokio::test]
async fn listeners_hear_snapshots_and_alerts_until_the_server_stops() {
    let rule = Rule::new("Too hot").metric("heat").above(1.0);
    let alerts = AlertEngine::builder().rule(rule).build().unwrap();
    let server = Server::watched([], alerts.clone()).await;
    let mut first = server.open("GET", "/api/events", "").await;
    let mut second = server.open("GET", "/api/events", "").await;
    for open in [&mut first, &mut second] {
        open.until("event: snapshot").await;
    }
    alerts.record("heat", 2.0);
    for open in [&mut first, &mut second] {
        open.until("event: alert").await;
        open.until("\"active_alerts\":1").await;
    }
    // A listener is no request that the stop waits for.
    server.stop().await.unwrap();
    first.rest().await;
    second.rest().await;
    let events = first.answer();
    assert_eq!(events.events().first(), Some(&"history"));
    assert!(events.body.ends_with("\n\n"), "no event is cut");
}

#[tokio::test]
async fn a_snapshot_holds_what_the_dashboard_shows() {
    let server = Server::with([("sim-a", Simulated::new("sim-a"))]).await;
    server.post("/llm/chat", &json!({"prompt": "Why?"})).await;
    let mut open = server.open("GET", "/api/events", "").await;
    open.until_whole("\"requests\":1").await;
    let answer = open.answer();
    let snapshot = answer
        .body
        .lines()
        .rfind(|line| line.contains("\"requests\":1"))
        .unwrap();
    let snapshot: Value = serde_json::from_str(snapshot.trim_start_matches("data: ")).unwrap();
    assert_eq!(
        (&snapshot["simulated"], &snapshot["demo"]),
        (&json!(true), &json!(false))
    );
    let provider = &snapshot["providers"][0];
    assert_eq!(
        (&provider["target"], &provider["state"]),
        (&json!("sim-a"), &json!("closed"))
    );
    assert_eq!(provider["price"], json!({"input_usd": "1", "output_usd": "10"}));
    assert_eq!(
        (&snapshot["alerts"], &snapshot["notifications"]),
        (&json!([]), &json!([]))
    );
    server.stop().await.unwrap();
}

#[tokio::test]
async fn the_history_holds_what_the_charts_of_each_target_show() {
    let server = Server::with([("sim-a", Simulated::new("sim-a"))]).await;
    server.post("/llm/chat", &json!({"prompt": "Why?"})).await;
    // A beat that knows of the call leaves its point behind.
    let mut first = server.open("GET", "/api/events", "").await;
    first.until_whole("\"requests\":1").await;
    let mut open = server.open("GET", "/api/events", "").await;
    open.until_whole("event: snapshot").await;
    let answer = open.answer();
    assert_eq!(answer.events().first(), Some(&"history"));
    let points = answer
        .body
        .lines()
        .find(|line| line.starts_with("data: ["))
        .unwrap();
    let points: Value = serde_json::from_str(points.trim_start_matches("data: ")).unwrap();
    let last = points.as_array().unwrap().last().unwrap();
    assert!(last["at"].is_string(), "{last}");
    assert_eq!(last["success_rate"], 100.0);
    assert!(last["p50_ms"].is_number() && last["p95_ms"].is_number(), "{last}");
    let target = &last["targets"]["sim-a"];
    // Of the last five seconds, which may be over on a slow machine.
    let rate = |point: &Value| point["targets"]["sim-a"]["requests_per_second"].as_f64();
    let all = points.as_array().unwrap();
    assert!(all.iter().any(|point| rate(point) > Some(0.0)), "{points}");
    assert_eq!(target["error_rate"], 0.0);
    assert!(target["p95_ms"].is_number(), "{last}");
    server.stop().await.unwrap();
}

#[tokio::test]
async fn listeners_are_limited() {
    let server = Server::with([]).await;
    let taken: Vec<_> = (0..LISTENERS)
        .map(|_| server.state.pulse.inner.places.take(None, None).unwrap())
        .collect();
    assert_eq!(server.get("/api/events").await.status, 503);
    drop(taken);
    server
        .open("GET", "/api/events", "")
        .await
        .until("event: snapshot")
        .await;
    server.stop().await.unwrap();
}
