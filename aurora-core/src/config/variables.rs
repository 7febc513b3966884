//! What variables say: `AURORA__SECTION__KEY`, plain names, and `…_FILE` for secrets.

use std::collections::BTreeMap;
use std::path::Path;

use super::reader::Assigned;
use super::setting::Setting;
use super::value::Raw;
use super::{Origin, Problem};

/// Begins a variable that can only be meant for Aurora.
const PREFIX: &str = "AURORA__";
/// Ends a variable that names the file of a secret.
const FILE: &str = "_FILE";
/// No key or address is longer; a larger file was named by mistake.
const LONGEST_SECRET_BYTES: u64 = 64 * 1024;

/// What one layer says.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) values: Vec<(String, Assigned)>,
    pub(super) problems: Vec<Problem>,
}

/// A variable as it was found.
#[derive(Debug)]
pub(super) struct Variable {
    pub(super) name: String,
    pub(super) value: String,
    pub(super) origin: Origin,
}

/// What a variable sets, and how strongly among the variables of its layer (lower is stronger).
struct Target {
    key: String,
    from_file: bool,
    rank: usize,
}

/// Reads one layer of variables. Plain variables that mean no setting belong to somebody else and are left alone.
pub(super) fn read(variables: Vec<Variable>, rows: &[&'static Setting]) -> Found {
    let mut found = Found::default();
    let mut strongest: BTreeMap<String, (usize, Variable, bool)> = BTreeMap::new();
    for variable in variables {
        let Some(target) = target(&variable.name, rows) else {
            if variable.name.starts_with(PREFIX) {
                found.problems.push(unknown(variable, rows));
            }
            continue;
        };
        if variable.value.trim().is_empty() {
            continue;
        }
        match strongest.get(&target.key) {
            Some((rank, other, from_file)) if *rank == target.rank && *from_file != target.from_file => {
                let message = format!("set together with {}; set only one of the two", other.name);
                found
                    .problems
                    .push(Problem::new(target.key, variable.origin, message));
            }
            Some((rank, ..)) if *rank <= target.rank => {}
            _ => {
                strongest.insert(target.key, (target.rank, variable, target.from_file));
            }
        }
    }
    for (key, (_, variable, from_file)) in strongest {
        let text = if from_file {
            secret_file(&variable.value)
        } else {
            Ok(variable.value)
        };
        match text {
            Ok(text) => {
                let assigned = Assigned {
                    raw: Raw::Text(text),
                    origin: variable.origin,
                };
                found.values.push((key, assigned));
            }
            Err(message) => found.problems.push(Problem::new(key, variable.origin, message)),
        }
    }
    found
}

fn target(name: &str, rows: &[&'static Setting]) -> Option<Target> {
    if let Some(key) = name.strip_prefix(PREFIX) {
        let as_key = |text: &str| text.to_ascii_lowercase().replace("__", ".");
        let whole = as_key(key);
        if rows.iter().any(|row| row.is_at(&whole)) {
            return Some(Target {
                key: whole,
                from_file: false,
                rank: 0,
            });
        }
        let key = as_key(key.strip_suffix(FILE)?);
        let is_secret = rows.iter().any(|row| row.is_secret && row.is_at(&key));
        return is_secret.then_some(Target {
            key,
            from_file: true,
            rank: 0,
        });
    }
    rows.iter().find_map(|row| {
        let rank_of = |name: &str| row.variables.iter().position(|variable| *variable == name);
        let target = |rank, from_file| Target {
            key: row.key.to_owned(),
            from_file,
            rank: rank + 1,
        };
        let of_file = || {
            name.strip_suffix(FILE)
                .filter(|_| row.is_secret)
                .and_then(rank_of)
        };
        rank_of(name)
            .map(|rank| target(rank, false))
            .or_else(|| of_file().map(|rank| target(rank, true)))
    })
}

fn unknown(variable: Variable, rows: &[&'static Setting]) -> Problem {
    let key = variable.name.strip_prefix(PREFIX).unwrap_or_default();
    let key = key.to_ascii_lowercase().replace("__", ".");
    let message = format!("unknown setting{}", meant(&key, rows, Setting::variable_of));
    Problem::new(key, variable.origin, message)
}

/// The content of a secret's file without the line end that editors put there.
fn secret_file(path: &str) -> Result<String, String> {
    let path = Path::new(path.trim());
    let failed =
        |error: std::io::Error| format!("the file {} cannot be read: {}", path.display(), error.kind());
    if std::fs::metadata(path).map_err(failed)?.len() > LONGEST_SECRET_BYTES {
        return Err(format!("the file {} is longer than any secret", path.display()));
    }
    let text = std::fs::read_to_string(path).map_err(failed)?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

/// `; did you mean …?` when a setting has a name much like `key`, shown by `show`.
pub(super) fn meant(key: &str, rows: &[&'static Setting], show: fn(&str) -> String) -> String {
    nearest(key, rows.iter().map(|row| with_names_of(row.key, key)), show)
}

/// `; did you mean […]?` when a section has a name much like `key`.
pub(super) fn meant_section(key: &str, rows: &[&'static Setting]) -> String {
    let depth = key.split('.').count();
    let sections = rows.iter().filter_map(|row| {
        let filled = with_names_of(row.key, key);
        let parts: Vec<&str> = filled.split('.').collect();
        parts
            .get(..depth)
            .filter(|_| parts.len() > depth)
            .map(|section| section.join("."))
    });
    nearest(key, sections, |section| format!("[{section}]"))
}

fn nearest(key: &str, candidates: impl Iterator<Item = String>, show: fn(&str) -> String) -> String {
    let near = candidates.map(|candidate| (strsim::damerau_levenshtein(key, &candidate), candidate));
    match near.min_by_key(|(distance, _)| *distance) {
        Some((distance, candidate)) if distance <= 1 + key.len() / 5 => {
            format!("; did you mean {}?", show(&candidate))
        }
        _ => String::new(),
    }
}

/// The pattern with the names that `key` has in the places of `*`.
fn with_names_of(pattern: &str, key: &str) -> String {
    let mut parts = key.split('.');
    let filled = pattern.split('.').map(|part| {
        let own = parts.next();
        if part == "*" { own.unwrap_or(part) } else { part }
    });
    filled.collect::<Vec<_>>().join(".")
}
