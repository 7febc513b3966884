//! Which language is spoken, told from the contact's words.

use serde::{Deserialize, Serialize};

/// A language that the assistant's own texts are in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Language {
    /// Portuguese of Brazil.
    #[default]
    Portuguese,
    /// English.
    English,
}

impl Language {
    /// As a model and a channel are told it (BCP 47).
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::Portuguese => "pt-BR",
            Self::English => "en",
        }
    }
}

/// In which language the assistant speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Speech {
    /// Always Portuguese.
    Portuguese,
    /// Always English.
    English,
    /// As the contact writes; Portuguese while that is not clear.
    #[default]
    Follow,
}

impl Speech {
    /// The language for a contact who has written `texts`, the latest last.
    pub(super) fn language<'a>(self, texts: impl DoubleEndedIterator<Item = &'a str>) -> Language {
        match self {
            Self::Portuguese => Language::Portuguese,
            Self::English => Language::English,
            Self::Follow => texts.rev().find_map(guess).unwrap_or_default(),
        }
    }
}

/// Frequent words that only one of the two has.
const PORTUGUESE: &[&str] = &[
    "oi", "ola", "olá", "bom", "boa", "dia", "tarde", "noite", "eu", "quero", "queria", "gostaria", "você",
    "voce", "vc", "não", "nao", "sim", "uma", "um", "para", "pra", "com", "que", "de", "da", "do", "na",
    "meu", "minha", "marcar", "consulta", "horário", "horario", "amanhã", "amanha", "hoje", "obrigado",
    "obrigada", "por", "favor", "qual", "quanto", "tem", "preciso", "cancelar", "remarcar", "é", "está",
    "esta", "segunda", "terça", "quarta", "quinta", "sexta", "sábado", "nome",
];
const ENGLISH: &[&str] = &[
    "hi",
    "hello",
    "good",
    "morning",
    "the",
    "i",
    "want",
    "would",
    "like",
    "you",
    "yes",
    "an",
    "my",
    "to",
    "for",
    "with",
    "is",
    "are",
    "please",
    "thanks",
    "thank",
    "book",
    "appointment",
    "tomorrow",
    "today",
    "what",
    "how",
    "much",
    "need",
    "cancel",
    "reschedule",
    "can",
    "do",
    "have",
    "time",
    "and",
    "your",
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "name",
];

/// The language of a text, if its frequent words tell it.
fn guess(text: &str) -> Option<Language> {
    let text = text.to_lowercase();
    let words = text
        .split(|c: char| !c.is_alphabetic())
        .filter(|word| !word.is_empty());
    let (mut portuguese, mut english) = (0_u32, 0_u32);
    for word in words.take(200) {
        portuguese += u32::from(PORTUGUESE.contains(&word));
        english += u32::from(ENGLISH.contains(&word));
    }
    match portuguese.cmp(&english) {
        std::cmp::Ordering::Greater => Some(Language::Portuguese),
        std::cmp::Ordering::Less => Some(Language::English),
        std::cmp::Ordering::Equal => None,
    }
}

/// Words without case and accents, parted by single spaces, for comparison.
pub(super) fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len() + 2);
    for c in text.chars().flat_map(char::to_lowercase) {
        let c = match c {
            'á' | 'à' | 'â' | 'ã' | 'ä' => 'a',
            'é' | 'è' | 'ê' | 'ë' => 'e',
            'í' | 'ì' | 'î' | 'ï' => 'i',
            'ó' | 'ò' | 'ô' | 'õ' | 'ö' => 'o',
            'ú' | 'ù' | 'û' | 'ü' => 'u',
            'ç' => 'c',
            'ñ' => 'n',
            // Accents that are written as characters of their own.
            '\u{300}'..='\u{36f}' => continue,
            c if c.is_alphanumeric() => c,
            // The apostrophe of "can't" joins.
            '\'' | '’' => continue,
            _ => ' ',
        };
        if c != ' ' || !plain.ends_with(' ') {
            plain.push(c);
        }
    }
    plain.trim().to_owned()
}

/// Whether `text`, made [`plain`], has `phrase` as whole words.
pub(super) fn has_phrase(text: &str, phrase: &str) -> bool {
    let phrase = plain(phrase);
    !phrase.is_empty() && format!(" {text} ").contains(&format!(" {phrase} "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_text_that_tells_decides() {
        let follow = |texts: &[&str]| Speech::Follow.language(texts.iter().copied());
        assert_eq!(follow(&["Oi, quero marcar uma consulta"]), Language::Portuguese);
        assert_eq!(
            follow(&["Oi, bom dia", "Hello, I would like to book an appointment"]),
            Language::English
        );
        assert_eq!(
            follow(&["I need an appointment, please", "14:30"]),
            Language::English
        );
        assert_eq!(follow(&["14:30"]), Language::Portuguese);
        assert_eq!(
            Speech::English.language(["Olá, bom dia"].into_iter()),
            Language::English
        );
    }

    #[test]
    fn phrases_are_whole_words_whatever_their_case_and_accents() {
        let text = plain("Socorro!! Estou com DOR NO PEITO, nao consigo respirar");
        assert!(has_phrase(&text, "dor no peito") && has_phrase(&text, "não consigo respirar"));
        assert!(!has_phrase(&plain("estou avcado"), "avc"));
        assert!(has_phrase(&plain("I can’t breathe"), "can't breathe"));
        assert_eq!(plain("cora\u{327}c\u{327}a\u{303}o"), "coracao");
    }
}
