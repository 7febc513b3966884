mod rules;

use std::time::Duration;

use aurora_alerts::{AckLinks, AckSubject, AlertEngine, Console, Rule, Severity};
use aurora_core::time::Clock as _;
use serde_json::{Value, json};

use crate::http::testing::{Answer, Server, eventually};

const SECRET: &str = "0123456789abcdef0123456789abcdef";

/// A server with two alerts that fire: a critical one of zone a and a warning of zone b.
async fn burning() -> (Server, AlertEngine) {
    let rule = |name: &str, metric: &str| Rule::new(name).metric(metric).above(1.0);
    let alerts = AlertEngine::builder()
        .rule(rule("Too hot", "heat").severity(Severity::Critical))
        .rule(rule("Too wet", "rain"))
        .notify(Console::to(std::io::sink()))
        .acknowledge_links(AckLinks::new("http://localhost/alerts/ack", SECRET).unwrap())
        .build()
        .unwrap();
    let server = Server::watched([], alerts.clone()).await;
    alerts.record_with("heat", [("zone", "a")], 2.0);
    alerts.record_with("rain", [("zone", "b")], 3.0);
    eventually(|| alerts.active().len() == 2 && alerts.deliveries(9).len() == 2).await;
    (server, alerts)
}

fn rules(list: &Value) -> Vec<&str> {
    let items = list["items"].as_array().unwrap().iter();
    items.map(|item| item["rule"].as_str().unwrap()).collect()
}

fn fingerprint(alerts: &AlertEngine, rule: &str) -> String {
    let active = alerts.active();
    active
        .iter()
        .find(|alert| alert.rule == rule)
        .unwrap()
        .fingerprint
        .to_string()
}

async fn put(server: &Server, method: &str, path: &str, tag: Option<&str>, body: &Value) -> Answer {
    let headers: Vec<(&str, &str)> = tag.map(|tag| ("if-match", tag)).into_iter().collect();
    let text = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    server.send(method, path, &headers, &text).await
}

#[tokio::test]
async fn active_alerts_are_listed_by_pages_and_filters() {
    let (server, _) = burning().await;
    let all = server.get("/api/v1/alerts").await.json();
    assert_eq!(all["items"].as_array().unwrap().len(), 2, "{all}");
    let first = server.get("/api/v1/alerts?limit=1").await.json();
    let next = first["next"].as_str().unwrap();
    let second = server
        .get(&format!("/api/v1/alerts?limit=1&cursor={next}"))
        .await
        .json();
    assert_ne!(rules(&first), rules(&second));
    assert_eq!(second["next"], Value::Null);
    for (filter, expected) in [
        ("severity=critical", vec!["Too hot"]),
        ("rule=Too%20wet", vec!["Too wet"]),
        ("matching=%7Bzone%3D~%22b%7Cc%22%7D", vec!["Too wet"]),
        ("matching=severity%3Dcritical", vec!["Too hot"]),
        ("acknowledged=true", vec![]),
        ("silenced=true", vec![]),
        ("state=pending", vec![]),
    ] {
        let list = server.get(&format!("/api/v1/alerts?{filter}")).await.json();
        assert_eq!(rules(&list), expected, "{filter}");
    }
    for wrong in [
        "state=dead",
        "severity=bad",
        "matching=~",
        "acknowledged=1",
        "cursor=x",
        "foo=1",
    ] {
        let answer = server.get(&format!("/api/v1/alerts?{wrong}")).await;
        assert_eq!(
            (answer.status, answer.json()["code"].as_str()),
            (400, Some("invalid_parameter")),
            "{wrong}"
        );
    }
    server.stop().await.unwrap();
}

