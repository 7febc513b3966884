//! Words as they are compared: folded, without stop words, stemmed.

mod bm25;
mod similar;
mod stop_words;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use rust_stemmers::{Algorithm, Stemmer};
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use super::language::Language;

pub(super) use self::bm25::{Ranking, inverse_frequency, saturation};
pub(super) use self::similar::{alike, likeness};

/// The longest word that is kept, in bytes; what is longer is no word.
const LONGEST: usize = 64;
/// The most words of a question.
const MOST_WORDS: usize = 32;

/// The terms of a text, each with how often it occurs.
pub(super) fn terms(text: &str, language: Language) -> BTreeMap<String, i64> {
    let stemmer = stemmer(language);
    let mut terms = BTreeMap::new();
    for word in words(text).filter(|word| !stop_words::is_any(word)) {
        *terms.entry(stem(&stemmer, &word)).or_insert(0) += 1;
    }
    terms
}

/// The terms of a text in Portuguese reading, sorted, each once: what passages are compared by.
pub(super) fn terms_sorted(text: &str) -> Vec<String> {
    terms(text, Language::Portuguese).into_keys().collect()
}

/// A word of a question: what it can be in either language. A chunk is in one language, so it holds one of them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Wanted {
    pub(super) terms: Vec<String>,
}

/// The words of a question, each once; stop words only if there is nothing else.
pub(super) fn question(text: &str) -> Vec<Wanted> {
    let all: Vec<String> = words(text).collect();
    let mut kept: Vec<&String> = all.iter().filter(|word| !stop_words::is_any(word)).collect();
    if kept.is_empty() {
        kept = all.iter().collect();
    }
    let (portuguese, english) = (stemmer(Language::Portuguese), stemmer(Language::English));
    let mut wanted = Vec::new();
    for word in kept {
        let mut terms = vec![stem(&portuguese, word), stem(&english, word)];
        terms.dedup();
        let word = Wanted { terms };
        if !wanted.contains(&word) && wanted.len() < MOST_WORDS {
            wanted.push(word);
        }
    }
    wanted
}

/// A question as its ratings and corrections are compared by: its terms in Portuguese reading, sorted.
pub(super) fn fingerprint(text: &str) -> Vec<String> {
    let mut terms: Vec<String> = question(text)
        .into_iter()
        .filter_map(|wanted| wanted.terms.into_iter().next())
        .collect();
    terms.sort_unstable();
    terms.dedup();
    terms
}

/// The language whose commonest words there are more of.
pub(super) fn detect(text: &str) -> Language {
    let (mut portuguese, mut english) = (0, 0);
    for word in words(text).take(2_000) {
        match (stop_words::is_portuguese(&word), stop_words::is_english(&word)) {
            (true, false) => portuguese += 1,
            (false, true) => english += 1,
            _ => {}
        }
    }
    if english > portuguese {
        Language::English
    } else {
        Language::Portuguese
    }
}

/// Runs of letters and digits, folded: lower case, without accents.
fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|character: char| !character.is_alphanumeric() && !is_combining_mark(character))
        .map(|word| {
            word.nfkd()
                .filter(|character| !is_combining_mark(*character))
                .flat_map(char::to_lowercase)
                .filter(|character| character.is_alphanumeric())
                .collect::<String>()
        })
        .filter(|word| !word.is_empty() && word.len() <= LONGEST)
}

/// The words of a text as they stand there, folded.
pub(super) fn folded(text: &str) -> Vec<String> {
    words(text).collect()
}

fn stemmer(language: Language) -> Stemmer {
    Stemmer::create(match language {
        Language::Portuguese => Algorithm::Portuguese,
        Language::English => Algorithm::English,
    })
}

/// Folded first and then stemmed: somebody who types without accents finds the same.
fn stem(stemmer: &Stemmer, word: &str) -> String {
    if word.len() > 2 && word.bytes().all(|byte| byte.is_ascii_lowercase()) {
        stemmer.stem(word).into_owned()
    } else {
        word.to_owned()
    }
}
