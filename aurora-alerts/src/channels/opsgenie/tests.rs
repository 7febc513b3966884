use aurora_core::time::ManualClock;
use proptest::prelude::*;

use super::*;
use crate::channels::samples;
use crate::notification::{Reason, Status};
use crate::notifier::NotifyErrorKind;
use crate::testing::fakes::{FakeIncidentStatus, FakeOpsgenie, FakeResponse};
use crate::testing::notifier_contract;

const KEY: &str = "eb243592-faa2-4ba2-a551-1afdf565c889";

async fn connected(dedup: Dedup) -> (FakeOpsgenie, Opsgenie) {
    let fake = FakeOpsgenie::start(KEY).await.unwrap();
    let channel = Opsgenie::builder(KEY).base_url(fake.url()).dedup(dedup);
    let channel = channel.clock(ManualClock::default()).build().unwrap();
    (fake, channel)
}

#[test]
fn requests_look_like_this() {
    let channel = Opsgenie::builder(KEY).team("on-call").build().unwrap();
    for (name, notification) in samples::all() {
        let rendered = channel.render(&notification);
        assert_eq!(rendered, channel.render(&notification), "pure");
        insta::assert_json_snapshot!(format!("opsgenie_{name}"), rendered.json.unwrap());
    }
}

#[tokio::test]
async fn an_alert_is_created_acknowledged_and_closed_under_one_alias() {
    for dedup in [Dedup::Alert, Dedup::Group] {
        let (fake, channel) = connected(dedup).await;
        let mut notification = samples::firing();
        notification.group_key = "a/b?c#d%2e..;e &+\"{}\\".to_owned();
        let receipt = channel.send(&notification).await.unwrap();
        assert_eq!(
            receipt.message.as_deref(),
            Some("43a29c5c-3dbf-4fa4-9c26-f4f71023e120")
        );
        channel.send(&notification).await.unwrap();
        assert_eq!((fake.incidents().len(), fake.incidents()[0].opened), (1, 2));
        notification.reason = Reason::Acknowledged;
        channel.send(&notification).await.unwrap();
        assert_eq!(fake.incidents()[0].status, FakeIncidentStatus::Acknowledged);
        notification.reason = Reason::Changed;
        notification.status = Status::Resolved;
        notification.alerts[0].status = Status::Resolved;
        notification.alerts[0].changes.clear();
        channel.send(&notification).await.unwrap();
        assert_eq!(
            fake.incidents()[0].status,
            FakeIncidentStatus::Closed,
            "{dedup:?}"
        );
        assert_eq!(fake.server().requests().len(), 4);
    }
}

#[tokio::test]
async fn what_was_over_before_it_was_told_is_created_and_closed_in_this_order() {
    let (fake, channel) = connected(Dedup::Alert).await;
    fake.server().answer_next(FakeResponse::new(502));
    assert!(channel.send(&samples::over_before_told()).await.is_err());
    assert_eq!(
        fake.server().requests().len(),
        1,
        "nothing is closed that was not created"
    );
    channel.send(&samples::over_before_told()).await.unwrap();
    let paths: Vec<_> = fake
        .server()
        .requests()
        .into_iter()
        .map(|request| request.path)
        .collect();
    assert_eq!(paths[1], "/v2/alerts");
    assert!(paths[2].ends_with("/close"), "{paths:?}");
    assert_eq!(fake.incidents()[0].status, FakeIncidentStatus::Closed);
}

#[tokio::test]
async fn statuses_decide_about_repetition() {
    let table = [
        (FakeResponse::new(401), NotifyErrorKind::Auth, None),
        (FakeResponse::new(403), NotifyErrorKind::Auth, None),
        (FakeResponse::new(422), NotifyErrorKind::Client, None),
        (
            FakeResponse::new(429).header("X-RateLimit-Period-In-Sec", 60),
            NotifyErrorKind::RateLimited,
            Some(60),
        ),
        (
            FakeResponse::new(429)
                .header("X-RateLimit-Period-In-Sec", 60)
                .header("retry-after", 5),
            NotifyErrorKind::RateLimited,
            Some(5),
        ),
        (
            FakeResponse::new(503).header("X-RateLimit-Period-In-Sec", 60),
            NotifyErrorKind::Server,
            None,
        ),
    ];
    let (fake, channel) = connected(Dedup::Alert).await;
    for (answer, kind, wait) in table {
        fake.server().answer_next(answer);
        let error = channel.send(&samples::firing()).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.retry_after()),
            (kind, wait.map(Duration::from_secs))
        );
    }
    let stranger = Opsgenie::builder("another").base_url(fake.url()).build().unwrap();
    let error = stranger.send(&samples::firing()).await.unwrap_err();
    assert_eq!(error.kind(), NotifyErrorKind::Auth);
}

