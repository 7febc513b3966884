//! What a builder says about routing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::rule::Rule;
use super::strategy::Strategy;

/// What a builder says about routing, before its names are looked up.
#[derive(Debug, Default)]
pub(in crate::client) struct Settings {
    pub(in crate::client) strategy: Strategy,
    pub(in crate::client) aliases: BTreeMap<String, AliasSettings>,
    pub(in crate::client) rules: Vec<Rule>,
}

/// An alias as the builder got it.
#[derive(Debug, Default)]
pub(in crate::client) struct AliasSettings {
    pub(in crate::client) targets: Vec<String>,
    pub(in crate::client) strategy: Option<Strategy>,
}

impl Settings {
    /// What is wrong with them, with targets of these names.
    pub(in crate::client) fn problems(&self, names: &BTreeSet<Arc<str>>) -> Vec<String> {
        let mut problems = Vec::new();
        for (alias, settings) in &self.aliases {
            if settings.targets.is_empty() {
                problems.push(format!("alias {alias:?} names no target"));
            }
            for target in settings
                .targets
                .iter()
                .filter(|target| !names.contains(target.as_str()))
            {
                problems.push(format!("alias {alias:?} names the unknown target {target:?}"));
            }
        }
        for (at, rule) in self.rules.iter().enumerate() {
            let rule_is = format!("rule {}", at + 1);
            for target in rule
                .targets
                .iter()
                .filter(|target| !names.contains(target.as_str()))
            {
                problems.push(format!("{rule_is} names the unknown target {target:?}"));
            }
            if let Some(alias) = rule
                .alias
                .as_ref()
                .filter(|alias| !self.aliases.contains_key(*alias))
            {
                problems.push(format!("{rule_is} names the unknown alias {alias:?}"));
            }
            if !rule.targets.is_empty() && rule.alias.is_some() {
                problems.push(format!(
                    "{rule_is} has both targets and an alias; one of them is enough"
                ));
            }
            if rule.targets.is_empty() && rule.alias.is_none() && rule.strategy.is_none() {
                problems.push(format!(
                    "{rule_is} says nothing; it needs targets, an alias or a strategy"
                ));
            }
        }
        problems
    }
}
