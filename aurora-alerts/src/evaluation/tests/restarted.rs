use proptest::prelude::*;

use super::*;
use crate::condition::{Aggregate, Anomaly, Baseline, Condition, Selector};
use crate::state::{Phase, ResolveReason};

fn built(condition: Condition) -> Rule {
    Rule::new("r").condition(condition).build().unwrap()
}

#[test]
fn a_pending_alert_goes_on_waiting_from_where_it_was() {
    let rule = || {
        Rule::new("r")
            .metric("m")
            .above(1.0)
            .for_(secs(60))
            .build()
            .unwrap()
    };
    let mut bench = Bench::new([rule()]);
    bench.record(zone("a"), 5.0, 0);
    bench.tick(10);
    let mut next = bench.restart([rule()]);
    assert!(next.tick(59).is_empty());
    assert_eq!(next.tick(60), [(60, Decision::Fired)]);
}

#[test]
fn alerts_of_rules_that_are_gone_end_at_the_first_tick_with_all_that_was_known_of_them() {
    let rule = Rule::new("r")
        .metric("m")
        .above(1.0)
        .label("team", "ops")
        .description("bad");
    let mut bench = Bench::new([rule.build().unwrap()]);
    bench.record(zone("a"), 5.0, 0);
    let fired = bench.transitions(0);
    let mut next = bench.restart([]);
    let ended = next.transitions(100);
    assert_eq!(decisions(&ended), [(100, Decision::Resolved)]);
    let (before, mut after) = (fired[0].alert.clone(), ended[0].alert.clone());
    assert!(matches!(
        after.state.phase,
        Phase::Resolved {
            reason: ResolveReason::RuleRemoved,
            ..
        }
    ));
    after.state = before.state;
    assert_eq!(after, before);
    assert_eq!(next.evaluator.stored(before.fingerprint), None);
    assert!(next.tick(101).is_empty());
}

