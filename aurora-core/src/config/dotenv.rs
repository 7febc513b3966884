//! What a `.env` file says, each variable with its line.
//!
//! `NAME=value`, with or without `export` before it; a `#` at the beginning of a line or behind a blank begins a
//! comment. A value in single quotes is taken as it stands; in double quotes `\n`, `\r`, `\t`, `\"`, `\$` and `\\` are
//! replaced. In quotes it may go over several lines. Nothing is substituted: a `$` in a password stays one.

use std::collections::BTreeSet;
use std::path::Path;

use super::setting::Setting;
use super::variables::{Variable, is_known};
use super::{Origin, Problem};

/// Reads the variables of a text; `path` is only for the origins. When a name stands twice, the last one counts.
pub(super) fn read(path: &Path, text: &str, rows: &[&'static Setting]) -> (Vec<Variable>, Vec<Problem>) {
    let mut variables: Vec<Variable> = Vec::new();
    let mut problems = Vec::new();
    let mut rest = text.trim_start_matches('\u{feff}');
    let mut next_line = 1;
    while !rest.is_empty() {
        let at = rest;
        let line_number = next_line;
        let (line, below) = cut(at);
        (rest, next_line) = (below, line_number + 1);
        if line.trim().is_empty() || line.trim_start().starts_with('#') {
            continue;
        }
        let origin = |variable: &str| Origin::Dotenv {
            path: path.to_owned(),
            line: line_number,
            variable: variable.to_owned(),
        };
        let assignment = line.split_once('=').and_then(|(left, _)| {
            let text = at.get(left.len() + 1..)?; // a value in quotes may go on below
            Some((name_in(left)?, text))
        });
        let Some((name, text)) = assignment else {
            // The line itself is not shown: it may hold a secret.
            problems.push(Problem::of_source(origin("a line"), "expected NAME=value"));
            continue;
        };
        // A line of a pasted key may look like a variable: what is not known by its name is not shown.
        let shown = if is_known(name, rows) { name } else { "a line" };
        let value = match quoted(text) {
            None => Some(plain(cut(text).0).to_owned()),
            Some(Some((value, behind))) => {
                let (behind, below) = cut(behind);
                let read = at.get(..at.len() - below.len()).unwrap_or(at);
                (rest, next_line) = (below, line_number + read.matches('\n').count());
                let behind = behind.trim_start();
                (behind.is_empty() || behind.starts_with('#')).then_some(value)
            }
            Some(None) => {
                problems.push(Problem::of_source(
                    origin(shown),
                    "a quote is not closed; what follows is not read",
                ));
                break; // any line below may be part of a secret
            }
        };
        match value {
            Some(value) => variables.push(Variable {
                name: name.to_owned(),
                value: value.into(),
                origin: origin(name),
            }),
            None => problems.push(Problem::of_source(
                origin(shown),
                "something follows the closing quote",
            )),
        }
    }
    (last_of_each(variables), problems)
}

/// The first line, and the lines below it.
fn cut(text: &str) -> (&str, &str) {
    text.split_once('\n').unwrap_or((text, ""))
}

/// The name that stands before a `=`.
fn name_in(text: &str) -> Option<&str> {
    let text = text.trim_start_matches([' ', '\t']);
    let exported = text
        .strip_prefix("export")
        .filter(|rest| rest.starts_with([' ', '\t']));
    let name = exported.unwrap_or(text).trim_matches([' ', '\t']);
    let is_name = !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'.')
        && !name.starts_with(|first: char| first.is_ascii_digit());
    is_name.then_some(name)
}

/// A value without quotes, and without the comment behind it.
fn plain(text: &str) -> &str {
    let comment = text.match_indices('#').find(|(at, _)| {
        text.get(..*at)
            .is_some_and(|before| before.ends_with([' ', '\t']))
    });
    text.get(..comment.map_or(text.len(), |(at, _)| at))
        .unwrap_or_default()
        .trim()
}

/// A value in quotes and what stands behind them; nothing inside when they are not closed, nothing at all when there
/// are none.
fn quoted(text: &str) -> Option<Option<(String, &str)>> {
    let mut rest = text.trim_start_matches([' ', '\t']).chars();
    match rest.next()? {
        '\'' => {
            let Some((value, behind)) = rest.as_str().split_once('\'') else {
                return Some(None);
            };
            Some(Some((value.replace("\r\n", "\n"), behind)))
        }
        '"' => Some(escaped(rest)),
        _ => None,
    }
}

/// The value up to the closing double quote, and what stands behind that.
fn escaped(mut rest: std::str::Chars<'_>) -> Option<(String, &str)> {
    let mut value = String::new();
    loop {
        match rest.next()? {
            '"' => return Some((value, rest.as_str())),
            '\r' if rest.as_str().starts_with('\n') => {}
            '\\' => match rest.next()? {
                'n' => value.push('\n'),
                'r' => value.push('\r'),
                't' => value.push('\t'),
                escaped @ ('"' | '\\' | '$') => value.push(escaped),
                other => value.extend(['\\', other]),
            },
            other => value.push(other),
        }
    }
}

fn last_of_each(mut variables: Vec<Variable>) -> Vec<Variable> {
    let mut seen = BTreeSet::new();
    variables.reverse();
    variables.retain(|variable| seen.insert(variable.name.clone()));
    variables.reverse();
    variables
}
