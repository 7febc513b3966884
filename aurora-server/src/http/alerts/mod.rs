//! `/api/v1/alerts`: active alerts and what people do about them, silences, rules, routes, history and reports; and the
//! page behind the signed links of notifications.

mod active;
mod history;
mod link;
mod measured;
mod preview;
mod report;
mod routing;
mod rule_views;
mod rules;
mod silences;
#[cfg(test)]
mod tests;
pub(super) mod views;

use aurora_alerts::{Labels, Matchers};

use super::Mount;
use super::access::{Access, Caller, Right};
use super::extract::Params;
use super::problem::{FieldError, Problem, ProblemKind};

pub(super) const MOUNTS: &[Mount] = &[
    Mount::answers("/api/v1/alerts", active::routes),
    Mount::answers("/api/v1/alerts/silences", silences::routes),
    Mount::answers("/api/v1/alerts/rules", rules::routes),
    Mount::answers("/api/v1/alerts", routing::routes),
    Mount::answers("/api/v1/alerts", report::routes),
    Mount::streams("/api/v1/alerts", history::routes),
    Mount::answers("/alerts", link::routes),
];

/// Alerts are about the installation: administrators see them, and keys of the first workspace that carry the right.
pub(super) const SEE: Access = Access::Installation(Right::AlertRead);
pub(super) const CHANGE: Access = Access::Installation(Right::AlertWrite);

const TIME: &str = "a time such as 2026-07-01T12:00:00Z";

/// Who does something, for the history: the person or the program. A program may say for whom it acts.
pub(super) fn who(caller: &Caller, named: Option<String>) -> Result<String, Problem> {
    let id = caller.principal().id();
    match named
        .map(|name| name.trim().to_owned())
        .filter(|name| !name.is_empty())
    {
        Some(name) if name.chars().count() > 200 => Err(field("by", "must have at most 200 characters")),
        Some(name) if caller.alive().is_none() => Ok(name),
        _ => Ok(id.to_owned()),
    }
}

/// A problem with one field of a body.
pub(super) fn field(name: &str, message: &'static str) -> Problem {
    Problem::new(ProblemKind::Invalid).errors([FieldError::new(name, "invalid", message)])
}

/// The labels that alerts must have, as text.
fn matchers(params: &mut Params, name: &'static str) -> Matchers {
    params
        .take::<Matchers>(
            name,
            "matchers such as {team=\"ops\", severity=~\"warning|critical\"}",
        )
        .unwrap_or_default()
}

/// What silences and matchers look at: the labels, and of an alert that a rule found its name and severity too.
pub(super) fn matched(alert: &aurora_alerts::Alert) -> Labels {
    let mut labels = alert.labels.clone();
    for (name, value) in [
        ("alertname", alert.rule.as_str()),
        ("severity", alert.severity.as_str()),
    ] {
        if labels.get(name).is_none() {
            labels.insert(name, value);
        }
    }
    labels
}
