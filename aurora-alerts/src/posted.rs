//! Alerts that somebody else found: posted, as Prometheus posts them to Alertmanager.

use std::collections::BTreeMap;

use aurora_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::labels::{Fingerprint, Labels};
use crate::pipeline::Facts;
use crate::rule::Severity;

/// The most labels or annotations of a posted alert.
const MOST: usize = 128;
/// The longest name of a label or annotation, in bytes.
const LONGEST_NAME: usize = 256;
/// The longest text of a label or annotation, in bytes.
const LONGEST_TEXT: usize = 8 * 1024;

/// An alert that this engine's rules did not find, in the shape of Alertmanager's `POST /api/v2/alerts`.
///
/// It fires until its end, until it is posted with an end that has passed, or for the engine's resolve timeout after it
/// was last posted without one. Its identity are its labels.
///
/// # Examples
/// ```
/// use aurora_alerts::PostedAlert;
///
/// let alert = PostedAlert::new([("alertname", "Backup failed"), ("severity", "critical"), ("host", "db1")])
///     .annotation("description", "the nightly backup of db1 did not end");
/// assert!(alert.problem().is_none());
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct PostedAlert {
    /// What tells it from others; `alertname` is its name, `severity` how bad it is.
    pub labels: Labels,
    /// Texts for people; `description` or `summary` is shown first.
    pub annotations: BTreeMap<String, String>,
    /// Since when; now, where it is left out.
    pub starts_at: Option<Timestamp>,
    /// Until when.
    pub ends_at: Option<Timestamp>,
    /// A page that tells more.
    #[serde(rename = "generatorURL")]
    pub generator_url: Option<String>,
}

impl PostedAlert {
    /// An alert with these labels that fires from now on.
    #[must_use]
    pub fn new(labels: impl Into<Labels>) -> Self {
        Self {
            labels: labels.into(),
            ..Self::default()
        }
    }

    /// A text for people.
    #[must_use]
    pub fn annotation(mut self, name: impl Into<String>, text: impl Into<String>) -> Self {
        self.annotations.insert(name.into(), text.into());
        self
    }

    /// Since when.
    #[must_use]
    pub const fn starts_at(mut self, at: Timestamp) -> Self {
        self.starts_at = Some(at);
        self
    }

    /// Until when; in the past it says that the alert is over.
    #[must_use]
    pub const fn ends_at(mut self, at: Timestamp) -> Self {
        self.ends_at = Some(at);
        self
    }

    /// A page that tells more.
    #[must_use]
    pub fn generator_url(mut self, url: impl Into<String>) -> Self {
        self.generator_url = Some(url.into());
        self
    }

    /// The identity that its alert has in the engine.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        self.labels.fingerprint()
    }

    /// What is wrong with it, if something is: no label, too many or too long ones, an end before its beginning.
    #[must_use]
    pub fn problem(&self) -> Option<String> {
        if self.labels.is_empty() {
            return Some("an alert needs at least one label with a value".to_owned());
        }
        if self.labels.len() > MOST || self.annotations.len() > MOST {
            return Some(format!(
                "an alert can have at most {MOST} labels and {MOST} annotations"
            ));
        }
        let annotations = self
            .annotations
            .iter()
            .map(|(name, text)| (name.as_str(), text.as_str()));
        for (name, text) in self.labels.iter().chain(annotations) {
            if name.is_empty() || name.len() > LONGEST_NAME {
                return Some(format!("names must have 1 to {LONGEST_NAME} bytes"));
            }
            if text.len() > LONGEST_TEXT {
                return Some(format!("texts can have at most {LONGEST_TEXT} bytes"));
            }
        }
        if self
            .generator_url
            .as_ref()
            .is_some_and(|url| url.len() > LONGEST_TEXT)
        {
            return Some(format!("generatorURL can have at most {LONGEST_TEXT} bytes"));
        }
        match (self.starts_at, self.ends_at) {
            (Some(start), Some(end)) if end < start => Some("it ends before it starts".to_owned()),
            _ => None,
        }
    }

    pub(crate) fn into_facts(self, starts_at: Timestamp) -> Facts {
        let text = |name: &str| self.annotations.get(name).cloned();
        Facts {
            fingerprint: self.fingerprint(),
            rule: self.labels.get("alertname").unwrap_or("alert").to_owned(),
            severity: severity(self.labels.get("severity").unwrap_or_default()),
            metric: None,
            value: None,
            operator: None,
            threshold: None,
            description: text("description")
                .or_else(|| text("summary"))
                .unwrap_or_default(),
            labels: self.labels,
            annotations: self.annotations,
            generator_url: self.generator_url,
            starts_at,
        }
    }
}

/// The severities that others use, in our words.
fn severity(name: &str) -> Severity {
    match name.to_ascii_lowercase().as_str() {
        "critical" | "page" | "error" | "fatal" | "emergency" | "disaster" | "high" => Severity::Critical,
        "info" | "information" | "informational" | "none" | "debug" | "low" => Severity::Info,
        _ => Severity::Warning,
    }
}
