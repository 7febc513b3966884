//! Clients from and to CSV files (`planilhas`), in memory that does not grow with the file.
//!
//! An import goes from [`Imports::plan`] over [`Imports::dry_run`] to [`Imports::run`]; an export is read from
//! [`Export`]. `docs/crm/import.md` shows both.

mod cells;
mod decide;
mod dialect;
mod encoding;
mod error;
mod export;
mod field;
mod formula;
mod gathered;
mod import;
mod options;
mod parser;
mod plan;
mod reader;
mod refused;
mod report;
mod row;
mod run;
mod settle;
mod table;
#[cfg(test)]
mod tests;
mod written;

pub use self::dialect::{Dialect, Separator};
pub use self::encoding::Encoding;
pub use self::error::CsvError;
pub use self::export::{Column, Export, ExportEncoding, ExportId, ExportOptions};
pub use self::field::{CustomKind, Field, Language, Target};
pub use self::import::{Import, ImportId, ImportState, ImportWatch, Imports, Progress};
pub use self::options::{Duplicates, Identity, ImportEvents, ImportOptions, UnknownColumns};
pub use self::plan::{Decided, Plan, PlannedColumn};
pub use self::report::{Counts, FileHash, ImportReport, RowIssue};

pub(super) use self::decide::{Fate, Given, Policy, Refusal, Stored, Work, Write, decide};
pub(super) use self::row::{Draft, Key};
