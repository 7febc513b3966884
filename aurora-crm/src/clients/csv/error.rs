use std::io;

use crate::error::Error;

/// Why a file could not be planned, tried or imported. It never repeats what stands in the file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CsvError {
    /// The source of the file failed.
    #[error("the file could not be read")]
    Source(#[source] io::Error),
    /// The rows that were refused could not be written down. The import can be resumed.
    #[error("the refused rows could not be written")]
    Sink(#[source] io::Error),
    /// The file as a whole, or its header, is not one that can be imported.
    #[error("{message}")]
    File {
        /// A stable code: `empty`, `not_csv`, `unknown_encoding`, `header`, `no_name`, `duplicate_column`,
        /// `unknown_column`, `other_file`.
        code: &'static str,
        /// What is wrong and what to do, for people.
        message: String,
    },
    /// The database, or what the import stands on. Repeating the import with its id goes on where it ended.
    #[error(transparent)]
    Crm(#[from] Error),
}

impl CsvError {
    pub(super) fn file(code: &'static str, message: impl Into<String>) -> Self {
        Self::File {
            code,
            message: message.into(),
        }
    }
}
