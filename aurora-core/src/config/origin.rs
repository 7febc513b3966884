//! Where a value came from.

use std::fmt;
use std::path::PathBuf;

use serde::Serialize;

/// The place that a setting's value was read from, in words that help to find it again.
///
/// Serialised it says its `kind` (`default`, `file`, `dotenv`, `variable`, `command_line`) beside its fields.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Origin {
    /// Built in.
    Default,
    /// A TOML file.
    File {
        /// The file as it was named to the loader.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// Column in characters, from 1.
        column: usize,
    },
    /// A line of a `.env` file.
    Dotenv {
        /// The file as it was named to the loader.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// The variable's name.
        variable: String,
    },
    /// An environment variable.
    Variable {
        /// The variable's name.
        variable: String,
    },
    /// The command line.
    CommandLine,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("built-in default"),
            Self::File { path, line, column } => write!(f, "{}:{line}:{column}", path.display()),
            Self::Dotenv { path, line, variable } => write!(f, "{variable} in {}:{line}", path.display()),
            Self::Variable { variable } => write!(f, "environment variable {}", variable.escape_debug()),
            Self::CommandLine => f.write_str("command line"),
        }
    }
}
