//! Rules, samples, failures: what an embedding application meets first.

use super::*;
use crate::history::Outcome;
use crate::notification::Status;
use crate::notifier::NotifyErrorKind;
use crate::rule::{Rule, Severity};
use crate::state::{Decision, Phase};
use crate::testing::Failing;

pub(super) fn rule() -> crate::rule::RuleBuilder {
    Rule::new("Error rate high").metric("error_rate").above(20.0)
}

pub(super) const fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

#[tokio::test]
async fn ten_lines_fire_and_resolve() {
    let told = Recorder::new();
    let engine = AlertEngine::builder()
        .rule(rule())
        .notify(told.clone())
        .build()
        .unwrap();
    engine.record("error_rate", 31.0);
    assert_eq!(told.lines(), [""; 0], "recording sends nothing");
    engine.tick().await;
    engine.record("error_rate", 4.0);
    engine.tick().await;
    engine.tick().await;
    assert_eq!(
        told.lines(),
        [
            "[WARNING] Error rate high: error_rate 31 > 20",
            "[RESOLVED] Error rate high"
        ]
    );
}

#[tokio::test]
async fn a_day_passes_in_no_time() {
    let (told, clock) = (Recorder::new(), ManualClock::default());
    let rule = rule().for_(secs(300)).cooldown(secs(3_600));
    let engine = AlertEngine::builder()
        .rule(rule)
        .notify(told.clone())
        .clock(clock.clone())
        .build()
        .unwrap();
    for minute in 0..24 * 60 {
        // Bad for ten minutes in every half hour.
        engine.record("error_rate", if minute % 30 < 10 { 50.0 } else { 1.0 });
        engine.tick().await;
        clock.advance(secs(60));
    }
    let firings = told
        .notifications()
        .iter()
        .filter(|n| n.status == Status::Firing)
        .count();
    assert_eq!(
        firings, 24,
        "once an hour: every second firing falls into the cooldown"
    );
    assert_eq!(told.notifications().len(), 48, "each with its end");
    assert!(engine.active().is_empty());
}

#[tokio::test]
async fn what_is_active_and_what_was_is_remembered_within_bounds() {
    let clock = ManualClock::default();
    let rule = rule()
        .for_(secs(60))
        .severity(Severity::Critical)
        .label("team", "ops");
    let builder = AlertEngine::builder()
        .rule(rule)
        .notify(Recorder::new())
        .clock(clock.clone());
    let engine = builder.history_limit(3).deliveries_limit(1).build().unwrap();
    engine.record_with("error_rate", [("provider", "a")], 31.0);
    engine.tick().await;
    let active = engine.active();
    assert!(matches!(active[0].state.phase, Phase::Pending { .. }));
    assert_eq!(
        active[0].labels,
        Labels::from([("provider", "a"), ("team", "ops")])
    );
    let json = serde_json::to_value(&active[0]).unwrap();
    assert_eq!(
        (&json["phase"], &json["severity"], &json["operator"]),
        (&"pending".into(), &"critical".into(), &">".into())
    );
    clock.advance(secs(60));
    engine.tick().await;
    engine.record_with("error_rate", [("provider", "a")], 1.0);
    engine.record_with("error_rate", [("provider", "b")], 31.0);
    engine.tick().await;
    let changes: Vec<_> = engine.history(10).iter().map(|event| event.decision).collect();
    assert_eq!(
        changes,
        [Decision::Pending, Decision::Resolved, Decision::Fired],
        "newest first, the oldest gone"
    );
    assert_eq!(engine.deliveries(10).len(), 1);
    assert_eq!(engine.channels()[0].delivered, 2);
}

#[tokio::test]
async fn failures_are_retried_under_the_same_id_and_refusals_switch_a_channel_off() {
    let (flaky, dead) = (
        Failing::new(NotifyErrorKind::Server).times(2),
        Failing::new(NotifyErrorKind::Auth),
    );
    let clock = ManualClock::default();
    let builder = AlertEngine::builder().rule(rule()).clock(clock.clone());
    let engine = builder
        .notify_as("flaky", flaky.clone())
        .notify_as("dead", dead.clone())
        .notify_as("other", Recorder::new())
        .fallback("other")
        .build()
        .unwrap();
    engine.record("error_rate", 31.0);
    for _ in 0..20 {
        engine.tick().await;
        clock.advance(secs(1));
    }
    let of_rule = |n: &&crate::Notification| n.alerts[0].rule == "Error rate high";
    let attempts = flaky.attempts();
    let attempts: Vec<_> = attempts
        .iter()
        .filter(of_rule)
        .map(|n| (n.id, n.attempt))
        .collect();
    let id = attempts[0].0;
    assert_eq!(attempts, [(id, 1), (id, 2), (id, 3)]);
    assert_eq!(flaky.taken().iter().filter(of_rule).count(), 1);
    assert_eq!(dead.attempts().len(), 3, "refused three times: switched off");
    let statuses = engine.channels();
    assert_eq!(
        (statuses[0].delivered, statuses[0].retried, statuses[0].queued),
        (1, 2, 0)
    );
    assert_eq!(
        (statuses[1].failed, statuses[1].queued, statuses[1].disabled_by),
        (1, 0, Some(NotifyErrorKind::Auth))
    );
    let refused = |record: &crate::history::DeliveryRecord| {
        let by_auth = |error: &NotifyErrorKind| *error == NotifyErrorKind::Auth;
        record.channel == "dead" && matches!(&record.outcome, Outcome::Failed { error, .. } if by_auth(error))
    };
    assert!(engine.deliveries(100).iter().any(refused));
}

