use std::time::Duration;

use metrics::{counter, gauge, histogram, with_local_recorder};

use super::*;
use crate::condition::{
    Condition, CustomCondition, Evaluate, EvaluateError, Judgement, Selector, SeriesView,
};
use crate::evaluation::Evaluator;
use crate::labels::Labels;
use crate::rule::Rule;
use crate::series::SeriesLimits;

fn at(secs: i64) -> Timestamp {
    Timestamp::from_secs(1_800_000_000 + secs)
}

/// Reads metrics, and judges nothing.
#[derive(Debug)]
struct Reads(Vec<&'static str>);

impl Evaluate for Reads {
    fn evaluate(
        &self,
        _: &dyn SeriesView,
        _: Timestamp,
        _: &mut Vec<Judgement>,
    ) -> Result<(), EvaluateError> {
        Ok(())
    }

    fn reads(&self) -> Vec<(String, Duration)> {
        let minute = Duration::from_secs(60);
        self.0
            .iter()
            .map(|metric| ((*metric).to_owned(), minute))
            .collect()
    }
}

fn watching(metrics: &[&'static str]) -> (Evaluator, SeriesStore) {
    let series = SeriesStore::new(SeriesLimits::default());
    let condition = Condition::Custom(CustomCondition(Arc::new(Reads(metrics.to_vec()))));
    let rule = Rule::new("reads").condition(condition).build().unwrap();
    (Evaluator::new(vec![rule], series.clone()), series)
}

/// All samples of a metric.
fn samples(series: &SeriesStore, metric: &str) -> Vec<(Labels, Vec<f64>)> {
    let selector = Selector::new(metric);
    let (mut slots, mut samples) = (Vec::new(), Vec::new());
    series.matching(metric, &selector.matchers, &mut slots);
    let read = |slot: &Arc<crate::series::Slot>| {
        slot.copy(None, at(1_000), &mut samples);
        (
            (*slot.labels).clone(),
            samples.iter().map(|(_, value)| *value).collect(),
        )
    };
    slots.iter().map(read).collect()
}

#[test]
fn counters_are_sampled_as_they_stand_and_gauges_by_their_last_value() {
    let (_evaluator, series) = watching(&["c", "g"]);
    let recorder = MetricsRecorder::new();
    with_local_recorder(&recorder, || {
        counter!("c", "zone" => "a").increment(2);
        counter!("c", "zone" => "b").increment(1);
        gauge!("g").set(7.5);
        recorder.sample_into(&series, at(0));
        counter!("c", "zone" => "a").increment(3);
        counter!("c", "zone" => "b").absolute(9);
        gauge!("g").set(100.0);
        gauge!("g").decrement(1.5);
        recorder.sample_into(&series, at(1));
    });
    let zone = |zone: &str| Labels::from([("zone", zone)]);
    assert_eq!(
        samples(&series, "c"),
        [(zone("a"), vec![2.0, 5.0]), (zone("b"), vec![1.0, 9.0])]
    );
    assert_eq!(samples(&series, "g"), [(Labels::new(), vec![7.5, 98.5])]);
}

#[test]
fn the_order_of_labels_makes_no_other_series() {
    let (_evaluator, series) = watching(&["c"]);
    let recorder = MetricsRecorder::new();
    with_local_recorder(&recorder, || {
        counter!("c", "a" => "1", "b" => "2").increment(1);
        counter!("c", "b" => "2", "a" => "1").increment(1);
    });
    recorder.sample_into(&series, at(0));
    let labels = Labels::from([("a", "1"), ("b", "2")]);
    assert_eq!(samples(&series, "c"), [(labels, vec![2.0])]);
}

#[test]
fn histograms_give_totals_and_what_came_since_the_last_sampling() {
    let names = ["h_count", "h_sum", "h_mean", "h_p50", "h_p99"];
    let (_evaluator, series) = watching(&names);
    let recorder = MetricsRecorder::new();
    with_local_recorder(&recorder, || {
        for _ in 0..98 {
            histogram!("h").record(1.0);
        }
        histogram!("h").record_many(101.0, 2);
        histogram!("h").record(f64::NAN);
        recorder.sample_into(&series, at(0));
        recorder.sample_into(&series, at(1)); // nothing came: totals only
        histogram!("h").record(16.0);
        recorder.sample_into(&series, at(2));
    });
    let values = |name: &str| samples(&series, name)[0].1.clone();
    assert_eq!(values("h_count"), [100.0, 100.0, 101.0]);
    assert_eq!(values("h_sum"), [300.0, 300.0, 316.0]);
    assert_eq!(values("h_mean"), [3.0, 16.0]);
    let near = |values: Vec<f64>, expected: [f64; 2]| {
        assert_eq!(values.len(), 2);
        for (value, expected) in values.iter().zip(expected) {
            assert!((value - expected).abs() <= expected / 15.9, "{value} {expected}");
        }
    };
    near(values("h_p50"), [1.0, 16.0]);
    near(values("h_p99"), [101.0, 16.0]);
    assert!(samples(&series, "h_p95").is_empty(), "nobody watches it");
}

#[test]
fn an_interval_whose_beginning_nobody_watched_is_left_out() {
    let (mut evaluator, series) = watching(&[]);
    let recorder = MetricsRecorder::new();
    let record = |value: f64| with_local_recorder(&recorder, || histogram!("h").record(value));
    record(1_000.0);
    recorder.sample_into(&series, at(0));
    let rule = Rule::new("r").metric("h_mean").above(1e6).build().unwrap();
    evaluator.replace_rules(vec![rule], at(1), &mut Vec::new());
    record(2_000.0);
    recorder.sample_into(&series, at(2));
    assert!(
        samples(&series, "h_mean")
            .iter()
            .all(|(_, values)| values.is_empty())
    );
    record(5.0);
    recorder.sample_into(&series, at(3));
    assert_eq!(samples(&series, "h_mean")[0].1, [5.0]);
}

#[test]
fn too_many_label_sets_do_nothing_and_are_counted() {
    let (_evaluator, series) = watching(&["c"]);
    let recorder = MetricsRecorder::with_limit(2);
    with_local_recorder(&recorder, || {
        for n in 0..4 {
            counter!("c", "n" => n.to_string()).increment(1);
        }
        counter!("c", "n" => "0").increment(1);
    });
    recorder.sample_into(&series, at(0));
    assert_eq!((recorder.len(), recorder.refused()), (2, 2));
    let values: Vec<_> = samples(&series, "c")
        .into_iter()
        .map(|(_, values)| values)
        .collect();
    assert_eq!(values, [[2.0], [1.0]]);
}

#[test]
fn what_nobody_watches_takes_no_place_until_somebody_does() {
    let (mut evaluator, series) = watching(&[]);
    let recorder = MetricsRecorder::new();
    with_local_recorder(&recorder, || counter!("c").increment(1));
    recorder.sample_into(&series, at(0));
    assert_eq!(series.len(), 0);
    let rule = Rule::new("r").metric("c").above(0.0).build().unwrap();
    evaluator.replace_rules(vec![rule], at(1), &mut Vec::new());
    recorder.sample_into(&series, at(2));
    let mut out = Vec::new();
    evaluator.tick(at(2), &mut out);
    assert_eq!(out.len(), 1);
}

#[test]
fn two_recorders_and_two_engines_do_not_meet() {
    let (_one, first) = watching(&["c"]);
    let (_two, second) = watching(&["c"]);
    let recorders = [MetricsRecorder::new(), MetricsRecorder::new()];
    with_local_recorder(&recorders[0], || counter!("c").increment(1));
    with_local_recorder(&recorders[1], || counter!("c").increment(5));
    recorders[0].sample_into(&first, at(0));
    recorders[1].sample_into(&second, at(0));
    recorders[1].sample_into(&first, at(1)); // moved to another engine
    assert_eq!(samples(&first, "c")[0].1, [1.0, 5.0]);
    assert_eq!(samples(&second, "c")[0].1, [5.0]);
}
