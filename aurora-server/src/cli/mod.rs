//! The command line of `aurora`.
//!
//! # Exit codes
//! | code | means |
//! | --- | --- |
//! | 0 | done, or stopped in order |
//! | 1 | something outside has to be put right: the command line, a setting, the address, the data folder, the database, what was asked for |
//! | 2 | the program failed, or running requests had to be cut off at the stop |
//! | 75 | an administrator asked for a restart: what supervises the program starts it anew |

mod alerts;
mod ask;
mod audit;
mod backup;
mod chat;
mod check;
mod clients;
mod completions;
mod config;
mod demo;
mod key;
mod migrate;
mod output;
mod place;
mod probe;
mod progress;
mod restore;
mod serve;
mod setup;
mod signals;
mod start_text;
mod systemd;
mod user;
mod workspace;

use std::ffi::OsString;
use std::net::SocketAddr;
use std::process::ExitCode;

use clap::{Args, CommandFactory as _, Parser, Subcommand};

use self::output::{Output, complain, complain_in_json, exit_code};
use self::place::Place;
use crate::error::{Error, ErrorKind};

/// LLM gateway, CRM and alerts in one program.
#[derive(Debug, Parser)]
#[command(name = "aurora", version)]
#[command(after_help = "Without a command, `serve` is run.\n\n\
    Exit codes:\n  \
      0  done, or stopped in order\n  \
      1  something outside has to be put right: the command line, a setting, the address, the data folder,\n     \
         the database, what was asked for\n  \
      2  the program failed, or running requests had to be cut off at the stop\n \
      75  an administrator asked for a restart: what supervises the program starts it anew\n\n\
    With --json the result is JSON on standard output, and an error one JSON object on standard error.\n\
    Colours are for terminals, and never shown with --json or where NO_COLOR is set.")]
struct CommandLine {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    options: Options,
    /// Answer in JSON.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the API and the dashboard.
    Serve(Options),
    /// Show everything with simulated providers: no key, no network, nothing is kept.
    Demo(demo::DemoOptions),
    /// Write aurora.toml and .env: by questions, or with --yes and --set.
    Setup(setup::SetupOptions),
    /// Show, check and describe the settings.
    #[command(subcommand)]
    Config(config::ConfigCommand),
    /// Try everything that the settings name: database, cache, providers, channels.
    Check(check::CheckOptions),
    /// Ask a server on this machine whether it is ready, as the health check of a container; 0 if so, 1 if not.
    Probe(probe::ProbeOptions),
    /// Bring the schema of the database up to date.
    Migrate(migrate::MigrateOptions),
    /// People who sign in.
    #[command(subcommand)]
    User(user::UserCommand),
    /// Keys of programs.
    #[command(subcommand)]
    Key(key::KeyCommand),
    /// Workspaces: the tenants.
    #[command(subcommand)]
    Workspace(workspace::WorkspaceCommand),
    /// Make a backup of the database while it is used, and restore it as a test.
    Backup(backup::BackupOptions),
    /// Bring a backup back.
    Restore(restore::RestoreOptions),
    /// Read clients from a CSV file.
    #[command(subcommand)]
    Import(clients::ImportCommand),
    /// Write clients into a CSV file.
    #[command(subcommand)]
    Export(clients::ExportCommand),
    /// Talk to a model.
    Chat(chat::ChatOptions),
    /// Try channels, and look at alerts and their rules.
    #[command(subcommand)]
    Alerts(alerts::AlertsCommand),
    /// The log of who did what.
    #[command(subcommand)]
    Audit(audit::AuditCommand),
    /// Write what a shell needs to complete commands.
    Completions(completions::CompletionsOptions),
    /// Tell the version.
    Version,
}

/// What `serve` takes.
#[derive(Debug, Clone, Args)]
struct Options {
    /// Address and port to listen on; port 0 takes a free one [default: 127.0.0.1:8080].
    #[arg(long, value_name = "ADDR:PORT")]
    listen: Option<SocketAddr>,
    #[command(flatten)]
    place: Place,
}

/// Runs the command that the arguments ask for.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let command_line = match CommandLine::try_parse_from(&arguments) {
        Ok(command_line) => command_line,
        Err(error) => return misread(&error, &arguments),
    };
    if let Some(option) = passed_over(&command_line) {
        let message = format!("{option} has no meaning for this command");
        let error = CommandLine::command().error(clap::error::ErrorKind::ArgumentConflict, message);
        return misread(&error, &arguments);
    }
    let output = Output::new(command_line.json);
    let before = command_line.options;
    let outcome = match command_line.command {
        None => serve::run(&before, output),
        Some(Command::Serve(options)) => {
            let listen = options.listen.or(before.listen);
            serve::run(&Options { listen, ..options }, output)
        }
        Some(command) => run(command, output),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&error, output.is_json());
            ExitCode::from(exit_code(&error))
        }
    }
}

