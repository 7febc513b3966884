//! Label sets: what tells one series of a metric, and one alert of a rule, from another.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize};

/// A set of labels, sorted by name.
///
/// A label with an empty value is the same as no label, as in Prometheus and Alertmanager, and is left out.
///
/// # Examples
/// ```
/// use aurora_alerts::Labels;
///
/// let labels = Labels::from([("provider", "openai"), ("region", "")]);
/// assert_eq!(labels.get("provider"), Some("openai"));
/// assert_eq!(labels.to_string(), r#"{provider="openai"}"#);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Labels(BTreeMap<String, String>);

impl Labels {
    /// The empty set.
    #[must_use]
    pub const fn new() -> Self {
        Self(BTreeMap::new())
    }

    /// Sets one label; an empty value removes it.
    pub fn insert(&mut self, name: impl Into<String>, value: impl Into<String>) {
        let (name, value) = (name.into(), value.into());
        if value.is_empty() {
            self.0.remove(&name);
        } else {
            self.0.insert(name, value);
        }
    }

    /// The value of one label.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// All labels in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// How many labels there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no label.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The hash by which Prometheus tells label sets apart: FNV-1a 64 over each name, `0xff`, value, `0xff`.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(self.texts())
    }

    fn texts(&self) -> impl Iterator<Item = &str> {
        self.iter().flat_map(|(name, value)| [name, value])
    }
}

impl<K: Into<String>, V: Into<String>> FromIterator<(K, V)> for Labels {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(pairs: I) -> Self {
        let mut labels = Self::new();
        for (name, value) in pairs {
            labels.insert(name, value);
        }
        labels
    }
}

impl<K: Into<String>, V: Into<String>, const N: usize> From<[(K, V); N]> for Labels {
    fn from(pairs: [(K, V); N]) -> Self {
        pairs.into_iter().collect()
    }
}

impl<'de> Deserialize<'de> for Labels {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(BTreeMap::<String, String>::deserialize(deserializer)?
            .into_iter()
            .collect())
    }
}

impl fmt::Display for Labels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{")?;
        for (index, (name, value)) in self.iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            write!(f, "{comma}{name}={value:?}")?;
        }
        f.write_str("}")
    }
}

/// The identity of an alert: the hash of the name of its rule and the labels of its series.
///
/// The same alert has the same fingerprint after a restart and in every process. Shown and serialised as 16
/// hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(u64);

impl Fingerprint {
    /// The identity of a rule's alert on one series.
    ///
    /// The rule's labels are left out: with them, a series that lacks one of them and a series that has it would be
    /// one alert.
    pub(crate) fn of_alert(rule: &str, series: &Labels) -> Self {
        Self::of([rule].into_iter().chain(series.texts()))
    }

    fn of<'a>(texts: impl Iterator<Item = &'a str>) -> Self {
        const OFFSET: u64 = 14_695_981_039_346_656_037;
        const PRIME: u64 = 1_099_511_628_211;
        let mut hash = OFFSET;
        for text in texts {
            for byte in text.bytes().chain([0xff]) {
                hash = (hash ^ u64::from(byte)).wrapping_mul(PRIME);
            }
        }
        Self(hash)
    }

    /// The identity with this hash, such as one that was kept as a number.
    #[must_use]
    pub const fn from_u64(hash: u64) -> Self {
        Self(hash)
    }

    /// The hash as a number.
    #[must_use]
    pub const fn as_u64(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// The text was not a fingerprint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a fingerprint of 16 hexadecimal digits")]
pub struct ParseFingerprintError;

impl FromStr for Fingerprint {
    type Err = ParseFingerprintError;

    fn from_str(text: &str) -> Result<Self, ParseFingerprintError> {
        if text.len() != 16 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(ParseFingerprintError);
        }
        u64::from_str_radix(text, 16)
            .map(Self)
            .map_err(|_| ParseFingerprintError)
    }
}

aurora_core::serde_as_text!(Fingerprint);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprints_are_those_of_fnv_1a_with_separators() {
        assert_eq!(Labels::new().fingerprint().as_u64(), 14_695_981_039_346_656_037);
        let a = Labels::from([("a", "bc")]).fingerprint();
        assert_ne!(
            a,
            Labels::from([("ab", "c")]).fingerprint(),
            "the separator keeps name and value apart"
        );
        assert_eq!(a, Labels::from([("a", "bc"), ("d", "")]).fingerprint());
        assert_eq!(a.to_string().parse::<Fingerprint>().unwrap(), a);
        assert!("+123456789abcdef".parse::<Fingerprint>().is_err());
    }

    #[test]
    fn empty_values_vanish_also_when_read_from_json() {
        let labels: Labels = serde_json::from_str(r#"{"a":"1","b":""}"#).unwrap();
        assert_eq!(labels, Labels::from([("a", "1")]));
        assert_eq!(serde_json::to_string(&labels).unwrap(), r#"{"a":"1"}"#);
    }
}
