//! What documents of every format come to: one text and its blocks.

mod blocks;
mod html;
mod markdown;
#[cfg(feature = "knowledge-pdf")]
mod pdf;
mod places;
#[cfg(test)]
mod tests;
mod text;

pub(super) use self::blocks::{Block, BlockKind, Normal};
pub(super) use self::places::{Over, Places};

use self::blocks::Writer;
use super::input::{Content, Turn};
use super::limits::Limits;
use crate::error::Error;
use crate::leads::refused;

/// Reads a document. It takes time and what it reads is from strangers: [`Places`] are for that.
pub(super) fn read(content: &Content, limits: &Limits, over: &Over) -> Result<Normal, Error> {
    let mut writer = Writer::default();
    match content {
        Content::Text(text) => text::read(&mut writer, text),
        Content::Markdown(text) => markdown::read(&mut writer, text, over),
        Content::Html(text) => writer = html::read(writer, text, over),
        Content::Conversation(turns) => turns.iter().for_each(|turn| say(&mut writer, turn)),
        #[cfg(feature = "knowledge-pdf")]
        Content::Pdf(bytes) => {
            for (page, number) in pdf::pages(bytes, limits, over)?.iter().zip(1..) {
                writer.page(number);
                text::read(&mut writer, &text::unhyphenate(page));
            }
        }
    }
    if over.is() {
        return Err(places::too_long(limits));
    }
    finish(writer, limits)
}

fn say(writer: &mut Writer, turn: &Turn) {
    let text = format!("{}: {}", turn.speaker.trim(), turn.text);
    writer.block(BlockKind::Paragraph, &text);
}

fn finish(writer: Writer, limits: &Limits) -> Result<Normal, Error> {
    let normal = writer.finish();
    if normal.text.is_empty() {
        return Err(refused(
            "content",
            "required",
            "there is no text in it; a scanned page has none until it has gone through OCR",
        ));
    }
    if normal.text.len() > limits.text {
        return Err(too_much_text(limits));
    }
    Ok(normal)
}

fn too_much_text(limits: &Limits) -> Error {
    let message = format!("its text must have at most {} bytes", limits.text);
    refused("content", "too_large", message)
}
