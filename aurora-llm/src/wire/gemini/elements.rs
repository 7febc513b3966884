//! The other form of a stream: one JSON array that grows.

use crate::error::Error;
use crate::wire::json::malformed;
use crate::wire::sse::DEFAULT_EVENT_LIMIT;

/// Takes the objects of a JSON array apart, however its bytes are split.
#[derive(Debug, Default)]
pub(super) struct Elements {
    element: Vec<u8>,
    depth: u32,
    in_text: bool,
    escaped: bool,
    begun: bool,
    ended: bool,
}

impl Elements {
    /// Takes more bytes, and hands each object that they complete to `on_element`.
    pub(super) fn push(
        &mut self,
        bytes: &[u8],
        mut on_element: impl FnMut(&[u8]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        for &byte in bytes {
            if self.depth == 0 {
                self.between(byte)?;
                continue;
            }
            if self.element.len() >= DEFAULT_EVENT_LIMIT {
                return Err(malformed("an element of a stream is too large"));
            }
            self.element.push(byte);
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' if self.in_text => self.escaped = true,
                b'"' => self.in_text = !self.in_text,
                b'{' | b'[' if !self.in_text => self.depth += 1,
                b'}' | b']' if !self.in_text => self.depth -= 1,
                _ => {}
            }
            if self.depth == 0 {
                on_element(&std::mem::take(&mut self.element))?;
            }
        }
        Ok(())
    }

    fn between(&mut self, byte: u8) -> Result<(), Error> {
        match byte {
            b'[' if !self.begun => self.begun = true,
            b'{' if self.begun && !self.ended => {
                self.depth = 1;
                self.element.push(byte);
            }
            b']' if self.begun => self.ended = true,
            b',' if self.begun && !self.ended => {}
            _ if byte.is_ascii_whitespace() => {}
            _ => return Err(malformed("a stream that is no list of answers")),
        }
        Ok(())
    }

    /// Whether the array has its end.
    pub(super) const fn has_ended(&self) -> bool {
        self.ended
    }
}
