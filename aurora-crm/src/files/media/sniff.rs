//! The signatures of binary formats come from `infer`; what is text, and which text is active, is decided here.

use super::MediaType;

/// How much of a file is looked at.
pub(in crate::files) const HEAD_BYTES: usize = 8 * 1024;
/// How much of a text is searched for the beginning of a page. Browsers look at 1,445 bytes at most
/// (<https://mimesniff.spec.whatwg.org/#reading-the-resource-header>).
const MARKUP_BYTES: usize = 2 * 1024;
/// How many lines are compared to tell a table from other text.
const LINES: usize = 5;

pub(super) fn sniff(head: &[u8]) -> MediaType {
    let head = head.get(..HEAD_BYTES).unwrap_or(head);
    if head.is_empty() {
        return MediaType::Binary;
    }
    // Formats of texts that have a signature, before the rules for text.
    if head.starts_with(b"%PDF-") {
        return MediaType::Pdf;
    }
    if let Some(text) = Text::of(head) {
        return text.media_type();
    }
    // With a zero byte a file is no text here, but browsers run it all the same where they are told that it is HTML.
    infer::get(head).map_or(MediaType::Binary, |found| of_signature(found.mime_type()))
}

fn of_signature(name: &str) -> MediaType {
    match name {
        "application/pdf" => MediaType::Pdf,
        "image/png" => MediaType::Png,
        "image/jpeg" => MediaType::Jpeg,
        "image/gif" => MediaType::Gif,
        "image/webp" => MediaType::Webp,
        "image/avif" => MediaType::Avif,
        "image/heif" => MediaType::Heif,
        "image/bmp" => MediaType::Bmp,
        "image/tiff" => MediaType::Tiff,
        "application/dicom" => MediaType::Dicom,
        "audio/ogg" | "audio/opus" | "video/ogg" => MediaType::Ogg,
        "audio/mpeg" => MediaType::Mp3,
        "audio/x-wav" => MediaType::Wav,
        "audio/aac" => MediaType::Aac,
        "audio/amr" => MediaType::Amr,
        "audio/x-flac" => MediaType::Flac,
        "audio/m4a" => MediaType::M4a,
        "video/mp4" | "video/x-m4v" => MediaType::Mp4,
        "video/quicktime" => MediaType::QuickTime,
        "video/3gpp" => MediaType::ThreeGp,
        "video/webm" => MediaType::Webm,
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document" => MediaType::Docx,
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" => MediaType::Xlsx,
        "application/vnd.openxmlformats-officedocument.presentationml.presentation" => MediaType::Pptx,
        "application/vnd.oasis.opendocument.text" => MediaType::Odt,
        "application/vnd.oasis.opendocument.spreadsheet" => MediaType::Ods,
        "application/vnd.oasis.opendocument.presentation" => MediaType::Odp,
        "application/msword" => MediaType::Doc,
        "application/vnd.ms-excel" => MediaType::Xls,
        "application/vnd.ms-powerpoint" => MediaType::Ppt,
        "application/x-ole-storage" => MediaType::Ole,
        "application/rtf" => MediaType::Rtf,
        "application/zip" => MediaType::Zip,
        "application/gzip" => MediaType::Gzip,
        "application/vnd.rar" => MediaType::Rar,
        "application/x-7z-compressed" => MediaType::SevenZip,
        "application/x-executable"
        | "application/vnd.microsoft.portable-executable"
        | "application/x-mach-binary"
        | "application/java"
        | "application/wasm" => MediaType::Executable,
        "text/html" => MediaType::Html,
        "text/xml" => MediaType::Xml,
        _ => MediaType::Binary,
    }
}

/// Text in UTF-8, in UTF-16 with its mark, or in a code page such as Windows-1252, in which Excel writes in Brazil.
struct Text<'a> {
    /// What only needs ASCII is read from these.
    bytes: std::borrow::Cow<'a, [u8]>,
}

impl<'a> Text<'a> {
    fn of(head: &'a [u8]) -> Option<Self> {
        let bytes = if let Some(rest) = head.strip_prefix(b"\xEF\xBB\xBF") {
            rest.into()
        } else if let Some(rest) = head.strip_prefix(b"\xFF\xFE") {
            rest.as_chunks::<2>()
                .0
                .iter()
                .map(|[low, high]| ascii(*low, *high))
                .collect::<Vec<_>>()
                .into()
        } else if let Some(rest) = head.strip_prefix(b"\xFE\xFF") {
            rest.as_chunks::<2>()
                .0
                .iter()
                .map(|[high, low]| ascii(*low, *high))
                .collect::<Vec<_>>()
                .into()
        } else {
            head.into()
        };
        let text = Self { bytes };
        text.bytes.iter().all(|byte| !is_binary(*byte)).then_some(text)
    }

