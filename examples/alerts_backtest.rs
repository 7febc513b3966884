//! What would last month have been like with these rules? Thirty days of samples in virtual time, nothing sent.
//!
//! Then the same month with a patient version of the rule, and what differs; last, a recording read from lines of text.
//! `cargo run --example alerts_backtest`
use std::error::Error;
use std::time::Duration;

use aurora::alerts::backtest::{Backtest, SampleLines};
use aurora::alerts::route::Routing;
use aurora::alerts::rule::RuleBuilder;
use aurora::alerts::{Labels, Limits, Route, Rule, Severity};
use aurora::core::time::Timestamp;

const MINUTE: Duration = Duration::from_secs(60);
const MONTH: u32 = 30 * 24 * 60;
const EVERY: u32 = 5;

/// Stands for what a database of measurements gives: a sample every five minutes of two zones, one of them restless.
fn recorded(begin: Timestamp) -> impl Iterator<Item = (Timestamp, &'static str, Labels, f64)> {
    let calm = Labels::from([("zone", "a")]);
    let restless = Labels::from([("zone", "b")]);
    (0..MONTH / EVERY).map(|n| n * EVERY).flat_map(move |minute| {
        let at = begin + minute * MINUTE;
        // Every evening a long breach, and short ones all day.
        let evening = minute % (24 * 60) >= 20 * 60 && minute % (24 * 60) < 20 * 60 + 45;
        let spike = minute % 85 == 0;
        let value = match (evening, spike) {
            (true, _) => 55.0,
            (false, true) => 25.0,
            (false, false) => 5.0,
        };
        [
            (at, "error_rate", calm.clone(), 5.0),
            (at, "error_rate", restless.clone(), value),
        ]
    })
}

fn backtest(change: impl Fn(RuleBuilder) -> RuleBuilder) -> Backtest {
    let rule = |name: &str, limit: f64| Rule::new(name).metric("error_rate").above(limit);
    let rules = [
        change(rule("Error rate high", 20.0)),
        change(rule("Error rate very high", 50.0).severity(Severity::Critical)),
    ];
    let routing = Routing {
        root: Some(
            Route::to("slack")
                .group_by(["zone"])
                .repeat_interval(240 * MINUTE),
        ),
        ..Routing::default()
    };
    Backtest::new(rules, routing)
        .channel(
            "slack",
            ["#ops"],
            Limits::default().spacing(Duration::from_secs(1)),
        )
        .interval(EVERY * MINUTE)
        .run_on(10 * MINUTE)
}

fn main() -> Result<(), Box<dyn Error>> {
    let begin = Timestamp::parse("2026-10-01T00:00:00Z")?;
    println!("{}", backtest(|rule| rule).run(recorded(begin))?);

    println!("With a patience of ten minutes:");
    let patient = backtest(|rule| rule.for_(10 * MINUTE));
    println!("{}", backtest(|rule| rule).compare(patient, recorded(begin))?);

    println!("Slack is away for the first evening:");
    let evening = begin + 20 * 60 * MINUTE;
    let report = backtest(|rule| rule.for_(10 * MINUTE))
        .failing("slack", evening..evening + 30 * MINUTE)
        .run(recorded(begin).take_while(|(at, ..)| *at < evening + 120 * MINUTE))?;
    for slack in &report.alerts.channels {
        println!(
            "{} attempts failed, {} notifications arrived\n",
            slack.retried, slack.delivered
        );
    }

    println!("From lines of text:");
    let lines = "time,metric,labels,value\n\
                 2026-10-01T00:00:00Z,error_rate,zone=a;shop=north,31\n\
                 2026-10-01T00:05:00Z,error_rate,zone=a;shop=north,4\n";
    let report = backtest(|rule| rule).try_run(SampleLines::new(lines.as_bytes()))?;
    println!("{} notifications", report.notifications());
    Ok(())
}
