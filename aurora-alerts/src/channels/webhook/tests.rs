use std::time::Duration;

use aurora_core::time::ManualClock;
use serde_json::Value;
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::*;
use crate::channels::samples;
use crate::testing::{notifier_contract, sample_notification};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

async fn answering(template: ResponseTemplate) -> (MockServer, Webhook) {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .and(path("/hook/private"))
        .respond_with(template)
        .mount(&server)
        .await;
    let webhook = Webhook::builder(format!("{}/hook/private", server.uri())).clock(ManualClock::default());
    (server, webhook.secret(SECRET).build().unwrap())
}

#[tokio::test]
async fn sends_signed_json_that_the_receiver_can_verify() {
    let (server, webhook) = answering(ResponseTemplate::new(204)).await;
    let notification = sample_notification("Error rate high", Status::Firing);
    webhook.send(&notification).await.unwrap();

    let requests = server.received_requests().await.unwrap();
    let request = &requests[0];
    let header = |name: &str| request.headers.get(name).unwrap().to_str().unwrap().to_owned();
    assert_eq!(header("content-type"), "application/json");
    assert_eq!(header("webhook-id"), notification.id.to_string());
    assert_eq!(header("webhook-timestamp"), "1767225600");
    let key = SigningKey::parse(&SECRET.into()).unwrap();
    assert_eq!(
        header("webhook-signature"),
        key.sign(
            &header("webhook-id"),
            Timestamp::from_secs(1_767_225_600),
            &request.body
        )
    );

    let body: Value = serde_json::from_slice(&request.body).unwrap();
    assert_eq!(body["type"], "alert.firing");
    assert_eq!(body["timestamp"], "2026-01-01T00:00:00.000000Z");
    assert_eq!(body["data"]["alerts"][0]["rule"], "Error rate high");
    assert_eq!(body["data"]["alerts"][0]["operator"], ">");
    assert_eq!(body["data"]["alerts"][0]["value"], 31.0);
    assert_eq!(
        serde_json::from_value::<Notification>(body["data"].clone()).unwrap(),
        notification
    );
}

#[tokio::test]
async fn several_alerts_are_one_body_and_a_repetition_keeps_its_id() {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .respond_with(ResponseTemplate::new(200))
        .mount(&server)
        .await;
    let clock = ManualClock::default();
    let webhook = Webhook::builder(server.uri())
        .clock(clock.clone())
        .build()
        .unwrap();
    let mut several = samples::several();
    webhook.send(&several).await.unwrap();
    clock.advance(Duration::from_secs(60));
    several.attempt = 2;
    webhook.send(&several).await.unwrap();

    let requests = server.received_requests().await.unwrap();
    let header = |index: usize, name: &str| requests[index].headers.get(name).unwrap().clone();
    assert_eq!(header(0, "webhook-id"), header(1, "webhook-id"));
    assert_ne!(header(0, "webhook-timestamp"), header(1, "webhook-timestamp"));
    let body: Value = requests[1].body_json().unwrap();
    let rules: Vec<_> = body["data"]["alerts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|alert| &alert["rule"])
        .collect();
    assert_eq!(rules, ["Disk full", "Error rate high", "Latency high"]);
    assert_eq!(
        (&body["data"]["attempt"], &body["data"]["others_firing"]),
        (&2.into(), &2.into())
    );
    assert_eq!(webhook.limits().alerts, 500);
    assert_eq!(
        webhook.render(&several).json.unwrap(),
        body,
        "what is shown is what is sent"
    );
}

#[test]
fn the_body_is_the_one_of_the_documentation() {
    let webhook = Webhook::builder("https://example.com").build().unwrap();
    let documented: Value = serde_json::from_str(include_str!("payload.json")).unwrap();
    assert_eq!(webhook.render(&samples::firing()).json.unwrap(), documented);
}

#[test]
fn bodies_look_like_this() {
    let webhook = Webhook::builder("https://example.com").build().unwrap();
    for (name, notification) in samples::all() {
        insta::assert_json_snapshot!(
            format!("webhook_{name}"),
            webhook.render(&notification).json.unwrap()
        );
    }
}

#[tokio::test]
async fn two_secrets_give_two_signatures_and_none_gives_no_header() {
    let (server, _) = answering(ResponseTemplate::new(200)).await;
    let builder =
        || Webhook::builder(format!("{}/hook/private", server.uri())).header("authorization", "Bearer t");
    let other = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    for webhook in [builder().secret(SECRET).secret(other).build(), builder().build()] {
        webhook
            .unwrap()
            .send(&sample_notification("a", Status::Resolved))
            .await
            .unwrap();
    }
    let requests = server.received_requests().await.unwrap();
    let signature = requests[0]
        .headers
        .get("webhook-signature")
        .unwrap()
        .to_str()
        .unwrap();
    assert_eq!(
        signature
            .split(' ')
            .filter(|part| part.starts_with("v1,"))
            .count(),
        2
    );
    assert!(requests[1].headers.get("webhook-signature").is_none());
    assert_eq!(requests[1].headers.get("authorization").unwrap(), "Bearer t");
}

#[tokio::test]
async fn statuses_decide_about_repetition() {
    let table = [
        (
            ResponseTemplate::new(302).insert_header("location", "/elsewhere"),
            NotifyErrorKind::Client,
            None,
        ),
        (ResponseTemplate::new(410), NotifyErrorKind::Gone, None),
        (ResponseTemplate::new(401), NotifyErrorKind::Auth, None),
        (ResponseTemplate::new(500), NotifyErrorKind::Server, None),
        (
            ResponseTemplate::new(429).insert_header("retry-after", "7"),
            NotifyErrorKind::RateLimited,
            Some(7),
        ),
        (
            ResponseTemplate::new(503).insert_header("retry-after", "9"),
            NotifyErrorKind::Server,
            Some(9),
        ),
    ];
    for (template, kind, wait) in table {
        let (server, webhook) = answering(template).await;
        let error = webhook
            .send(&sample_notification("a", Status::Firing))
            .await
            .unwrap_err();
        assert_eq!(
            (error.kind(), error.retry_after()),
            (kind, wait.map(Duration::from_secs))
        );
        assert_eq!(
            server.received_requests().await.unwrap().len(),
            1,
            "no redirect followed, nothing repeated"
        );
    }
}

#[tokio::test]
async fn neither_errors_nor_debug_show_the_path_or_the_key() {
    let webhook = Webhook::builder("http://127.0.0.1:1/hook/private")
        .secret(SECRET)
        .build()
        .unwrap();
    let error = webhook
        .send(&sample_notification("a", Status::Firing))
        .await
        .unwrap_err();
    assert!(error.is_retryable());
    let shown = format!("{error} {error:?} {webhook:?}");
    for secret in ["private", "MfKQ"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[test]
fn everything_wrong_is_said_at_once_without_secrets() {
    let builder = Webhook::builder("ftp://private")
        .secret("nope")
        .header("bad name", "v")
        .timeout(Duration::ZERO);
    let error = builder.build().unwrap_err();
    assert_eq!(error.problems().len(), 4, "{error}");
    assert!(!error.to_string().contains("private") && !error.to_string().contains("nope"));
}

#[tokio::test]
async fn keeps_the_contract() {
    let (_server, webhook) = answering(ResponseTemplate::new(200)).await;
    notifier_contract(&webhook).await;
}
