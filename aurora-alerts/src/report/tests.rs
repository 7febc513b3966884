mod records;

use super::tally::{MOST_LISTED, MOST_OPEN};
use super::*;
use crate::history::{Entry, Outcome};
use crate::labels::Labels;
use crate::notification::{DeliveryId, Reason, Status};
use crate::notifier::NotifyErrorKind;
use crate::state::Decision;

/// Seconds after 2026-11-29T00:00:00Z, the beginning of the period; the period is an hour.
fn at(seconds: i64) -> Timestamp {
    Timestamp::from_secs(Timestamp::parse("2026-11-29T00:00:00Z").unwrap().as_secs() + seconds)
}

fn record(seconds: i64, rule: &str, zone: &str, entry: Entry) -> Record {
    Record {
        seq: seconds,
        at: at(seconds),
        fingerprint: Some(Labels::from([("zone", zone)]).fingerprint()),
        rule: Some(rule.to_owned()),
        severity: Some(Severity::Critical),
        labels: Some(Labels::from([("zone", zone)])),
        channel: None,
        entry,
    }
}

fn change(seconds: i64, rule: &str, zone: &str, decision: Decision) -> Record {
    let entry = Entry::Alert {
        decision,
        value: Some(31.0),
        starts_at: at(seconds - 5),
    };
    record(seconds, rule, zone, entry)
}

fn acknowledged(seconds: i64, rule: &str, zone: &str, by: &str) -> Record {
    let entry = Entry::Acknowledged {
        by: by.to_owned(),
        comment: "looking".to_owned(),
        until: None,
    };
    record(seconds, rule, zone, entry)
}

fn delivery(
    seconds: i64,
    channel: &str,
    attempt: u32,
    took_ms: u64,
    waited_ms: u64,
    outcome: Outcome,
) -> Record {
    Record {
        seq: seconds,
        at: at(seconds),
        fingerprint: None,
        rule: None,
        severity: None,
        labels: None,
        channel: Some(channel.to_owned()),
        entry: Entry::Delivery {
            id: DeliveryId::new(at(seconds)),
            target: "#ops".to_owned(),
            reason: Reason::Changed,
            status: Status::Firing,
            alerts: 2,
            attempt,
            took_ms,
            waited_ms,
            outcome,
        },
    }
}

fn delivered() -> Outcome {
    Outcome::Delivered { message: None }
}

fn retrying() -> Outcome {
    Outcome::Retrying {
        error: NotifyErrorKind::RateLimited,
        detail: "slow down, please".to_owned(),
        next_at: at(0),
    }
}

fn failed() -> Outcome {
    Outcome::Failed {
        error: NotifyErrorKind::Client,
        detail: "=HYPERLINK(\"x\")".to_owned(),
    }
}

fn report(records: Vec<Record>) -> Report {
    Report::of(records, at(0), at(3_600))
}

/// Three firings of one rule, counted by hand:
///
/// | zone | fired | acknowledged | resolved | within the period |
/// | --- | --- | --- | --- | --- |
/// | a | 100 s | 160 s by ana (60 s later), 170 s by bob | 400 s (300 s later) | 300 s |
/// | b | 200 s | – | 1,000 s (800 s later) | 800 s |
/// | a | 3,000 s | 3,120 s by bob (120 s later) | – | 600 s |
#[test]
fn firings_are_counted_and_measured() {
    let report = report(vec![
        change(90, "Errors", "a", Decision::Pending),
        change(100, "Errors", "a", Decision::Fired),
        acknowledged(160, "Errors", "a", "ana"),
        acknowledged(170, "Errors", "a", "bob"),
        change(200, "Errors", "b", Decision::FiredQuietly { until: at(300) }),
        change(300, "Errors", "b", Decision::CooldownOver),
        change(400, "Errors", "a", Decision::Resolved),
        record(500, "Errors", "b", Entry::Flapping { began: true }),
        record(900, "Errors", "b", Entry::Flapping { began: false }),
        change(1_000, "Errors", "b", Decision::ResolvedQuietly),
        change(1_100, "Errors", "c", Decision::Pending),
        change(1_200, "Errors", "c", Decision::Cleared),
        change(3_000, "Errors", "a", Decision::Fired),
        acknowledged(3_120, "Errors", "a", "bob"),
    ]);
    let [errors] = report.rules.as_slice() else {
        panic!("{report:?}")
    };
    assert_eq!(
        *errors,
        RuleReport {
            rule: "Errors".to_owned(),
            severity: Some(Severity::Critical),
            firings: 3,
            resolved: 2,
            still_firing: 1,
            acknowledged: 2,
            firing_ms: 1_700_000,
            longest_ms: 800_000,
            mean_to_acknowledge_ms: Some(90_000),
            mean_to_resolve_ms: Some(550_000),
            flaps: 1,
            notifications: 0,
        }
    );
    let listed: Vec<_> = report
        .firings
        .iter()
        .map(|firing| {
            (
                firing.fired_at,
                firing.resolved_at,
                firing.firing_ms,
                firing.acknowledged_by.as_deref(),
            )
        })
        .collect();
    assert_eq!(
        listed,
        [
            (Some(at(100)), Some(at(400)), 300_000, Some("ana")),
            (Some(at(200)), Some(at(1_000)), 800_000, None),
            (Some(at(3_000)), None, 600_000, Some("bob")),
        ]
    );
    assert_eq!(report.firings[0].acknowledged_at, Some(at(160)));
    assert_eq!((report.left_out, report.firings_left_out), (0, 0));
}

