//! Rules as files have them, from rules that are there already.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::duration::in_words;
use super::{AlertFile, Format};
use crate::condition::{
    Aggregate, Anomaly, Baseline, BurnRate, ChangeMeasure, Condition, Direction, Selector, Threshold,
};
use crate::rule::{Escalation, Flapping, NoData, Rule};

/// A rule with the keys of the files, whichever way it was made; `None` where they cannot say it, as of a condition of
/// the application's own. Read again it is the same rule.
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use aurora_alerts::{Rule, file};
///
/// let rule = Rule::new("Error rate high").metric("error_rate").above(20.0).for_(Duration::from_secs(90)).build()?;
/// let definition = file::definition(&rule).unwrap();
/// assert_eq!((&definition["operator"], &definition["for"]), (&">".into(), &"1m30s".into()));
/// # Ok::<(), aurora_alerts::Error>(())
/// ```
#[must_use]
pub fn definition(rule: &Rule) -> Option<Map<String, Value>> {
    let mut keys = Map::new();
    keys.insert("name".to_owned(), json!(rule.name()));
    keys.extend(condition(rule.condition())?);
    keys.insert("severity".to_owned(), json!(rule.severity().as_str()));
    let mut put = |key: &str, value: Value| keys.insert(key.to_owned(), value);
    if !rule.description().is_empty() {
        put("description", json!(rule.description()));
    }
    for (key, duration) in [
        ("for", rule.for_()),
        ("keep_firing_for", rule.keep_firing_for()),
        ("cooldown", rule.cooldown()),
    ] {
        if !duration.is_zero() {
            put(key, span(duration)?);
        }
    }
    if let Some(duration) = rule.stale_after() {
        put("stale_after", span(duration)?);
    }
    if rule.no_data() == NoData::Fire {
        put("no_data", json!("fire"));
    }
    if let Some(chain) = rule.escalation() {
        put("escalation", escalation(chain)?);
    }
    match rule.flapping() {
        None => {
            put("flapping", json!(false));
        }
        Some(flapping) if *flapping != Flapping::default() => {
            put("flapping", changing(flapping)?);
        }
        Some(_) => {}
    }
    if !rule.labels().is_empty() {
        put("labels", json!(rule.labels()));
    }
    if !rule.annotations().is_empty() {
        put("annotations", json!(rule.annotations()));
    }
    is_said_by(&keys, rule).then_some(keys)
}

/// Whether a definition, read again, is the rule: names that no file may have are not.
fn is_said_by(definition: &Map<String, Value>, rule: &Rule) -> bool {
    let text = serde_json::to_string_pretty(&json!({"rules": [definition]})).unwrap_or_default();
    let read = AlertFile::parse("rule", &text, Format::Yaml);
    read.is_ok_and(|file| file.rules.as_slice() == std::slice::from_ref(rule))
}

fn condition(condition: &Condition) -> Option<Map<String, Value>> {
    let (kind, inner) = match condition {
        Condition::Threshold {
            selector,
            window,
            aggregate,
            threshold,
        } => {
            let mut keys = series(selector);
            if let Some(window) = window {
                keys.insert("window".to_owned(), span(*window)?);
                keys.insert("aggregate".to_owned(), json!(aggregate_name(*aggregate)));
            }
            keys.extend(limit(threshold));
            return Some(keys);
        }
        Condition::Change {
            selector,
            window,
            measure,
            threshold,
        } => {
            let mut keys = series(selector);
            let measure = match measure {
                ChangeMeasure::Absolute => "absolute",
                ChangeMeasure::PerSecond => "per_second",
                ChangeMeasure::Percent => "percent",
            };
            keys.insert("window".to_owned(), span(*window)?);
            keys.insert("measure".to_owned(), json!(measure));
            keys.extend(limit(threshold));
            ("change", Value::Object(keys))
        }
        Condition::Absent { selector, after } => {
            let mut keys = series(selector);
            keys.insert("after".to_owned(), span(*after)?);
            ("absent", Value::Object(keys))
        }
        Condition::Heartbeat {
            selector,
            every,
            grace,
        } => {
            let mut keys = series(selector);
            keys.insert("every".to_owned(), span(*every)?);
            keys.insert("grace".to_owned(), span(*grace)?);
            ("heartbeat", Value::Object(keys))
        }
        Condition::Anomaly(anomaly) => ("anomaly", Value::Object(unusual(anomaly)?)),
        Condition::Burn(burn) => ("burn_rate", burning(burn)?),
        Condition::All(parts) => ("all", several(parts)?),
        Condition::Any(parts) => ("any", several(parts)?),
        Condition::Not(part) => ("not", Value::Object(self::condition(part)?)),
        Condition::Custom(_) => return None,
    };
    Some(Map::from_iter([(kind.to_owned(), inner)]))
}

