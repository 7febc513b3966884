//! Server-sent events, read incrementally.
//!
//! Follows the WHATWG HTML standard, section 9.2.6, in what matters to a client that does not reconnect: lines end
//! with CR, LF or CRLF, a byte order mark at the start is passed over, several `data` lines are joined with a line
//! feed. It departs from it in two points: an event that the end of input cuts off from its blank line is still
//! handed out, because some servers leave that line out, and bytes that are not UTF-8 are an error instead of
//! being replaced.

use memchr::{memchr, memchr2};

use crate::error::{Error, ErrorKind};

/// Bytes that one event may have unless told otherwise: 16 MiB, above any answer with a picture in it.
pub const DEFAULT_EVENT_LIMIT: usize = 16 * 1024 * 1024;

/// What a stream of server-sent events consists of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SseFrame<'a> {
    /// An event.
    Event {
        /// Its name; empty when none was given.
        event: &'a str,
        /// Its data lines, joined with line feeds.
        data: &'a str,
    },
    /// A comment line, which servers send to keep a connection open.
    Comment,
}

/// Reads server-sent events from bytes that may be split anywhere.
///
/// # Examples
/// ```
/// use aurora_llm::wire::sse::{SseDecoder, SseFrame};
///
/// let mut decoder = SseDecoder::default();
/// let mut seen = Vec::new();
/// for bytes in [b"data: hel".as_slice(), b"lo\n\nda", b"ta: world\n\n"] {
///     decoder.push(bytes, |frame| {
///         if let SseFrame::Event { data, .. } = frame {
///             seen.push(data.to_owned());
///         }
///         Ok(())
///     })?;
/// }
/// assert_eq!(seen, ["hello", "world"]);
/// # Ok::<(), aurora_llm::Error>(())
/// ```
#[derive(Debug)]
pub struct SseDecoder {
    limit: usize,
    line: Vec<u8>,
    event: Vec<u8>,
    data: Vec<u8>,
    has_data: bool,
    at_start: bool,
    after_cr: bool,
}

impl Default for SseDecoder {
    fn default() -> Self {
        Self::new(DEFAULT_EVENT_LIMIT)
    }
}

impl SseDecoder {
    /// A decoder that refuses events of more than `limit` bytes.
    #[must_use]
    pub const fn new(limit: usize) -> Self {
        Self {
            limit,
            line: Vec::new(),
            event: Vec::new(),
            data: Vec::new(),
            has_data: false,
            at_start: true,
            after_cr: false,
        }
    }

