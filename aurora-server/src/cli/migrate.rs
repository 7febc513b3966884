//! `aurora migrate`.

use aurora_core::store::Database;
use clap::Args;
use serde::Serialize;

use super::block_on;
use super::output::{Output, table};
use super::place::{Local, Place, unmigrated};
use super::serve::install_crypto;
use crate::error::Error;
use crate::wiring;

/// What the schema is brought up to date with.
#[derive(Debug, Clone, Args)]
pub(super) struct MigrateOptions {
    /// Tell what is pending, and change nothing.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    place: Place,
}

/// One step that is not applied.
#[derive(Debug, Serialize)]
pub(super) struct Step {
    history: &'static str,
    version: i64,
    name: &'static str,
}

#[derive(Debug, Serialize)]
struct Migrated {
    /// `sqlite` or `postgres`; absent where there is no database yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    database: Option<&'static str>,
    dry_run: bool,
    steps: Vec<Step>,
}

pub(super) fn run(options: &MigrateOptions, output: Output) -> Result<(), Error> {
    install_crypto();
    let settings = options.place.settings()?;
    let is_new = wiring::sqlite_file(&settings).is_some_and(|path| !path.is_file());
    let migrated = block_on(async {
        if is_new && options.dry_run {
            // Looking would make the file.
            return Ok(Migrated {
                database: None,
                dry_run: true,
                steps: all(),
            });
        }
        let database = wiring::owned_database(&settings).await?;
        let steps = pending(&database).await?;
        if !options.dry_run {
            let local = Box::pin(Local::open(settings.clone())).await?;
            local.migrate().await?;
            local.crm.database().close().await;
        }
        let name = database.engine_name();
        database.close().await;
        Ok(Migrated {
            database: Some(name),
            dry_run: options.dry_run,
            steps,
        })
    })?;
    output.result(&migrated, |_| words(&migrated))
}

/// What is not applied yet, in the order in which it would be.
pub(super) async fn pending(database: &Database) -> Result<Vec<Step>, Error> {
    let mut steps = Vec::new();
    for history in &wiring::HISTORIES {
        let pending = database.pending(history).await.map_err(unmigrated)?;
        steps.extend(pending.into_iter().map(|step| Step {
            history: history.table(),
            version: step.version,
            name: step.name,
        }));
    }
    Ok(steps)
}

fn all() -> Vec<Step> {
    let steps = wiring::HISTORIES.iter().flat_map(|history| {
        history.steps().iter().map(|step| Step {
            history: history.table(),
            version: step.version,
            name: step.name,
        })
    });
    steps.collect()
}

fn words(migrated: &Migrated) -> String {
    if migrated.steps.is_empty() {
        return "the schema is up to date\n".to_owned();
    }
    let rows: Vec<[String; 3]> = migrated
        .steps
        .iter()
        .map(|step| {
            let history = step.history.trim_matches('_').trim_end_matches("_migrations");
            [history.to_owned(), step.version.to_string(), step.name.to_owned()]
        })
        .collect();
    let what = if migrated.dry_run { "PENDING" } else { "APPLIED" };
    table([what, "VERSION", "STEP"], &rows)
}
