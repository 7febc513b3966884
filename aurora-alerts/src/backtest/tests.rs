use std::time::Duration;

use aurora_core::time::{ManualClock, Timestamp};

use super::*;
use crate::engine::AlertEngine;
use crate::labels::Labels;
use crate::notification::Reason;
use crate::posted::PostedAlert;
use crate::route::Route;
use crate::rule::Rule;
use crate::rule::{Escalation, Severity};
use crate::testing::Recorder;

const STEP: Duration = Duration::from_secs(15);

fn at(secs: u64) -> Timestamp {
    Timestamp::from_secs(1_790_000_000) + Duration::from_secs(secs)
}

fn rule() -> RuleBuilder {
    Rule::new("Error rate high").metric("error_rate").above(20.0)
}

fn routed(root: Route) -> Routing {
    Routing {
        root: Some(root),
        ..Routing::default()
    }
}

/// Breached in the first `bad` of every `period` samples.
fn wave(samples: u32, period: u32, bad: u32) -> Vec<(Timestamp, &'static str, Labels, f64)> {
    let sample = |n: u32| {
        let value = if n % period < bad { 31.0 } else { 4.0 };
        (
            at(0) + n * STEP,
            "error_rate",
            Labels::from([("zone", "a")]),
            value,
        )
    };
    (0..samples).map(sample).collect()
}

#[test]
fn every_firing_and_its_end_are_counted() {
    let report = Backtest::new([rule().severity(Severity::Critical)], Routing::default())
        .channel("slack", ["#ops"], Limits::default())
        .channel("mail", ["a@example.com", "b@example.com"], Limits::default())
        .run(wave(200, 40, 10))
        .unwrap();
    let shown: Vec<_> = report
        .targets
        .iter()
        .map(|row| (&*row.channel, &*row.target, row.counts.columns()))
        .collect();
    let counts = [10, 5, 5, 0, 0, 0, 0];
    assert_eq!(
        shown,
        [
            ("mail", "a@example.com", counts),
            ("mail", "b@example.com", counts),
            ("slack", "#ops", counts)
        ]
    );
    assert_eq!(report.notifications(), 30);
    assert_eq!(
        (report.rules.len(), report.rules[0].severity),
        (3, Severity::Critical)
    );
    let noisy = &report.alerts.rules[0];
    assert_eq!((noisy.firings, noisy.resolved, noisy.still_firing), (5, 5, 0));
    assert_eq!(noisy.longest_ms, 150_000);
    assert_eq!(report.alerts.firings.len(), 5);
    assert_eq!((report.samples, report.refused, report.waiting), (200, 0, 0));
}

/// The live engine is told the same by hand, tick by tick.
#[tokio::test]
async fn it_tells_what_the_engine_tells() {
    let route = || {
        Route::to("pager")
            .group_by(["zone"])
            .group_wait(Duration::from_secs(30))
            .group_interval(Duration::from_secs(120))
            .repeat_interval(Duration::from_secs(600))
    };
    let rule = || rule().for_(Duration::from_secs(40)).never_flapping();
    let events = wave(400, 100, 70);
    let clock = ManualClock::at(at(0));
    let told = Recorder::new();
    let engine = AlertEngine::builder()
        .rule(rule())
        .notify_as("pager", told.clone())
        .route(route())
        .clock(clock.clone())
        .build()
        .unwrap();
    for (_, metric, labels, value) in &events {
        engine.record_with(metric, labels.clone(), *value);
        engine.tick().await;
        clock.advance(STEP);
    }
    let report = Backtest::new([rule()], routed(route()))
        .channel("pager", [""], Limits::default())
        .run(events)
        .unwrap();
    let counts = report.targets[0].counts;
    let of = |reason: Reason| {
        told.notifications()
            .iter()
            .filter(|told| told.reason == reason)
            .count()
    };
    assert!(
        counts.repeated > 0 && counts.firing > 0 && counts.resolved > 0,
        "{counts:?}"
    );
    assert_eq!(counts.total, u64::try_from(told.notifications().len()).unwrap());
    assert_eq!(counts.repeated, u64::try_from(of(Reason::Repeated)).unwrap());
    assert_eq!(report.alerts.rules[0].firings, 4);
}

