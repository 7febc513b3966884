//! `aurora restore`.

use std::path::PathBuf;

use aurora_core::config::Settings;
use aurora_core::secret::Secret;
use aurora_core::store::backup::{Kind, Target};
use clap::Args;
use serde_json::json;
use url::Url;

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
            if error.kind() != aurora_core::store::backup::ErrorKind::Exists {
                return failed(error);
            }
            match target {
                Target::EmptyDatabase { .. } => refused(format!("{error}; it is {shown}: {NAME_IT}")),
                _ if options.force => failed(error),
                _ => refused(format!(
                    "{error}: {shown} is there already; stop the server and say --force to replace it"
                )),
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

/// What to do where a PostgreSQL is no place for a backup.
const NAME_IT: &str = "name an empty database with backup.postgres_url (AURORA__BACKUP__POSTGRES_URL)";

/// Where to, and how that is called.
fn target(options: &RestoreOptions, settings: &Settings, kind: Kind) -> Result<(Target, String), Error> {
    if kind == Kind::Postgres {
        return empty_database(options, settings);
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

fn empty_database(options: &RestoreOptions, settings: &Settings) -> Result<(Target, String), Error> {
    for (is_given, name) in [(options.force, "--force"), (options.to.is_some(), "--to")] {
        if is_given {
            return Err(refused(format!(
                "{name} is for SQLite files, and the backup is of a PostgreSQL database: {NAME_IT}"
            )));
        }
    }
    let database = &settings.database;
    let own = database.url.as_ref().filter(|_| wiring::is_postgres(settings));
    let url = settings.backup.postgres_url.as_ref();
    let url = url.or(database.owner_url.as_ref()).or(own);
    let url = url.ok_or_else(|| refused(format!("the backup is of a PostgreSQL database: {NAME_IT}")))?;
    let target = Target::EmptyDatabase {
        url: url.clone(),
        owner: options.owner.clone(),
    };
    Ok((target, shown(url)))
}

/// Which database an address means, without the rest of it, which may hold a password.
fn shown(url: &Secret) -> String {
    let Ok(url) = Url::parse(url.expose()) else {
        return "the PostgreSQL database of the settings".to_owned();
    };
    let name = url.path().trim_start_matches('/');
    let host = match url.host_str().unwrap_or_default() {
        "" => "this machine",
        host => host,
    };
    match url.port() {
        Some(port) => format!("the database {name} on {host}:{port}"),
        None => format!("the database {name} on {host}"),
    }
}

#[cfg(test)]
mod tests {
    use aurora_core::config::Loader;
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        options: RestoreOptions,
    }

    fn aimed(arguments: &[&str], settings: &[(&str, &str)]) -> Result<String, String> {
        let line = Line::try_parse_from([&["restore"][..], arguments].concat()).unwrap();
        let loaded = Loader::new().overrides(settings.iter().copied()).load().unwrap();
        let found = target(&line.options, loaded.settings(), Kind::Postgres);
        found.map(|(_, shown)| shown).map_err(|error| error.to_string())
    }

    #[test]
    fn a_backup_of_postgres_is_told_where_it_can_go() {
        let own = ("database.url", "postgres://app:s3cret@db.internal/aurora");
        let named = (
            "backup.postgres_url",
            "postgres://p:s3cret@localhost:5433/aurora_restored",
        );
        assert_eq!(aimed(&[], &[own]).unwrap(), "the database aurora on db.internal");
        assert_eq!(
            aimed(&[], &[own, named]).unwrap(),
            "the database aurora_restored on localhost:5433"
        );
        // A server on SQLite can look into it, too.
        assert!(aimed(&[], &[named]).unwrap().contains("aurora_restored"));
        for refused in [
            aimed(&[], &[]),
            aimed(&["--force"], &[own, named]),
            aimed(&["--to", "a.db"], &[own, named]),
        ] {
            let refused = refused.unwrap_err();
            assert!(refused.contains("AURORA__BACKUP__POSTGRES_URL"), "{refused}");
            assert!(!refused.contains("database.url"), "{refused}");
        }
        assert!(aimed(&["--to", "a.db"], &[own]).unwrap_err().starts_with("--to"));
    }
}
