//! `aurora serve`.

use std::io::Write as _;
use std::net::SocketAddr;

use aurora_core::config::{LogFormat, LogStream, Settings};
use aurora_core::telemetry::Logs;

use super::{Options, block_on, signals, start_text};
use crate::app::only_loopback;
use crate::error::{Error, ErrorKind};
use crate::{telemetry, wiring};

pub(super) fn run(options: &Options) -> Result<(), Error> {
    let settings = options.settings()?;
    let address = SocketAddr::new(settings.server.host, settings.server.port);
    only_loopback(address)?; // before anything is made or changed
    let logs = log(&settings)?;
    install_crypto();
    // Whoever reads JSON lines from standard output reads nothing else there.
    let lines_only = settings.log.stream == LogStream::Stdout && settings.log_format() == LogFormat::Json;
    let outcome = block_on(async move {
        let mut builder = wiring::builder(settings).await?;
        if let Some(handle) = telemetry::install_metrics() {
            builder = builder.metrics(handle);
        }
        let app = builder.build().await?;
        let bound = app.listen(address).await?;
        let text = start_text::serve(app.state(), bound.local_addr());
        if lines_only {
            say_aside(&text);
        } else {
            say(&text);
        }
        tracing::info!(address = %bound.local_addr(), "listening");
        let (stop, hurry) = signals::listen()?;
        bound.run_until(stop, hurry).await
    });
    drop(logs); // writes what still waits
    outcome
}

/// Begins the log that the settings want.
fn log(settings: &Settings) -> Result<Logs, Error> {
    let refused = |source: aurora_core::telemetry::Error| {
        Error::new(ErrorKind::Settings, "the log cannot begin").caused_by(source)
    };
    let builder = Logs::builder("aurora").version(env!("CARGO_PKG_VERSION"));
    let logs = builder.settings(settings).build().map_err(refused)?;
    logs.install().map_err(refused)?;
    Ok(logs)
}

/// Writes to standard output. A reader that went away is no reason not to serve.
pub(super) fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    if out.write_all(text.as_bytes()).and_then(|()| out.flush()).is_err() {
        tracing::debug!("nobody reads the standard output");
    }
}

/// Writes to standard error.
fn say_aside(text: &str) {
    let mut out = std::io::stderr().lock();
    if out.write_all(text.as_bytes()).and_then(|()| out.flush()).is_err() {
        tracing::debug!("nobody reads the standard error");
    }
}

/// One crypto provider for the process, whatever else is compiled in.
pub(super) fn install_crypto() {
    if rustls::crypto::aws_lc_rs::default_provider()
        .install_default()
        .is_err()
    {
        tracing::debug!("the process has a crypto provider already");
    }
}
