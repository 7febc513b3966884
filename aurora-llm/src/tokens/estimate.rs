//! Estimates from the length and the script of a text.

use super::texts::{self, Read};
use super::{bound, media};
use crate::chat::{ChatRequest, Message, ResponseFormat};

/// A letter of a word longer than this, in a script that is written with spaces, belongs to no word: base64, hashes.
const LONGEST_WORD: u32 = 28;

/// Beginnings of the names of Anthropic's models with the older vocabulary.
const ANTHROPIC_BEFORE_4_7: [&str; 10] = [
    "claude-2",
    "claude-3",
    "claude-instant",
    "claude-haiku-4",
    "claude-sonnet-4",
    "claude-opus-4-0",
    "claude-opus-4-1",
    "claude-opus-4-2", // the date of Claude Opus 4
    "claude-opus-4-5",
    "claude-opus-4-6",
];

/// About how many input tokens `request` has for `model` at the provider `kind`.
///
/// Texts count by script: about four letters of English to a token, three of other Latin scripts and code, two of
/// Cyrillic or Arabic, one of Chinese. For English, Portuguese, code, Chinese, Japanese, Russian and base64 that is
/// within a quarter of what `OpenAI`'s vocabulary counts. Media count by the constants in `docs/llm/tokens.md`.
#[must_use]
pub fn estimate(request: &ChatRequest, kind: &str, model: &str) -> u64 {
    let (mut text, mut rest) = (Text::default(), 3_u64);
    for message in &request.messages {
        rest = rest.saturating_add(text.take_message(message));
    }
    for tool in &request.tools {
        text.take(&tool.name);
        text.take(tool.description.as_deref().unwrap_or_default());
        rest = rest
            .saturating_add(12)
            .saturating_add(bound::json(&tool.parameters) / 4);
    }
    if !request.tools.is_empty() && kind == "anthropic" {
        // Between 264 and 804, by model and choice.
        rest = rest.saturating_add(400);
    }
    if let ResponseFormat::JsonSchema { schema, .. } = &request.format {
        rest = rest.saturating_add(12).saturating_add(bound::json(schema) / 4);
    }
    text.tokens(kind, model).saturating_add(rest)
}

/// About how many tokens `text` has for `model` at the provider `kind`; see [`estimate`].
#[must_use]
pub fn estimate_text(text: &str, kind: &str, model: &str) -> u64 {
    let mut counted = Text::default();
    counted.take(text);
    counted.tokens(kind, model)
}

/// About how many tokens one message has for a model that is not known.
pub(crate) fn estimate_message(message: &Message) -> u64 {
    let mut text = Text::default();
    let rest = text.take_message(message);
    text.tokens("", "").saturating_add(rest)
}

fn quarter(bytes: usize) -> u64 {
    u64::try_from(bytes / 4).unwrap_or(u64::MAX)
}

/// Hundredths of a token.
#[derive(Debug, Default)]
struct Text(u64);

impl Text {
    /// Takes what is text in a message; the tokens of the rest are handed back.
    fn take_message(&mut self, message: &Message) -> u64 {
        let mut rest = 4_u64;
        for part in &message.parts {
            texts::of_part(part, &mut |read| match read {
                Read::Text(said) => self.take(said),
                Read::Opaque(proof) => rest = rest.saturating_add(quarter(proof.len())),
                Read::Media(part, media) => rest = rest.saturating_add(media::about(part, media)),
            });
        }
        rest
    }

    fn take(&mut self, text: &str) {
        let mut word = 0_u32;
        for char in text.chars() {
            word = if char.is_ascii_alphanumeric() || matches!(char, '+' | '/' | '=') {
                word.saturating_add(1)
            } else {
                0
            };
            // What came before is a word no more either, so that its letters are made up for.
            let weight = if word == LONGEST_WORD {
                70 * u64::from(LONGEST_WORD) - 23 * u64::from(LONGEST_WORD)
            } else if word > LONGEST_WORD {
                70
            } else {
                weight(char)
            };
            self.0 = self.0.saturating_add(weight);
        }
    }

    fn tokens(&self, kind: &str, model: &str) -> u64 {
        // Anthropic says that the vocabulary since Claude 4.7 makes about 30 % more of the same text.
        let older = || ANTHROPIC_BEFORE_4_7.iter().any(|name| model.starts_with(name));
        let share = if kind == "anthropic" && !older() { 130 } else { 100 };
        self.0.saturating_mul(share).div_ceil(10_000)
    }
}

/// Hundredths of a token that a character is on average, measured with the vocabulary of gpt-4o.
const fn weight(char: char) -> u64 {
    match char {
        'a'..='z' | 'A'..='Z' => 21,
        '0'..='9' => 40,
        ' ' => 2,
        '\n' => 45,
        '\0'..='\u{7f}' => 55,
        // Accents, and what else is Latin.
        '\u{80}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}' => 60,
        '\u{400}'..='\u{52f}' => 26,
        // Greek, Hebrew, Arabic, Indic and their neighbours.
        '\u{250}'..='\u{1dff}' => 32,
        // Kana, Chinese, Hangul.
        '\u{3000}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}' | '\u{f900}'..='\u{ffef}' => 72,
        '\u{2000}'..='\u{206f}' => 60,
        _ => 180,
    }
}
