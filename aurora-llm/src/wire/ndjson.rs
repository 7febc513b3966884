//! Lines of JSON (NDJSON), read incrementally.
//!
//! Lines end with LF or CRLF; the last one needs no end; blank lines, and a byte order mark at the start, are passed
//! over. What a line holds is the reader's business.

use memchr::memchr;

use crate::error::{Error, ErrorKind};

/// Bytes that one line may have unless told otherwise: 16 MiB.
pub const DEFAULT_LINE_LIMIT: usize = 16 * 1024 * 1024;

/// Reads lines from bytes that may be split anywhere.
///
/// # Examples
/// ```
/// use aurora_llm::wire::ndjson::LineDecoder;
///
/// let mut decoder = LineDecoder::default();
/// let mut seen = Vec::new();
/// for bytes in [b"{\"a\":".as_slice(), b"1}\r", b"\n\n{}"] {
///     decoder.push(bytes, |line| {
///         seen.push(line.to_vec());
///         Ok(())
///     })?;
/// }
/// decoder.finish(|line| {
///     seen.push(line.to_vec());
///     Ok(())
/// })?;
/// assert_eq!(seen, [b"{\"a\":1}".as_slice(), b"{}"]);
/// # Ok::<(), aurora_llm::Error>(())
/// ```
#[derive(Debug)]
pub struct LineDecoder {
    limit: usize,
    line: Vec<u8>,
    at_start: bool,
}

impl Default for LineDecoder {
    fn default() -> Self {
        Self::new(DEFAULT_LINE_LIMIT)
    }
}

impl LineDecoder {
    /// A decoder that refuses lines of more than `limit` bytes.
    #[must_use]
    pub const fn new(limit: usize) -> Self {
        Self {
            limit,
            line: Vec::new(),
            at_start: true,
        }
    }

    /// Takes more bytes and hands each line that they complete to `on_line`, without its end.
    ///
    /// # Errors
    /// The first error of `on_line`, or [`ErrorKind::Malformed`] for a line that is too long. The decoder must not be
    /// used after it.
    pub fn push(
        &mut self,
        mut bytes: &[u8],
        mut on_line: impl FnMut(&[u8]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        while let Some(end) = memchr(b'\n', bytes) {
            let (line, rest) = bytes.split_at(end);
            bytes = rest.split_first().map_or(rest, |(_, rest)| rest);
            self.check(line.len())?;
            if self.line.is_empty() {
                self.hand_out(line, &mut on_line)?;
            } else {
                self.line.extend_from_slice(line);
                let mut whole = std::mem::take(&mut self.line);
                self.hand_out(&whole, &mut on_line)?;
                whole.clear();
                self.line = whole;
            }
        }
        self.check(bytes.len())?;
        self.line.extend_from_slice(bytes);
        Ok(())
    }

    /// Says that no more bytes come; hands out a last line that has no end.
    ///
    /// # Errors
    /// As [`Self::push`].
    pub fn finish(&mut self, mut on_line: impl FnMut(&[u8]) -> Result<(), Error>) -> Result<(), Error> {
        let line = std::mem::take(&mut self.line);
        self.hand_out(&line, &mut on_line)
    }

    fn check(&self, more: usize) -> Result<(), Error> {
        if self.line.len() + more > self.limit {
            let context = format!("a line exceeds {} bytes", self.limit);
            return Err(Error::new(ErrorKind::Malformed).with_context(context));
        }
        Ok(())
    }

    fn hand_out(
        &mut self,
        mut line: &[u8],
        on_line: &mut impl FnMut(&[u8]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        if std::mem::take(&mut self.at_start) {
            line = line.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(line);
        }
        line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.trim_ascii().is_empty() {
            Ok(())
        } else {
            on_line(line)
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lines<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> Result<Vec<String>, Error> {
        let mut decoder = LineDecoder::new(100);
        let mut seen = Vec::new();
        let mut note = |line: &[u8]| {
            seen.push(String::from_utf8_lossy(line).into_owned());
            Ok(())
        };
        for chunk in chunks {
            decoder.push(chunk, &mut note)?;
        }
        decoder.finish(&mut note)?;
        Ok(seen)
    }

    #[test]
    fn both_line_ends_a_mark_and_a_last_line_without_end_are_read() {
        let input = b"\xEF\xBB\xBF{\"a\":1}\r\n\r\n\n{\"b\":\"\xC3\xA9\"}\n{\"c\":3}".as_slice();
        assert_eq!(
            lines([input]).unwrap(),
            ["{\"a\":1}", "{\"b\":\"é\"}", "{\"c\":3}"]
        );
        assert!(lines([b"".as_slice()]).unwrap().is_empty());
    }

    #[test]
    fn an_endless_line_is_refused_before_it_fills_memory() {
        let long = [b'x'; 60];
        let error = lines([long.as_slice(), &long]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Malformed);
        let whole = [b'x'; 101];
        assert!(lines([whole.as_slice(), b"\n"]).is_err());
        assert_eq!(lines([[b'x'; 100].as_slice(), b"\n"]).unwrap().len(), 1);
    }

    proptest! {
        #[test]
        fn splits_change_nothing(
            input in proptest::collection::vec("[{}a\u{e9}\u{1F600}\r]{0,5}(\r\n|\n)?", 0..12),
            cut in any::<prop::sample::Index>(),
        ) {
            let input = input.concat().into_bytes();
            prop_assume!(input.len() <= 100);
            let whole = lines([input.as_slice()]).unwrap();
            let (left, right) = input.split_at(cut.index(input.len() + 1));
            prop_assert_eq!(&lines([left, right]).unwrap(), &whole);
            prop_assert_eq!(&lines(input.chunks(1)).unwrap(), &whole);
        }
    }
}
