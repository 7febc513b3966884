//! Where the lines of the log go.

use std::fs::{File, OpenOptions};
use std::io::IsTerminal as _;
use std::sync::Mutex;

use aurora_core::config::{LogFormat, LogLevel, Settings};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer, Registry, fmt};

use crate::error::{Error, ErrorKind};

/// Makes the process log as the settings want it: to standard error, and to a file if one is named.
///
/// A process that has a log already keeps it.
///
/// # Errors
/// `Settings` when the file cannot be opened.
pub(crate) fn install(settings: &Settings) -> Result<(), Error> {
    let mut layers: Vec<Box<dyn Layer<Registry> + Send + Sync>> = vec![match settings.log_format() {
        LogFormat::Human => {
            let lines = fmt::layer()
                .with_writer(std::io::stderr)
                .with_ansi(std::io::stderr().is_terminal());
            lines.with_target(false).boxed()
        }
        _ => json(std::io::stderr),
    }];
    if let Some(path) = &settings.log.file {
        let file: File = OpenOptions::new()
            .create(true)
            .append(true)
            .open(path)
            .map_err(|error| {
                Error::new(
                    ErrorKind::Settings,
                    format!("the log file {} cannot be opened", path.display()),
                )
                .caused_by(error)
            })?;
        layers.push(json(Mutex::new(file)));
    }
    if tracing_subscriber::registry()
        .with(layers.with_filter(filter(settings.log.level)))
        .try_init()
        .is_err()
    {
        tracing::debug!("the process has a log already");
    }
    Ok(())
}

fn json<W>(writer: W) -> Box<dyn Layer<Registry> + Send + Sync>
where
    W: for<'a> fmt::MakeWriter<'a> + Send + Sync + 'static,
{
    fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .with_writer(writer)
        .boxed()
}

/// Our own crates at the wanted level; libraries only when they have something to complain about, or at `trace`.
fn filter(level: LogLevel) -> Targets {
    let ours = match level {
        LogLevel::Trace => LevelFilter::TRACE,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Error => LevelFilter::ERROR,
    };
    let theirs = if ours == LevelFilter::TRACE {
        ours
    } else {
        ours.min(LevelFilter::WARN)
    };
    Targets::new().with_default(theirs).with_target("aurora", ours)
}
