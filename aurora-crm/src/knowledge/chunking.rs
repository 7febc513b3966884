//! Cuts a text into passages along its structure.

use std::rc::Rc;

use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::document::ChunkId;
use super::reading::{Block, BlockKind, Normal};

/// A passage ends at the next boundary after so many words,
const TARGET: usize = 220;
/// and has at most so many,
pub(super) const MOST: usize = 300;
/// or so many bytes, for what has no spaces.
const MOST_BYTES: usize = 4_000;
/// What follows in the same section begins with up to so many words of what was before.
const OVERLAP: usize = 40;
/// The most headings that are kept of a path, and the characters of each.
const HEADINGS: usize = 6;
const HEADING: usize = 200;

/// A passage: a piece of the text, from `start` to `end`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Passage {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) headings: Vec<String>,
}

/// The headings over a section. They are shared: there can be as many sections as words.
type Path = Vec<Rc<str>>;

/// The smallest that is not cut: a block, or a part of one that is too long.
#[derive(Debug, Clone, Copy)]
struct Piece {
    start: usize,
    end: usize,
    words: usize,
    is_heading: bool,
    /// A new section begins here.
    section: usize,
}

/// The passages of a text, in order: together they hold all of it.
pub(super) fn passages(normal: &Normal) -> Vec<Passage> {
    let (pieces, paths) = pieces(normal);
    let mut passages = Vec::new();
    let mut open: Vec<Piece> = Vec::new();
    for piece in pieces {
        if let Some(last) = open.last() {
            let words: usize = open.iter().map(|piece| piece.words).sum();
            let start = open.first().map_or(piece.start, |first| first.start);
            // A heading stays with what it stands over, also if that is another heading.
            let is_other = piece.section != last.section && open.iter().any(|piece| !piece.is_heading);
            if is_other || words >= TARGET || words + piece.words > MOST || piece.end - start > MOST_BYTES {
                close(&normal.text, &mut open, &piece, &paths, &mut passages);
            }
        }
        open.push(piece);
    }
    push(&open, &paths, &mut passages);
    passages
}

/// Ends a passage before `next`, and begins the next one with the end of it, if it goes on.
fn close(text: &str, open: &mut Vec<Piece>, next: &Piece, paths: &[Path], to: &mut Vec<Passage>) {
    push(open, paths, to);
    let last = open.last().copied();
    open.clear();
    let Some(last) = last.filter(|last| last.section == next.section && !last.is_heading) else {
        return;
    };
    let (start, words) = tail(text, last);
    let fits = next.words + words <= MOST && next.end - start <= MOST_BYTES;
    if words > 0 && fits {
        open.push(Piece { start, words, ..last });
    }
}

fn push(open: &[Piece], paths: &[Path], to: &mut Vec<Passage>) {
    if let (Some(first), Some(last)) = (open.first(), open.last()) {
        to.push(Passage {
            start: first.start,
            end: last.end,
            headings: paths
                .get(last.section)
                .map(|path| path.iter().map(|name| String::from(&**name)).collect())
                .unwrap_or_default(),
        });
    }
}

/// Where the last sentences of a piece begin that have [`OVERLAP`] words at most; nothing of a piece that is one sentence.
fn tail(text: &str, piece: Piece) -> (usize, usize) {
    let body = text.get(piece.start..piece.end).unwrap_or_default();
    let mut best = (piece.end, 0);
    for at in boundaries(body).into_iter().rev() {
        let words = count(body.get(at..).unwrap_or_default());
        if words > OVERLAP {
            break;
        }
        best = (piece.start + at, words);
    }
    best
}

/// The pieces of all blocks, and the path of headings of each section.
fn pieces(normal: &Normal) -> (Vec<Piece>, Vec<Path>) {
    let mut pieces = Vec::new();
    let mut paths = vec![Vec::new()];
    let mut path: Vec<(u8, Rc<str>)> = Vec::new();
    for block in &normal.blocks {
        let body = normal.text.get(block.start..block.end).unwrap_or_default();
        let entered = match block.kind {
            BlockKind::Heading(level) => Some((level, body.to_owned())),
            BlockKind::Page(number) => Some((0, format!("p. {number}"))),
            _ => None,
        };
        let is_heading = entered.is_some();
        if let Some((level, name)) = entered {
            path.retain(|(above, _)| *above < level);
            let name: String = name.chars().take(HEADING).collect();
            path.push((level, name.into()));
            let last = path.len().saturating_sub(HEADINGS);
            paths.push(path.iter().skip(last).map(|(_, name)| Rc::clone(name)).collect());
        }
        let section = paths.len() - 1;
        for (start, end) in split(body, block) {
            let words = count(normal.text.get(start..end).unwrap_or_default());
            pieces.push(Piece {
                start,
                end,
                words,
                is_heading,
                section,
            });
        }
    }
    (pieces, paths)
}

