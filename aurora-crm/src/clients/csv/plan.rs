use std::collections::HashSet;
use std::fmt;

use tokio::io::AsyncRead;

use super::dialect::Dialect;
use super::error::CsvError;
use super::field::{CustomKind, ERRORS_COLUMN, Field, LINE_COLUMN, Target, fold, recognise};
use super::formula::unguard;
use super::options::{ImportOptions, UnknownColumns, label};
use super::parser::{Problem, Record};
use super::reader::{Reader, text};

const SAMPLE_ROWS: usize = 5;

/// How it was decided where the cells of a column go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Decided {
    /// The options say so.
    Told,
    /// The header is known.
    Recognised,
    /// The header says nothing.
    Unknown,
}

/// One column of a file.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PlannedColumn {
    /// Its place, from 1.
    pub index: usize,
    /// What the file calls it. Somebody may have put personal data there, so `Debug` does not show it.
    pub header: String,
    /// Where its cells go.
    pub target: Target,
    /// How that was decided.
    pub decided: Decided,
}

impl fmt::Debug for PlannedColumn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PlannedColumn")
            .field("index", &self.index)
            .field("decided", &self.decided)
            .finish_non_exhaustive()
    }
}

/// What would be made of a file. `Debug` shows none of its cells.
#[derive(Clone)]
#[non_exhaustive]
pub struct Plan {
    /// How the file is written.
    pub dialect: Dialect,
    /// Its columns in order.
    pub columns: Vec<PlannedColumn>,
    /// The cells of its first rows, up to five; a row that cannot be read is left out.
    pub sample: Vec<Vec<String>>,
}

impl Plan {
    /// The columns whose header says nothing.
    pub fn unknown(&self) -> impl Iterator<Item = &PlannedColumn> {
        self.columns
            .iter()
            .filter(|column| column.decided == Decided::Unknown)
    }
}

impl fmt::Debug for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plan")
            .field("dialect", &self.dialect)
            .field("columns", &self.columns)
            .field("sample_rows", &self.sample.len())
            .finish_non_exhaustive()
    }
}

/// Reads the header and decides where each column goes.
pub(super) async fn columns<R: AsyncRead + Unpin + Send>(
    reader: &mut Reader<R>,
    options: &ImportOptions,
) -> Result<Vec<PlannedColumn>, CsvError> {
    let mut record = Record::default();
    if !reader.next(&mut record).await? {
        return Err(CsvError::file("empty", "the file has no row but empty ones"));
    }
    match record.problem {
        Some(Problem::TooManyColumns) => {
            return Err(CsvError::file("header", "the header has more than 200 columns"));
        }
        Some(_) => {
            let what = "the header is longer than 64 KiB, or a quote in it is never closed";
            return Err(CsvError::file("header", what));
        }
        None => {}
    }
    let dialect = reader.dialect();
    let mut columns = Vec::with_capacity(record.len());
    for (index, cell) in record.fields().enumerate() {
        let Some(header) = text(cell, &dialect).filter(|header| !header.contains('\0')) else {
            let what = format!(
                "the header of column {} has characters that cannot be read",
                index + 1
            );
            return Err(CsvError::file("header", what));
        };
        let header = unguard(header.trim()).to_owned();
        let (target, decided) = decide(&header, options);
        if decided == Decided::Unknown && options.unknown_columns == UnknownColumns::Refuse {
            let what = format!("the header of column {} says nothing", index + 1);
            return Err(CsvError::file("unknown_column", what));
        }
        columns.push(PlannedColumn {
            index: index + 1,
            header,
            target,
            decided,
        });
    }
    let mut seen = HashSet::new();
    for column in &columns {
        let may_repeat = match &column.target {
            Target::Field(field) => field.takes_several(),
            Target::Custom { .. } => false,
            Target::Ignored => true,
        };
        if !may_repeat && !seen.insert(label(&column.target)) {
            let what = format!("column {} holds the same as one before it", column.index);
            return Err(CsvError::file("duplicate_column", what));
        }
    }
    if !seen.contains(Field::LegalName.as_str()) {
        let what = "no column is recognised as the name of the client, such as `Razão social`, `Nome` or `legal_name`";
        return Err(CsvError::file("no_name", what));
    }
    Ok(columns)
}

fn decide(header: &str, options: &ImportOptions) -> (Target, Decided) {
    if let Some(target) = options.told(header) {
        return (target.clone(), Decided::Told);
    }
    if [LINE_COLUMN, ERRORS_COLUMN].contains(&header) {
        return (Target::Ignored, Decided::Recognised);
    }
    if let Some(field) = recognise(header) {
        return (Target::Field(field), Decided::Recognised);
    }
    let key = fold(header).replace(' ', "_");
    match options.unknown_columns {
        UnknownColumns::Custom if (1..=64).contains(&key.len()) => {
            let kind = CustomKind::Text;
            let target = Target::Custom { key, kind };
            (target, Decided::Unknown)
        }
        _ => (Target::Ignored, Decided::Unknown),
    }
}

/// Reads the beginning of a file.
pub(super) async fn plan<R: AsyncRead + Unpin + Send>(
    source: R,
    options: &ImportOptions,
) -> Result<Plan, CsvError> {
    let mut reader = Reader::open(source, options.encoding, options.separator).await?;
    let columns = columns(&mut reader, options).await?;
    let dialect = reader.dialect();
    let (mut sample, mut record) = (Vec::new(), Record::default());
    for _ in 0..SAMPLE_ROWS {
        if !reader.next(&mut record).await? {
            break;
        }
        let cells: Option<Vec<String>> = record.fields().map(|cell| text(cell, &dialect)).collect();
        sample.extend(cells.filter(|_| record.problem.is_none()));
    }
    Ok(Plan {
        dialect,
        columns,
        sample,
    })
}
