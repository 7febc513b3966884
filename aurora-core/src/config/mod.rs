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
//! [`Live`] follows the sources while a program runs. [`template`], [`dotenv_template`] and [`schema()`] are made from
//! the same table as everything else, which [`catalogue`] shows: a new setting is one line below `settings/` with its
//! type, default, variables, narrowing and description.
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

mod disk;
mod dotenv;
mod file;
mod live;
mod loaded;
mod loader;
mod narrowing;
mod origin;
mod problem;
mod reader;
mod schema;
mod setting;
mod settings;
mod template;
mod value;
mod variables;

pub use live::{Change, Changes, Live, LiveBuilder, RELOADS, UP_TO_DATE};
pub use loaded::{Entry, Loaded};
pub use loader::Loader;
pub use origin::Origin;
pub use problem::{Error, Problem};
pub use schema::schema;
pub use setting::{Setting, catalogue};
pub use settings::{
    Access, Alerts, Backup, Cnpj, CnpjAuth, CompatibleServer, Database, Discord, Email, Environment, Files,
    Google, JwtAlgorithm, Knowledge, Limits, Llm, Log, LogFormat, LogLevel, LogRotation, LogStream,
    MailEncryption, Opsgenie, PagerDuty, Redis, Server, Settings, Slack, Teams, Telegram, Webhooks, Whatsapp,
};
pub use template::{dotenv_template, template};

#[cfg(test)]
mod tests;
