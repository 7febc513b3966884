//! What is recognised before any model is asked.

use super::language::{has_phrase, plain};
use super::settings::{AssistantSettings, Topic};

/// How people ask for a person.
const PERSON: &[&str] = &[
    "falar com atendente",
    "falar com um atendente",
    "falar com uma atendente",
    "falar com o atendente",
    "falar com a atendente",
    "falar com uma pessoa",
    "falar com alguém",
    "falar com humano",
    "falar com um humano",
    "falar com a recepção",
    "falar com a recepcionista",
    "falar com a secretária",
    "atendente humano",
    "atendimento humano",
    "quero um atendente",
    "quero uma pessoa",
    "quero um humano",
    "pessoa de verdade",
    "pessoa real",
    "talk to a person",
    "talk to a human",
    "talk to someone",
    "speak to a person",
    "speak to a human",
    "speak with a human",
    "speak to someone",
    "human agent",
    "real person",
];

/// The first topic with a fixed answer that one of the texts is about.
pub(super) fn topic<'a>(settings: &'a AssistantSettings, texts: &[String]) -> Option<&'a Topic> {
    let texts: Vec<String> = texts.iter().map(|text| plain(text)).collect();
    let is_about = |topic: &&Topic| {
        let mut phrases = topic.phrases.iter();
        phrases.any(|phrase| texts.iter().any(|text| has_phrase(text, phrase)))
    };
    settings.hand_over.topics.iter().find(is_about)
}

/// Whether one of the texts asks for a person.
pub(super) fn asks_for_person(texts: &[String]) -> bool {
    texts.iter().any(|text| {
        let text = plain(text);
        PERSON.iter().any(|phrase| has_phrase(&text, phrase))
    })
}
