use proptest::prelude::*;

use super::*;

#[test]
fn rates_and_latencies_are_of_the_last_minute() {
    let clock = ManualClock::default();
    let monitor = Monitor::new(clock.clone());
    for _ in 0..10 {
        monitor.record("a", Err(FailureClass::Timeout), Duration::from_secs(9));
    }
    clock.advance(2 * MINUTE);
    for n in 1..=100 {
        let outcome = if n % 4 == 0 {
            Err(FailureClass::Transient)
        } else {
            Ok(())
        };
        monitor.record("a", outcome, millis(n));
    }
    let summary = monitor.summary("a").unwrap();
    let totals = (summary.total, summary.succeeded, summary.failed);
    assert_eq!(totals, (110, 75, 35), "totals are of all time");
    assert_eq!(summary.requests, 100);
    assert_eq!(
        (summary.success_rate, summary.error_rate),
        (Some(75.0), Some(25.0))
    );
    assert_eq!((summary.failures.transient, summary.failures.timeout), (25, 0));
    assert_eq!((summary.mean_ms, summary.max_ms), (Some(50.5), Some(100.0)));
    assert!(within(summary.p50_ms, 50.0), "{summary:?}");
    assert!(within(summary.p95_ms, 95.0), "{summary:?}");
    assert!(within(summary.p99_ms, 99.0), "{summary:?}");
}

#[test]
fn one_call_a_second_is_sixty_a_minute_wherever_in_a_slot_one_looks() {
    let clock = ManualClock::default();
    let monitor = Monitor::new(clock.clone());
    for second in 0..180 {
        if let Some(summary) = monitor.summary("a") {
            let expected = 60.0_f64.min(f64::from(second));
            assert_eq!(summary.requests_per_minute, expected, "after {second} s");
            assert_eq!(monitor.performance().overall.requests_per_minute, expected);
        }
        monitor.record("a", Ok(()), millis(1));
        clock.advance(Duration::from_secs(1));
    }
}

#[test]
fn an_idle_target_has_no_rate_rather_than_a_good_one() {
    let clock = ManualClock::default();
    let monitor = Monitor::new(clock.clone());
    monitor.record("a", Ok(()), millis(5));
    clock.advance(Duration::from_secs(61));
    let summary = monitor.summary("a").unwrap();
    assert_eq!(
        (summary.requests, summary.success_rate, summary.p95_ms),
        (0, None, None)
    );
}

#[test]
fn a_failure_without_a_time_is_in_the_rates_and_in_no_latency() {
    let monitor = Monitor::new(ManualClock::default());
    monitor.record_request_success("a", millis(40));
    monitor.record_request_failure("a", FailureClass::Throttled);
    let summary = monitor.summary("a").unwrap();
    assert_eq!((summary.error_rate, summary.failures.throttled), (Some(50.0), 1));
    assert_eq!((summary.mean_ms, summary.max_ms), (Some(40.0), Some(40.0)));
}

#[test]
fn a_trend_is_told_from_chance() {
    let clock = ManualClock::default();
    let monitor = Monitor::new(clock.clone());
    let minute = |calls: u64, failing: u64, ms: u64| {
        for second in 0..60 {
            for n in 0..calls {
                let outcome = if n < failing {
                    Err(FailureClass::Transient)
                } else {
                    Ok(())
                };
                monitor.record("a", outcome, millis(ms));
            }
            if second == 30 {
                monitor.record("steady", Ok(()), millis(5));
            }
            clock.advance(Duration::from_secs(1));
        }
        monitor.summary("a").unwrap().trend
    };
    assert_eq!(
        minute(10, 0, 100).requests_per_minute.direction,
        Direction::Unknown,
        "too new"
    );
    minute(10, 0, 100);
    let same = minute(10, 0, 103);
    let directions = [same.requests_per_minute, same.error_rate, same.mean_ms].map(|change| change.direction);
    assert_eq!(directions, [Direction::Flat; 3], "{same:?}");
    let worse = minute(10, 3, 250);
    assert_eq!(worse.requests_per_minute.direction, Direction::Flat);
    assert_eq!(
        (worse.error_rate.direction, worse.mean_ms.direction),
        (Direction::Up, Direction::Up)
    );
    assert_eq!(
        (worse.error_rate.before, worse.error_rate.now),
        (Some(0.0), Some(30.0))
    );
    let quiet = minute(4, 0, 80);
    assert_eq!(quiet.requests_per_minute.direction, Direction::Down);
    assert_eq!(quiet.requests_per_minute.percent, Some(-60.0));
    assert_eq!(
        (quiet.error_rate.direction, quiet.mean_ms.direction),
        (Direction::Down, Direction::Down)
    );
    let steady = monitor.summary("steady").unwrap().trend;
    assert_eq!(
        steady.mean_ms.direction,
        Direction::Unknown,
        "one call a minute says little"
    );
}

