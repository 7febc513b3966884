use std::collections::BTreeSet;

use super::*;
use crate::series::Refusal;

fn above_one() -> Rule {
    Rule::new("r").metric("m").above(1.0).build().unwrap()
}

#[test]
fn every_label_set_has_a_state_of_its_own() {
    let mut bench = Bench::new([above_one()]);
    bench.record(zone("a"), 2.0, 0);
    bench.record(zone("b"), 2.0, 0);
    let fired = bench.transitions(0);
    assert_eq!(decisions(&fired), [(0, Decision::Fired); 2]);
    assert_ne!(fired[0].fingerprint, fired[1].fingerprint);
    bench.record(zone("a"), 0.0, 1);
    assert_eq!(bench.tick(1), [(1, Decision::Resolved)]);
    assert_eq!(bench.active(), 1);
    assert_eq!(bench.evaluator.get(fired[1].fingerprint).unwrap(), fired[1].alert);
}

#[test]
fn a_spike_between_two_ticks_fires_and_resolves_at_its_own_time() {
    let mut bench = Bench::new([above_one()]);
    for (second, value) in [(1, 0.0), (2, 5.0), (3, 0.5), (4, 7.0)] {
        bench.record(Labels::new(), value, second);
    }
    let seen = bench.transitions(10);
    assert_eq!(
        decisions(&seen),
        [
            (2, Decision::Fired),
            (3, Decision::Resolved),
            (4, Decision::Fired)
        ]
    );
    let values: Vec<_> = seen
        .iter()
        .map(|transition| transition.alert.state.value)
        .collect();
    assert_eq!(values, [Some(5.0), Some(0.5), Some(7.0)]);
    assert!(bench.tick(11).is_empty(), "what was judged is not judged again");
}

#[test]
fn time_passes_up_to_each_sample() {
    let rule = Rule::new("r")
        .metric("m")
        .above(1.0)
        .for_(secs(60))
        .build()
        .unwrap();
    let mut bench = Bench::new([rule]);
    for (second, value) in [(0, 5.0), (61, 0.0), (70, 5.0), (100, 0.0)] {
        bench.record(Labels::new(), value, second);
    }
    assert_eq!(
        bench.tick(200),
        [
            (0, Decision::Pending),
            (61, Decision::Fired),
            (61, Decision::Resolved),
            (70, Decision::Pending),
            (100, Decision::Cleared),
        ]
    );
}

#[test]
fn a_pending_alert_fires_by_time_alone() {
    let rule = Rule::new("r")
        .metric("m")
        .above(1.0)
        .for_(secs(60))
        .build()
        .unwrap();
    let mut bench = Bench::new([rule]);
    bench.record(Labels::new(), 5.0, 0);
    assert_eq!(bench.tick(59), [(0, Decision::Pending)]);
    assert_eq!(bench.tick(60), [(60, Decision::Fired)]);
}

#[test]
fn label_sets_are_bounded_and_silent_ones_give_their_place_free() {
    let limits = SeriesLimits {
        per_metric: 2,
        ..SeriesLimits::default()
    };
    let mut bench = Bench::limited([above_one()], limits);
    bench.record(zone("1"), 2.0, 0);
    bench.record(zone("2"), 0.0, 0);
    let third = |bench: &Bench, second| bench.series.record("m", zone("3"), 2.0, at(second));
    assert_eq!(third(&bench, 1), Err(Refusal::TooManySeries));
    for value in [f64::NAN, f64::INFINITY] {
        let refused = bench.series.record("m", zone("1"), value, at(1));
        assert_eq!(refused, Err(Refusal::NotFinite));
    }
    bench.tick(1);
    bench.tick(3_599);
    assert_eq!(third(&bench, 3_599), Err(Refusal::TooManySeries));
    bench.tick(3_660);
    assert_eq!(third(&bench, 3_661), Ok(()), "the quiet one is gone");
    bench.tick(3_661);
    assert_eq!(bench.active(), 2, "the firing one is kept");
    assert_eq!(bench.series.len(), 2);
}

