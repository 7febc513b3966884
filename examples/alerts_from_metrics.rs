//! An application that already measures through the `metrics` macros gets alerts without recording anything twice.
//!
//! Counters are watched by their rate, gauges by their value, histograms by their percentiles. Time is moved by hand.
//! `cargo run --example alerts_from_metrics` prints
//! ```text
//! [WARNING] Queue long: queue_length 180 > 100
//! [WARNING] Checkout slow: checkout_seconds_p95 2.125 > 2
//! [CRITICAL] Checkout fails: checkout_failures_total 5 > 1 {shop="north"}
//! [RESOLVED] Queue long
//! [RESOLVED] Checkout slow
//! [RESOLVED] Checkout fails {shop="north"}
//! ```
use std::time::Duration;

use aurora::alerts::condition::Aggregate;
use aurora::alerts::series::MetricsRecorder;
use aurora::alerts::{AlertEngine, Console, Error, Rule, Severity};
use aurora::core::time::ManualClock;

/// What an application measures in one second; it knows nothing of alerts.
fn work(is_bad: bool) {
    metrics::gauge!("queue_length").set(if is_bad { 180.0 } else { 3.0 });
    for n in 0..20 {
        metrics::histogram!("checkout_seconds").record(if is_bad && n % 2 == 0 { 2.2 } else { 0.1 });
    }
    if is_bad {
        metrics::counter!("checkout_failures_total", "shop" => "north").increment(5);
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let clock = ManualClock::default();
    let recorder = MetricsRecorder::new();
    // An application makes it the recorder of the process: metrics::set_global_recorder(recorder.clone())
    let second = |is_bad| metrics::with_local_recorder(&recorder, || work(is_bad));

    let minute = Duration::from_secs(60);
    let engine = AlertEngine::builder()
        .metrics(&recorder)
        .rule(Rule::new("Queue long").metric("queue_length").above(100.0))
        .rule(
            Rule::new("Checkout fails")
                .metric("checkout_failures_total")
                .window(minute, Aggregate::Rate)
                .above(1.0)
                .severity(Severity::Critical),
        )
        .rule(
            Rule::new("Checkout slow")
                .metric("checkout_seconds_p95")
                .above(2.0),
        )
        .notify(Console::new())
        .clock(clock.clone())
        .build()?;

    for tick in 0..180 {
        second((30..60).contains(&tick));
        engine.tick().await;
        clock.advance(Duration::from_secs(1));
    }
    Ok(())
}