/// An option that all commands share but this one, or that stands before one that does not take it.
fn passed_over(line: &CommandLine) -> Option<&'static str> {
    let Options { listen, place } = &line.options;
    match line.command.as_ref()? {
        Command::Serve(_) => None,
        _ if listen.is_some() => Some("--listen"),
        Command::Setup(_) => place.outside_of_setup(),
        Command::Demo(_) | Command::Completions(_) | Command::Version => place.given(),
        _ => None,
    }
}

fn run(command: Command, output: Output) -> Result<(), Error> {
    match command {
        Command::Serve(options) => serve::run(&options, output),
        Command::Demo(options) => demo::run(&options, output),
        Command::Setup(options) => setup::run(&options, output),
        Command::Config(command) => config::run(&command, output),
        Command::Check(options) => check::run(&options, output),
        Command::Probe(options) => probe::run(&options, output),
        Command::Migrate(options) => migrate::run(&options, output),
        Command::User(command) => user::run(command, output),
        Command::Key(command) => key::run(command, output),
        Command::Workspace(command) => workspace::run(command, output),
        Command::Backup(options) => backup::run(options, output),
        Command::Restore(options) => restore::run(options, output),
        Command::Import(command) => clients::import(command, output),
        Command::Export(command) => clients::export(command, output),
        Command::Chat(options) => chat::run(options, output),
        Command::Alerts(command) => alerts::run(command, output),
        Command::Audit(command) => audit::run(command, output),
        Command::Completions(options) => completions::run(&options),
        Command::Version => version(output),
    }
}

/// What clap says of a command line that it does not take, or of one that asks for help.
fn misread(error: &clap::Error, arguments: &[OsString]) -> ExitCode {
    if error.use_stderr() && arguments.iter().any(|argument| argument == "--json") {
        let text = error.to_string();
        let message = text.trim_end().trim_start_matches("error: ");
        complain_in_json("usage", message, &[], 1);
        return ExitCode::from(1);
    }
    let printed = error.print();
    let is_wrong = error.use_stderr() || printed.is_err();
    ExitCode::from(u8::from(is_wrong))
}

fn version(output: Output) -> Result<(), Error> {
    let version = serde_json::json!({
        "name": "aurora",
        "version": env!("CARGO_PKG_VERSION"),
        "os": std::env::consts::OS,
        "arch": std::env::consts::ARCH,
    });
    output.result(&version, |_| format!("aurora {}\n", env!("CARGO_PKG_VERSION")))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn read(arguments: &[&str]) -> Result<CommandLine, clap::Error> {
        CommandLine::try_parse_from([&["aurora"][..], arguments].concat())
    }

    #[test]
    fn what_all_commands_share_stands_before_the_command_or_behind_it() {
        CommandLine::command().debug_assert();
        for arguments in [
            &["--data", "x", "--set", "server.port=7", "serve"][..],
            &["serve", "--data", "x", "--set", "server.port=7"],
            &["--data", "x", "serve", "--set", "server.port=7"],
        ] {
            let Some(Command::Serve(options)) = read(arguments).unwrap().command else {
                panic!("{arguments:?}");
            };
            let settings = options.place.settings().unwrap();
            assert_eq!(settings.server.data_dir.to_str(), Some("x"), "{arguments:?}");
            assert_eq!(settings.server.port, 7, "{arguments:?}");
        }
        let line = read(&["--config", "a.toml", "user", "list", "--json"]).unwrap();
        assert!(line.json && passed_over(&line).is_none());
        assert_eq!(line.options.place.given(), Some("--config"));
    }

    #[test]
    fn what_a_command_does_not_take_is_refused_by_its_name() {
        let bogus = read(&["--json", "bogus"]).unwrap_err().to_string();
        assert!(bogus.contains("unrecognized subcommand 'bogus'"), "{bogus}");
        for (arguments, option) in [
            (&["--data", "x", "version"][..], "--data"),
            (&["demo", "--set", "a=b"], "--set"),
            (&["setup", "--config", "a.toml"], "--config"),
            (&["--listen", "127.0.0.1:0", "check"], "--listen"),
        ] {
            assert_eq!(passed_over(&read(arguments).unwrap()), Some(option));
        }
        for arguments in [
            &["setup", "--yes", "--set", "a=b"][..],
            &["--listen", "127.0.0.1:0", "serve"],
        ] {
            assert_eq!(passed_over(&read(arguments).unwrap()), None, "{arguments:?}");
        }
    }
}
