//! `aurora config`.

use std::path::PathBuf;

use aurora_core::config::{self, Entry, Loaded, Problem};
use clap::{Args, Subcommand};
use serde::Serialize;
use serde_json::json;

use super::output::{Output, say, say_aside};
use super::place::{Sources, of_settings};
use crate::error::{Error, ErrorKind};

/// What the settings are looked at for.
#[derive(Debug, Clone, Subcommand)]
pub(super) enum ConfigCommand {
    /// Show every setting with its value and where that came from, secrets redacted.
    Print(Shown),
    /// Tell everything that is wrong with the settings, or that nothing is.
    Check(Shown),
    /// Write an aurora.toml with every setting commented out.
    Template {
        /// Write a .env instead.
        #[arg(long)]
        env: bool,
    },
    /// Write the JSON Schema of aurora.toml, for editors.
    Schema,
}

/// Which settings, and how they are shown.
#[derive(Debug, Clone, Args)]
pub(super) struct Shown {
    #[command(flatten)]
    sources: Sources,
    /// Folder of aurora.toml, aurora.<environment>.toml and .env [default: the present one].
    #[arg(long, value_name = "DIR")]
    folder: Option<PathBuf>,
}

#[derive(Serialize)]
struct Report<'a> {
    ok: bool,
    problems: &'a [Problem],
    warnings: &'a [Problem],
    #[serde(skip_serializing_if = "Option::is_none")]
    settings: Option<Vec<Entry>>,
}

pub(super) fn run(command: &ConfigCommand, output: Output) -> Result<(), Error> {
    match command {
        ConfigCommand::Print(shown) => shown.load(output, |loaded| {
            warn(loaded);
            say(&loaded.effective());
        }),
        ConfigCommand::Check(shown) => shown.load(output, |loaded| {
            warn(loaded);
            say("the settings are in order\n");
        }),
        ConfigCommand::Template { env } => {
            let text = if *env {
                config::dotenv_template()
            } else {
                config::template()
            };
            output.result(
                &json!({"file": if *env { ".env" } else { "aurora.toml" }, "text": text}),
                |_| text.clone(),
            )
        }
        ConfigCommand::Schema => {
            say(&config::schema());
            Ok(())
        }
    }
}

impl Shown {
    /// Reads the settings and shows them, as `tell` does or in JSON.
    fn load(&self, output: Output, tell: fn(&Loaded)) -> Result<(), Error> {
        // The files in it are optional, so a wrong name would look like an empty folder.
        if let Some(folder) = self.folder.as_ref().filter(|folder| !folder.is_dir()) {
            let message = format!("--folder {}: there is no such folder", folder.display());
            return Err(Error::new(ErrorKind::Settings, message));
        }
        let folder = self.folder.clone().unwrap_or_else(|| PathBuf::from("."));
        let outcome = self.sources.loader(folder).load();
        match &outcome {
            Ok(loaded) if output.is_json() => say_json(&Report {
                ok: true,
                problems: &[],
                warnings: loaded.warnings(),
                settings: Some(loaded.entries()),
            })?,
            Ok(loaded) => tell(loaded),
            Err(error) if output.is_json() => say_json(&Report {
                ok: false,
                problems: error.problems(),
                warnings: error.warnings(),
                settings: None,
            })?,
            Err(_) => {}
        }
        outcome.map(drop).map_err(of_settings)
    }
}

fn warn(loaded: &Loaded) {
    for warning in loaded.warnings() {
        say_aside(&format!("warning: {warning}\n"));
    }
}

fn say_json(report: &Report<'_>) -> Result<(), Error> {
    let text = serde_json::to_string_pretty(report);
    let text =
        text.map_err(|error| Error::new(ErrorKind::Internal, "the report is no JSON").caused_by(error))?;
    say(&format!("{text}\n"));
    Ok(())
}
