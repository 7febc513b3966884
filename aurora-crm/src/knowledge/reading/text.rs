//! Plain text: paragraphs between empty lines, and lists.

use super::blocks::{BlockKind, Writer};

pub(super) fn read(writer: &mut Writer, text: &str) {
    let text = text.replace("\r\n", "\n");
    let mut paragraph = String::new();
    for line in text.split('\n').chain([""]) {
        if !line.trim().is_empty() {
            paragraph.push_str(line);
            paragraph.push('\n');
            continue;
        }
        let is_list = paragraph.lines().count() > 1 && paragraph.lines().all(is_item);
        let kind = if is_list {
            BlockKind::List
        } else {
            BlockKind::Paragraph
        };
        writer.block(kind, &paragraph);
        paragraph.clear();
    }
}

/// `- `, `* `, `• `, `1. `, `1) `.
fn is_item(line: &str) -> bool {
    let line = line.trim_start();
    let after = line.strip_prefix(['-', '*', '•', '–']).or_else(|| {
        let digits = line.trim_start_matches(|character: char| character.is_ascii_digit());
        (digits.len() < line.len())
            .then_some(digits)?
            .strip_prefix(['.', ')'])
    });
    after.is_some_and(|after| after.starts_with(' '))
}

/// Joins words that were split at the end of a line, as in print.
#[cfg(feature = "knowledge-pdf")]
pub(super) fn unhyphenate(text: &str) -> String {
    let mut joined = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("-\n") {
        joined.push_str(before);
        let splits = before.chars().next_back().is_some_and(char::is_alphabetic)
            && after.chars().next().is_some_and(char::is_lowercase);
        if !splits {
            joined.push_str("-\n");
        }
        rest = after;
    }
    joined.push_str(rest);
    joined
}
