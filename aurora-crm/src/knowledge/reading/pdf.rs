//! PDFs: from strangers, so within limits of bytes, objects, pages and time. What unpacks is counted before it is kept.

mod fonts;
mod load;
mod page;

use lopdf::Document;

use super::places::too_long;
use super::{Limits, Over, too_much_text};
use crate::error::Error;
use crate::leads::refused;

/// What the contents of one page may be when they are unpacked.
const PAGE: usize = 8 * 1_024 * 1_024;

/// The text of each page.
///
/// # Errors
/// `Invalid` for what is no PDF, is locked, or goes beyond a limit.
pub(super) fn pages(bytes: &[u8], limits: &Limits, over: &Over) -> Result<Vec<String>, Error> {
    // A panic of the reader is one more way of saying that it does not understand the file.
    let read = std::panic::catch_unwind(|| {
        let document = load::document(bytes)?;
        texts(&document, limits, over)
    });
    read.unwrap_or_else(|_| Err(unreadable()))
}

fn texts(document: &Document, limits: &Limits, over: &Over) -> Result<Vec<String>, Error> {
    if document.is_encrypted() {
        return Err(refused("content", "invalid", "the PDF is locked with a password"));
    }
    let found = document.get_pages();
    if found.len() > limits.pages {
        let message = format!("must have at most {} pages", limits.pages);
        return Err(refused("content", "too_many", message));
    }
    let mut pages = Vec::with_capacity(found.len());
    let mut left = limits.text;
    for id in found.into_values() {
        let text = page::text(document, id, left, over);
        if over.is() {
            return Err(too_long(limits));
        }
        let text = match text {
            Ok(text) => text,
            Err(page::Beyond::Text) => return Err(too_much_text(limits)),
            Err(page::Beyond::Unpacked) => return Err(too_large("a page of it unpacks to more than 8 MiB")),
        };
        left -= text.len();
        pages.push(text);
    }
    Ok(pages)
}

fn unreadable() -> Error {
    refused("content", "invalid", "this is no PDF, or a damaged one")
}

fn too_large(message: &str) -> Error {
    refused("content", "too_large", message)
}
