//! What people have said about rules, as it is kept and read back.

use std::collections::BTreeMap;

use aurora_alerts::file::Format;
use aurora_alerts::{AlertFile, Error, Rule};
use serde_json::{Map, Value, json};

use super::{Entry, Faults};

/// The names of kept rules begin with it.
const PREFIX: &str = "rule/";

/// The rules in force: `base` as changed by what is kept. What cannot be understood is logged and left out.
pub(crate) fn in_force(base: &[Rule], kept: &BTreeMap<String, String>) -> Vec<Rule> {
    let entries: BTreeMap<&str, Entry> = kept
        .iter()
        .filter_map(|(name, text)| Some((name.as_str(), read(name, text)?)))
        .collect();
    let changed = |name: &str| -> Option<Rule> {
        match written(entries.get(name)?)? {
            Ok(rule) => Some(rule),
            Err(error) => {
                tracing::error!(rule = name, %error, "a kept rule makes no sense and is not in force");
                None
            }
        }
    };
    let is_enabled = |name: &str| entries.get(name).is_none_or(|entry| entry.enabled);
    let of_base = base
        .iter()
        .filter(|rule| is_enabled(rule.name()))
        .map(|rule| changed(rule.name()).unwrap_or_else(|| rule.clone()));
    let is_of_base = |name: &str| base.iter().any(|rule| rule.name() == name);
    let own = entries
        .iter()
        .filter(|(name, entry)| entry.enabled && !is_of_base(name))
        .filter_map(|(name, _)| changed(name));
    of_base.chain(own).collect()
}

/// Those of the kept texts that are rules, by the name of the rule.
pub(crate) fn of_rules(kept: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let rules = kept
        .iter()
        .filter_map(|(name, text)| Some((name.strip_prefix(PREFIX)?.to_owned(), text.clone())));
    rules.collect()
}

/// A rule as people write it.
pub(crate) fn parse(definition: &Map<String, Value>) -> Result<Rule, Faults> {
    read_rule(definition).map_err(|error| Faults::of(error, definition))
}

fn read_rule(definition: &Map<String, Value>) -> Result<Rule, Error> {
    // JSON is YAML, so that rules of files and rules of the API are read by the same words and the same checks.
    let text = serde_json::to_string_pretty(&json!({"rules": [definition]})).unwrap_or_default();
    let file = AlertFile::parse("rule", &text, Format::Yaml)?;
    let mut rules = file.rules.into_iter();
    // A list of one gives one rule or an error; a rule without anything says what is missing.
    rules.next().map_or_else(|| Rule::new("").build(), Ok)
}

pub(super) fn key(name: &str) -> String {
    format!("{PREFIX}{name}")
}

pub(super) fn read(name: &str, text: &str) -> Option<Entry> {
    let entry = serde_json::from_str(text);
    if let Err(error) = &entry {
        tracing::error!(rule = name, %error, "a kept rule cannot be read");
    }
    entry.ok()
}

pub(super) fn written(entry: &Entry) -> Option<Result<Rule, Error>> {
    entry.rule.as_ref().map(read_rule)
}
