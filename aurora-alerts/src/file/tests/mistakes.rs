mod conditions;

use crate::file::{AlertFile, Format};

fn problems(name: &str, text: &str) -> Vec<String> {
    let error = AlertFile::parse(name, text, Format::of(name).unwrap()).unwrap_err();
    error.problems().iter().map(ToString::to_string).collect()
}

/// Each text with all that is said about it, in this order.
fn check(name: &str, table: &[(&str, &[&str])]) {
    for (text, expected) in table {
        let expected: Vec<_> = expected.iter().map(|line| format!("{name}:{line}")).collect();
        assert_eq!(problems(name, text), expected, "{text}");
    }
}

/// A rule whose name is `r` on line 2; the lines of the text follow from line 3 on.
fn check_rule(table: &[(&str, &[&str])]) {
    for (lines, expected) in table {
        let lines: Vec<_> = lines.lines().map(|line| format!("    {line}")).collect();
        let text = format!("rules:\n  - name: r\n{}\n", lines.join("\n"));
        let expected: Vec<_> = expected
            .iter()
            .map(|line| {
                let (place, detail) = line.split_once(' ').unwrap();
                format!("a.yaml:{place}: rule \"r\": {detail}")
            })
            .collect();
        assert_eq!(problems("a.yaml", &text), expected, "{text}");
    }
}

#[test]
fn the_text_itself() {
    check(
        "a.yaml",
        &[
            (
                "rules: [",
                &["2:1: not YAML: while parsing a node, did not find expected node content"],
            ),
            (
                "rules:\n\t- a",
                &["2:2: not YAML: tabs disallowed within this context (block indentation)"],
            ),
            ("a", &["1:1: the file must be a map, found \"a\""]),
            ("- a", &["1:1: the file must be a map, found a list"]),
            (
                "rules: []\n---\nrules: []\n",
                &["2:1: a second document begins; a file holds one"],
            ),
            (
                "rules: []\nrules: []\n",
                &["2:1: \"rules\" is given twice, first on line 1"],
            ),
            ("[a]: b", &["1:1: a key must be text, found a list"]),
            (
                "rules: !mine []\nroute: !mine x",
                &["2:8: the tag \"!mine\" has no meaning here"],
            ),
            (
                "rules: *a",
                &["1:8: not YAML: while parsing node, found unknown anchor"],
            ),
            (
                "rules: &a [*a]",
                &["1:12: the alias stands within its own anchor"],
            ),
        ],
    );
    check(
        "a.toml",
        &[
            ("rules = [", &["1:10: not TOML: unclosed array, expected `]`"]),
            (
                "[route]\nreceiver = 'a'\nreceiver = 'b'",
                &["3:1: not TOML: duplicate key"],
            ),
            (
                "a = 1979-05-27\n[route]\nreceiver = 1979-05-27",
                &[
                    "1:1: unknown key \"a\"",
                    "3:12: route: receiver must be text, found a date or time without quotation marks",
                ],
            ),
        ],
    );
}

#[test]
fn keys_of_the_file() {
    check(
        "a.yaml",
        &[
            (
                "rule: []",
                &["1:1: unknown key \"rule\"; did you mean \"rules\"?"],
            ),
            (
                "inhibit_rules: []",
                &["1:1: unknown key \"inhibit_rules\"; did you mean \"inhibit\"?"],
            ),
            ("global: {}", &["1:1: unknown key \"global\""]),
            (
                "groups:\n  - name: g\n    rules: []\n",
                &[
                    "1:1: this is a file of Prometheus (groups of alerting rules), which is not read yet; write its rules \
                   under the key rules",
                ],
            ),
            ("rules: {a: b}", &["1:8: rules must be a list, found a map"]),
            ("rules: [a]", &["1:9: a rule must be a map, found \"a\""]),
            ("rules:\n  - when: a > 1", &["2:5: rule 1: name is missing"]),
            (
                "rules:\n  - name: 5\n    when: a > 1",
                &["2:11: rule 1: name must be text, found 5"],
            ),
            (
                "rules:\n  - {name: a, when: m > 1}\n  - {name: a, when: m > 1}",
                &["3:6: rule \"a\": the name is given twice, first on line 2"],
            ),
            (
                "rules:\n  - {name: ' ', when: m > 1}",
                &["2:6: rule \" \": name must not be empty"],
            ),
        ],
    );
}

