//! The Aurora server as a library: LLM gateway, CRM API and alerts behind one [`App`].
//!
//! The binary `aurora` is a thin shell around it ([`cli`]); another program can embed it, see [`App`].
//!
//! | module | what is in it |
//! | --- | --- |
//! | `cli` | commands, start text, exit codes |
//! | `app` | [`App`], [`AppBuilder`], [`Bound`]: build, listen, run, stop |
//! | `wiring` | from settings to parts: the only place where concrete types meet |
//! | `http` | the table of routes, problems (RFC 9457), extractors, layers, one file per resource |
//! | `dashboard` | the page at `/`, in the binary |
//! | `demo` | `aurora demo`: providers, traffic and script of the story |
//! | `serve` | the listener with its limits |
//! | `mail` | letters to people: invitations, links to choose a password |
//! | `jobs` | what runs beside the requests |
//! | `rulebook`, `samples` | the alert rules in force, and what was measured lately to try others on |

mod app;
mod bound;
pub mod cli;
mod dashboard;
mod demo;
mod error;
mod http;
mod jobs;
mod mail;
mod rulebook;
mod samples;
mod serve;
mod state;
mod telemetry;
mod wiring;

pub use app::{App, AppBuilder};
pub use bound::Bound;
pub use error::{Error, ErrorKind};
pub use telemetry::install_metrics;