    /// Takes more bytes and hands each frame that they complete to `on_frame`.
    ///
    /// # Errors
    /// The first error of `on_frame`, or [`ErrorKind::Malformed`] for an event that is too large or not UTF-8. The
    /// decoder must not be used after it.
    pub fn push(
        &mut self,
        mut bytes: &[u8],
        mut on_frame: impl FnMut(SseFrame<'_>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        if self.after_cr
            && let Some((first, rest)) = bytes.split_first()
        {
            self.after_cr = false;
            if *first == b'\n' {
                bytes = rest;
            }
        }
        while let Some(end) = memchr2(b'\n', b'\r', bytes) {
            let (line, rest) = bytes.split_at(end);
            let (ending, rest) = rest.split_first().unwrap_or((&b'\n', rest));
            bytes = rest;
            if *ending == b'\r' {
                match bytes.split_first() {
                    Some((b'\n', rest)) => bytes = rest,
                    Some(_) => {}
                    None => self.after_cr = true,
                }
            }
            if self.line.is_empty() {
                self.check(line.len())?;
                self.take_line(line, &mut on_frame)?;
            } else {
                self.check(self.line.len() + line.len())?;
                self.line.extend_from_slice(line);
                let whole = std::mem::take(&mut self.line);
                self.take_line(&whole, &mut on_frame)?;
                self.line = whole;
                self.line.clear();
            }
        }
        self.check(self.line.len() + bytes.len())?;
        self.line.extend_from_slice(bytes);
        Ok(())
    }

    /// Says that no more bytes come; hands out an event that was not followed by its blank line.
    ///
    /// # Errors
    /// As [`Self::push`].
    pub fn finish(
        &mut self,
        mut on_frame: impl FnMut(SseFrame<'_>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let line = std::mem::take(&mut self.line);
        if !line.is_empty() {
            self.take_line(&line, &mut on_frame)?;
        }
        self.dispatch(&mut on_frame)
    }

    fn check(&self, line: usize) -> Result<(), Error> {
        if self.data.len() + line > self.limit {
            let limit = self.limit;
            return Err(malformed(format!("an event exceeds {limit} bytes")));
        }
        Ok(())
    }

    fn take_line(
        &mut self,
        mut line: &[u8],
        on_frame: &mut impl FnMut(SseFrame<'_>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        if self.at_start {
            self.at_start = false;
            line = line.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(line);
        }
        if line.is_empty() {
            return self.dispatch(on_frame);
        }
        if let Some(value) = line.strip_prefix(b"data:") {
            self.add_data(value);
            return Ok(());
        }
        let (field, value) = match memchr(b':', line) {
            Some(0) => return on_frame(SseFrame::Comment),
            Some(colon) => line.split_at(colon),
            None => (line, b":".as_slice()),
        };
        let value = value.strip_prefix(b":").unwrap_or(value);
        match field {
            b"data" => self.add_data(value),
            b"event" => {
                self.event.clear();
                self.event.extend_from_slice(without_space(value));
            }
            // `id` and `retry` serve reconnecting, which would repeat a paid call.
            _ => {}
        }
        Ok(())
    }

    fn add_data(&mut self, value: &[u8]) {
        if self.has_data {
            self.data.push(b'\n');
        }
        self.has_data = true;
        self.data.extend_from_slice(without_space(value));
    }

    fn dispatch(
        &mut self,
        on_frame: &mut impl FnMut(SseFrame<'_>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        if !self.has_data {
            self.event.clear();
            return Ok(());
        }
        let text = |bytes| std::str::from_utf8(bytes).map_err(|_| malformed("an event is not UTF-8"));
        let outcome = on_frame(SseFrame::Event {
            event: text(&self.event)?,
            data: text(&self.data)?,
        });
        self.event.clear();
        self.data.clear();
        self.has_data = false;
        outcome
    }
}

fn without_space(value: &[u8]) -> &[u8] {
    value.strip_prefix(b" ").unwrap_or(value)
}

fn malformed(context: impl Into<String>) -> Error {
    Error::new(ErrorKind::Malformed).with_context(context)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn frames(chunks: &[&[u8]]) -> Result<Vec<(String, String)>, Error> {
        let mut decoder = SseDecoder::new(1_000);
        let mut seen = Vec::new();
        let mut note = |frame: SseFrame<'_>| {
            seen.push(match frame {
                SseFrame::Event { event, data } => (event.to_owned(), data.to_owned()),
                SseFrame::Comment => ("#".to_owned(), String::new()),
            });
            Ok(())
        };
        for chunk in chunks {
            decoder.push(chunk, &mut note)?;
        }
        decoder.finish(&mut note)?;
        Ok(seen)
    }

    fn event(event: &str, data: &str) -> (String, String) {
        (event.to_owned(), data.to_owned())
    }

    #[test]
    fn all_three_line_ends_a_mark_and_comments_are_read() {
        let input = b"\xEF\xBB\xBF: hi\r\ndata: a\r\rdata:b\n\nevent: x\r\ndata: c\r\n\r\n";
        let expected = [event("#", ""), event("", "a"), event("", "b"), event("x", "c")];
        assert_eq!(frames(&[input]).unwrap(), expected);
    }

    #[test]
    fn data_lines_are_joined_and_one_space_alone_is_dropped() {
        let input = b"data:  two\ndata\ndata:three\nid: 7\nretry: 10\nunknown: x\n\n";
        assert_eq!(frames(&[input]).unwrap(), [event("", " two\n\nthree")]);
    }

    #[test]
    fn an_event_name_without_data_is_no_event_and_does_not_leak() {
        assert_eq!(
            frames(&[b"event: lost\n\ndata: x\n\n"]).unwrap(),
            [event("", "x")]
        );
    }

    #[test]
    fn the_last_event_needs_no_blank_line_nor_line_end() {
        assert_eq!(frames(&[b"data: x\n"]).unwrap(), [event("", "x")]);
        assert_eq!(frames(&[b"data: x"]).unwrap(), [event("", "x")]);
        assert_eq!(frames(&[b""]).unwrap(), []);
    }

    #[test]
    fn an_endless_event_is_refused_before_it_fills_memory() {
        let long = [b'x'; 600];
        for chunks in [
            vec![b"data: ".as_slice(), &long, &long],
            vec![b"data: ", &long, b"\ndata: ", &long, b"\n"],
        ] {
            let error = frames(&chunks).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Malformed);
            assert!(error.to_string().contains("1000 bytes"), "{error}");
        }
    }

    #[test]
    fn bytes_that_are_not_utf_8_are_an_error() {
        assert_eq!(
            frames(&[b"data: \xFF\n\n"]).unwrap_err().kind(),
            ErrorKind::Malformed
        );
    }

    proptest! {
        #[test]
        fn splits_change_nothing(
            lines in proptest::collection::vec("(data|event|id|)(: ?[aé\u{1F600}:]{0,6})?(\r\n|\r|\n|\n\n|\r\n\r\n)", 0..12),
            mut cuts in proptest::collection::vec(any::<prop::sample::Index>(), 0..8),
        ) {
            let input = lines.concat().into_bytes();
            let whole = frames(&[&input]).unwrap();
            cuts.sort_unstable_by_key(|cut| cut.index(input.len() + 1));
            let mut chunks = Vec::new();
            let mut from = 0;
            for cut in &cuts {
                let to = cut.index(input.len() + 1);
                chunks.push(&input[from..to]);
                from = to;
            }
            chunks.push(&input[from..]);
            prop_assert_eq!(frames(&chunks).unwrap(), whole.clone());
            let bytes: Vec<&[u8]> = input.chunks(1).collect();
            prop_assert_eq!(frames(&bytes).unwrap(), whole);
        }
    }
}
