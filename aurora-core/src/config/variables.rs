//! What variables say: `AURORA__SECTION__KEY`, plain names, and `…_FILE` for secrets.

use std::collections::BTreeMap;
use std::path::Path;

use super::disk::{Disk, in_words};
use super::narrowing::Form;
use super::reader::Assigned;
use super::setting::Setting;
use super::value::Raw;
use super::{Origin, Problem};
use crate::secret::Secret;

/// Begins a variable that can only be meant for Aurora.
const PREFIX: &str = "AURORA__";
/// Ends a variable that names the file of a secret.
const FILE: &str = "_FILE";
/// Names that differ by more are not taken for the same.
const MOST_TYPOS: usize = 2;

/// What one layer says.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) values: Vec<(String, Assigned)>,
    pub(super) problems: Vec<Problem>,
    pub(super) warnings: Vec<Problem>,
}

/// A variable as it was found.
#[derive(Debug)]
pub(super) struct Variable {
    pub(super) name: String,
    pub(super) value: Secret,
    pub(super) origin: Origin,
}

/// What a variable sets, and how strongly among the variables of its layer (lower is stronger).
struct Target {
    row: &'static Setting,
    key: String,
    from_file: bool,
    rank: usize,
    form: Option<Form>,
}

/// Reads one layer of variables. Plain variables that mean no setting belong to somebody else and are left alone.
pub(super) fn read(variables: Vec<Variable>, rows: &[&'static Setting], disk: &mut Disk) -> Found {
    let mut found = Found::default();
    let mut settings: BTreeMap<String, Vec<(Target, Variable)>> = BTreeMap::new();
    for variable in variables {
        match target(&variable.name, rows) {
            None if variable.name.starts_with(PREFIX) => found.problems.push(unknown(variable, rows)),
            None => {}
            Some(_) if variable.value.expose().trim().is_empty() => {}
            Some(target) => settings
                .entry(target.key.clone())
                .or_default()
                .push((target, variable)),
        }
    }
    for (key, mut ways) in settings {
        ways.sort_by_key(|(target, _)| target.rank);
        let mut ways = ways.into_iter();
        let Some((target, variable)) = ways.next() else {
            continue;
        };
        let (rank, name) = (target.rank, variable.name.clone());
        let chosen = assigned(&target, variable, disk);
        for (other, variable) in ways {
            let origin = variable.origin.clone();
            if other.rank == rank {
                let message = format!("set together with {name}; set only one of the two");
                found.problems.push(Problem::new(key.clone(), origin, message));
            } else if rank > 0 && !agree(&chosen, &assigned(&other, variable, disk), target.row) {
                let message = format!("left aside, for {name} is set to something else and is stronger");
                found.warnings.push(Problem::new(key.clone(), origin, message));
            }
        }
        found.values.push((key, chosen));
    }
    found
}

fn agree(one: &Assigned, two: &Assigned, row: &Setting) -> bool {
    one.fault.is_none() && two.fault.is_none() && row.is_same(&one.raw, &two.raw)
}

/// What a variable gives, with the fault that it has if it wins.
fn assigned(target: &Target, variable: Variable, disk: &mut Disk) -> Assigned {
    let text = if target.from_file {
        secret_file(variable.value.expose(), disk)
    } else {
        rewritten(variable.value, target.form)
    };
    match text {
        Ok(text) => Assigned::new(Raw::Text(text), variable.origin),
        Err(fault) => Assigned {
            fault: Some(fault),
            ..Assigned::new(Raw::text(""), variable.origin)
        },
    }
}

fn rewritten(value: Secret, form: Option<Form>) -> Result<Secret, String> {
    let Some(form) = form else {
        return Ok(value);
    };
    let rewritten = (form.rewrite)(value.expose().trim()).map(Secret::new);
    rewritten.ok_or_else(|| format!("found {}; allowed is {}", Raw::Text(value).shown(), form.allowed))
}

/// Whether a variable sets anything.
pub(super) fn is_known(name: &str, rows: &[&'static Setting]) -> bool {
    target(name, rows).is_some()
}

fn target(name: &str, rows: &[&'static Setting]) -> Option<Target> {
    if let Some(key) = name.strip_prefix(PREFIX) {
        let at = |text: &str, from_file: bool| {
            let key = text.to_ascii_lowercase().replace("__", ".");
            let row = rows.iter().find(|row| row.is_at(&key))?;
            Some(Target {
                row,
                key,
                from_file,
                rank: 0,
                form: None,
            })
        };
        let of_file = || at(key.strip_suffix(FILE)?, true).filter(|target| target.row.is_secret);
        return at(key, false).or_else(of_file);
    }
    rows.iter().find_map(|row| {
        let at = |name: &str, from_file: bool| {
            let place = row.variables.iter().position(|variable| *variable == name)?;
            Some(Target {
                row,
                key: row.key.to_owned(),
                from_file,
                rank: place + 1,
                form: row.forms.get(place).copied().flatten(),
            })
        };
        let of_file = || at(name.strip_suffix(FILE).filter(|_| row.is_secret)?, true);
        at(name, false).or_else(of_file)
    })
}

/// A warning for a plain variable whose name is that of a setting but for a typo.
pub(super) fn likely_typo(variable: &Variable, rows: &[&'static Setting]) -> Option<Problem> {
    if variable.name.starts_with(PREFIX) || is_known(&variable.name, rows) {
        return None;
    }
    let names = rows.iter().flat_map(|row| row.variables.iter());
    // Each letter more or less is a typo: most names need no closer look.
    let alike = names.filter(|name| name.len().abs_diff(variable.name.len()) <= MOST_TYPOS);
    let near = alike.map(|name| (strsim::damerau_levenshtein(&variable.name, name), name));
    let (typos, meant) = near.min()?;
    // In a short name two letters make another word.
    (typos <= MOST_TYPOS && variable.name.len() > 3 * MOST_TYPOS).then(|| {
        let message = format!("no setting has this variable; did you mean {meant}?");
        Problem::of_source(variable.origin.clone(), message)
    })
}

fn unknown(variable: Variable, rows: &[&'static Setting]) -> Problem {
    let key = variable.name.strip_prefix(PREFIX).unwrap_or_default();
    let key = key.to_ascii_lowercase().replace("__", ".");
    let message = format!("unknown setting{}", meant(&key, rows, Setting::variable_of));
    Problem::new(key, variable.origin, message)
}

/// The content of a secret's file without the line end that editors put there. The path is not shown: it may be the
/// secret itself, given to the wrong variable.
fn secret_file(path: &str, disk: &mut Disk) -> Result<Secret, String> {
    let text = disk.read(Path::new(path.trim()));
    let text = text.map_err(|kind| format!("the file that it names cannot be read: {}", in_words(kind)))?;
    Ok(Secret::new(text.expose().trim_end_matches(['\r', '\n'])))
}

/// Settings that have moved, and where to: files of before name them.
const MOVED: [(&str, &str); 1] = [("database.backup_url", "backup.postgres_url")];

/// `; did you mean …?` when a setting has a name much like `key`, or took its place, shown by `show`.
pub(super) fn meant(key: &str, rows: &[&'static Setting], show: fn(&str) -> String) -> String {
    if let Some((_, now)) = MOVED.iter().find(|(before, _)| *before == key) {
        return format!("; did you mean {}?", show(now));
    }
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
    let most = 1 + key.len() / 5;
    let alike = candidates.filter(|candidate| candidate.len().abs_diff(key.len()) <= most);
    let near = alike.map(|candidate| (strsim::damerau_levenshtein(key, &candidate), candidate));
    match near.min_by_key(|(distance, _)| *distance) {
        Some((distance, candidate)) if distance <= most => {
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
