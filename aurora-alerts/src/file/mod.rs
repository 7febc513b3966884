//! Rules, routes, receivers, inhibition and named times from YAML and TOML.
//!
//! A file is read as a whole: everything that is wrong is told at once, each problem with its file, line and column, and
//! a key that is unknown is a problem too. Nothing is guessed: what a file does not say has the default of the code.
//!
//! ```yaml
//! rules:
//!   - name: Error rate high
//!     metric: error_rate
//!     matchers: ['provider=~"open.*"']
//!     operator: ">"
//!     threshold: 20
//!     recovery: 15
//!     severity: warning
//!     for: 1m
//!     cooldown: 5m
//!   - name: Slow
//!     when: p99(response_time[5m]) > 5
//!     severity: critical
//!     escalation:
//!       steps:
//!         - { after: 5m, receiver: on-call }
//! route:
//!   receiver: team
//!   group_by: [alertname]
//!   routes:
//!     - matchers: [severity="critical"]
//!       receiver: on-call
//!       mute_time_intervals: [nights]
//! receivers:
//!   team: [slack, email]
//!   on-call: pagerduty
//! time_intervals:
//!   nights:
//!     times: [{ start_time: "22:00", end_time: "24:00" }]
//!     location: America/Sao_Paulo
//! ```
//!
//! The same in TOML begins
//!
//! ```toml
//! [[rules]]
//! name = "Error rate high"
//! metric = "error_rate"
//! matchers = ['provider=~"open.*"']
//! operator = ">"
//! threshold = 20
//! recovery = 15
//! severity = "warning"
//! for = "1m"
//! cooldown = "5m"
//!
//! [route]
//! receiver = "team"
//! group_by = ["alertname"]
//!
//! [receivers]
//! team = ["slack", "email"]
//! ```
//!
//! Complete files in both formats with every key are `examples/alerts/rules.yaml` and `examples/alerts/rules.toml`.
//!
//! | key | what it holds |
//! | --- | --- |
//! | `rules` | a list of rules; see below |
//! | `route` | the root of the tree: `receiver`, `matchers`, `group_by` (`["..."]` for each alert on its own), `group_wait`, `group_interval`, `repeat_interval`, `mute_time_intervals`, `active_time_intervals`, `unseen` (`mention`, `drop`), `continue`, `routes` |
//! | `receivers` | a map of names and the channels of each |
//! | `inhibit` | a list of `source_matchers`, `target_matchers`, `equal` |
//! | `time_intervals` | a map of names and an interval or a list of them, or Alertmanager's list of `name` and `time_intervals` |
//!
//! | key of a rule | what it holds |
//! | --- | --- |
//! | `name` | required, unique in the file |
//! | `metric`, `matchers`, `window`, `aggregate`, `operator`, `threshold`, `recovery` | a threshold; `aggregate` is `last`, `mean`, `min`, `max`, `sum`, `count`, `rate`, `p50`, `p95`, `p99` or `percentile(n)` and needs a `window` |
//! | `when` | the same in short: `error_rate{provider=~"open.*"} > 20`, `mean(error_rate[5m]) > 20`; beside it only `recovery` |
//! | `change` | `metric`, `matchers`, `window`, `measure` (`absolute`, `per_second`, `percent`), `operator`, `threshold`, `recovery` |
//! | `absent` | `metric`, `matchers`, `after` |
//! | `heartbeat` | `metric`, `matchers`, `every`, `grace` (default zero) |
//! | `anomaly` | `metric`, `matchers`, `baseline`: `robust` with `window`, `ewma` with `half_life`, or `seasonal` with `period` and `slots`; `score` (default 3.5), `recovery`, `direction` (`both`, `above`, `below`), `warm_up` (default 30) |
//! | `burn_rate` | `errors`, `total` (selectors), `objective` (`0.999` or `99.9%`), `windows` (`long`, `short`, `factor`) or `preset` (`page`, `ticket`), `minimum_events` (default 10) |
//! | `all`, `any`, `not` | conditions, each as these keys or in short |
//! | `severity` | `info`, `warning`, `critical` |
//! | `description` | text |
//! | `for`, `keep_firing_for`, `cooldown`, `stale_after` | durations; `cooldown_seconds` takes whole seconds |
//! | `no_data` | `resolve`, `fire` |
//! | `escalation` | `steps` (`after`, `receiver`), `repeat`, `threshold`; the last also as `escalation_threshold` of the rule |
//! | `flapping` | `window`, `start`, `stop`, `digest_every`, or `false` |
//! | `labels`, `annotations` | maps of texts |
//!
//! A duration is whole numbers with units, `y w d h m s ms`, the longest first: `1h30m`. Matchers are a list of texts, one
//! text (`{a="b", c=~"d"}`), or a map of labels and their values. A list of one may be written as the one.

mod anomaly;
mod burn_rate;
mod conditions;
mod duration;
mod expression;
mod fields;
mod findings;
mod node;
mod routes;
mod rules;
mod times;
mod toml;
mod written;
mod yaml;

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use self::fields::Fields;
use self::findings::Findings;
use self::node::{Node, Value};
pub use self::written::definition;
use crate::error::Error;
use crate::route::Routing;
use crate::rule::Rule;

/// The largest file, in bytes.
const LARGEST: usize = 1 << 20;
/// How deep lists and maps may be nested.
const MOST_DEPTH: usize = 32;
/// How many values a file may have, with the aliases of YAML written out.
const MOST_NODES: usize = 100_000;

