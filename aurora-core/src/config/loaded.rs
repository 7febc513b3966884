//! The settings as they are in force.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use serde::Serialize;
use serde_json::Value as Json;

use super::reader::{self, Values};
use super::setting::{Setting, catalogue};
use super::variables::Found;
use super::{Error, Origin, Problem, Settings};

/// What stands in the place of a secret.
const REDACTED: &str = "[redacted]";

/// Settings together with where each came from; a clone is another handle to the same.
#[derive(Debug, Clone)]
pub struct Loaded {
    inner: Arc<Inner>,
}

#[derive(Debug, Clone)]
struct Inner {
    settings: Settings,
    values: Values,
    warnings: Vec<Problem>,
}

/// One setting as it is in force: its key, its value unless it is a secret, and where that came from.
///
/// Its text is one line of [`Loaded::effective`]; serialised it is `{"key", "value", "is_secret", "origin"}`, where
/// `value` and `origin` are `null` for what is not set, and a secret's `value` is `"[redacted]"`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Entry {
    key: String,
    value: Json,
    is_secret: bool,
    origin: Option<Origin>,
}

impl Loaded {
    /// Lays the layers over one another, the weakest first, and reads the settings.
    pub(super) fn from_layers(layers: Vec<Found>) -> Result<Self, Error> {
        let mut values = Values::new();
        let mut problems = Vec::new();
        let mut warnings = Vec::new();
        for layer in layers {
            values.extend(layer.values);
            problems.extend(layer.problems);
            warnings.extend(layer.warnings);
        }
        let (settings, wrong) = reader::read(&values);
        problems.extend(wrong);
        match settings {
            Some(settings) if problems.is_empty() => Ok(Self {
                inner: Arc::new(Inner {
                    settings,
                    values,
                    warnings,
                }),
            }),
            _ => Err(Error::new(problems).with(warnings)),
        }
    }

    /// The settings.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.inner.settings
    }

    /// The settings, without their origins.
    #[must_use]
    pub fn into_settings(self) -> Settings {
        Arc::unwrap_or_clone(self.inner).settings
    }

    /// Where the value of a dotted key came from; nothing when it is not set and has no default, or is unknown.
    #[must_use]
    pub fn origin_of(&self, key: &str) -> Option<&Origin> {
        self.inner.values.get(key).map(|assigned| &assigned.origin)
    }

    /// What is allowed but probably not meant: two variables of one setting that disagree, a name with a typo in a
    /// `.env` file.
    #[must_use]
    pub fn warnings(&self) -> &[Problem] {
        &self.inner.warnings
    }

    /// Every setting in the order of the keys, secrets redacted.
    #[must_use]
    pub fn entries(&self) -> Vec<Entry> {
        let rows = catalogue();
        let values = &self.inner.values;
        let unset = rows
            .iter()
            .filter(|row| !row.key.contains('*') && !values.contains_key(row.key));
        let mut entries: Vec<Entry> = unset
            .map(|row| Entry {
                key: row.key.to_owned(),
                value: Json::Null,
                is_secret: row.is_secret,
                origin: None,
            })
            .collect();
        entries.extend(values.iter().filter_map(|(key, assigned)| {
            let row = row_at(&rows, key)?;
            let value = match row.is_secret {
                true => Some(Json::from(REDACTED)),
                false => row.value_of(&assigned.raw),
            };
            Some(Entry {
                key: key.clone(),
                value: value?,
                is_secret: row.is_secret,
                origin: Some(assigned.origin.clone()),
            })
        }));
        entries.sort_by(|one, two| one.key.cmp(&two.key));
        entries
    }

    /// Every setting with its value and its origin, a line each, in the order of the keys. Secrets are not shown.
    #[must_use]
    pub fn effective(&self) -> String {
        let lines = self.entries().into_iter().map(|entry| format!("{entry}\n"));
        lines.collect()
    }

    /// The keys whose values differ from those of `other`, in their order; where a value came from does not matter.
    #[must_use]
    pub fn differences(&self, other: &Self) -> Vec<String> {
        let rows = catalogue();
        let (ours, theirs) = (&self.inner.values, &other.inner.values);
        let keys: BTreeSet<&String> = ours.keys().chain(theirs.keys()).collect();
        let differs = |key: &&String| match (ours.get(*key), theirs.get(*key)) {
            (Some(one), Some(two)) => !row_at(&rows, key).is_some_and(|row| row.is_same(&one.raw, &two.raw)),
            _ => true,
        };
        keys.into_iter().filter(differs).cloned().collect()
    }
}

#[cfg(test)]
impl Loaded {
    /// Tells whether somebody still holds these settings.
    pub(super) fn weak(&self) -> std::sync::Weak<impl Sized + use<>> {
        Arc::downgrade(&self.inner)
    }
}

fn row_at(rows: &[&'static Setting], key: &str) -> Option<&'static Setting> {
    rows.iter().find(|row| row.is_at(key)).copied()
}

impl Entry {
    /// The dotted key.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Where the value came from; nowhere when it is not set.
    #[must_use]
    pub const fn origin(&self) -> Option<&Origin> {
        self.origin.as_ref()
    }

    /// Whether the value is never shown.
    #[must_use]
    pub const fn is_secret(&self) -> bool {
        self.is_secret
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.origin {
            None => write!(f, "{} is not set", self.key),
            Some(origin) if self.is_secret => write!(f, "{} = {REDACTED}  ({origin})", self.key),
            Some(origin) => write!(f, "{} = {}  ({origin})", self.key, self.value),
        }
    }
}
