//! Two schemas of one name would be described as one.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|it| it == "rs") {
            found.push(path);
        }
    }
}

/// The name behind `word` in a line, up to what ends it.
fn named<'t>(line: &'t str, word: &str) -> Option<&'t str> {
    let (_, rest) = line.split_once(word)?;
    rest.split(|sign: char| !sign.is_alphanumeric() && sign != '_')
        .next()
}

#[test]
fn no_two_schemas_share_a_name() {
    let mut files = Vec::new();
    sources(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("src/http"),
        &mut files,
    );
    let mut places = BTreeMap::<String, Vec<String>>::new();
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let mut lines = text.lines();
        while let Some(line) = lines.next() {
            if !(line.trim_start().starts_with("#[derive(") && line.contains("ToSchema")) {
                continue;
            }
            let mut renamed = None;
            let mut rest = lines.by_ref().filter(|line| !line.trim_start().starts_with("//"));
            let own = rest.find_map(|line| {
                renamed = renamed.take().or_else(|| named(line, "schema(as = "));
                named(line, "struct ").or_else(|| named(line, "enum "))
            });
            let name = renamed.or(own).unwrap().to_owned();
            places.entry(name).or_default().push(file.display().to_string());
        }
    }
    assert!(places.len() > 300, "{}", places.len());
    places.retain(|_, files| files.len() > 1);
    assert!(places.is_empty(), "{places:#?}");
}