#[test]
fn what_a_failing_channel_could_not_take_comes_later_and_together() {
    let rules = (0..3).map(|n| {
        let rule = Rule::new(format!("rule {n}")).metric("error_rate");
        rule.above(20.0 + f64::from(n))
    });
    let report = Backtest::new(rules, Routing::default())
        .channel("slack", [""], Limits::default())
        .failing("slack", at(0)..at(1_000))
        .run_on(Duration::from_secs(3_600))
        .run(wave(200, 200, 200))
        .unwrap();
    let counts = report.targets[0].counts;
    assert_eq!(
        (counts.total, counts.digests),
        (1, 1),
        "three alerts in one: {counts:?}"
    );
    assert_eq!(report.rules.len(), 3);
    assert!(report.alerts.channels[0].retried > 0);
}

#[test]
fn nobody_acknowledges_so_escalations_go_to_their_end() {
    let chain = Escalation::new()
        .step(Duration::from_secs(60), "chief")
        .step(Duration::from_secs(120), "board");
    let report = Backtest::new([rule().escalation(chain)], routed(Route::to("ops")))
        .channel("ops", [""], Limits::default())
        .channel("chief", [""], Limits::default())
        .channel("board", [""], Limits::default())
        .run(wave(40, 40, 40))
        .unwrap();
    let escalated: Vec<_> = report
        .targets
        .iter()
        .map(|row| (&*row.channel, row.counts.escalated))
        .collect();
    assert_eq!(escalated, [("board", 1), ("chief", 1), ("ops", 0)]);
}

#[test]
fn posted_alerts_are_told_at_once_and_end_by_themselves() {
    let alert = PostedAlert::new([("alertname", "Backup failed")]);
    let report = Backtest::new(Vec::<Rule>::new(), Routing::default())
        .channel("ops", [""], Limits::default())
        .run_on(Duration::from_secs(600))
        .run([(at(0), alert)])
        .unwrap();
    let counts = report.targets[0].counts;
    assert_eq!((counts.firing, counts.resolved), (1, 1));
    assert_eq!(report.rules[0].rule, "Backup failed");
    assert_eq!(report.alerts.firings[0].firing_ms, 300_000);
}