#[test]
fn sites_have_the_addresses_of_the_documentation() {
    for (site, url) in [
        (OpsgenieSite::UnitedStates, "https://api.opsgenie.com/v2/alerts"),
        (OpsgenieSite::Europe, "https://api.eu.opsgenie.com/v2/alerts"),
        (
            OpsgenieSite::JiraServiceManagement,
            "https://api.atlassian.com/jsm/ops/integration/v2/alerts",
        ),
    ] {
        assert_eq!(
            Opsgenie::builder(KEY).site(site).build().unwrap().url.as_str(),
            url
        );
    }
}

#[test]
fn everything_wrong_is_said_at_once_without_secrets() {
    let error = Opsgenie::builder("secret\n")
        .base_url("ftp://private")
        .source("s".repeat(101))
        .team(" ")
        .timeout(Duration::ZERO)
        .build()
        .unwrap_err();
    assert_eq!(error.problems().len(), 5, "{error}");
    assert!(!error.to_string().contains("secret") && !error.to_string().contains("private"));
}

#[tokio::test]
async fn neither_errors_nor_debug_nor_what_is_shown_have_the_key() {
    let builder = Opsgenie::builder(KEY).base_url("http://127.0.0.1:1");
    let mut shown = format!("{builder:?}");
    let channel = builder.build().unwrap();
    let error = channel.send(&samples::firing()).await.unwrap_err();
    shown.push_str(&format!(
        "{error} {error:?} {channel:?} {:?}",
        channel.render(&samples::firing())
    ));
    assert!(
        !shown.contains("eb243592") && !shown.contains("GenieKey"),
        "{shown}"
    );
}

#[cfg(feature = "templates")]
#[test]
fn templates_take_the_place_of_message_and_description() {
    use crate::template::Template;
    let texts = Texts::new()
        .with_title(Template::title("{{ mark }} {{ alerts[0].rule }}").unwrap())
        .with_body(Template::text("{{ alerts[0].reading }}").unwrap());
    let channel = Opsgenie::builder(KEY).texts(texts).build().unwrap();
    let json = channel.render(&samples::firing()).json.unwrap();
    assert_eq!(json[0]["body"]["message"], "WARNING Error rate high");
    assert_eq!(json[0]["body"]["description"], "error_rate 31 > 20");
}

#[tokio::test]
async fn long_and_hostile_texts_stay_within_the_limits_that_the_service_enforces() {
    let (fake, channel) = connected(Dedup::Alert).await;
    let long = "ação 🚨 ".repeat(5_000);
    let mut notification = samples::hostile(&long, Status::Firing);
    for index in 0..60 {
        notification.alerts[0]
            .labels
            .insert(format!("l{index}"), long.as_str());
    }
    channel.send(&notification).await.unwrap();
    let body = fake.server().requests()[0].json().unwrap();
    assert!(body["message"].as_str().unwrap().ends_with('…'));
    assert!(body["description"].as_str().unwrap().contains('…'));
    assert_eq!(body["tags"].as_array().unwrap().len(), 20);
}

#[tokio::test]
async fn keeps_the_contract() {
    for dedup in [Dedup::Alert, Dedup::Group] {
        let (_fake, channel) = connected(dedup).await;
        notifier_contract(&channel).await;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_text_makes_requests_within_the_limits(
        text in "\\PC{0,40}|[\\r\\n\u{0}-\u{1f}\u{202e}🚨]{0,40}",
        times in prop_oneof![Just(1_usize), Just(400)],
        status in prop_oneof![Just(Status::Firing), Just(Status::Resolved)],
    ) {
        let units = |value: &Value| value.as_str().unwrap().encode_utf16().count();
        let channel = Opsgenie::builder(KEY).dedup(Dedup::Group).build().unwrap();
        let notification = samples::hostile(&text.repeat(times), status);
        for request in channel.render(&notification).json.unwrap().as_array().unwrap() {
            let body = &request["body"];
            if body["message"].is_null() {
                prop_assert!(units(&body["note"]) <= 25_000);
                continue;
            }
            prop_assert!((1..=130).contains(&units(&body["message"])));
            prop_assert!(units(&body["alias"]) <= 512 && units(&body["description"]) <= 15_000);
            let details = body["details"].as_object().unwrap();
            let total: usize = details.iter().map(|(name, value)| name.encode_utf16().count() + units(value)).sum();
            prop_assert!(total <= 8_000);
            prop_assert!(body["tags"].as_array().unwrap().iter().all(|tag| units(tag) <= 50));
        }
    }
}
