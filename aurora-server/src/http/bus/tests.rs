use std::time::Duration;

use aurora_core::time::ManualClock;
use futures::FutureExt as _;

use super::*;

fn workspace(n: i64) -> WorkspaceId {
    WorkspaceId::new(Timestamp::from_secs(n))
}

fn all(sight: Sight) -> Filter {
    Filter {
        sight,
        kinds: Vec::new(),
        least: Level::Info,
    }
}

fn heard(listener: &mut Listener) -> Option<String> {
    match listener.next().now_or_never()? {
        Heard::Event(event) => Some(event.kind.to_string()),
        Heard::Gap { .. } => Some("gap".to_owned()),
        Heard::Overrun { .. } => Some("overrun".to_owned()),
    }
}

#[test]
fn everybody_hears_what_they_may_and_want() {
    let bus = Bus::new(Arc::new(ManualClock::default()));
    let (mine, other) = (workspace(1), workspace(2));
    let mut operator = bus.subscribe(all(Sight::Installation(mine)), None);
    let mut member = bus.subscribe(all(Sight::Workspace(other)), None);
    let picky = Filter {
        kinds: vec!["alert".to_owned()],
        least: Level::Warning,
        ..all(Sight::Installation(mine))
    };
    let mut picky = bus.subscribe(picky, None);
    for (of, kind, level) in [
        (None, "alert.fired", Level::Error),
        (None, "alerting", Level::Error),
        (None, "alert.pending", Level::Info),
        (Some(mine), "message.in", Level::Info),
        (Some(other), "message.in", Level::Info),
    ] {
        bus.publish(of, kind, level, Value::Null);
    }
    let of = |listener: &mut Listener| std::iter::from_fn(|| heard(listener)).collect::<Vec<_>>();
    assert_eq!(
        of(&mut operator),
        ["alert.fired", "alerting", "alert.pending", "message.in"]
    );
    assert_eq!(of(&mut member), ["message.in"]);
    assert_eq!(of(&mut picky), ["alert.fired"]);
}

#[test]
fn whoever_resumes_misses_nothing_or_is_told_so() {
    let bus = Bus::new(Arc::new(ManualClock::default()));
    let sight = all(Sight::Installation(workspace(1)));
    for n in 0..3 {
        bus.publish(None, format!("n.{n}"), Level::Info, Value::Null);
    }
    let first = bus.log(&sight, None, None, 10).last().unwrap().id;
    let mut resumed = bus.subscribe(sight.clone(), Some(first));
    assert_eq!(
        (heard(&mut resumed), heard(&mut resumed)),
        (Some("n.1".into()), Some("n.2".into()))
    );
    let mut foreign = bus.subscribe(sight.clone(), Some(first + 1_000_000));
    assert_eq!(
        (heard(&mut foreign), heard(&mut foreign)),
        (Some("gap".into()), None)
    );
    for n in 0..=KEPT {
        bus.publish(None, format!("m.{n}"), Level::Info, Value::Null);
    }
    let mut late = bus.subscribe(sight, Some(first));
    assert_eq!(
        (heard(&mut late), heard(&mut late)),
        (Some("gap".into()), Some("m.1".into()))
    );
    assert_eq!(heard(&mut resumed), Some("overrun".into()), "it reads too slowly");
}

#[tokio::test]
async fn a_listener_is_woken() {
    let bus = Bus::new(Arc::new(ManualClock::default()));
    let mut listener = bus.subscribe(all(Sight::Installation(workspace(1))), None);
    let (heard, ()) = tokio::join!(listener.next(), async {
        tokio::task::yield_now().await;
        bus.publish(None, "a.b", Level::Info, Value::Null);
    });
    assert!(matches!(heard, Heard::Event(event) if event.kind == "a.b"));
}

#[test]
fn floods_are_limited() {
    let clock = ManualClock::default();
    let bus = Bus::new(Arc::new(clock.clone()));
    let sight = all(Sight::Installation(workspace(1)));
    for _ in 0..50 {
        bus.publish_some("request.failed", Level::Error, json!({}));
    }
    assert_eq!(bus.log(&sight, None, None, 100).len(), 20);
    clock.advance(Duration::from_secs(1));
    bus.publish_some("request.failed", Level::Error, json!({}));
    assert_eq!(bus.log(&sight, None, None, 1)[0].data["left_out"], 30);
}
