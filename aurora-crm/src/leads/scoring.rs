//! Points for what is known of a lead (`lead scoring`).

mod condition;
mod field;

use async_trait::async_trait;
use aurora_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Lead, LeadId};
use crate::context::Context;
use crate::error::Error;
use crate::fields::Fields;

pub use self::condition::Condition;
pub use self::field::LeadField;

const MAX_RULES: usize = 100;
const MAX_NAME: usize = 100;
const MAX_POINTS: i64 = 1_000;

/// Points for a lead whose field fulfils a condition.
///
/// # Examples
/// ```
/// use aurora_crm::leads::{Condition, LeadField, ScoreRule};
///
/// let rule = ScoreRule::new("from a friend", LeadField::Source, Condition::Equals("referral".into()), 20);
/// let same: ScoreRule = serde_json::from_str(
///     r#"{"name": "from a friend", "field": "source", "condition": {"equals": "referral"}, "points": 20}"#,
/// )?;
/// assert_eq!(rule, same);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ScoreRule {
    /// What is told as the reason for the points, up to 100 characters.
    pub name: String,
    /// What is looked at.
    pub field: LeadField,
    /// What it must be like.
    pub condition: Condition,
    /// −1,000 to 1,000.
    pub points: i64,
}

impl ScoreRule {
    /// A rule.
    #[must_use]
    pub fn new(name: impl Into<String>, field: LeadField, condition: Condition, points: i64) -> Self {
        Self {
            name: name.into(),
            field,
            condition,
            points,
        }
    }
}

/// The rules of a workspace. Each change makes a new version.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RuleSet {
    /// Counts the changes from 1.
    pub version: i64,
    /// The rules.
    pub rules: Vec<ScoreRule>,
}

/// How promising a lead is, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Score {
    /// The sum of the points.
    pub total: i64,
    /// Which rules gave points.
    pub reasons: Vec<ScoreReason>,
    /// The version of the rules; `None` when something else than the workspace's rules has given it.
    pub rules_version: Option<i64>,
    /// When it was computed.
    pub at: Timestamp,
}

impl Score {
    /// A score that something else than the workspace's rules gives.
    #[must_use]
    pub fn new(reasons: Vec<ScoreReason>, at: Timestamp) -> Self {
        let total = reasons
            .iter()
            .fold(0_i64, |total, reason| total.saturating_add(reason.points));
        Self {
            total,
            reasons,
            rules_version: None,
            at,
        }
    }
}

/// Why a lead has points.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ScoreReason {
    /// The name of the rule.
    pub rule: String,
    /// Its points.
    pub points: i64,
}

impl ScoreReason {
    /// A reason.
    #[must_use]
    pub fn new(rule: impl Into<String>, points: i64) -> Self {
        Self {
            rule: rule.into(),
            points,
        }
    }
}

impl RuleSet {
    /// Refuses rules that make no sense, each wrong field at once.
    pub(super) fn check(version: i64, mut rules: Vec<ScoreRule>) -> Result<Self, Error> {
        let mut fields = Fields::default();
        if rules.len() > MAX_RULES {
            fields.refuse(
                "rules",
                "too_many",
                format_args!("must have at most {MAX_RULES} rules"),
            );
            rules.clear();
        }
        for (index, rule) in rules.iter_mut().enumerate() {
            rule.name = fields.line(&format!("rules[{index}].name"), &rule.name, MAX_NAME);
            if rule.points.abs() > MAX_POINTS {
                fields.refuse(
                    format!("rules[{index}].points"),
                    "invalid",
                    format_args!("must be within −{MAX_POINTS} to {MAX_POINTS}"),
                );
            }
            if !rule.condition.is_sound() {
                fields.refuse(
                    format!("rules[{index}].condition"),
                    "invalid",
                    "must compare with a text of up to 200 characters, a finite number, true or false",
                );
            }
        }
        fields.finish(Self { version, rules })
    }

    /// What the rules say about `lead` at `now`: the same for the same arguments, always.
    #[must_use]
    pub fn score(&self, lead: &Lead, now: Timestamp) -> Score {
        let hits = self.rules.iter().filter(|rule| {
            let value = rule.field.value(lead, now);
            rule.condition.holds(&value)
        });
        let reasons = hits
            .map(|rule| ScoreReason::new(&rule.name, rule.points))
            .collect();
        Score {
            rules_version: Some(self.version),
            ..Score::new(reasons, now)
        }
    }
}

/// Says how promising a lead is. The workspace's rules are the default, [`RuleScorer`]; a model can be asked instead. None
/// that asks a language model comes with this crate.
///
/// It is called outside of any transaction, and its scores are stored with the lead.
#[async_trait]
pub trait LeadScorer: std::fmt::Debug + Send + Sync {
    /// The score of `lead` at `now`; `rules` are the workspace's own, if it has any. `None` leaves the lead as it is.
    ///
    /// # Errors
    /// What keeps it from judging; the batch ends there, and what was stored before stays.
    async fn score(
        &self,
        context: &Context,
        lead: &Lead,
        rules: Option<&RuleSet>,
        now: Timestamp,
    ) -> Result<Option<Score>, Error>;
}

/// Scores by the workspace's own rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RuleScorer;

#[async_trait]
impl LeadScorer for RuleScorer {
    async fn score(
        &self,
        _context: &Context,
        lead: &Lead,
        rules: Option<&RuleSet>,
        now: Timestamp,
    ) -> Result<Option<Score>, Error> {
        Ok(rules.map(|rules| rules.score(lead, now)))
    }
}

/// What one batch of new scores has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rescored {
    /// How many leads were looked at.
    pub seen: usize,
    /// How many have a new score stored; a lead that was changed meanwhile is left to that change.
    pub stored: usize,
    /// Where the next batch begins; `None` when this was the last.
    pub next: Option<LeadId>,
}
