//! What a `.env` file says, each variable with its line.
//!
//! `NAME=value`, with or without `export` before it; `#` begins a comment. A value in single quotes is taken as it
//! stands; in double quotes `\n`, `\r`, `\t`, `\"`, `\$` and `\\` are replaced. Nothing is substituted: a `$` in a password
//! stays one.

use std::path::Path;

use super::variables::Variable;
use super::{Origin, Problem};

/// Reads the variables of a text; `path` is only for the origins. When a name stands twice, the last one counts.
pub(super) fn read(path: &Path, text: &str) -> (Vec<Variable>, Vec<Problem>) {
    let mut variables: Vec<Variable> = Vec::new();
    let mut problems = Vec::new();
    for (index, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let origin = |variable: &str| Origin::Dotenv {
            path: path.to_owned(),
            line: index + 1,
            variable: variable.to_owned(),
        };
        let assignment = line.strip_prefix("export ").unwrap_or(line).split_once('=');
        let Some((name, value)) = assignment.filter(|(name, _)| is_variable_name(name.trim())) else {
            // The line itself is not shown: it may hold a secret.
            problems.push(Problem::of_source(origin("a line"), "expected NAME=value"));
            continue;
        };
        let name = name.trim();
        match unquoted(value.trim()) {
            Some(value) => {
                variables.retain(|earlier| earlier.name != name);
                variables.push(Variable {
                    name: name.to_owned(),
                    value: value.into(),
                    origin: origin(name),
                });
            }
            None => problems.push(Problem::of_source(
                origin(name),
                "a quote is not closed, or something follows it",
            )),
        }
    }
    (variables, problems)
}

fn is_variable_name(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'.')
        && !text.starts_with(|first: char| first.is_ascii_digit())
}

/// The value without its quotes and without the comment behind it.
fn unquoted(text: &str) -> Option<String> {
    let mut rest = text.chars();
    let mut value = String::new();
    match rest.next() {
        Some('\'') => loop {
            match rest.next()? {
                '\'' => break,
                other => value.push(other),
            }
        },
        Some('"') => loop {
            match rest.next()? {
                '"' => break,
                '\\' => match rest.next()? {
                    'n' => value.push('\n'),
                    'r' => value.push('\r'),
                    't' => value.push('\t'),
                    escaped @ ('"' | '\\' | '$') => value.push(escaped),
                    other => value.extend(['\\', other]),
                },
                other => value.push(other),
            }
        },
        _ => {
            let end = text.find(" #").unwrap_or(text.len());
            return Some(text.get(..end)?.trim_end().to_owned());
        }
    }
    let after = rest.as_str().trim_start();
    (after.is_empty() || after.starts_with('#')).then_some(value)
}