/// A block as it is if it fits, or its lines or sentences, put together as far as they fit.
fn split(body: &str, block: &Block) -> Vec<(usize, usize)> {
    if body.is_empty() {
        return Vec::new();
    }
    if fits(body) {
        return vec![(block.start, block.end)];
    }
    let by_line = matches!(block.kind, BlockKind::List | BlockKind::Table | BlockKind::Code);
    let boundaries = if by_line { lines(body) } else { boundaries(body) };
    let mut parts = Vec::new();
    let (mut start, mut end) = (0, 0);
    for next in boundaries.into_iter().chain([body.len()]) {
        let with_next = body.get(start..next).unwrap_or_default();
        if end > start && (!fits(with_next) || count(with_next) > TARGET) {
            parts.extend(cut(body, start, end));
            start = end;
        }
        end = next;
    }
    parts.extend(cut(body, start, end));
    parts
        .into_iter()
        .filter_map(|(start, end)| trimmed(body, start, end))
        .map(|(start, end)| (block.start + start, block.start + end))
        .collect()
}

/// A part that still does not fit is cut between words, or within what has no spaces.
fn cut(body: &str, start: usize, end: usize) -> Vec<(usize, usize)> {
    let mut parts = Vec::new();
    let mut start = start;
    while let Some(part) = body.get(start..end).filter(|part| !part.is_empty()) {
        if fits(part) {
            parts.push((start, end));
            break;
        }
        let mut at = 0;
        let mut words = 0;
        for (index, character) in part.char_indices() {
            if index + character.len_utf8() > MOST_BYTES || words >= MOST {
                break;
            }
            if character.is_whitespace() {
                words += 1;
                at = index;
            }
        }
        if at == 0 {
            let whole = part.char_indices().map(|(index, _)| index);
            at = whole
                .take_while(|index| *index <= MOST_BYTES - 4)
                .last()
                .unwrap_or(part.len())
                .max(1);
        }
        parts.push((start, start + at));
        start += at;
    }
    parts
}

fn fits(text: &str) -> bool {
    text.len() <= MOST_BYTES && count(text) <= MOST
}

fn count(text: &str) -> usize {
    text.split_whitespace().count()
}

fn trimmed(body: &str, start: usize, end: usize) -> Option<(usize, usize)> {
    let part = body.get(start..end)?;
    let start = start + (part.len() - part.trim_start().len());
    let end = end - (part.len() - part.trim_end().len());
    (start < end).then_some((start, end))
}

fn lines(body: &str) -> Vec<usize> {
    body.match_indices('\n').map(|(at, _)| at + 1).collect()
}

/// Where sentences begin, but for the first: after a line, and after `.`, `!`, `?` or `…` and a space.
fn boundaries(body: &str) -> Vec<usize> {
    let mut found = Vec::new();
    let mut before = ' ';
    for (at, character) in body.char_indices() {
        let ends = character == '\n' || (character == ' ' && matches!(before, '.' | '!' | '?' | '…' | ';'));
        if ends {
            found.push(at + 1);
        }
        before = character;
    }
    found
}

/// The name of a chunk: RFC 9562, version 8, of the document's external id, what the chunk is read as, and how many there
/// were before it that are the same.
pub(super) fn chunk_id(external_id: &str, read_as: &str, nth: usize) -> ChunkId {
    let mut hash = Sha256::new();
    for part in [external_id, read_as, &nth.to_string()] {
        hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(part.as_bytes());
    }
    let mut bytes = [0; 16];
    for (byte, hashed) in bytes.iter_mut().zip(hash.finalize()) {
        *byte = hashed;
    }
    ChunkId::from_uuid(uuid8(bytes))
}

fn uuid8(bytes: [u8; 16]) -> Uuid {
    let number = u128::from_be_bytes(bytes);
    let number = number & !(0xf << 76) | (0x8 << 76);
    Uuid::from_u128(number & !(0b11 << 62) | (0b10 << 62))
}
