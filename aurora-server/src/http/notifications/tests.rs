use aurora_alerts::testing::Failing;
use aurora_alerts::{AlertEngine, Console, NotifyErrorKind, Rule, Severity};
use serde_json::json;

use crate::http::testing::{Server, eventually};

/// A server with a channel that takes everything and one that takes nothing.
async fn two_channels() -> (Server, AlertEngine) {
    let alerts = AlertEngine::builder()
        .rule(Rule::new("Too hot").metric("heat").above(1.0))
        .notify(Console::to(std::io::sink()))
        .notify_as("broken", Failing::new(NotifyErrorKind::Client))
        .build()
        .unwrap();
    let server = Server::watched([], alerts.clone()).await;
    (server, alerts)
}

#[tokio::test]
async fn a_message_goes_to_the_channels_that_are_named_and_each_tells_what_became_of_it() {
    let (server, _) = two_channels().await;
    let message = json!({"title": "Alerta", "content": "Mensagem de teste", "severity": "warning"});
    let sent = server.post("/api/notifications/send", &message).await;
    assert_eq!(sent.status, 200, "{}", sent.body);
    let sent = sent.json();
    assert_eq!((&sent["delivered"], &sent["failed"]), (&json!(1), &json!(1)));
    assert_eq!(
        (
            &sent["results"][0]["channel"],
            &sent["results"][0]["targets"][0]["error"]
        ),
        (&json!("broken"), &json!("client"))
    );
    assert_eq!(sent["results"][1]["delivered"], true);
    let one = json!({"title": "Alerta", "severity": "error", "channels": ["console", "console"]});
    let sent = server.post("/api/v1/notifications/send", &one).await.json();
    assert_eq!(
        (&sent["delivered"], &sent["failed"]),
        (&json!(1), &json!(0)),
        "{sent}"
    );

    let told = server.get("/api/notifications").await.json();
    assert_eq!(
        (&told["totals"]["delivered"], &told["totals"]["failed"]),
        (&json!(2), &json!(1)),
        "{told}"
    );
    assert_eq!(
        (
            &told["channels"][0]["channel"],
            &told["channels"][0]["delivery_rate"]
        ),
        (&json!("console"), &json!(100.0))
    );
    assert_eq!(told["recent"][0]["reason"], "message");
    let log = server
        .get("/api/v1/notifications/deliveries?channel=broken")
        .await
        .json();
    assert_eq!(
        (&log["items"][0]["outcome"], &log["items"][0]["rule"]),
        (&json!("failed"), &json!("Alerta"))
    );
    for (outcome, channel) in [("failed", "broken"), ("delivered", "console")] {
        let path = format!("/api/v1/notifications/deliveries?outcome={outcome}");
        let log = server.get(&path).await.good(200);
        let items = log["items"].as_array().unwrap();
        assert!(!items.is_empty(), "{outcome}");
        for item in items {
            assert_eq!(
                (&item["outcome"], &item["channel"]),
                (&json!(outcome), &json!(channel))
            );
        }
    }
    server.stop().await.unwrap();
}

