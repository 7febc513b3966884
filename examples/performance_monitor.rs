//! What a monitor knows of two APIs: rates, latencies, their trend, a comparison, and alerts made of nothing else.
//!
//! Nothing is sent anywhere, and time is moved by hand. `cargo run --example performance_monitor`

use std::time::Duration;

use aurora::alerts::rule::{Thresholds, defaults};
use aurora::alerts::{AlertEngine, Console, Error};
use aurora::core::failure::FailureClass;
use aurora::core::monitor::Monitor;
use aurora::core::time::ManualClock;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let clock = ManualClock::default();
    let monitor = Monitor::new(clock.clone());
    let alerts = AlertEngine::builder()
        .rules(defaults(&Thresholds::default())?)
        .notify(Console::new())
        .clock(clock.clone())
        .build()?;

    println!("Two calm minutes, then a minute in which the rates API is slow and fails:");
    for second in 0..180 {
        let bad = second >= 120;
        // A call can be timed by the monitor …
        let request = monitor.record_request_start("rates");
        clock.advance(Duration::from_millis(if bad { 700 } else { 80 }));
        if bad && second % 2 == 0 {
            request.failed(FailureClass::Timeout);
        } else {
            request.succeeded();
        }
        // … or by whoever makes it.
        monitor.record_request_success("payments", Duration::from_millis(120));
        alerts.record_monitor(&monitor, 5);
        alerts.tick().await;
        clock.advance(Duration::from_millis(if bad { 300 } else { 920 }));
    }

    let performance = monitor.performance();
    println!();
    if let Some(rate) = performance.overall_success_rate {
        println!(
            "Overall success rate: {rate:.1}% of {} calls",
            performance.overall.total
        );
    }
    for target in &performance.targets {
        let ms = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |ms| format!("{ms:.0} ms"));
        println!(
            "{:<9} {:>3.0}/min  {:>5.1}% ok  mean {}, p95 {}  latency {:?}, errors {:?}",
            target.target,
            target.requests_per_minute,
            target.success_rate.unwrap_or_default(),
            ms(target.mean_ms),
            ms(target.p95_ms),
            target.trend.mean_ms.direction,
            target.trend.error_rate.direction,
        );
    }
    for rank in &performance.ranking {
        println!(
            "place {}: {} ({:+.1} points of success, {:.2} × the mean latency of all)",
            rank.place,
            rank.target,
            rank.success_rate_difference,
            rank.mean_ratio.unwrap_or_default()
        );
    }
    println!();
    println!("The history of the rates API, a line per minute:");
    for point in monitor.history("rates") {
        println!(
            "{}  {} calls, {} failed",
            point.from, point.requests, point.failed
        );
    }
    Ok(())
}
