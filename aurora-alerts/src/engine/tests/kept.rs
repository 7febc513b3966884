use std::sync::Arc;

use aurora_core::time::ManualClock;

use super::beside;
use crate::history::HistoryQuery;
use crate::link::{AckLinks, AckSubject};
use crate::notification::Notification;
use crate::report::Report;
use crate::store::{AlertStore as _, MemoryStore};
use crate::testing::Recorder;
use crate::{AlertEngine, ErrorKind, Rule, Severity};

#[tokio::test]
async fn what_is_kept_outlives_the_engine_and_is_seen_by_replicas() {
    let clock = ManualClock::default();
    let store = MemoryStore::new().clock(Arc::new(clock.clone()));
    let engine = |store: &MemoryStore| AlertEngine::builder().clock(clock.clone()).store(store.clone());
    let first = engine(&store).open().await.unwrap();
    let second = engine(&store).open().await.unwrap();
    assert!(first.leads() && !second.leads());
    let kept = second.keep("rule/a", Some("text".to_owned()));
    beside(&first, &clock, kept).await.unwrap();
    assert_eq!(first.kept()["rule/a"], "text");
    assert_eq!(second.kept(), first.kept());
    assert_eq!(store.load().await.unwrap().kept(), first.kept());
    first.keep("rule/a", None).await.unwrap();
    assert_eq!(
        first.keep("rule/a", None).await.unwrap_err().kind(),
        ErrorKind::NotFound
    );
    assert_eq!(first.keep("", None).await.unwrap_err().kind(), ErrorKind::Invalid);
    let long = "x".repeat(65 * 1024);
    assert_eq!(
        first.keep("a", Some(long)).await.unwrap_err().kind(),
        ErrorKind::Invalid
    );
    assert_eq!(second.kept()["rule/a"], "text", "it has not looked yet");
    let gone = beside(&first, &clock, second.keep("rule/a", None)).await;
    assert_eq!(gone.unwrap_err().kind(), ErrorKind::NotFound);
    assert!(second.kept().is_empty());
}

#[tokio::test]
async fn of_several_that_change_the_same_text_one_succeeds() {
    let engine = AlertEngine::builder().build().unwrap();
    let text = |text: &str| Some(text.to_owned());
    engine.exchange("a", None, text("1")).await.unwrap();
    engine.exchange("a", text("1"), text("2")).await.unwrap();
    for before in [None, text("1")] {
        let late = engine.exchange("a", before, text("3")).await.unwrap_err();
        assert_eq!(late.kind(), ErrorKind::Conflict);
    }
    assert_eq!(engine.kept()["a"], "2");
    engine.exchange("a", text("2"), None).await.unwrap();
    let gone = engine.exchange("a", text("2"), None).await.unwrap_err();
    assert_eq!(gone.kind(), ErrorKind::Conflict);
}

#[tokio::test]
async fn a_replica_that_does_not_lead_watches_what_new_rules_look_at() {
    let clock = ManualClock::default();
    let store = MemoryStore::new().clock(Arc::new(clock.clone()));
    let engine = |store: &MemoryStore| AlertEngine::builder().clock(clock.clone()).store(store.clone());
    let first = engine(&store).open().await.unwrap();
    let second = engine(&store).open().await.unwrap();
    let rules = || vec![Rule::new("Hot").metric("heat").above(1.0).build().unwrap()];
    assert!(second.check(rules(), second.routing()).is_ok());
    first.reload(rules(), first.routing()).await.unwrap();
    second.reload(rules(), second.routing()).await.unwrap();
    second.record("heat", 2.0);
    second.tick().await;
    first.tick().await;
    assert_eq!(first.active().len(), 1);
}

#[tokio::test]
async fn a_message_is_told_at_once_and_is_in_the_history_but_in_no_report_of_rules() {
    let clock = ManualClock::default();
    let recorder = Recorder::new();
    let engine = AlertEngine::builder()
        .clock(clock.clone())
        .notify(recorder.clone())
        .build()
        .unwrap();
    let channel = engine.channels()[0].channel.clone();
    use aurora_core::time::Clock as _;
    let message = Notification::message("Maintenance", "back at nine", Severity::Warning, clock.now());
    assert_eq!(message.to_string(), "[WARNING] Maintenance: back at nine");
    let told = engine.tell(&channel, &message).await.unwrap();
    assert!(told[0].result.is_ok());
    assert_eq!(engine.channels()[0].delivered, 1);
    let page = engine
        .records(&HistoryQuery::default(), &Default::default())
        .await
        .unwrap();
    assert_eq!(page.items.len(), 1);
    let report = Report::of(
        page.items,
        clock.now(),
        clock.now() + std::time::Duration::from_secs(60),
    );
    assert_eq!((report.rules.len(), report.channels[0].delivered), (0, 1));
    assert_eq!(
        engine.tell("none", &message).await.unwrap_err().kind(),
        ErrorKind::NotFound
    );
}

#[tokio::test]
async fn links_are_read_where_they_are_signed() {
    use aurora_core::time::Clock as _;
    let clock = ManualClock::default();
    let links = AckLinks::new("https://a.example/ack", "0123456789abcdef0123456789abcdef").unwrap();
    let engine = AlertEngine::builder()
        .clock(clock.clone())
        .acknowledge_links(links.clone())
        .build()
        .unwrap();
    let until = clock.now() + std::time::Duration::from_secs(60);
    let url = links.sign(&AckSubject::Group("g".to_owned()), until).unwrap();
    let token = url.split_once("token=").unwrap().1;
    let subject = engine.read_link(token).unwrap().subject;
    assert!(engine.alerts_of(&subject).is_empty());
    assert!(AlertEngine::builder().build().unwrap().read_link(token).is_err());
}
