use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use super::report::{BacktestReport, Columns};

/// What two sets of rules would have done over the same recording.
///
/// `Display` gives what differs: notifications by target, firings by rule.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Comparison {
    /// The one that was asked.
    pub before: BacktestReport,
    /// The one that it was compared with.
    pub after: BacktestReport,
}

impl Comparison {
    /// Both reports as one JSON object.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Numbers, texts and lists under fixed names: there is nothing that JSON could not say.
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let targets = |report: &BacktestReport| -> BTreeMap<String, u64> {
            let rows = report.targets.iter();
            rows.map(|row| (format!("{} {}", row.channel, row.target), row.counts.total))
                .collect()
        };
        let rules = |report: &BacktestReport| -> BTreeMap<String, u64> {
            let rows = report.alerts.rules.iter();
            rows.map(|row| (row.rule.clone(), row.firings)).collect()
        };
        changes("notifications to", &targets(&self.before), &targets(&self.after)).write(f)?;
        writeln!(f)?;
        changes("firings of", &rules(&self.before), &rules(&self.after)).write(f)
    }
}

fn changes(what: &str, before: &BTreeMap<String, u64>, after: &BTreeMap<String, u64>) -> Columns<1, 3> {
    let mut table = Columns::new([what], ["before", "after", "change"]);
    let mut names: Vec<&String> = before.keys().chain(after.keys()).collect();
    names.sort();
    names.dedup();
    for name in names {
        let of = |counts: &BTreeMap<String, u64>| counts.get(name).copied().unwrap_or_default();
        let (before, after) = (of(before), of(after));
        if before != after {
            let change = i128::from(after) - i128::from(before);
            let numbers = [before.to_string(), after.to_string(), format!("{change:+}")];
            table.row([name.trim_end().to_owned()], numbers);
        }
    }
    table
}
