use tokio::io::{AsyncWrite, AsyncWriteExt as _};

use super::dialect::Dialect;
use super::error::CsvError;
use super::field::{ERRORS_COLUMN, LINE_COLUMN};
use super::formula::{guard, unguard};
use super::parser::Record;
use super::plan::PlannedColumn;
use super::reader::text;
use super::report::RowIssue;
use super::table::{BYTE_ORDER_MARK, line};

/// Writes the rows that were refused, so that they can be mended and imported again.
pub(super) struct Refused<'a> {
    sink: Option<&'a mut (dyn AsyncWrite + Unpin + Send)>,
    is_begun: bool,
}

impl<'a> Refused<'a> {
    pub(super) const fn new(sink: Option<&'a mut (dyn AsyncWrite + Unpin + Send)>) -> Self {
        Self {
            sink,
            is_begun: false,
        }
    }

    pub(super) async fn write(
        &mut self,
        columns: &[PlannedColumn],
        dialect: &Dialect,
        record: &Record,
        issues: &[RowIssue],
    ) -> Result<(), CsvError> {
        let Some(sink) = &mut self.sink else { return Ok(()) };
        let separator = dialect.separator.byte();
        if !self.is_begun {
            self.is_begun = true;
            let own = [LINE_COLUMN, ERRORS_COLUMN].map(str::to_owned);
            let headers = columns.iter().map(|column| guard(column.header.clone()));
            let header = line(separator, own.into_iter().chain(headers));
            sink.write_all(BYTE_ORDER_MARK).await.map_err(CsvError::Sink)?;
            sink.write_all(&header).await.map_err(CsvError::Sink)?;
        }
        let told: Vec<String> = issues
            .iter()
            .map(|issue| match &issue.header {
                Some(header) => format!("{header}: {}", issue.message),
                None => issue.message.clone(),
            })
            .collect();
        let own = [record.line.to_string(), guard(told.join("; "))];
        let cells = record.fields().map(|cell| {
            let read = text(cell, dialect).unwrap_or_else(|| String::from_utf8_lossy(cell).into_owned());
            guard(unguard(&read).to_owned())
        });
        // what is left of a record that was too long is not the record
        let cells = cells.filter(|_| record.problem.is_none());
        let row = line(separator, own.into_iter().chain(cells));
        sink.write_all(&row).await.map_err(CsvError::Sink)
    }

    pub(super) async fn finish(&mut self) -> Result<(), CsvError> {
        match &mut self.sink {
            Some(sink) => sink.flush().await.map_err(CsvError::Sink),
            None => Ok(()),
        }
    }
}
