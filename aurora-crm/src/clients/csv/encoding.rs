//! Bytes to text: what spreadsheets write in Brazil.

/// How the characters of a file are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Encoding {
    /// UTF-8, with or without a byte order mark.
    Utf8,
    /// UTF-16, the low byte first: Excel's "Unicode text".
    Utf16Le,
    /// UTF-16, the high byte first.
    Utf16Be,
    /// Windows-1252, which Excel writes as "CSV" where Portuguese is spoken.
    Windows1252,
}

/// What stands at 0x80 to 0x9F (WHATWG encoding standard); five places are empty.
const HIGH: [Option<char>; 32] = [
    Some('€'),
    None,
    Some('‚'),
    Some('ƒ'),
    Some('„'),
    Some('…'),
    Some('†'),
    Some('‡'),
    Some('ˆ'),
    Some('‰'),
    Some('Š'),
    Some('‹'),
    Some('Œ'),
    None,
    Some('Ž'),
    None,
    None,
    Some('‘'),
    Some('’'),
    Some('“'),
    Some('”'),
    Some('•'),
    Some('–'),
    Some('—'),
    Some('˜'),
    Some('™'),
    Some('š'),
    Some('›'),
    Some('œ'),
    None,
    Some('ž'),
    Some('Ÿ'),
];

/// Reads Windows-1252; `None` when there is a byte that means nothing in it.
pub(super) fn windows_1252(bytes: &[u8]) -> Option<String> {
    bytes
        .iter()
        .map(|byte| match byte {
            0x80..=0x9f => HIGH.get(usize::from(byte - 0x80)).copied().flatten(),
            other => Some(char::from(*other)),
        })
        .collect()
}

/// Turns UTF-16 that arrives in pieces into UTF-8. Half a surrogate pair becomes U+FFFD.
#[derive(Debug)]
pub(super) struct Utf16 {
    high_first: bool,
    byte: Option<u8>,
    surrogate: Option<u16>,
}

impl Utf16 {
    pub(super) const fn new(high_first: bool) -> Self {
        Self {
            high_first,
            byte: None,
            surrogate: None,
        }
    }

    pub(super) fn push(&mut self, input: &[u8], text: &mut Vec<u8>) {
        for &byte in input {
            let Some(first) = self.byte.take() else {
                self.byte = Some(byte);
                continue;
            };
            let pair = [first, byte];
            let unit = if self.high_first {
                u16::from_be_bytes(pair)
            } else {
                u16::from_le_bytes(pair)
            };
            if (0xd800..0xdc00).contains(&unit) {
                if self.surrogate.replace(unit).is_some() {
                    write(char::REPLACEMENT_CHARACTER, text);
                }
                continue;
            }
            let units = self.surrogate.take().into_iter().chain([unit]);
            for character in char::decode_utf16(units) {
                write(character.unwrap_or(char::REPLACEMENT_CHARACTER), text);
            }
        }
    }

    /// What is left over at the end of the file is damaged.
    pub(super) fn finish(&mut self, text: &mut Vec<u8>) {
        if self.byte.take().is_some() || self.surrogate.take().is_some() {
            write(char::REPLACEMENT_CHARACTER, text);
        }
    }
}

fn write(character: char, text: &mut Vec<u8>) {
    text.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn windows_1252_reads_portuguese_and_refuses_empty_places() {
        assert_eq!(
            windows_1252(b"P\xe3o \x80 \x96 a\xe7\xfacar").unwrap(),
            "Pão € – açúcar"
        );
        assert_eq!(windows_1252(b"a\x81"), None);
    }

    proptest! {
        #[test]
        fn utf_16_in_pieces_is_the_same_text(text in "\\PC{0,40}", piece in 1_usize..5, high_first: bool) {
            let bytes: Vec<u8> = text
                .encode_utf16()
                .flat_map(|unit| if high_first { unit.to_be_bytes() } else { unit.to_le_bytes() })
                .collect();
            let (mut reader, mut read) = (Utf16::new(high_first), Vec::new());
            for part in bytes.chunks(piece) {
                reader.push(part, &mut read);
            }
            reader.finish(&mut read);
            prop_assert_eq!(String::from_utf8(read).unwrap(), text);
        }
    }
}
