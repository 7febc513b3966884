//! `aurora completions`.

use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

use super::CommandLine;
use super::output::say;
use crate::error::{Error, ErrorKind};

/// What the completions are for.
#[derive(Debug, Clone, Args)]
pub(super) struct CompletionsOptions {
    /// The shell.
    shell: Shell,
}

pub(super) fn run(options: &CompletionsOptions) -> Result<(), Error> {
    let mut script = Vec::new();
    clap_complete::generate(options.shell, &mut CommandLine::command(), "aurora", &mut script);
    let script = String::from_utf8(script)
        .map_err(|error| Error::new(ErrorKind::Internal, "the completions are no text").caused_by(error))?;
    say(&script);
    Ok(())
}
