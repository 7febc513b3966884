//! Time intervals, in the keys of Alertmanager.

use super::fields::{Fields, list, text, wrong};
use super::findings::Findings;
use super::node::{Node, Value};
use crate::time_interval::{Field, TimeInterval, clock_span, zone};

pub(super) fn interval(node: &Node, findings: &mut Findings) -> Option<TimeInterval> {
    let before = findings.count();
    let mut interval = TimeInterval::default();
    let mut fields = Fields::of("an interval", node, findings)?;
    if let Some(node) = fields.take("times") {
        for item in filled("times", node, findings) {
            clock(item, &mut interval, findings);
        }
    }
    for field in Field::ALL {
        let key = field.key();
        let Some(node) = fields.take(key) else { continue };
        for item in filled(key, node, findings) {
            let (Value::Text(range) | Value::Number(_, range)) = &item.value else {
                wrong(key, "text", item, findings);
                continue;
            };
            match field.parse(range) {
                Ok(span) => interval.ranges_mut(field).push(span),
                Err(detail) => findings.add(item.at, format!("{key}: {detail}")),
            }
        }
    }
    if let Some(node) = fields.take("location")
        && let Some(name) = text("location", node, findings)
    {
        match zone(&name) {
            Ok(zone) => interval.set_location(zone),
            Err(detail) => findings.add(node.at, format!("location: {detail}")),
        }
    }
    fields.finish(findings);
    (!findings.has_new(before)).then_some(interval)
}

/// Alertmanager takes an empty list for "never"; nobody who writes one means that.
fn filled<'n>(key: &str, node: &'n Node, findings: &mut Findings) -> &'n [Node] {
    let items = list(node);
    if items.is_empty() {
        findings.add(node.at, format!("{key} must not be an empty list"));
    }
    items
}

fn clock(node: &Node, interval: &mut TimeInterval, findings: &mut Findings) {
    let Some(mut fields) = Fields::of("times", node, findings) else {
        return;
    };
    fields.require(&["start_time", "end_time"], findings);
    let start = fields.text("start_time", findings);
    let end = fields.text("end_time", findings);
    fields.finish(findings);
    if let Some((start, end)) = start.zip(end) {
        match clock_span(&start, &end) {
            Ok(span) => interval.push_time(span),
            Err(detail) => findings.add(node.at, format!("times: {detail}")),
        }
    }
}