#[tokio::test]
async fn an_alert_is_explained_acknowledged_and_given_back() {
    let (server, alerts) = burning().await;
    let path = format!("/api/v1/alerts/{}", fingerprint(&alerts, "Too hot"));
    let alert = server.get(&path).await.json();
    assert_eq!(
        alert["explanation"]["groups"][0]["targets"][0]["stage"], "told",
        "{alert}"
    );
    assert_eq!(
        (&alert["value"], &alert["state"]),
        (&json!(2.0), &json!("firing"))
    );
    assert!(
        alert["history"]
            .as_array()
            .unwrap()
            .iter()
            .any(|line| line["kind"] == "delivery")
    );
    let ack = json!({"note": "on my way", "by": "ana", "lasts_seconds": 3600});
    let taken = server.post(&format!("{path}/acknowledge"), &ack).await.json();
    assert_eq!(
        (&taken["acknowledgement"]["by"], &taken["acknowledgement"]["note"]),
        (&json!("ana"), &json!("on my way"))
    );
    assert_eq!(
        rules(&server.get("/api/v1/alerts?acknowledged=true").await.json()),
        ["Too hot"]
    );
    let back = server.post(&format!("{path}/unacknowledge"), &json!({})).await;
    assert_eq!(
        (back.status, &back.json()["acknowledgement"]),
        (200, &Value::Null)
    );
    assert_eq!(
        server
            .post(&format!("{path}/unacknowledge"), &json!({}))
            .await
            .status,
        404
    );
    let long = "x".repeat(2_001);
    for wrong in [
        json!({"lasts_seconds": 0}),
        json!({"note": long}),
        json!({"who": "me"}),
    ] {
        assert_eq!(
            server.post(&format!("{path}/acknowledge"), &wrong).await.status,
            422,
            "{wrong}"
        );
    }
    for nobody in ["/api/v1/alerts/0000000000000000", "/api/v1/alerts/zz"] {
        assert_eq!(server.get(nobody).await.status, 404);
        assert_eq!(
            server
                .post(&format!("{nobody}/acknowledge"), &json!({}))
                .await
                .status,
            404
        );
    }
    server.stop().await.unwrap();
}

#[tokio::test]
async fn alerts_are_posted_and_end() {
    let (server, alerts) = burning().await;
    let posted = |ends: Value| {
        json!({"alerts": [{"labels": {"alertname": "Backup failed", "severity": "critical"},
        "annotations": {"summary": "no backup"}, "ends_at": ends}]})
    };
    assert_eq!(
        server.post("/api/v1/alerts", &posted(Value::Null)).await.status,
        204
    );
    assert_eq!(
        rules(&server.get("/api/v1/alerts?rule=Backup%20failed").await.json()),
        ["Backup failed"]
    );
    let over = json!("2020-01-01T00:00:00Z");
    assert_eq!(server.post("/api/v1/alerts", &posted(over)).await.status, 204);
    assert_eq!(alerts.active().len(), 2);
    let none = server
        .post("/api/v1/alerts", &json!({"alerts": [{"labels": {}}]}))
        .await;
    assert_eq!(
        (none.status, none.json()["code"].as_str()),
        (422, Some("invalid"))
    );
    server.stop().await.unwrap();
}

