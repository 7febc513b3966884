//! Ten thousand alerts at once into a chat that takes a message a second: nothing is never mentioned, the worst goes
//! first, the limits of the service are kept, and no other channel waits.

#![expect(clippy::unwrap_used, reason = "a test fails by it")]

mod mentions;

use std::time::Duration;

use aurora_alerts::store::{AlertStore, MemoryStore, SqlAlertStore};
use aurora_alerts::testing::Recorder;
use aurora_alerts::testing::fakes::{FakeDiscord, FakeResponse, FakeServer, FakeSlack};
use aurora_alerts::{AlertEngine, Discord, Notifier, PostedAlert, Slack, Status};
use aurora_core::store::Database;
use aurora_core::time::{Clock as _, ManualClock};
use serde_json::Value;

use mentions::NAME;

const ALERTS: usize = 10_000;
const YEAR: Duration = Duration::from_secs(365 * 24 * 3_600);

/// Every tenth is critical; in what is posted they stand last.
const fn is_critical(number: usize) -> bool {
    number >= ALERTS / 10 * 9
}

/// Every second ends while it still waits to be told.
const fn ends(number: usize) -> bool {
    number.is_multiple_of(2)
}

fn alert(number: usize) -> PostedAlert {
    let severity = if is_critical(number) {
        "critical"
    } else {
        "warning"
    };
    PostedAlert::new([
        ("alertname", &*format!("{NAME}{number:05}")),
        ("severity", severity),
    ])
}

async fn engine(
    clock: &ManualClock,
    store: impl AlertStore,
    channel: impl Notifier,
    others: Option<&Recorder>,
) -> AlertEngine {
    let mut builder = AlertEngine::builder()
        .clock(clock.clone())
        .store(store)
        .notify(channel)
        .resolve_timeout(YEAR);
    if let Some(recorder) = others {
        builder = builder.notify(recorder.clone());
    }
    builder.open().await.unwrap()
}

/// Everything fires, one message goes out, then half of it ends.
async fn break_out(engine: &AlertEngine, clock: &ManualClock) {
    engine.post((0..ALERTS).map(alert)).await.unwrap();
    engine.tick().await;
    let over = (0..ALERTS).filter(|number| ends(*number));
    let now = clock.now();
    engine
        .post(over.map(|number| alert(number).ends_at(now)))
        .await
        .unwrap();
    engine.tick().await;
}

/// Lets time pass until nothing waits, or until the service has taken so many messages.
async fn weather(engine: &AlertEngine, clock: &ManualClock, server: &FakeServer, most: usize) {
    for _ in 0..most {
        let channel = engine.channels().remove(0);
        if channel.queued == 0 {
            return;
        }
        let rest = channel.throttled_until.map(|until| until.since(clock.now()));
        clock.advance(rest.unwrap_or(Duration::from_millis(100)));
        let before = server.requests().len();
        engine.tick().await;
        assert!(
            server.requests().len() > before || rest.is_none(),
            "it rests no longer than it was asked to"
        );
    }
}

/// What must hold of the messages that a service took.
fn check(accepted: &[Value], requests: usize) {
    let named = mentions::read(accepted);
    let nothing = mentions::Named::default();
    let of = |number: usize| named.get(&number).copied().unwrap_or(nothing);
    let untold = |is_told: &dyn Fn(usize) -> bool| (0..ALERTS).filter(|number| !is_told(*number)).count();
    assert_eq!(
        untold(&|number| of(number).firing.is_some()),
        0,
        "never said to fire"
    );
    assert_eq!(
        untold(&|number| of(number).resolved.is_some() == ends(number)),
        0,
        "the end is not told, or told of what fires"
    );
    let twice = (0..ALERTS).filter(|number| of(*number).times > 2);
    assert_eq!(
        twice.count(),
        0,
        "named more often than for its firing and its end"
    );
    let first = |number: &usize| of(*number).first.unwrap();
    let (critical, other): (Vec<usize>, Vec<usize>) = (0..ALERTS).partition(|number| is_critical(*number));
    let last_critical = critical.iter().map(first).max().unwrap();
    let first_other = other.iter().map(first).min().unwrap();
    assert!(last_critical <= first_other, "{last_critical} {first_other}");
    let refused = requests - accepted.len();
    assert!(
        refused * 50 <= accepted.len(),
        "{refused} refused, {} taken",
        accepted.len()
    );
    eprintln!("{ALERTS} alerts, {} messages, {refused} refused", accepted.len());
}

/// The other channel was told of everything before the clock had moved at all.
fn nobody_else_waited(recorder: &Recorder) {
    let told = recorder.notifications();
    let count = |status| {
        told.iter()
            .flat_map(|told| &told.alerts)
            .filter(|alert| alert.status == status)
            .count()
    };
    assert_eq!(
        (count(Status::Firing), count(Status::Resolved)),
        (ALERTS, ALERTS / 2)
    );
}

#[tokio::test]
async fn a_storm_into_slack_is_told_as_fast_as_slack_allows() {
    let clock = ManualClock::default();
    let (slack, others) = (FakeSlack::limited(clock.clone()).await.unwrap(), Recorder::new());
    let channel = Slack::builder(slack.url()).clock(clock.clone()).build().unwrap();
    let store = MemoryStore::new().clock(clock.clone());
    let engine = engine(&clock, store, channel, Some(&others)).await;
    slack.server().answer_next(
        FakeResponse::new(429)
            .header("retry-after", 30)
            .text("rate_limited"),
    );
    let began = clock.now();
    break_out(&engine, &clock).await;
    assert_eq!(clock.now(), began);
    nobody_else_waited(&others);
    assert_eq!(slack.server().requests().len(), 1, "it rests");
    weather(&engine, &clock, slack.server(), 5_000).await;
    assert!(clock.now().since(began) >= Duration::from_secs(30));
    check(&slack.accepted(), slack.server().requests().len());
}

#[tokio::test]
async fn a_storm_into_discord_keeps_to_its_bucket() {
    let clock = ManualClock::default();
    let (discord, others) = (
        FakeDiscord::limited(clock.clone()).await.unwrap(),
        Recorder::new(),
    );
    let channel = Discord::builder(discord.url())
        .clock(clock.clone())
        .build()
        .unwrap();
    let store = MemoryStore::new().clock(clock.clone());
    let engine = engine(&clock, store, channel, Some(&others)).await;
    break_out(&engine, &clock).await;
    nobody_else_waited(&others);
    weather(&engine, &clock, discord.server(), 10_000).await;
    check(&discord.accepted(), discord.server().requests().len());
}

#[tokio::test]
async fn a_storm_outlives_a_restart_in_its_midst() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}/alerts.db", folder.path().display());
    let clock = ManualClock::default();
    let slack = FakeSlack::limited(clock.clone()).await.unwrap();
    let open = async || {
        let database = Database::open(&url.clone().into()).await.unwrap();
        let store = SqlAlertStore::open(database, "storm")
            .await
            .unwrap()
            .clock(clock.clone());
        let channel = Slack::builder(slack.url()).clock(clock.clone()).build().unwrap();
        engine(&clock, store, channel, None).await
    };
    let before = open().await;
    break_out(&before, &clock).await;
    weather(&before, &clock, slack.server(), 150).await;
    assert!(before.channels()[0].queued > 0);
    // It goes without a word, and somebody takes over when its lead has run out.
    drop(before);
    clock.advance(Duration::from_secs(60));
    let after = open().await;
    weather(&after, &clock, slack.server(), 5_000).await;
    check(&slack.accepted(), slack.server().requests().len());
}
