use proptest::prelude::*;

use crate::file::{AlertFile, Format};

const YAML: &str = include_str!(concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../examples/alerts/rules.yaml"
));
const TOML: &str = include_str!(concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../examples/alerts/rules.toml"
));

fn refused(text: &str, format: Format) -> String {
    AlertFile::parse("a", text, format).unwrap_err().problems()[0].to_string()
}

/// Nine lists of nine aliases each: 9⁹ values in 400 bytes.
#[test]
fn a_billion_laughs_are_refused() {
    let mut text = "a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n".to_owned();
    for level in 1..=9 {
        let alias = format!("*a{}", level - 1);
        let aliases = [alias.as_str(); 9].join(", ");
        text.push_str(&format!("a{level}: &a{level} [{aliases}]\n"));
    }
    let problem = refused(&text, Format::Yaml);
    assert!(problem.contains("more than 100000 values"), "{problem}");
}

#[test]
fn deep_files_are_refused() {
    for text in [
        "[".repeat(500_000),
        "- ".repeat(400_000),
        "{a: ".repeat(200_000),
        "? ".repeat(300_000),
    ] {
        let problem = refused(&text, Format::Yaml);
        assert!(
            problem.contains("nested more than 32 deep") || problem.contains("not YAML"),
            "{problem}"
        );
    }
    let nested = format!("rules:\n  - name: r\n    {}m > 1\n", "not: {".repeat(200));
    refused(&nested, Format::Yaml);
    let chain: String = (1..40)
        .map(|level| format!("a{level}: &a{level} {{b: *a{}}}\n", level - 1))
        .collect();
    let problem = refused(&format!("a0: &a0 x\n{chain}"), Format::Yaml);
    assert!(
        problem.contains("nested more than 32 deep by the alias"),
        "{problem}"
    );
    for text in [
        format!("a = {}", "[".repeat(500_000)),
        format!("a = {}", "{a=".repeat(200_000)),
        format!("{}a = 1", "a.".repeat(400_000)),
        format!("[{}a]", "a.".repeat(400_000)),
        format!("a = {}{}", "[".repeat(40), "]".repeat(40)),
    ] {
        let problem = refused(&text, Format::Toml);
        assert!(
            problem.contains("nested more than 32 deep") || problem.contains("not TOML"),
            "{problem}"
        );
    }
}

#[test]
fn large_files_are_refused() {
    let text = "#".repeat(1 << 20);
    assert!(AlertFile::parse("a", &text, Format::Yaml).is_ok());
    for format in [Format::Yaml, Format::Toml] {
        assert_eq!(
            refused(&format!("{text}#"), format),
            "a: the file has more than 1048576 bytes"
        );
    }
    let many = "[],".repeat(200_000);
    assert!(refused(&format!("rules: [{many}]"), Format::Yaml).contains("more than 100000 values"));
    assert!(refused(&format!("rules = [{many}]"), Format::Toml).contains("more than 100000 values"));
}

/// Replaces, removes or repeats a part of a text.
fn mutated(text: &str, cuts: &[(prop::sample::Index, usize, String)]) -> String {
    let mut characters: Vec<char> = text.chars().collect();
    for (at, length, new) in cuts {
        let at = at.index(characters.len() + 1);
        let end = (at + length).min(characters.len());
        characters.splice(at..end, new.chars());
    }
    characters.into_iter().collect()
}

fn cuts() -> impl Strategy<Value = Vec<(prop::sample::Index, usize, String)>> {
    let new = prop_oneof![
        any::<String>(),
        "[-:{}\\[\\]\"'&*!|>%@`#,? \\n\\t=.0-9a-z]{0,6}",
        Just("\n".to_owned()),
        Just(".inf".to_owned()),
        Just("99999999999999999999".to_owned()),
    ];
    prop::collection::vec((any::<prop::sample::Index>(), 0..12_usize, new), 1..4)
}

/// A result, or problems that each have a place within the text.
fn is_sound(text: &str, format: Format) -> bool {
    let lines = text.lines().count() + 1;
    match AlertFile::parse("a", text, format) {
        Ok(_) => true,
        Err(error) => error.problems().iter().all(|problem| {
            let place = problem.place.as_ref();
            place.is_none_or(|place| place.line <= lines)
        }),
    }
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in any::<String>(), plain in "[-a-z:{}\\[\\]\"'&*!|>#, \\n=.0-9]{0,80}") {
        for text in [text, plain] {
            prop_assert!(is_sound(&text, Format::Yaml), "{text:?}");
            prop_assert!(is_sound(&text, Format::Toml), "{text:?}");
        }
    }

    #[test]
    fn no_change_of_a_good_file_makes_it_panic(cuts in cuts()) {
        prop_assert!(is_sound(&mutated(YAML, &cuts), Format::Yaml));
        prop_assert!(is_sound(&mutated(TOML, &cuts), Format::Toml));
    }

    #[test]
    fn no_expression_makes_it_panic(text in "[a-z0-9(){}\\[\\]<>=! .\"~,é]{0,30}") {
        if let Ok(condition) = crate::file::expression::expression(&text, None) {
            let is_threshold = matches!(condition, crate::condition::Condition::Threshold { .. });
            prop_assert!(is_threshold, "{text}");
        }
    }
}
