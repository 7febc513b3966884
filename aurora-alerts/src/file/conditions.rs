//! What a rule watches for.

use super::expression::{AGGREGATES, aggregate, expression, is_metric, selector};
use super::fields::{Fields, map, text, wrong};
use super::findings::Findings;
use super::node::{Entry, Node, Value, quoted};
use crate::condition::{Aggregate, ChangeMeasure, Condition, Operator, Selector, Threshold};
use crate::matcher::{MatchOperator, Matcher, Matchers};

/// The keys of which each is a condition by itself.
const KINDS: [&str; 9] = [
    "when",
    "change",
    "absent",
    "heartbeat",
    "anomaly",
    "burn_rate",
    "all",
    "any",
    "not",
];

/// The keys that hold conditions, or parts of one, with keys of their own.
pub(super) const INNER: [&str; 9] = [
    "change",
    "absent",
    "heartbeat",
    "anomaly",
    "burn_rate",
    "windows",
    "all",
    "any",
    "not",
];

/// The keys that make a threshold together.
const PARTS: [&str; 7] = [
    "metric",
    "matchers",
    "window",
    "aggregate",
    "operator",
    "threshold",
    "recovery",
];

/// The condition of a rule, or of a part of one; `None` where it is wrong, which was said.
pub(super) fn condition(fields: &mut Fields<'_>, findings: &mut Findings) -> Option<Condition> {
    let before = findings.count();
    let condition = any_condition(fields, findings);
    condition.filter(|_| !findings.has_new(before))
}

fn any_condition(fields: &mut Fields<'_>, findings: &mut Findings) -> Option<Condition> {
    let kinds = fields.given(&KINDS);
    let parts = fields.given(&PARTS);
    // Each is a known key, whichever condition it is.
    for key in KINDS.into_iter().chain(PARTS) {
        fields.take(key);
    }
    let kind = match kinds.as_slice() {
        [] => return threshold(fields, findings),
        [kind] => *kind,
        [first, second, ..] => {
            let detail =
                format!("{first} and {second} are two conditions; put several together with all or any");
            findings.add(fields.place(second), detail);
            return None;
        }
    };
    let strays = parts
        .iter()
        .filter(|part| !(kind == "when" && **part == "recovery"));
    for part in strays {
        findings.add(fields.place(part), format!("{part} has no place beside {kind}"));
    }
    of_kind(kind, fields, findings)
}

fn of_kind(kind: &'static str, fields: &mut Fields<'_>, findings: &mut Findings) -> Option<Condition> {
    let node = fields.take(kind)?;
    match kind {
        "when" => {
            let recovery = fields.number("recovery", findings);
            short(kind, node, recovery, findings)
        }
        "all" => several(kind, node, findings).map(Condition::All),
        "any" => several(kind, node, findings).map(Condition::Any),
        "not" => Some(Condition::Not(Box::new(part(node, findings)?))),
        _ => {
            let mut inner = Fields::of(kind, node, findings)?;
            let condition = match kind {
                "change" => change(&mut inner, findings),
                "absent" => absent(&mut inner, findings),
                "heartbeat" => heartbeat(&mut inner, findings),
                "anomaly" => super::anomaly::anomaly(&mut inner, findings),
                _ => super::burn_rate::burn_rate(&mut inner, findings),
            };
            inner.finish(findings);
            condition
        }
    }
}

fn several(kind: &str, node: &Node, findings: &mut Findings) -> Option<Vec<Condition>> {
    let Value::List(items) = &node.value else {
        wrong(kind, "a list of conditions", node, findings);
        return None;
    };
    let conditions: Vec<_> = items.iter().map(|item| part(item, findings)).collect();
    if conditions.is_empty() {
        findings.add(node.at, format!("{kind} needs at least one condition"));
        return None;
    }
    conditions.into_iter().collect()
}

/// One condition within another: the keys of one, or the short form.
fn part(node: &Node, findings: &mut Findings) -> Option<Condition> {
    if matches!(node.value, Value::Text(_)) {
        return short("a condition", node, None, findings);
    }
    let mut fields = Fields::of("a condition", node, findings)?;
    let condition = condition(&mut fields, findings);
    fields.finish(findings);
    condition
}

fn short(key: &str, node: &Node, recovery: Option<f64>, findings: &mut Findings) -> Option<Condition> {
    expression(&text(key, node, findings)?, recovery)
        .map_err(|detail| findings.add(node.at, format!("{key}: {detail}")))
        .ok()
}

fn threshold(fields: &mut Fields<'_>, findings: &mut Findings) -> Option<Condition> {
    if fields.given(&PARTS).is_empty() {
        findings.add(
            fields.at,
            format!(
                "the condition is missing: metric, operator and threshold, or one of {}",
                KINDS.join(", ")
            ),
        );
        return None;
    }
    let selector = series(fields, findings);
    let window = fields.duration("window", findings);
    let has_window = !fields.given(&["window"]).is_empty();
    let aggregate = aggregate_of(fields, has_window, findings);
    let threshold = limit(fields, findings);
    Some(Condition::Threshold {
        selector: selector?,
        window,
        aggregate: aggregate?,
        threshold: threshold?,
    })
}

