//! From the gathered values to the typed settings, noting every problem on the way.

use std::collections::{BTreeMap, BTreeSet};

use super::setting::{Setting, catalogue};
use super::settings::Settings;
use super::value::{Raw, Value};
use super::{Origin, Problem};

/// A value with its place.
#[derive(Debug, Clone)]
pub(super) struct Assigned {
    pub(super) raw: Raw,
    pub(super) origin: Origin,
}

/// The strongest value of each key.
pub(super) type Values = BTreeMap<String, Assigned>;

#[derive(Debug)]
pub(super) struct Reader<'a> {
    values: &'a Values,
    rows: Vec<&'static Setting>,
    problems: Vec<Problem>,
}

/// Reads all settings; nothing when there are problems.
pub(super) fn read(values: &Values) -> (Option<Settings>, Vec<Problem>) {
    let mut reader = Reader {
        values,
        rows: catalogue(),
        problems: Vec::new(),
    };
    let settings = Settings::read(&mut reader, "");
    reader.check_order();
    (settings, reader.problems)
}

impl Reader<'_> {
    /// The setting `prefix` + `field`; nothing after noting a problem.
    pub(super) fn take<T: Value>(&mut self, prefix: &str, field: &str) -> Option<T> {
        let key = format!("{prefix}{field}");
        let row = self.rows.iter().find(|row| row.is_at(&key))?;
        let Some(assigned) = self.values.get(&key) else {
            let absent = T::absent();
            if absent.is_none() {
                let variable = Setting::variable_of(&key);
                let message = format!(
                    "required; allowed is {}; set it in aurora.toml or as {variable}",
                    row.allowed
                );
                self.problems.push(Problem::missing(key, message));
            }
            return absent;
        };
        let fits = row.only.is_none_or(|only| (only.holds)(&assigned.raw));
        let value = T::read(&assigned.raw).filter(|_| fits);
        if value.is_none() {
            let message = if T::IS_SECRET {
                format!("not allowed (its value is not shown); allowed is {}", row.allowed)
            } else {
                format!("found {}; allowed is {}", assigned.raw.shown(), row.allowed)
            };
            self.problems
                .push(Problem::new(key, assigned.origin.clone(), message));
        }
        value
    }

    /// The sections below `prefix`, each under the name that the configuration gave it.
    pub(super) fn named<T>(
        &mut self,
        prefix: &str,
        read: fn(&mut Self, &str) -> Option<T>,
    ) -> Option<BTreeMap<String, T>> {
        let mut found = Some(BTreeMap::new());
        for name in self.names_below(prefix) {
            match read(self, &format!("{prefix}{name}.")) {
                Some(section) => {
                    if let Some(sections) = found.as_mut() {
                        sections.insert(name, section);
                    }
                }
                None => found = None,
            }
        }
        found
    }

    fn names_below(&self, prefix: &str) -> BTreeSet<String> {
        let below = self.values.keys().filter_map(|key| key.strip_prefix(prefix));
        below
            .filter_map(|rest| rest.split('.').next())
            .map(str::to_owned)
            .collect()
    }

    /// The one rule over several settings: the order can name only providers that exist.
    fn check_order(&mut self) {
        let Some(assigned) = self.values.get("llm.order") else {
            return;
        };
        let mut known = self.names_below("llm.openai_compatible.");
        known.extend(["openai", "anthropic", "simulated"].map(str::to_owned));
        let order = Vec::<String>::read(&assigned.raw).unwrap_or_default();
        for name in order.iter().filter(|name| !known.contains(*name)) {
            let known = known.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
            let message = format!("found {name:?}, which is no provider; allowed are {known}");
            self.problems
                .push(Problem::new("llm.order", assigned.origin.clone(), message));
        }
    }
}
