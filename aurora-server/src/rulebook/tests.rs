use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use aurora_alerts::store::MemoryStore;
use aurora_core::time::{ManualClock, Timestamp};

use super::*;

const AT: (&str, Timestamp) = ("ana", Timestamp::from_secs(1));

fn definition(value: Value) -> Map<String, Value> {
    let Value::Object(map) = value else { panic!() };
    map
}

fn names(rules: &[Rule]) -> Vec<&str> {
    rules.iter().map(Rule::name).collect()
}

#[tokio::test]
async fn rules_are_changed_switched_and_given_back() {
    let base = vec![Rule::new("Built in").metric("m").above(1.0).build().unwrap()];
    let engine = AlertEngine::builder().rules(base.clone()).build().unwrap();
    let book = Rulebook::new(engine.clone(), base, true);
    let hot = definition(
        json!({"name": "Hot \"☀\"", "when": "mean(heat[5m]) > 20", "severity": "critical", "for": "1m"}),
    );
    let made = book.create(hot.clone(), true, AT).await.unwrap();
    assert_eq!((made.version(), made.is_built_in), (1, false));
    assert_eq!(names(&engine.rules()), ["Built in", "Hot \"☀\""]);
    assert!(matches!(book.create(hot, true, AT).await, Err(Refusal::Exists)));

    let other = definition(json!({"metric": "m", "operator": ">", "threshold": 2}));
    let changed = book.replace("Built in", 1, other.clone(), AT).await.unwrap();
    assert_eq!((changed.version(), changed.is_built_in), (2, true));
    assert_eq!(engine.rules()[0].threshold().unwrap().value, 2.0);
    assert!(matches!(
        book.replace("Built in", 1, other, AT).await,
        Err(Refusal::Stale(2))
    ));
    let off = book.switch("Built in", false, AT).await.unwrap();
    assert!(!off.is_enabled());
    assert_eq!(names(&engine.rules()), ["Hot \"☀\""]);
    assert_eq!(book.list().len(), 2, "what is off is still there");
    book.remove("Built in", 3).await.unwrap();
    assert_eq!(engine.rules()[0].threshold().unwrap().value, 1.0);
    assert!(matches!(book.remove("Built in", 1).await, Err(Refusal::BuiltIn)));
    assert!(matches!(book.remove("none", 1).await, Err(Refusal::NotFound)));
}

#[tokio::test]
async fn what_makes_no_sense_changes_nothing() {
    let engine = AlertEngine::builder().build().unwrap();
    let book = Rulebook::new(engine.clone(), Vec::new(), true);
    for wrong in [
        json!({}),
        json!({"name": "a"}),
        json!({"name": "a", "when": "x > 1", "severty": "info"}),
        json!({"name": "a", "when": "x > 1", "escalation": {"steps": [{"after": "1m", "receiver": "nobody"}]}}),
    ] {
        let refused = book.create(definition(wrong.clone()), true, AT).await;
        assert!(
            match refused {
                Err(Refusal::Wrong(faults)) => faults.into_error().kind() == ErrorKind::Invalid,
                Err(Refusal::Alerts(error)) => error.kind() == ErrorKind::Invalid,
                _ => false,
            },
            "{wrong}"
        );
    }
    assert!(engine.rules().is_empty() && engine.kept().is_empty());
}

#[tokio::test]
async fn what_another_replica_kept_is_followed_and_what_cannot_be_read_is_left_out() {
    let engine = AlertEngine::builder().build().unwrap();
    let book = Rulebook::new(engine.clone(), Vec::new(), true);
    let entry = Entry {
        version: 1,
        enabled: true,
        rule: Some(definition(json!({"name": "a", "when": "x > 1"}))),
        changed_by: String::new(),
        changed_at: Timestamp::UNIX_EPOCH,
    };
    let text = serde_json::to_string(&entry).unwrap();
    engine.keep("rule/a", Some(text.clone())).await.unwrap();
    engine.keep("rule/b", Some("?".to_owned())).await.unwrap();
    engine.keep("other", Some("x".to_owned())).await.unwrap();
    book.follow().await.unwrap();
    assert_eq!(names(&engine.rules()), ["a"]);
    assert_eq!(names(&in_force(&[], &of_rules(&engine.kept()))), ["a"]);
}

/// Waits for an answer while the replica that leads goes on.
async fn beside<T>(leader: &AlertEngine, clock: &ManualClock, asked: impl Future<Output = T>) -> T {
    let mut asked = pin!(asked);
    loop {
        if let Poll::Ready(answer) = futures::poll!(asked.as_mut()) {
            return answer;
        }
        clock.advance(Duration::from_millis(100));
        leader.tick().await;
    }
}

#[tokio::test]
async fn of_two_replicas_that_change_the_same_version_one_is_refused() {
    let clock = ManualClock::default();
    let store = MemoryStore::new().clock(clock.clone());
    let engine = || {
        AlertEngine::builder()
            .clock(clock.clone())
            .store(store.clone())
            .open()
    };
    let (leader, follower) = (engine().await.unwrap(), engine().await.unwrap());
    assert!(leader.leads() && !follower.leads());
    let one = Rulebook::new(leader.clone(), Vec::new(), true);
    let two = Rulebook::new(follower.clone(), Vec::new(), true);
    let rule = |threshold: u32| definition(json!({"name": "a", "when": format!("x > {threshold}")}));

    let made = beside(&leader, &clock, two.create(rule(1), true, AT))
        .await
        .unwrap();
    assert_eq!(made.version(), 1);
    assert!(two.get("a").is_some(), "whoever made it sees it");
    assert_eq!(names(&follower.rules()), ["a"]);
    one.follow().await.unwrap();

    one.replace("a", 1, rule(2), AT).await.unwrap();
    assert_eq!(two.get("a").unwrap().version(), 1, "it has not looked yet");
    let late = beside(&leader, &clock, two.replace("a", 1, rule(3), AT)).await;
    assert!(matches!(late, Err(Refusal::Stale(2))), "{late:?}");
    let again = beside(&leader, &clock, two.create(rule(4), true, AT)).await;
    assert!(matches!(again, Err(Refusal::Exists)), "{again:?}");

    one.replace("a", 2, rule(5), AT).await.unwrap();
    let off = beside(&leader, &clock, two.switch("a", false, AT)).await.unwrap();
    assert_eq!((off.version(), off.is_enabled()), (4, false));
    one.remove("a", 4).await.unwrap();
    let gone = beside(&leader, &clock, two.remove("a", 4)).await;
    assert!(matches!(gone, Err(Refusal::NotFound)), "{gone:?}");
}
