//! The JSON of what was found in a file and what became of it.

use aurora_crm::clients::csv::{
    Counts, CustomKind, Decided, Dialect, Import, ImportReport, ImportState, Plan, PlannedColumn, RowIssue,
    Target,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::options::{ENCODINGS, SEPARATORS};

/// What a dry run has found, or an import has done.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ImportReport)]
pub(super) struct ReportView {
    /// Whether nothing was changed.
    dry_run: bool,
    /// `imp_…`: of a dry run the id under which importing this file does nothing twice; of an import its own. Null when a
    /// dry run did not come to the end of the file.
    import_id: Option<String>,
    /// Whether the whole file was read. If not, the same call with this `import_id` goes on.
    finished: bool,
    /// How the file is written.
    dialect: DialectView,
    /// What became of the rows, or would.
    counts: CountsView,
    /// What is wrong with rows, in the order of the file, up to 1,000.
    errors: Vec<IssueView>,
    /// How many errors there are beyond these.
    errors_beyond: u64,
    /// What is worth knowing of rows that are right, up to 1,000.
    notes: Vec<IssueView>,
    /// How many notes there are beyond these.
    notes_beyond: u64,
    /// The SHA-256 of the file as 64 hexadecimal digits; null when it was not read to its end.
    file_sha256: Option<String>,
    /// Rows that an earlier call under the same id had settled.
    resumed_after: u64,
    /// Whether duplicates within the file were looked for to its end: a dry run remembers a million identities.
    saw_all_duplicates: bool,
}

impl ReportView {
    pub(super) fn new(report: ImportReport, import_id: Option<String>) -> Self {
        let dry_run = import_id.is_none();
        let of_file = report.file.map(|file| file.import_id().to_string());
        Self {
            dry_run,
            import_id: import_id.or(of_file),
            finished: report.is_finished,
            dialect: report.dialect.into(),
            counts: report.counts.into(),
            errors: report.errors.into_iter().map(Into::into).collect(),
            errors_beyond: report.errors_beyond,
            notes: report.notes.into_iter().map(Into::into).collect(),
            notes_beyond: report.notes_beyond,
            file_sha256: report.file.map(|file| file.to_string()),
            resumed_after: report.resumed_after,
            saw_all_duplicates: report.saw_all_duplicates,
        }
    }
}

/// How a file is written.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CsvDialect)]
struct DialectView {
    /// `utf-8`, `utf-16le`, `utf-16be` or `windows-1252`.
    encoding: &'static str,
    /// `semicolon`, `comma` or `tab`.
    separator: &'static str,
    /// Whether it begins with a byte order mark.
    byte_order_mark: bool,
}

impl From<Dialect> for DialectView {
    fn from(dialect: Dialect) -> Self {
        let encoding = ENCODINGS.iter().find(|(_, it)| *it == dialect.encoding);
        let separator = SEPARATORS.iter().find(|(_, it)| *it == dialect.separator);
        Self {
            encoding: encoding.map_or("unknown", |(word, _)| word),
            separator: separator.map_or("unknown", |(word, _)| word),
            byte_order_mark: dialect.byte_order_mark,
        }
    }
}

/// How many rows there were, and what became of them.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ImportCounts)]
struct CountsView {
    /// All rows.
    rows: u64,
    /// Clients that were made.
    created: u64,
    /// Clients that took something from their row.
    updated: u64,
    /// Rows whose client has all that they hold.
    unchanged: u64,
    /// Rows that were passed over because their client is there already.
    skipped: u64,
    /// Rows that are wrong.
    refused: u64,
}

impl From<Counts> for CountsView {
    fn from(counts: Counts) -> Self {
        Self {
            rows: counts.rows(),
            created: counts.created,
            updated: counts.updated,
            unchanged: counts.unchanged,
            skipped: counts.skipped,
            refused: counts.refused,
        }
    }
}

/// What is wrong with a row, or worth knowing of it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ImportIssue)]
struct IssueView {
    /// The line of the file on which the row begins, from 1.
    line: u64,
    /// The column, from 1; null when the row as a whole is meant.
    column: Option<usize>,
    /// The header of the column, as the file has it.
    header: Option<String>,
    /// The field of a client; empty when the row as a whole is meant.
    field: String,
    /// Stable name of what is wrong.
    code: &'static str,
    /// What is wrong, for people.
    message: String,
}

impl From<RowIssue> for IssueView {
    fn from(issue: RowIssue) -> Self {
        Self {
            line: issue.line,
            column: issue.column,
            header: issue.header,
            field: issue.field,
            code: issue.code,
            message: issue.message,
        }
    }
}

/// What would be made of a file.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ImportPlan)]
pub(super) struct PlanView {
    /// How the file is written.
    dialect: DialectView,
    /// Its columns in order.
    columns: Vec<ColumnView>,
    /// The cells of its first rows, up to five.
    sample: Vec<Vec<String>>,
}

impl From<Plan> for PlanView {
    fn from(plan: Plan) -> Self {
        Self {
            dialect: plan.dialect.into(),
            columns: plan.columns.into_iter().map(Into::into).collect(),
            sample: plan.sample,
        }
    }
}

/// One column of a file.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PlannedColumn)]
struct ColumnView {
    /// Its place, from 1.
    index: usize,
    /// What the file calls it.
    header: String,
    /// Where its cells go, as the parameter `column` takes it: a field, `custom.<key>:<kind>` or `ignore`.
    target: String,
    /// `told` by a parameter, `recognised` by its header, or `unknown`.
    decided: &'static str,
}

impl From<PlannedColumn> for ColumnView {
    fn from(column: PlannedColumn) -> Self {
        Self {
            index: column.index,
            header: column.header,
            target: match column.target {
                Target::Field(field) => field.as_str().to_owned(),
                Target::Custom { key, kind } => {
                    let kind = match kind {
                        CustomKind::Number => "number",
                        CustomKind::Date => "date",
                        CustomKind::Boolean => "boolean",
                        _ => "text",
                    };
                    format!("custom.{key}:{kind}")
                }
                _ => "ignore".to_owned(),
            },
            decided: match column.decided {
                Decided::Told => "told",
                Decided::Recognised => "recognised",
                _ => "unknown",
            },
        }
    }
}

/// How far an import has come.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Import)]
pub(super) struct ProgressView {
    /// `imp_…`
    id: String,
    /// Whether every row is settled; if not, it is under way or was broken off and can be resumed.
    finished: bool,
    /// How many rows after the header are settled.
    rows: u64,
    /// What became of them.
    counts: CountsView,
    /// The SHA-256 of the file, once it was read to its end.
    file_sha256: Option<String>,
    /// RFC 3339, UTC.
    #[schema(format = DateTime)]
    started_at: String,
    /// When its last batch was stored.
    #[schema(format = DateTime)]
    updated_at: String,
}

impl From<Import> for ProgressView {
    fn from(import: Import) -> Self {
        Self {
            id: import.id.to_string(),
            finished: import.state == ImportState::Finished,
            rows: import.rows,
            counts: import.counts.into(),
            file_sha256: import.file.map(|file| file.to_string()),
            started_at: import.started_at.to_string(),
            updated_at: import.updated_at.to_string(),
        }
    }
}