#[test]
fn all_metrics_together_are_bounded() {
    let rules = ["m", "n"].map(|metric| Rule::new(metric).metric(metric).above(1.0).build().unwrap());
    let limits = SeriesLimits {
        total: 1,
        ..SeriesLimits::default()
    };
    let bench = Bench::limited(rules, limits);
    bench.record(Labels::new(), 2.0, 0);
    let other = bench.series.record("n", Labels::new(), 2.0, at(0));
    assert_eq!(other, Err(Refusal::TooManySeries));
}

#[test]
fn series_that_no_rule_lets_through_take_no_place() {
    let rule = Rule::new("r").metric("m").above(1.0).matching("zone", "a");
    let limits = SeriesLimits {
        per_metric: 1,
        ..SeriesLimits::default()
    };
    let mut bench = Bench::limited([rule.build().unwrap()], limits);
    for labels in [zone("b"), zone("c"), Labels::new(), zone("a")] {
        bench.record(labels, 2.0, 0);
    }
    assert_eq!(
        bench.series.record("other", Labels::new(), f64::NAN, at(0)),
        Ok(())
    );
    assert_eq!(bench.tick(0), [(0, Decision::Fired)]);
    assert_eq!(bench.series.len(), 1);
}

#[test]
fn no_two_series_of_a_rule_share_an_alert() {
    let rule = Rule::new("r").metric("m").above(1.0).label("zone", "a");
    let mut bench = Bench::new([rule.build().unwrap()]);
    for labels in [
        Labels::new(),
        zone("a"),
        Labels::from([("alertname", "r")]),
        Labels::from([("alertname", "s")]),
    ] {
        bench.record(labels, 2.0, 0);
    }
    let fired = bench.transitions(0);
    let fingerprints: BTreeSet<_> = fired.iter().map(|transition| transition.fingerprint).collect();
    assert_eq!(fingerprints.len(), 4, "{fired:?}");
    assert!(
        fired
            .iter()
            .all(|transition| transition.alert.labels.get("zone") == Some("a"))
    );
}

#[test]
fn a_clock_set_back_does_not_keep_a_silent_series_alive() {
    let rule = Rule::new("r").metric("m").above(1.0).stale_after(secs(300));
    let mut bench = Bench::new([rule.build().unwrap()]);
    bench.record(Labels::new(), 2.0, 100_000);
    bench.tick(100_000);
    assert!(bench.tick(0).is_empty());
    assert_eq!(bench.tick(300), [(300, Decision::Resolved)]);
    bench.record(Labels::new(), 2.0, 301);
    assert_eq!(
        bench.tick(301),
        [(301, Decision::Fired)],
        "new samples count at their own time"
    );
}

#[test]
fn a_silent_series_ends_its_alerts_only_where_the_rule_says_so() {
    let stale = Rule::new("stale").metric("m").above(1.0).stale_after(secs(300));
    let keep = Rule::new("keep").metric("m").above(1.0);
    let mut bench = Bench::new([stale.build().unwrap(), keep.build().unwrap()]);
    bench.record(Labels::new(), 2.0, 0);
    bench.tick(0);
    assert!(bench.tick(299).is_empty());
    let ended = bench.transitions(300);
    assert_eq!(decisions(&ended), [(300, Decision::Resolved)]);
    assert_eq!(ended[0].alert.rule, "stale");
}

#[test]
fn silence_can_count_as_a_breach() {
    let rule = Rule::new("r")
        .metric("m")
        .above(1.0)
        .stale_after(secs(60))
        .no_data(crate::rule::NoData::Fire);
    let mut bench = Bench::new([rule.build().unwrap()]);
    bench.record(Labels::new(), 0.0, 0);
    assert!(bench.tick(59).is_empty());
    assert_eq!(bench.tick(60), [(60, Decision::Fired)]);
    bench.record(Labels::new(), 0.0, 70);
    bench.record(Labels::new(), 0.0, 140);
    assert_eq!(
        bench.tick(150),
        [
            (70, Decision::Resolved),
            (140, Decision::Fired),
            (140, Decision::Resolved)
        ],
        "a gap between two samples was one, too"
    );
}