#[tokio::test]
async fn attempts_end_at_the_bound_of_the_schedule() {
    let (failing, clock) = (Failing::new(NotifyErrorKind::Timeout), ManualClock::default());
    let policy = crate::pipeline::patient().attempts(3);
    let builder = AlertEngine::builder()
        .rule(rule())
        .clock(clock.clone())
        .retry(policy);
    let engine = builder.notify(failing.clone()).build().unwrap();
    engine.record("error_rate", 31.0);
    for _ in 0..100 {
        engine.tick().await;
        clock.advance(secs(10));
    }
    assert_eq!(failing.attempts().len(), 3);
    assert_eq!(engine.channels()[0].failed, 1);
}

#[tokio::test]
async fn a_throttled_channel_rests_as_long_as_it_asked() {
    let clock = ManualClock::default();
    let failing = Failing::new(NotifyErrorKind::RateLimited)
        .times(1)
        .retry_after(secs(90));
    let builder = AlertEngine::builder()
        .rule(rule())
        .rule(Rule::new("Slow").metric("latency").above(1.0));
    let engine = builder
        .notify(failing.clone())
        .clock(clock.clone())
        .build()
        .unwrap();
    engine.record("error_rate", 31.0);
    engine.tick().await;
    clock.advance(secs(89));
    engine.record("latency", 2.0);
    engine.tick().await;
    assert_eq!(
        failing.attempts().len(),
        1,
        "the other alert waits too: the channel as a whole was told to"
    );
    assert!(engine.channels()[0].throttled_until.is_some());
    clock.advance(secs(2)); // the policy spreads the wish a little
    engine.tick().await;
    let taken = failing.taken();
    assert_eq!(
        (taken.len(), taken[0].alerts.len()),
        (1, 2),
        "what waited is told together"
    );
    assert_eq!(engine.channels()[0].throttled_until, None);
}

#[tokio::test]
async fn a_faulty_channel_that_names_a_wait_rests_as_a_whole_too() {
    let clock = ManualClock::default();
    let failing = Failing::new(NotifyErrorKind::Server)
        .times(1)
        .retry_after(secs(90));
    let builder = AlertEngine::builder()
        .rule(rule())
        .rule(Rule::new("Slow").metric("latency").above(1.0));
    let engine = builder
        .notify(failing.clone())
        .clock(clock.clone())
        .build()
        .unwrap();
    engine.record("error_rate", 31.0);
    engine.record("latency", 2.0);
    engine.tick().await;
    assert_eq!(failing.attempts().len(), 1);
    assert!(engine.channels()[0].throttled_until >= Some(clock.now() + secs(90)));
    clock.advance(secs(120));
    engine.tick().await;
    assert_eq!(failing.taken()[0].alerts.len(), 2);
}

#[tokio::test]
async fn a_clock_set_back_delays_no_retry() {
    let clock = ManualClock::default();
    let failing = Failing::new(NotifyErrorKind::RateLimited)
        .times(1)
        .retry_after(secs(5));
    let builder = AlertEngine::builder().rule(rule()).clock(clock.clone());
    let engine = builder.notify(failing.clone()).build().unwrap();
    engine.record("error_rate", 31.0);
    engine.tick().await;
    clock.set_wall(clock.now() - secs(86_400));
    for _ in 0..2 {
        clock.advance(secs(10));
        engine.tick().await;
    }
    assert_eq!(failing.taken().len(), 1);
}

#[tokio::test]
async fn subscribers_hear_of_changes_and_deliveries() {
    let engine = AlertEngine::builder()
        .rule(rule())
        .notify(Recorder::new())
        .build()
        .unwrap();
    let mut events = engine.subscribe();
    engine.record("error_rate", 31.0);
    engine.tick().await;
    let first = events.next().await.unwrap();
    let second = events.next().await.unwrap();
    assert_eq!(serde_json::to_value(&first).unwrap()["change"], "fired");
    let json = serde_json::to_value(&second).unwrap();
    assert_eq!(
        (&json["kind"], &json["outcome"]),
        (&"delivery".into(), &"delivered".into())
    );
    for _ in 0..200 {
        engine.record("error_rate", 1.0);
        engine.record("error_rate", 31.0);
    }
    engine.tick().await;
    events.next().await.unwrap();
    assert!(
        events.missed() > 0,
        "a slow listener misses the oldest, and is told how many"
    );
    drop(engine);
    while events.next().await.is_some() {}
}

#[tokio::test]
async fn two_engines_do_not_meet() {
    let (one, two) = (Recorder::new(), Recorder::new());
    let build = |told: &Recorder| {
        AlertEngine::builder()
            .rule(rule())
            .notify(told.clone())
            .build()
            .unwrap()
    };
    let (first, second) = (build(&one), build(&two));
    first.record("error_rate", 31.0);
    first.tick().await;
    second.tick().await;
    assert_eq!((one.lines().len(), two.lines().len()), (1, 0));
    assert_eq!((first.active().len(), second.active().len()), (1, 0));
}
