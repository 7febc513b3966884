//! The fonts of a page: which bytes are which letters.

use std::collections::BTreeMap;

use lopdf::{Dictionary, Document, Encoding, Object};

/// What a table of letters may be when it is unpacked,
const TABLE: usize = 1_024 * 1_024;
/// and how many codes may be in those that are kept at once. The library keeps an entry for each code of a range, however
/// short the line that says it: there are ranges of four billion.
const CODES: usize = 8 * TWO_BYTES;
/// All codes of two bytes.
const TWO_BYTES: usize = 65_536;

/// Fonts by name, read when they are used.
pub(super) struct Fonts<'d> {
    document: &'d Document,
    named: BTreeMap<Vec<u8>, &'d Dictionary>,
    read: BTreeMap<Vec<u8>, Option<Encoding<'d>>>,
    codes: usize,
}

impl<'d> Fonts<'d> {
    pub(super) const fn new(document: &'d Document, named: BTreeMap<Vec<u8>, &'d Dictionary>) -> Self {
        Self {
            document,
            named,
            read: BTreeMap::new(),
            codes: 0,
        }
    }

    /// The letters of a font; `None` if there is none of that name, or it has no table of letters that can be read.
    pub(super) fn get(&mut self, name: &[u8]) -> Option<&Encoding<'d>> {
        if !self.read.contains_key(name) {
            let font = *self.named.get(name)?;
            let codes = codes_of(font, self.document);
            self.codes += codes;
            if self.codes > CODES {
                self.read.clear();
                self.codes = codes;
            }
            let read = (codes <= CODES)
                .then(|| font.get_font_encoding_with_limit(self.document, TABLE).ok())
                .flatten();
            self.read.insert(name.to_vec(), read);
        }
        self.read.get(name)?.as_ref()
    }
}

/// How many codes a font's table has, roughly; at least what a font without one takes.
fn codes_of(font: &Dictionary, document: &Document) -> usize {
    const LEAST: usize = 256;
    let table = font.get_deref(b"ToUnicode", document).and_then(Object::as_stream);
    let table = table.and_then(|table| table.get_plain_content_with_limit(TABLE));
    table.map_or(LEAST, |table| LEAST + codes(&table))
}

/// Upper bound of the codes of a table: `<first> <last>` is a range, and only spaces and tabs may be between the two. Pairs
/// of other meanings are counted as well; no more than all for codes of up to two bytes.
fn codes(table: &[u8]) -> usize {
    let (mut short, mut long) = (0_usize, 0_usize);
    let mut before: Option<(usize, usize)> = None;
    let mut rest = table;
    while let Some(at) = rest.iter().position(|byte| *byte == b'<') {
        let (between, token) = rest.split_at(at);
        if between.iter().any(|byte| !matches!(byte, b' ' | b'\t')) {
            before = None;
        }
        rest = token.get(1..).unwrap_or_default();
        let Some(end) = rest.iter().position(|byte| !byte.is_ascii_hexdigit()) else {
            break;
        };
        let (digits, after) = rest.split_at(end);
        let number = std::str::from_utf8(digits)
            .ok()
            .and_then(|digits| usize::from_str_radix(digits, 16).ok());
        let code = number
            .filter(|_| digits.len() <= 8)
            .map(|number| (digits.len(), number));
        if let (Some((length, first)), Some((same, last))) = (before, code)
            && length == same
        {
            let range = (last + 1).saturating_sub(first);
            let sum = if length <= 4 { &mut short } else { &mut long };
            *sum = sum.saturating_add(range);
        }
        before = code;
        rest = after.strip_prefix(b">").unwrap_or(after);
    }
    short.min(TWO_BYTES).saturating_add(long)
}

#[cfg(test)]
mod tests {
    use super::codes;

    #[test]
    fn ranges_are_counted_whatever_is_around_them() {
        assert_eq!(codes(b"1 beginbfrange\n<0000> <00FF> <0041>\nendbfrange"), 256);
        assert_eq!(codes(b"<00000000>\t<FFFFFFFF> <0041>"), 1 << 32);
        assert_eq!(codes(b"<000000><FFFFFF> <0041>"), 1 << 24);
        assert_eq!(codes(b"<0000> <FFFF> <0041> <0000> <FFFF> <0041>"), 65_536);
        assert_eq!(codes(b"<00000000> % <FFFFFFFF\n<FFFFFFFF"), 0);
    }
}