#[test]
fn more_samples_than_fit_between_two_ticks_lose_the_oldest() {
    let limits = SeriesLimits {
        samples: 4,
        ..SeriesLimits::default()
    };
    let mut bench = Bench::limited([above_one()], limits);
    for (second, value) in [(0, 9.0), (1, 0.0), (2, 0.0), (3, 9.0), (4, 0.0)] {
        bench.record(Labels::new(), value, second);
    }
    assert_eq!(bench.series.lost(), 1);
    assert_eq!(bench.tick(5), [(3, Decision::Fired), (4, Decision::Resolved)]);
}

#[test]
fn the_stored_row_goes_when_nothing_would_be_lost_by_it() {
    let rule = Rule::new("r").metric("m").above(1.0).cooldown(secs(1_000));
    let mut bench = Bench::new([rule.build().unwrap()]);
    bench.record(Labels::new(), 2.0, 0);
    bench.record(Labels::new(), 0.0, 10);
    let fingerprint = bench.transitions(10)[0].fingerprint;
    let transitions = bench.transitions(910);
    assert_eq!(transitions.len(), 1, "no longer shown as resolved");
    assert_eq!(transitions[0].decision, None);
    assert!(
        bench.evaluator.stored(fingerprint).is_some(),
        "the cooldown still runs"
    );
    assert!(bench.transitions(999).is_empty());
    assert_eq!(bench.transitions(1_000).len(), 1);
    assert_eq!(bench.evaluator.stored(fingerprint), None);
    assert!(bench.transitions(2_000).is_empty());
}

#[test]
fn a_handle_records_like_its_name_and_keeps_its_series() {
    let mut bench = Bench::new([above_one()]);
    let handle = bench.series.handle("m", zone("a")).unwrap();
    handle.record_at(f64::NAN, at(0));
    handle.record_at(2.0, at(1));
    bench.record(zone("a"), 0.0, 2);
    assert_eq!(bench.tick(2), [(1, Decision::Fired), (2, Decision::Resolved)]);
    assert_eq!(bench.series.refused(), 1);
    for hour in 1..4 {
        bench.tick(hour * 3_600);
    }
    assert_eq!(bench.series.len(), 1, "somebody holds it");
    drop(handle);
    bench.tick(4 * 3_600);
    bench.tick(4 * 3_600 + 60);
    assert_eq!(bench.series.len(), 0);
}

#[test]
fn a_handle_of_an_unwatched_metric_wakes_when_a_rule_watches_it() {
    let mut bench = Bench::new([]);
    let handle = bench.series.handle("m", zone("a")).unwrap();
    handle.record_at(2.0, at(0));
    assert_eq!(bench.series.len(), 0);
    bench.replace([above_one()], 1);
    handle.record_at(2.0, at(2));
    assert_eq!(bench.tick(2), [(2, Decision::Fired)]);
    bench.replace([], 3);
    handle.record_at(2.0, at(4));
    assert!(bench.tick(4).is_empty());
    bench.replace([above_one()], 5);
    handle.record_at(2.0, at(6));
    assert_eq!(bench.tick(6), [(6, Decision::Fired)]);
}

#[test]
fn recorders_on_many_threads_lose_nothing() {
    let mut bench = Bench::new([above_one()]);
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let series = &bench.series;
            scope.spawn(move || {
                for n in 0..100_i64 {
                    let labels = zone(&(n % 10).to_string());
                    series
                        .record("m", labels, f64::from(thread % 2) * 2.0, at(n))
                        .unwrap();
                }
            });
        }
    });
    bench.tick(100);
    assert_eq!((bench.series.len(), bench.series.lost()), (10, 0));
}
