use super::csv::Line;
use super::{ChannelReport, Firing, Report, RuleReport, Spread};
use crate::rule::Severity;

/// A table of a [`Report`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Table {
    /// One line for each rule.
    Rules,
    /// One line for each channel.
    Channels,
    /// One line for each firing that is listed.
    Firings,
}

const RULES: [&str; 12] = [
    "rule",
    "severity",
    "firings",
    "resolved",
    "still_firing",
    "acknowledged",
    "firing_ms",
    "longest_ms",
    "mean_to_acknowledge_ms",
    "mean_to_resolve_ms",
    "flaps",
    "notifications",
];

const CHANNELS: [&str; 13] = [
    "channel",
    "delivered",
    "failed",
    "retried",
    "superseded",
    "redirected",
    "success_rate",
    "waited_p50_ms",
    "waited_p95_ms",
    "waited_p99_ms",
    "attempt_p50_ms",
    "attempt_p95_ms",
    "attempt_p99_ms",
];

const FIRINGS: [&str; 8] = [
    "rule",
    "fingerprint",
    "severity",
    "fired_at",
    "resolved_at",
    "firing_ms",
    "acknowledged_by",
    "acknowledged_at",
];

impl Table {
    pub(super) fn of(self, report: &Report) -> String {
        match self {
            Self::Rules => table(&RULES, report.rules.iter().map(rule)),
            Self::Channels => table(&CHANNELS, report.channels.iter().map(channel)),
            Self::Firings => table(&FIRINGS, report.firings.iter().map(firing)),
        }
    }
}

fn table(names: &[&str], lines: impl Iterator<Item = Line>) -> String {
    std::iter::once(Line::names(names))
        .chain(lines.map(Line::end))
        .collect()
}

fn rule(rule: &RuleReport) -> Line {
    Line::default()
        .text(&rule.rule)
        .value(rule.severity.map(Severity::as_str))
        .value(Some(rule.firings))
        .value(Some(rule.resolved))
        .value(Some(rule.still_firing))
        .value(Some(rule.acknowledged))
        .value(Some(rule.firing_ms))
        .value(Some(rule.longest_ms))
        .value(rule.mean_to_acknowledge_ms)
        .value(rule.mean_to_resolve_ms)
        .value(Some(rule.flaps))
        .value(Some(rule.notifications))
}

fn channel(channel: &ChannelReport) -> Line {
    let counts = Line::default()
        .text(&channel.channel)
        .value(Some(channel.delivered))
        .value(Some(channel.failed))
        .value(Some(channel.retried))
        .value(Some(channel.superseded))
        .value(Some(channel.redirected))
        .value(channel.success_rate);
    spread(spread(counts, channel.waited_ms), channel.attempt_ms)
}

fn spread(line: Line, spread: Option<Spread>) -> Line {
    line.value(spread.map(|spread| spread.p50))
        .value(spread.map(|spread| spread.p95))
        .value(spread.map(|spread| spread.p99))
}

fn firing(firing: &Firing) -> Line {
    Line::default()
        .text(&firing.rule)
        .value(Some(firing.fingerprint))
        .value(firing.severity.map(Severity::as_str))
        .value(firing.fired_at)
        .value(firing.resolved_at)
        .value(Some(firing.firing_ms))
        .text(firing.acknowledged_by.as_deref().unwrap_or_default())
        .value(firing.acknowledged_at)
}
