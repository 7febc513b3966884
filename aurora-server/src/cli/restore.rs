//! `aurora restore`.

use std::path::PathBuf;

use aurora_core::config::Settings;
use aurora_core::store::backup::{Kind, Target};
use clap::Args;
use serde_json::json;

use super::backup::{backups, failed, newest};
use super::block_on;
use super::output::{Output, Tone, refused, value_of};
use super::place::Place;
use super::progress::bytes;
use super::serve::install_crypto;
use crate::error::{Error, ErrorKind};
use crate::wiring;

/// What is brought back, and where to.
#[derive(Debug, Clone, Args)]
pub(super) struct RestoreOptions {
    /// The name of the backup, as `aurora backup --list` shows it [default: the newest verified one].
    name: Option<String>,
    /// Folder of the backups [default: backup.folder of the settings, or backups in the data folder].
    #[arg(long, value_name = "DIR")]
    from: Option<PathBuf>,
    /// The SQLite file to restore to [default: that of the settings].
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
    /// Replace a SQLite file that is there. Stop the server first.
    #[arg(long)]
    force: bool,
    /// The role that owns the tables afterwards, in PostgreSQL [default: the account that restores].
    #[arg(long, value_name = "ROLE")]
    owner: Option<String>,
    #[command(flatten)]
    place: Place,
}

pub(super) fn run(options: RestoreOptions, output: Output) -> Result<(), Error> {
    install_crypto();
    let settings = options.place.settings()?;
    block_on(async move {
        let backups = backups(options.from.as_ref(), &settings, "restore", output)?;
        let name = match &options.name {
            Some(name) => name.clone(),
            None => newest(&backups).await?,
        };
        let listing = backups.list().await.map_err(failed)?;
        let backup = listing.backups.iter().find(|backup| backup.name == name);
        let backup = backup.ok_or_else(|| refused(format!("there is no backup {name:?} in the folder")))?;
        let (target, shown) = target(&options, &settings, backup.kind)?;
        // It looks at the backup first, and puts the copy in place last: a wrong one leaves everything as it is.
        let restored = backups.restore(&name, &target).await.map_err(|error| {
            if error.kind() == aurora_core::store::backup::ErrorKind::Exists && !options.force {
                refused(format!(
                    "{error}: {shown} is there already; stop the server and say --force to replace it"
                ))
            } else {
                failed(error)
            }
        })?;
        drop(backups); // and with it the line that shows progress
        let view = json!({"backup": value_of(&restored)?, "to": shown});
        output.result(&view, |paint| {
            format!(
                "{} {}  {} to {shown}\n",
                paint.tone(Tone::Good, "restored"),
                restored.name,
                bytes(restored.bytes)
            )
        })
    })
}

/// Where to, and how that is called; an address may hold a password.
fn target(options: &RestoreOptions, settings: &Settings, kind: Kind) -> Result<(Target, String), Error> {
    if kind == Kind::Postgres {
        if !wiring::is_postgres(settings) {
            return Err(refused(
                "the backup is of a PostgreSQL database: name an empty one with database.url",
            ));
        }
        if options.force {
            return Err(refused(
                "--force is for SQLite files: make an empty database, and name it with database.url",
            ));
        }
        let database = &settings.database;
        let url = settings
            .backup
            .postgres_url
            .as_ref()
            .or(database.owner_url.as_ref())
            .or(database.url.as_ref());
        let url = url.cloned().ok_or_else(|| {
            Error::new(
                ErrorKind::Settings,
                "database.url is not set: nothing says where to restore to",
            )
        })?;
        let target = Target::EmptyDatabase {
            url,
            owner: options.owner.clone(),
        };
        return Ok((target, "the PostgreSQL database of the settings".to_owned()));
    }
    let path = match &options.to {
        Some(path) => Some(path.clone()),
        None => wiring::sqlite_file(settings),
    };
    let path =
        path.ok_or_else(|| refused("the backup is of a SQLite file: name the file to restore to with --to"))?;
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        wiring::make_private(folder).map_err(|error| {
            Error::new(ErrorKind::Storage, format!("{} cannot be made", folder.display())).caused_by(error)
        })?;
    }
    let shown = path.display().to_string();
    let target = if options.force {
        Target::ReplaceFile(path)
    } else {
        Target::NewFile(path)
    };
    Ok((target, shown))
}
