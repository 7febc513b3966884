//! Passages with what is stored of them.

use std::collections::HashMap;

use super::chunking::{MOST, chunk_id, passages};
use super::language::Language;
use super::lexical;
use super::reading::Normal;
use super::sql::chunks::Draft;
use crate::error::Error;
use crate::leads::refused;

/// The passages of a text as they are stored, with the terms of each: those of the title and headings, too, since a passage
/// often does not repeat what it is about.
pub(super) fn cut(
    external_id: &str,
    title: &str,
    language: Language,
    normal: &Normal,
    most: usize,
) -> Result<Vec<Draft>, Error> {
    let too_many = || {
        let message = format!("must come to at most {most} passages");
        refused("content", "too_many", message)
    };
    // Each block has a word: so many do not fit into so few passages.
    let blocks = normal.blocks.iter().filter(|block| block.end > block.start);
    if blocks.count() > most.saturating_mul(MOST) {
        return Err(too_many());
    }
    let passages = passages(normal);
    if passages.len() > most {
        return Err(too_many());
    }
    let mut before: HashMap<String, usize> = HashMap::new();
    let mut drafts = Vec::with_capacity(passages.len());
    for (passage, ordinal) in passages.into_iter().zip(0_u32..) {
        let text = normal.text.get(passage.start..passage.end).unwrap_or_default();
        let words = format!("{title}\n{}\n{text}", passage.headings.join("\n"));
        let read_as = format!("{} {words}", language.as_str());
        let nth = before.entry(read_as.clone()).or_default();
        let id = chunk_id(external_id, &read_as, *nth);
        *nth += 1;
        drafts.push(Draft {
            id,
            ordinal,
            start: passage.start,
            end: passage.end,
            headings: passage.headings,
            text: text.to_owned(),
            terms: lexical::terms(&words, language),
        });
    }
    Ok(drafts)
}
