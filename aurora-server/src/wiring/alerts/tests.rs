use std::error::Error as _;
use std::sync::Arc;
use std::time::Duration;

use aurora_alerts::AlertEngine;
use aurora_alerts::testing::fakes::{
    FakeDiscord, FakeOpsgenie, FakePagerDuty, FakeResponse, FakeServer, FakeSlack, FakeTeams, FakeTelegram,
};
use aurora_core::config::Loader;
use aurora_core::store::Database;
use aurora_core::time::{Clock, ManualClock};

use super::engine;
use crate::error::{Error, ErrorKind};
use crate::http::Keys;
use crate::http::testing::mail_server;
use crate::rulebook::Rulebook;

const ROUTING_KEY: &str = "R0123456789abcdefghijklmnopqrstu";

/// The engine of these settings; of its rules only one fires at an error rate of 99 %.
async fn watched(
    settings: &[(&str, String)],
    database: &Database,
    clock: &ManualClock,
) -> Result<AlertEngine, Error> {
    let loaded = Loader::new()
        .overrides([("alerts.error_rate_threshold", "50".to_owned())])
        .overrides(settings.iter().cloned())
        .load()
        .unwrap();
    let clock: Arc<dyn Clock> = Arc::new(clock.clone());
    let keys = Keys::ephemeral().unwrap();
    let made = engine(loaded.settings(), database, &keys, &clock).await;
    made.map(|(engine, _)| engine)
}

async fn in_memory() -> Database {
    Database::open(&"sqlite::memory:".into()).await.unwrap()
}

#[tokio::test]
async fn every_channel_that_is_set_is_told() {
    let webhook = FakeServer::start(|_| FakeResponse::new(204)).await.unwrap();
    let (slack, discord, teams) = (
        FakeSlack::start().await.unwrap(),
        FakeDiscord::start().await.unwrap(),
        FakeTeams::start().await.unwrap(),
    );
    let telegram = FakeTelegram::start().await.unwrap();
    let pagerduty = FakePagerDuty::start(ROUTING_KEY).await.unwrap();
    let opsgenie = FakeOpsgenie::start("genie").await.unwrap();
    let (mail, mailed) = mail_server().await;
    let settings = [
        ("alerts.webhook_url", webhook.url("/hook")),
        ("slack.webhook_url", slack.url()),
        ("discord.webhook_url", discord.url()),
        ("teams.webhook_url", teams.url()),
        ("telegram.bot_token", telegram.token().to_owned()),
        ("telegram.base_url", telegram.base_url()),
        ("telegram.chat_ids", "7,-1001".to_owned()),
        ("pagerduty.routing_key", ROUTING_KEY.to_owned()),
        ("pagerduty.endpoint", pagerduty.url()),
        ("opsgenie.api_key", "genie".to_owned()),
        ("opsgenie.base_url", opsgenie.url()),
        ("email.host", "127.0.0.1".to_owned()),
        ("email.port", mail.to_string()),
        ("email.encryption", "none".to_owned()),
        ("email.from", "Alerts <alerts@example.com>".to_owned()),
        ("email.to", "ana@example.com,ops@example.com".to_owned()),
    ];
    let engine = watched(&settings, &in_memory().await, &ManualClock::default())
        .await
        .unwrap();
    engine.record("error_rate", 99.0);
    engine.tick().await;

    let rule = "Error rate high";
    let hooked = webhook.requests();
    assert!(hooked.len() == 1 && hooked[0].text().contains(rule), "{hooked:?}");
    assert_eq!(
        (slack.mentions(rule), discord.mentions(rule), teams.mentions(rule)),
        (1, 1, 1)
    );
    // In no order: each is a target of its own.
    let mut chats: Vec<String> = telegram
        .accepted()
        .iter()
        .filter_map(|message| message["chat_id"].as_str().map(str::to_owned))
        .collect();
    chats.sort_unstable();
    assert_eq!(chats, ["-1001", "7"]);
    assert_eq!((pagerduty.incidents().len(), opsgenie.incidents().len()), (1, 1));
    let mailed = mailed.lock().unwrap().join("\n");
    for part in [
        "MAIL FROM:<alerts@example.com>",
        "RCPT TO:<ana@example.com>",
        "RCPT TO:<ops@example.com>",
        rule,
    ] {
        assert!(mailed.contains(part), "{part:?} is not in\n{mailed}");
    }
    let delivered: Vec<_> = engine
        .channels()
        .into_iter()
        .map(|channel| (channel.channel, channel.delivered))
        .collect();
    let of = |name: &str, delivered| (name.to_owned(), delivered);
    assert_eq!(
        delivered,
        [
            of("console", 1),
            of("webhook", 1),
            of("slack", 1),
            of("discord", 1),
            of("telegram", 2),
            of("teams", 1),
            of("pagerduty", 1),
            of("opsgenie", 1),
            of("email", 2),
        ]
    );
}

#[tokio::test]
async fn what_was_not_delivered_is_delivered_after_a_restart() {
    let database = in_memory().await;
    let webhook = FakeServer::start(|_| FakeResponse::new(204)).await.unwrap();
    webhook.answer_next(FakeResponse::new(503));
    let settings = [("alerts.webhook_url", webhook.url("/hook"))];
    let clock = ManualClock::default();
    let first = watched(&settings, &database, &clock).await.unwrap();
    first.record("error_rate", 99.0);
    first.tick().await;
    assert_eq!(webhook.requests().len(), 1);
    // No time passes, so that it cannot be tried again; the limit is over at once.
    assert_eq!(first.shutdown(Duration::ZERO).await, 1);

    let second = watched(&settings, &database, &clock).await.unwrap();
    assert_eq!(second.active()[0].rule, "Error rate high");
    clock.advance(Duration::from_secs(2));
    second.tick().await;
    let requests = webhook.requests();
    assert_eq!(requests.len(), 2);
    assert_eq!(
        requests[0].header("webhook-id"),
        requests[1].header("webhook-id"),
        "the same delivery"
    );
}

