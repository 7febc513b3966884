//! Entries as text for other programs.

use super::entry::AuditEntry;
use crate::error::{Error, ErrorKind};

/// How an export is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AuditFormat {
    /// One [`AuditEntry`] as JSON on each line, in UTF-8: the form that can be verified.
    JsonLines,
    /// RFC 4180 with a header, for spreadsheets. A cell that one would take for a formula begins with an apostrophe, so
    /// that this form cannot be verified.
    Csv,
}

impl AuditFormat {
    /// The media type (RFC 6838) of an export.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::JsonLines => "application/jsonl",
            Self::Csv => "text/csv; charset=utf-8; header=present",
        }
    }

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::JsonLines => "json_lines",
            Self::Csv => "csv",
        }
    }

    /// What stands before the first entry.
    pub(super) fn opening(self) -> String {
        match self {
            Self::JsonLines => String::new(),
            Self::Csv => {
                "workspace,seq,at,action,outcome,principal,subject_kind,subject,origin,request_id,detail,\
                          previous_hash,hash\r\n"
                    .to_owned()
            }
        }
    }

    pub(super) fn write(self, entry: &AuditEntry, to: &mut String) -> Result<(), Error> {
        match self {
            Self::JsonLines => {
                to.push_str(&serde_json::to_string(entry).map_err(|_| Error::new(ErrorKind::Internal))?);
                to.push('\n');
            }
            Self::Csv => {
                let cells = [
                    &*entry.workspace.to_string(),
                    &entry.seq.to_string(),
                    &entry.at.to_string(),
                    &entry.action,
                    entry.outcome.as_str(),
                    &entry.principal,
                    &entry.subject_kind,
                    &entry.subject.to_string(),
                    entry.origin.as_deref().unwrap_or_default(),
                    entry.request_id.as_deref().unwrap_or_default(),
                    &entry.detail,
                    &entry.previous_hash.to_string(),
                    &entry.hash.to_string(),
                ];
                for (index, cell) in cells.into_iter().enumerate() {
                    if index > 0 {
                        to.push(',');
                    }
                    write_cell(cell, to);
                }
                to.push_str("\r\n");
            }
        }
        Ok(())
    }
}

/// What spreadsheets take for a formula is marked as text (OWASP, CSV Injection).
fn write_cell(cell: &str, to: &mut String) {
    to.push('"');
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) {
        to.push('\'');
    }
    to.push_str(&cell.replace('"', "\"\""));
    to.push('"');
}

#[cfg(test)]
mod tests {
    #[test]
    fn no_cell_is_a_formula_and_none_ends_early() {
        for (cell, written) in [
            ("usr_1", r#""usr_1""#),
            ("=1+1", r#""'=1+1""#),
            ("@SUM(A1)", r#""'@SUM(A1)""#),
            ("-2", r#""'-2""#),
            ("+55", r#""'+55""#),
            ("\t=1", "\"'\t=1\""),
            ("a\",\"b\r\n", "\"a\"\",\"\"b\r\n\""),
        ] {
            let mut text = String::new();
            super::write_cell(cell, &mut text);
            assert_eq!(text, written);
        }
    }
}
