use std::fmt;

use super::dialect::Dialect;
use super::import::ImportId;
use super::plan::PlannedColumn;

/// What is wrong with a row, or worth knowing of it. It never repeats what stands in the cell.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RowIssue {
    /// The line of the file on which the row begins, from 1; a row with line breaks inside quotes has several lines.
    pub line: u64,
    /// The column, from 1; `None` when the row as a whole is meant.
    pub column: Option<usize>,
    /// The header of the column, as the file has it.
    pub header: Option<String>,
    /// The field, as in [`crate::FieldError`]; empty when the row as a whole is meant.
    pub field: String,
    /// A stable code: those of [`crate::FieldError`] and `digits_lost`, `ambiguous`, `invalid_encoding`,
    /// `column_count`, `too_long`, `unterminated_quote`, `already_exists`, `changed_meanwhile`; as a note
    /// `zeros_restored`.
    pub code: &'static str,
    /// What is wrong, for people.
    pub message: String,
}

/// What is wrong in a column of a row, or in the row as a whole.
pub(super) fn issue(
    line: u64,
    column: Option<&PlannedColumn>,
    field: &str,
    code: &'static str,
    message: &str,
) -> RowIssue {
    RowIssue {
        line,
        column: column.map(|column| column.index),
        header: column.map(|column| column.header.clone()),
        field: field.to_owned(),
        code,
        message: message.to_owned(),
    }
}

/// How many rows there were, and what became of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Counts {
    /// Clients that were made.
    pub created: u64,
    /// Clients that took something from their row.
    pub updated: u64,
    /// Rows whose client has all that they hold.
    pub unchanged: u64,
    /// Rows that were passed over because their client is there already.
    pub skipped: u64,
    /// Rows that are wrong.
    pub refused: u64,
}

impl Counts {
    /// All rows.
    #[must_use]
    pub const fn rows(&self) -> u64 {
        self.created + self.updated + self.unchanged + self.skipped + self.refused
    }

    pub(super) const fn add(&mut self, other: Self) {
        self.created += other.created;
        self.updated += other.updated;
        self.unchanged += other.unchanged;
        self.skipped += other.skipped;
        self.refused += other.refused;
    }
}

/// The SHA-256 of a whole file.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct FileHash(pub(super) [u8; 32]);

impl FileHash {
    pub(in crate::clients) const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The hash as bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// An id that the same file gives again, so that importing it twice under it does nothing twice.
    #[must_use]
    pub fn import_id(&self) -> ImportId {
        let (first, _) = self.0.split_first_chunk::<16>().unwrap_or((&[0; 16], &[]));
        ImportId::from_uuid(uuid::Uuid::from_bytes(*first))
    }
}

/// 64 hexadecimal digits.
impl fmt::Display for FileHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for FileHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What a dry run has found, or an import has done.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ImportReport {
    /// How the file is written.
    pub dialect: Dialect,
    /// What became of the rows; after an import was resumed, of those before, too.
    pub counts: Counts,
    /// What is wrong with rows, in the order of the file, as far as the bound of the options goes; after an import was
    /// resumed, of the rows since then.
    pub errors: Vec<RowIssue>,
    /// How many errors there were beyond the bound.
    pub errors_beyond: u64,
    /// What is worth knowing of rows that are right.
    pub notes: Vec<RowIssue>,
    /// How many notes there were beyond the bound.
    pub notes_beyond: u64,
    /// Whether the whole file was read; if not, repeating the import with its id goes on.
    pub is_finished: bool,
    /// The SHA-256 of the file; `None` when it was not read to its end.
    pub file: Option<FileHash>,
    /// Rows of the file that an earlier run under the same id had settled.
    pub resumed_after: u64,
    /// Whether duplicates within the file were looked for to its end: a dry run remembers a million identities.
    pub saw_all_duplicates: bool,
}

impl ImportReport {
    pub(super) fn new(dialect: Dialect) -> Self {
        Self {
            dialect,
            counts: Counts::default(),
            errors: Vec::new(),
            errors_beyond: 0,
            notes: Vec::new(),
            notes_beyond: 0,
            is_finished: false,
            file: None,
            resumed_after: 0,
            saw_all_duplicates: true,
        }
    }

    pub(super) fn add_errors(&mut self, issues: &[RowIssue], bound: usize) {
        let room = bound.saturating_sub(self.errors.len()).min(issues.len());
        self.errors.extend(issues.iter().take(room).cloned());
        self.errors_beyond += u64::try_from(issues.len() - room).unwrap_or(u64::MAX);
    }

    pub(super) fn add_notes(&mut self, issues: &[RowIssue], bound: usize) {
        let room = bound.saturating_sub(self.notes.len()).min(issues.len());
        self.notes.extend(issues.iter().take(room).cloned());
        self.notes_beyond += u64::try_from(issues.len() - room).unwrap_or(u64::MAX);
    }
}
