//! Routes, receivers, inhibition and named times.

use std::collections::BTreeSet;

use super::conditions::matchers;
use super::fields::{Fields, list, map, meant, text, wrong};
use super::findings::Findings;
use super::node::{Entry, Node, Value, quoted};
use super::rules::escalation;
use super::times::interval;
use crate::matcher::Matchers;
use crate::route::{GroupBy, InhibitRule, Receiver, Route, Unseen};
use crate::time_interval::TimeInterval;

/// Named times; each is active within one of its intervals.
pub(super) type Times = Vec<(String, Vec<TimeInterval>)>;

/// The names of the named times.
pub(super) type Names<'n> = BTreeSet<&'n str>;

/// The root of the tree; `names` are those of the named times.
pub(super) fn root(node: &Node, names: &Names<'_>, findings: &mut Findings) -> Option<Route> {
    findings.within("route".to_owned(), |findings| {
        let fields = Fields::of("route", node, findings)?;
        fields.require(&["receiver"], findings);
        for key in fields.given(&["matchers", "continue"]) {
            let detail = format!("{key} has no place at the root, which takes every alert");
            findings.add(fields.place(key), detail);
        }
        route(node, names, findings)
    })
}

fn route(node: &Node, names: &Names<'_>, findings: &mut Findings) -> Option<Route> {
    let mut fields = Fields::of("a route", node, findings)?;
    let receiver = fields.text("receiver", findings);
    let matchers = fields
        .take("matchers")
        .and_then(|node| matchers("matchers", node, findings))
        .unwrap_or_default();
    let group_by = fields.texts("group_by", findings).map(grouping);
    if let Some(GroupBy::Labels(labels)) = &group_by
        && labels.iter().any(|label| label == "...")
    {
        findings.add(fields.place("group_by"), "group_by: ... stands alone");
    }
    let policies = [("mention", Unseen::Mention), ("drop", Unseen::Drop)];
    let route = Route {
        receiver,
        matchers,
        group_by,
        group_wait: fields.duration("group_wait", findings),
        group_interval: fields.duration("group_interval", findings),
        repeat_interval: fields.duration("repeat_interval", findings),
        mute: named_times("mute_time_intervals", &mut fields, names, findings),
        active: named_times("active_time_intervals", &mut fields, names, findings),
        unseen: fields.choice("unseen", &policies, findings),
        escalation: escalation(&mut fields, findings),
        continues: fields.flag("continue", findings).unwrap_or(false),
        children: children(&mut fields, names, findings),
    };
    fields.finish(findings);
    Some(route)
}

fn grouping(labels: Vec<String>) -> GroupBy {
    match labels.as_slice() {
        [only] if only == "..." => GroupBy::Alert,
        _ => GroupBy::Labels(labels),
    }
}

fn children(fields: &mut Fields<'_>, names: &Names<'_>, findings: &mut Findings) -> Vec<Route> {
    let Some(node) = fields.take("routes") else {
        return Vec::new();
    };
    let Value::List(items) = &node.value else {
        wrong("routes", "a list", node, findings);
        return Vec::new();
    };
    items
        .iter()
        .filter_map(|item| route(item, names, findings))
        .collect()
}

fn named_times(
    key: &'static str,
    fields: &mut Fields<'_>,
    names: &Names<'_>,
    findings: &mut Findings,
) -> Vec<String> {
    let mut found = Vec::new();
    for item in fields.list(key).unwrap_or_default() {
        let Some(name) = text(key, item, findings) else {
            continue;
        };
        if !names.contains(name.as_str()) {
            let meant = meant(&name, names.iter().copied().filter(|_| !findings.is_full()));
            findings.add(
                item.at,
                format!("{key}: no time interval is named {}{meant}", quoted(&name)),
            );
        }
        found.push(name);
    }
    found
}

/// Receivers: the name of each, and its channels.
pub(super) fn receivers(node: &Node, findings: &mut Findings) -> Vec<Receiver> {
    let entries = map("receivers", node, findings).unwrap_or_default();
    let receiver = |entry: &Entry, findings: &mut Findings| {
        let channels: Vec<_> = list(&entry.node)
            .iter()
            .filter_map(|item| text("a channel", item, findings))
            .collect();
        if list(&entry.node).is_empty() {
            findings.add(entry.at, "has no channel");
        }
        Receiver {
            name: entry.name.clone(),
            channels,
        }
    };
    let one = |entry: &Entry| {
        let subject = format!("receiver {}", quoted(&entry.name));
        findings.within(subject, |findings| receiver(entry, findings))
    };
    entries.iter().map(one).collect()
}

/// Inhibition rules, in the keys of Alertmanager.
pub(super) fn inhibit(node: &Node, findings: &mut Findings) -> Vec<InhibitRule> {
    let Value::List(items) = &node.value else {
        wrong("inhibit", "a list", node, findings);
        return Vec::new();
    };
    let one = |(index, item): (usize, &Node)| {
        findings.within(format!("inhibit {}", index + 1), |findings| {
            let mut fields = Fields::of("an inhibition", item, findings)?;
            fields.require(&["source_matchers", "target_matchers"], findings);
            let source = side("source_matchers", &mut fields, findings);
            let target = side("target_matchers", &mut fields, findings);
            let equal = fields.texts("equal", findings).unwrap_or_default();
            fields.finish(findings);
            Some(InhibitRule {
                source,
                target,
                equal,
            })
        })
    };
    items.iter().enumerate().filter_map(one).collect()
}

/// One side of an inhibition; an empty one would hold back everything, or be held back by everything.
fn side(key: &'static str, fields: &mut Fields<'_>, findings: &mut Findings) -> Matchers {
    let Some(node) = fields.take(key) else {
        return Matchers::new();
    };
    let found = matchers(key, node, findings);
    if found.as_ref().is_some_and(Matchers::is_empty) {
        findings.add(node.at, format!("{key} must have a matcher"));
    }
    found.unwrap_or_default()
}

/// Named times: a map of names and intervals, or Alertmanager's list of `name` and `time_intervals`.
pub(super) fn times(node: &Node, findings: &mut Findings) -> Times {
    let Value::List(items) = &node.value else {
        let entries = map("time_intervals", node, findings).unwrap_or_default();
        let one = |entry: &Entry| (entry.name.clone(), intervals(&entry.name, &entry.node, findings));
        return entries.iter().map(one).collect();
    };
    let mut times: Times = Vec::new();
    for item in items {
        let Some(mut fields) = Fields::of("a time interval", item, findings) else {
            continue;
        };
        fields.require(&["name", "time_intervals"], findings);
        let name = fields.text("name", findings);
        let node = fields.take("time_intervals");
        fields.finish(findings);
        let Some((name, node)) = name.zip(node) else {
            continue;
        };
        if times.iter().any(|(earlier, _)| *earlier == name) {
            findings.add(
                item.at,
                format!("the time interval {} is given twice", quoted(&name)),
            );
        }
        let found = intervals(&name, node, findings);
        times.push((name, found));
    }
    times
}

fn intervals(name: &str, node: &Node, findings: &mut Findings) -> Vec<TimeInterval> {
    findings.within(format!("time interval {}", quoted(name)), |findings| {
        if list(node).is_empty() {
            findings.add(node.at, "has no interval");
        }
        list(node)
            .iter()
            .filter_map(|item| interval(item, findings))
            .collect()
    })
}
