//! The command line of `aurora`.
//!
//! # Exit codes
//! | code | means |
//! | --- | --- |
//! | 0 | done, or stopped in order |
//! | 1 | something outside has to be put right: the command line, a setting, the address, the data folder, the database |
//! | 2 | the program failed, or running requests had to be cut off at the stop |

mod config;
mod demo;
mod serve;
mod signals;
mod start_text;

use std::error::Error as _;
use std::ffi::OsString;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use aurora_core::config::Loader;
use clap::{Args, Parser, Subcommand};

use crate::error::{Error, ErrorKind};

/// LLM gateway, CRM and alerts in one program.
#[derive(Debug, Parser)]
#[command(name = "aurora", version, args_conflicts_with_subcommands = true)]
#[command(after_help = "Without a command, `serve` is run.\n\
    Exit codes: 0 done, 1 something outside has to be put right, 2 the program failed.")]
struct CommandLine {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    options: Options,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the API and the dashboard.
    Serve(Options),
    /// Show everything with simulated providers: no key, no network, nothing is kept.
    Demo(demo::DemoOptions),
    /// Show, check and describe the settings.
    #[command(subcommand)]
    Config(config::ConfigCommand),
}

/// What `serve` takes.
#[derive(Debug, Clone, Args)]
struct Options {
    /// Address and port to listen on; port 0 takes a free one [default: 127.0.0.1:8080].
    #[arg(long, value_name = "ADDR:PORT")]
    listen: Option<SocketAddr>,
    /// Folder of the database and of everything else that the server keeps [default: data].
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    #[command(flatten)]
    sources: Sources,
}

/// Where settings come from, beside the folder and the environment.
#[derive(Debug, Clone, Args)]
struct Sources {
    /// A further settings file, stronger than aurora.toml and weaker than aurora.<environment>.toml.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// A setting by its dotted key, stronger than files and variables; others on this machine can see it, so no secrets.
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = pair)]
    settings: Vec<(String, String)>,
}

/// Runs the command that the arguments ask for.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let command_line = match CommandLine::try_parse_from(arguments) {
        Ok(command_line) => command_line,
        Err(error) => {
            let printed = error.print();
            let is_wrong = error.use_stderr() || printed.is_err();
            return ExitCode::from(u8::from(is_wrong));
        }
    };
    let outcome = match command_line.command {
        None => serve::run(&command_line.options),
        Some(Command::Serve(options)) => serve::run(&options),
        Some(Command::Demo(options)) => demo::run(&options),
        Some(Command::Config(command)) => config::run(&command),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&error);
            ExitCode::from(match error.kind() {
                ErrorKind::Settings | ErrorKind::Address | ErrorKind::Storage => 1,
                ErrorKind::Internal => 2,
            })
        }
    }
}

impl Options {
    /// All layers of settings, the command line on top.
    fn loader(&self) -> Loader {
        let mut given: Vec<(&str, String)> = Vec::new();
        if let Some(address) = self.listen {
            given.push(("server.host", address.ip().to_string()));
            given.push(("server.port", address.port().to_string()));
        }
        if let Some(folder) = &self.data {
            given.push(("server.data_dir", folder.to_string_lossy().into_owned()));
        }
        self.sources.loader(".").overrides(given)
    }
}

impl Sources {
    fn loader(&self, folder: impl Into<PathBuf>) -> Loader {
        let mut loader = Loader::from_process(folder);
        if let Some(path) = &self.config {
            loader = loader.file(path);
        }
        loader.overrides(self.settings.iter().cloned())
    }
}

/// A key and a value.
fn pair(text: &str) -> Result<(String, String), &'static str> {
    let (key, value) = text.split_once('=').ok_or("expected KEY=VALUE")?;
    Ok((key.trim().to_owned(), value.to_owned()))
}

/// The error of settings that cannot be used.
fn refused(error: aurora_core::config::Error) -> Error {
    Error::new(ErrorKind::Settings, error.to_string())
}

/// Runs a future to its end on a runtime of its own.
fn block_on<T: Send>(future: impl Future<Output = Result<T, Error>> + Send) -> Result<T, Error> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::new(ErrorKind::Internal, "the runtime cannot be started").caused_by(error))?;
    let outcome = runtime.block_on(future);
    // What still runs there (a look-up of a name, a database's thread) must not hold the end up.
    runtime.shutdown_timeout(std::time::Duration::from_millis(500));
    outcome
}

/// Tells on standard error what went wrong, with every cause.
fn complain(error: &Error) {
    let mut text = format!("error: {error}\n");
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(&format!("  because: {error}\n"));
        cause = error.source();
    }
    // Nobody is left to be told if this fails; the exit code tells it too.
    drop(std::io::stderr().write_all(text.as_bytes()));
}
