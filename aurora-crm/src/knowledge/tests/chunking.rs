#![expect(
    clippy::string_slice,
    reason = "offsets that are not on characters are what is looked for"
)]

use proptest::prelude::{Just, Strategy, prop, prop_assert, prop_assert_eq, prop_oneof, proptest};

use crate::knowledge::chunking::{chunk_id, passages};
use crate::knowledge::reading::{Normal, Over, read};
use crate::knowledge::{Content, Limits};

const MOST_WORDS: usize = 300;
const MOST_BYTES: usize = 4_000;

fn normal(markdown: &str) -> Normal {
    read(
        &Content::Markdown(markdown.to_owned()),
        &Limits::default(),
        &Over::default(),
    )
    .unwrap()
}

fn sentence() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        8 => "[a-zçãéô]{1,9}",
        1 => Just("€𝄞漢字".to_owned()),
        1 => Just("sem-espaço".repeat(3)),
    ];
    prop::collection::vec(word, 1..40).prop_map(|words| format!("{}. ", words.join(" ")))
}

/// A part of a document: a heading, a paragraph, a list, a table, code, or something without any space.
fn part() -> impl Strategy<Value = String> {
    let sentences = || prop::collection::vec(sentence(), 1..25);
    prop_oneof![
        (1_usize..4, "[a-z]{3,8}").prop_map(|(level, name)| format!("{} {name}", "#".repeat(level))),
        sentences().prop_map(|all| all.concat()),
        sentences().prop_map(|all| format!("- {}", all.join("\n- "))),
        sentences().prop_map(|all| format!("| a |\n|---|\n| {} |", all.join(" |\n| "))),
        sentences().prop_map(|all| format!("```\n{}\n```", all.join("\n"))),
        (1_usize..12_000).prop_map(|length| "ã".repeat(length)),
    ]
}

proptest! {
    #![proptest_config(proptest::test_runner::Config::with_cases(96))]

    #[test]
    fn passages_hold_the_whole_text_in_order_and_within_their_limits(parts in prop::collection::vec(part(), 1..12)) {
        let normal = normal(&format!("x\n\n{}", parts.join("\n\n")));
        let text = &normal.text;
        let all = passages(&normal);
        let mut covered = 0;
        let mut begun = 0;
        for passage in &all {
            let said = text.get(passage.start..passage.end);
            prop_assert!(said.is_some(), "offsets lie between characters");
            let said = said.unwrap();
            prop_assert_eq!(said.trim(), said);
            prop_assert!(!said.is_empty() && said.len() <= MOST_BYTES);
            prop_assert!(said.split_whitespace().count() <= MOST_WORDS);
            prop_assert!(passage.start >= begun && passage.end > covered, "in order");
            if passage.start > covered {
                prop_assert!(text[covered..passage.start].trim().is_empty(), "nothing is left out");
            }
            (begun, covered) = (passage.start, passage.end);
        }
        prop_assert!(text[covered..].trim().is_empty());
    }
}

fn said(normal: &Normal) -> Vec<(&str, Vec<String>)> {
    passages(normal)
        .into_iter()
        .map(|passage| (&normal.text[passage.start..passage.end], passage.headings))
        .collect()
}

#[test]
fn a_passage_stands_under_its_headings_and_begins_with_them() {
    let normal = normal("intro\n\n# A\n\n## B\n\num\n\n### C\n\ndois\n\n## D\n\ntrês");
    let path = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let expected = [
        ("intro", path(&[])),
        ("A\n\nB\n\num", path(&["A", "B"])),
        ("C\n\ndois", path(&["A", "B", "C"])),
        ("D\n\ntrês", path(&["A", "D"])),
    ];
    assert_eq!(said(&normal), expected);
}

#[test]
fn tables_and_lists_that_fit_are_not_cut_and_long_text_overlaps_by_whole_sentences() {
    let prose = |n: usize| {
        (0..n)
            .map(|n| format!("Frase número {n} com oito palavras ao todo."))
            .collect::<Vec<_>>()
    };
    let table = format!("| dia | hora |\n|---|---|\n{}", "| seg | 8h |\n".repeat(50));
    let normal = normal(&format!("# T\n\n{}\n\n{table}\n\nfim", prose(20).join(" ")));
    let said = said(&normal);
    let rows: Vec<usize> = said
        .iter()
        .map(|(text, _)| text.matches("seg | 8h").count())
        .collect();
    assert!(
        rows.contains(&50) && rows.iter().all(|count| [0, 50].contains(count)),
        "{rows:?}"
    );

    let long = self::normal(&prose(100).join(" "));
    let said = self::said(&long);
    assert!(said.len() >= 3);
    for pair in said.windows(2) {
        let (one, next) = (pair[0].0, pair[1].0);
        let first = next.split_inclusive('.').next().unwrap();
        assert!(first.starts_with("Frase número") && one.contains(first), "{next}");
    }
}

#[test]
fn names_of_chunks_follow_from_what_they_say() {
    let id = chunk_id("prices", "pt Preços", 0);
    assert_eq!(id, chunk_id("prices", "pt Preços", 0));
    assert_eq!(
        (id.uuid().get_version_num(), id.uuid().as_bytes()[8] >> 6),
        (8, 0b10)
    );
    for other in [
        chunk_id("prices", "pt Preços", 1),
        chunk_id("price", "spt Preços", 0),
        chunk_id("prices", "en Preços", 0),
    ] {
        assert_ne!(id, other);
    }
}