#[test]
fn problems_come_all_at_once() {
    let error = Backtest::new([Rule::new("none")], routed(Route::to("nobody")))
        .channel("Ops!", [""], Limits::default())
        .interval(Duration::ZERO)
        .failing("mail", at(0)..at(1))
        .run(wave(1, 1, 1))
        .unwrap_err();
    let text = error.to_string();
    for part in ["\"none\"", "Ops!", "interval", "\"mail\"", "nobody"] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn late_events_count_as_now_and_a_wrong_unit_is_refused() {
    let backtest = || Backtest::new([rule()], Routing::default()).channel("ops", [""], Limits::default());
    let sample = |at: Timestamp, value: f64| (at, "error_rate", Labels::new(), value);
    let report = backtest()
        .run([sample(at(60), 4.0), sample(at(0), 31.0), sample(at(90), f64::NAN)])
        .unwrap();
    assert_eq!((report.late, report.refused), (1, 1));
    assert_eq!(report.alerts.firings[0].fired_at, Some(at(60)));
    let millis = Timestamp::from_secs(at(0).as_millis());
    let error = backtest()
        .run([sample(at(0), 4.0), sample(millis, 4.0)])
        .unwrap_err();
    assert!(error.to_string().contains("400 days"), "{error}");
    assert!(
        backtest()
            .run(Vec::<BacktestEvent>::new())
            .unwrap()
            .targets
            .is_empty()
    );
}

#[test]
fn lines_are_read_and_mistakes_are_found_by_line() {
    let good = "time,metric,labels,value\n# recorded by hand\n\n1790000000,error_rate,,31\r\n\
                1790000015.5,error_rate, zone = a; shop=b ,-4e2\n2026-09-21T14:13:50Z,up,,NaN";
    let events: Vec<_> = SampleLines::new(good.as_bytes()).map(Result::unwrap).collect();
    assert_eq!(events[0], (at(0), "error_rate", Labels::new(), 31.0).into());
    let zone = Labels::from([("zone", "a"), ("shop", "b")]);
    let half = at(15) + Duration::from_millis(500);
    assert_eq!(events[1], (half, "error_rate", zone, -400.0).into());
    assert_eq!((events.len(), events[2].at()), (3, at(30)));
    for (line, part) in [
        ("1,m,", "four fields"),
        ("1,m,,2,3", "four fields"),
        ("yesterday,m,,2", "RFC 3339"),
        ("1,,,2", "no metric"),
        ("1,m,zone,2", "name=value"),
        ("1,m,,two", "no number"),
    ] {
        let text = format!("1,m,,1\n{line}\n1,m,,1\n");
        let read: Vec<_> = SampleLines::new(text.as_bytes()).collect();
        assert_eq!(read.len(), 2, "{line}");
        let error = read[1].as_ref().unwrap_err().to_string();
        assert!(error.contains("line 2: ") && error.contains(part), "{error}");
    }
    let endless = vec![b'x'; 70_000];
    let error = SampleLines::new(endless.as_slice()).next().unwrap().unwrap_err();
    assert!(error.to_string().contains("64 KiB"), "{error}");
}

#[test]
fn a_comparison_shows_what_differs() {
    let with = |limit: f64| {
        let rules = [Rule::new("Error rate high").metric("error_rate").above(limit)];
        Backtest::new(rules, Routing::default()).channel("slack", ["#ops"], Limits::default())
    };
    let comparison = with(20.0).compare(with(40.0), wave(200, 40, 10)).unwrap();
    assert_eq!(
        comparison.to_string(),
        "notifications to  before  after  change\n\
         slack #ops            10      0     -10\n\
         \n\
         firings of       before  after  change\n\
         Error rate high       5      0      -5\n"
    );
}

#[test]
fn the_report_reads_as_tables_and_as_json() {
    let report = Backtest::new([rule()], Routing::default())
        .channel("slack", ["#ops"], Limits::default())
        .run(wave(200, 40, 10))
        .unwrap();
    let text = report.to_string();
    assert!(text.contains("channel  target  sent  firing  resolved  repeated  escalated  flapping  digests"));
    assert!(text.contains("slack    #ops      10       5         5"), "{text}");
    assert!(
        text.contains("Error rate high        5  12m 30s   2m 30s      0"),
        "{text}"
    );
    let json: serde_json::Value = serde_json::from_str(&report.to_json()).unwrap();
    assert_eq!(json["targets"][0]["total"], 10);
    assert_eq!(json["alerts"]["rules"][0]["firings"], 5);
}

#[test]
fn a_recording_may_ask_for_no_more_than_there_is_time_for() {
    let a_year = Duration::from_secs(365 * 24 * 3_600);
    let samples = || (0..100_u32).map(|n| (at(0) + n * a_year, "error_rate", Labels::new(), 31.0));
    let backtest = || Backtest::new([rule()], Routing::default()).most_turns(10_000);
    let error = backtest().run(samples()).unwrap_err();
    assert_eq!(error.kind(), crate::ErrorKind::Invalid);
    assert!(error.to_string().contains("10000 times"), "{error}");
    assert!(backtest().run(wave(200, 40, 10)).is_ok());

    let flag = Arc::new(AtomicBool::new(true));
    let error = backtest().cancelled_by(flag).run(wave(200, 40, 10)).unwrap_err();
    assert_eq!(error.kind(), crate::ErrorKind::Closed);
}
