use std::time::Duration;

use super::{Aggregate, Anomaly, Baseline, BurnRate, Condition, Selector};

/// How far back windows of single samples may reach.
pub(crate) const LONGEST_WINDOW: Duration = Duration::from_secs(3_600);
/// How far back windows of burn rates may reach.
pub(crate) const LONGEST_BURN: Duration = Duration::from_secs(3 * 86_400);
const SHORTEST_BURN: Duration = Duration::from_secs(60);
const DEEPEST: usize = 8;
const MOST_SLOTS: u16 = 1_024;

impl Condition {
    /// Everything that is wrong with it, in words that complete "the rule's …".
    pub(crate) fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        self.check(1, &mut problems);
        problems
    }

    fn check(&self, depth: usize, problems: &mut Vec<String>) {
        if depth > DEEPEST {
            problems.push(format!("conditions must not be nested deeper than {DEEPEST}"));
            return;
        }
        match self {
            Self::Threshold {
                selector,
                window,
                aggregate,
                threshold,
            } => {
                check_selector(selector, "metric", problems);
                check_aggregate(*window, *aggregate, problems);
                problems.extend(threshold.problems());
            }
            Self::Change {
                selector,
                window,
                threshold,
                ..
            } => {
                check_selector(selector, "metric", problems);
                check_window("window", *window, problems);
                problems.extend(threshold.problems());
            }
            Self::Absent { selector, after } => {
                check_selector(selector, "metric", problems);
                if after.is_zero() {
                    problems.push("time of absence must be longer than zero".to_owned());
                }
            }
            Self::Heartbeat { selector, every, .. } => {
                check_selector(selector, "metric", problems);
                if every.is_zero() {
                    problems.push("interval of the heartbeat must be longer than zero".to_owned());
                }
            }
            Self::Anomaly(anomaly) => check_anomaly(anomaly, problems),
            Self::Burn(burn) => check_burn(burn, problems),
            Self::Custom(custom) => {
                for (metric, window) in custom.0.reads() {
                    if metric.trim().is_empty() {
                        problems.push("metric is missing".to_owned());
                    }
                    check_window("window", window, problems);
                }
            }
            Self::All(parts) | Self::Any(parts) => {
                if parts.is_empty() {
                    problems.push("combination must have at least one condition".to_owned());
                }
                for part in parts {
                    part.check(depth + 1, problems);
                }
            }
            Self::Not(part) => part.check(depth + 1, problems),
        }
    }
}

fn check_selector(selector: &Selector, name: &str, problems: &mut Vec<String>) {
    if selector.metric.trim().is_empty() {
        problems.push(format!("{name} is missing"));
    }
}

fn check_window(name: &str, window: Duration, problems: &mut Vec<String>) {
    if window.is_zero() {
        problems.push(format!("{name} must be longer than zero"));
    }
    if window > LONGEST_WINDOW {
        problems.push(format!("{name} must not be longer than one hour"));
    }
}

fn check_aggregate(window: Option<Duration>, aggregate: Aggregate, problems: &mut Vec<String>) {
    match window {
        Some(window) => check_window("window", window, problems),
        None if aggregate != Aggregate::Last => {
            problems.push("aggregate needs a window".to_owned());
        }
        None => {}
    }
    // Written so that what is not a number is refused too.
    if matches!(aggregate, Aggregate::Percentile(percent) if !(0.0..=100.0).contains(&percent)) {
        problems.push("percentile must be from 0 to 100".to_owned());
    }
}

fn check_anomaly(anomaly: &Anomaly, problems: &mut Vec<String>) {
    check_selector(&anomaly.selector, "metric", problems);
    if !(anomaly.score.is_finite() && anomaly.score > 0.0) {
        problems.push("score must be a finite number above zero".to_owned());
    }
    if let Some(recovery) = anomaly.recovery
        && !(recovery.is_finite() && recovery >= 0.0 && recovery <= anomaly.score)
    {
        problems.push("recovery score must be from zero to the score".to_owned());
    }
    match anomaly.baseline {
        Baseline::Robust { window } => check_window("window of the baseline", window, problems),
        Baseline::Ewma { half_life } => {
            if half_life.is_zero() {
                problems.push("half-life must be longer than zero".to_owned());
            }
        }
        Baseline::Seasonal { period, slots } => {
            if period.is_zero() {
                problems.push("period must be longer than zero".to_owned());
            }
            if !(1..=MOST_SLOTS).contains(&slots) {
                problems.push(format!("slots must be from 1 to {MOST_SLOTS}"));
            }
        }
    }
    if anomaly.warm_up == 0 {
        problems.push("warm-up must be at least one sample".to_owned());
    }
}

