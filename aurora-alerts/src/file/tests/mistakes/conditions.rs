//! Conditions that make no sense.

use super::check_rule;

#[test]
fn conditions() {
    check_rule(&[
        (
            "severity: info",
            &[
                "2:5 the condition is missing: metric, operator and threshold, or one of when, change, absent, heartbeat, \
             anomaly, burn_rate, all, any, not",
            ],
        ),
        (
            "metric: m",
            &["2:5 operator is missing", "2:5 threshold is missing"],
        ),
        ("operator: '>'\nthreshold: 1", &["2:5 metric is missing"]),
        (
            "metric: error rate\noperator: '>'\nthreshold: 1",
            &["3:13 metric: \"error rate\" is no name of a metric such as error_rate"],
        ),
        (
            "metric: m\noperator: =>\nthreshold: 1",
            &["4:15 operator: expected one of the operators >, >=, <, <=, == and !=, found \"=>\""],
        ),
        (
            "metric: m\noperator: '>'\nthreshold: '20'",
            &["5:16 threshold must be a number, found \"20\""],
        ),
        (
            "metric: m\noperator: '>'\nthreshold: .nan",
            &["5:5 threshold must be a finite number"],
        ),
        (
            "metric: m\noperator: '>'\nthreshold: 20\nrecovery: 25",
            &["6:5 recovery threshold 25 must be at or below the threshold of `> 20`"],
        ),
        (
            "when: m > 1\nthreshold: 1",
            &["4:5 threshold has no place beside when"],
        ),
        (
            "when: m > 1\nabsent: {metric: m, after: 1h}",
            &["4:5 when and absent are two conditions; put several together with all or any"],
        ),
        (
            "metric: m\noperator: '>'\nthreshold: 1\nwindow: 5m",
            &["6:5 window needs an aggregate, such as mean"],
        ),
        (
            "metric: m\noperator: '>'\nthreshold: 1\naggregate: mean",
            &["6:16 aggregate needs a window, such as 5m"],
        ),
        (
            "metric: m\noperator: '>'\nthreshold: 1\nwindow: 5m\naggregate: avg",
            &[
                "7:16 aggregate must be one of last, mean, min, max, sum, count, rate, p50, p95, p99 or percentile(n) with n \
             from 0 to 100, found \"avg\"",
            ],
        ),
        (
            "metric: m\noperator: '>'\nthreshold: 1\nmatchers: [a, b=~(]",
            &[
                "6:16 matchers: \"a\" has no operator; expected such as severity=\"critical\" or team=~\"a|b\"",
                "6:19 matchers: \"(\" is no pattern: found open group without closing ')'; expected such as \
             severity=\"critical\" or team=~\"a|b\"",
            ],
        ),
        (
            "metric: m\noperator: '>'\nthreshold: 1\nmatchers: {a: [b]}",
            &["6:19 matchers.a must be text, found a list"],
        ),
        (
            "change: {metric: m, operator: '>', threshold: 1, measure: relative}",
            &[
                "3:13 window is missing",
                "3:63 measure must be one of absolute, per_second, percent, found \"relative\"",
            ],
        ),
        (
            "change: {metric: m, window: 5m, operator: '>', threshold: 1, recovery: 2}",
            &["3:66 recovery threshold 2 must be at or below the threshold of `> 1`"],
        ),
        ("absent: {metric: m}", &["3:13 after is missing"]),
        (
            "heartbeat: {metric: m, evry: 5m}",
            &[
                "3:16 every is missing",
                "3:28 unknown key \"evry\"; did you mean \"every\"?",
            ],
        ),
        (
            "anomaly: {metric: m, baseline: ewma, window: 1h}",
            &[
                "3:14 half_life is missing",
                "3:42 window has no meaning with the baseline ewma",
            ],
        ),
        (
            "burn_rate: {errors: e, total: t, objective: '99.9'}",
            &[
                "3:16 windows are missing, or a preset: page or ticket",
                "3:49 objective must be a share such as 0.999 or 99.9%, found \"99.9\"",
            ],
        ),
        ("all: []", &["3:10 all needs at least one condition"]),
        (
            "any: [m > 1, {metric: m, operator: '>'}]",
            &["3:18 threshold is missing"],
        ),
        (
            "not: m",
            &["3:10 a condition: \"m\" is not such as error_rate > 20 or mean(error_rate[5m]) > 20"],
        ),
    ]);
}

#[test]
fn short_conditions() {
    check_rule(&[
        ("when: m > many", &["3:11 when: \"many\" is not a number"]),
        (
            "when: m = 1",
            &["3:11 when: expected one of the operators >, >=, <, <=, == and !=, found \"=\""],
        ),
        (
            "when: mean(m) > 1",
            &["3:11 when: the aggregate needs a window, such as m[5m]"],
        ),
        (
            "when: m[5m] > 1",
            &["3:11 when: the window needs an aggregate, such as mean(m[5m])"],
        ),
        (
            "when: mean(m[5]) > 1",
            &["3:11 when: \"5\" is not a duration such as 5m"],
        ),
        (
            "when: avg(m[5m]) > 1",
            &[
                "3:11 when: \"avg\" is no aggregate; there are last, mean, min, max, sum, count, rate, p50, p95, p99 or \
             percentile(n) with n from 0 to 100",
            ],
        ),
        (
            "when: 2m > 1",
            &["3:11 when: \"2m\" is no name of a metric such as error_rate"],
        ),
        (
            "when: 'm{a=\"b\" > 1'",
            &[
                "3:11 when: {a=\"b\" is not closed by a brace; expected such as severity=\"critical\" or team=~\"a|b\"",
            ],
        ),
        ("when: 5", &["3:11 when must be text, found 5"]),
    ]);
}
