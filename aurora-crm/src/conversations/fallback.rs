//! What is sent instead of a message that comes too late for the window.

use super::{Content, Conversation, FallbackTemplate, Message};

/// Stands for the name of the contact.
const NAME: &str = "{name}";
/// Stands for the words of the message.
const TEXT: &str = "{text}";
/// What a place of a template takes at most, in characters.
const MAX_PLACE: usize = 1024;
/// What stands where there is nothing: a place must not be empty.
const NOTHING: &str = "-";

/// The template with its places filled.
pub(super) fn content(template: &FallbackTemplate, late: &Message, name: Option<&str>) -> Content {
    // A place takes neither line breaks nor tabs, nor more than four spaces in a row.
    let words: Vec<&str> = late.content.words().split_whitespace().collect();
    let (words, name) = (words.join(" "), name.unwrap_or_default());
    let fill = |place: &String| {
        let filled: String = filled(place, name, &words).chars().take(MAX_PLACE).collect();
        if filled.trim().is_empty() {
            NOTHING.to_owned()
        } else {
            filled
        }
    };
    Content::Template {
        name: template.name.clone(),
        language: template.language.clone(),
        body: template.places.iter().map(fill).collect(),
        payloads: Vec::new(),
        text: filled(&template.text, name, &words),
    }
}

/// Puts both in at once: what a contact calls itself is no mark.
fn filled(place: &str, name: &str, words: &str) -> String {
    let parts: Vec<String> = place.split(TEXT).map(|part| part.replace(NAME, name)).collect();
    parts.join(words)
}

/// What makes two the same: a template that carries the message is sent for each, one that asks the contact to write once a window.
pub(super) fn key(template: &FallbackTemplate, late: &Message, conversation: &Conversation) -> String {
    if template.places.iter().any(|place| place.contains(TEXT)) {
        return format!("fallback/{}", late.id);
    }
    let window = conversation.last_inbound_at.map_or(0, |at| at.as_micros());
    format!("fallback/{window}")
}
