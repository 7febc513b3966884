//! Conditions that judge by more than one series.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use aurora_core::time::Timestamp;

use super::leaf::{Leaf, Room};
use super::view::View;
use crate::condition::{
    BurnRate, Condition, CustomCondition, EvaluateError, Growth, Learned, Selector, Verdict,
};
use crate::labels::Labels;
use crate::series::{SeriesStore, Slot};

/// Where each label set stands.
pub(super) type Judgements = BTreeMap<Arc<Labels>, (Verdict, Option<f64>)>;

/// What a judgement looks at.
pub(super) struct Context<'a> {
    pub(super) series: &'a SeriesStore,
    pub(super) now: Timestamp,
    /// Series that are silent for so long say nothing.
    pub(super) stale_after: Option<Duration>,
    pub(super) room: &'a mut Room,
    pub(super) slots: &'a mut Vec<Arc<Slot>>,
}

/// A condition with what it remembers.
#[derive(Debug)]
pub(super) enum Node {
    Series(SeriesNode),
    Absent {
        selector: Selector,
        after: Duration,
        labels: Arc<Labels>,
        seen_at: Option<Timestamp>,
    },
    Burn(BurnRate),
    Custom(CustomCondition),
    All(Vec<Self>),
    Any(Vec<Self>),
    Not(Box<Self>),
}

/// A condition that judges each series on its own, as a part of another.
#[derive(Debug)]
pub(super) struct SeriesNode {
    pub(super) selector: Selector,
    pub(super) leaf: Leaf,
    /// Where it stands in the rule's condition.
    pub(super) path: String,
    pub(super) seen: BTreeMap<Arc<Labels>, Seen>,
}

/// What is remembered of one series.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) learned: Option<Box<Learned>>,
    pub(super) unsaved: AtomicBool,
    heard_at: Option<Timestamp>,
    /// How many samples the series had when it was last looked at.
    pushed: u64,
    last: Option<(Verdict, Option<f64>)>,
}

impl Node {
    pub(super) fn new(condition: &Condition, path: &str) -> Self {
        if let Some((selector, leaf)) = Leaf::of(condition) {
            return Self::Series(SeriesNode {
                selector: selector.clone(),
                leaf,
                path: path.to_owned(),
                seen: BTreeMap::new(),
            });
        }
        let parts = |parts: &[Condition]| {
            let numbered = parts.iter().enumerate();
            numbered
                .map(|(number, part)| Self::new(part, &format!("{path}.{number}")))
                .collect()
        };
        match condition {
            Condition::Absent { selector, after } => Self::Absent {
                selector: selector.clone(),
                after: *after,
                labels: Arc::new(selector.equalities()),
                seen_at: None,
            },
            Condition::Burn(burn) => Self::Burn(burn.clone()),
            Condition::Custom(custom) => Self::Custom(custom.clone()),
            Condition::All(conditions) => Self::All(parts(conditions)),
            Condition::Any(conditions) => Self::Any(parts(conditions)),
            Condition::Not(condition) => Self::Not(Box::new(Self::new(condition, &format!("{path}.0")))),
            // Leaves are dealt with above.
            _ => Self::All(Vec::new()),
        }
    }

    pub(super) fn judge(&mut self, context: &mut Context<'_>) -> Result<Judgements, EvaluateError> {
        match self {
            Self::Series(node) => Ok(node.judge(context)),
            Self::Absent {
                selector,
                after,
                labels,
                seen_at,
            } => {
                let verdict = absence(selector, *after, seen_at, context);
                Ok(Judgements::from([(Arc::clone(labels), (verdict, None))]))
            }
            Self::Burn(burn) => Ok(judge_burn(burn, context)),
            Self::Custom(custom) => judge_custom(custom, context),
            Self::All(nodes) => Ok(super::join::all(judge_parts(nodes, context)?)),
            Self::Any(nodes) => Ok(super::join::any(judge_parts(nodes, context)?)),
            Self::Not(node) => Ok(super::join::not(node.judge(context)?)),
        }
    }

    /// Visits every part that judges series on their own.
    pub(super) fn each_series(&mut self, visit: &mut dyn FnMut(&mut SeriesNode)) {
        match self {
            Self::Series(node) => visit(node),
            Self::All(nodes) | Self::Any(nodes) => {
                for node in nodes {
                    node.each_series(visit);
                }
            }
            Self::Not(node) => node.each_series(visit),
            Self::Absent { .. } | Self::Burn(_) | Self::Custom(_) => {}
        }
    }

    /// The parts that judge series on their own.
    pub(super) fn series(&self) -> Vec<&SeriesNode> {
        match self {
            Self::Series(node) => vec![node],
            Self::All(nodes) | Self::Any(nodes) => nodes.iter().flat_map(Self::series).collect(),
            Self::Not(node) => node.series(),
            Self::Absent { .. } | Self::Burn(_) | Self::Custom(_) => Vec::new(),
        }
    }

    /// Whether a series that has been silent so long is still of use to it; `active`: one of its alerts is.
    pub(super) fn needs(&self, slot: &Slot, silent: Duration, active: bool) -> bool {
        let reads = |selector: &Selector| *selector.metric == *slot.metric && selector.matches(&slot.labels);
        match self {
            Self::Series(node) => {
                let worth = node.leaf.memory_span();
                reads(&node.selector) && (active || worth.is_none_or(|span| silent < span))
            }
            Self::Burn(burn) => silent < burn.longest() && (reads(&burn.errors) || reads(&burn.total)),
            Self::All(nodes) | Self::Any(nodes) => nodes.iter().any(|node| node.needs(slot, silent, active)),
            Self::Not(node) => node.needs(slot, silent, active),
            // It remembers itself when it last saw one.
            Self::Absent { .. } | Self::Custom(_) => false,
        }
    }
}

