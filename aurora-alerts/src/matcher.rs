//! Label matchers, in the words of Prometheus and Alertmanager.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

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
    regex_lite::RegexBuilder::new(&format!("^(?:{text})$"))
        .dot_matches_new_line(true)
        .size_limit(1 << 20)
        .build()
        .map_err(|error| ParseMatcherError(format!("{text:?} is no pattern: {error}")))
}

impl fmt::Display for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | ':' | '.' | '-');
        if self.name.chars().all(is_plain) {
            f.write_str(&self.name)?;
        } else {
            f.write_str(&quoted(&self.name))?;
        }
        write!(f, "{}{}", self.operator.as_str(), quoted(&self.value))
    }
}

/// The text was not a matcher.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}; expected such as severity=\"critical\" or team=~\"a|b\"")]
pub struct ParseMatcherError(String);

impl FromStr for Matcher {
    type Err = ParseMatcherError;

    /// `name=value`, `name!="value"`, `name=~"a|b"`, `name!~pattern`; quotes may be left out where the value has none.
    fn from_str(text: &str) -> Result<Self, ParseMatcherError> {
        let at = text
            .find(['=', '!'])
            .ok_or_else(|| ParseMatcherError(format!("{text:?} has no operator")))?;
        let (name, rest) = text.split_at(at);
        let operators = [
            MatchOperator::Matches,
            MatchOperator::NotMatches,
            MatchOperator::NotEqual,
            MatchOperator::Equal,
        ];
        let (operator, value) = operators
            .into_iter()
            .find_map(|operator| Some((operator, rest.strip_prefix(operator.as_str())?)))
            .ok_or_else(|| ParseMatcherError(format!("{text:?} has no operator")))?;
        Self::new(unquoted(name.trim())?, operator, unquoted(value.trim())?)
    }
}

fn quoted(text: &str) -> String {
    let escaped = text
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n");
    format!("\"{escaped}\"")
}

fn unquoted(text: &str) -> Result<String, ParseMatcherError> {
    let Some(inner) = text.strip_prefix('"') else {
        return Ok(text.to_owned());
    };
    let wrong = || ParseMatcherError(format!("{text} is not closed by a quotation mark"));
    let inner = inner.strip_suffix('"').ok_or_else(wrong)?;
    let mut plain = String::with_capacity(inner.len());
    let mut characters = inner.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => match characters.next().ok_or_else(wrong)? {
                'n' => plain.push('\n'),
                escaped @ ('"' | '\\') => plain.push(escaped),
                // What else follows a backslash belongs to a pattern.
                other => plain.extend(['\\', other]),
            },
            '"' => return Err(wrong()),
            other => plain.push(other),
        }
    }
    Ok(plain)
}

impl Serialize for Matcher {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Matcher {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

/// Several conditions that must all hold; none holds always.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
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

impl fmt::Display for Matchers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{")?;
        for (index, matcher) in self.0.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            write!(f, "{comma}{matcher}")?;
        }
        f.write_str("}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_form_goes_both_ways() {
        let table = [
            (r#"a="b""#, "a", MatchOperator::Equal, "b"),
            ("a=b", "a", MatchOperator::Equal, "b"),
            (r#"a!="b=c""#, "a", MatchOperator::NotEqual, "b=c"),
            ("a=~b|c", "a", MatchOperator::Matches, "b|c"),
            (
                r#""ação"!~"x\\d\"\n""#,
                "ação",
                MatchOperator::NotMatches,
                "x\\d\"\n",
            ),
            (r#"a="""#, "a", MatchOperator::Equal, ""),
        ];
        for (text, name, operator, value) in table {
            let matcher: Matcher = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(
                (matcher.name(), matcher.operator(), matcher.value()),
                (name, operator, value),
                "{text}"
            );
            assert_eq!(matcher.to_string().parse::<Matcher>().unwrap(), matcher, "{text}");
        }
        for wrong in ["", "a", "=b", "a=~(", r#"a="b"#, r#"a="b"c""#] {
            assert!(wrong.parse::<Matcher>().is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn patterns_cover_the_whole_value_and_absent_is_empty() {
        let labels = Labels::from([("env", "prod")]);
        let holds = |text: &str| text.parse::<Matcher>().unwrap().matches(&labels);
        assert!(holds("env=~pro."));
        assert!(!holds("env=~pro"));
        assert!(holds("env!~pro"));
        assert!(holds("zone="));
        assert!(holds("zone!=a"));
        assert!(holds("zone=~a|"));
        assert!(!holds("zone=~a"));
    }
}
