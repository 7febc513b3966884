use serde_json::{Value, json};

use super::{burning, put};
use crate::http::testing::{Answer, Server, eventually};

#[tokio::test]
async fn rules_are_written_while_the_server_runs() {
    let (server, alerts) = burning().await;
    let rule = json!({"name": "Queue long", "metric": "queue", "operator": ">", "threshold": 10, "severity": "critical",
        "cooldown_seconds": 60, "description": "orders wait"});
    let made = server.post("/api/v1/alerts/rules", &rule).await;
    assert_eq!(
        (made.status, made.header("etag")),
        (201, Some("\"v1\"")),
        "{}",
        made.body
    );
    assert_eq!(made.header("location"), Some("/api/v1/alerts/rules/Queue%20long"));
    let path = "/api/v1/alerts/rules/Queue%20long";
    let view = made.json();
    assert_eq!(
        (
            &view["source"],
            &view["threshold"],
            &view["cooldown_seconds"],
            &view["enabled"]
        ),
        (&json!("custom"), &json!(10.0), &json!(60), &json!(true))
    );
    let begun = server.get("/api/v1/alerts/rules/Too%20hot").await.json();
    assert_eq!(
        (&begun["source"], &begun["definition"]["name"]),
        (&json!("built_in"), &json!("Too hot"))
    );
    assert_eq!(begun["definition"]["metric"], begun["metric"]);
    let samples = json!({"samples": [{"metric": "queue", "value": 20}]});
    server.post("/api/v1/metrics/push", &samples).await;
    eventually(|| alerts.active().len() == 3).await;
    assert_eq!(server.get(path).await.json()["active_alerts"], 1);
    assert_eq!(server.post("/api/v1/alerts/rules", &rule).await.status, 409);

    let changed = json!({"metric": "queue", "operator": ">", "threshold": 30});
    assert_eq!(put(&server, "PUT", path, None, &changed).await.status, 428);
    assert_eq!(
        put(&server, "PUT", path, Some("\"v9\""), &changed).await.status,
        412
    );
    let answer = put(&server, "PUT", path, Some("\"v1\""), &changed).await;
    assert_eq!(
        (answer.status, answer.header("etag")),
        (200, Some("\"v2\"")),
        "{}",
        answer.body
    );
    server.post("/api/v1/metrics/push", &samples).await;
    eventually(|| alerts.active().len() == 2).await;

    let off = server
        .post("/api/v1/alerts/rules/Too%20hot/disable", &json!({}))
        .await
        .json();
    assert_eq!(
        (&off["enabled"], &off["source"]),
        (&json!(false), &json!("built_in"))
    );
    eventually(|| alerts.active().len() == 1).await;
    assert_eq!(
        server.get("/api/v1/alerts/rules?enabled=false").await.json()["items"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    let on = server
        .post("/api/v1/alerts/rules/Too%20hot/enable", &json!({}))
        .await;
    assert_eq!((on.status, on.header("etag")), (200, Some("\"v3\"")));

    assert_eq!(
        put(&server, "DELETE", path, Some("\"v2\""), &Value::Null)
            .await
            .status,
        204
    );
    assert_eq!(server.get(path).await.status, 404);
    let built_in = put(
        &server,
        "DELETE",
        "/api/v1/alerts/rules/Too%20wet",
        Some("\"v1\""),
        &Value::Null,
    )
    .await;
    assert_eq!(
        (built_in.status, built_in.json()["code"].as_str()),
        (409, Some("conflict"))
    );
    server.stop().await.unwrap();
}

#[tokio::test]
async fn what_is_wrong_with_a_rule_is_told() {
    let server = Server::with([]).await;
    let fields = |answer: &Answer| -> Vec<String> {
        let errors = answer.json()["errors"].clone();
        errors
            .as_array()
            .unwrap()
            .iter()
            .map(|it| it["field"].as_str().unwrap().to_owned())
            .collect()
    };
    for (rule, field) in [
        (json!({"name": "a"}), Some("condition")),
        (
            json!({"name": "a", "burn_rate": {"errors": "e", "total": "t", "preset": "page", "objective": 2}}),
            Some("burn_rate.objective"),
        ),
        (
            json!({"name": "a", "when": "x > 1", "severty": "info"}),
            Some("severty"),
        ),
        (
            json!({"name": "a", "when": "x > 1", "severity": "loud"}),
            Some("severity"),
        ),
        (
            json!({"name": "a", "metric": "x", "operator": ">", "threshold": "many"}),
            Some("threshold"),
        ),
        (
            json!({"name": "a", "when": "x > 1", "escalation": {"steps": [{"after": "1m", "receiver": "x"}]}}),
            Some("escalation"),
        ),
    ] {
        let answer = server.post("/api/v1/alerts/rules", &rule).await;
        assert_eq!(answer.status, 422, "{rule}");
        if let Some(field) = field {
            assert_eq!(fields(&answer), [field], "{}", answer.body);
        }
    }
    let rules = json!({"rules": [{"name": "a", "when": "x > 1"}, {"name": "b", "all": [{"metric": "m"}]}]});
    let tried = server.post("/api/v1/alerts/rules/preview", &rules).await;
    assert_eq!(
        (tried.status, fields(&tried)),
        (
            422,
            vec![
                "rules[1].all[0].operator".to_owned(),
                "rules[1].all[0].threshold".to_owned()
            ]
        )
    );
    assert_eq!(tried.json()["errors"][0]["code"], "required");
    assert_eq!(
        server
            .send("POST", "/api/v1/alerts/rules", &[], "[]")
            .await
            .status,
        400
    );
    assert_eq!(server.get("/api/v1/alerts/rules?severity=x").await.status, 400);
    assert_eq!(
        server
            .post("/api/v1/alerts/rules/none/enable", &json!({}))
            .await
            .status,
        404
    );
    server.stop().await.unwrap();
}

#[tokio::test]
async fn rules_are_tried_on_samples_before_they_are_in_force() {
    let (server, alerts) = burning().await;
    let sample = |second: u32, value: f64| json!({"at": format!("2026-07-01T12:00:{second:02}Z"), "metric": "m", "value": value});
    let body = json!({
        "rules": [{"name": "Tried", "when": "m > 10"}],
        "samples": [sample(0, 1.0), sample(10, 20.0), sample(20, 1.0), sample(30, 20.0), sample(40, 1.0)],
    });
    let report = server.post("/api/v1/alerts/rules/preview", &body).await.json();
    assert_eq!(report["alerts"]["rules"][0]["firings"], 2, "{report}");
    assert_eq!(report["targets"][0]["channel"], "console");
    let measured = &report["measured"];
    assert_eq!(
        (&measured["samples"], &measured["series"][0]["metric"]),
        (&json!(5), &json!("m")),
        "{measured}"
    );
    assert_eq!(measured["series"][0]["points"][1]["value"], 20.0);
    assert_eq!(
        measured["limits"],
        json!([{"rule": "Tried", "metric": "m", "operator": ">", "value": 10.0, "recovery": null}])
    );
    // What was measured lately serves where no samples are given.
    server
        .post(
            "/api/v1/metrics/push",
            &json!({"samples": [{"metric": "n", "value": 7}]}),
        )
        .await;
    let report = server
        .post(
            "/api/v1/alerts/rules/preview",
            &json!({"rules": [{"name": "Tried", "when": "n > 5"}]}),
        )
        .await
        .json();
    assert_eq!(
        (&report["samples"], &report["alerts"]["rules"][0]["firings"]),
        (&json!(1), &json!(1)),
        "{report}"
    );
    assert!(
        alerts.rules().iter().all(|rule| rule.name() != "Tried"),
        "nothing has changed"
    );
    for wrong in [
        json!({"rules": []}),
        json!({"rules": [{"name": "x"}]}),
        json!({"rules": [{"name": "a", "when": "m > 1"}], "minutes": 61}),
    ] {
        assert_eq!(
            server.post("/api/v1/alerts/rules/preview", &wrong).await.status,
            422,
            "{wrong}"
        );
    }
    // Two samples a year apart are six million judgements.
    let far = |year: u32| json!({"at": format!("{year}-07-01T12:00:00Z"), "metric": "m", "value": 1});
    let years = json!({"rules": [{"name": "a", "when": "m > 10"}], "samples": [far(2025), far(2026)]});
    let refused = server.post("/api/v1/alerts/rules/preview", &years).await;
    assert_eq!(refused.status, 422);
    assert!(refused.body.contains("150000 times"), "{}", refused.body);
    let _trial = server.state.rulebook.trial().unwrap();
    let second = server.post("/api/v1/alerts/rules/preview", &body).await;
    assert_eq!((second.status, second.header("retry-after")), (429, Some("5")));
    server.stop().await.unwrap();
}
