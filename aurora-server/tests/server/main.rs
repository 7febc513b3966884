//! The server from outside: real sockets, every app on a port and a database of its own.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop at what it did not expect, in its helpers too"
)]

#[cfg(unix)]
mod access;
mod clients;
#[cfg(unix)]
mod commands;
#[cfg(unix)]
mod config;
#[cfg(unix)]
mod described;
mod edge;
mod embedding;
mod harness;
mod limits;
mod malformed;
#[cfg(unix)]
mod program;
#[cfg(unix)]
mod prometheus;
#[cfg(unix)]
mod reload;
#[cfg(target_os = "linux")]
mod replicas;
#[cfg(unix)]
mod secrets;
mod stopping;
