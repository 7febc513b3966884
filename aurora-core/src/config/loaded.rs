//! The settings as they are in force.

use super::reader::{self, Assigned, Values};
use super::setting::{Setting, catalogue};
use super::value::Raw;
use super::variables::Found;
use super::{Error, Origin, Settings};

/// Settings together with where each came from.
#[derive(Debug, Clone)]
pub struct Loaded {
    settings: Settings,
    values: Values,
}

impl Loaded {
    /// Lays the layers over one another, the weakest first, and reads the settings.
    pub(super) fn from_layers(layers: Vec<Found>, rows: &[&'static Setting]) -> Result<Self, Error> {
        let mut values = Values::new();
        let mut problems = Vec::new();
        for layer in layers {
            values.extend(layer.values);
            problems.extend(layer.problems);
        }
        let (settings, wrong) = reader::read(&values);
        problems.extend(wrong);
        match settings {
            Some(settings) if problems.is_empty() => {
                redact(&mut values, rows);
                Ok(Self { settings, values })
            }
            _ => Err(Error::new(problems)),
        }
    }

    /// The settings.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The settings, without their origins.
    #[must_use]
    pub fn into_settings(self) -> Settings {
        self.settings
    }

    /// Where the value of a dotted key came from; nothing when it is not set and has no default, or is unknown.
    #[must_use]
    pub fn origin_of(&self, key: &str) -> Option<&Origin> {
        self.values.get(key).map(|assigned| &assigned.origin)
    }

    /// Every setting with its value and its origin, a line each, in the order of the keys. Secrets are not shown.
    #[must_use]
    pub fn effective(&self) -> String {
        let rows = catalogue();
        let unset = rows
            .iter()
            .filter(|row| !row.key.contains('*') && !self.values.contains_key(row.key));
        let mut lines: Vec<String> = unset.map(|row| format!("{} is not set\n", row.key)).collect();
        let set = self.values.iter();
        lines.extend(
            set.map(|(key, Assigned { raw, origin })| format!("{key} = {}  ({origin})\n", raw.shown())),
        );
        lines.sort();
        lines.concat()
    }
}

/// From here on a secret exists only as a [`crate::secret::Secret`] of the settings.
fn redact(values: &mut Values, rows: &[&'static Setting]) {
    for (key, assigned) in values {
        if rows.iter().any(|row| row.is_secret && row.is_at(key)) {
            assigned.raw = Raw::Bare("[redacted]".to_owned());
        }
    }
}
