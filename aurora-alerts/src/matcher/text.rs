//! The text form of matchers, and how they travel.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{MatchOperator, Matcher, Matchers, ParseMatcherError};

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

impl FromStr for Matcher {
    type Err = ParseMatcherError;

    /// `name=value`, `name!="value"`, `name=~"a|b"`, `name!~pattern`.
    ///
    /// Quotes may be left out where a value has none and where a name has no space, quote, comma or brace.
    fn from_str(text: &str) -> Result<Self, ParseMatcherError> {
        let (matcher, rest) = Self::take(text, &[])?;
        match rest.trim() {
            "" => Ok(matcher),
            rest => Err(ParseMatcherError(format!("{rest:?} follows the matcher"))),
        }
    }
}

impl Matcher {
    /// The matcher at the beginning of a text, and what follows it; a value without quotes goes on to one of `ends`.
    fn take<'t>(text: &'t str, ends: &[char]) -> Result<(Self, &'t str), ParseMatcherError> {
        let (name, rest) = name(text.trim_start())?;
        let rest = rest.trim_start();
        let operators = [
            MatchOperator::Matches,
            MatchOperator::NotMatches,
            MatchOperator::NotEqual,
            MatchOperator::Equal,
        ];
        let (operator, rest) = operators
            .into_iter()
            .find_map(|operator| Some((operator, rest.strip_prefix(operator.as_str())?)))
            .ok_or_else(|| ParseMatcherError(format!("{text:?} has no operator")))?;
        let rest = rest.trim_start();
        let (value, rest) = if rest.starts_with('"') {
            unquoted(rest)?
        } else {
            let (value, rest) = rest.split_at(rest.find(ends).unwrap_or(rest.len()));
            if value.contains('"') {
                return Err(ParseMatcherError(format!("{value:?} must be in quotation marks")));
            }
            (value.trim_end().to_owned(), rest)
        };
        Ok((Self::new(name, operator, value)?, rest))
    }
}

/// The name at the beginning of a text, and what follows it.
fn name(text: &str) -> Result<(String, &str), ParseMatcherError> {
    if text.starts_with('"') {
        return unquoted(text);
    }
    let at = text
        .find(['=', '!'])
        .ok_or_else(|| ParseMatcherError(format!("{text:?} has no operator")))?;
    let (name, rest) = text.split_at(at);
    let name = name.trim_end();
    if name
        .contains(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`' | '\\' | ',' | '{' | '}' | '~'))
    {
        return Err(ParseMatcherError(format!("{name:?} must be in quotation marks")));
    }
    Ok((name.to_owned(), rest))
}

fn quoted(text: &str) -> String {
    let escaped = text
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n");
    format!("\"{escaped}\"")
}

/// The text in quotation marks at the beginning of a text, and what follows it.
fn unquoted(text: &str) -> Result<(String, &str), ParseMatcherError> {
    let open = || ParseMatcherError(format!("{text} is not closed by a quotation mark"));
    let mut plain = String::new();
    let mut characters = text.strip_prefix('"').ok_or_else(open)?.chars();
    loop {
        match characters.next().ok_or_else(open)? {
            '\\' => match characters.next().ok_or_else(open)? {
                'n' => plain.push('\n'),
                escaped @ ('"' | '\\') => plain.push(escaped),
                // What else follows a backslash belongs to a pattern.
                other => plain.extend(['\\', other]),
            },
            '"' => return Ok((plain, characters.as_str())),
            other => plain.push(other),
        }
    }
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

impl FromStr for Matchers {
    type Err = ParseMatcherError;

    /// `{a="b", c=~"d"}`, or the same without braces; a comma may follow the last one. Empty braces and an empty text are
    /// no condition.
    ///
    /// A value without quotation marks ends with the next comma.
    fn from_str(text: &str) -> Result<Self, ParseMatcherError> {
        let trimmed = text.trim();
        let mut rest = match trimmed.strip_prefix('{') {
            None => trimmed,
            Some(inner) => inner
                .strip_suffix('}')
                .ok_or_else(|| ParseMatcherError(format!("{trimmed} is not closed by a brace")))?
                .trim(),
        };
        let mut all = Self::new();
        while !rest.is_empty() {
            let (matcher, behind) = Matcher::take(rest, &[','])?;
            all.push(matcher);
            let behind = behind.trim_start();
            rest = match behind.strip_prefix(',') {
                Some(next) => next.trim_start(),
                None if behind.is_empty() => behind,
                None => return Err(ParseMatcherError(format!("{behind:?} must come after a comma"))),
            };
        }
        Ok(all)
    }
}

impl<'de> Deserialize<'de> for Matchers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged, expecting = "a list of matchers, or one text")]
        enum Written {
            One(String),
            Several(Vec<String>),
        }
        let texts = match Written::deserialize(deserializer)? {
            Written::One(text) => vec![text],
            Written::Several(texts) => texts,
        };
        let mut all = Self::new();
        for text in texts {
            all.0
                .extend(text.parse::<Self>().map_err(serde::de::Error::custom)?.0);
        }
        Ok(all)
    }
}
