//! TOML as a tree with places.

use std::ops::Range;

use toml_edit::{Document, Item, Key, TableLike, Value as TomlValue};

use super::findings::Findings;
use super::node::{Entry, Mark, Node, Value};
use super::{MOST_DEPTH, MOST_NODES};

/// The tree of a text; `None` where it is not TOML, or too much of it, which is said.
pub(super) fn parse(text: &str, findings: &mut Findings) -> Option<Node> {
    let mut tree = Tree {
        text,
        line_starts: std::iter::once(0)
            .chain(text.match_indices('\n').map(|(at, _)| at + 1))
            .collect(),
        nodes: 0,
    };
    let outcome = match Document::parse(text) {
        Ok(document) => tree.table(document.as_table(), Mark { line: 1, column: 1 }, 1),
        Err(error) => {
            let message = error.message().replace('\n', ", ");
            Err((
                tree.mark(error.span()).unwrap_or_default(),
                format!("not TOML: {message}"),
            ))
        }
    };
    outcome.map_err(|(at, detail)| findings.add(at, detail)).ok()
}

/// Why reading cannot go on.
type Stop = (Mark, String);

struct Tree<'a> {
    text: &'a str,
    line_starts: Vec<usize>,
    nodes: usize,
}

impl Tree<'_> {
    fn mark(&self, span: Option<Range<usize>>) -> Option<Mark> {
        let at = span?.start;
        let line = self.line_starts.partition_point(|start| *start <= at);
        let start = self.line_starts.get(line.saturating_sub(1)).copied().unwrap_or(0);
        Some(Mark {
            line,
            column: self.text.get(start..at).map_or(0, |line| line.chars().count()) + 1,
        })
    }

    fn table(&mut self, table: &dyn TableLike, at: Mark, depth: usize) -> Result<Node, Stop> {
        self.count(at, depth)?;
        let mut entries = Vec::new();
        for (name, item) in table.iter() {
            let key_at = self.mark(table.key(name).and_then(Key::span)).unwrap_or(at);
            entries.push(Entry {
                name: name.to_owned(),
                at: key_at,
                node: self.item(item, key_at, depth + 1)?,
            });
        }
        Ok(Node {
            at,
            value: Value::Map(entries),
        })
    }

    fn item(&mut self, item: &Item, key_at: Mark, depth: usize) -> Result<Node, Stop> {
        let at = self.mark(item.span()).unwrap_or(key_at);
        match item {
            Item::None => Ok(Node {
                at,
                value: Value::Null,
            }),
            Item::Value(value) => self.value(value, at, depth),
            Item::Table(table) => self.table(table, at, depth),
            Item::ArrayOfTables(tables) => {
                self.count(at, depth)?;
                let items = tables.iter().map(|table| {
                    let at = self.mark(table.span()).unwrap_or(at);
                    self.table(table, at, depth + 1)
                });
                let value = Value::List(items.collect::<Result<_, _>>()?);
                Ok(Node { at, value })
            }
        }
    }

    fn value(&mut self, value: &TomlValue, at: Mark, depth: usize) -> Result<Node, Stop> {
        if let TomlValue::InlineTable(table) = value {
            return self.table(table, at, depth);
        }
        self.count(at, depth)?;
        let value = match value {
            TomlValue::String(text) => Value::Text(text.value().clone()),
            TomlValue::Integer(number) => {
                let digits = number.value().to_string();
                // By way of its digits: the nearest number, as YAML reads it.
                Value::Number(digits.parse().unwrap_or(f64::NAN), digits)
            }
            TomlValue::Float(number) => Value::Number(*number.value(), number.value().to_string()),
            TomlValue::Boolean(flag) => Value::Flag(*flag.value()),
            TomlValue::Datetime(_) => Value::Other("a date or time without quotation marks"),
            TomlValue::Array(items) => {
                let nodes = items.iter().map(|item| {
                    let at = self.mark(item.span()).unwrap_or(at);
                    self.value(item, at, depth + 1)
                });
                Value::List(nodes.collect::<Result<_, _>>()?)
            }
            TomlValue::InlineTable(_) => Value::Null,
        };
        Ok(Node { at, value })
    }

    fn count(&mut self, at: Mark, depth: usize) -> Result<(), Stop> {
        self.nodes += 1;
        if depth > MOST_DEPTH {
            return Err((at, format!("nested more than {MOST_DEPTH} deep")));
        }
        if self.nodes > MOST_NODES {
            return Err((at, format!("more than {MOST_NODES} values")));
        }
        Ok(())
    }
}
