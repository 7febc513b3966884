use std::time::Duration;

use aurora_alerts::{AlertEngine, Console, Rule};
use aurora_core::cache::MemoryCache;
use aurora_core::money::NanoUsd;
use aurora_core::resilience::Breaker;
use aurora_core::time::Timestamp;
use aurora_llm::LlmClient;
use aurora_llm::client::{LlmTarget, ResponseCache};
use aurora_llm::pricing::Price;
use aurora_llm::providers::simulated::{Simulated, Step};
use serde_json::{Value, json};

use super::snapshot::Snapshot;
use crate::http::testing::{Server, eventually};

#[tokio::test]
async fn status_performance_and_fallback_tell_the_same_story() {
    let failing = Simulated::new("sim-a").script([Step::status(503)]);
    let server = Server::with([("sim-a", failing), ("sim-b", Simulated::new("sim-b"))]).await;
    server.post("/llm/chat", &json!({"prompt": "Why?"})).await;
    let status = server.get("/api/status").await.json();
    assert_eq!(
        (&status["environment"], &status["simulated"]),
        (&json!("development"), &json!(true))
    );
    assert_eq!(
        (&status["totals"]["requests"], &status["totals"]["fallbacks"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(status["totals"]["success_rate"], 100.0);
    assert_eq!(status["health"]["status"], "ok");
    let fallback = server.get("/api/fallback").await.json();
    let counts: Vec<_> = fallback["targets"]
        .as_array()
        .unwrap()
        .iter()
        .map(|t| (&t["served"], &t["failed"]))
        .collect();
    assert_eq!(counts, [(&json!(0), &json!(1)), (&json!(1), &json!(0))]);
    let performance = server.get("/api/performance").await.json();
    assert!(
        performance["routes"]
            .as_array()
            .unwrap()
            .iter()
            .any(|route| route["total"] == 1),
        "{performance}"
    );
    server.stop().await.unwrap();
}

#[tokio::test]
async fn measurements_and_circuits_can_be_put_back() {
    let server = Server::with([("sim-a", Simulated::new("sim-a"))]).await;
    server.post("/llm/chat", &json!({"prompt": "Why?"})).await;
    assert_eq!(
        server.post("/api/performance/clear", &json!({})).await.status,
        204
    );
    assert_eq!(server.get("/api/status").await.json()["totals"]["requests"], 0);
    assert_eq!(
        server.get("/api/fallback").await.json()["targets"][0]["served"],
        1
    );
    assert_eq!(server.post("/api/fallback/reset", &json!({})).await.status, 204);
    assert_eq!(
        server.get("/api/fallback").await.json()["targets"][0]["served"],
        0
    );
    server.stop().await.unwrap();
}

#[tokio::test]
async fn one_target_is_put_back_alone() {
    let failing = |name: &'static str| Simulated::new(name).script([Step::status(503)]);
    let providers = [
        ("sim-a", failing("sim-a")),
        ("sim-b", failing("sim-b")),
        ("sim-c", Simulated::new("sim-c")),
    ];
    let server = Server::with(providers).await;
    server
        .post("/llm/chat", &json!({"prompt": "Why?"}))
        .await
        .good(200);
    let counts = async || {
        let told = server.get("/api/fallback").await.json();
        let targets = told["targets"].as_array().unwrap().clone();
        targets
            .iter()
            .map(|target| (target["served"].clone(), target["failed"].clone()))
            .collect::<Vec<_>>()
    };
    let before = [(0, 1), (0, 1), (1, 0)].map(|(served, failed)| (json!(served), json!(failed)));
    assert_eq!(counts().await, before);

    let unknown = server.post("/api/fallback/sim-d/reset", &json!({})).await;
    unknown.problem(404, "not_found");
    let reader = server.program(&["status:read"]).await;
    let headers = [("authorization", reader.as_str())];
    let refused = server
        .send("POST", "/api/fallback/sim-a/reset", &headers, "{}")
        .await;
    assert_eq!(refused.problem(403, "forbidden")["permission"], "operation:write");
    assert_eq!(counts().await, before, "neither changed anything");

    let reset = server.post("/api/fallback/sim-a/reset", &json!({})).await;
    assert_eq!(reset.status, 204, "{}", reset.body);
    let after = [(0, 0), (0, 1), (1, 0)].map(|(served, failed)| (json!(served), json!(failed)));
    assert_eq!(counts().await, after, "the other keeps its failure");
    server.stop().await.unwrap();
}

#[tokio::test]
async fn what_calls_cost_and_what_the_cache_saves_is_told() {
    let price = Price::per_million("1".parse().unwrap(), "10".parse().unwrap());
    let target = LlmTarget::new(Simulated::new("sim-a"), "m").price(price);
    let cache = ResponseCache::new(MemoryCache::builder().build());
    let server = Server::of(LlmClient::builder().target(target).cache(cache)).await;
    let known = |status: &Value| status["totals"]["cost_usd_today"].is_string();
    let before = server.until("/api/status", known).await["totals"].clone();
    assert_eq!(
        (&before["cost_usd_today"], &before["cost_usd_per_minute"]),
        (&json!("0"), &json!("0"))
    );
    assert_eq!(
        (&before["cached"], &before["cache_hit_rate"]),
        (&json!(0), &Value::Null)
    );
    for _ in 0..2 {
        server
            .post("/llm/chat", &json!({"prompt": "Why?"}))
            .await
            .good(200);
    }
    let calls = server.get("/api/v1/llm/requests").await.json();
    let usd = |value: &Value| value.as_str().unwrap().parse::<NanoUsd>().unwrap();
    let cost = usd(&calls["items"][1]["cost"]["usd"]);
    assert!(cost > NanoUsd::ZERO, "{calls}");
    let totals = server.get("/api/status").await.json()["totals"].clone();
    assert_eq!(
        (&totals["cached"], &totals["cache_hit_rate"]),
        (&json!(1), &json!(50.0))
    );
    assert_eq!(usd(&totals["cost_usd_today"]), cost, "without a second read");
    assert_eq!(usd(&totals["cost_usd_per_minute"]), cost);
    server.assert_shape("Totals", &totals);
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_target_tells_its_task_what_is_under_way_and_when_it_is_tried_again() {
    let failing = Simulated::new("sim-a").script([Step::status(503)]);
    let slow = Simulated::new("sim-b")
        .says("One two three.")
        .script([Step::StallAfter(2)]);
    let client = LlmClient::builder()
        .target(LlmTarget::new(failing, "m").name("sim-a"))
        .target(LlmTarget::new(slow, "m").name("sim-b"))
        .target(LlmTarget::embeddings(Simulated::new("sim-e"), "e").name("sim-e"))
        .breaker(
            Breaker::builder()
                .minimum_calls(1)
                .open_for(Duration::from_secs(60), Duration::from_secs(60)),
        );
    let server = Server::of(client).await;
    let stalled = server.open("POST", "/llm/chat", r#"{"prompt":"Why?"}"#).await;
    let told = server
        .until("/api/fallback", |told| told["targets"][1]["in_flight"] == 1)
        .await;
    let [failed, asked, other] = told["targets"].as_array().unwrap().as_slice() else {
        panic!("{told}");
    };
    assert_eq!(
        (&failed["state"], &failed["in_flight"]),
        (&json!("open"), &json!(0))
    );
    let again: Timestamp = failed["open_until"].as_str().unwrap().parse().unwrap();
    let now: Timestamp = told["at"].as_str().unwrap().parse().unwrap();
    let left = again.since(now);
    assert!(left > Duration::ZERO && left <= Duration::from_secs(60), "{told}");
    assert_eq!(
        (&asked["task"], &asked["open_until"]),
        (&json!("chat"), &Value::Null)
    );
    assert_eq!(other["task"], "embeddings");
    server.assert_shape("Provider", failed);
    drop(stalled);
    server.stop().await.unwrap();
}

#[tokio::test]
async fn failing_targets_become_alerts_by_themselves() {
    let rule = Rule::new("Errors").metric("error_rate").above(20.0);
    let alerts = AlertEngine::builder()
        .rule(rule)
        .notify(Console::to(std::io::sink()))
        .build()
        .unwrap();
    let failing = Simulated::new("sim-a").script((0..9).map(|_| Step::status(500)));
    let providers = [("sim-a", failing), ("sim-b", Simulated::new("sim-b"))];
    let server = Server::watched(providers, alerts).await;
    for _ in 0..6 {
        assert_eq!(
            server.post("/llm/chat", &json!({"prompt": "Why?"})).await.status,
            200
        );
    }
    eventually(|| !server.state.alerts.deliveries(1).is_empty()).await;
    let told = server.get("/api/alerts").await.json();
    assert_eq!(told["active"][0]["labels"], json!({"target": "sim-a"}), "{told}");
    assert_eq!(told["notifications"][0]["labels"], json!({"target": "sim-a"}));
    assert_eq!(
        (&told["rules"][0]["metric"], &told["channels"][0]["channel"]),
        (&json!("error_rate"), &json!("console"))
    );
    server.stop().await.unwrap();
}

#[tokio::test]
async fn the_beat_tells_which_alerts_are_silenced() {
    let rule = |name: &str, metric: &str| Rule::new(name).metric(metric).above(1.0);
    let alerts = AlertEngine::builder()
        .rule(rule("Too hot", "heat"))
        .rule(rule("Too wet", "rain"))
        .notify(Console::to(std::io::sink()))
        .build()
        .unwrap();
    let server = Server::watched([], alerts.clone()).await;
    alerts.record_with("heat", [("zone", "a")], 2.0);
    alerts.record_with("rain", [("zone", "b")], 3.0);
    eventually(|| alerts.active().len() == 2).await;
    let new = json!({"matchers": ["zone=a"], "lasts_seconds": 600, "comment": "works", "by": "ana"});
    let made = server.post("/api/v1/alerts/silences", &new).await;
    assert_eq!(made.status, 201, "{}", made.body);

    let beat = serde_json::to_value(Snapshot::of(&server.state)).unwrap();
    let silenced_by = |rule: &str| {
        let told = beat["alerts"].as_array().unwrap().iter();
        let mut own = told.filter(|alert| alert["rule"] == rule);
        own.next().unwrap()["silenced_by"].clone()
    };
    assert_eq!(silenced_by("Too hot"), json!([made.json()["id"]]), "{beat}");
    assert_eq!(silenced_by("Too wet"), json!([]), "{beat}");
    server.stop().await.unwrap();
}

#[tokio::test]
async fn the_health_of_every_part_is_told_to_those_who_may_know() {
    let server = Server::with([]).await;
    let health = server.get("/health/details").await.json();
    assert_eq!(
        (&health["status"], &health["stopping"]),
        (&json!("ok"), &json!(false)),
        "{health}"
    );
    assert_eq!(health["components"][0]["name"], "database");
    assert_eq!(health["alerts"]["leads"], true);
    server.stop().await.unwrap();
}