fn aggregate_of(fields: &mut Fields<'_>, has_window: bool, findings: &mut Findings) -> Option<Aggregate> {
    let Some(node) = fields.take("aggregate") else {
        if has_window {
            findings.add(fields.place("window"), "window needs an aggregate, such as mean");
        }
        return Some(Aggregate::default());
    };
    if !has_window {
        findings.add(node.at, "aggregate needs a window, such as 5m");
    }
    let name = text("aggregate", node, findings)?;
    let found = aggregate(&name);
    if found.is_none() {
        wrong("aggregate", &format!("one of {AGGREGATES}"), node, findings);
    }
    found
}

/// The metric and its matchers.
pub(super) fn series(fields: &mut Fields<'_>, findings: &mut Findings) -> Option<Selector> {
    fields.require(&["metric"], findings);
    let at = fields.take("metric").map(|node| node.at);
    let metric = fields.text("metric", findings);
    let matchers = match fields.take("matchers") {
        Some(node) => matchers("matchers", node, findings),
        None => Some(Matchers::new()),
    };
    let metric = metric.filter(|metric| {
        let is_good = is_metric(metric);
        if let (false, Some(at)) = (is_good, at) {
            findings.add(
                at,
                format!(
                    "metric: {} is no name of a metric such as error_rate",
                    quoted(metric)
                ),
            );
        }
        is_good
    });
    Some(Selector {
        metric: metric?,
        matchers: matchers?,
    })
}

/// A selector as text, `errors_total{job="api"}`, or as a map of metric and matchers.
pub(super) fn selector_at(
    key: &'static str,
    fields: &mut Fields<'_>,
    findings: &mut Findings,
) -> Option<Selector> {
    let node = fields.take(key)?;
    if let Value::Text(written) = &node.value {
        return selector(written)
            .map_err(|detail| findings.add(node.at, format!("{key}: {detail}")))
            .ok();
    }
    let mut inner = Fields::of(key, node, findings)?;
    let found = series(&mut inner, findings);
    inner.finish(findings);
    found
}

/// The operator, the limit and its recovery.
pub(super) fn limit(fields: &mut Fields<'_>, findings: &mut Findings) -> Option<Threshold> {
    fields.require(&["operator", "threshold"], findings);
    let before = findings.count();
    let operator: Option<Operator> = fields.word("operator", findings);
    let value = fields.number("threshold", findings);
    let recovery = fields.number("recovery", findings);
    let threshold = Threshold {
        operator: operator?,
        value: value?,
        recovery,
    };
    (!findings.has_new(before)).then_some(threshold)
}

/// Matchers as a list of texts, as one text, or as a map of labels and the values that they must have.
pub(super) fn matchers(key: &str, node: &Node, findings: &mut Findings) -> Option<Matchers> {
    let before = findings.count();
    let matchers: Vec<Matcher> = match &node.value {
        Value::Map(_) => {
            let entries = map(key, node, findings).unwrap_or_default();
            entries
                .iter()
                .filter_map(|entry| equal(key, entry, findings))
                .collect()
        }
        _ => super::fields::list(node)
            .iter()
            .flat_map(|item| written(key, item, findings).iter().cloned().collect::<Vec<_>>())
            .collect(),
    };
    (!findings.has_new(before)).then(|| matchers.into())
}

fn written(key: &str, node: &Node, findings: &mut Findings) -> Matchers {
    let Some(written) = text(key, node, findings) else {
        return Matchers::new();
    };
    written.parse().unwrap_or_else(|error| {
        findings.add(node.at, format!("{key}: {error}"));
        Matchers::new()
    })
}

fn equal(key: &str, entry: &Entry, findings: &mut Findings) -> Option<Matcher> {
    let value = match &entry.node.value {
        Value::Text(text) | Value::Number(_, text) => text.clone(),
        Value::Flag(flag) => flag.to_string(),
        _ => {
            wrong(&format!("{key}.{}", entry.name), "text", &entry.node, findings);
            return None;
        }
    };
    Matcher::new(entry.name.as_str(), MatchOperator::Equal, value)
        .map_err(|error| findings.add(entry.at, format!("{key}: {error}")))
        .ok()
}

fn change(fields: &mut Fields<'_>, findings: &mut Findings) -> Option<Condition> {
    fields.require(&["window"], findings);
    let selector = series(fields, findings);
    let window = fields.duration("window", findings);
    let measures = [
        ("absolute", ChangeMeasure::Absolute),
        ("per_second", ChangeMeasure::PerSecond),
        ("percent", ChangeMeasure::Percent),
    ];
    let measure = fields.choice("measure", &measures, findings);
    let threshold = limit(fields, findings);
    Some(Condition::Change {
        selector: selector?,
        window: window?,
        measure: measure.unwrap_or_default(),
        threshold: threshold?,
    })
}

fn absent(fields: &mut Fields<'_>, findings: &mut Findings) -> Option<Condition> {
    fields.require(&["after"], findings);
    let selector = series(fields, findings);
    let after = fields.duration("after", findings);
    Some(Condition::Absent {
        selector: selector?,
        after: after?,
    })
}

fn heartbeat(fields: &mut Fields<'_>, findings: &mut Findings) -> Option<Condition> {
    fields.require(&["every"], findings);
    let selector = series(fields, findings);
    let every = fields.duration("every", findings);
    let grace = fields.duration("grace", findings).unwrap_or_default();
    Some(Condition::Heartbeat {
        selector: selector?,
        every: every?,
        grace,
    })
}