/// The format of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// YAML 1.2 with the core schema; one document. Tags of one's own have no meaning, merge keys (`<<`) neither.
    Yaml,
    /// TOML 1.1.
    Toml,
}

impl Format {
    /// The format that the ending of a file name stands for: `.yaml`, `.yml` or `.toml`.
    #[must_use]
    pub fn of(path: impl AsRef<Path>) -> Option<Self> {
        match path.as_ref().extension()?.to_str()? {
            "yaml" | "yml" => Some(Self::Yaml),
            "toml" => Some(Self::Toml),
            _ => None,
        }
    }
}

/// What one file says about alerts.
///
/// # Examples
/// ```
/// use aurora_alerts::file::{AlertFile, Format};
///
/// let text = "
/// rules:
///   - name: Error rate high
///     when: mean(error_rate[5m]) > 20
///     severity: critical
/// route:
///   receiver: slack
/// ";
/// let file = AlertFile::parse("alerts.yaml", text, Format::Yaml)?;
/// assert_eq!(file.rules[0].name(), "Error rate high");
///
/// let error = AlertFile::parse("alerts.yaml", &text.replace("severity", "severty"), Format::Yaml).unwrap_err();
/// assert_eq!(
///     error.problems()[0].to_string(),
///     r#"alerts.yaml:5:5: rule "Error rate high": unknown key "severty"; did you mean "severity"?"#
/// );
/// # Ok::<(), aurora_alerts::Error>(())
/// ```
///
/// The complete examples, which say the same in both formats:
///
/// ```
/// # use aurora_alerts::AlertFile;
/// let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/alerts");
/// let yaml = AlertFile::read(format!("{folder}/rules.yaml"))?;
/// assert_eq!(yaml, AlertFile::read(format!("{folder}/rules.toml"))?);
/// # Ok::<(), aurora_alerts::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct AlertFile {
    /// The rules, in the order of the file.
    pub rules: Vec<Rule>,
    /// The route, receivers, inhibition and named times.
    pub routing: Routing,
}

impl AlertFile {
    /// Reads a file, whose ending tells the format. Blocks while the file is read.
    ///
    /// Whether the receivers of routes and of escalations exist is known only together with the channels, when an engine
    /// is built.
    ///
    /// # Errors
    /// With every problem at once: what [`parse`](Self::parse) says, a file that cannot be read or has more than 1 MiB,
    /// an ending that is none of `.yaml`, `.yml` and `.toml`.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        let name = path.display().to_string();
        let Some(format) = Format::of(path) else {
            return Err(Error::invalid(name, "the name must end in .yaml, .yml or .toml"));
        };
        match text_of(path) {
            Ok(text) => Self::parse(&name, &text, format),
            Err(error) => Err(Error::invalid(name, format!("cannot be read: {error}"))),
        }
    }

    /// Reads a text; `name` is that of the file, for messages.
    ///
    /// # Errors
    /// With every problem at once, at most 100, each with its place: what is not of the format, keys that are unknown or
    /// missing, values that are not what their key takes, and everything that
    /// [`RuleBuilder::build`](crate::rule::RuleBuilder::build) refuses.
    pub fn parse(name: &str, text: &str, format: Format) -> Result<Self, Error> {
        let mut findings = Findings::new(name);
        let mut file = Self::default();
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        if text.len() > LARGEST {
            findings.add_whole(format!("the file has more than {LARGEST} bytes"));
        } else {
            let tree = match format {
                Format::Yaml => yaml::parse(text, &mut findings),
                Format::Toml => toml::parse(text, &mut findings),
            };
            if let Some(tree) = tree {
                file.take(&tree, &mut findings);
            }
        }
        findings.finish()?;
        Ok(file)
    }

    fn take(&mut self, tree: &Node, findings: &mut Findings) {
        if matches!(tree.value, Value::Null) {
            return;
        }
        let Some(mut fields) = Fields::of("the file", tree, findings) else {
            return;
        };
        if !fields.given(&["groups"]).is_empty() {
            let detail = "this is a file of Prometheus (groups of alerting rules), which is not read yet; \
                          write its rules under the key rules";
            findings.add(fields.place("groups"), detail);
            return;
        }
        if let Some(node) = fields.take("rules") {
            self.rules = rules::rules(node, findings);
        }
        if let Some(node) = fields.take("receivers") {
            self.routing.receivers = routes::receivers(node, findings);
        }
        if let Some(node) = fields.take("inhibit") {
            self.routing.inhibit = routes::inhibit(node, findings);
        }
        if let Some(node) = fields.take("time_intervals") {
            self.routing.times = routes::times(node, findings);
        }
        let names = self.routing.times.iter().map(|(name, _)| name.as_str()).collect();
        if let Some(node) = fields.take("route") {
            self.routing.root = routes::root(node, &names, findings);
        }
        fields.finish(findings);
    }
}

/// The text of a file that is not too large; a little more of one that is, so that this is said.
fn text_of(path: &Path) -> io::Result<String> {
    let mut bytes = Vec::new();
    let most = u64::try_from(LARGEST).unwrap_or(u64::MAX);
    File::open(path)?.take(most + 8).read_to_end(&mut bytes)?;
    String::from_utf8(bytes).or_else(|error| {
        if error.as_bytes().len() > LARGEST {
            return Ok(String::from_utf8_lossy(error.as_bytes()).into_owned());
        }
        Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "the text is not UTF-8",
        ))
    })
}

#[cfg(test)]
mod tests;
