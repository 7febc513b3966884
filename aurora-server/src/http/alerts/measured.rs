//! The samples that rules judged, few enough to be drawn.

use std::collections::BTreeMap;

use aurora_alerts::condition::{Aggregate, Condition, Selector};
use aurora_alerts::{Labels, Rule};
use aurora_core::time::Timestamp;
use serde::Serialize;

/// The most points of all series together.
const MOST_POINTS: usize = 500;
/// The most series; each has 10 points at least.
const MOST_SERIES: usize = 50;

/// A sample as it was recorded.
type Sample = (Timestamp, String, Labels, f64);

/// What rules looked at.
#[derive(Debug, Default, Serialize)]
pub(super) struct Measured {
    /// By metric and labels.
    series: Vec<Series>,
    /// What the values can be compared with.
    limits: Vec<Limit>,
    /// How many samples the rules looked at, before any were left out.
    samples: usize,
    /// How many series have no place here.
    series_left_out: usize,
}

/// The values of one series.
#[derive(Debug, Serialize)]
struct Series {
    metric: String,
    labels: Labels,
    /// What the values count, where that is known.
    unit: Option<&'static str>,
    /// The oldest first.
    points: Vec<Point>,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
struct Point {
    at: Timestamp,
    value: f64,
}

/// A limit for single values of a metric.
#[derive(Debug, Serialize)]
struct Limit {
    rule: String,
    metric: String,
    operator: &'static str,
    value: f64,
    recovery: Option<f64>,
}

impl Measured {
    /// What `rules` look at of `samples`.
    pub(super) fn by(rules: &[Rule], samples: &[Sample]) -> Self {
        let selectors: Vec<&Selector> = rules
            .iter()
            .flat_map(|rule| rule.condition().selectors())
            .collect();
        let is_seen = |metric: &str, labels: &Labels| {
            let mut selectors = selectors.iter();
            selectors.any(|selector| selector.metric == metric && selector.matches(labels))
        };
        let mut all: BTreeMap<(&str, &Labels), Vec<Point>> = BTreeMap::new();
        for (at, metric, labels, value) in samples {
            if value.is_finite() {
                let point = Point {
                    at: *at,
                    value: *value,
                };
                all.entry((metric.as_str(), labels)).or_default().push(point);
            }
        }
        all.retain(|(metric, labels), _| is_seen(metric, labels));
        let count = all.len().clamp(1, MOST_SERIES);
        let mut limits = Vec::new();
        for rule in rules {
            limits_of(rule.name(), rule.condition(), &mut limits);
        }
        Self {
            samples: all.values().map(Vec::len).sum(),
            series_left_out: all.len().saturating_sub(MOST_SERIES),
            series: all
                .into_iter()
                .take(MOST_SERIES)
                .map(|((metric, labels), points)| Series {
                    metric: metric.to_owned(),
                    labels: labels.clone(),
                    unit: unit_of(metric),
                    points: thinned(points, MOST_POINTS / count),
                })
                .collect(),
            limits,
        }
    }
}

/// The limits within a condition that single values can be held against: not those of sums, counts and rates.
fn limits_of(rule: &str, condition: &Condition, limits: &mut Vec<Limit>) {
    match condition {
        Condition::Threshold {
            selector,
            aggregate:
                Aggregate::Last | Aggregate::Mean | Aggregate::Min | Aggregate::Max | Aggregate::Percentile(_),
            threshold,
            ..
        } => limits.push(Limit {
            rule: rule.to_owned(),
            metric: selector.metric.clone(),
            operator: threshold.operator.as_str(),
            value: threshold.value,
            recovery: threshold.recovery,
        }),
        Condition::All(parts) | Condition::Any(parts) => {
            for part in parts {
                limits_of(rule, part, limits);
            }
        }
        Condition::Not(part) => limits_of(rule, part, limits),
        _ => {}
    }
}

/// What a metric counts: what the server itself measures, and what the name of another ends in.
fn unit_of(metric: &str) -> Option<&'static str> {
    const ENDINGS: [(&str, &str); 7] = [
        ("_seconds", "seconds"),
        ("_ms", "milliseconds"),
        ("_milliseconds", "milliseconds"),
        ("_bytes", "bytes"),
        ("_percent", "percent"),
        ("_ratio", "ratio"),
        ("_usd", "usd"),
    ];
    match metric {
        "error_rate" | "success_rate" => Some("percent"),
        "response_time" => Some("seconds"),
        _ => {
            let known = ENDINGS.iter().find(|(ending, _)| metric.ends_with(ending));
            known.map(|(_, unit)| *unit)
        }
    }
}

/// At most so many points: of each stretch the least and the most.
fn thinned(points: Vec<Point>, most: usize) -> Vec<Point> {
    if points.len() <= most {
        return points;
    }
    let stretch = points.len().div_ceil((most / 2).max(1));
    let mut kept = Vec::with_capacity(most);
    for points in points.chunks(stretch) {
        let by_value = |one: &&Point, other: &&Point| one.value.total_cmp(&other.value);
        let (least, highest) = (points.iter().min_by(by_value), points.iter().max_by(by_value));
        let (Some(least), Some(highest)) = (least, highest) else {
            continue;
        };
        let (first, second) = if least.at <= highest.at {
            (least, highest)
        } else {
            (highest, least)
        };
        kept.push(*first);
        if first != second {
            kept.push(*second);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(metric: &str, target: &str, count: i64) -> Vec<Sample> {
        let labels = Labels::from([("target", target)]);
        let value = |second: i64| if second == count / 2 { 1_000.0 } else { 1.0 };
        (0..count)
            .map(|second| {
                (
                    Timestamp::from_secs(second),
                    metric.to_owned(),
                    labels.clone(),
                    value(second),
                )
            })
            .collect()
    }

    fn rule(name: &str) -> aurora_alerts::rule::RuleBuilder {
        Rule::new(name).metric("error_rate")
    }

    #[test]
    fn what_rules_look_at_is_thinned_and_keeps_its_extremes() {
        let mut all = samples("error_rate", "a", 3_000);
        all.extend(samples("error_rate", "b", 20));
        all.extend(samples("queue", "a", 20));
        let rules = [rule("high").above(20.0).recovery(10.0).build().unwrap()];
        let measured = Measured::by(&rules, &all);
        assert_eq!((measured.samples, measured.series_left_out), (3_020, 0));
        let [a, b] = measured.series.as_slice() else {
            panic!("the rule looks at two series")
        };
        assert_eq!((a.unit, b.points.len()), (Some("percent"), 20));
        assert!((100..=250).contains(&a.points.len()), "{}", a.points.len());
        assert!(a.points.iter().any(|point| point.value > 999.0));
        assert!(a.points.is_sorted_by_key(|point| point.at));
        let limit = &measured.limits[0];
        assert_eq!(
            (limit.operator, limit.value, limit.recovery),
            (">", 20.0, Some(10.0))
        );
    }

    #[test]
    fn however_many_series_there_are_the_points_are_few() {
        let all: Vec<Sample> = (0..80)
            .flat_map(|target| samples("error_rate", &target.to_string(), 100))
            .collect();
        let rules = [rule("high").above(20.0).build().unwrap()];
        let measured = Measured::by(&rules, &all);
        let points: usize = measured.series.iter().map(|series| series.points.len()).sum();
        assert!(points <= MOST_POINTS, "{points}");
        assert_eq!((measured.series.len(), measured.series_left_out), (50, 30));
    }
}