#[tokio::test]
async fn what_is_no_message_is_refused() {
    let (server, _) = two_channels().await;
    let long = "x".repeat(201);
    for (wrong, field) in [
        (json!({"title": " "}), "title"),
        (json!({"title": long}), "title"),
        (json!({"title": "a", "severity": "loud"}), "severity"),
        (
            json!({"title": "a", "channels": ["console", "none"]}),
            "channels[1]",
        ),
        (json!({"content": "a"}), "title"),
        (json!({"title": "a", "to": "b"}), "to"),
    ] {
        let answer = server.post("/api/notifications/send", &wrong).await;
        assert_eq!(
            (answer.status, answer.json()["errors"][0]["field"].as_str()),
            (422, Some(field)),
            "{}",
            answer.body
        );
    }
    let none = json!({"title": "a", "channels": []});
    assert_eq!(server.post("/api/notifications/send", &none).await.status, 409);
    server.stop().await.unwrap();
    let server = Server::with([]).await;
    assert_eq!(
        server
            .post("/api/notifications/send", &json!({"title": "a"}))
            .await
            .status,
        409
    );
    assert_eq!(
        server.get("/api/notifications").await.json()["channels"],
        json!([])
    );
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_channel_is_tried_and_its_messages_are_shown_before_they_are_sent() {
    let (server, alerts) = two_channels().await;
    let good = server
        .post("/api/v1/notifications/channels/console/test", &json!({}))
        .await
        .json();
    assert_eq!(good["delivered"], true, "{good}");
    let bad = server
        .post("/api/v1/notifications/channels/broken/test", &json!({}))
        .await
        .json();
    assert_eq!(
        (&bad["delivered"], &bad["targets"][0]["error"]),
        (&json!(false), &json!("client"))
    );
    assert_eq!(
        server
            .post("/api/v1/notifications/channels/none/test", &json!({}))
            .await
            .status,
        404
    );
    let preview = json!({"title": "Maintenance", "content": "back at nine", "channels": ["console"]});
    let shown = server
        .post("/api/v1/notifications/preview", &preview)
        .await
        .json();
    assert_eq!(shown["items"][0]["title"], "[INFO] Maintenance", "{shown}");
    assert!(
        shown["items"][0]["text"]
            .as_str()
            .unwrap()
            .contains("back at nine"),
        "{shown}"
    );
    assert_eq!(alerts.channels()[0].delivered, 1, "a preview sends nothing");
    let channels = server.get("/api/v1/notifications/channels").await.json();
    assert_eq!(channels["items"].as_array().unwrap().len(), 2);
    assert_eq!(channels["items"][0]["kind"], "console");
    assert_eq!(
        server.get("/api/v1/notifications/channels/console").await.json()["state"],
        "ok"
    );
    assert_eq!(
        server.get("/api/v1/notifications/channels/none").await.status,
        404
    );
    for wrong in ["from=x", "outcome=lost", "outcome="] {
        let answer = server
            .get(&format!("/api/v1/notifications/deliveries?{wrong}"))
            .await;
        assert_eq!(answer.status, 400, "{wrong}");
    }
    server.stop().await.unwrap();
}

#[tokio::test]
async fn of_an_alert_the_message_is_shown_that_the_engine_tells() {
    const PREVIEW: &str = "/api/v1/notifications/preview";
    let rule = Rule::new("Too hot").metric("heat").above(1.0);
    let alerts = AlertEngine::builder()
        .rule(rule.severity(Severity::Critical))
        .notify(Console::to(std::io::sink()))
        .build()
        .unwrap();
    let server = Server::watched([], alerts.clone()).await;
    alerts.record_with("heat", [("zone", "a")], 2.0);
    eventually(|| alerts.deliveries(9).len() == 1).await;
    let id = alerts.active()[0].fingerprint.to_string();
    let about = json!({"fingerprint": id, "channels": ["console"]});
    let shown = server.post(PREVIEW, &about).await.good(200);
    let item = &shown["items"][0];
    assert_eq!(
        (&item["channel"], &item["title"]),
        (&json!("console"), &json!("[CRITICAL] Too hot"))
    );
    let text = item["text"].as_str().unwrap();
    assert!(
        text.contains("heat 2 > 1") && text.contains("zone=\"a\""),
        "{text}"
    );
    alerts.record_with("heat", [("zone", "a")], 0.0);
    eventually(|| alerts.deliveries(9).len() == 2).await;
    let all = json!({"fingerprint": id});
    let shown = server.post(PREVIEW, &all).await.good(200);
    assert_eq!(shown["items"][0]["title"], "[RESOLVED] Too hot", "{shown}");
    assert_eq!(alerts.channels()[0].delivered, 2, "a preview sends nothing");

    let nobody = json!({"fingerprint": "0000000000000000"}).to_string();
    let language = [("accept-language", "pt-BR")];
    let none = server.send("POST", PREVIEW, &language, &nobody).await;
    assert_eq!(
        (none.status, none.json()["detail"].as_str()),
        (404, Some("não há tal alerta"))
    );
    for (wrong, fields) in [
        (
            json!({"fingerprint": id, "title": "a", "severity": "info"}),
            vec!["title", "severity"],
        ),
        (json!({"fingerprint": "zz"}), vec!["fingerprint"]),
        (json!({"content": "a"}), vec!["title"]),
        (
            json!({"fingerprint": id, "channels": ["none"]}),
            vec!["channels[0]"],
        ),
    ] {
        let answer = server.post(PREVIEW, &wrong).await;
        let problem = answer.json();
        let errors = problem["errors"].as_array().unwrap().iter();
        let named: Vec<_> = errors.filter_map(|error| error["field"].as_str()).collect();
        assert_eq!((answer.status, named), (422, fields), "{problem}");
    }
    let none = json!({"fingerprint": id, "channels": []});
    assert_eq!(server.post(PREVIEW, &none).await.status, 409);
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_channel_that_was_switched_off_is_switched_on() {
    let alerts = AlertEngine::builder()
        .rule(Rule::new("Too hot").metric("heat").above(1.0))
        .notify(Console::to(std::io::sink()))
        .notify_as("gone", Failing::new(NotifyErrorKind::Gone))
        .fallback("console")
        .build()
        .unwrap();
    let server = Server::watched([], alerts.clone()).await;
    alerts.record("heat", 2.0);
    eventually(|| alerts.channels()[1].disabled_since.is_some()).await;
    let channel = server.get("/api/v1/notifications/channels/gone").await.json();
    assert_eq!(
        (&channel["state"], &channel["disabled_by"]),
        (&json!("disabled"), &json!("gone"))
    );
    assert_eq!(
        server
            .post("/api/v1/notifications/channels/gone/enable", &json!({}))
            .await
            .status,
        204
    );
    assert_eq!(
        server
            .post("/api/v1/notifications/channels/none/enable", &json!({}))
            .await
            .status,
        404
    );
    server.stop().await.unwrap();
}
