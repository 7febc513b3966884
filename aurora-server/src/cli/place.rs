//! Where commands that need no server work: the settings, and the database that they name.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use aurora_core::config::{Loaded, Loader, Settings};
use aurora_core::time::{Clock, SystemClock};
use aurora_crm::accounts::Accounts;
use aurora_crm::workspaces::WorkspaceId;
use aurora_crm::{Context, Crm};
use clap::Args;

use super::output::{Output, of_crm, refused};
use super::serve::install_crypto;
use crate::error::{Error, ErrorKind};
use crate::{http, wiring};

/// Who the records say it was.
pub(super) const PRINCIPAL: &str = "command line";

/// Where the data and the settings are; before the command or behind it.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct Place {
    /// Folder of the database and of everything else that the server keeps [default: data].
    #[arg(long, value_name = "DIR", global = true)]
    pub(super) data: Option<PathBuf>,
    #[command(flatten)]
    pub(super) sources: Sources,
}

/// Where settings come from, beside the folder and the environment.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct Sources {
    /// A further settings file, stronger than aurora.toml and weaker than aurora.<environment>.toml.
    #[arg(long, value_name = "FILE", global = true)]
    config: Option<PathBuf>,
    /// A setting by its dotted key, stronger than files and variables; others on this machine can see it, so no secrets.
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = pair, global = true)]
    settings: Vec<(String, String)>,
}

impl Sources {
    pub(super) fn loader(&self, folder: impl Into<PathBuf>) -> Loader {
        let mut loader = Loader::from_process(folder);
        if let Some(path) = &self.config {
            loader = loader.file(path);
        }
        loader.overrides(self.settings.iter().cloned())
    }
}

/// A key and a value.
pub(super) fn pair(text: &str) -> Result<(String, String), &'static str> {
    let (key, value) = text.split_once('=').ok_or("expected KEY=VALUE")?;
    Ok((key.trim().to_owned(), value.to_owned()))
}

/// The error of settings that cannot be used.
pub(super) fn of_settings(error: aurora_core::config::Error) -> Error {
    Error::new(ErrorKind::Settings, error.to_string())
}

impl Place {
    /// All layers of settings, the command line on top.
    pub(super) fn loader(&self) -> Loader {
        let folder = self.data.as_ref();
        let given = folder.map(|folder| ("server.data_dir", folder.to_string_lossy().into_owned()));
        self.sources.loader(".").overrides(given)
    }

    /// The first of these options that was given.
    pub(super) fn given(&self) -> Option<&'static str> {
        let has_settings = !self.sources.settings.is_empty();
        self.outside_of_setup().or(has_settings.then_some("--set"))
    }

    /// The first that was given of those that `setup`, which has a `--set` of its own, does not take.
    pub(super) fn outside_of_setup(&self) -> Option<&'static str> {
        let data = self.data.is_some().then_some("--data");
        data.or(self.sources.config.is_some().then_some("--config"))
    }

    pub(super) fn load(&self) -> Result<Loaded, Error> {
        self.loader().load().map_err(of_settings)
    }

    pub(super) fn settings(&self) -> Result<Settings, Error> {
        Ok(self.load()?.into_settings())
    }

    /// Opens the database and brings its schema up to date. One that is made because there was none is told of: in a wrong
    /// folder people would take it for theirs.
    pub(super) async fn open(&self, output: Output) -> Result<Local, Error> {
        let settings = self.settings()?;
        if let Some(path) = wiring::sqlite_file(&settings).filter(|path| !path.is_file()) {
            let path = std::path::absolute(&path).unwrap_or(path);
            output.remark(&format!("a new database is made: {}", path.display()));
        }
        Box::pin(Local::open(settings)).await
    }

    /// As [`open`](Self::open), for what makes no sense where there is nothing yet.
    pub(super) async fn existing(&self) -> Result<Local, Error> {
        let settings = self.settings()?;
        there(&settings)?;
        Box::pin(Local::open(settings)).await
    }
}

/// Refuses a SQLite file that is not there: a wrong folder would look like an empty database.
pub(super) fn there(settings: &Settings) -> Result<(), Error> {
    match wiring::sqlite_file(settings) {
        Some(path) if !path.is_file() => Err(nothing_at(&path)),
        _ => Ok(()),
    }
}

/// The error of a schema.
pub(super) fn unmigrated(source: aurora_core::store::Error) -> Error {
    Error::new(
        ErrorKind::Storage,
        "the schema of the database cannot be read or changed",
    )
    .caused_by(source)
}

fn nothing_at(path: &Path) -> Error {
    Error::new(
        ErrorKind::Storage,
        format!(
            "there is no database at {}: name its folder with --data, or make it with `aurora migrate`",
            path.display()
        ),
    )
}

/// The domain without a server.
pub(super) struct Local {
    pub(super) settings: Settings,
    pub(super) crm: Crm,
    pub(super) clock: Arc<dyn Clock>,
    first: WorkspaceId,
}

impl Local {
    /// The database of settings that were read already, brought up to date.
    pub(super) async fn open(settings: Settings) -> Result<Self, Error> {
        install_crypto();
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let crm = wiring::open(&settings, &clock).await?;
        let first = wiring::default_workspace(&crm).await?;
        let local = Self {
            settings,
            crm,
            clock,
            first,
        };
        // A file that was just made becomes whole. On a server the tables may be those of an account that is not ours.
        if local.crm.database().engine_name() == "sqlite" {
            local.migrate().await?;
        }
        Ok(local)
    }

    /// Brings the whole schema up to date, where this account owns it; where another does, nothing is left to do.
    pub(super) async fn migrate(&self) -> Result<(), Error> {
        for history in &wiring::HISTORIES {
            let migrated = self.crm.database().migrate(history).await;
            migrated.map_err(unmigrated)?;
        }
        Ok(())
    }

    /// Users and keys, sealed with the keys that the server uses.
    pub(super) fn accounts(&self) -> Result<Accounts, Error> {
        http::accounts(&self.crm, &wiring::keys(&self.settings)?)
    }

    /// The context of the workspace that was named, or of the first one.
    pub(super) async fn context(&self, workspace: Option<WorkspaceId>) -> Result<Context, Error> {
        let context = Context::new(workspace.unwrap_or(self.first), PRINCIPAL);
        let found = self.crm.workspaces().get(&context).await.map_err(of_crm)?;
        if found.closed_at.is_some() {
            return Err(refused(format!("the workspace {} is closed", found.id)));
        }
        Ok(context)
    }

    /// The context of what belongs to no workspace.
    pub(super) fn installation() -> Context {
        Context::installation(PRINCIPAL)
    }

    /// The ids of all workspaces.
    pub(super) async fn workspaces(&self) -> Result<Vec<WorkspaceId>, Error> {
        let mut all = Vec::new();
        loop {
            let ids = self.crm.workspaces().ids(all.last().copied()).await;
            let ids = ids.map_err(of_crm)?;
            if ids.is_empty() {
                return Ok(all);
            }
            all.extend(ids);
        }
    }
}