fn judge_parts(nodes: &mut [Node], context: &mut Context<'_>) -> Result<Vec<Judgements>, EvaluateError> {
    nodes.iter_mut().map(|node| node.judge(context)).collect()
}

/// Before anything was seen, the absence is counted from the first tick.
fn absence(
    selector: &Selector,
    after: Duration,
    seen_at: &mut Option<Timestamp>,
    context: &mut Context<'_>,
) -> Verdict {
    let now = context.now;
    let mut latest = seen_at.unwrap_or(now).min(now);
    context
        .series
        .matching(&selector.metric, &selector.matchers, context.slots);
    for slot in context.slots.iter() {
        latest = latest.max(slot.last_at().unwrap_or(latest).min(now));
        if latest == now {
            break;
        }
    }
    *seen_at = Some(latest);
    if now.since(latest) >= after {
        Verdict::Breached
    } else {
        Verdict::Clear
    }
}

fn judge_burn(burn: &BurnRate, context: &mut Context<'_>) -> Judgements {
    let now = context.now;
    let mut errors = Vec::new();
    context
        .series
        .matching(&burn.errors.metric, &burn.errors.matchers, &mut errors);
    let total = &mut *context.slots;
    context
        .series
        .matching(&burn.total.metric, &burn.total.matchers, total);
    let grown = |slots: &[Arc<Slot>], window: Duration| -> f64 {
        let growths = slots
            .iter()
            .filter_map(|slot| slot.coarse(|coarse| coarse.growth(window, now)));
        growths.sum()
    };
    let judged = burn.judge(|window| Growth {
        errors: grown(&errors, window),
        total: grown(total, window),
    });
    let began_at = total
        .iter()
        .filter_map(|slot| slot.coarse(|coarse| coarse.began_at()).flatten());
    let known = began_at.min().map_or(Duration::ZERO, |began| now.since(began));
    let Some((verdict, speed)) = judged else {
        return Judgements::new();
    };
    let verdict = if verdict == Verdict::Clear && known < burn.shortest() {
        Verdict::Between
    } else {
        verdict
    };
    Judgements::from([(Arc::default(), (verdict, Some(speed)))])
}

fn judge_custom(
    CustomCondition(custom): &CustomCondition,
    context: &mut Context<'_>,
) -> Result<Judgements, EvaluateError> {
    let view = View {
        series: context.series,
        now: context.now,
    };
    let mut judgements = Vec::new();
    custom.evaluate(&view, context.now, &mut judgements)?;
    let judged = judgements.into_iter().map(|judgement| {
        let value = judgement.value.filter(|value| value.is_finite());
        (Arc::new(judgement.labels), (judgement.verdict, value))
    });
    Ok(judged.collect())
}

impl SeriesNode {
    fn judge(&mut self, context: &mut Context<'_>) -> Judgements {
        let (now, stale_after) = (context.now, context.stale_after);
        context
            .series
            .matching(&self.selector.metric, &self.selector.matchers, context.slots);
        if self.seen.len() > context.slots.len() {
            let slots = &*context.slots;
            self.seen
                .retain(|labels, _| slots.iter().any(|slot| slot.labels == *labels));
        }
        let mut judgements = Judgements::new();
        for slot in context.slots.iter() {
            let seen = self.seen.entry(Arc::clone(&slot.labels)).or_default();
            let judged = seen.judge(&self.leaf, slot, now, context.room);
            let heard = seen.heard_at.unwrap_or(now);
            let stale = stale_after.is_some_and(|limit| now.since(heard) >= limit);
            if let (Some(judged), false) = (judged, stale) {
                judgements.insert(Arc::clone(&slot.labels), judged);
            }
        }
        judgements
    }
}

impl Seen {
    /// A series of which something was learned before.
    pub(super) fn knowing(learned: Option<Box<Learned>>) -> Self {
        Self {
            learned,
            ..Self::default()
        }
    }

    fn judge(
        &mut self,
        leaf: &Leaf,
        slot: &Slot,
        now: Timestamp,
        room: &mut Room,
    ) -> Option<(Verdict, Option<f64>)> {
        let since = leaf.judged_window().map(|window| now - window);
        let pushed = slot.copy(since, now, &mut room.samples);
        let fresh = usize::try_from(pushed.saturating_sub(self.pushed)).unwrap_or(usize::MAX);
        self.pushed = pushed;
        let heard = slot.last_at().or(self.heard_at).unwrap_or(now).min(now);
        self.heard_at = Some(heard);
        match leaf {
            Leaf::Threshold(threshold) => {
                let (_, value) = room.samples.last()?;
                Some((threshold.verdict(*value), Some(*value)))
            }
            Leaf::Window { .. } | Leaf::Change { .. } => {
                leaf.judge_window(&room.samples, now, &mut room.sorting)
            }
            Leaf::Anomaly(_) => {
                let old = room.samples.len().saturating_sub(fresh);
                for (number, sample) in room.samples.iter().enumerate().skip(old) {
                    let before = room.samples.get(..number).unwrap_or_default();
                    self.last = leaf.sample(&mut self.learned, before, *sample, &mut room.sorting);
                    self.unsaved.store(true, Ordering::Relaxed);
                }
                self.last
            }
            Leaf::Heartbeat(limit) => {
                if fresh > 0 && self.learned.is_none() {
                    self.learned = Some(Box::new(Learned::Heartbeat));
                    self.unsaved.store(true, Ordering::Relaxed);
                }
                self.learned.as_ref()?;
                let verdict = if now.since(heard) >= *limit {
                    Verdict::Breached
                } else {
                    Verdict::Clear
                };
                Some((verdict, None))
            }
        }
    }
}
