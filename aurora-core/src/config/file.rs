//! What a TOML file says, each value with its line and column.

use std::ops::Range;
use std::path::Path;

use toml_edit::{Document, Item, TableLike, Value as TomlValue};

use super::reader::Assigned;
use super::setting::Setting;
use super::value::Raw;
use super::variables::{Found, meant, meant_section};
use super::{Origin, Problem};

/// Reads the values of a TOML text; `path` is only for the origins.
pub(super) fn read(path: &Path, text: &str, rows: &[&'static Setting]) -> Found {
    let mut file = File {
        path,
        text,
        line_starts: std::iter::once(0)
            .chain(text.match_indices('\n').map(|(at, _)| at + 1))
            .collect(),
        rows,
        found: Found::default(),
    };
    match Document::parse(text) {
        Ok(document) => file.table(document.as_table(), ""),
        Err(error) => {
            // Only the message: the error's own display repeats the line, which may hold a secret.
            let message = format!("not TOML: {}", error.message());
            let origin = file.origin(error.span());
            file.found.problems.push(Problem::of_source(origin, message));
        }
    }
    file.found
}

struct File<'a> {
    path: &'a Path,
    text: &'a str,
    line_starts: Vec<usize>,
    rows: &'a [&'static Setting],
    found: Found,
}

impl File<'_> {
    fn table(&mut self, table: &dyn TableLike, prefix: &str) {
        for (name, item) in table.iter() {
            let key = format!("{prefix}{name}");
            let name_at = table.key(name).and_then(toml_edit::Key::span);
            if self.rows.iter().any(|row| row.is_at(&key)) {
                self.value(key, item, name_at);
            } else if !self.rows.iter().any(|row| row.is_below(&key)) {
                let message = if item.is_table_like() {
                    format!("unknown section{}", meant_section(&key, self.rows))
                } else {
                    format!("unknown setting{}", meant(&key, self.rows, str::to_owned))
                };
                let origin = self.origin(name_at);
                self.found.problems.push(Problem::new(key, origin, message));
            } else if let Some(inner) = item.as_table_like() {
                self.table(inner, &format!("{key}."));
            } else {
                let origin = self.origin(name_at);
                let message = format!("found {}; this is a section: [{key}]", item.type_name());
                self.found.problems.push(Problem::new(key, origin, message));
            }
        }
    }

    fn value(&mut self, key: String, item: &Item, name_at: Option<Range<usize>>) {
        let origin = self.origin(item.span().or(name_at));
        match item.as_value().and_then(raw) {
            Some(raw) => self.found.values.push((key, Assigned::new(raw, origin))),
            None => {
                let allowed = self
                    .rows
                    .iter()
                    .find(|row| row.is_at(&key))
                    .map_or("", |row| row.allowed);
                let message = format!("found {}; allowed is {allowed}", item.type_name());
                self.found.problems.push(Problem::new(key, origin, message));
            }
        }
    }

    fn origin(&self, span: Option<Range<usize>>) -> Origin {
        let at = span.map_or(0, |span| span.start);
        let line = self.line_starts.partition_point(|start| *start <= at);
        let start = self.line_starts.get(line.saturating_sub(1)).copied().unwrap_or(0);
        Origin::File {
            path: self.path.to_owned(),
            line,
            column: self.text.get(start..at).map_or(0, |line| line.chars().count()) + 1,
        }
    }
}

fn raw(value: &TomlValue) -> Option<Raw> {
    match value {
        TomlValue::String(text) => Some(Raw::text(text.value().as_str())),
        TomlValue::Integer(number) => Some(Raw::Bare(number.value().to_string().into())),
        TomlValue::Float(number) => Some(Raw::Bare(number.value().to_string().into())),
        TomlValue::Boolean(flag) => Some(Raw::Bare(flag.value().to_string().into())),
        TomlValue::Array(items) => {
            let texts = items.iter().map(|item| item.as_str().map(Into::into));
            texts.collect::<Option<_>>().map(Raw::List)
        }
        TomlValue::Datetime(_) | TomlValue::InlineTable(_) => None,
    }
}
