//! Service level objectives.

use super::conditions::selector_at;
use super::fields::{Fields, wrong};
use super::findings::Findings;
use super::node::{Node, Value};
use crate::condition::{BurnRate, BurnWindow, Condition, Selector};

/// What a preset makes of the counters and the objective.
type Preset = fn(Selector, Selector, f64) -> BurnRate;

pub(super) fn burn_rate(fields: &mut Fields<'_>, findings: &mut Findings) -> Option<Condition> {
    fields.require(&["errors", "total", "objective"], findings);
    let errors = selector_at("errors", fields, findings);
    let total = selector_at("total", fields, findings);
    let objective = fields.take("objective").and_then(|node| share(node, findings));
    let presets: [(&str, Preset); 2] = [("page", BurnRate::standard), ("ticket", BurnRate::ticket)];
    let preset = fields.choice("preset", &presets, findings);
    let windows = fields.list("windows").map(|items| windows(items, findings));
    match fields.given(&["preset", "windows"]).as_slice() {
        [] => findings.add(fields.at, "windows are missing, or a preset: page or ticket"),
        [_] => {}
        _ => findings.add(fields.place("preset"), "preset has no place beside windows"),
    }
    let minimum_events = fields.number("minimum_events", findings);
    let windows = windows.flatten();
    if preset.is_none() && windows.is_none() {
        return None;
    }
    let mut burn = preset.unwrap_or(BurnRate::standard)(errors?, total?, objective?);
    burn.windows = windows.unwrap_or(burn.windows);
    burn.minimum_events = minimum_events.unwrap_or(burn.minimum_events);
    Some(Condition::Burn(burn))
}

/// A share such as 0.999, or a text such as 99.9%.
fn share(node: &Node, findings: &mut Findings) -> Option<f64> {
    let found = match &node.value {
        Value::Number(share, _) => Some(*share),
        Value::Text(text) => text.strip_suffix('%').and_then(percent),
        _ => None,
    };
    if found.is_none() {
        wrong("objective", "a share such as 0.999 or 99.9%", node, findings);
    }
    found
}

/// The share of a percentage, by moving its decimal point: dividing by 100 would make 0.9990000000000001 of 99.9.
fn percent(text: &str) -> Option<f64> {
    let text = text.trim();
    let is_plain = text.starts_with(|c: char| c.is_ascii_digit())
        && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    is_plain.then(|| format!("{text}e-2").parse().ok()).flatten()
}

fn windows(items: &[Node], findings: &mut Findings) -> Option<Vec<BurnWindow>> {
    let one = |item: &Node, findings: &mut Findings| {
        let mut fields = Fields::of("a window", item, findings)?;
        fields.require(&["long", "short", "factor"], findings);
        let long = fields.duration("long", findings);
        let short = fields.duration("short", findings);
        let factor = fields.number("factor", findings);
        fields.finish(findings);
        Some(BurnWindow {
            long: long?,
            short: short?,
            factor: factor?,
        })
    };
    let windows: Vec<_> = items.iter().map(|item| one(item, findings)).collect();
    windows.into_iter().collect()
}
