//! `aurora import clients` and `aurora export clients`.

use std::io::Write as _;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use aurora_crm::clients::csv::{
    CsvError, Duplicates, ExportOptions as Written, ImportOptions as Read, ImportReport, ImportWatch,
    RowIssue, UnknownColumns,
};
use aurora_crm::clients::{ClientFilter, ClientKind};
use aurora_crm::workspaces::WorkspaceId;
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use tempfile::NamedTempFile;
use tokio::fs::File;
use tokio::io::AsyncWriteExt as _;

use super::block_on;
use super::output::{Output, Tone, counted, of_crm, printable, refused};
use super::place::Place;
use super::progress::{Progress, bytes};
use crate::error::{Error, ErrorKind};

/// How many wrong rows are shown to people.
const SHOWN: usize = 20;

/// What is read.
#[derive(Debug, Clone, Subcommand)]
pub(super) enum ImportCommand {
    /// Read clients from a CSV file, as spreadsheets write them.
    Clients(ImportOptions),
}

/// What is written.
#[derive(Debug, Clone, Subcommand)]
pub(super) enum ExportCommand {
    /// Write all clients into a CSV file, for spreadsheets.
    Clients(ExportOptions),
}

/// What becomes of a file.
#[derive(Debug, Clone, Args)]
pub(super) struct ImportOptions {
    /// The CSV file.
    file: PathBuf,
    /// The workspace [default: the first].
    #[arg(long, value_name = "ID")]
    workspace: Option<WorkspaceId>,
    /// Try every row, and change nothing.
    #[arg(long)]
    dry_run: bool,
    /// Clients that are there already take what their row holds; without it their rows are passed over.
    #[arg(long, conflicts_with = "refuse_known")]
    update: bool,
    /// Rows of clients that are there already are refused.
    #[arg(long)]
    refuse_known: bool,
    /// A row that does not tell is a person, and not a company.
    #[arg(long)]
    people: bool,
    /// Columns that are not known become fields of the workspace's own, and are not left out.
    #[arg(long)]
    keep_unknown: bool,
    /// Write the rows that are refused into this file, which must not exist yet; it holds personal data.
    #[arg(long, value_name = "FILE")]
    refused: Option<PathBuf>,
    #[command(flatten)]
    place: Place,
}

/// Where clients are written to.
#[derive(Debug, Clone, Args)]
pub(super) struct ExportOptions {
    /// The file, which must not exist yet; - is standard output.
    #[arg(default_value = "-")]
    file: PathBuf,
    /// The workspace [default: the first].
    #[arg(long, value_name = "ID")]
    workspace: Option<WorkspaceId>,
    /// Replace a file that is there.
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    place: Place,
}

pub(super) fn import(command: ImportCommand, output: Output) -> Result<(), Error> {
    let ImportCommand::Clients(options) = command;
    block_on(async move { Box::pin(read(&options, output)).await })
}

pub(super) fn export(command: ExportCommand, output: Output) -> Result<(), Error> {
    let ExportCommand::Clients(options) = command;
    block_on(async move { write(&options, output).await })
}

fn of_csv(error: CsvError) -> Error {
    match error {
        CsvError::Crm(error) => of_crm(error),
        CsvError::Source(source) => refused("the file could not be read").caused_by(source),
        CsvError::Sink(source) => {
            Error::new(ErrorKind::Storage, "the file could not be written").caused_by(source)
        }
        other => refused(other),
    }
}

async fn opened(path: &Path) -> Result<File, Error> {
    File::open(path)
        .await
        .map_err(|error| refused(format!("{} cannot be read", path.display())).caused_by(error))
}

fn unwritten(path: &Path, error: std::io::Error) -> Error {
    let hint = if error.kind() == std::io::ErrorKind::AlreadyExists {
        " (it is there already)"
    } else {
        ""
    };
    refused(format!("{} cannot be written{hint}", path.display())).caused_by(error)
}

