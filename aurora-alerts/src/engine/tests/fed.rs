use aurora_core::failure::FailureClass;
use aurora_core::monitor::Monitor;
use aurora_core::time::ManualClock;

use super::rules::secs;
use super::*;
use crate::rule::{Thresholds, defaults};
use crate::testing::Recorder;

#[tokio::test]
async fn the_default_rules_fire_and_resolve_from_a_monitors_numbers_alone() {
    let (clock, told) = (ManualClock::default(), Recorder::new());
    let monitor = Monitor::new(clock.clone());
    let engine = AlertEngine::builder()
        .rules(defaults(&Thresholds::default()).unwrap())
        .notify(told.clone())
        .clock(clock.clone())
        .build()
        .unwrap();
    let mut fired = Vec::new();
    for second in 0..240 {
        // For a minute every other call fails, and the answers take eight seconds.
        let bad = (60..120).contains(&second);
        for call in 0..2 {
            let outcome = if bad && call == 0 {
                Err(FailureClass::Timeout)
            } else {
                Ok(())
            };
            monitor.record("rates", outcome, secs(if bad { 8 } else { 1 }));
        }
        engine.record_monitor(&monitor, 5);
        engine.tick().await;
        let mut firing: Vec<_> = engine.active().iter().map(|alert| alert.rule.clone()).collect();
        firing.sort();
        firing.dedup();
        if fired.last() != Some(&firing) {
            fired.push(firing);
        }
        clock.advance(secs(1));
    }
    let most = fired.iter().max_by_key(|firing| firing.len()).unwrap();
    assert_eq!(
        most,
        &[
            "Error rate critical",
            "Error rate high",
            "Response time critical",
            "Response time high",
            "Success rate critical",
            "Success rate low",
        ]
    );
    assert_eq!(
        (fired.first().unwrap().len(), fired.last().unwrap().len()),
        (0, 0)
    );
    let lines = told.lines();
    let resolved = lines.iter().filter(|line| line.starts_with("[RESOLVED]"));
    assert_eq!(
        (lines.len(), resolved.count()),
        (24, 12),
        "six rules, for all targets and for one: {lines:?}"
    );
}

#[test]
fn a_quiet_target_is_not_judged() {
    let engine = AlertEngine::builder()
        .rules(defaults(&Thresholds::default()).unwrap())
        .build()
        .unwrap();
    let monitor = Monitor::new(ManualClock::default());
    for _ in 0..4 {
        monitor.record("rates", Err(FailureClass::Timeout), secs(1));
    }
    engine.record_monitor(&monitor, 5);
    assert!(engine.active().is_empty());
}
