//! What was learned of series, as rows of a store, and back.

use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::{Deserialize, Serialize};

use super::Evaluator;
use super::node::Seen;
use crate::condition::Learned;
use crate::labels::{Fingerprint, Labels};

/// What one condition has learned of one series.
#[derive(Debug, Deserialize)]
struct Row {
    rule: String,
    /// Where the condition stands in the rule's.
    path: String,
    series: Labels,
    learned: Learned,
}

/// The same, to write.
#[derive(Debug, Serialize)]
struct RowRef<'a> {
    rule: &'a str,
    path: &'a str,
    series: &'a Labels,
    learned: &'a Learned,
}

pub(super) fn key(rule: &str, path: &str, series: &Labels) -> String {
    format!("{rule}{path}/{}", Fingerprint::of_alert(rule, series))
}

impl Evaluator {
    /// What was learned since the last call: keys and JSON. A row whose JSON is `null` may be deleted.
    pub(crate) fn memory(&self) -> Vec<(String, String)> {
        let mut rows = Vec::new();
        let mut add =
            |rule: usize, path: &str, series: &Labels, learned: Option<&Learned>, unsaved: &AtomicBool| {
                let (Some(planned), Some(learned)) = (self.rules.get(rule), learned) else {
                    return;
                };
                if !unsaved.swap(false, Ordering::Relaxed) {
                    return;
                }
                let rule = planned.rule.name();
                let row = RowRef {
                    rule,
                    path,
                    series,
                    learned,
                };
                rows.extend(serde_json::to_string(&row).map(|json| (key(rule, path, series), json)));
            };
        for watched in self.watched.iter().flatten() {
            for judged in &watched.judged {
                let learned = judged.learned.as_deref();
                add(judged.rule, "", &watched.slot.labels, learned, &judged.unsaved);
            }
        }
        for whole in &self.wholes {
            for node in whole.node.series() {
                for (series, seen) in &node.seen {
                    add(
                        whole.rule,
                        &node.path,
                        series,
                        seen.learned.as_deref(),
                        &seen.unsaved,
                    );
                }
            }
        }
        let mut forgotten = self.forgotten.lock().unwrap_or_else(PoisonError::into_inner);
        rows.extend(forgotten.drain(..).map(|key| (key, "null".to_owned())));
        rows
    }

    /// Takes up what [`memory`](Self::memory) gave; before the first tick. What no rule knows any more is left out.
    pub(crate) fn restore_memory(&mut self, rows: impl IntoIterator<Item = (String, String)>) {
        for (_, row) in rows {
            match serde_json::from_str::<Option<Row>>(&row) {
                Ok(Some(row)) => self.learn(row),
                Ok(None) => {}
                Err(error) => self.skip(&error),
            }
        }
    }

    fn learn(&mut self, row: Row) {
        let Some(rule) = self.place_of(&row.rule) else {
            return;
        };
        let learned = Some(Box::new(row.learned));
        if let Some(index) = self.adopt(rule, &row.series) {
            let judged = self
                .watched
                .get_mut(index)
                .and_then(Option::as_mut)
                .and_then(|watched| watched.judged.iter_mut().find(|judged| judged.rule == rule));
            if let Some(judged) = judged {
                judged.learned = learned;
            }
            return;
        }
        let Some(whole) = self.wholes.iter_mut().find(|whole| whole.rule == rule) else {
            return;
        };
        let mut learned = Some(learned);
        let series = &self.series;
        whole.node.each_series(&mut |node| {
            if node.path != row.path || !node.selector.matches(&row.series) {
                return;
            }
            let Some(slot) = series.adopt(&node.selector.metric, &row.series) else {
                return;
            };
            if let Some(learned) = learned.take() {
                let seen = Seen::knowing(learned);
                node.seen.insert(slot.labels.clone(), seen);
            }
        });
    }
}