#[tokio::test]
async fn what_a_broken_channel_cannot_tell_is_told_in_the_terminal() {
    let webhook = FakeServer::start(|_| FakeResponse::new(410)).await.unwrap();
    let settings = [("alerts.webhook_url", webhook.url("/hook"))];
    let engine = watched(&settings, &in_memory().await, &ManualClock::default())
        .await
        .unwrap();
    engine.record("error_rate", 99.0);
    engine.tick().await;
    let channels = engine.channels();
    let [console, webhook] = channels.as_slice() else {
        panic!("{channels:?}")
    };
    assert!(webhook.disabled_since.is_some(), "{webhook:?}");
    assert!(
        console.delivered > 1,
        "the alert itself and that the webhook is gone: {console:?}"
    );
}

fn file(folder: &tempfile::TempDir, text: &str) -> [(&'static str, String); 1] {
    let path = folder.path().join("alerts.yaml");
    std::fs::write(&path, text).unwrap();
    [("alerts.file", path.to_str().unwrap().to_owned())]
}

#[tokio::test]
async fn rules_of_a_file_stand_beside_the_default_ones_or_in_their_place() {
    let folder = tempfile::tempdir().unwrap();
    let text = "
rules:
  - { name: Error rate high, when: error_rate > 5 }
  - { name: Queue long, when: queue > 100 }
route:
  receiver: console
";
    let (database, clock) = (in_memory().await, ManualClock::default());
    let engine = watched(&file(&folder, text), &database, &clock).await.unwrap();
    let rules = engine.rules();
    assert_eq!(rules.len(), 7, "six default ones, and one more");
    let limit = |name: &str| {
        let rule = rules.iter().find(|rule| rule.name() == name);
        rule.and_then(|rule| rule.threshold())
            .map(|threshold| threshold.value)
    };
    assert_eq!(
        (
            limit("Error rate high"),
            limit("Queue long"),
            limit("Error rate critical")
        ),
        (Some(5.0), Some(100.0), Some(100.0))
    );
}

#[tokio::test]
async fn a_wrong_file_keeps_the_server_from_starting_and_says_where() {
    let folder = tempfile::tempdir().unwrap();
    let (database, clock) = (in_memory().await, ManualClock::default());
    for (text, part) in [
        ("rules:\n  - { name: a, wen: b > 1 }\n", "alerts.yaml:2:"),
        ("route:\n  receiver: slack\n", "slack"), // which is not set
    ] {
        let error = watched(&file(&folder, text), &database, &clock)
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Settings);
        let cause = error.source().unwrap().to_string();
        assert!(cause.contains(part), "{cause}");
    }
}

#[tokio::test]
async fn mail_without_a_recipient_is_no_channel() {
    let settings = [
        ("email.host", "127.0.0.1".to_owned()),
        ("email.from", "alerts@example.com".to_owned()),
    ];
    let engine = watched(&settings, &in_memory().await, &ManualClock::default())
        .await
        .unwrap();
    assert_eq!(engine.channels().len(), 1, "the terminal alone");
}

#[tokio::test]
async fn rules_that_people_wrote_outlive_the_process_and_what_no_longer_fits_does_not_stop_it() {
    let (database, clock) = (in_memory().await, ManualClock::default());
    let first = watched(&[], &database, &clock).await.unwrap();
    let book = Rulebook::new(first.clone(), first.rules(), true);
    let rule = serde_json::json!({"name": "Mine", "when": "queue > 10"});
    let serde_json::Value::Object(rule) = rule else {
        panic!()
    };
    book.create(rule.clone(), true, ("ana", clock.now()))
        .await
        .unwrap();
    book.switch("Error rate high", false, ("ana", clock.now()))
        .await
        .unwrap();
    first.shutdown(Duration::ZERO).await;

    let second = watched(&[], &database, &clock).await.unwrap();
    let rules = second.rules();
    let names: Vec<&str> = rules.iter().map(aurora_alerts::Rule::name).collect();
    assert!(
        names.contains(&"Mine") && !names.contains(&"Error rate high"),
        "{names:?}"
    );
    // As a rule that names a receiver which was taken out of the file.
    let lost = r#"{"version":1,"enabled":true,"changed_by":"","changed_at":"2026-01-01T00:00:00Z","rule":{"name":"Lost",
        "when":"queue > 10","escalation":{"steps":[{"after":"1m","receiver":"gone"}]}}}"#;
    second.keep("rule/Lost", Some(lost.to_owned())).await.unwrap();
    second.shutdown(Duration::ZERO).await;
    let third = watched(&[], &database, &clock).await.unwrap();
    assert!(
        third.rules().iter().any(|rule| rule.name() == "Error rate high"),
        "what the server begins with"
    );
}

#[tokio::test]
async fn notifications_have_links_where_the_address_of_the_server_is_known() {
    let (database, clock) = (in_memory().await, ManualClock::default());
    let address = [("server.public_url", "https://aurora.example/".to_owned())];
    let engine = watched(&address, &database, &clock).await.unwrap();
    assert!(engine.read_link("AAAA").is_err(), "and only its own");
}
