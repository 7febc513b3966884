//! Label matchers, in the words of Prometheus and Alertmanager.

mod text;

use serde::Serialize;

use crate::labels::Labels;

/// The longest pattern of a matcher, in bytes.
const LONGEST_PATTERN: usize = 4_096;

/// How a label is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MatchOperator {
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `=~`, a regular expression over the whole value
    Matches,
    /// `!~`
    NotMatches,
}

impl MatchOperator {
    /// The text form.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Matches => "=~",
            Self::NotMatches => "!~",
        }
    }
}

/// One condition on one label. A label that is absent has the empty value.
///
/// # Examples
/// ```
/// use aurora_alerts::{Labels, Matcher};
///
/// let matcher: Matcher = r#"severity=~"warning|critical""#.parse()?;
/// assert!(matcher.matches(&Labels::from([("severity", "critical")])));
/// assert!(!matcher.matches(&Labels::from([("severity", "critically")])));
/// # Ok::<(), aurora_alerts::ParseMatcherError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Matcher {
    name: String,
    operator: MatchOperator,
    value: String,
    pattern: Option<regex_lite::Regex>,
}

impl PartialEq for Matcher {
    fn eq(&self, other: &Self) -> bool {
        (&self.name, self.operator, &self.value) == (&other.name, other.operator, &other.value)
    }
}

impl Eq for Matcher {}

impl Matcher {
    /// A condition on a label.
    ///
    /// Patterns are anchored at both ends, in the syntax of the crate `regex-lite`, that of RE2 without Unicode classes.
    ///
    /// # Errors
    /// When the name is empty, or a pattern is none or has more than 4,096 bytes.
    pub fn new(
        name: impl Into<String>,
        operator: MatchOperator,
        value: impl Into<String>,
    ) -> Result<Self, ParseMatcherError> {
        let (name, value) = (name.into(), value.into());
        if name.is_empty() {
            return Err(ParseMatcherError("the name of the label is missing".to_owned()));
        }
        let pattern = match operator {
            MatchOperator::Equal | MatchOperator::NotEqual => None,
            MatchOperator::Matches | MatchOperator::NotMatches => Some(pattern(&value)?),
        };
        Ok(Self {
            name,
            operator,
            value,
            pattern,
        })
    }

    /// The label has exactly this value; an empty value means that the label is absent.
    #[must_use]
    pub fn equal(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            operator: MatchOperator::Equal,
            value: value.into(),
            pattern: None,
        }
    }

    /// The label.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How it is compared.
    #[must_use]
    pub const fn operator(&self) -> MatchOperator {
        self.operator
    }

    /// What it is compared with.
    #[must_use]
    pub fn value(&self) -> &str {
        &self.value
    }

    /// Whether labels fulfil it.
    #[must_use]
    pub fn matches(&self, labels: &Labels) -> bool {
        let found = labels.get(&self.name).unwrap_or_default();
        let hit = match &self.pattern {
            Some(pattern) => pattern.is_match(found),
            None => found == self.value,
        };
        match self.operator {
            MatchOperator::Equal | MatchOperator::Matches => hit,
            MatchOperator::NotEqual | MatchOperator::NotMatches => !hit,
        }
    }
}

fn pattern(text: &str) -> Result<regex_lite::Regex, ParseMatcherError> {
    if text.len() > LONGEST_PATTERN {
        return Err(ParseMatcherError(format!(
            "the pattern has more than {LONGEST_PATTERN} bytes"
        )));
    }
    let build = |text: &str| {
        regex_lite::RegexBuilder::new(text)
            .dot_matches_new_line(true)
            .size_limit(1 << 20)
            .build()
            .map_err(|error| ParseMatcherError(format!("{text:?} is no pattern: {error}")))
    };
    // By itself first: `a)|(?:b` is no pattern, but between the parentheses it would be one without anchors.
    build(text)?;
    build(&format!("^(?:{text})$"))
}

/// The text was not a matcher.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}; expected such as severity=\"critical\" or team=~\"a|b\"")]
pub struct ParseMatcherError(String);

/// Several conditions that must all hold; none holds always.
///
/// The text form is that of Alertmanager and amtool, with or without the braces; serialised it is a list of texts, and it
/// is read from a list, each of whose texts may hold several, or from one text.
///
/// # Examples
/// ```
/// use aurora_alerts::{Labels, Matchers};
///
/// let matchers: Matchers = r#"{team="ops", severity=~"warning|critical"}"#.parse()?;
/// assert!(matchers.matches(&Labels::from([("team", "ops"), ("severity", "critical")])));
/// assert_eq!(matchers, r#"team=ops, severity=~"warning|critical""#.parse()?);
/// # Ok::<(), aurora_alerts::ParseMatcherError>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Matchers(Vec<Matcher>);

impl Matchers {
    /// No condition.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// One more condition.
    pub fn push(&mut self, matcher: Matcher) {
        self.0.push(matcher);
    }

    /// Whether labels fulfil all of them.
    #[must_use]
    pub fn matches(&self, labels: &Labels) -> bool {
        self.0.iter().all(|matcher| matcher.matches(labels))
    }

    /// The conditions.
    pub fn iter(&self) -> impl Iterator<Item = &Matcher> {
        self.0.iter()
    }

    /// Whether there is no condition.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<Matcher> for Matchers {
    fn from_iter<I: IntoIterator<Item = Matcher>>(matchers: I) -> Self {
        Self(matchers.into_iter().collect())
    }
}

impl From<Vec<Matcher>> for Matchers {
    fn from(matchers: Vec<Matcher>) -> Self {
        Self(matchers)
    }
}

#[cfg(test)]
mod tests;
