use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncRead, AsyncReadExt as _};

use super::dialect::{self, Dialect, Separator};
use super::encoding::{Encoding, Utf16, windows_1252};
use super::error::CsvError;
use super::parser::{Parser, Record};

/// How much of a file decides on its dialect.
const SAMPLE: usize = 64 * 1024;
const CHUNK: usize = 32 * 1024;

/// Reads records from a source of bytes, holding one piece of it at a time.
#[derive(Debug)]
pub(super) struct Reader<R> {
    source: R,
    dialect: Dialect,
    transcoder: Option<Utf16>,
    parser: Parser,
    chunk: Vec<u8>,
    /// Bytes that the parser has not seen yet begin at `at`.
    pending: Vec<u8>,
    at: usize,
    is_whole: bool,
    hash: Sha256,
    bytes: u64,
}

impl<R: AsyncRead + Unpin + Send> Reader<R> {
    /// Reads as much as decides on the dialect.
    pub(super) async fn open(
        mut source: R,
        told_encoding: Option<Encoding>,
        told_separator: Option<Separator>,
    ) -> Result<Self, CsvError> {
        let mut sample = Vec::with_capacity(SAMPLE);
        let limit = u64::try_from(SAMPLE).unwrap_or(u64::MAX);
        (&mut source)
            .take(limit)
            .read_to_end(&mut sample)
            .await
            .map_err(CsvError::Source)?;
        let is_whole = sample.len() < SAMPLE;
        let (encoding, mark, ascii_so_far) = dialect::encoding(&sample, is_whole, told_encoding)?;
        let mut hash = Sha256::new();
        hash.update(&sample);
        let bytes = u64::try_from(sample.len()).unwrap_or(u64::MAX);
        let mut transcoder = match encoding {
            Encoding::Utf16Le => Some(Utf16::new(false)),
            Encoding::Utf16Be => Some(Utf16::new(true)),
            Encoding::Utf8 | Encoding::Windows1252 => None,
        };
        let mut pending = sample.split_off(mark);
        if let Some(transcoder) = &mut transcoder {
            let mut text = Vec::with_capacity(pending.len());
            transcoder.push(&pending, &mut text);
            if is_whole {
                transcoder.finish(&mut text);
            }
            pending = text;
        }
        let ordered = dialect::ordered(&pending);
        let at = ordered.map_or(0, |(_, length)| length);
        let separator = told_separator
            .or(ordered.map(|(separator, _)| separator))
            .unwrap_or_else(|| dialect::separator(&pending));
        let mut parser = Parser::new(separator.byte());
        if ordered.is_some() {
            parser.skip_line();
        }
        Ok(Self {
            source,
            dialect: Dialect {
                encoding,
                byte_order_mark: mark > 0,
                separator,
                ascii_so_far,
            },
            transcoder,
            parser,
            chunk: vec![0; CHUNK],
            pending,
            at,
            is_whole,
            hash,
            bytes,
        })
    }

    pub(super) const fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// How many bytes of the file have been read.
    pub(super) const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The SHA-256 of what has been read.
    pub(super) fn hash(&self) -> [u8; 32] {
        self.hash.clone().finalize().into()
    }

    /// Reads the next record that is not an empty line; false at the end of the file.
    pub(super) async fn next(&mut self, record: &mut Record) -> Result<bool, CsvError> {
        self.parser.begin(record);
        loop {
            let rest = self.pending.get(self.at..).unwrap_or_default();
            for (index, &byte) in rest.iter().enumerate() {
                if self.parser.step(byte, record) {
                    self.at += index + 1;
                    return Ok(true);
                }
            }
            if self.is_whole {
                self.at = self.pending.len();
                return Ok(self.parser.finish(record));
            }
            self.fill().await?;
        }
    }

    async fn fill(&mut self) -> Result<(), CsvError> {
        let count = self
            .source
            .read(&mut self.chunk)
            .await
            .map_err(CsvError::Source)?;
        let read = self.chunk.get(..count).unwrap_or_default();
        self.hash.update(read);
        self.bytes = self
            .bytes
            .saturating_add(u64::try_from(count).unwrap_or(u64::MAX));
        self.is_whole = count == 0;
        self.pending.clear();
        self.pending.shrink_to(CHUNK);
        self.at = 0;
        match &mut self.transcoder {
            Some(transcoder) if self.is_whole => transcoder.finish(&mut self.pending),
            Some(transcoder) => transcoder.push(read, &mut self.pending),
            None => self.pending.extend_from_slice(read),
        }
        Ok(())
    }
}

/// The text of a cell; `None` when it is not written as the dialect says, or characters were lost before.
pub(super) fn text(bytes: &[u8], dialect: &Dialect) -> Option<String> {
    let text = match (dialect.encoding, std::str::from_utf8(bytes)) {
        (Encoding::Windows1252, _) => windows_1252(bytes)?,
        (_, Ok(text)) => text.to_owned(),
        (Encoding::Utf8, Err(_)) if dialect.ascii_so_far => windows_1252(bytes)?,
        (_, Err(_)) => return None,
    };
    (!text.contains(char::REPLACEMENT_CHARACTER)).then_some(text)
}
