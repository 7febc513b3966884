use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::*;
use crate::condition::{
    Aggregate, Anomaly, Baseline, Condition, CustomCondition, Evaluate, EvaluateError, Judgement, Operator,
    Selector, SeriesView, Threshold, Verdict,
};

fn limit(metric: &str, operator: Operator, value: f64) -> Condition {
    Condition::Threshold {
        selector: Selector::new(metric),
        window: None,
        aggregate: Aggregate::Last,
        threshold: Threshold {
            operator,
            value,
            recovery: None,
        },
    }
}

fn rule(condition: Condition) -> Rule {
    Rule::new("r").condition(condition).build().unwrap()
}

fn record(bench: &Bench, metric: &str, labels: Labels, value: f64, second: i64) {
    bench.series.record(metric, labels, value, at(second)).unwrap();
}

#[test]
fn all_joins_by_equal_label_sets_and_last_values_stand() {
    let both = Condition::All(vec![
        limit("errors", Operator::Above, 5.0),
        limit("traffic", Operator::Above, 100.0),
    ]);
    let mut bench = Bench::new([rule(both)]);
    for zone_ in ["a", "b", "c"] {
        record(&bench, "errors", zone(zone_), 9.0, 0);
    }
    record(&bench, "traffic", zone("a"), 500.0, 0);
    record(&bench, "traffic", zone("b"), 50.0, 0);
    let fired = bench.transitions(0);
    assert_eq!(decisions(&fired), [(0, Decision::Fired)]);
    assert_eq!(
        (&fired[0].alert.labels, fired[0].alert.state.value),
        (&zone("a"), Some(9.0))
    );
    assert!(
        bench.tick(10_000).is_empty(),
        "nothing has changed, and the series are not forgotten"
    );
    record(&bench, "traffic", zone("a"), 50.0, 10_001);
    record(&bench, "traffic", zone("b"), 500.0, 10_001);
    assert_eq!(
        bench.tick(10_001),
        [(10_001, Decision::Fired), (10_001, Decision::Resolved)][..]
            .iter()
            .rev()
            .copied()
            .collect::<Vec<_>>()
    );
}

#[test]
fn what_has_no_labels_applies_to_all() {
    let both = Condition::All(vec![
        limit("errors", Operator::Above, 5.0),
        Condition::Not(Box::new(limit("maintenance", Operator::Above, 0.0))),
    ]);
    let mut bench = Bench::new([rule(both)]);
    record(&bench, "errors", zone("a"), 9.0, 0);
    record(&bench, "errors", zone("b"), 9.0, 0);
    assert!(bench.tick(0).is_empty(), "nothing is known of maintenance");
    record(&bench, "maintenance", Labels::new(), 0.0, 1);
    assert_eq!(bench.tick(1), [(1, Decision::Fired); 2]);
    record(&bench, "maintenance", Labels::new(), 1.0, 2);
    assert_eq!(bench.tick(2), [(2, Decision::Resolved); 2]);
}

#[test]
fn any_fires_by_whichever_part_does() {
    let either = Condition::Any(vec![
        limit("errors", Operator::Above, 5.0),
        Condition::Absent {
            selector: Selector::new("errors"),
            after: secs(60),
        },
    ]);
    let mut bench = Bench::new([rule(either)]);
    assert!(bench.tick(0).is_empty());
    let absent = bench.transitions(60);
    assert_eq!(decisions(&absent), [(60, Decision::Fired)]);
    assert!(absent[0].alert.labels.is_empty());
    record(&bench, "errors", zone("a"), 9.0, 61);
    assert_eq!(bench.tick(61).len(), 2, "the absence is over, and a fires");
    assert_eq!(bench.active(), 1);
}

#[test]
fn parts_learn_every_sample_once() {
    let unusual = Anomaly::new(
        Selector::new("m"),
        Baseline::Ewma {
            half_life: secs(3_600),
        },
        4.0,
    );
    let both = Condition::All(vec![
        Condition::Anomaly(unusual),
        limit("m", Operator::Above, 0.0),
    ]);
    let mut bench = Bench::new([rule(both)]);
    for second in 0..40 {
        let wobble = if second % 2 == 0 { 1.0 } else { -1.0 };
        bench.record(zone("a"), 100.0 + wobble, second);
        if second % 3 == 0 {
            assert!(bench.tick(second).is_empty());
        }
    }
    bench.tick(40);
    bench.record(zone("a"), 200.0, 41);
    assert_eq!(bench.tick(41), [(41, Decision::Fired)]);
    assert!(
        bench.tick(42).is_empty(),
        "its verdict stands until the next sample"
    );
    let memory = bench.evaluator.memory();
    assert_eq!(memory.len(), 1);
    assert!(memory[0].1.contains(r#""count":41"#), "{memory:?}");
    assert!(bench.evaluator.memory().is_empty(), "nothing was learned since");
}

#[derive(Debug, Default)]
struct Own {
    fails: AtomicBool,
}

impl Evaluate for Own {
    fn evaluate(
        &self,
        series: &dyn SeriesView,
        _now: Timestamp,
        judgements: &mut Vec<Judgement>,
    ) -> Result<(), EvaluateError> {
        if self.fails.load(Ordering::Relaxed) {
            return Err(EvaluateError("the moon is full".to_owned()));
        }
        series.visit(&Selector::new("m"), secs(60), &mut |labels, samples| {
            if let Some((_, value)) = samples.last() {
                let verdict = if samples.len() > 1 {
                    Verdict::Breached
                } else {
                    Verdict::Clear
                };
                judgements.push(Judgement {
                    labels: labels.clone(),
                    value: Some(*value),
                    verdict,
                });
            }
        });
        Ok(())
    }

    fn reads(&self) -> Vec<(String, Duration)> {
        vec![("m".to_owned(), secs(60))]
    }
}

#[test]
fn a_condition_of_ones_own_sees_the_window_and_its_failures_change_nothing() {
    let own = Arc::new(Own::default());
    let condition = Condition::Custom(CustomCondition(Arc::<Own>::clone(&own)));
    let mut bench = Bench::new([rule(condition)]);
    bench.record(zone("a"), 1.0, 0);
    assert!(bench.tick(0).is_empty());
    bench.record(zone("a"), 2.0, 1);
    assert_eq!(bench.tick(1), [(1, Decision::Fired)]);
    own.fails.store(true, Ordering::Relaxed);
    assert!(bench.tick(500).is_empty());
    assert_eq!((bench.evaluator.failures(), bench.active()), (1, 1));
    own.fails.store(false, Ordering::Relaxed);
    assert_eq!(bench.tick(501), [(501, Decision::Resolved)], "left out: no data");
}