#[test]
fn settings_of_rules() {
    check_rule(&[
        (
            "when: m > 1\nseverty: info",
            &["4:5 unknown key \"severty\"; did you mean \"severity\"?"],
        ),
        (
            "when: m > 1\nseverity: high",
            &["4:15 severity: expected one of the severities info, warning and critical, found \"high\""],
        ),
        (
            "when: m > 1\nfor: 60",
            &["4:10 for must be a duration such as 30s, 5m, 1h30m or 1d, found 60"],
        ),
        (
            "when: m > 1\ncooldown: 5 minutes",
            &["4:15 cooldown must be a duration such as 30s, 5m, 1h30m or 1d, found \"5 minutes\""],
        ),
        (
            "when: m > 1\ncooldown_seconds: 1.5",
            &["4:23 cooldown_seconds must be a whole number, 0 or more, found 1.5"],
        ),
        (
            "when: m > 1\ncooldown: 5m\ncooldown_seconds: 300",
            &["5:5 cooldown_seconds has no place beside cooldown"],
        ),
        (
            "when: m > 1\nstale_after: 0s",
            &["4:5 stale-after must be longer than zero"],
        ),
        (
            "when: m > 1\nno_data: ok",
            &["4:14 no_data must be one of resolve, fire, found \"ok\""],
        ),
        (
            "when: m > 1\nescalation_threshold: 2",
            &["4:5 escalation_threshold needs an escalation with steps"],
        ),
        (
            "when: m > 1\nescalation: {repeat: -1}",
            &[
                "4:17 steps is missing",
                "4:26 repeat must be a whole number, 0 or more, found -1",
            ],
        ),
        (
            "when: m > 1\nescalation: {steps: [{after: 5m}]}",
            &["4:26 receiver is missing"],
        ),
        (
            "when: m > 1\nflapping: {stop: 9}",
            &["4:5 flapping needs a window, an interval for its digest, and a stop not above its start"],
        ),
        (
            "when: m > 1\nflapping: never",
            &["4:15 flapping must be true, false or a map, found \"never\""],
        ),
        (
            "when: m > 1\nlabels: {a: [b]}\nannotations: text",
            &[
                "4:17 labels.a must be text, found a list",
                "5:18 annotations must be a map, found \"text\"",
            ],
        ),
    ]);
}

