//! The text of a page, with its lines: a reader of PDFs only knows where glyphs are put.

use lopdf::content::Content;
use lopdf::{DecompressError, Document, Encoding, Error, Object, ObjectId};

use super::super::Over;
use super::PAGE;
use super::fonts::Fonts;
use super::load::{OBJECTS, objects};

/// Half the width of a usual space, in thousandths of the size of the font.
const GAP: f32 = -180.0;
/// How many bytes are turned into letters at once: one byte can stand for 256 of them.
const AT_ONCE: usize = 1_024;

/// Which limit a page goes beyond.
pub(super) enum Beyond {
    /// That of text.
    Text,
    /// That of what it unpacks to.
    Unpacked,
}

/// What cannot be read of a page, such as a font without a table of its letters, is left out. One operation after the other
/// is read and none kept.
pub(super) fn text(document: &Document, page: ObjectId, most: usize, over: &Over) -> Result<String, Beyond> {
    let mut lines = Lines {
        most,
        ..Lines::default()
    };
    let content = match document.get_page_content_with_limit(page, PAGE) {
        Ok(content) if objects(&content) <= OBJECTS => content,
        Ok(_) | Err(Error::Decompress(DecompressError::MemoryLimitExceeded { .. })) => {
            return Err(Beyond::Unpacked);
        }
        Err(_) => return Ok(lines.text),
    };
    let Ok(named) = document.get_page_fonts(page) else {
        return Ok(lines.text);
    };
    let mut fonts = Fonts::new(document, named);
    let mut font: Option<Vec<u8>> = None;
    for operation in Content::decode_iter(&content) {
        let Ok(operation) = operation else {
            return Ok(String::new());
        };
        if over.is() {
            break;
        }
        let operands = operation.operands.as_slice();
        if let ("Tf", [Object::Name(name), ..]) = (operation.operator.as_str(), operands) {
            font = Some(name.clone());
        } else {
            let encoding = font.as_ref().and_then(|name| fonts.get(name));
            lines.follow(&operation.operator, operands, encoding);
        }
        if lines.is_full() {
            return Err(Beyond::Text);
        }
    }
    Ok(lines.text)
}

#[derive(Default)]
struct Lines {
    text: String,
    y: f32,
    /// How many bytes of text there may be.
    most: usize,
}

impl Lines {
    const fn is_full(&self) -> bool {
        self.text.len() > self.most
    }

    fn follow(&mut self, operator: &str, operands: &[Object], encoding: Option<&Encoding<'_>>) {
        match (operator, operands) {
            ("Td" | "TD", [x, y]) => self.step(number(x), number(y)),
            ("Tm", [_, _, _, _, x, y]) => self.place(number(x), number(y)),
            ("T*", _) | ("ET", _) => self.end(),
            ("Tj", [text]) => self.show(encoding, text),
            ("'", [text]) | ("\"", [_, _, text]) => {
                self.end();
                self.show(encoding, text);
            }
            ("TJ", [Object::Array(parts)]) => {
                for part in parts {
                    match part {
                        Object::String(..) => self.show(encoding, part),
                        gap if number(gap) < GAP => self.space(),
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }

    /// Moves by; on the same line that is a gap between two words.
    fn step(&mut self, x: f32, y: f32) {
        if y.abs() > 0.01 {
            self.end();
        } else if x > 0.0 {
            self.space();
        }
        self.y += y;
    }

    fn place(&mut self, _x: f32, y: f32) {
        if (y - self.y).abs() > 0.01 {
            self.end();
        } else {
            self.space();
        }
        self.y = y;
    }

    fn end(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with('\n') {
            self.text.push('\n');
        }
    }

    fn space(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with([' ', '\n']) {
            self.text.push(' ');
        }
    }

    fn show(&mut self, encoding: Option<&Encoding<'_>>, text: &Object) {
        let (Some(encoding), Object::String(bytes, _)) = (encoding, text) else {
            return;
        };
        for some in bytes.chunks(AT_ONCE) {
            if self.is_full() {
                return;
            }
            if let Ok(text) = Document::decode_text(encoding, some) {
                self.text.push_str(&text);
            }
        }
    }
}

fn number(object: &Object) -> f32 {
    object.as_float().unwrap_or_default()
}
