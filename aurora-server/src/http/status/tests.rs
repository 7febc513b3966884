use aurora_alerts::{AlertEngine, Console, Rule};
use aurora_llm::providers::simulated::{Simulated, Step};
use serde_json::json;

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
