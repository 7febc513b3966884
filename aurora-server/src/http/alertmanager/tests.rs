use aurora_alerts::{AlertEngine, Console, Rule};
use serde_json::{Value, json};

use crate::http::testing::{Server, eventually};

async fn server() -> (Server, AlertEngine) {
    let alerts = AlertEngine::builder()
        .rule(
            Rule::new("Too hot")
                .metric("heat")
                .above(1.0)
                .description("open a window"),
        )
        .notify(Console::to(std::io::sink()))
        .receiver("team", ["console"])
        .route(aurora_alerts::Route::to("team").group_by(["alertname"]))
        .build()
        .unwrap();
    (Server::watched([], alerts.clone()).await, alerts)
}

fn posted(name: &str) -> Value {
    json!({"labels": {"alertname": name, "severity": "critical", "zone": "a"}, "annotations": {"summary": "s"},
        "startsAt": "2026-01-01T00:00:00.123456789Z", "endsAt": "0001-01-01T00:00:00Z",
        "generatorURL": "http://prometheus/graph"})
}

async fn post(server: &Server, path: &str, body: &Value) -> (u16, String) {
    let answer = server.send("POST", path, &[], &body.to_string()).await;
    (answer.status, answer.body)
}

#[tokio::test]
async fn alerts_are_posted_and_shown_as_alertmanager_does() {
    let (server, alerts) = server().await;
    alerts.record_with("heat", [("zone", "b")], 2.0);
    eventually(|| alerts.active().len() == 1).await;
    let (status, body) = post(&server, "/api/v2/alerts", &json!([posted("Disk"), posted("Net")])).await;
    assert_eq!((status, body.as_str()), (200, ""));
    let all = server.get("/api/v2/alerts").await.json();
    assert_eq!(all.as_array().unwrap().len(), 3, "{all}");
    let disk = server
        .get("/api/v2/alerts?filter=alertname%3DDisk&filter=zone%3D~%22a%7Cb%22")
        .await
        .json();
    assert_eq!(disk[0]["startsAt"], "2026-01-01T00:00:00.123456Z", "{disk}");
    assert_eq!(
        (
            &disk[0]["status"],
            &disk[0]["receivers"],
            disk[0]["fingerprint"].as_str().map(str::len)
        ),
        (
            &json!({"state": "active", "silencedBy": [], "inhibitedBy": [], "mutedBy": []}),
            &json!([{"name": "team"}]),
            Some(16)
        )
    );
    // What was posted comes back as it was: no text that nobody wrote, the page that tells more, and its own end.
    assert_eq!(
        (&disk[0]["annotations"], &disk[0]["generatorURL"]),
        (&json!({"summary": "s"}), &json!("http://prometheus/graph"))
    );
    let mut ending = posted("Ending");
    ending["endsAt"] = json!("2100-01-01T00:00:00Z");
    post(&server, "/api/v2/alerts", &json!([ending])).await;
    let one = "/api/v2/alerts?filter=alertname%3DEnding";
    let first = server.get(one).await.json();
    assert_eq!(first[0]["endsAt"], "2100-01-01T00:00:00.000000Z");
    let again = server.get(one).await.json();
    assert_eq!(
        again[0]["updatedAt"], first[0]["updatedAt"],
        "it was not posted again"
    );
    ending["endsAt"] = json!("2026-01-02T00:00:00Z");
    post(&server, "/api/v2/alerts", &json!([ending])).await;
    let own = server
        .get("/api/v2/alerts?filter=alertname%3D%22Too+hot%22")
        .await
        .json();
    assert_eq!(
        (
            &own[0]["labels"]["severity"],
            &own[0]["annotations"]["description"]
        ),
        (&json!("warning"), &json!("open a window"))
    );
    assert_eq!(
        server.get("/api/v2/alerts?receiver=other").await.json(),
        json!([])
    );
    let groups = server.get("/api/v2/alerts/groups").await.json();
    assert_eq!(
        (groups.as_array().unwrap().len(), &groups[0]["receiver"]["name"]),
        (3, &json!("team")),
        "{groups}"
    );
    assert_eq!(groups[0]["alerts"].as_array().unwrap().len(), 1);

    let mut over = posted("Disk");
    over["endsAt"] = json!("2026-01-02T00:00:00Z");
    post(&server, "/api/v2/alerts", &json!([over])).await;
    assert_eq!(
        server.get("/api/v2/alerts?filter=alertname%3DDisk").await.json(),
        json!([])
    );
    server.stop().await.unwrap();
}

