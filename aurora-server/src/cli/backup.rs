//! `aurora backup`.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use aurora_core::config::Settings;
use aurora_core::store::backup::{self, Backups, Keep, Manifest, Stage};
use clap::Args;
use serde_json::json;

use super::block_on;
use super::output::{Output, Tone, refused, table, value_of};
use super::place::{Place, there};
use super::progress::{Progress, bytes};
use super::serve::install_crypto;
use crate::error::{Error, ErrorKind};
use crate::wiring;

/// Where backups are and which ones stay.
#[derive(Debug, Clone, Args)]
pub(super) struct BackupOptions {
    /// Folder of the backups [default: backup.folder of the settings, or backups in the data folder].
    #[arg(long, value_name = "DIR")]
    to: Option<PathBuf>,
    /// List the backups, and make none.
    #[arg(long, conflicts_with_all = ["verify", "keep"])]
    list: bool,
    /// Restore this backup as a test once more, and make none.
    #[arg(long, value_name = "NAME", conflicts_with = "keep")]
    verify: Option<String>,
    /// Remove all verified backups but the newest so many afterwards.
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    keep: Option<u32>,
    #[command(flatten)]
    place: Place,
}

/// The backups of the settings, or those in a folder that was named, with a line that shows how far they are.
pub(super) fn backups(
    folder: Option<&PathBuf>,
    settings: &Settings,
    what: &'static str,
    output: Output,
) -> Result<Backups, Error> {
    let line = Arc::new(Mutex::new(Progress::new(what, output)));
    let builder = wiring::backups(settings, folder.cloned()).on_progress(move |reached| {
        let stage = match reached.stage {
            Stage::Copying => "copying",
            Stage::Testing => "restoring it as a test",
            _ => "done",
        };
        let word = format!("{stage}  {}", bytes(reached.bytes));
        line.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .reached(0, None, &word);
    });
    builder.build().map_err(failed)
}

/// What a failed backup or restore says, by who can put it right.
pub(super) fn failed(error: backup::Error) -> Error {
    use backup::ErrorKind as Backup;
    let kind = match error.kind() {
        Backup::NotFound | Backup::Exists | Backup::Invalid | Backup::Newer => ErrorKind::Refused,
        _ => ErrorKind::Storage,
    };
    let failed = Error::new(kind, error.to_string());
    match std::error::Error::source(&error) {
        Some(source) => failed.caused_by(source.to_string()),
        None => failed,
    }
}

pub(super) fn run(options: BackupOptions, output: Output) -> Result<(), Error> {
    install_crypto();
    let settings = options.place.settings()?;
    block_on(async move {
        let folder = options.to.as_ref();
        if options.list {
            return list(&backups(folder, &settings, "backup", output)?, output).await;
        }
        if let Some(name) = &options.verify {
            let backups = backups(folder, &settings, "verify", output)?;
            let verified = backups.verify(name).await.map_err(failed)?;
            drop(backups);
            return tell("verified", &verified, &[], output);
        }
        there(&settings)?;
        if wiring::is_postgres(&settings) && settings.backup.postgres_url.is_none() {
            return Err(unnamed());
        }
        let database = wiring::database(&settings).await?;
        let backups = backups(folder, &settings, "backup", output)?;
        let made = backups.create(&database).await.map_err(failed)?;
        database.close().await;
        let removed = match options.keep {
            Some(count) => backups.prune(Keep::last(count)).await.map_err(failed)?,
            None => Vec::new(),
        };
        drop(backups);
        tell("made and verified", &made, &removed, output)
    })
}

fn unnamed() -> Error {
    Error::new(
        ErrorKind::Settings,
        "backup.postgres_url is not set: row-level security hides rows from the account of database.url; name one that \
         reads every row, see docs/core/backup.md",
    )
}

fn tell(what: &str, backup: &Manifest, removed: &[String], output: Output) -> Result<(), Error> {
    let view = json!({"backup": value_of(backup)?, "verified": backup.is_verified(), "removed": removed});
    output.result(&view, |paint| {
        let mut text = format!(
            "{} {}  {}, {} tables\n",
            paint.tone(Tone::Good, what),
            backup.name,
            bytes(backup.bytes),
            backup.tables.len()
        );
        for name in removed {
            text.push_str(&format!("removed {name}\n"));
        }
        text
    })
}

async fn list(backups: &Backups, output: Output) -> Result<(), Error> {
    let found = backups.list().await.map_err(failed)?;
    let view = json!({"items": value_of(&found.backups)?, "bad": found.bad});
    output.result(&view, |_| {
        let rows: Vec<[String; 4]> = found.backups.iter().map(row).collect();
        let mut text = table(["NAME", "OF", "SIZE", "STATE"], &rows);
        for name in &found.bad {
            text.push_str(&format!("needs a look: {name}\n"));
        }
        text
    })
}

fn row(backup: &Manifest) -> [String; 4] {
    let state = if backup.is_verified() {
        "verified"
    } else {
        "unverified"
    };
    [
        backup.name.clone(),
        match backup.kind {
            backup::Kind::Postgres => "postgres".to_owned(),
            _ => "sqlite".to_owned(),
        },
        bytes(backup.bytes),
        state.to_owned(),
    ]
}

/// The newest backup that was tested, for whoever names none.
pub(super) async fn newest(backups: &Backups) -> Result<String, Error> {
    let listing = backups.list().await.map_err(failed)?;
    let newest = listing.backups.into_iter().find(Manifest::is_verified);
    newest
        .map(|backup| backup.name)
        .ok_or_else(|| refused("there is no verified backup in the folder: name another with --from"))
}
