//! `aurora serve`.

use std::future::{Future, pending};
use std::io::Write as _;
use std::net::SocketAddr;

use aurora_core::config::{Change, Live, LogFormat, LogStream, Settings};
use aurora_core::telemetry::Logs;

use super::{Options, block_on, refused, signals, start_text};
use crate::app::only_loopback;
use crate::error::{Error, ErrorKind};
use crate::{telemetry, wiring};

pub(super) fn run(options: &Options) -> Result<(), Error> {
    // First of all: settings and log are measured from their beginning.
    let metrics = telemetry::install_metrics();
    let live = Live::builder(options.loader()).on_hangup();
    let live = live.build().map_err(refused)?;
    let settings = live.current().settings().clone();
    let address = SocketAddr::new(settings.server.host, settings.server.port);
    only_loopback(address)?; // before anything is made or changed
    let logs = log(&settings)?;
    for warning in live.current().warnings() {
        tracing::warn!(%warning, "settings");
    }
    install_crypto();
    // Whoever reads JSON lines from standard output reads nothing else there.
    let lines_only = settings.log.stream == LogStream::Stdout && settings.log_format() == LogFormat::Json;
    let handle = logs.clone();
    let serving = async move {
        let mut builder = wiring::builder(settings).await?;
        if let Some(handle) = metrics {
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
    };
    let outcome = block_on(async move { Box::pin(following(&live, &handle, serving)).await });
    drop(logs); // writes what still waits
    outcome
}

/// Serves, and follows the settings meanwhile.
async fn following(
    live: &Live,
    logs: &Logs,
    serving: impl Future<Output = Result<(), Error>> + Send,
) -> Result<(), Error> {
    let mut changes = live.subscribe();
    let told = async {
        while let Some(change) = changes.next().await {
            apply(logs, &change);
        }
    };
    tokio::select! {
        biased; // a SIGHUP is listened to before anybody is told that we are there
        watched = live.run(pending()) => watched.map_err(refused),
        () = told => Ok(()), // never: `live` is still held
        outcome = serving => outcome,
    }
}

/// Lets new settings count that can while the server runs, and names the others.
fn apply(logs: &Logs, change: &Change) {
    if let Err(error) = logs.apply(change.loaded.settings()) {
        tracing::error!(%error, "the log stays as it is");
    }
    let keys = change.keys.iter().map(String::as_str);
    let later: Vec<&str> = keys
        .filter(|key| !["log.level", "log.targets"].contains(key))
        .collect();
    if !later.is_empty() {
        tracing::warn!(
            keys = later.join(", "),
            "these settings count from the next start on"
        );
    }
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
pub(super) fn say_aside(text: &str) {
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
