use super::{alike, detect, fingerprint, inverse_frequency, likeness, question, saturation, terms};
use crate::knowledge::Language;

fn words(text: &str, language: Language) -> Vec<String> {
    terms(text, language).into_keys().collect()
}

#[test]
fn who_types_without_accents_finds_the_same() {
    for (right, typed) in [
        (
            "Vocês fazem clareamento dentário às terças?",
            "voces fazem clareamento dentario as tercas",
        ),
        (
            "Política de Cancelamento: não há devolução",
            "POLITICA DE CANCELAMENTO nao ha devolucao",
        ),
        ("sa\u{303}o joa\u{303}o", "São João"),
    ] {
        assert_eq!(
            words(right, Language::Portuguese),
            words(typed, Language::Portuguese)
        );
    }
}

/// Out of Snowball's vocabularies for Portuguese and English (snowballstem.org, `voc.txt` and `output.txt`), words that have no
/// accents.
#[test]
fn stems_are_those_of_snowball() {
    for (word, stem) in [
        ("boataria", "boat"),
        ("boazinha", "boazinh"),
        ("quietinha", "quietinh"),
        ("quilometros", "quilometr"),
    ] {
        assert_eq!(words(word, Language::Portuguese), [stem], "{word}");
    }
    for (word, stem) in [
        ("consistency", "consist"),
        ("consigned", "consign"),
        ("knightly", "knight"),
        ("knives", "knive"),
    ] {
        assert_eq!(words(word, Language::English), [stem], "{word}");
    }
}

#[test]
fn a_question_is_read_in_both_languages_and_keeps_stop_words_only_if_there_is_nothing_else() {
    let wanted = question("quais os preços das consultas?");
    let terms: Vec<&[String]> = wanted.iter().map(|word| word.terms.as_slice()).collect();
    assert_eq!(terms.len(), 2);
    assert!(
        terms[1].contains(&"consult".to_owned()) && terms[1].contains(&"consulta".to_owned()),
        "{terms:?}"
    );
    assert_eq!(question("o que é?").len(), 3);
    assert!(question("?!").is_empty());
    assert_eq!(question(&"palavra ".repeat(500)).len(), 1);
}

#[test]
fn a_language_is_told_by_its_commonest_words() {
    assert_eq!(
        detect("What are your opening hours on Saturdays?"),
        Language::English
    );
    assert_eq!(
        detect("Qual é o horário de vocês aos sábados?"),
        Language::Portuguese
    );
    assert_eq!(detect("RX 1234"), Language::Portuguese);
}

#[test]
fn slips_of_the_fingers_are_forgiven_in_words_that_are_long_enough() {
    let known: Vec<(String, i64)> = [
        ("limp", 3),
        ("limpez", 5),
        ("clare", 9),
        ("clareament", 2),
        ("claramente", 1),
    ]
    .map(|(word, count)| (word.to_owned(), count))
    .into();
    assert_eq!(alike("limpes", &known), ["limpez"], "another letter");
    assert_eq!(alike("limepz", &known), ["limpez"], "swapped");
    assert_eq!(alike("clareamnto", &known)[0], "clareament");
    assert!(alike("rx", &known).is_empty());
    assert!(alike("ortodont", &known).is_empty());
}

/// Worked by hand: N 4, df 1: ln(1 + 3.5/1.5) = 1.2039728; tf 2, length 10, average 8: 2·2.2 / (2 + 1.2·(0.25 + 0.75·1.25))
/// = 4.4 / 3.425 = 1.2846715.
#[test]
fn bm25_is_as_it_is_written() {
    assert!((inverse_frequency(4.0, 1.0) - 1.203_972_804).abs() < 1e-9);
    assert!((saturation(2.0, 10.0, 8.0) - 1.284_671_533).abs() < 1e-9);
}

#[test]
fn questions_are_alike_by_their_words() {
    let one = fingerprint("Quanto custa a limpeza?");
    assert!((likeness(&one, &fingerprint("quanto custa limpeza")) - 1.0).abs() < 1e-12);
    assert!(likeness(&one, &fingerprint("quanto custa o canal")) < 0.6);
    assert!(likeness(&[], &[]).abs() < 1e-12);
}
