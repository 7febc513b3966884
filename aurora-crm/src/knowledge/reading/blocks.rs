use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization as _;

/// A text with its blocks, in order and without overlap; between them is white space alone.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in super::super) struct Normal {
    pub(in super::super) text: String,
    pub(in super::super) blocks: Vec<Block>,
}

/// A part of a text, in bytes. It is stored: names are short.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(in super::super) struct Block {
    #[serde(rename = "k")]
    pub(in super::super) kind: BlockKind,
    #[serde(rename = "s")]
    pub(in super::super) start: usize,
    #[serde(rename = "e")]
    pub(in super::super) end: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(in super::super) enum BlockKind {
    /// With its level, 1 to 6.
    #[serde(rename = "h")]
    Heading(u8),
    #[serde(rename = "p")]
    Paragraph,
    /// One item a line.
    #[serde(rename = "l")]
    List,
    /// One row a line.
    #[serde(rename = "t")]
    Table,
    #[serde(rename = "c")]
    Code,
    /// A page begins here; empty.
    #[serde(rename = "g")]
    Page(u32),
}

/// Puts a text together, block by block.
#[derive(Debug, Default)]
pub(super) struct Writer {
    normal: Normal,
}

impl Writer {
    /// Adds a block, unless there is nothing in it.
    pub(super) fn block(&mut self, kind: BlockKind, text: &str) {
        let clean = clean(text, kind == BlockKind::Code);
        if clean.is_empty() {
            return;
        }
        let to = &mut self.normal;
        if !to.text.is_empty() {
            to.text.push_str("\n\n");
        }
        let start = to.text.len();
        to.text.push_str(&clean);
        let end = to.text.len();
        to.blocks.push(Block { kind, start, end });
    }

    #[cfg(feature = "knowledge-pdf")]
    pub(super) fn page(&mut self, number: u32) {
        let (start, end) = (self.normal.text.len(), self.normal.text.len());
        let kind = BlockKind::Page(number);
        self.normal.blocks.push(Block { kind, start, end });
    }

    pub(super) fn finish(self) -> Normal {
        self.normal
    }
}

/// The text composed (NFC), without control and invisible characters, which PostgreSQL cannot store or nobody can see. Code
/// keeps its spaces; elsewhere a run of them is one.
fn clean(text: &str, is_code: bool) -> String {
    let mut lines = Vec::new();
    for line in text.split(['\n', '\r', '\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}']) {
        let visible = line.nfc().filter(|character| !is_invisible(*character));
        let mut clean: String = visible
            .map(|character| if character.is_whitespace() { ' ' } else { character })
            .collect();
        if is_code {
            clean.truncate(clean.trim_end().len());
        } else {
            clean = squeeze(&clean);
        }
        if is_code || !clean.is_empty() {
            lines.push(clean);
        }
    }
    let joined = lines.join("\n");
    if is_code {
        joined.trim_matches('\n').trim_end().to_owned()
    } else {
        joined
    }
}

/// One space where there are several; what a list item is indented by stays.
fn squeeze(line: &str) -> String {
    let indent = line.len() - line.trim_start_matches(' ').len();
    let body: Vec<&str> = line.split(' ').filter(|word| !word.is_empty()).collect();
    let body = body.join(" ");
    if body.starts_with("- ") {
        format!("{}{body}", " ".repeat(indent.min(12)))
    } else {
        body
    }
}

const fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\0'..='\u{8}' | '\u{e}'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{ad}' | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff0}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}
