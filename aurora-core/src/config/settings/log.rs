//! Logs.

use std::path::PathBuf;

use crate::config::narrowing::{LOG_BYTES, LOG_KEEP, LOG_TARGETS};
use crate::config::setting::section;
use crate::config::value::choice;

section! {
    /// What is logged, how and where.
    Log at "log." {
        /// Least severe level that is logged.
        level: LogLevel = "info", from ["LOG_LEVEL"];
        /// Directives for single targets, such as `sqlx=info` or `aurora_llm=debug`.
        targets: Vec<String> = "", from ["LOG_TARGETS"], only LOG_TARGETS;
        /// Standard stream that lines are written to.
        stream: LogStream = "stdout", from ["LOG_STREAM"];
        /// File that is written besides the stream, always as JSON lines.
        file: Option<PathBuf>, from ["LOG_FILE"];
        /// File that gets warnings and errors once more, as JSON lines.
        error_file: Option<PathBuf>, from ["LOG_ERROR_FILE"];
        /// How often a file begins anew, in UTC.
        rotation: LogRotation = "daily";
        /// Size in bytes at which a file begins anew earlier.
        max_bytes: u64 = "104857600", only LOG_BYTES;
        /// How many files are kept behind the present one.
        keep: u16 = "7", only LOG_KEEP;
        /// Form of a line; when it is not set, `json` in production and `human` elsewhere.
        format: Option<LogFormat>;
    }
}

/// Severity of a log line, from the least severe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// Everything.
    Trace,
    /// Details for whoever looks for a fault.
    Debug,
    /// What happens.
    Info,
    /// What should be looked at.
    Warn,
    /// What failed.
    Error,
}

choice!(LogLevel, "trace, debug, info, warn or error", {
    "trace" => Trace,
    "debug" => Debug,
    "info" => Info,
    "warn" | "warning" => Warn,
    "error" | "critical" => Error,
});

impl LogLevel {
    /// Its name in lower case.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Trace => "trace",
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }
}

/// Form of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum LogFormat {
    /// For people.
    Human,
    /// One JSON object a line.
    Json,
}

choice!(LogFormat, "human or json", { "human" => Human, "json" => Json });

/// Standard stream for log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum LogStream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
    /// None: lines go to files alone.
    Off,
}

choice!(LogStream, "stdout, stderr or off", { "stdout" => Stdout, "stderr" => Stderr, "off" => Off });

/// How often a log file begins anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum LogRotation {
    /// Only when it is full.
    Never,
    /// Every full hour.
    Hourly,
    /// At midnight, UTC.
    Daily,
}

choice!(LogRotation, "never, hourly or daily", { "never" => Never, "hourly" => Hourly, "daily" => Daily });
