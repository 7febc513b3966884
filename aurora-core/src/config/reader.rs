//! From the gathered values to the typed settings, noting every problem on the way.

use std::collections::{BTreeMap, BTreeSet};

use super::setting::{Setting, catalogue};
use super::settings::{self, Settings};
use super::value::{Raw, Value};
use super::{Origin, Problem};

/// A value with its place.
#[derive(Debug, Clone)]
pub(super) struct Assigned {
    pub(super) raw: Raw,
    pub(super) origin: Origin,
    /// Why it is no value at all; told only when no stronger layer replaces it.
    pub(super) fault: Option<String>,
}

impl Assigned {
    pub(super) const fn new(raw: Raw, origin: Origin) -> Self {
        Self {
            raw,
            origin,
            fault: None,
        }
    }
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
    settings::check(&mut reader);
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
                let message = format!("required; {}", how_to_set(row, &key));
                self.problems.push(Problem::missing(key, message));
            }
            return absent;
        };
        if let Some(fault) = &assigned.fault {
            self.problems
                .push(Problem::new(key, assigned.origin.clone(), fault.as_str()));
            return None;
        }
        let value = fitting::<T>(row, &assigned.raw);
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

    pub(super) fn names_below(&self, prefix: &str) -> BTreeSet<String> {
        let below = self.values.keys().filter_map(|key| key.strip_prefix(prefix));
        below
            .filter_map(|rest| rest.split('.').next())
            .map(str::to_owned)
            .collect()
    }

    /// The value of a setting for a rule; nothing when it is not set or not allowed, which is noted elsewhere.
    pub(super) fn peek<T: Value>(&self, key: &str) -> Option<T> {
        let row = self.rows.iter().find(|row| row.is_at(key))?;
        let assigned = self.values.get(key).filter(|assigned| assigned.fault.is_none())?;
        fitting(row, &assigned.raw)
    }

    pub(super) fn is_set(&self, key: &str) -> bool {
        self.values.contains_key(key)
    }

    /// Notes that a setting does not fit to others.
    pub(super) fn refuse(&mut self, key: &str, message: impl Into<String>) {
        let origin = self.values.get(key).map(|assigned| assigned.origin.clone());
        self.problems.push(match origin {
            Some(origin) if origin != Origin::Default => Problem::new(key, origin, message),
            _ => Problem::missing(key, message),
        });
    }

    /// Notes that a setting is missing that others need.
    pub(super) fn require(&mut self, key: &str, others: &str) {
        if self.is_set(key) {
            return;
        }
        if let Some(row) = self.rows.iter().find(|row| row.is_at(key)) {
            let message = format!("required with {others}; {}", how_to_set(row, key));
            self.problems.push(Problem::missing(key, message));
        }
    }
}

fn fitting<T: Value>(row: &Setting, raw: &Raw) -> Option<T> {
    let fits = row.only.is_none_or(|only| (only.holds)(raw));
    T::read(raw).filter(|_| fits)
}

fn how_to_set(row: &Setting, key: &str) -> String {
    let named = row.variables.first().map(|name| (*name).to_owned());
    let variable = named.unwrap_or_else(|| Setting::variable_of(key));
    format!(
        "allowed is {}; set it in aurora.toml or as {variable}",
        row.allowed
    )
}