/// A file that is made, for its owner alone: it holds personal data.
async fn made(path: &Path) -> Result<File, Error> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    options.mode(0o600);
    options.open(path).await.map_err(|error| unwritten(path, error))
}

/// A file that appears under its name when it is whole, for its owner alone, whatever stood there before.
struct Export {
    file: File,
    draft: NamedTempFile,
    path: PathBuf,
    may_replace: bool,
}

impl Export {
    fn to(path: &Path, may_replace: bool) -> Result<Self, Error> {
        // A device, or the name of a folder, is nothing that a file may take the place of.
        let is_taken = path.symlink_metadata().is_ok() && !(may_replace && path.is_file());
        if is_taken {
            return Err(unwritten(path, std::io::ErrorKind::AlreadyExists.into()));
        }
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let draft = NamedTempFile::new_in(folder.unwrap_or(Path::new(".")));
        let opened = draft.and_then(|draft| Ok((draft.reopen()?, draft)));
        let (file, draft) = opened.map_err(|error| unwritten(path, error))?;
        Ok(Self {
            file: File::from_std(file),
            draft,
            path: path.to_owned(),
            may_replace,
        })
    }

    /// Puts it in its place.
    async fn finish(mut self) -> Result<(), Error> {
        let written = async {
            self.file.flush().await?;
            self.file.sync_all().await
        };
        written.await.map_err(|error| of_csv(CsvError::Sink(error)))?;
        let placed = if self.may_replace {
            self.draft.persist(&self.path)
        } else {
            self.draft.persist_noclobber(&self.path)
        };
        placed
            .map(drop)
            .map_err(|error| unwritten(&self.path, error.error))
    }
}

async fn read(options: &ImportOptions, output: Output) -> Result<(), Error> {
    let mut source = opened(&options.file).await?; // before anything else is touched
    let size = source.metadata().await.map(|file| file.len()).ok();
    let local = options.place.open(output).await?;
    let context = local.context(options.workspace).await?;
    let mut how = Read::new().default_kind(if options.people {
        ClientKind::Person
    } else {
        ClientKind::Company
    });
    if let Some(size) = size {
        how = how.total_bytes(size);
    }
    if options.update {
        how = how.duplicates(Duplicates::Update);
    }
    if options.refuse_known {
        how = how.duplicates(Duplicates::Fail);
    }
    if options.keep_unknown {
        how = how.unknown_columns(UnknownColumns::Custom);
    }
    let imports = local.crm.clients().imports();
    let tried = {
        let mut line = Progress::new("checking", output);
        let mut watch = watching(&mut line);
        let watch = ImportWatch::new().progress(&mut watch);
        imports
            .dry_run(&context, &mut source, &how, watch)
            .await
            .map_err(of_csv)?
    };
    let mut refused_rows = match &options.refused {
        Some(path) => Some(made(path).await?),
        None => None,
    };
    // The file's own id: the same file goes on where it was broken off, and does nothing once it was imported.
    let id = tried
        .file
        .as_ref()
        .map(aurora_crm::clients::csv::FileHash::import_id);
    let report = match id {
        Some(id) if !options.dry_run => {
            let mut source = opened(&options.file).await?;
            let mut line = Progress::new("importing", output);
            let mut progress = watching(&mut line);
            let mut watch = ImportWatch::new().progress(&mut progress);
            if let Some(file) = &mut refused_rows {
                watch = watch.refused(file);
            }
            imports
                .run(&context, id, &mut source, &how, watch)
                .await
                .map_err(of_csv)?
        }
        _ => tried,
    };
    if let Some(file) = &mut refused_rows {
        file.flush()
            .await
            .map_err(|error| of_csv(CsvError::Sink(error)))?;
    }
    told(&report, id.map(|id| id.to_string()), options.dry_run, output)
}