/// What lies outside the period counts only as far as it reaches into it.
#[test]
fn the_ends_of_the_period_cut_firings() {
    let report = report(vec![
        change(-500, "Before", "a", Decision::Fired),
        change(-400, "Before", "a", Decision::Resolved),
        change(-300, "Into", "a", Decision::Fired),
        change(-200, "Through", "a", Decision::Fired),
        change(60, "Into", "a", Decision::Resolved), // 360 s, of which 60 s
        change(100, "Unseen", "a", Decision::Resolved), // since the beginning at least
        change(3_600, "After", "a", Decision::Fired),
        change(3_700, "Through", "a", Decision::Resolved),
    ]);
    let rows: Vec<_> = report
        .rules
        .iter()
        .map(|rule| {
            (
                rule.rule.as_str(),
                rule.firings,
                rule.resolved,
                rule.still_firing,
                rule.firing_ms,
                rule.mean_to_resolve_ms,
            )
        })
        .collect();
    assert_eq!(
        rows,
        [
            ("Into", 0, 1, 0, 60_000, Some(360_000)),
            ("Through", 0, 0, 1, 3_600_000, None),
            ("Unseen", 0, 1, 0, 100_000, None),
        ]
    );
    assert_eq!(report.firings.len(), 3);
    assert_eq!(report.firings[1].fired_at, None);
}

/// A second beginning without an end between: the first lasted until then, but nobody knows when it resolved.
#[test]
fn an_end_that_is_missing_is_no_resolve() {
    let report = report(vec![
        change(0, "Errors", "a", Decision::Fired),
        change(100, "Errors", "a", Decision::Fired),
        change(150, "Errors", "a", Decision::Resolved),
    ]);
    let errors = &report.rules[0];
    assert_eq!(
        (errors.firings, errors.resolved, errors.firing_ms),
        (2, 1, 150_000)
    );
    assert_eq!(errors.mean_to_resolve_ms, Some(50_000));
    assert_eq!(
        report
            .firings
            .iter()
            .filter(|firing| firing.resolved_at.is_none())
            .count(),
        1
    );
}

#[test]
fn deliveries_are_counted_by_channel() {
    let mut alone = delivery(7, "slack", 1, 20, 40, delivered());
    alone.rule = Some("Errors".to_owned());
    alone.fingerprint = Some(Labels::new().fingerprint());
    let report = report(vec![
        delivery(-1, "slack", 1, 9_999, 9_999, delivered()),
        delivery(1, "slack", 1, 100, 100, retrying()),
        delivery(2, "slack", 2, 200, 1_000, delivered()),
        delivery(3, "slack", 1, 30, 50, delivered()),
        delivery(4, "slack", 1, 10, 60, failed()),
        delivery(5, "slack", 0, 0, 70, Outcome::Superseded),
        delivery(6, "email", 0, 0, 5, Outcome::Redirected),
        alone,
    ]);
    let [email, slack] = report.channels.as_slice() else {
        panic!("{report:?}")
    };
    assert_eq!(
        (
            email.redirected,
            email.success_rate,
            email.waited_ms,
            email.attempt_ms
        ),
        (1, None, None, None)
    );
    assert_eq!(
        (slack.delivered, slack.failed, slack.retried, slack.superseded),
        (3, 1, 1, 1)
    );
    assert_eq!(slack.success_rate, Some(0.75));
    // Waited 40, 50, 1000; attempts 10, 20, 30, 100, 200.
    assert_eq!(
        slack.waited_ms,
        Some(Spread {
            p50: 50,
            p95: 1_000,
            p99: 1_000
        })
    );
    assert_eq!(
        slack.attempt_ms,
        Some(Spread {
            p50: 30,
            p95: 200,
            p99: 200
        })
    );
    assert_eq!(report.rules[0].notifications, 1);
}

