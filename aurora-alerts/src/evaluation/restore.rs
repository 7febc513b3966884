//! Alerts as rows of a store, and back.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::instance::Instance;
use super::plan::Planned;
use super::{Evaluator, Place};
use crate::alert::Alert;
use crate::labels::{Fingerprint, Labels};
use crate::state::{Phase, ResolveReason};

/// One alert as it is stored: with everything that is told of it, so that it can end properly without its rule.
#[derive(Debug, Serialize, Deserialize)]
struct Row {
    series: Labels,
    alert: Alert,
}

impl Evaluator {
    /// Everything that is needed to take an alert up again, as JSON; `None` where nothing need be kept.
    pub(crate) fn stored(&self, fingerprint: Fingerprint) -> Option<String> {
        let (rule, series, instance) = self.find(fingerprint)?;
        if !instance.stored {
            return None;
        }
        let row = Row {
            series: series.clone(),
            alert: self.alert(rule, series, &instance.state)?,
        };
        serde_json::to_string(&row).ok()
    }

    /// Takes up what [`stored`](Self::stored) gave; before the first tick.
    ///
    /// Alerts of rules that are no longer there end at the first tick. How long a series has been silent is counted from
    /// that tick: nobody listened before.
    pub(crate) fn restore(&mut self, rows: impl IntoIterator<Item = String>) {
        for row in rows {
            match serde_json::from_str::<Row>(&row) {
                Ok(Row { series, alert }) => self.take_up(&series, alert),
                Err(error) => self.skip(&error),
            }
        }
    }

    pub(super) fn skip(&mut self, error: &serde_json::Error) {
        self.unreadable += 1;
        tracing::warn!(%error, "a stored row could not be read and is left out");
    }

    fn take_up(&mut self, series: &Labels, alert: Alert) {
        let instance = Instance {
            state: alert.state,
            stored: true,
        };
        let Some(rule) = self.place_of(&alert.rule) else {
            self.departed.push((alert, ResolveReason::RuleRemoved));
            return;
        };
        if !self.place(rule, series, instance) {
            self.departed.push((alert, ResolveReason::RuleChanged));
        }
    }

    pub(super) fn place_of(&self, rule: &str) -> Option<usize> {
        self.rules.iter().position(|planned| planned.rule.name() == rule)
    }

    /// Gives a state to a rule and a label set; false where the rule does not look at it.
    pub(super) fn place(&mut self, rule: usize, series: &Labels, instance: Instance) -> bool {
        let Some(planned) = self.rules.get(rule) else {
            return false;
        };
        if planned.each.is_some() {
            let Some(index) = self.adopt(rule, series) else {
                return false;
            };
            let Some(Some(watched)) = self.watched.get_mut(index) else {
                return false;
            };
            let judged = watched.judged.iter_mut().find(|judged| judged.rule == rule);
            return judged.map(|judged| judged.instance = instance).is_some();
        }
        let Planned { rule: named, .. } = planned;
        let Some((place, whole)) = self
            .wholes
            .iter_mut()
            .enumerate()
            .find(|(_, whole)| whole.rule == rule)
        else {
            return false;
        };
        // A posted or otherwise foreign state has nothing to wait for.
        let idle = instance.state.phase == Phase::Inactive && !instance.stored;
        if !idle {
            let fingerprint = whole.hold(named, series, instance);
            let labels = Arc::new(series.clone());
            self.places.insert(fingerprint, Place::Whole { place, labels });
        }
        true
    }

    /// The series of a label set that was known before; `None` where the rule does not look at it.
    pub(super) fn adopt(&mut self, rule: usize, series: &Labels) -> Option<usize> {
        let (selector, _) = self.rules.get(rule)?.each.as_ref()?;
        if !selector.matches(series) {
            return None;
        }
        let slot = self.series.adopt(&selector.metric, series)?;
        let index = slot.index;
        if !matches!(self.watched.get(index), Some(Some(_))) {
            self.notice(slot);
            if let Some(Some(watched)) = self.watched.get_mut(index) {
                watched.restored = true;
            }
        }
        self.restless.push(index);
        Some(index)
    }
}