/// Draws how far a pass has come.
fn watching(
    line: &mut Progress,
) -> impl FnMut(aurora_crm::clients::csv::Progress) -> ControlFlow<()> + Send + '_ {
    |reached| {
        line.reached(
            reached.bytes,
            reached.total_bytes,
            &format!("{}, {}", counted(reached.rows, "row"), bytes(reached.bytes)),
        );
        ControlFlow::Continue(())
    }
}

fn issue(issue: &RowIssue) -> Value {
    json!({
        "line": issue.line,
        "column": issue.column,
        "header": issue.header,
        "field": issue.field,
        "code": issue.code,
        "message": issue.message,
    })
}

fn told(
    report: &ImportReport,
    import: Option<String>,
    is_dry_run: bool,
    output: Output,
) -> Result<(), Error> {
    let counts = report.counts;
    // An earlier run has done it, and these are its figures.
    let is_repeated = !is_dry_run && report.is_finished && report.resumed_after >= counts.rows().max(1);
    let view = json!({
        "import": import,
        "dry_run": is_dry_run,
        "already": is_repeated,
        "rows": counts.rows(),
        "created": counts.created,
        "updated": counts.updated,
        "unchanged": counts.unchanged,
        "skipped": counts.skipped,
        "refused": counts.refused,
        "finished": report.is_finished,
        "errors": report.errors.iter().map(issue).collect::<Vec<_>>(),
        "errors_beyond": report.errors_beyond,
    });
    output.result(&view, |paint| {
        let mut text = format!(
            "{}: {}; {} created, {} updated, {} unchanged, {} passed over, {} refused\n",
            match (is_dry_run, is_repeated) {
                (true, _) => "would be imported",
                (_, true) => "imported already, and nothing was done now",
                _ => "imported",
            },
            counted(counts.rows(), "row"),
            counts.created,
            counts.updated,
            counts.unchanged,
            counts.skipped,
            counts.refused
        );
        for issue in report.errors.iter().take(SHOWN) {
            let header = issue.header.as_deref().unwrap_or_default();
            text.push_str(&format!(
                "  {} line {} {}: {}\n",
                paint.tone(Tone::Bad, "refused"),
                issue.line,
                printable(header),
                issue.message
            ));
        }
        let more = report.errors.len().saturating_sub(SHOWN);
        if more > 0 {
            text.push_str(&format!("  and {more} more; --json tells all of them\n"));
        }
        text
    })?;
    if counts.refused > 0 {
        Err(refused(format!("refused {}", counted(counts.refused, "row"))))
    } else {
        Ok(())
    }
}

async fn write(options: &ExportOptions, output: Output) -> Result<(), Error> {
    let is_stdout = options.file.as_os_str() == "-";
    if is_stdout && output.is_json() {
        return Err(refused(
            "with --json the clients need a file: standard output has the result",
        ));
    }
    let local = options.place.existing().await?;
    let context = local.context(options.workspace).await?;
    let clients = local.crm.clients();
    let mut export = clients.export(&context, &ClientFilter::default(), Written::new());
    let mut file = match is_stdout {
        true => None,
        false => Some(Export::to(&options.file, options.force)?),
    };
    let mut line = Progress::new("exporting", output);
    while let Some(piece) = export.next().await.map_err(of_crm)? {
        let written = match &mut file {
            Some(target) => target.file.write_all(&piece).await,
            None => std::io::stdout().lock().write_all(&piece),
        };
        written.map_err(|error| of_csv(CsvError::Sink(error)))?;
        if file.is_some() {
            line.reached(0, None, &format!("{} clients", export.count()));
        }
    }
    match file {
        Some(target) => target.finish().await?,
        None => {
            let flushed = std::io::stdout().lock().flush();
            flushed.map_err(|error| of_csv(CsvError::Sink(error)))?;
        }
    }
    drop(line);
    if is_stdout {
        return Ok(());
    }
    let file = options.file.display().to_string();
    let count = export.count();
    output.result(&json!({"file": file, "clients": count}), |paint| {
        format!(
            "{} {} to {file}\n",
            paint.tone(Tone::Good, "exported"),
            counted(count, "client")
        )
    })
}