#[test]
fn memory_is_bounded_and_what_is_left_out_is_counted() {
    let zones: Vec<String> = (0..MOST_OPEN + 2).map(|zone| zone.to_string()).collect();
    let fired = zones
        .iter()
        .map(|zone| change(10, "Errors", zone, Decision::Fired));
    let resolved = zones
        .iter()
        .map(|zone| change(20, "Errors", zone, Decision::Resolved));
    let report = Report::of(fired.chain(resolved), at(0), at(3_600));
    let errors = &report.rules[0];
    assert_eq!((errors.firings, errors.resolved), (1_002, 1_000));
    assert_eq!(errors.firing_ms, 10_000 * 1_000);
    assert_eq!(report.left_out, 2);
    assert_eq!(report.firings.len(), MOST_LISTED);
    assert_eq!(report.firings_left_out, 900);
    let rules: Vec<String> = (0..1_001).map(|rule| format!("rule {rule}")).collect();
    let report = Report::of(
        rules.iter().map(|rule| change(10, rule, "a", Decision::Fired)),
        at(0),
        at(3_600),
    );
    assert_eq!((report.rules.len(), report.left_out), (1_000, 1));
}

#[test]
fn tables_are_rfc_4180_and_hold_no_formulas() {
    let report = report(vec![
        change(10, "=1+1, \"quoted\"\n", "a", Decision::Fired),
        acknowledged(20, "=1+1, \"quoted\"\n", "a", "@ana"),
        change(30, "=1+1, \"quoted\"\n", "a", Decision::Resolved),
        delivery(40, "-mail", 1, 5, 6, delivered()),
    ]);
    assert_eq!(
        report.to_csv(Table::Rules),
        "rule,severity,firings,resolved,still_firing,acknowledged,firing_ms,longest_ms,mean_to_acknowledge_ms,\
         mean_to_resolve_ms,flaps,notifications\r\n\
         \"'=1+1, \"\"quoted\"\"\n\",critical,1,1,0,1,20000,20000,10000,20000,0,0\r\n"
    );
    assert_eq!(
        report.to_csv(Table::Channels),
        "channel,delivered,failed,retried,superseded,redirected,success_rate,waited_p50_ms,waited_p95_ms,waited_p99_ms,\
         attempt_p50_ms,attempt_p95_ms,attempt_p99_ms\r\n'-mail,1,0,0,0,0,1,6,6,6,5,5,5\r\n"
    );
    let fingerprint = Labels::from([("zone", "a")]).fingerprint();
    assert_eq!(
        report.to_csv(Table::Firings).lines().last().unwrap(),
        format!(
            "\",{fingerprint},critical,2026-11-29T00:00:10.000000Z,2026-11-29T00:00:30.000000Z,20000,'@ana,\
             2026-11-29T00:00:20.000000Z"
        )
    );
    for (text, expected) in [
        ("+1", "'+1"),
        ("\tx", "'\tx"),
        ("\rx", "\"'\rx\""),
        ("a=b", "a=b"),
        ("", ""),
    ] {
        assert_eq!(csv::Line::default().text(text).end(), format!("{expected}\r\n"));
    }
}

#[test]
fn json_has_the_names_of_the_fields() {
    let report = report(vec![
        change(10, "Errors", "a", Decision::Fired),
        delivery(40, "slack", 1, 5, 6, delivered()),
    ]);
    let json: serde_json::Value = serde_json::from_str(&report.to_json()).unwrap();
    assert_eq!(json["from"], "2026-11-29T00:00:00.000000Z");
    assert_eq!(json["rules"][0]["still_firing"], 1);
    assert_eq!(json["rules"][0]["mean_to_resolve_ms"], serde_json::Value::Null);
    assert_eq!(json["channels"][0]["waited_ms"]["p99"], 6);
    assert_eq!(json["firings"][0]["resolved_at"], serde_json::Value::Null);
}
