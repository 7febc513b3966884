//! Alerts that keep others back.

use std::collections::BTreeMap;

use crate::labels::{Fingerprint, Labels};
use crate::pipeline::known::Known;
use crate::route::InhibitRule;

/// For each rule: the values of its equal labels, and the firing sources that have them.
///
/// Made anew when alerts have changed, so that a look costs no walk over all of them.
#[derive(Debug, Default)]
pub(crate) struct Inhibition {
    sources: Vec<BTreeMap<Vec<String>, Vec<Source>>>,
}

#[derive(Debug, Clone, Copy)]
struct Source {
    fingerprint: Fingerprint,
    /// Whether it is a target of the same rule too.
    is_target: bool,
}

impl Inhibition {
    pub(crate) fn new<'a>(rules: &[InhibitRule], alerts: impl Iterator<Item = &'a Known>) -> Self {
        if rules.is_empty() {
            return Self::default();
        }
        let mut sources = vec![BTreeMap::<_, Vec<Source>>::new(); rules.len()];
        for known in alerts.filter(|known| known.is_firing()) {
            let labels = known.matched();
            for (rule, sources) in rules.iter().zip(&mut sources) {
                if rule.source.matches(&labels) {
                    sources.entry(values(rule, &labels)).or_default().push(Source {
                        fingerprint: known.facts.fingerprint,
                        is_target: rule.target.matches(&labels),
                    });
                }
            }
        }
        Self { sources }
    }

    /// The alert that keeps `target` back, if one does.
    pub(crate) fn by(&self, rules: &[InhibitRule], target: &Known) -> Option<Fingerprint> {
        if self.sources.iter().all(BTreeMap::is_empty) {
            return None;
        }
        let labels = target.matched();
        rules.iter().zip(&self.sources).find_map(|(rule, sources)| {
            if sources.is_empty() || !rule.target.matches(&labels) {
                return None;
            }
            let is_source = rule.source.matches(&labels);
            sources
                .get(&values(rule, &labels))?
                .iter()
                // What is on both sides is not kept back by what is on both sides, itself included.
                .find(|source| !(is_source && source.is_target))
                .map(|source| source.fingerprint)
        })
    }
}

fn values(rule: &InhibitRule, labels: &Labels) -> Vec<String> {
    rule.equal
        .iter()
        .map(|name| labels.get(name).unwrap_or_default().to_owned())
        .collect()
}
