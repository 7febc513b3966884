//! What a rule needs: how it is judged, and what must be kept of which series for it.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use super::leaf::Leaf;
use crate::condition::{Condition, CustomCondition, Selector, Threshold};
use crate::matcher::Matchers;
use crate::rule::{NoData, Rule};
use crate::series::{Needs, SeriesLimits, Watch};

/// How many samples may come between two ticks without one being lost, if the limit allows so many.
const BETWEEN_TICKS: usize = 256;

/// A rule, and how it is judged.
#[derive(Debug)]
pub(super) struct Planned {
    pub(super) rule: Arc<Rule>,
    /// `Some`: by each series on its own. `None`: as a whole, at each tick.
    pub(super) each: Option<(Selector, Leaf)>,
    /// The limit, where a value that does not pass it changes nothing without an alert.
    pub(super) quick: Option<Threshold>,
}

impl Planned {
    pub(super) fn new(rule: Rule) -> Self {
        let each = Leaf::of(rule.condition()).map(|(selector, leaf)| (selector.clone(), leaf));
        let quick = match &each {
            Some((_, Leaf::Threshold(threshold))) if rule.no_data() == NoData::Resolve => Some(*threshold),
            _ => None,
        };
        Self {
            rule: Arc::new(rule),
            each,
            quick,
        }
    }
}

/// What must be kept for all rules, by metric.
pub(super) fn watches<'a>(
    rules: impl Iterator<Item = &'a Planned>,
    limits: SeriesLimits,
) -> HashMap<Arc<str>, Watch> {
    let mut watches = Watches {
        by_metric: HashMap::new(),
        limits,
    };
    for planned in rules {
        match &planned.each {
            Some((selector, leaf)) => {
                let history = leaf.window().map(|window| watches.samples(window));
                watches.add(
                    &selector.metric,
                    &selector.matchers,
                    history.unwrap_or(0),
                    Duration::ZERO,
                );
            }
            None => watches.whole(planned.rule.condition()),
        }
    }
    watches.by_metric
}

struct Watches {
    by_metric: HashMap<Arc<str>, Watch>,
    limits: SeriesLimits,
}

impl Watches {
    fn add(&mut self, metric: &str, matchers: &Matchers, history: usize, growth: Duration) {
        let most = self.limits.samples.max(2);
        let watch = self.by_metric.entry(Arc::from(metric)).or_default();
        watch.selectors.push(matchers.clone());
        watch.needs = watch.needs.and(Needs {
            samples: history.max(BETWEEN_TICKS).min(most),
            history: history.min(most),
            growth,
        });
    }

    /// As many samples as one a second would be in a window.
    fn samples(&self, window: Duration) -> usize {
        usize::try_from(window.as_secs())
            .unwrap_or(usize::MAX)
            .saturating_add(BETWEEN_TICKS)
            .min(self.limits.samples.max(2))
    }

    fn whole(&mut self, condition: &Condition) {
        if let Some((selector, leaf)) = Leaf::of(condition) {
            let history = match leaf.window() {
                Some(window) => self.samples(window),
                // What came since the last tick is learned sample by sample.
                None if leaf.learns() => BETWEEN_TICKS,
                None => 1,
            };
            self.add(&selector.metric, &selector.matchers, history, Duration::ZERO);
            return;
        }
        match condition {
            Condition::Absent { selector, .. } => {
                self.add(&selector.metric, &selector.matchers, 0, Duration::ZERO);
            }
            Condition::Burn(burn) => {
                for selector in [&burn.errors, &burn.total] {
                    self.add(&selector.metric, &selector.matchers, 0, burn.longest());
                }
            }
            Condition::Custom(CustomCondition(custom)) => {
                for (metric, window) in custom.reads() {
                    let history = self.samples(window);
                    self.add(&metric, &Matchers::new(), history, Duration::ZERO);
                }
            }
            Condition::All(parts) | Condition::Any(parts) => {
                for part in parts {
                    self.whole(part);
                }
            }
            Condition::Not(part) => self.whole(part),
            // Leaves are dealt with above.
            _ => {}
        }
    }
}

/// After how long without a judgement an alert that was taken up again has no data: the longest window of its
/// condition. `None` where a last value stands for ever.
pub(super) fn patience(condition: &Condition) -> Option<Duration> {
    match condition {
        Condition::Threshold { window, .. } => *window,
        Condition::Change { window, .. } => Some(*window),
        Condition::Absent { after, .. } => Some(*after),
        Condition::Heartbeat { every, grace, .. } => Some(*every + *grace),
        Condition::Anomaly(_) => None,
        Condition::Burn(burn) => Some(burn.longest()),
        Condition::Custom(CustomCondition(custom)) => {
            let windows = custom.reads().into_iter().map(|(_, window)| window);
            Some(windows.max().unwrap_or_default())
        }
        Condition::All(parts) | Condition::Any(parts) => parts
            .iter()
            .map(patience)
            .try_fold(Duration::ZERO, |longest, part| Some(longest.max(part?))),
        Condition::Not(part) => patience(part),
    }
}
