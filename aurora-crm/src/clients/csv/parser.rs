//! The grammar of RFC 4180, read byte by byte with bounds.

/// The longest record, in bytes of text.
pub(super) const MAX_RECORD: usize = 64 * 1024;
/// The most columns.
pub(super) const MAX_COLUMNS: usize = 200;

/// Why a record cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Problem {
    TooLong,
    TooManyColumns,
    Unterminated,
}

/// One record: its fields one after the other, and where each ends.
#[derive(Debug, Clone, Default)]
pub(super) struct Record {
    /// The line of the file on which it begins, from 1.
    pub(super) line: u64,
    pub(super) problem: Option<Problem>,
    text: Vec<u8>,
    ends: Vec<usize>,
}

impl Record {
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// How many bytes of text it holds.
    pub(super) fn size(&self) -> usize {
        self.text.len()
    }

    pub(super) fn get(&self, index: usize) -> Option<&[u8]> {
        let end = *self.ends.get(index)?;
        let start = match index.checked_sub(1) {
            Some(before) => *self.ends.get(before)?,
            None => 0,
        };
        self.text.get(start..end)
    }

    pub(super) fn fields(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.len()).map_while(|index| self.get(index))
    }

    fn clear(&mut self) {
        self.line = 0;
        self.problem = None;
        self.text.clear();
        self.ends.clear();
    }

    fn push(&mut self, byte: u8) {
        if self.text.len() < MAX_RECORD {
            self.text.push(byte);
        } else {
            self.problem.get_or_insert(Problem::TooLong);
        }
    }

    fn end_field(&mut self) {
        if self.ends.len() < MAX_COLUMNS {
            self.ends.push(self.text.len());
        } else {
            self.problem.get_or_insert(Problem::TooManyColumns);
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// At the beginning of a field.
    Field,
    Plain,
    Quoted,
    /// After a quote inside quotes: the end of them, or half of a quote that is meant.
    Quote,
}

/// Follows the grammar; quotes mean something at the beginning of a field alone, as in Python's and Excel's readers.
#[derive(Debug)]
pub(super) struct Parser {
    separator: u8,
    state: State,
    /// The line of the next byte.
    line: u64,
    after_cr: bool,
    is_open: bool,
}

impl Parser {
    pub(super) const fn new(separator: u8) -> Self {
        Self {
            separator,
            state: State::Field,
            line: 1,
            after_cr: false,
            is_open: false,
        }
    }

    /// One line was read by somebody else.
    pub(super) const fn skip_line(&mut self) {
        self.line += 1;
    }

    /// Begins a record; what was in it is gone.
    pub(super) fn begin(&mut self, record: &mut Record) {
        record.clear();
        self.state = State::Field;
        self.is_open = false;
    }

    /// Takes one byte; true when it ends the record.
    pub(super) fn step(&mut self, byte: u8, record: &mut Record) -> bool {
        let after_cr = std::mem::replace(&mut self.after_cr, byte == b'\r');
        if byte == b'\n' && after_cr {
            if self.state == State::Quoted {
                record.push(byte);
            }
            return false;
        }
        let line = self.line;
        let is_end = matches!(byte, b'\r' | b'\n');
        if is_end {
            self.line += 1;
        }
        if !self.is_open {
            if is_end {
                return false; // an empty line
            }
            self.is_open = true;
            record.line = line;
        }
        match (self.state, byte) {
            (State::Quoted, b'"') => self.state = State::Quote,
            (State::Quoted, _) => record.push(byte),
            (State::Quote, b'"') => {
                record.push(byte);
                self.state = State::Quoted;
            }
            (State::Field, b'"') => self.state = State::Quoted,
            _ if byte == self.separator => {
                record.end_field();
                self.state = State::Field;
            }
            _ if is_end => {
                record.end_field();
                return true;
            }
            _ => {
                record.push(byte);
                self.state = State::Plain;
            }
        }
        false
    }

    /// The file has ended; true when there is a last record.
    pub(super) fn finish(&mut self, record: &mut Record) -> bool {
        if !std::mem::take(&mut self.is_open) {
            return false;
        }
        if self.state == State::Quoted {
            record.problem = Some(Problem::Unterminated);
        }
        record.end_field();
        true
    }
}