fn several(parts: &[Condition]) -> Option<Value> {
    let parts = parts.iter().map(|part| condition(part).map(Value::Object));
    parts.collect::<Option<Vec<_>>>().map(Value::Array)
}

fn series(selector: &Selector) -> Map<String, Value> {
    let mut keys = Map::new();
    keys.insert("metric".to_owned(), json!(selector.metric));
    if !selector.matchers.is_empty() {
        let matchers: Vec<String> = selector.matchers.iter().map(ToString::to_string).collect();
        keys.insert("matchers".to_owned(), json!(matchers));
    }
    keys
}

/// A selector that stands by itself.
fn counter(selector: &Selector) -> Value {
    if selector.matchers.is_empty() {
        json!(selector.metric)
    } else {
        Value::Object(series(selector))
    }
}

fn limit(threshold: &Threshold) -> Map<String, Value> {
    let mut keys = Map::new();
    keys.insert("operator".to_owned(), json!(threshold.operator.as_str()));
    keys.insert("threshold".to_owned(), json!(threshold.value));
    if let Some(recovery) = threshold.recovery {
        keys.insert("recovery".to_owned(), json!(recovery));
    }
    keys
}

fn unusual(anomaly: &Anomaly) -> Option<Map<String, Value>> {
    let mut keys = series(&anomaly.selector);
    let mut put = |key: &str, value: Value| keys.insert(key.to_owned(), value);
    match anomaly.baseline {
        Baseline::Robust { window } => {
            put("baseline", json!("robust"));
            put("window", span(window)?);
        }
        Baseline::Ewma { half_life } => {
            put("baseline", json!("ewma"));
            put("half_life", span(half_life)?);
        }
        Baseline::Seasonal { period, slots } => {
            put("baseline", json!("seasonal"));
            put("period", span(period)?);
            put("slots", json!(slots));
        }
    }
    put("score", json!(anomaly.score));
    if let Some(recovery) = anomaly.recovery {
        put("recovery", json!(recovery));
    }
    let direction = match anomaly.direction {
        Direction::Both => "both",
        Direction::Above => "above",
        Direction::Below => "below",
    };
    put("direction", json!(direction));
    put("warm_up", json!(anomaly.warm_up));
    Some(keys)
}

fn burning(burn: &BurnRate) -> Option<Value> {
    let windows = burn.windows.iter().map(|window| {
        Some(json!({"long": span(window.long)?, "short": span(window.short)?, "factor": window.factor}))
    });
    Some(json!({
        "errors": counter(&burn.errors),
        "total": counter(&burn.total),
        "objective": objective(burn.objective),
        "windows": windows.collect::<Option<Vec<_>>>()?,
        "minimum_events": burn.minimum_events,
    }))
}

/// As people say it, `99.9%`, where that is the same number.
fn objective(share: f64) -> Value {
    let percent = (share * 100.0).to_string();
    if format!("{percent}e-2").parse::<f64>() == Ok(share) {
        json!(format!("{percent}%"))
    } else {
        json!(share)
    }
}

fn escalation(chain: &Escalation) -> Option<Value> {
    let steps = chain.steps().iter();
    let steps = steps.map(|step| Some(json!({"after": span(step.after)?, "receiver": step.receiver})));
    let mut keys = Map::new();
    keys.insert("steps".to_owned(), json!(steps.collect::<Option<Vec<_>>>()?));
    if chain.repeats() > 0 {
        keys.insert("repeat".to_owned(), json!(chain.repeats()));
    }
    if let Some(notifications) = chain.notifications() {
        keys.insert("threshold".to_owned(), json!(notifications));
    }
    Some(Value::Object(keys))
}

fn changing(flapping: &Flapping) -> Option<Value> {
    Some(json!({
        "window": span(flapping.window)?,
        "start": flapping.start,
        "stop": flapping.stop,
        "digest_every": span(flapping.digest_every)?,
    }))
}

fn aggregate_name(aggregate: Aggregate) -> String {
    let name = match aggregate {
        Aggregate::Last => "last",
        Aggregate::Mean => "mean",
        Aggregate::Min => "min",
        Aggregate::Max => "max",
        Aggregate::Sum => "sum",
        Aggregate::Count => "count",
        Aggregate::Rate => "rate",
        Aggregate::Percentile(rank) => return format!("p{rank}"),
    };
    name.to_owned()
}

fn span(duration: Duration) -> Option<Value> {
    in_words(duration).map(Value::String)
}
