use std::time::Duration;

use super::{Rule, RuleBuilder, Severity};
use crate::error::{Error, Problem};

/// The warning and the critical limit of one metric.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Levels {
    /// Where a warning begins.
    pub warning: f64,
    /// Where it becomes critical.
    pub critical: f64,
}

/// The limits of the six [`defaults`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Thresholds {
    /// Lowest good `success_rate`, in percent of all calls (0 to 100); default 80 and 60.
    pub success_rate: Levels,
    /// Highest good `response_time`, in seconds; default 2 and 5.
    pub response_time: Levels,
    /// Highest good `error_rate`, in percent of all calls (0 to 100); default 20 and 40.
    pub error_rate: Levels,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            success_rate: Levels {
                warning: 80.0,
                critical: 60.0,
            },
            response_time: Levels {
                warning: 2.0,
                critical: 5.0,
            },
            error_rate: Levels {
                warning: 20.0,
                critical: 40.0,
            },
        }
    }
}

/// How long a default rule stays quiet after it was notified.
const COOLDOWN: Duration = Duration::from_secs(300);

/// The six rules that every installation starts with: a warning and a critical one each for `success_rate` (below),
/// `response_time` (above) and `error_rate` (above), with a cooldown of five minutes.
///
/// # Errors
/// When a limit is not a finite number, or a critical limit is on the mild side of its warning.
///
/// # Examples
/// ```
/// use aurora_alerts::rule::{Thresholds, defaults};
///
/// let rules = defaults(&Thresholds::default())?;
/// assert_eq!(rules.len(), 6);
/// # Ok::<(), aurora_alerts::Error>(())
/// ```
pub fn defaults(thresholds: &Thresholds) -> Result<Vec<Rule>, Error> {
    let families: [(&str, &str, &str, Levels, Limit, &str); 3] = [
        (
            "Success rate low",
            "Success rate critical",
            "success_rate",
            thresholds.success_rate,
            RuleBuilder::below,
            "%",
        ),
        (
            "Response time high",
            "Response time critical",
            "response_time",
            thresholds.response_time,
            RuleBuilder::above,
            " s",
        ),
        (
            "Error rate high",
            "Error rate critical",
            "error_rate",
            thresholds.error_rate,
            RuleBuilder::above,
            "%",
        ),
    ];
    let mut rules = Vec::new();
    let mut problems = Vec::new();
    for (warning, critical, metric, levels, limit, unit) in families {
        for (name, severity, value) in [
            (warning, Severity::Warning, levels.warning),
            (critical, Severity::Critical, levels.critical),
        ] {
            let draft = limit(
                Rule::new(name)
                    .metric(metric)
                    .severity(severity)
                    .cooldown(COOLDOWN),
                value,
            );
            match draft
                .description(format!("{metric} has passed {value}{unit}"))
                .build()
            {
                Ok(rule) => rules.push(rule),
                Err(error) => problems.extend(error.into_problems()),
            }
        }
        let mild = limit(Rule::new(critical).metric(metric), levels.warning).build();
        if mild.is_ok_and(|rule| {
            levels.critical != levels.warning
                && rule
                    .threshold()
                    .is_some_and(|threshold| !threshold.is_breached(levels.critical))
        }) {
            let Levels {
                warning,
                critical: value,
            } = levels;
            problems.push(Problem::new(
                format!("rule {critical:?}"),
                format!("critical limit {value} is milder than the warning limit {warning}"),
            ));
        }
    }
    Error::check(problems)?;
    Ok(rules)
}

type Limit = fn(RuleBuilder, f64) -> RuleBuilder;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_six_rules_have_their_documented_limits() {
        let rules = defaults(&Thresholds::default()).unwrap();
        let shown: Vec<_> = rules
            .iter()
            .map(|rule| {
                let threshold = rule.threshold().unwrap();
                format!(
                    "{} {} {} {}",
                    rule.metric().unwrap(),
                    threshold.operator,
                    threshold.value,
                    rule.severity()
                )
            })
            .collect();
        assert_eq!(
            shown,
            [
                "success_rate < 80 warning",
                "success_rate < 60 critical",
                "response_time > 2 warning",
                "response_time > 5 critical",
                "error_rate > 20 warning",
                "error_rate > 40 critical",
            ]
        );
    }

    #[test]
    fn a_critical_limit_milder_than_its_warning_is_refused() {
        let mut thresholds = Thresholds::default();
        thresholds.error_rate.warning = 50.0;
        thresholds.success_rate.critical = 90.0;
        thresholds.response_time.warning = f64::NAN;
        let error = defaults(&thresholds).unwrap_err();
        let subjects: Vec<_> = error
            .problems()
            .iter()
            .map(|problem| problem.subject.as_str())
            .collect();
        assert_eq!(
            subjects,
            [
                r#"rule "Success rate critical""#,
                r#"rule "Response time high""#,
                r#"rule "Error rate critical""#
            ]
        );
    }
}
