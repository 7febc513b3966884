//! The settings of a log.

use std::fmt;
use std::io::{self, IsTerminal as _, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tracing::Level;

use super::error::{Error, ErrorKind};
use super::filter::Wanted;
use super::layer::{Shared, Sink};
use super::line::{self, Format};
use super::queue::Queue;
use super::rotate::{RotatingFile, Rotation};
use super::{Inner, Logs};
use crate::time::{Clock, SystemClock};

/// Smallest size at which a file may begin anew; a line never passes it.
const LEAST_BYTES: u64 = 128 * 1024;

/// Most old files.
const MOST_KEPT: u16 = 1_000;

/// Settings of a [`Logs`].
#[must_use = "call `build` to get a log"]
pub struct LogsBuilder {
    service: String,
    environment: Option<String>,
    version: Option<String>,
    own: Vec<String>,
    level: Level,
    directives: Vec<String>,
    stream: Option<(Stream, Format)>,
    is_plain: bool,
    writers: Vec<(Format, Level, Box<dyn Write + Send>)>,
    file: Option<PathBuf>,
    error_file: Option<PathBuf>,
    rotation: Rotation,
    clock: Arc<dyn Clock>,
}

#[derive(Debug, Clone, Copy)]
enum Stream {
    Out,
    Err,
}

impl LogsBuilder {
    pub(super) fn new(service: String) -> Self {
        Self {
            service,
            environment: None,
            version: None,
            own: vec!["aurora".to_owned()],
            level: Level::INFO,
            directives: Vec::new(),
            stream: None,
            is_plain: false,
            writers: Vec::new(),
            file: None,
            error_file: None,
            rotation: Rotation::default(),
            clock: Arc::new(SystemClock),
        }
    }

    /// Everything that the section `log` of the settings says, and the environment.
    #[cfg(feature = "config")]
    pub fn settings(mut self, settings: &crate::config::Settings) -> Self {
        use crate::config::{LogFormat, LogRotation, LogStream};
        let log = &settings.log;
        let format = match settings.log_format() {
            LogFormat::Human => Format::Human,
            LogFormat::Json => Format::Json,
        };
        self = self
            .environment(settings.environment.as_str())
            .level(log.level.into());
        self.directives.clone_from(&log.targets);
        self.stream = match log.stream {
            LogStream::Stdout => Some((Stream::Out, format)),
            LogStream::Stderr => Some((Stream::Err, format)),
            LogStream::Off => None,
        };
        self.file.clone_from(&log.file);
        self.error_file.clone_from(&log.error_file);
        self.rotation = Rotation {
            every: match log.rotation {
                LogRotation::Never => super::Period::Never,
                LogRotation::Hourly => super::Period::Hour,
                LogRotation::Daily => super::Period::Day,
            },
            max_bytes: log.max_bytes,
            keep: log.keep,
        };
        self
    }

    /// Where the process runs; stands on every JSON line.
    pub fn environment(mut self, environment: impl Into<String>) -> Self {
        self.environment = Some(environment.into());
        self
    }

    /// The version of the service; stands on every JSON line.
    pub fn version(mut self, version: impl Into<String>) -> Self {
        self.version = Some(version.into());
        self
    }

    /// One more target that the level is for, by its beginning, such as the name of the application's crate. Aurora's
    /// own crates are there already; the lines of all others begin at `warn`.
    pub fn own(mut self, target: impl Into<String>) -> Self {
        self.own.push(target.into());
        self
    }

    /// The least severe level that is logged (`INFO`).
    pub fn level(mut self, level: Level) -> Self {
        self.level = level;
        self
    }

    /// A directive for the targets that begin so, such as `sqlx=info`; it holds over the level.
    pub fn directive(mut self, directive: impl Into<String>) -> Self {
        self.directives.push(directive.into());
        self
    }

    /// Lines to standard output, coloured for people when that is a terminal.
    pub fn stdout(mut self, format: Format) -> Self {
        self.stream = Some((Stream::Out, format));
        self
    }

    /// Lines to standard error, coloured for people when that is a terminal.
    pub fn stderr(mut self, format: Format) -> Self {
        self.stream = Some((Stream::Err, format));
        self
    }

    /// No colours, also where the stream is a terminal: somebody asked for none (<https://no-color.org>).
    pub const fn plain(mut self) -> Self {
        self.is_plain = true;
        self
    }

    /// JSON lines to a file; its folder is made. No two processes may share it.
    pub fn file(mut self, path: impl AsRef<Path>) -> Self {
        self.file = Some(path.as_ref().to_owned());
        self
    }

    /// Warnings and errors once more, as JSON lines, to a file of their own.
    pub fn error_file(mut self, path: impl AsRef<Path>) -> Self {
        self.error_file = Some(path.as_ref().to_owned());
        self
    }

    /// When the files begin anew and how many stay.
    pub fn rotation(mut self, rotation: Rotation) -> Self {
        self.rotation = rotation;
        self
    }

    /// Lines from `least` on to any writer, which gets each line in one call, from a thread of its own.
    pub fn writer(mut self, format: Format, least: Level, writer: impl Write + Send + 'static) -> Self {
        self.writers.push((format, least, Box::new(writer)));
        self
    }

    /// Takes the time of lines and of rotation from `clock`.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Opens the files and starts a thread for each of them and for the stream.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] with everything that makes no sense, [`ErrorKind::File`] when a file cannot be opened.
    pub fn build(self) -> Result<Logs, Error> {
        let wanted = Wanted::new(self.own.clone(), self.level, self.directives.clone());
        let mut wrong: Vec<String> = wanted
            .as_ref()
            .err()
            .map(ToString::to_string)
            .into_iter()
            .collect();
        if self.rotation.max_bytes < LEAST_BYTES {
            wrong.push(format!("max_bytes is below {LEAST_BYTES}"));
        }
        if self.rotation.keep > MOST_KEPT {
            wrong.push(format!("keep is above {MOST_KEPT}"));
        }
        if self.file.is_some() && self.file == self.error_file {
            wrong.push("file and error_file are the same file".to_owned());
        }
        let wanted = match wanted {
            Ok(wanted) if wrong.is_empty() => wanted,
            _ => return Err(Error::new(ErrorKind::Invalid, wrong.join("; "))),
        };
        let mut sinks = Vec::new();
        if let Some((stream, format)) = self.stream {
            let (name, terminal, out): (_, _, Box<dyn Write + Send>) = match stream {
                Stream::Out => ("stdout", io::stdout().is_terminal(), Box::new(io::stdout())),
                Stream::Err => ("stderr", io::stderr().is_terminal(), Box::new(io::stderr())),
            };
            sinks.push(Sink {
                queue: Queue::start(name, out)?,
                format,
                ansi: terminal && !self.is_plain && format == Format::Human,
                least: Level::TRACE,
            });
        }
        let files = [
            ("file", self.file, Level::TRACE),
            ("error_file", self.error_file, Level::WARN),
        ];
        for (name, path, least) in files {
            let Some(path) = path else { continue };
            let file =
                RotatingFile::open(&path, self.rotation, Arc::clone(&self.clock)).map_err(|source| {
                    let text = format!("the log file {} cannot be opened", path.display());
                    Error::new(ErrorKind::File, text).caused_by(source)
                })?;
            sinks.push(Sink {
                queue: Queue::start(name, Box::new(file))?,
                format: Format::Json,
                ansi: false,
                least,
            });
        }
        for (format, least, writer) in self.writers {
            sinks.push(Sink {
                queue: Queue::start("writer", writer)?,
                format,
                ansi: false,
                least,
            });
        }
        let labels = line::labels([
            ("service", Some(&self.service)),
            ("environment", self.environment.as_deref()),
            ("version", self.version.as_deref()),
        ]);
        metrics::describe_counter!(
            super::queue::LOST,
            metrics::Unit::Count,
            "Log lines that were lost, by sink and reason."
        );
        Ok(Logs {
            inner: Arc::new(Inner {
                shared: Arc::new(Shared {
                    sinks,
                    labels,
                    clock: self.clock,
                }),
                wanted: Arc::new(wanted),
            }),
        })
    }
}

#[cfg(feature = "config")]
impl From<crate::config::LogLevel> for Level {
    fn from(level: crate::config::LogLevel) -> Self {
        use crate::config::LogLevel;
        match level {
            LogLevel::Trace => Self::TRACE,
            LogLevel::Debug => Self::DEBUG,
            LogLevel::Info => Self::INFO,
            LogLevel::Warn => Self::WARN,
            LogLevel::Error => Self::ERROR,
        }
    }
}

impl fmt::Debug for LogsBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogsBuilder")
            .field("service", &self.service)
            .field("level", &self.level)
            .field("stream", &self.stream)
            .field("file", &self.file)
            .field("error_file", &self.error_file)
            .field("rotation", &self.rotation)
            .finish_non_exhaustive()
    }
}
