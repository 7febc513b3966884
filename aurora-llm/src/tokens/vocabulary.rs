//! Counting by the vocabularies that `OpenAI` publishes.

use tiktoken_rs::CoreBPE;
use tiktoken_rs::tokenizer::get_tokenizer;

use super::texts::{self, Read};
use crate::chat::{ChatRequest, ResponseFormat};

/// Longer texts, in bytes of the whole request, are not counted exactly, so that no count takes long.
pub const MAX_TEXT: usize = 1 << 20;

/// A longer run of white space is not counted exactly: the expression that splits texts gives up on it.
const MAX_BLANK: usize = 4_096;

/// What frames a message, and what begins the answer: `OpenAI`'s cookbook, "How to count tokens with tiktoken".
const PER_MESSAGE: u64 = 3;
const PER_ANSWER: u64 = 3;

fn vocabulary(kind: &str, model: &str) -> Option<&'static CoreBPE> {
    if kind != "openai" {
        return None;
    }
    tiktoken_rs::bpe_for_tokenizer(get_tokenizer(model)?).ok()
}

/// Loads the vocabulary of `model`, which else the first [`count`](super::count) does; tells whether there is one. Takes
/// some tenths of a second once for each vocabulary, so call it at the start or from a thread that may block.
#[must_use]
pub fn prepare(kind: &str, model: &str) -> bool {
    vocabulary(kind, model).is_some()
}

/// Exactly how many tokens `text` has, if it can be said in bounded time.
pub(super) fn count_text(text: &str, kind: &str, model: &str) -> Option<u64> {
    if !is_countable(text) || text.len() > MAX_TEXT {
        return None;
    }
    tokens(vocabulary(kind, model)?, text)
}

/// How many input tokens `request` has, if it has nothing but text.
pub(super) fn count(request: &ChatRequest, kind: &str, model: &str) -> Option<u64> {
    // How tools and schemas are put into the prompt is not documented.
    if !request.tools.is_empty() || request.format != ResponseFormat::Text {
        return None;
    }
    let (mut plain, mut size) = (true, 0_usize);
    let parts = || request.messages.iter().flat_map(|message| &message.parts);
    for part in parts() {
        if !matches!(
            part,
            crate::chat::Part::Text(_) | crate::chat::Part::CachePoint(_)
        ) {
            return None;
        }
        texts::of_part(part, &mut |read| match read {
            Read::Text(text) => {
                size = size.saturating_add(text.len());
                plain &= is_countable(text);
            }
            _ => plain = false,
        });
    }
    if !plain || size > MAX_TEXT {
        return None;
    }
    let vocabulary = vocabulary(kind, model)?;
    let mut sum = PER_ANSWER;
    for message in &request.messages {
        let role = match message.role {
            crate::chat::Role::System => "system",
            crate::chat::Role::User => "user",
            crate::chat::Role::Assistant => "assistant",
            crate::chat::Role::Tool => return None,
        };
        let said = message.parts.iter().filter_map(crate::chat::Part::as_text);
        // Several texts of a message are read as one.
        let said: String = said.collect();
        sum = sum
            .saturating_add(PER_MESSAGE)
            .saturating_add(tokens(vocabulary, role)?)
            .saturating_add(tokens(vocabulary, &said)?);
    }
    Some(sum)
}

/// Marks such as `<|endoftext|>` are text like any other: users may write them.
fn tokens(vocabulary: &CoreBPE, text: &str) -> Option<u64> {
    u64::try_from(vocabulary.count_ordinary(text)).ok()
}

fn is_countable(text: &str) -> bool {
    let mut blank = 0;
    text.chars().all(|char| {
        blank = if char.is_whitespace() { blank + 1 } else { 0 };
        blank <= MAX_BLANK
    })
}
