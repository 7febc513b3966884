use std::time::Duration;

use crate::condition::{
    Aggregate, Anomaly, Baseline, BurnRate, BurnWindow, ChangeMeasure, Condition, Direction, Operator,
    Selector, Threshold,
};
use crate::file::{AlertFile, Format};
use crate::route::{GroupBy, Receiver, Unseen};
use crate::rule::{Escalation, Flapping, NoData, Rule, Severity};
use crate::time_interval::TimeInterval;

fn example(name: &str) -> AlertFile {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/alerts");
    AlertFile::read(format!("{folder}/{name}")).unwrap_or_else(|error| panic!("{error}"))
}

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn limit(operator: Operator, value: f64, recovery: Option<f64>) -> Threshold {
    Threshold {
        operator,
        value,
        recovery,
    }
}

#[test]
fn both_formats_say_the_same() {
    assert_eq!(example("rules.yaml"), example("rules.toml"));
}

#[test]
fn every_rule_is_written_as_it_is_read() {
    let mut rules = example("rules.yaml").rules;
    rules.extend(crate::rule::defaults(&crate::rule::Thresholds::default()).unwrap());
    for rule in &rules {
        let definition = crate::file::definition(rule).unwrap_or_else(|| panic!("{rule:?}"));
        let text = serde_json::to_string_pretty(&serde_json::json!({"rules": [definition]})).unwrap();
        let again = AlertFile::parse("a", &text, Format::Yaml).unwrap();
        assert_eq!(again.rules, std::slice::from_ref(rule));
    }
    let unsayable = Rule::new("r")
        .metric("m")
        .above(1.0)
        .for_(Duration::from_nanos(1));
    assert_eq!(crate::file::definition(&unsayable.build().unwrap()), None);
}