#[test]
fn routes_and_times() {
    check(
        "a.yaml",
        &[
            ("route: {}", &["1:8: route: receiver is missing"]),
            (
                "route:\n  receiver: a\n  matchers: [a=b]\n  continue: true",
                &[
                    "3:3: route: matchers has no place at the root, which takes every alert",
                    "4:3: route: continue has no place at the root, which takes every alert",
                ],
            ),
            (
                "route:\n  receiver: a\n  routes:\n    - match: {a: b}\n      group_wait: x\n      continue: yes",
                &[
                    "4:7: route: unknown key \"match\"; did you mean \"matchers\"?",
                    "5:19: route: group_wait must be a duration such as 30s, 5m, 1h30m or 1d, found \"x\"",
                    "6:17: route: continue must be true or false, found \"yes\"",
                ],
            ),
            (
                "route: {receiver: a, group_by: [a, ...]}",
                &["1:22: route: group_by: ... stands alone"],
            ),
            (
                "route: {receiver: a, mute_time_intervals: [nigths]}\ntime_intervals: {nights: {months: 1}}",
                &[
                    "1:44: route: mute_time_intervals: no time interval is named \"nigths\"; did you mean \"nights\"?",
                ],
            ),
            ("receivers: {a: []}", &["1:13: receiver \"a\": has no channel"]),
            (
                "receivers: {a: [{}]}",
                &["1:17: receiver \"a\": a channel must be text, found a map"],
            ),
            (
                "inhibit: [{source_matchers: [], equals: a}]",
                &[
                    "1:11: inhibit 1: target_matchers is missing",
                    "1:29: inhibit 1: source_matchers must have a matcher",
                    "1:33: inhibit 1: unknown key \"equals\"; did you mean \"equal\"?",
                ],
            ),
            (
                "time_intervals:\n  n:\n    times: {start_time: '22:00', end_time: '06:00'}\n    weekdays: [friday:monday, mon]\n    location: Mars\n    months: []",
                &[
                    "3:12: time interval \"n\": times: \"22:00\" to \"06:00\" ends before it begins; a night is two: to \
                     24:00 and from 00:00",
                    "4:16: time interval \"n\": weekdays: \"friday:monday\" ends before it begins; give two ranges",
                    "4:31: time interval \"n\": weekdays: \"mon\" is not a day of the week such as monday",
                    "5:15: time interval \"n\": location: \"Mars\" is not a time zone such as America/Sao_Paulo or UTC",
                    "6:13: time interval \"n\": months must not be an empty list",
                ],
            ),
        ],
    );
}

#[test]
fn toml_has_places_too() {
    check(
        "a.toml",
        &[
            (
                "# é\n[[rules]]\nname = 'r'\nwhen = 'm > 1'\nfor = 60\n\n[[rules]]\nname = 's'\nmetrc = 'é'; \n",
                &["9:12: not TOML: unexpected key or value, expected newline, `#`"],
            ),
            (
                "# é\n[[rules]]\nname = 'r'\nwhen = 'm > 1'\nfor = 60\n\n[[rules]]\nname = 's'\nmetrc = 'é'\n",
                &[
                    "5:7: rule \"r\": for must be a duration such as 30s, 5m, 1h30m or 1d, found 60",
                    "7:1: rule \"s\": the condition is missing: metric, operator and threshold, or one of when, change, \
                     absent, heartbeat, anomaly, burn_rate, all, any, not",
                    "9:1: rule \"s\": unknown key \"metrc\"; did you mean \"metric\"?",
                ],
            ),
            (
                "[route]\nreceiver = 'a'\n[[route.routes]]\ncontinue = 1",
                &["4:12: route: continue must be true or false, found 1"],
            ),
        ],
    );
}

#[test]
fn everything_is_said_at_once_but_not_without_end() {
    let text = format!("rules:\n{}", "  - nme: r\n".repeat(60));
    let problems = problems("a.yaml", &text);
    assert_eq!(problems.len(), 101);
    assert_eq!(problems[0], "a.yaml:2:5: rule 1: name is missing");
    assert_eq!(problems[100], "a.yaml: 80 further problems are not shown");
}

#[test]
fn files_that_cannot_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.yaml");
    let problem = |path: &std::path::Path| {
        let error = AlertFile::read(path).unwrap_err();
        error
            .to_string()
            .replace(&folder.path().display().to_string(), "")
    };
    assert!(
        problem(&path).contains("/a.yaml: cannot be read: "),
        "{}",
        problem(&path)
    );
    std::fs::write(&path, [b'a', 0xff]).unwrap();
    assert_eq!(
        problem(&path),
        "alerts cannot be set up: /a.yaml: cannot be read: the text is not UTF-8"
    );
    std::fs::write(&path, "rules: [1]").unwrap();
    assert_eq!(
        problem(&path),
        "alerts cannot be set up: /a.yaml:1:9: a rule must be a map, found 1"
    );
    let ending = folder.path().join("a.json");
    assert_eq!(
        problem(&ending),
        "alerts cannot be set up: /a.json: the name must end in .yaml, .yml or .toml"
    );
}
