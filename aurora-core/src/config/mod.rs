//! Typed settings in layers, each value knowing where it came from.
//!
//! From weak to strong: built-in defaults, `aurora.toml`, `aurora.<environment>.toml`, `.env`, environment variables,
//! the command line. [`Loader`] gathers them, [`Loader::load`] answers the typed [`Settings`] with the [`Origin`] of
//! each, or one [`Error`] that lists every [`Problem`] at once.
//!
//! Each setting has a dotted key (`server.port`), which is its place in the TOML files and, as
//! `AURORA__SERVER__PORT`, a variable; many have plain variables too (`DASHBOARD_PORT`). A secret can also be given as
//! the path of a file that holds it, in the variable with `_FILE` at its end (`OPENAI_API_KEY_FILE`). An empty
//! variable counts as not set.
//!
//! A new setting is one line in `settings.rs`: type, default, variables, secrecy and description are read from there
//! by everything else, [`catalogue`] among it.
//!
//! # Examples
//! ```
//! use aurora_core::config::Loader;
//!
//! let loaded = Loader::new()
//!     .toml("aurora.toml", "[server]\nport = 9000\n")
//!     .environment([("ALERT_ERROR_RATE_THRESHOLD", "12.5")])
//!     .load()?;
//! assert_eq!(loaded.settings().server.port, 9000);
//! assert_eq!(loaded.origin_of("server.port").unwrap().to_string(), "aurora.toml:2:8");
//!
//! let error = Loader::new().toml("aurora.toml", "[server]\nprot = 9000\n").load().unwrap_err();
//! assert!(error.to_string().contains("did you mean server.port?"));
//! # Ok::<(), aurora_core::config::Error>(())
//! ```

mod dotenv;
mod file;
mod loaded;
mod loader;
mod origin;
mod problem;
mod reader;
mod setting;
mod settings;
mod value;
mod variables;

pub use loaded::Loaded;
pub use loader::Loader;
pub use origin::Origin;
pub use problem::{Error, Problem};
pub use setting::{Setting, catalogue};
pub use settings::{
    Alerts, CompatibleServer, Database, Environment, Limits, Llm, Log, LogFormat, LogLevel, LogRotation,
    LogStream, Redis, Server, Settings,
};

#[cfg(test)]
mod tests;
