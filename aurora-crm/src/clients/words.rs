//! The words by which a client is found.

use std::collections::BTreeMap;

use super::name::fold;
use super::{Client, ClientNote};

/// How much a word counts by where it stands.
const NAME: i64 = 8;
const TRADE_NAME: i64 = 6;
const NUMBER: i64 = 8;
const TAG: i64 = 3;
const CITY: i64 = 2;
const NOTE: i64 = 1;
/// Words longer than this are cut, in characters.
const MAX_WORD: usize = 64;
/// The distinct words of one text that are kept; those after them are not found.
const MAX_WORDS: usize = 1_000;

/// Words with their weights.
pub(super) type Words = BTreeMap<String, i64>;

/// The words of a client itself.
pub(super) fn of_client(client: &Client) -> Words {
    let mut words = Words::new();
    add(&mut words, &client.legal_name, NAME);
    if let Some(name) = &client.trade_name {
        add(&mut words, name, TRADE_NAME);
    }
    if let Some(cnpj) = &client.cnpj {
        put(&mut words, &fold(cnpj.plain()), NUMBER);
    }
    if let Some(cpf) = &client.cpf {
        put(&mut words, cpf.plain(), NUMBER);
    }
    for email in client.email.iter().chain(&client.emails) {
        add(&mut words, email.as_str(), NUMBER);
    }
    for phone in &client.phones {
        let digits = phone.as_str().trim_start_matches('+');
        put(&mut words, digits, NUMBER);
        if let Some(national) = digits.strip_prefix("55") {
            put(&mut words, national, NUMBER);
            // as somebody on the spot would say it, and the four digits by which it is remembered
            put(&mut words, national.get(2..).unwrap_or_default(), NUMBER);
        }
        put(
            &mut words,
            digits.get(digits.len().saturating_sub(4)..).unwrap_or_default(),
            NUMBER,
        );
    }
    for tag in &client.tags {
        add(&mut words, tag, TAG);
    }
    for city in client
        .addresses
        .iter()
        .filter_map(|address| address.city.as_deref())
    {
        add(&mut words, city, CITY);
    }
    words
}

/// The words of a note.
pub(super) fn of_note(note: &ClientNote) -> Words {
    let mut words = Words::new();
    add(&mut words, &note.text, NOTE);
    words
}

/// The words of any text.
pub(super) fn of_text(text: &str) -> Vec<String> {
    let mut words = Words::new();
    add(&mut words, text, NOTE);
    words.into_keys().collect()
}

/// The words that somebody looks for. A number with its mask is one word.
pub(super) fn of_query(text: &str) -> Vec<String> {
    let folded = fold(text);
    let mut found: Vec<String> = Vec::new();
    for chunk in folded.split_whitespace() {
        let parts: Vec<String> = if has_mask(chunk) {
            vec![joined(chunk)]
        } else {
            chunk.split(|c: char| !c.is_alphanumeric()).map(cut).collect()
        };
        for part in parts {
            if !part.is_empty() && !found.contains(&part) {
                found.push(part);
            }
        }
    }
    found
}

fn add(words: &mut Words, text: &str, weight: i64) {
    for chunk in fold(text).split_whitespace() {
        if has_mask(chunk) {
            put(words, &joined(chunk), weight);
        }
        for part in chunk.split(|c: char| !c.is_alphanumeric()) {
            put(words, part, weight);
        }
    }
}

fn put(words: &mut Words, word: &str, weight: i64) {
    let word = cut(word);
    if word.is_empty() || (words.len() >= MAX_WORDS && !words.contains_key(&word)) {
        return;
    }
    let present = words.entry(word).or_insert(weight);
    *present = weight.max(*present);
}

/// Whether something with digits is broken up by signs, as in `12.abc.345/01de-35` and `98765-4321`.
fn has_mask(chunk: &str) -> bool {
    chunk.chars().any(|c| c.is_ascii_digit()) && chunk.chars().any(|c| !c.is_alphanumeric())
}

fn joined(chunk: &str) -> String {
    chunk
        .chars()
        .filter(|c| c.is_alphanumeric())
        .take(MAX_WORD)
        .collect()
}

fn cut(word: &str) -> String {
    word.chars().take(MAX_WORD).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_found_with_and_without_their_mask() {
        assert_eq!(of_query("12.ABC.345/01DE-35"), ["12abc34501de35"]);
        assert_eq!(of_query("(11) 98765-4321"), ["11", "987654321"]);
        assert_eq!(
            of_query("São-João ana@example.com"),
            ["sao", "joao", "ana", "example", "com"]
        );
        assert_eq!(of_query(" \0 * \" ' -- "), Vec::<String>::new());
        assert_eq!(of_query("Ana ana ÁNA"), ["ana"]);
    }

    #[test]
    fn a_word_counts_where_it_weighs_most() {
        let mut words = Words::new();
        add(&mut words, "ana", NOTE);
        add(&mut words, "Ana A-1", NAME);
        assert_eq!(words.get("ana"), Some(&NAME));
        assert!(["a1", "a", "1"].iter().all(|word| words.contains_key(*word)));
        for n in 0..2_000 {
            put(&mut words, &format!("w{n}"), NOTE);
        }
        assert_eq!(words.len(), MAX_WORDS);
    }
}
