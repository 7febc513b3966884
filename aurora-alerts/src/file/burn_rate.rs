//! Service level objectives.

use std::time::Duration;

use super::conditions::selector_at;
use super::fields::{Fields, wrong};
use super::findings::Findings;
use super::node::{Node, Value};
use crate::condition::{BurnRate, BurnWindow, Condition};

/// How many events the long window must have, where the file does not say.
const MINIMUM_EVENTS: f64 = 10.0;

const fn window(long_minutes: u64, short_minutes: u64, factor: f64) -> BurnWindow {
    BurnWindow {
        long: Duration::from_secs(long_minutes * 60),
        short: Duration::from_secs(short_minutes * 60),
        factor,
    }
}

/// 2 % of a month's budget within an hour, 5 % within six: the Site Reliability Workbook, chapter 5, table 5-8.
const PAGE: [BurnWindow; 2] = [window(60, 5, 14.4), window(360, 30, 6.0)];
/// 10 % within three days, and within one day at three times the pace, as the same chapter recommends.
const TICKET: [BurnWindow; 2] = [window(1_440, 120, 3.0), window(4_320, 360, 1.0)];

pub(super) fn burn_rate(fields: &mut Fields<'_>, findings: &mut Findings) -> Option<Condition> {
    fields.require(&["errors", "total", "objective"], findings);
    let errors = selector_at("errors", fields, findings);
    let total = selector_at("total", fields, findings);
    let objective = fields.take("objective").and_then(|node| share(node, findings));
    let presets = [("page", PAGE), ("ticket", TICKET)];
    let preset = fields.choice("preset", &presets, findings);
    let windows = fields.list("windows").map(|items| windows(items, findings));
    match fields.given(&["preset", "windows"]).as_slice() {
        [] => findings.add(fields.at, "windows are missing, or a preset: page or ticket"),
        [_] => {}
        _ => findings.add(fields.place("preset"), "preset has no place beside windows"),
    }
    let minimum_events = fields
        .number("minimum_events", findings)
        .unwrap_or(MINIMUM_EVENTS);
    Some(Condition::Burn(BurnRate {
        errors: errors?,
        total: total?,
        objective: objective?,
        windows: windows.flatten().or_else(|| preset.map(Vec::from))?,
        minimum_events,
    }))
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