#[tokio::test]
async fn silences_live_and_end() {
    let (server, alerts) = server().await;
    post(&server, "/api/v2/alerts", &json!([posted("Disk")])).await;
    let silence = |id: Option<&str>| {
        json!({"id": id, "matchers": [{"name": "alertname", "value": "D.sk", "isRegex": true}],
        "startsAt": "2026-01-01T00:00:00Z", "endsAt": "2100-01-01T00:00:00Z", "createdBy": "ana", "comment": "works"})
    };
    let (status, body) = post(&server, "/api/v2/silences", &silence(None)).await;
    assert_eq!(status, 200, "{body}");
    let made: Value = serde_json::from_str(&body).unwrap();
    let id = made["silenceID"].as_str().unwrap().to_owned();
    assert_eq!(id.len(), 36, "a UUID");
    let held = server.get("/api/v2/alerts").await.json();
    assert_eq!(
        (&held[0]["status"]["state"], &held[0]["status"]["silencedBy"]),
        (&json!("suppressed"), &json!([id]))
    );
    assert_eq!(
        server.get("/api/v2/alerts?silenced=false").await.json(),
        json!([])
    );
    let (_, body) = post(&server, "/api/v2/silences", &silence(Some(&id))).await;
    assert!(body.contains(&id), "changed in its place: {body}");
    let one = server.get(&format!("/api/v2/silence/{id}")).await.json();
    assert_eq!(
        (&one["status"]["state"], &one["matchers"][0]["isEqual"]),
        (&json!("active"), &json!(true)),
        "{one}"
    );
    assert_eq!(
        server.get("/api/v2/silences?filter=alertname%3DX").await.json(),
        json!([])
    );
    assert_eq!(
        server
            .get("/api/v2/silences?filter=alertname%3DD.sk")
            .await
            .json()
            .as_array()
            .unwrap()
            .len(),
        1
    );
    assert_eq!(
        server
            .send("DELETE", &format!("/api/v2/silence/{id}"), &[], "")
            .await
            .status,
        200
    );
    assert!(!alerts.silences()[0].is_active(server.state.clock.now()));
    server.stop().await.unwrap();
}

#[tokio::test]
async fn errors_are_texts() {
    let (server, _) = server().await;
    let in_past = json!({"matchers": [{"name": "a", "value": "b", "isRegex": false}], "startsAt": "2020-01-01T00:00:00Z",
        "endsAt": "2020-01-02T00:00:00Z", "createdBy": "", "comment": ""});
    let bad_pattern = json!({"matchers": [{"name": "a", "value": "(", "isRegex": true}], "startsAt": "2026-01-01T00:00:00Z",
        "endsAt": "2100-01-02T00:00:00Z", "createdBy": "", "comment": ""});
    let of_all = json!({"matchers": [{"name": "a", "value": ".*", "isRegex": true}, {"name": "b", "value": "c", "isRegex": false,
        "isEqual": false}], "startsAt": "2026-01-01T00:00:00Z", "endsAt": "2100-01-02T00:00:00Z", "createdBy": "", "comment": ""});
    for (method, path, body, status) in [
        ("POST", "/api/v2/silences", of_all.to_string(), 400),
        ("POST", "/api/v2/alerts", "{}".to_owned(), 400),
        ("POST", "/api/v2/alerts", "[{]".to_owned(), 400),
        ("POST", "/api/v2/alerts", json!([{"labels": {}}]).to_string(), 400),
        (
            "POST",
            "/api/v2/alerts",
            json!([{"labels": {"a": 1}}]).to_string(),
            400,
        ),
        ("POST", "/api/v2/silences", in_past.to_string(), 400),
        ("POST", "/api/v2/silences", bad_pattern.to_string(), 400),
        ("GET", "/api/v2/alerts?filter=%7B", String::new(), 400),
        ("GET", "/api/v2/alerts?receiver=(", String::new(), 400),
        ("GET", "/api/v2/silence/nonsense", String::new(), 404),
        (
            "DELETE",
            "/api/v2/silence/0190a8b0-c0de-7000-8000-00000000000a",
            String::new(),
            404,
        ),
        ("GET", "/api/v2/nothing", String::new(), 404),
    ] {
        let answer = server.send(method, path, &[], &body).await;
        assert_eq!(answer.status, status, "{method} {path} {body}: {}", answer.body);
        assert!(answer.json().is_string(), "{method} {path}: {}", answer.body);
    }
    // One that makes sense is taken although another does not.
    let mixed = json!([{"labels": {}}, posted("Disk")]);
    assert_eq!(post(&server, "/api/v2/alerts", &mixed).await.0, 400);
    assert_eq!(
        server
            .get("/api/v2/alerts")
            .await
            .json()
            .as_array()
            .unwrap()
            .len(),
        1
    );
    server.stop().await.unwrap();
}

#[tokio::test]
async fn status_and_receivers_are_there() {
    let (server, _) = server().await;
    let status = server.get("/api/v2/status").await.json();
    assert_eq!(status["cluster"]["status"], "disabled");
    let config: Value = serde_json::from_str(status["config"]["original"].as_str().unwrap()).unwrap();
    assert_eq!(config["route"]["receiver"], "team");
    assert_eq!(
        server.get("/api/v2/receivers").await.json(),
        json!([{"name": "console"}, {"name": "team"}])
    );
    server.stop().await.unwrap();
}