fn check_burn(burn: &BurnRate, problems: &mut Vec<String>) {
    check_selector(&burn.errors, "metric of the errors", problems);
    check_selector(&burn.total, "metric of the total", problems);
    if !(burn.objective > 0.0 && burn.objective < 1.0) {
        problems.push("objective must be above 0 and below 1".to_owned());
    }
    if burn.windows.is_empty() {
        problems.push("burn rate must have at least one pair of windows".to_owned());
    }
    for window in &burn.windows {
        if window.short < SHORTEST_BURN {
            problems.push("short window of a burn rate must not be shorter than one minute".to_owned());
        }
        if window.long < window.short {
            problems.push("long window of a burn rate must not be shorter than its short one".to_owned());
        }
        if window.long > LONGEST_BURN {
            problems.push("long window of a burn rate must not be longer than three days".to_owned());
        }
        if !(window.factor.is_finite() && window.factor > 0.0) {
            problems.push("factor of a burn rate must be a finite number above zero".to_owned());
        }
    }
    if !(burn.minimum_events.is_finite() && burn.minimum_events >= 0.0) {
        problems.push("minimum of events must be a finite number, zero or above".to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::condition::{BurnWindow, Operator, Threshold};

    const MINUTE: Duration = Duration::from_secs(60);

    fn threshold(window: Option<Duration>, aggregate: Aggregate) -> Condition {
        Condition::Threshold {
            selector: Selector::new("m"),
            window,
            aggregate,
            threshold: Threshold {
                operator: Operator::Above,
                value: 1.0,
                recovery: None,
            },
        }
    }

    #[test]
    fn what_is_right_has_no_problems() {
        let selector = || Selector::new("m");
        for good in [
            threshold(None, Aggregate::Last),
            threshold(Some(LONGEST_WINDOW), Aggregate::Percentile(100.0)),
            Condition::Burn(BurnRate::ticket(selector(), selector(), 0.999)),
            Condition::Anomaly(Anomaly::new(
                selector(),
                Baseline::Seasonal {
                    period: MINUTE,
                    slots: 1,
                },
                3.0,
            )),
            Condition::Not(Box::new(Condition::Absent {
                selector: selector(),
                after: MINUTE,
            })),
        ] {
            assert_eq!(good.problems(), [""; 0], "{good:?}");
        }
    }

    #[test]
    fn each_mistake_is_named() {
        let selector = || Selector::new("m");
        let anomaly = |baseline| Condition::Anomaly(Anomaly::new(selector(), baseline, 3.0));
        let table = [
            (
                threshold(Some(Duration::ZERO), Aggregate::Mean),
                "window must be longer than zero",
            ),
            (
                threshold(Some(LONGEST_WINDOW + MINUTE), Aggregate::Mean),
                "window must not be longer than one hour",
            ),
            (threshold(None, Aggregate::Mean), "aggregate needs a window"),
            (
                threshold(Some(MINUTE), Aggregate::Percentile(100.1)),
                "percentile must be from 0 to 100",
            ),
            (
                threshold(Some(MINUTE), Aggregate::Percentile(f64::NAN)),
                "percentile must be from 0 to 100",
            ),
            (
                Condition::Absent {
                    selector: Selector::new(" "),
                    after: MINUTE,
                },
                "metric is missing",
            ),
            (
                Condition::Absent {
                    selector: selector(),
                    after: Duration::ZERO,
                },
                "time of absence must be longer than zero",
            ),
            (
                Condition::Heartbeat {
                    selector: selector(),
                    every: Duration::ZERO,
                    grace: MINUTE,
                },
                "interval of the heartbeat must be longer than zero",
            ),
            (
                anomaly(Baseline::Ewma {
                    half_life: Duration::ZERO,
                }),
                "half-life must be longer than zero",
            ),
            (
                anomaly(Baseline::Seasonal {
                    period: MINUTE,
                    slots: 0,
                }),
                "slots must be from 1 to 1024",
            ),
            (
                Condition::All(Vec::new()),
                "combination must have at least one condition",
            ),
        ];
        for (bad, expected) in table {
            assert_eq!(bad.problems(), [expected], "{bad:?}");
        }
    }

    #[test]
    fn all_mistakes_are_named_at_once_also_in_the_depth() {
        let burn = BurnRate {
            errors: Selector::new(""),
            total: Selector::new("t"),
            objective: 1.0,
            windows: vec![BurnWindow {
                long: LONGEST_BURN * 2,
                short: Duration::ZERO,
                factor: f64::NAN,
            }],
            minimum_events: -1.0,
        };
        let both = Condition::All(vec![
            Condition::Not(Box::new(Condition::Any(Vec::new()))),
            Condition::Burn(burn),
        ]);
        assert_eq!(both.problems().len(), 7, "{:?}", both.problems());
    }

    #[test]
    fn nesting_has_an_end() {
        let nested = |depth: usize| {
            (1..depth).fold(threshold(None, Aggregate::Last), |inner, _| {
                Condition::Not(Box::new(inner))
            })
        };
        assert!(nested(8).problems().is_empty());
        assert_eq!(
            nested(9).problems(),
            ["conditions must not be nested deeper than 8"]
        );
    }
}