#[test]
fn rows_that_cannot_be_read_are_counted_and_the_others_are_taken_up() {
    let rule = || Rule::new("r").metric("m").above(1.0).build().unwrap();
    let mut bench = Bench::new([rule()]);
    bench.record(zone("a"), 5.0, 0);
    bench.tick(0);
    let mut next = Bench::new([rule()]);
    let bad = ["", "{}", "[1", r#"{"series":{},"alert":{"phase":"unheard of"}}"#].map(str::to_owned);
    next.evaluator.restore(bad.into_iter().chain(bench.rows()));
    next.evaluator.restore_memory([
        ("k".to_owned(), "nonsense".to_owned()),
        ("k".to_owned(), "null".to_owned()),
    ]);
    assert_eq!((next.evaluator.unreadable(), next.active()), (5, 1));
}

#[test]
fn silence_is_counted_from_the_restart() {
    let rule = || {
        Rule::new("r")
            .metric("m")
            .above(1.0)
            .stale_after(secs(60))
            .build()
            .unwrap()
    };
    let mut bench = Bench::new([rule()]);
    bench.record(zone("a"), 5.0, 0);
    bench.tick(0);
    let mut next = bench.restart([rule()]);
    assert!(next.tick(1_000).is_empty(), "nobody listened");
    assert_eq!(next.tick(1_060), [(1_060, Decision::Resolved)]);
}

#[test]
fn a_heartbeat_is_still_missed_by_a_series_that_does_not_come_back() {
    let rule = || {
        built(Condition::Heartbeat {
            selector: Selector::new("m"),
            every: secs(60),
            grace: secs(0),
        })
    };
    let mut bench = Bench::new([rule()]);
    bench.record(zone("a"), 0.0, 0);
    bench.record(zone("b"), 0.0, 0);
    bench.tick(0);
    let mut next = bench.restart([rule()]);
    assert!(
        next.tick(500).is_empty(),
        "it has a full interval from the restart"
    );
    next.record(zone("a"), 0.0, 520);
    let missed = next.transitions(560);
    assert_eq!(decisions(&missed), [(560, Decision::Fired)]);
    assert_eq!(missed[0].alert.labels, zone("b"));
    // Firing and known: also after another restart.
    let mut last = next.restart([rule()]);
    assert!(last.tick(1_000).is_empty());
    last.record(zone("b"), 0.0, 1_001);
    assert_eq!(last.tick(1_001), [(1_001, Decision::Resolved)]);
}

#[test]
fn a_heartbeat_within_a_combination_is_remembered_too() {
    let rule = || {
        let beat = Condition::Heartbeat {
            selector: Selector::new("m"),
            every: secs(60),
            grace: secs(0),
        };
        built(Condition::Any(vec![beat]))
    };
    let mut bench = Bench::new([rule()]);
    bench.record(zone("a"), 0.0, 0);
    bench.tick(0);
    let mut next = bench.restart([rule()]);
    assert!(next.tick(500).is_empty());
    assert_eq!(next.tick(560), [(560, Decision::Fired)]);
}

#[test]
fn what_was_learned_is_kept() {
    let rule = |baseline| {
        built(Condition::Anomaly(Anomaly::new(
            Selector::new("m"),
            baseline,
            4.0,
        )))
    };
    for baseline in [
        Baseline::Ewma {
            half_life: secs(3_600),
        },
        Baseline::Seasonal {
            period: secs(86_400),
            slots: 1,
        },
    ] {
        let mut bench = Bench::new([rule(baseline)]);
        for second in 0..40 {
            let wobble = if second % 2 == 0 { 1.0 } else { -1.0 };
            bench.record(zone("a"), 100.0 + wobble, second);
        }
        bench.tick(40);
        let mut next = bench.restart([rule(baseline)]);
        next.record(zone("a"), 200.0, 41);
        assert_eq!(next.tick(41), [(41, Decision::Fired)], "{baseline:?}");
        let mut empty = Bench::new([rule(baseline)]);
        empty.record(zone("a"), 200.0, 41);
        assert!(empty.tick(41).is_empty(), "without memory nothing is unusual");
    }
}

#[test]
fn a_window_that_begins_empty_ends_no_alert_until_it_is_full_again() {
    let rule = || {
        let rule = Rule::new("r").metric("m").window(secs(60), Aggregate::Count);
        rule.at_least(3.0).build().unwrap()
    };
    let mut bench = Bench::new([rule()]);
    for second in 0..3 {
        bench.record(zone("a"), 1.0, second);
    }
    assert_eq!(bench.tick(3), [(3, Decision::Fired)]);
    let mut next = bench.restart([rule()]);
    assert!(next.tick(10).is_empty());
    next.record(zone("a"), 1.0, 20);
    assert!(next.tick(69).is_empty());
    assert_eq!(next.tick(70), [(70, Decision::Resolved)]);
}

#[test]
fn the_alert_of_a_combination_waits_for_its_parts() {
    let part = |metric: &str| Condition::Threshold {
        selector: Selector::new(metric),
        window: None,
        aggregate: Aggregate::Last,
        threshold: crate::condition::Threshold {
            operator: crate::condition::Operator::Above,
            value: 1.0,
            recovery: None,
        },
    };
    let rule = || built(Condition::All(vec![part("m"), part("n")]));
    let mut bench = Bench::new([rule()]);
    for metric in ["m", "n"] {
        bench.series.record(metric, zone("a"), 5.0, at(0)).unwrap();
    }
    assert_eq!(bench.tick(0), [(0, Decision::Fired)]);
    let mut next = bench.restart([rule()]);
    assert!(next.tick(10).is_empty());
    next.record(zone("a"), 5.0, 11);
    assert!(next.tick(11).is_empty());
    next.series.record("n", zone("a"), 0.0, at(12)).unwrap();
    assert_eq!(next.tick(12), [(12, Decision::Resolved)]);
}

#[derive(Debug, Clone)]
struct Step {
    gap: i64,
    samples: Vec<(u8, i32)>,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let samples = prop::collection::vec((0..3_u8, 0..40_i32), 0..4);
    let step = (0..30_i64, samples).prop_map(|(gap, samples)| Step { gap, samples });
    prop::collection::vec(step, 1..40)
}

fn sorted(mut transitions: Vec<Transition>) -> Vec<Transition> {
    transitions.sort_by_key(|transition| transition.fingerprint);
    transitions
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_restart_anywhere_changes_nothing_about_what_is_decided(
        steps in steps(),
        cut in 0..40_usize,
        for_ in 0..40_u64,
        keep in 0..40_u64,
        cooldown in 0..90_u64,
    ) {
        let rules = || {
            let rule = |name: &str| Rule::new(name).metric("m").for_(secs(for_)).keep_firing_for(secs(keep));
            [
                rule("first").above(20.0).recovery(15.0).cooldown(secs(cooldown)).build().unwrap(),
                rule("second").below(10.0).build().unwrap(),
            ]
        };
        let mut whole = Bench::new(rules());
        let mut cut_up = Bench::new(rules());
        let mut second = 0;
        for (number, step) in steps.into_iter().enumerate() {
            if number == cut {
                cut_up = cut_up.restart(rules());
            }
            second += step.gap;
            for (series, value) in step.samples {
                for bench in [&whole, &cut_up] {
                    bench.record(zone(&series.to_string()), f64::from(value), second);
                }
            }
            let (first, other) = (whole.transitions(second), cut_up.transitions(second));
            prop_assert_eq!(sorted(first), sorted(other));
        }
    }
}
