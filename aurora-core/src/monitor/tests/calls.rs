use std::future::{pending, ready};
use std::panic::AssertUnwindSafe;

use futures::FutureExt as _;
use metrics_util::debugging::{DebugValue, DebuggingRecorder};

use super::*;
use crate::failure::Failure;

#[derive(Debug, thiserror::Error)]
#[error("failed")]
struct Failed(FailureClass);

impl Failure for Failed {
    fn class(&self) -> FailureClass {
        self.0
    }
}

#[test]
fn a_timing_measures_on_the_clock() {
    let clock = ManualClock::default();
    let monitor = Monitor::new(clock.clone());
    let timing = monitor.record_request_start("a");
    assert_eq!(monitor.summary("a").unwrap().in_flight, 1);
    clock.advance(Duration::from_secs(2));
    timing.failed(FailureClass::Timeout);
    let summary = monitor.summary("a").unwrap();
    assert_eq!((summary.total, summary.failed, summary.in_flight), (1, 1, 0));
    assert_eq!(summary.mean_ms, Some(2_000.0));
}

#[test]
fn who_gives_up_and_who_asks_wrongly_is_counted_apart() {
    let monitor = Monitor::new(ManualClock::default());
    drop(monitor.start("a"));
    monitor.start("a").failed(FailureClass::Rejected);
    monitor.start("a").failed(FailureClass::Cancelled);
    let summary = monitor.summary("a").unwrap();
    assert_eq!((summary.total, summary.rejected, summary.cancelled), (0, 1, 2));
    assert_eq!(
        (summary.success_rate, summary.mean_ms, summary.in_flight),
        (None, None, 0)
    );
}

#[tokio::test]
async fn an_observed_call_is_classified_by_how_it_ends() {
    let monitor = Monitor::new(ManualClock::default());
    monitor.observe("a", ready(Ok::<_, Failed>(7))).await.unwrap();
    for class in [FailureClass::Throttled, FailureClass::Rejected] {
        monitor
            .observe("a", ready(Err::<(), _>(Failed(class))))
            .await
            .unwrap_err();
    }
    let panics = monitor.observe("a", async { panic!("on purpose") as Result<(), Failed> });
    AssertUnwindSafe(panics).catch_unwind().await.unwrap_err();
    let mut given_up = Box::pin(monitor.observe("a", pending::<Result<(), Failed>>()));
    assert!(given_up.as_mut().now_or_never().is_none());
    assert_eq!(monitor.summary("a").unwrap().in_flight, 1);
    drop(given_up);
    drop(monitor.observe("a", pending::<Result<(), Failed>>()));
    let summary = monitor.summary("a").unwrap();
    let ended = (
        summary.succeeded,
        summary.failed,
        summary.rejected,
        summary.cancelled,
    );
    assert_eq!(ended, (1, 2, 1, 2));
    assert_eq!(
        (
            summary.failures.throttled,
            summary.failures.transient,
            summary.in_flight
        ),
        (1, 1, 0)
    );
}

#[test]
fn a_call_that_goes_down_with_a_panic_of_its_own_has_failed() {
    let monitor = Monitor::new(ManualClock::default());
    let panics = std::panic::catch_unwind(AssertUnwindSafe(|| {
        let _timing = monitor.start("own");
        panic!("on purpose");
    }));
    panics.unwrap_err();
    let elsewhere = std::panic::catch_unwind(AssertUnwindSafe(|| {
        let _waits = monitor.observe("another", pending::<Result<(), Failed>>());
        panic!("on purpose");
    }));
    elsewhere.unwrap_err();
    assert_eq!(monitor.summary("own").unwrap().failed, 1);
    let another = monitor.summary("another").unwrap();
    assert_eq!(
        (another.failed, another.cancelled),
        (0, 1),
        "it did not panic itself"
    );
}

#[test]
fn what_is_forgotten_begins_anew_and_calls_under_way_are_not_lost() {
    let monitor = Monitor::new(ManualClock::default());
    monitor.record("a", Ok(()), millis(1));
    monitor.record("b", Ok(()), millis(1));
    let under_way = monitor.start("b");
    monitor.clear();
    assert!(monitor.summary("a").is_none());
    assert_eq!(monitor.summary("b").unwrap().in_flight, 1);
    under_way.succeeded();
    let b = monitor.summary("b").unwrap();
    assert_eq!((b.total, b.requests, b.in_flight), (1, 1, 0));
    monitor.record("a", Ok(()), millis(1));
    monitor.clear_target("b");
    assert!(monitor.summary("b").is_none());
    assert_eq!(monitor.summaries().len(), 1);
}

#[test]
fn numbers_are_exported_under_the_names_of_monitor_and_target() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    metrics::with_local_recorder(&recorder, || {
        export::describe();
        let monitor = Monitor::builder()
            .metrics("llm")
            .clock(ManualClock::default())
            .build()
            .unwrap();
        monitor.record("a", Ok(()), millis(250));
        monitor.record("a", Ok(()), millis(250));
        monitor.record("a", Err(FailureClass::Timeout), millis(250));
        drop(monitor.start("a"));
        let under_way = monitor.start("a");
        monitor.publish();
        drop(under_way);
        Monitor::new(ManualClock::default()).record("silent", Ok(()), millis(1));
    });
    let mut seen = std::collections::BTreeMap::new();
    for (key, _, _, value) in snapshotter.snapshot().into_vec() {
        let labels: Vec<_> = key
            .key()
            .labels()
            .map(|label| format!("{}={}", label.key(), label.value()))
            .collect();
        let value = match value {
            DebugValue::Counter(count) => count as f64,
            DebugValue::Gauge(value) => value.0,
            DebugValue::Histogram(values) => values.iter().map(|value| value.0).sum(),
        };
        seen.insert(format!("{}{{{}}}", key.key().name(), labels.join(",")), value);
    }
    let all: Vec<_> = seen
        .iter()
        .map(|(name, value)| format!("{name} {value:.2}"))
        .collect();
    assert_eq!(
        all,
        [
            "aurora_monitor_call_seconds{monitor=llm,target=a} 0.75",
            "aurora_monitor_calls_total{monitor=llm,target=a,outcome=answered} 2.00",
            "aurora_monitor_calls_total{monitor=llm,target=a,outcome=cancelled} 2.00",
            "aurora_monitor_calls_total{monitor=llm,target=a,outcome=timeout} 1.00",
            "aurora_monitor_in_flight{monitor=llm,target=a} 1.00",
            "aurora_monitor_latency_seconds{monitor=llm,target=a,quantile=0.5} 0.25",
            "aurora_monitor_latency_seconds{monitor=llm,target=a,quantile=0.95} 0.25",
            "aurora_monitor_latency_seconds{monitor=llm,target=a,quantile=0.99} 0.25",
            "aurora_monitor_requests_per_minute{monitor=llm,target=a} 3.00",
            "aurora_monitor_success_rate{monitor=llm,target=a} 66.67",
        ]
    );
}
