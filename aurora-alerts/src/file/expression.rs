//! The short form of a threshold: `mean(error_rate{provider=~"open.*"}[5m]) > 20`.

use std::time::Duration;

use super::duration::duration;
use super::node::quoted;
use crate::condition::{Aggregate, Condition, Operator, Selector, Threshold};
use crate::matcher::Matchers;

/// Reads `selector operator number`, where the selector may stand in an aggregate of a window.
pub(super) fn expression(text: &str, recovery: Option<f64>) -> Result<Condition, String> {
    let (left, operator, value) = comparison(text)?;
    let (aggregate, inner) = match left.strip_suffix(')').and_then(|left| left.split_once('(')) {
        Some((name, inner)) => {
            let name = name.trim();
            let known = aggregate(name).ok_or_else(|| unknown_aggregate(name))?;
            (Some(known), inner.trim())
        }
        None => (None, left),
    };
    let (series, window) = windowed(inner)?;
    match (aggregate, window) {
        (Some(_), None) => return Err(format!("the aggregate needs a window, such as {series}[5m]")),
        (None, Some(_)) => return Err(format!("the window needs an aggregate, such as mean({inner})")),
        _ => {}
    }
    Ok(Condition::Threshold {
        selector: selector(series)?,
        window,
        aggregate: aggregate.unwrap_or_default(),
        threshold: Threshold {
            operator,
            value,
            recovery,
        },
    })
}

/// What a name of an aggregate means; `p99`, `p99.9` and `percentile(99)` are percentiles.
pub(super) fn aggregate(name: &str) -> Option<Aggregate> {
    let percentile = || {
        let digits = name
            .strip_prefix('p')
            .filter(|digits| digits.starts_with(|c: char| c.is_ascii_digit()))
            .or_else(|| name.strip_prefix("percentile(")?.strip_suffix(')'))?;
        let rank = digits.trim().parse().ok()?;
        (0.0..=100.0)
            .contains(&rank)
            .then_some(Aggregate::Percentile(rank))
    };
    match name {
        "last" => Some(Aggregate::Last),
        "mean" => Some(Aggregate::Mean),
        "min" => Some(Aggregate::Min),
        "max" => Some(Aggregate::Max),
        "sum" => Some(Aggregate::Sum),
        "count" => Some(Aggregate::Count),
        "rate" => Some(Aggregate::Rate),
        _ => percentile(),
    }
}

/// The names of all aggregates, for messages.
pub(super) const AGGREGATES: &str =
    "last, mean, min, max, sum, count, rate, p50, p95, p99 or percentile(n) with n from 0 to 100";

fn unknown_aggregate(name: &str) -> String {
    format!("{} is no aggregate; there are {AGGREGATES}", quoted(name))
}

/// The metric and the matchers of `error_rate{provider="a"}`.
pub(super) fn selector(text: &str) -> Result<Selector, String> {
    let (metric, matchers) = match text.find('{') {
        Some(at) => text.split_at_checked(at).unwrap_or((text, "")),
        None => (text, ""),
    };
    let metric = metric.trim();
    if !is_metric(metric) {
        return Err(format!(
            "{} is no name of a metric such as error_rate",
            quoted(metric)
        ));
    }
    let matchers: Matchers = matchers.parse().map_err(|error| format!("{error}"))?;
    Ok(Selector {
        metric: metric.to_owned(),
        matchers,
    })
}

/// Whether a text can be the name of a metric: letters, digits and `_ : . - /`, and no digit first.
pub(super) fn is_metric(name: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | ':' | '.' | '-' | '/');
    !name.starts_with(|c: char| c.is_numeric()) && !name.is_empty() && name.chars().all(is_part)
}

/// The left side, the operator and the number of a comparison. Quotation marks of matchers are no part of it, so the
/// last operator counts.
fn comparison(text: &str) -> Result<(&str, Operator, f64), String> {
    let wrong = || {
        format!(
            "{} is not such as error_rate > 20 or mean(error_rate[5m]) > 20",
            quoted(text)
        )
    };
    let end = text.rfind(['>', '<', '=', '!']).ok_or_else(wrong)?;
    let (left, right) = text.split_at_checked(end + 1).ok_or_else(wrong)?;
    let signs = left.trim_end_matches(['>', '<', '=', '!']).len();
    let (left, operator) = left.split_at_checked(signs).ok_or_else(wrong)?;
    let operator: Operator = operator
        .parse()
        .map_err(|error| format!("{error}, found {}", quoted(operator)))?;
    let right = right.trim();
    let value = right
        .parse()
        .map_err(|_| format!("{} is not a number", quoted(right)))?;
    Ok((left.trim(), operator, value))
}

/// The series and the window of `error_rate[5m]`.
fn windowed(text: &str) -> Result<(&str, Option<Duration>), String> {
    // A bracket may also stand in a pattern, so the last one counts, and only at the end.
    let Some((series, window)) = text.strip_suffix(']').and_then(|text| text.rsplit_once('[')) else {
        return Ok((text, None));
    };
    let span =
        duration(window.trim()).ok_or_else(|| format!("{} is not a duration such as 5m", quoted(window)))?;
    Ok((series.trim_end(), Some(span)))
}