#[test]
fn targets_are_compared_and_added_up() {
    let monitor = Monitor::new(ManualClock::default());
    for n in 0..100 {
        monitor.record("fast", Ok(()), millis(20));
        monitor.record("slow", Ok(()), millis(400));
        if n < 50 {
            let outcome = if n < 25 {
                Err(FailureClass::Timeout)
            } else {
                Ok(())
            };
            monitor.record("broken", outcome, millis(10));
        }
    }
    let performance = monitor.performance();
    let ranked: Vec<_> = performance
        .ranking
        .iter()
        .map(|rank| rank.target.as_str())
        .collect();
    assert_eq!(ranked, ["fast", "slow", "broken"]);
    assert_eq!(performance.overall_success_rate, Some(90.0));
    assert_eq!((performance.overall.total, performance.overall.failed), (250, 25));
    let fast = &performance.ranking[0];
    assert_eq!(
        (fast.place, fast.share, fast.success_rate_difference),
        (1, 40.0, 10.0)
    );
    assert_eq!(performance.ranking[1].mean_ratio, Some(2.35), "400 ms of 170 ms");
    assert!(within(performance.overall.p95_ms, 400.0));
    let shown = serde_json::to_value(&performance).unwrap();
    assert_eq!(shown["overall_success_rate"], 90.0);
    assert_eq!(shown["targets"][0]["target"], "broken");
    assert_eq!(shown["overall"]["trend"]["mean_ms"]["direction"], "unknown");
}

#[test]
fn the_history_is_bounded_and_says_when() {
    let clock = ManualClock::default();
    let monitor = Monitor::new(clock.clone());
    for minute in 0..90_u64 {
        for _ in 0..=minute {
            monitor.record("a", Ok(()), millis(minute));
        }
        clock.advance(MINUTE);
    }
    clock.advance(Duration::from_secs(30));
    let history = monitor.history("a");
    assert_eq!(history.len(), 60);
    assert_eq!(
        history.last().unwrap().requests,
        0,
        "the minute that has just begun"
    );
    assert_eq!(
        history.last().unwrap().from,
        clock.now() - Duration::from_secs(30)
    );
    assert_eq!((history[58].requests, history[58].mean_ms), (90, Some(89.0)));
    assert_eq!(history[0].requests, 32);
    assert_eq!(history[1].from.since(history[0].from), MINUTE);
    assert!(monitor.history("nobody").is_empty());
}

#[test]
fn samples_leave_out_what_too_few_calls_say() {
    let monitor = Monitor::new(ManualClock::default());
    for _ in 0..4 {
        monitor.record("a", Err(FailureClass::Timeout), millis(2_000));
    }
    monitor.record("b", Ok(()), millis(500));
    let performance = monitor.performance();
    let all: Vec<_> = performance.samples(5).collect();
    let value = |metric: &str, target: Option<&str>| {
        let mut found = all
            .iter()
            .filter(|sample| sample.metric == metric && sample.target == target);
        found.next().map(|sample| sample.value)
    };
    assert_eq!(value(metric::ERROR_RATE, None), Some(80.0));
    assert_eq!(value(metric::SUCCESS_RATE, None), Some(20.0));
    assert_eq!(value(metric::RESPONSE_TIME, None), Some(1.7), "in seconds");
    assert_eq!(value(metric::ERROR_RATE, Some("a")), None, "four calls of five");
    assert_eq!(value(metric::REQUESTS_PER_MINUTE, Some("a")), Some(4.0));
    let few = performance.targets[0]
        .samples(4)
        .find(|sample| sample.metric == metric::ERROR_RATE);
    assert_eq!(few.unwrap().value, 100.0);
    assert_eq!(few.unwrap().labels().collect::<Vec<_>>(), [("target", "a")]);
}