    fn media_type(&self) -> MediaType {
        let trimmed = self.bytes.trim_ascii_start();
        if trimmed.starts_with(b"{\\rtf") {
            return MediaType::Rtf;
        }
        if trimmed.starts_with(b"#!") {
            return MediaType::Executable;
        }
        if let Some(active) = markup(trimmed) {
            return active;
        }
        if is_json(trimmed, self.bytes.len() < HEAD_BYTES) {
            MediaType::Json
        } else if starts_with(trimmed, b"begin:vcard") {
            MediaType::Vcard
        } else if starts_with(trimmed, b"begin:vcalendar") {
            MediaType::Calendar
        } else if is_table(trimmed) {
            MediaType::Csv
        } else {
            MediaType::Text
        }
    }
}

/// What stands for anything outside ASCII here: a byte that no rule looks for.
fn ascii(low: u8, high: u8) -> u8 {
    if high == 0 { low } else { 0xFF }
}

/// A binary data byte of <https://mimesniff.spec.whatwg.org/#binary-data-byte>.
const fn is_binary(byte: u8) -> bool {
    matches!(byte, 0x00..=0x08 | 0x0B | 0x0E..=0x1A | 0x1C..=0x1F)
}

/// HTML, SVG or XML. Wider than what browsers recognise without a declared type, for a type may be declared later, or
/// a file saved and opened: one of these anywhere near the beginning is enough.
fn markup(text: &[u8]) -> Option<MediaType> {
    const PAGE: &[&[u8]] = &[
        b"!doctype html",
        b"html",
        b"head",
        b"body",
        b"script",
        b"iframe",
        b"style",
        b"title",
        b"table",
        b"div",
        b"font",
        b"h1",
        b"meta",
        b"link",
        b"base",
        b"form",
        b"img",
        b"object",
        b"embed",
        b"frameset",
        b"a",
        b"b",
        b"br",
        b"p",
    ];
    let is_xml = starts_with(text, b"<?xml");
    let near = text.get(..MARKUP_BYTES).unwrap_or(text);
    // Markup that comes first, as browsers look for it, or tags that make a page, wherever they stand.
    for (at, _) in near.iter().enumerate().filter(|(_, byte)| **byte == b'<') {
        let tag = near.get(at + 1..).unwrap_or_default();
        if is_tag(tag, b"svg") || starts_with(tag, b"!doctype svg") || holds_prefixed_svg(tag) {
            return Some(MediaType::Svg);
        }
        let first = at == 0 || is_xml;
        let wanted = if first {
            PAGE
        } else {
            &[b"!doctype html".as_slice(), b"html", b"script", b"iframe"]
        };
        if wanted.iter().any(|name| is_tag(tag, name)) {
            return Some(MediaType::Html);
        }
    }
    if is_xml {
        return Some(MediaType::Xml);
    }
    // A comment may hide for long what follows it.
    starts_with(text, b"<!--").then_some(MediaType::Html)
}

/// `<x:svg`, with any prefix.
fn holds_prefixed_svg(tag: &[u8]) -> bool {
    let name = tag
        .iter()
        .position(|byte| !byte.is_ascii_alphanumeric() && *byte != b'_' && *byte != b'-');
    name.is_some_and(|end| {
        let rest = tag.get(end..).unwrap_or_default();
        rest.strip_prefix(b":").is_some_and(|local| is_tag(local, b"svg"))
    })
}

fn is_tag(text: &[u8], name: &[u8]) -> bool {
    starts_with(text, name)
        && text
            .get(name.len())
            .is_none_or(|next| next.is_ascii_whitespace() || matches!(next, b'>' | b'/'))
}

fn starts_with(text: &[u8], lower: &[u8]) -> bool {
    text.get(..lower.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(lower))
}

fn is_json(text: &[u8], whole: bool) -> bool {
    if !matches!(text.first(), Some(b'{' | b'[')) {
        return false;
    }
    match serde_json::from_slice::<serde::de::IgnoredAny>(text) {
        Ok(_) => true,
        // What goes on behind the head cannot be judged further.
        Err(error) => !whole && error.is_eof(),
    }
}

/// Whether the first lines have equally many of one separator.
fn is_table(text: &[u8]) -> bool {
    let lines: Vec<&[u8]> = text
        .split(|byte| *byte == b'\n')
        .take(LINES + 1)
        .filter(|line| !line.trim_ascii().is_empty())
        .collect();
    let lines = if lines.len() > LINES {
        lines.get(..LINES).unwrap_or(&lines)
    } else {
        &lines
    };
    lines.len() >= 2
        && [b';', b',', b'\t'].into_iter().any(|separator| {
            let mut counts = lines
                .iter()
                .map(|line| line.iter().filter(|byte| **byte == separator).count());
            counts
                .next()
                .is_some_and(|first| first > 0 && counts.all(|count| count == first))
        })
}
