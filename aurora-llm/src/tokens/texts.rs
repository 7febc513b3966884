//! The texts that a model reads in a part of a message.

use crate::chat::{Media, Part};

/// What a part of a message is for whoever counts it.
pub(super) enum Read<'a> {
    /// Text.
    Text(&'a str),
    /// A picture, a document or sound.
    Media(&'a Part, &'a Media),
    /// Reasoning that only its provider can read; about as long as its proof.
    Opaque(&'a str),
}

/// Calls `each` with everything that a model reads in `part`.
pub(super) fn of_part<'a>(part: &'a Part, each: &mut dyn FnMut(Read<'a>)) {
    let mut text = |text: &'a str| each(Read::Text(text));
    match part {
        Part::Text(said) | Part::Refusal(said) => text(said),
        Part::Image(media) | Part::Document(media) | Part::Audio(media) => each(Read::Media(part, media)),
        Part::ToolCall(call) => {
            text(&call.name);
            text(&call.arguments);
            text(&call.id);
        }
        Part::ToolResult(result) => {
            text(&result.content);
            text(&result.call_id);
        }
        Part::Reasoning(reasoning) => {
            text(&reasoning.text);
            if let Some(signature) = &reasoning.signature {
                each(Read::Opaque(&signature.value));
            }
        }
        Part::Citation(citation) => {
            text(&citation.text);
            [&citation.cited, &citation.title, &citation.id, &citation.url]
                .into_iter()
                .flatten()
                .for_each(|said| text(said));
        }
        Part::CachePoint(_) => {}
    }
}