#[tokio::test]
async fn silences_are_made_changed_and_ended() {
    let (server, _) = burning().await;
    let new = json!({"matchers": ["zone=a"], "lasts_seconds": 600, "comment": "works", "by": "ana"});
    let made = server.post("/api/v1/alerts/silences", &new).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let path = made.header("location").unwrap().to_owned();
    assert_eq!(made.header("etag"), Some("\"v1\""));
    let silence = made.json();
    assert_eq!(
        (&silence["state"], &silence["alerts"], &silence["created_by"]),
        (&json!("active"), &json!(1), &json!("ana"))
    );
    let history = server.get("/api/v1/alerts/history?kind=silence").await.json();
    assert_eq!(
        history["items"][0]["matchers"],
        json!([["zone=\"a\""]]),
        "{history}"
    );
    let held = server.get("/api/v1/alerts?silenced=true").await.json();
    assert_eq!(rules(&held), ["Too hot"]);
    assert_eq!(held["items"][0]["silenced_by"], json!([silence["id"]]));
    let window = json!({"matchers": ["zone=\"b\""], "lasts_seconds": 600, "during": [{"years": ["2000"]}]});
    let changed = put(&server, "PUT", &path, Some("\"v1\""), &window).await;
    assert_eq!((changed.status, changed.header("etag")), (200, Some("\"v2\"")));
    let changed = changed.json();
    assert_eq!(
        (&changed["state"], &changed["during"][0]["years"]),
        (&json!("waiting"), &json!(["2000"]))
    );
    let read = server.get(&path).await;
    assert_eq!(
        (read.header("etag"), &read.json()["version"]),
        (Some("\"v2\""), &json!(2))
    );
    for (method, body) in [("PUT", &window), ("DELETE", &Value::Null)] {
        let late = put(&server, method, &path, Some("\"v1\""), body).await;
        assert_eq!(
            (late.status, &late.json()["current_version"]),
            (412, &json!(2)),
            "{method}"
        );
        let blind = put(&server, method, &path, None, body).await;
        assert_eq!(blind.status, 428, "{method}");
    }
    assert_eq!(
        server.get("/api/v1/alerts/silences?state=waiting").await.json()["items"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    let read = Some("\"v2\"");
    let ended = put(&server, "DELETE", &path, read, &Value::Null).await;
    assert_eq!(ended.status, 204, "{}", ended.body);
    assert_eq!(server.get(&path).await.json()["state"], "expired");
    let now = Some("\"v3\"");
    let again = put(&server, "DELETE", &path, now, &Value::Null).await;
    assert_eq!(again.status, 404);
    assert_eq!(put(&server, "PUT", &path, now, &window).await.status, 409);
    for wrong in [
        json!({"matchers": [], "lasts_seconds": 1}),
        json!({"matchers": ["a=~\"(\""], "lasts_seconds": 1}),
        json!({"matchers": ["a=b"]}),
        json!({"matchers": ["a=b"], "ends_at": "2020-01-01T00:00:00Z"}),
        json!({"matchers": ["a=b"], "lasts_seconds": 1, "during": [{"months": ["smarch"]}]}),
    ] {
        let answer = server.post("/api/v1/alerts/silences", &wrong).await;
        assert_eq!(answer.status, 422, "{wrong}: {}", answer.body);
    }
    assert_eq!(server.get("/api/v1/alerts/silences/sil_x").await.status, 404);
    server.stop().await.unwrap();
}

#[tokio::test]
async fn history_is_paged_exported_and_reported() {
    let (server, _) = burning().await;
    let all = server.get("/api/v1/alerts/history").await.json();
    assert_eq!(all["items"].as_array().unwrap().len(), 4, "{all}");
    let part = server
        .get("/api/v1/alerts/history?kind=alert&rule=Too%20hot")
        .await
        .json();
    assert_eq!(
        (&part["items"][0]["change"], &part["next"]),
        (&json!("fired"), &Value::Null)
    );
    assert_eq!(part["items"][0]["labels"], json!({"zone": "a"}), "{part}");
    let told = server.get("/api/v1/alerts/history?kind=delivery&rule=Too%20wet");
    assert_eq!(told.await.json()["items"][0]["labels"], json!({"zone": "b"}));
    let csv = server.get("/api/v1/alerts/history/export?kind=delivery").await;
    assert_eq!(csv.header("content-type"), Some("text/csv; charset=utf-8"));
    assert_eq!(
        (csv.body.lines().count(), csv.body.starts_with("seq,at,kind")),
        (3, true),
        "{}",
        csv.body
    );
    let lines = server.get("/api/v1/alerts/history/export?format=json").await;
    assert!(
        lines
            .body
            .lines()
            .all(|line| serde_json::from_str::<Value>(line).is_ok())
    );
    assert_eq!(lines.body.lines().count(), 4);
    let report = server.get("/api/v1/alerts/reports").await.json();
    assert_eq!(
        (&report["rules"][0]["firings"], &report["truncated"]),
        (&json!(1), &json!(false)),
        "{report}"
    );
    assert_eq!(report["channels"][0]["delivered"], 2);
    let csv = server
        .get("/api/v1/alerts/reports?format=csv&table=channels")
        .await;
    assert!(csv.body.contains("console,2,0,"), "{}", csv.body);
    for wrong in [
        "history?kind=x",
        "history?from=x",
        "history?cursor=AAAA",
        "history/export?format=xml",
        "reports?from=2100-01-01T00:00:00Z",
        "reports?table=x",
        "reports?from=2000-01-01T00:00:00Z",
    ] {
        let answer = server.get(&format!("/api/v1/alerts/{wrong}")).await;
        assert_eq!(answer.status, 400, "{wrong}: {}", answer.body);
    }
    server.stop().await.unwrap();
}

#[tokio::test]
async fn routes_and_escalations_are_shown() {
    use aurora_alerts::Route;
    use aurora_alerts::rule::Escalation;
    let chain = |receiver: &str| Escalation::new().step(Duration::from_secs(600), receiver);
    let rule = |name: &str, metric: &str| Rule::new(name).metric(metric).above(1.0);
    let alerts = AlertEngine::builder()
        .rule(rule("Too hot", "heat").escalation(chain("console")))
        .rule(rule("Too wet", "rain"))
        .notify(Console::to(std::io::sink()))
        .receiver("team", ["console"])
        .route(
            Route::to("team")
                .group_wait(Duration::ZERO)
                .escalation(chain("team"))
                .child(Route::inherit().when("zone", "a").and_continue()),
        )
        .build()
        .unwrap();
    let server = Server::watched([], alerts.clone()).await;
    let routing = server.get("/api/v1/alerts/routes").await.json();
    assert_eq!(routing["route"]["receiver"], "team", "{routing}");
    assert_eq!(
        (
            &routing["route"]["routes"][0]["matchers"],
            &routing["route"]["routes"][0]["continue"]
        ),
        (&json!(["zone=\"a\""]), &json!(true))
    );
    assert_eq!(
        routing["receivers"],
        json!([{"name": "team", "channels": ["console"]}])
    );
    alerts.record("heat", 2.0);
    alerts.record("rain", 2.0);
    eventually(|| alerts.active().len() == 2 && alerts.deliveries(2).len() == 2).await;
    let due = server.get("/api/v1/alerts/escalations").await.json();
    let items = due["items"].as_array().unwrap();
    assert_eq!(items.len(), 2, "{due}");
    for (rule, receiver) in [("Too hot", "console"), ("Too wet", "team")] {
        let item = items.iter().find(|item| item["alert"]["rule"] == rule).unwrap();
        assert_eq!(
            (&item["next_step"], &item["receiver"], &item["channels"]),
            (&json!(1), &json!(receiver), &json!(["console"])),
            "{item}"
        );
        let step = json!({"step": 1, "after_seconds": 600, "receiver": receiver, "channels": ["console"]});
        assert_eq!(item["steps"], json!([step]));
    }
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_signed_link_asks_and_acknowledges_when_the_button_is_pressed() {
    let (server, alerts) = burning().await;
    let links = AckLinks::new("http://localhost/alerts/ack", SECRET).unwrap();
    let hot = alerts
        .active()
        .into_iter()
        .find(|alert| alert.rule == "Too hot")
        .unwrap()
        .fingerprint;
    let until = server.state.clock.now() + Duration::from_secs(60);
    let link = links.sign(&AckSubject::Alerts(vec![hot]), until).unwrap();
    let (_, token) = link.split_once("token=").unwrap();
    let path = format!("/alerts/ack?token={token}");
    let page = server.get(&path).await;
    assert_eq!(
        (page.status, page.header("content-type")),
        (200, Some("text/html; charset=utf-8"))
    );
    assert!(
        page.body.contains("Too hot") && page.body.contains("<form method=\"post\""),
        "{}",
        page.body
    );
    assert!(
        page.header("content-security-policy")
            .unwrap()
            .contains("form-action 'self'")
    );
    assert!(
        alerts.get(hot).unwrap().acknowledgement.is_none(),
        "a look changes nothing"
    );
    let json = server
        .send("GET", &path, &[("accept", "application/json")], "")
        .await
        .json();
    assert_eq!(json["alerts"][0]["rule"], "Too hot");

    let form = [("content-type", "application/x-www-form-urlencoded")];
    let pressed = server
        .send(
            "POST",
            "/alerts/ack",
            &form,
            &format!("token={token}&by=%3Cb%3EAna"),
        )
        .await;
    assert_eq!(pressed.status, 200, "{}", pressed.body);
    assert!(pressed.body.contains("&lt;b&gt;Ana") && !pressed.body.contains("<b>"));
    assert_eq!(alerts.get(hot).unwrap().acknowledgement.unwrap().by, "<b>Ana");
    let again = server
        .post(
            "/alerts/ack",
            &json!({"token": token, "by": "Bo", "note": "mine"}),
        )
        .await
        .json();
    assert_eq!(again["by"], "Bo");

    let bad = server.get("/alerts/ack?token=AAAA").await;
    assert_eq!(
        (bad.status, bad.header("content-type")),
        (404, Some("text/html; charset=utf-8"))
    );
    let bad = server.post("/alerts/ack", &json!({"token": "AAAA"})).await;
    assert_eq!(
        (bad.status, bad.json()["code"].as_str()),
        (404, Some("not_found"))
    );
    let unread = server.send("POST", "/alerts/ack", &[], "{").await;
    assert_eq!(unread.status, 400);
    server.stop().await.unwrap();
}
