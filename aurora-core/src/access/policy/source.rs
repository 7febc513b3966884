//! From text to a policy, with everything that is wrong at once.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use super::decision::Challenge;
use super::{Assurance, Permission};
use crate::access::json;

const MOST_ROLES: usize = 1_000;
/// The longest `max_age` of a step-up, in seconds: 30 days.
const LONGEST_AGE: u64 = 30 * 86_400;

/// A policy as it is written, in JSON, TOML or whatever else serde reads; [`Policy::check`] makes a [`Policy`] of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicySource {
    /// Grows with each change; tokens that were issued under a smaller one are refused.
    pub version: u64,
    /// What each role grants.
    #[serde(default)]
    pub roles: BTreeMap<String, Vec<String>>,
    /// What needs a strong and fresh login.
    #[serde(default)]
    pub step_up: BTreeMap<String, StepUp>,
}

/// The login that a permission needs, as it is written.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepUp {
    /// `aal1`, `aal2` or `aal3`.
    pub acr: String,
    /// How old the login may be, in seconds: 1 to 2,592,000 (30 days).
    pub max_age: u64,
}

/// Which role may do what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy<P: Permission> {
    version: u64,
    roles: BTreeMap<String, BTreeSet<P>>,
    step_up: BTreeMap<P, Challenge>,
}

impl<P: Permission> Policy<P> {
    /// Reads a policy of JSON in which nothing stands twice.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn from_json(text: &str) -> Result<Self, PolicyError> {
        let one = |problem: String| PolicyError {
            problems: vec![problem],
        };
        let object = json::object(text.as_bytes())
            .ok_or_else(|| one("a policy is a JSON object in which nothing stands twice".to_owned()))?;
        let source =
            PolicySource::deserialize(Value::Object(object)).map_err(|error| one(error.to_string()))?;
        Self::check(source)
    }

    /// Makes a policy of what is written.
    ///
    /// # Errors
    /// Everything that is wrong with it: permissions that do not exist, each with the one that was probably meant,
    /// and what is empty, stands twice, or is out of range.
    pub fn check(source: PolicySource) -> Result<Self, PolicyError> {
        let mut problems = Vec::new();
        if source.roles.len() > MOST_ROLES {
            problems.push(format!("roles: at most {MOST_ROLES} are allowed"));
        }
        let mut roles = BTreeMap::new();
        for (role, names) in source.roles {
            let is_plain = |it: char| it.is_ascii_alphanumeric() || "-_.".contains(it);
            if role.is_empty() || role.len() > 64 || !role.chars().all(is_plain) {
                problems.push(format!(
                    "roles.{role:?}: a role is named with 1 to 64 of a-z, A-Z, 0-9, -, _ and ."
                ));
            }
            let mut granted = BTreeSet::new();
            for name in names {
                match P::named(&name) {
                    Some(permission) if granted.insert(permission) => {}
                    Some(_) => problems.push(format!("roles.{role}: {name:?} stands twice")),
                    None => problems.push(format!("roles.{role}: {}", unknown::<P>(&name))),
                }
            }
            roles.insert(role, granted);
        }
        let mut step_up = BTreeMap::new();
        for (name, asked) in source.step_up {
            let permission = P::named(&name);
            if permission.is_none() {
                problems.push(format!("step_up: {}", unknown::<P>(&name)));
            }
            let assurance = asked.acr.parse::<Assurance>();
            if assurance.is_err() {
                problems.push(format!("step_up.{name}.acr: must be aal1, aal2 or aal3"));
            }
            if !(1..=LONGEST_AGE).contains(&asked.max_age) {
                problems.push(format!(
                    "step_up.{name}.max_age: must be 1 to {LONGEST_AGE} seconds"
                ));
            }
            if let (Some(permission), Ok(assurance)) = (permission, assurance) {
                let max_age = Duration::from_secs(asked.max_age);
                step_up.insert(permission, Challenge { assurance, max_age });
            }
        }
        if problems.is_empty() {
            Ok(Self {
                version: source.version,
                roles,
                step_up,
            })
        } else {
            Err(PolicyError { problems })
        }
    }

    /// Its version.
    #[must_use]
    pub const fn version(&self) -> u64 {
        self.version
    }

    /// Whether `role` grants `permission`; a role that there is not grants nothing.
    #[must_use]
    pub fn grants(&self, role: &str, permission: P) -> bool {
        self.roles
            .get(role)
            .is_some_and(|granted| granted.contains(&permission))
    }

    /// The roles, each with what it grants.
    pub fn roles(&self) -> impl Iterator<Item = (&str, impl Iterator<Item = P> + '_)> {
        self.roles
            .iter()
            .map(|(role, granted)| (role.as_str(), granted.iter().copied()))
    }

    /// The login that `permission` needs besides a role.
    #[must_use]
    pub fn step_up(&self, permission: P) -> Option<Challenge> {
        self.step_up.get(&permission).copied()
    }
}

fn unknown<P: Permission>(name: &str) -> String {
    let distance = |it: &P| strsim::damerau_levenshtein(it.as_str(), name);
    let nearest = P::ALL.iter().min_by_key(|it| distance(it));
    match nearest.filter(|it| distance(it) <= (name.chars().count() / 3).max(2)) {
        Some(nearest) => format!("{name:?} is no permission, did you mean {:?}?", nearest.as_str()),
        None => format!("{name:?} is no permission"),
    }
}

/// The policy cannot be used; lists everything that has to be put right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyError {
    problems: Vec<String>,
}

impl PolicyError {
    /// Every problem, with its place.
    #[must_use]
    pub fn problems(&self) -> &[String] {
        &self.problems
    }
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the policy cannot be used")?;
        self.problems
            .iter()
            .try_for_each(|problem| write!(f, "\n  {problem}"))
    }
}

impl std::error::Error for PolicyError {}