#[test]
fn rules_are_those_that_code_would_make() {
    let file = example("rules.yaml");
    let success = Rule::new("Success rate low")
        .metric("success_rate")
        .below(80.0)
        .recovery(85.0)
        .description("Fewer than four of five calls succeed.")
        .cooldown(seconds(300));
    let error_rate = Rule::new("Error rate high")
        .metric("error_rate")
        .matcher(r#"provider=~"open.*""#.parse().unwrap())
        .matcher("region!=test".parse().unwrap())
        .window(seconds(300), Aggregate::Mean)
        .above(20.0)
        .recovery(15.0)
        .severity(Severity::Critical)
        .for_(seconds(60))
        .keep_firing_for(seconds(120))
        .cooldown(seconds(300))
        .stale_after(seconds(600))
        .no_data(NoData::Fire)
        .escalation(
            Escalation::new()
                .step(seconds(300), "on-call")
                .step(seconds(900), "head-of-operations")
                .repeat(1)
                .threshold(3),
        )
        .flapping(Flapping {
            window: seconds(600),
            start: 6,
            stop: 3,
            digest_every: seconds(900),
        })
        .label("team", "platform")
        .label("tier", "1")
        .annotation("runbook", "https://example.com/runbooks/error-rate");
    let response = Rule::new("Response time high")
        .metric("response_time")
        .matcher(r#"provider!="simulated""#.parse().unwrap())
        .window(seconds(300), Aggregate::Percentile(99.0))
        .above(5.0)
        .recovery(4.0)
        .never_flapping();
    for (rule, expected) in file.rules.iter().zip([success, error_rate, response]) {
        assert_eq!(*rule, expected.build().unwrap());
    }
    assert_eq!(file.rules.len(), 12);
}

#[test]
fn every_kind_of_condition_is_read() {
    let file = example("rules.toml");
    let condition = |name: &str| {
        let rule = file.rules.iter().find(|rule| rule.name() == name);
        rule.unwrap().condition().clone()
    };
    let anomaly = |metric: &str, baseline| Anomaly {
        selector: Selector::new(metric),
        baseline,
        score: 3.5,
        recovery: None,
        direction: Direction::Both,
        warm_up: 30,
    };
    let minutes = |long: u64, short: u64, factor| BurnWindow {
        long: seconds(long * 60),
        short: seconds(short * 60),
        factor,
    };
    let plain = |metric: &str, operator, value| Condition::Threshold {
        selector: Selector::new(metric),
        window: None,
        aggregate: Aggregate::Last,
        threshold: limit(operator, value, None),
    };
    let robust = anomaly(
        "response_time",
        Baseline::Robust {
            window: seconds(3_600),
        },
    );
    let seasonal = anomaly(
        "requests_per_second",
        Baseline::Seasonal {
            period: seconds(86_400),
            slots: 24,
        },
    );
    let table = [
        (
            "Queue grows",
            Condition::Change {
                selector: Selector::new("queue_depth").matching("queue", "orders"),
                window: seconds(600),
                measure: ChangeMeasure::Percent,
                threshold: limit(Operator::AtLeast, 50.0, Some(10.0)),
            },
        ),
        (
            "No orders",
            Condition::Absent {
                selector: Selector::new("orders_total"),
                after: seconds(3_600),
            },
        ),
        (
            "Nightly backup is late",
            Condition::Heartbeat {
                selector: Selector::new("backup_finished"),
                every: seconds(86_400),
                grace: seconds(7_200),
            },
        ),
        (
            "Unusual latency",
            Condition::Anomaly(Anomaly {
                score: 4.5,
                recovery: Some(2.0),
                direction: Direction::Above,
                warm_up: 50,
                ..robust
            }),
        ),
        (
            "Unusual load",
            Condition::Anomaly(anomaly(
                "requests_per_second",
                Baseline::Ewma {
                    half_life: seconds(1_800),
                },
            )),
        ),
        (
            "Unusual for the hour",
            Condition::Anomaly(Anomaly {
                direction: Direction::Below,
                ..seasonal
            }),
        ),
        (
            "Error budget burns",
            Condition::Burn(BurnRate {
                errors: Selector::new("requests_failed_total").matching("service", "api"),
                total: Selector::new("requests_total").matching("service", "api"),
                objective: 0.999,
                windows: vec![minutes(60, 5, 14.4), minutes(360, 30, 6.0)],
                minimum_events: 100.0,
            }),
        ),
        (
            "Error budget trickles",
            Condition::Burn(BurnRate {
                errors: Selector::new("requests_failed_total"),
                total: Selector::new("requests_total"),
                objective: 0.995,
                windows: vec![minutes(4_320, 360, 1.0)],
                minimum_events: 10.0,
            }),
        ),
        (
            "Slow and failing",
            Condition::All(vec![
                Condition::Threshold {
                    selector: Selector::new("response_time"),
                    window: Some(seconds(300)),
                    aggregate: Aggregate::Mean,
                    threshold: limit(Operator::Above, 2.0, None),
                },
                Condition::Any(vec![
                    plain("error_rate", Operator::Above, 10.0),
                    plain("success_rate", Operator::Below, 90.0),
                ]),
                Condition::Not(Box::new(plain("maintenance", Operator::Equal, 1.0))),
            ]),
        ),
    ];
    for (name, expected) in table {
        assert_eq!(condition(name), expected, "{name}");
    }
}

#[test]
fn routing_is_read() {
    let routing = example("rules.yaml").routing;
    let root = routing.root.unwrap();
    assert_eq!(root.receiver.as_deref(), Some("team"));
    assert_eq!(
        root.group_by,
        Some(GroupBy::Labels(vec![
            "alertname".to_owned(),
            "provider".to_owned()
        ]))
    );
    assert_eq!(
        (root.group_wait, root.group_interval, root.repeat_interval),
        (Some(seconds(30)), Some(seconds(300)), Some(seconds(14_400)))
    );
    let [on_call, sales] = root.children() else {
        panic!("two children")
    };
    assert!(on_call.continues && !sales.continues);
    assert_eq!(
        (on_call.unseen, on_call.group_by.clone()),
        (Some(Unseen::Drop), Some(GroupBy::Alert))
    );
    assert_eq!(on_call.matchers.to_string(), r#"{severity="critical"}"#);
    assert_eq!(
        (sales.mute.join(" "), sales.active.join(" ")),
        ("nights holidays".to_owned(), "office".to_owned())
    );
    assert_eq!(
        sales.children()[0].matchers.to_string(),
        r#"{region=~"south|south-east",tier!="3"}"#
    );
    let receiver = |name: &str, channels: &[&str]| Receiver {
        name: name.to_owned(),
        channels: channels.iter().map(|channel| (*channel).to_owned()).collect(),
    };
    for expected in [
        receiver("team", &["slack", "email"]),
        receiver("on-call", &["pagerduty"]),
    ] {
        assert!(routing.receivers.contains(&expected), "{expected:?}");
    }
    let [inhibit] = routing.inhibit.as_slice() else {
        panic!("one inhibition")
    };
    assert_eq!(inhibit.target.to_string(), r#"{severity=~"info|warning"}"#);
    assert_eq!(inhibit.equal, ["alertname", "provider"]);
    let holidays = routing.times.iter().find(|(name, _)| name == "holidays").unwrap();
    let expected = [
        TimeInterval::new()
            .months(["december"])
            .days_of_month(["24:26", "-1"])
            .build()
            .unwrap(),
        TimeInterval::new()
            .months(["1"])
            .days_of_month(["1"])
            .build()
            .unwrap(),
    ];
    assert_eq!(holidays.1, expected);
}

#[test]
fn the_short_form_is_the_long_one() {
    let rule = |text: &str| {
        let file = AlertFile::parse("a.yaml", &format!("rules:\n  - name: r\n{text}\n"), Format::Yaml);
        file.unwrap_or_else(|error| panic!("{text}: {error}"))
            .rules
            .remove(0)
    };
    let table = [
        ("when: a > 1", "metric: a\n    operator: '>'\n    threshold: 1"),
        (
            "when: a>=-1.5e3",
            "metric: a\n    operator: '>='\n    threshold: -1500",
        ),
        (
            "when: 'a{b=\"c > d\", e!~\"[5m]\"} != 0'",
            "metric: a\n    matchers: ['b=\"c > d\"', 'e!~\"[5m]\"']\n    operator: '!='\n    threshold: 0",
        ),
        (
            "when: 'last(a.b/c[45m30s]) <= 2'",
            "metric: a.b/c\n    window: 45m30s\n    aggregate: last\n    operator: '<='\n    threshold: 2",
        ),
        (
            "when: 'p99.9( a{b=c} [5m] ) < 2'",
            "metric: a\n    matchers: {b: c}\n    window: 5m\n    aggregate: percentile(99.9)\n    operator: '<'\n    threshold: 2",
        ),
        (
            "when: rate(a[1m]) == 0",
            "metric: a\n    window: 1m\n    aggregate: rate\n    operator: ==\n    threshold: 0",
        ),
    ];
    for (short, long) in table {
        assert_eq!(
            rule(&format!("    {short}")),
            rule(&format!("    {long}")),
            "{short}"
        );
    }
}

#[test]
fn scalars_are_those_of_the_core_schema() {
    let text = "rules:\n  - {name: '20', when: m > 1, description: \"yes\", labels: {a: 0x1F, b: yes, c: ~, d: true, e: 1.50, f: 'x'}, severity: !!str info}\n";
    let rule = AlertFile::parse("a.yaml", text, Format::Yaml)
        .unwrap()
        .rules
        .remove(0);
    assert_eq!(
        rule.labels().to_string(),
        r#"{a="0x1F", b="yes", d="true", e="1.50", f="x"}"#
    );
    assert_eq!(rule.severity(), Severity::Info);
}

#[test]
fn anchors_stand_for_what_they_name() {
    let text = "rules:\n  - name: a\n    when: m > 1\n    labels: &shared {team: ops}\n  - name: b\n    when: m > 2\n    labels: *shared\n";
    let file = AlertFile::parse("a.yaml", text, Format::Yaml).unwrap();
    assert_eq!(file.rules[0].labels(), file.rules[1].labels());
}

#[test]
fn a_file_may_be_empty_or_begin_with_a_mark() {
    for text in [
        "",
        "# nothing\n",
        "---\n",
        "\u{feff}rules: []\n",
        "rules:\nroute:\n",
    ] {
        assert_eq!(
            AlertFile::parse("a.yaml", text, Format::Yaml).as_ref(),
            Ok(&AlertFile::default()),
            "{text:?}"
        );
    }
    assert_eq!(
        AlertFile::parse("a.toml", "\u{feff}# nothing\n", Format::Toml),
        Ok(AlertFile::default())
    );
}

#[test]
fn time_intervals_may_have_the_shape_of_alertmanager() {
    let text = "time_intervals:\n  - name: nights\n    time_intervals:\n      - times: [{start_time: '00:00', end_time: '06:00'}]\n";
    let routing = AlertFile::parse("a.yaml", text, Format::Yaml).unwrap().routing;
    let night = TimeInterval::new().time("00:00", "06:00").build().unwrap();
    assert_eq!(routing.times, [("nights".to_owned(), vec![night])]);
}
