use super::encoding::Encoding;
use super::error::CsvError;
use super::field::recognise;
use super::parser::{Parser, Record};

/// What stands between two cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Separator {
    /// `;`, which Excel writes where the decimal separator is a comma.
    #[default]
    Semicolon,
    /// `,`.
    Comma,
    /// The tabulator.
    Tab,
}

impl Separator {
    pub(super) const ALL: [Self; 3] = [Self::Semicolon, Self::Comma, Self::Tab];

    pub(super) const fn byte(self) -> u8 {
        match self {
            Self::Semicolon => b';',
            Self::Comma => b',',
            Self::Tab => b'\t',
        }
    }
}

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Dialect {
    /// Its characters.
    pub encoding: Encoding,
    /// Whether it begins with a byte order mark.
    pub byte_order_mark: bool,
    /// What stands between two cells.
    pub separator: Separator,
    /// Nothing beyond ASCII was seen when the encoding was decided, so that a record that is not UTF-8 later on is read
    /// as Windows-1252.
    pub ascii_so_far: bool,
}

/// Beginnings of files that are taken for CSV by mistake, and what they are.
const OTHERS: [(&[u8], &str); 6] = [
    (
        b"PK\x03\x04",
        "a ZIP archive or an Excel workbook (.xlsx): open it and save the sheet as CSV",
    ),
    (b"PK\x05\x06", "an empty ZIP archive"),
    (
        b"\xd0\xcf\x11\xe0",
        "an old Excel workbook (.xls): open it and save the sheet as CSV",
    ),
    (b"\x1f\x8b", "compressed with gzip: unpack it first"),
    (b"%PDF", "a PDF document"),
    (b"<!DOCTYPE", "a web page"),
];

/// Decides how the characters are written; gives the bytes of the mark, too.
pub(super) fn encoding(
    sample: &[u8],
    is_whole: bool,
    told: Option<Encoding>,
) -> Result<(Encoding, usize, bool), CsvError> {
    if sample.is_empty() {
        return Err(CsvError::file("empty", "the file is empty"));
    }
    if let Some((_, what)) = OTHERS.iter().find(|(start, _)| sample.starts_with(start)) {
        return Err(CsvError::file(
            "not_csv",
            format!("this is not a CSV file but {what}"),
        ));
    }
    let mark = match sample {
        [0xef, 0xbb, 0xbf, ..] => Some((Encoding::Utf8, 3)),
        [0xff, 0xfe, ..] => Some((Encoding::Utf16Le, 2)),
        [0xfe, 0xff, ..] => Some((Encoding::Utf16Be, 2)),
        _ => None,
    };
    if let Some((encoding, length)) = mark {
        return match told {
            Some(told) if told != encoding => Err(CsvError::file(
                "unknown_encoding",
                "the file begins with the mark of another encoding than was told",
            )),
            _ => Ok((encoding, length, false)),
        };
    }
    if let Some(told) = told {
        return Ok((told, 0, false));
    }
    let nul = sample.iter().filter(|byte| **byte == 0).count();
    if nul.saturating_mul(10) > sample.len() {
        let what =
            "the file is not text, or UTF-16 without its mark: save it as CSV UTF-8, or name the encoding";
        return Err(CsvError::file("unknown_encoding", what));
    }
    match std::str::from_utf8(sample) {
        Ok(_) => Ok((Encoding::Utf8, 0, sample.is_ascii())),
        // the sample ends within a character
        Err(error) if error.error_len().is_none() && !is_whole => Ok((Encoding::Utf8, 0, false)),
        Err(_) => Ok((Encoding::Windows1252, 0, false)),
    }
}

/// Decides what stands between cells: what gives the most columns with names that are known, then the most even rows.
pub(super) fn separator(sample: &[u8]) -> Separator {
    let score = |separator: Separator| {
        let (mut parser, mut record) = (Parser::new(separator.byte()), Record::default());
        let (mut header, mut known, mut rows, mut even) = (0, 0, 0_usize, 0_usize);
        parser.begin(&mut record);
        for &byte in sample {
            if !parser.step(byte, &mut record) {
                continue;
            }
            if header == 0 {
                header = record.len();
                known = record
                    .fields()
                    .filter(|name| recognise(&String::from_utf8_lossy(name)).is_some())
                    .count();
            } else {
                rows += 1;
                even += usize::from(record.len() == header);
            }
            if rows == 50 {
                break;
            }
            parser.begin(&mut record);
        }
        if header == 0 {
            // a header alone, without the end of its line
            parser.finish(&mut record);
            header = record.len();
            known = record
                .fields()
                .filter(|name| recognise(&String::from_utf8_lossy(name)).is_some())
                .count();
        }
        let evenness = if header > 1 { even * 100 / rows.max(1) } else { 0 };
        (known, evenness, header)
    };
    let mut best = Separator::default();
    for candidate in Separator::ALL {
        if score(candidate) > score(best) {
            best = candidate;
        }
    }
    best
}

/// `sep=;` on the first line, which Excel takes as an order; gives the length of the line, too.
pub(super) fn ordered(sample: &[u8]) -> Option<(Separator, usize)> {
    let rest = sample
        .strip_prefix(b"sep=")
        .or_else(|| sample.strip_prefix(b"SEP="))?;
    let (first, rest) = rest.split_first()?;
    let separator = Separator::ALL
        .into_iter()
        .find(|separator| separator.byte() == *first)?;
    match rest {
        [b'\r', b'\n', ..] => Some((separator, 7)),
        [b'\r' | b'\n', ..] => Some((separator, 6)),
        _ => None,
    }
}
