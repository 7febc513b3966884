//! Links between the documents lead somewhere.

use std::path::{Path, PathBuf};

use super::{files, none, read, root};

fn documents() -> Vec<PathBuf> {
    let mut documents = files("docs", "md");
    for folder in [
        ".",
        "aurora-core",
        "aurora-llm",
        "aurora-alerts",
        "aurora-crm",
        "aurora-server",
        "deploy",
    ] {
        let entries = std::fs::read_dir(root().join(folder))
            .into_iter()
            .flatten()
            .map(Result::unwrap);
        let paths = entries
            .map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|it| it == "md"));
        documents.extend(paths.map(|path| path.strip_prefix(root()).map(Path::to_owned).unwrap()));
    }
    documents
}

/// The lines outside fenced code.
fn prose(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut in_code = false;
    text.lines().enumerate().filter_map(move |(index, line)| {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
            return None;
        }
        (!in_code).then_some((index + 1, line))
    })
}

/// The targets of `[text](target)` and `[text]: target` in a line.
fn targets(line: &str) -> Vec<&str> {
    let mut found: Vec<&str> = line
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split([')', ' ']).next())
        .collect();
    if line.starts_with('[')
        && let Some((_, target)) = line.split_once("]: ")
    {
        found.extend(target.split_whitespace().next());
    }
    found
}

fn is_elsewhere(target: &str) -> bool {
    // `a::b` is a path of Rust, in a document that is also a crate's documentation.
    target.contains("://") || target.starts_with("mailto:") || target.contains("::")
}

/// The anchor that a heading gets where these documents are shown.
fn anchor(heading: &str) -> String {
    let kept = heading.trim().to_lowercase();
    let kept = kept
        .chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

fn has_anchor(document: &Path, wanted: &str) -> bool {
    let text = read(document);
    let mut headings = prose(&text).filter(|(_, line)| line.starts_with('#'));
    headings.any(|(_, line)| anchor(line.trim_start_matches('#')) == wanted)
}

#[test]
fn every_link_between_documents_leads_somewhere() {
    let mut violations = Vec::new();
    let mut followed = 0;
    for document in documents() {
        let text = read(&document);
        let folder = document.parent().unwrap_or(Path::new(""));
        for (number, line) in prose(&text) {
            for target in targets(line).into_iter().filter(|target| !is_elsewhere(target)) {
                followed += 1;
                let (path, fragment) = target.split_once('#').unwrap_or((target, ""));
                let path = if path.is_empty() {
                    document.clone()
                } else {
                    folder.join(path)
                };
                let leads = root().join(&path).exists()
                    && (fragment.is_empty()
                        || path.extension().is_none_or(|extension| extension != "md")
                        || has_anchor(&path, fragment));
                if !leads {
                    violations.push(format!("{}:{number}: {target}", document.display()));
                }
            }
        }
    }
    assert!(followed > 0, "no link was found");
    none("a link that leads nowhere", &violations);
}

#[test]
fn links_and_anchors_are_understood() {
    assert_eq!(
        targets("see [a](b.md), [c](d/e.md#f \"title\") and `x`"),
        ["b.md", "d/e.md#f"]
    );
    assert_eq!(targets("[a]: b.md"), ["b.md"]);
    assert_eq!(
        anchor(" The `CacheStore` trait, in short"),
        "the-cachestore-trait-in-short"
    );
    let text = "[a](b)\n```\n[c](d)\n```\n[e](f)";
    assert_eq!(prose(text).map(|(number, _)| number).collect::<Vec<_>>(), [1, 5]);
}