#[test]
fn a_monitor_out_of_range_is_refused_with_what_is_allowed() {
    let refused = Monitor::builder()
        .window(Duration::ZERO)
        .names(0)
        .history(0, Duration::ZERO)
        .metrics("")
        .build();
    assert_eq!(
        refused.unwrap_err().to_string(),
        "out of range: window: 1 s to 1 h; history: 1 to 1440 points; history: points of 1 s to 1 h; \
         names: 1 to 10000; metrics: a name of 1 to 64 bytes"
    );
}

#[derive(Debug, Clone)]
enum Step {
    Call(Result<(), FailureClass>, u64),
    Wait(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let outcome = prop_oneof![
        Just(Ok(())),
        Just(Err(FailureClass::Timeout)),
        Just(Err(FailureClass::Rejected)),
    ];
    prop_oneof![
        4 => (outcome, 0_u64..5_000_000).prop_map(|(outcome, micros)| Step::Call(outcome, micros)),
        1 => (0_u64..20_000).prop_map(Step::Wait),
        1 => (0_u64..200_000).prop_map(Step::Wait),
    ]
}

proptest! {
    /// The model keeps every call and counts those of the last twelve slots.
    #[test]
    fn the_window_equals_a_count_over_all_calls(steps in proptest::collection::vec(step(), 1..120)) {
        let clock = ManualClock::default();
        let monitor = Monitor::new(clock.clone());
        let mut calls = Vec::new();
        let slot = |at: Duration| at.as_secs() / 5;
        for step in steps {
            match step {
                Step::Wait(ms) => clock.advance(millis(ms)),
                Step::Call(outcome, micros) => {
                    monitor.record("a", outcome, Duration::from_micros(micros));
                    if outcome != Err(FailureClass::Rejected) {
                        calls.push((clock.elapsed(), outcome.is_ok(), micros));
                    }
                }
            }
            let Some(summary) = monitor.summary("a") else { continue };
            let in_window = |from: u64, to: u64| {
                let now = slot(clock.elapsed());
                let live = move |at: Duration| slot(at) + from > now && slot(at) + to <= now;
                calls.iter().filter(move |(at, ..)| live(*at))
            };
            let count = in_window(12, 0).count() as u64;
            let good = in_window(12, 0).filter(|(_, ok, _)| *ok).count() as u64;
            prop_assert_eq!(summary.total, calls.len() as u64);
            prop_assert_eq!(summary.requests, count);
            prop_assert_eq!(summary.success_rate, (count > 0).then(|| 100.0 - (count - good) as f64 * 100.0 / count as f64));
            let longest = in_window(12, 0).map(|(.., micros)| *micros).max();
            prop_assert_eq!(summary.max_ms, longest.map(|micros| (micros as f64 / 10.0).round() / 100.0));
            let mut sorted: Vec<_> = in_window(12, 0).map(|(.., micros)| *micros).collect();
            sorted.sort_unstable();
            if let Some(median) = sorted.get((sorted.len().max(1) - 1) / 2) {
                let median = *median as f64 / 1_000.0;
                prop_assert!((summary.p50_ms.unwrap() - median).abs() <= median * 0.033 + 0.01);
            }
            if summary.trend.requests_per_minute.now.is_some() {
                prop_assert_eq!(summary.trend.requests_per_minute.now, Some(in_window(13, 1).count() as f64));
                prop_assert_eq!(summary.trend.requests_per_minute.before, Some(in_window(25, 13).count() as f64));
            }
        }
    }
}
