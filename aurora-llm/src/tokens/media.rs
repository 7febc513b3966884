//! How many tokens pictures, documents and sound have at most, as far as vendors say.

use crate::chat::{Media, MediaSource, Part};

/// The most tokens of one picture that a current model documents, less one exception.
///
/// Anthropic: up to 4,784 (Claude Opus 4.7 and later; 1,568 before). `OpenAI`: 85 + 170 × 8 tiles = 1,445, or 1,536
/// patches × 2.46 = 3,779 (gpt-4.1-nano). Gemini: 258 a tile, or 2,240 at the finest resolution. The exception is
/// gpt-4o-mini, which counts a picture at up to 2,833 + 5,667 × 8 = 48,169, so that it costs as much as with gpt-4o.
const PICTURE: u64 = 5_000;

/// One page of a document: Anthropic reads it as text (up to 3,000 tokens) and as a picture.
const PAGE: u64 = 3_000 + 1_568;

/// The most pages that a provider takes where it says so for its usual context (Anthropic: 100).
const PAGES: u64 = 100;

/// Bytes of the thinnest sound in use (8 kbit/s) for one token of the densest count (Gemini: 32 tokens a second).
const SOUND_BYTES: u64 = 1_000 / 32;

/// Sound of which only the address is known: half an hour of it.
const SOUND: u64 = 30 * 60 * 32;

/// The most tokens of `media`, which is in `part`.
pub(super) fn at_most(part: &Part, media: &Media) -> u64 {
    let size = match &media.source {
        MediaSource::Bytes(bytes) => u64::try_from(bytes.len()).ok(),
        MediaSource::Url(_) => None,
    };
    match (part, size) {
        (Part::Image(_), _) => PICTURE,
        (Part::Audio(_), Some(size)) => size / SOUND_BYTES + 32,
        (Part::Audio(_), None) => SOUND,
        // A text in a file is text.
        (_, Some(size)) if media.media_type.starts_with("text/") => size,
        // A page of a document takes a few hundred bytes at least, and no provider reads more than so many.
        (_, Some(size)) => size.clamp(PAGE, PAGE * PAGES),
        (_, None) => PAGE * PAGES,
    }
}

/// About how many tokens `media` has.
pub(super) fn about(part: &Part, media: &Media) -> u64 {
    match (part, &media.source) {
        // A picture of a thousand by a thousand pixels: 765 with OpenAI, 1,334 with Anthropic, 258 to 1,120 with Gemini.
        (Part::Image(_), _) => 1_000,
        // Compressed speech at 32 kbit/s, 10 (OpenAI) to 32 (Gemini) tokens a second.
        (Part::Audio(_), MediaSource::Bytes(bytes)) => {
            u64::try_from(bytes.len() / 4_000 * 20).unwrap_or(u64::MAX)
        }
        (Part::Audio(_), MediaSource::Url(_)) => 60 * 20,
        (_, MediaSource::Bytes(bytes)) if media.media_type.starts_with("text/") => {
            u64::try_from(bytes.len() / 4).unwrap_or(u64::MAX)
        }
        // A page of a PDF has about 50 kB.
        (_, MediaSource::Bytes(bytes)) => u64::try_from(bytes.len() / 50_000 + 1)
            .unwrap_or(u64::MAX)
            .saturating_mul(2_000),
        (_, MediaSource::Url(_)) => 10 * 2_000,
    }
}
