use super::*;
use crate::condition::{Aggregate, Anomaly, Baseline, Condition, Selector};
use crate::rule::RuleBuilder;
use crate::state::{Phase, ResolveReason};

fn above_one() -> RuleBuilder {
    Rule::new("r").metric("m").above(1.0)
}

fn built(rule: RuleBuilder) -> Rule {
    rule.build().unwrap()
}

#[test]
fn unchanged_rules_keep_everything() {
    let unusual = Anomaly::new(Selector::new("m"), Baseline::Ewma { half_life: secs(60) }, 3.0);
    let rules = || {
        [
            built(above_one().for_(secs(60))),
            built(
                Rule::new("w")
                    .metric("m")
                    .window(secs(60), Aggregate::Count)
                    .at_least(3.0),
            ),
            Rule::new("u")
                .condition(Condition::Anomaly(unusual.clone()))
                .build()
                .unwrap(),
        ]
    };
    let mut bench = Bench::new(rules());
    bench.record(zone("a"), 5.0, 0);
    bench.record(zone("a"), 5.0, 1);
    assert_eq!(bench.tick(30), [(0, Decision::Pending)]);
    let memory = bench.evaluator.memory();
    // In another order, too.
    let [first, second, third] = rules();
    assert!(bench.replace([third, first, second], 31).is_empty());
    bench.record(zone("a"), 5.0, 50);
    assert_eq!(
        bench.tick(50),
        [(50, Decision::Fired)],
        "the window still has its samples"
    );
    assert_eq!(
        bench.tick(60),
        [(60, Decision::Fired), (60, Decision::Resolved)],
        "pending since 0, and the sample of 0 has left the window"
    );
    let learned = bench.evaluator.memory();
    assert!(memory[0].1.contains(r#""count":2"#) && learned[0].1.contains(r#""count":3"#));
}

#[test]
fn a_raised_for_sends_a_firing_alert_back_to_pending_and_tells_its_end() {
    let mut bench = Bench::new([built(above_one())]);
    bench.record(zone("a"), 5.0, 0);
    bench.tick(0);
    let mut out = Vec::new();
    let raised = built(above_one().for_(secs(60)));
    bench.evaluator.replace_rules(vec![raised], at(10), &mut out);
    assert_eq!(
        decisions(&out),
        [(10, Decision::Resolved), (10, Decision::Pending)]
    );
    assert!(matches!(
        out[0].alert.state.phase,
        Phase::Resolved {
            reason: ResolveReason::RuleChanged,
            ..
        }
    ));
    assert_eq!(out[1].alert.state.phase, Phase::Pending { active_since: at(0) });
    assert!(bench.tick(59).is_empty());
    assert_eq!(bench.tick(60), [(60, Decision::Fired)]);
    assert!(
        bench.replace([built(above_one().for_(secs(50)))], 61).is_empty(),
        "lowered"
    );
    assert!(
        bench.replace([built(above_one().for_(secs(55)))], 70).is_empty(),
        "long passed"
    );
}

#[test]
fn another_threshold_judges_the_next_sample() {
    let mut bench = Bench::new([built(above_one())]);
    bench.record(zone("a"), 5.0, 0);
    bench.tick(0);
    assert!(
        bench
            .replace([built(Rule::new("r").metric("m").above(9.0))], 1)
            .is_empty()
    );
    assert!(bench.tick(2).is_empty());
    bench.record(zone("a"), 5.0, 3);
    assert_eq!(bench.tick(3), [(3, Decision::Resolved)]);
}

#[test]
fn alerts_of_rules_that_are_gone_end() {
    let pending = Rule::new("p").metric("m").above(1.0).for_(secs(60));
    let mut bench = Bench::new([built(above_one()), built(pending)]);
    bench.record(zone("a"), 5.0, 0);
    bench.tick(0);
    let mut out = Vec::new();
    bench.evaluator.replace_rules(Vec::new(), at(1), &mut out);
    assert_eq!(decisions(&out), [(1, Decision::Resolved), (1, Decision::Cleared)]);
    assert!(matches!(
        out[0].alert.state.phase,
        Phase::Resolved {
            reason: ResolveReason::RuleRemoved,
            ..
        }
    ));
    assert_eq!(bench.evaluator.stored(out[0].fingerprint), None);
    assert!(bench.evaluator.alerts(|_| true).is_empty());
    assert_eq!(bench.series.len(), 0);
}

#[test]
fn label_sets_that_a_changed_rule_no_longer_looks_at_end() {
    let mut bench = Bench::new([built(above_one())]);
    bench.record(zone("a"), 5.0, 0);
    bench.record(zone("b"), 5.0, 0);
    bench.tick(0);
    let mut out = Vec::new();
    let narrowed = built(above_one().matching("zone", "a"));
    bench.evaluator.replace_rules(vec![narrowed], at(1), &mut out);
    assert_eq!(decisions(&out), [(1, Decision::Resolved)]);
    assert_eq!(out[0].alert.labels, zone("b"));
    assert_eq!(bench.active(), 1);
}

#[test]
fn states_follow_their_label_sets_to_another_condition() {
    let rule = |condition: &str| {
        let limit = Condition::Threshold {
            selector: Selector::new(if condition == "other metric" { "n" } else { "m" }),
            window: None,
            aggregate: Aggregate::Last,
            threshold: crate::condition::Threshold {
                operator: crate::condition::Operator::Above,
                value: 1.0,
                recovery: None,
            },
        };
        let condition = match condition {
            "combined" => Condition::All(vec![limit]),
            _ => limit,
        };
        Rule::new("r").condition(condition).build().unwrap()
    };
    let mut bench = Bench::new([rule("plain")]);
    bench.record(zone("a"), 5.0, 0);
    bench.tick(0);
    for (second, condition) in [(10, "other metric"), (20, "combined"), (30, "plain")] {
        assert!(bench.replace([rule(condition)], second).is_empty(), "{condition}");
        assert!(bench.tick(second + 1).is_empty(), "{condition}");
        let alerts = bench.evaluator.alerts(AlertState::is_active);
        assert_eq!(alerts.len(), 1, "{condition}");
        assert_eq!(
            bench.evaluator.get(alerts[0].fingerprint).as_ref(),
            Some(&alerts[0])
        );
    }
    bench.record(zone("a"), 0.0, 40);
    assert_eq!(bench.tick(40), [(40, Decision::Resolved)]);
}
