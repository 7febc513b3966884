use std::fmt::{self, Write as _};
use std::time::Duration;

use aurora_core::time::Timestamp;
use serde::Serialize;

use super::told::{NotificationCounts, RuleNotifications, TargetNotifications};
use crate::report::Report;

/// How many rules `Display` shows.
const SHOWN: usize = 20;
const COUNTS: [&str; 7] = [
    "sent",
    "firing",
    "resolved",
    "repeated",
    "escalated",
    "flapping",
    "digests",
];

/// What would have happened: who would have been told how often, and which alerts there would have been.
///
/// `Display` gives it as tables: the targets, the rules of which they were told, and the noisiest rules, 20 lines each.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct BacktestReport {
    /// The first event.
    pub from: Timestamp,
    /// The last look.
    pub to: Timestamp,
    /// How often rules were judged.
    pub ticks: u64,
    /// How many samples there were.
    pub samples: u64,
    /// How many posted alerts there were.
    pub posted: u64,
    /// How many of both were refused: no finite number, no sense, more than there may be.
    pub refused: u64,
    /// How many samples were lost because more came between two ticks than are kept.
    pub lost: u64,
    /// How many events were older than the one before.
    pub late: u64,
    /// How many notifications still waited at the end.
    pub waiting: usize,
    /// Who would have been told, by channel and target.
    pub targets: Vec<TargetNotifications>,
    /// Of which rules, the most often told first.
    pub rules: Vec<RuleNotifications>,
    /// Rules that were told and not counted in `rules`, which has at most 10,000 rows.
    pub left_out: u64,
    /// The alerts: by rule, the noisiest first, and their firings, of which the last 100 of each rule are listed.
    pub alerts: Report,
}

impl BacktestReport {
    /// The report as one JSON object, with the names of the fields.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Numbers, texts and lists under fixed names: there is nothing that JSON could not say.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// How many notifications there would have been, to all targets together.
    #[must_use]
    pub fn notifications(&self) -> u64 {
        self.targets.iter().map(|target| target.counts.total).sum()
    }
}

impl fmt::Display for BacktestReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Backtest from {} to {}: {} samples",
            self.from, self.to, self.samples
        )?;
        for (count, what) in [
            (self.posted, "posted alerts"),
            (self.refused, "refused"),
            (self.lost, "lost"),
            (self.late, "late"),
            (
                u64::try_from(self.waiting).unwrap_or(u64::MAX),
                "notifications still waiting",
            ),
        ] {
            if count > 0 {
                write!(f, ", {count} {what}")?;
            }
        }
        f.write_str("\n\n")?;
        let mut targets = Columns::new(["channel", "target"], COUNTS);
        for row in self.targets.iter().take(SHOWN) {
            targets.row([row.channel.clone(), row.target.clone()], numbers(&row.counts));
        }
        targets.write(f)?;
        f.write_char('\n')?;
        let mut rules = Columns::new(["rule", "severity", "channel", "target"], COUNTS);
        for row in self.rules.iter().take(SHOWN) {
            let texts = [&row.rule, row.severity.as_str(), &row.channel, &row.target];
            rules.row(texts.map(str::to_owned), numbers(&row.counts));
        }
        rules.write(f)?;
        f.write_char('\n')?;
        let mut noisy = Columns::new(["noisiest rules"], ["firings", "in all", "longest", "flaps"]);
        for rule in self.alerts.rules.iter().take(SHOWN) {
            let numbers = [
                rule.firings.to_string(),
                span(rule.firing_ms),
                span(rule.longest_ms),
                rule.flaps.to_string(),
            ];
            noisy.row([rule.rule.clone()], numbers);
        }
        noisy.write(f)
    }
}

fn numbers(counts: &NotificationCounts) -> [String; 7] {
    counts.columns().map(|count| count.to_string())
}

/// A duration as people write it: `1d 2h`, `3h 20m`, `45s`.
fn span(millis: u64) -> String {
    let secs = Duration::from_millis(millis).as_secs();
    let (days, hours, minutes) = (secs / 86_400, secs / 3_600 % 24, secs / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{secs}s"),
        (0, 0, _) => format!("{minutes}m {}s", secs % 60),
        (0, ..) => format!("{hours}h {minutes}m"),
        _ => format!("{days}d {hours}h"),
    }
}

/// A table of texts, to the left, and numbers, to the right.
#[derive(Debug)]
pub(super) struct Columns<const T: usize, const N: usize> {
    rows: Vec<([String; T], [String; N])>,
}

impl<const T: usize, const N: usize> Columns<T, N> {
    pub(super) fn new(texts: [&str; T], numbers: [&str; N]) -> Self {
        let mut table = Self { rows: Vec::new() };
        table.row(texts.map(str::to_owned), numbers.map(str::to_owned));
        table
    }

    pub(super) fn row(&mut self, texts: [String; T], numbers: [String; N]) {
        self.rows.push((texts, numbers));
    }

    pub(super) fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut widths = vec![0; T + N];
        for (texts, numbers) in &self.rows {
            for (width, cell) in widths.iter_mut().zip(texts.iter().chain(numbers)) {
                *width = cell.chars().count().max(*width);
            }
        }
        let (left, right) = widths.split_at(T);
        for (texts, numbers) in &self.rows {
            let mut line = String::new();
            for (cell, width) in texts.iter().zip(left) {
                write!(line, "{cell:<width$}  ")?;
            }
            for (cell, width) in numbers.iter().zip(right) {
                write!(line, "{cell:>width$}  ")?;
            }
            writeln!(f, "{}", line.trim_end())?;
        }
        Ok(())
    }
}
