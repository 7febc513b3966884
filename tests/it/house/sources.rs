//! What the text of the sources may hold, and where.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::{files, none, read};

/// Folders of library code.
const LIBRARY: &[&str] = &[
    "src",
    "aurora-core/src",
    "aurora-llm/src",
    "aurora-alerts/src",
    "aurora-crm/src",
    "aurora-server/src",
];
const LONGEST_FILE_LINES: usize = 500;
/// Names that say nothing of the domain.
const EMPTY_NAMES: &[&str] = &[
    "util", "utils", "common", "helper", "helpers", "misc", "manager", "managers", "service", "services",
];

fn library_files() -> Vec<PathBuf> {
    let files: Vec<_> = LIBRARY.iter().flat_map(|folder| files(folder, "rs")).collect();
    assert!(files.len() > 20, "the library's files were not found");
    files
}

/// Tests that stand in a file or folder of their own.
fn is_test(path: &Path) -> bool {
    path.ends_with("tests.rs") || path.iter().any(|part| part == "tests")
}

/// The lines before the tests that end a file, with their numbers, without comments.
fn code_lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let code = text
        .lines()
        .enumerate()
        .take_while(|(_, line)| line.trim() != "#[cfg(test)]");
    code.filter(|(_, line)| !line.trim_start().starts_with("//"))
        .map(|(index, line)| (index + 1, line))
}

#[test]
fn no_file_of_library_code_is_too_long() {
    let mut violations = Vec::new();
    for path in library_files().into_iter().filter(|path| !is_test(path)) {
        let lines = read(&path).lines().count();
        if lines > LONGEST_FILE_LINES {
            violations.push(format!("{} has {lines} lines", path.display()));
        }
    }
    none("a file to split by its domain", &violations);
}

fn holds_sql(line: &str) -> bool {
    let begins = [
        "select ",
        "insert into ",
        "delete from ",
        "create table ",
        "create index ",
        "create unique index ",
        "alter table ",
        "drop table ",
        "drop index ",
    ];
    let is_sql = |text: &str| {
        let text = text.to_lowercase();
        let update = text.starts_with("update ") && text.contains(" set ");
        update || begins.iter().any(|word| text.starts_with(word))
    };
    // Where a literal begins, or a line of one.
    line.split('"').skip(1).any(is_sql) || is_sql(line.trim_start()) || line.contains("sqlx::")
}

#[test]
fn what_counts_as_sql() {
    for sql in [
        "const A: &str = \"SELECT 1\";",
        "const A: &str = \"select 1\";",
        "    INSERT INTO clients",
        "    insert into clients",
        "use sqlx::query_as;",
        "f(\"UPDATE a SET b\")",
        "f(\"update a set b = $1\")",
    ] {
        assert!(holds_sql(sql), "{sql}");
    }
    for other in [
        "let selected = 1;",
        "\"please UPDATE it\"",
        "tokio::select! {",
        "impl Drop for A {",
        "/* SELECTED */ \"x\"",
    ] {
        assert!(!holds_sql(other), "{other}");
    }
}

/// SQL stands in `sql.rs` beside its aggregate, in `store/`, in `migrations/`, and in the support for tests.
#[test]
fn sql_stands_only_where_it_belongs() {
    let belongs = |path: &Path| {
        path.ends_with("sql.rs")
            || path.iter().any(|part| {
                ["sql", "store", "migrations", "testing"]
                    .iter()
                    .any(|name| part == *name)
            })
    };
    let mut violations = Vec::new();
    for path in library_files()
        .into_iter()
        .filter(|path| !is_test(path) && !belongs(path))
    {
        let text = read(&path);
        for (number, line) in code_lines(&text).filter(|(_, line)| holds_sql(line)) {
            violations.push(format!("{}:{number}: {}", path.display(), line.trim()));
        }
    }
    none("SQL outside sql.rs, store/ and migrations/", &violations);
}

/// An exception from a lint is an `expect` with a reason, which also says when it is no longer needed.
#[test]
fn no_lint_is_merely_allowed() {
    let marks = [concat!("#[", "allow("), concat!("#![", "allow(")];
    let folders = LIBRARY.iter().chain(&["examples", "benches", "tests"]);
    let mut violations = Vec::new();
    for path in folders.flat_map(|folder| files(folder, "rs")) {
        for (index, line) in read(&path).lines().enumerate() {
            if marks.iter().any(|mark| line.contains(mark)) {
                violations.push(format!("{}:{}", path.display(), index + 1));
            }
        }
    }
    none("a lint that is allowed instead of expected", &violations);
}

#[test]
fn names_say_what_is_inside() {
    let mut violations = Vec::new();
    for path in library_files() {
        let empty = |part: &std::ffi::OsStr| {
            let name = Path::new(part).file_stem().and_then(|stem| stem.to_str());
            name.is_some_and(|name| EMPTY_NAMES.contains(&name))
        };
        if path.iter().any(empty) {
            violations.push(path.display().to_string());
        }
    }
    none("a name that fits anything", &violations);
}

/// A file that `main.rs` does not name is never compiled, so its tests never fail.
#[test]
fn every_journey_is_part_of_this_binary() {
    let main = read(Path::new("tests/it/main.rs"));
    let mut violations = Vec::new();
    for path in files("tests/it", "rs") {
        let is_top = path.parent() == Some(Path::new("tests/it"));
        let name = path
            .file_stem()
            .and_then(|stem| stem.to_str())
            .unwrap_or_default();
        if is_top && name != "main" && !main.lines().any(|line| line.trim() == format!("mod {name};")) {
            violations.push(path.display().to_string());
        }
    }
    none("a file without its `mod` in tests/it/main.rs", &violations);
}

#[test]
fn every_decision_has_a_number_of_its_own() {
    let mut by_number: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut violations = Vec::new();
    for path in files("docs/adr", "md") {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let number = name.split('-').next().unwrap_or_default().to_owned();
        if number.len() != 4 || !number.bytes().all(|byte| byte.is_ascii_digit()) {
            violations.push(format!("{name} does not begin with four digits"));
        }
        if !read(&path).starts_with("# ") {
            violations.push(format!("{name} does not begin with its title"));
        }
        by_number.entry(number).or_default().push(name);
    }
    assert!(!by_number.is_empty(), "no decision was found");
    let shared = by_number.values().filter(|names| names.len() > 1);
    violations.extend(shared.map(|names| format!("the same number: {}", names.join(", "))));
    none("a decision that cannot be cited by its number", &violations);
}
