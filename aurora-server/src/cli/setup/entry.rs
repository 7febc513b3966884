//! One setting as it stands in a file.

use aurora_core::config::{Setting, catalogue};
use toml_edit::{Array, DocumentMut, Item, Table, Value};

/// The row of the table for a key, which may hold a name of one's own.
pub(super) fn row(key: &str) -> Option<&'static Setting> {
    let parts: Vec<&str> = key.split('.').collect();
    catalogue().into_iter().find(|row| {
        let pattern: Vec<&str> = row.key.split('.').collect();
        let fits = |(wanted, found): (&&str, &&str)| *wanted == "*" && !found.is_empty() || wanted == found;
        pattern.len() == parts.len() && pattern.iter().zip(&parts).all(fits)
    })
}

pub(super) fn own_variable(key: &str) -> String {
    format!("AURORA__{}", key.to_ascii_uppercase().replace('.', "__"))
}

/// The value as a file has it: a number where the default is one, an array where it is a list.
pub(super) fn literal(row: &Setting, text: &str) -> Value {
    let text = text.trim();
    match row.default {
        // Lists are the settings whose default is empty.
        Some("") => {
            let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
            Value::Array(items.collect::<Array>())
        }
        Some(default) if default.parse::<bool>().is_ok() => text
            .parse::<bool>()
            .map_or_else(|_| Value::from(text), Value::from),
        Some(default) if default.parse::<f64>().is_ok() => match (text.parse::<i64>(), text.parse::<f64>()) {
            (Ok(number), _) => Value::from(number),
            (_, Ok(number)) if number.is_finite() => Value::from(number),
            _ => Value::from(text),
        },
        _ => Value::from(text),
    }
}

/// Puts a value at a dotted key; `None` where something that is no table stands on the way.
pub(super) fn put(document: &mut DocumentMut, key: &str, value: Value) -> Option<()> {
    let mut table: &mut Table = document.as_table_mut();
    let (path, last) = match key.rsplit_once('.') {
        Some((path, last)) => (Some(path), last),
        None => (None, key),
    };
    for part in path.into_iter().flat_map(|path| path.split('.')) {
        let item = table.entry(part).or_insert_with(|| {
            let mut new = Table::new();
            new.set_implicit(true);
            Item::Table(new)
        });
        table = item.as_table_mut()?;
    }
    match table.get_mut(last) {
        // What stands around the value, such as a comment behind it, stays.
        Some(Item::Value(old)) => {
            let decor = old.decor().clone();
            *old = value;
            *old.decor_mut() = decor;
        }
        Some(Item::None) | None => {
            table.insert(last, Item::Value(value));
        }
        Some(_) => return None,
    }
    Some(())
}

/// The name that a line of a `.env` file sets.
fn name_of(line: &str) -> Option<&str> {
    let (name, _) = line.split_once('=')?;
    let name = name.trim();
    let name = name.strip_prefix("export ").map_or(name, str::trim);
    (!name.starts_with('#')).then_some(name)
}

/// The text of a `.env` file with one variable set.
pub(super) fn with_variable(text: &str, name: &str, value: &str) -> String {
    let escaped = value
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('$', "\\$")
        .replace('\n', "\\n")
        .replace('\r', "\\r");
    let line = format!("{name}=\"{escaped}\"");
    let mut lines: Vec<&str> = text.lines().collect();
    let places: Vec<usize> = (0..)
        .zip(&lines)
        .filter(|(_, it)| name_of(it) == Some(name))
        .map(|(at, _)| at)
        .collect();
    match places.last().and_then(|at| lines.get_mut(*at)) {
        Some(old) => *old = &line,
        None => lines.push(&line),
    }
    let mut text = lines.join("\n");
    text.push('\n');
    text
}
