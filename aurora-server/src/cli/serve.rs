//! `aurora serve`.

use std::future::{Future, pending};
use std::net::SocketAddr;
use std::sync::Arc;

use aurora_core::config::{Change, Live, LogFormat, LogStream, Settings};
use aurora_core::telemetry::Logs;
use aurora_core::time::SystemClock;

use super::output::{Output, may_colour, say, say_aside};
use super::place::of_settings;
use super::systemd::Supervisor;
use super::{Options, block_on, signals, start_text};
use crate::app::only_loopback;
use crate::error::{Error, ErrorKind};
use crate::{telemetry, wiring};

pub(super) fn run(options: &Options, output: Output) -> Result<(), Error> {
    // First of all: settings and log are measured from their beginning.
    let metrics = telemetry::install_metrics();
    let live = Live::builder(options.loader(output)).on_hangup();
    let live = live.build().map_err(of_settings)?;
    let settings = live.current().settings().clone();
    let address = SocketAddr::new(settings.server.host, settings.server.port);
    if settings.access.open {
        only_loopback(address)?; // before anything is made or changed
    }
    let logs = log(&settings)?;
    for warning in live.current().warnings() {
        tracing::warn!(%warning, "settings");
    }
    install_crypto();
    // Whoever reads JSON lines from standard output reads nothing else there.
    let lines_only = settings.log.stream == LogStream::Stdout && settings.log_format() == LogFormat::Json;
    let handle = logs.clone();
    let follower = live.clone();
    let serving = async move {
        // Before anybody is told that we are there: whoever has read it may tell us to stop.
        let (stop, hurry) = signals::listen()?;
        let mut stop = Box::pin(stop);
        let building = async {
            wiring::answering(&settings, &SystemClock).await;
            let mut builder = wiring::builder(settings).await?.live(follower);
            if let Some(handle) = metrics {
                builder = builder.metrics(handle);
            }
            builder.build().await
        };
        // Whoever ends it while it waits for the database waits for nothing.
        let app = tokio::select! {
            biased;
            () = &mut stop => return Ok(()),
            app = Box::pin(building) => app?,
        };
        let bound = app.listen(address).await?;
        let setup = app.first_link().await?;
        if output.is_json() {
            say(&format!(
                "{}\n",
                start_text::in_json(app.state(), bound.local_addr(), setup.as_ref())
            ));
        } else {
            let text = start_text::serve(app.state(), bound.local_addr(), setup.as_ref());
            if lines_only {
                say_aside(&text);
            } else {
                say(&text);
            }
        }
        tracing::info!(address = %bound.local_addr(), "listening");
        let Some(supervisor) = Supervisor::of_process() else {
            return bound.run_until(stop, hurry).await;
        };
        supervisor.ready(&format!("listening on {}", bound.local_addr()));
        let stop = async {
            stop.await;
            supervisor.stopping();
        };
        let clock = Arc::clone(&app.state().clock);
        tokio::select! {
            biased;
            outcome = bound.run_until(stop, hurry) => outcome,
            () = supervisor.live(&*clock) => Ok(()), // never
        }
    };
    let outcome = block_on(async move { Box::pin(following(&live, &handle, serving)).await });
    drop(logs); // writes what still waits
    outcome
}

impl Options {
    /// All layers of settings, the command line on top.
    fn loader(&self, output: Output) -> aurora_core::config::Loader {
        let mut given: Vec<(&str, String)> = Vec::new();
        if let Some(address) = self.listen {
            given.push(("server.host", address.ip().to_string()));
            given.push(("server.port", address.port().to_string()));
        }
        if output.is_json() {
            given.push(("log.format", "json".to_owned()));
        }
        self.place.loader().overrides(given)
    }
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
        watched = live.run(pending()) => watched.map_err(of_settings),
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
    let mut builder = Logs::builder("aurora").version(env!("CARGO_PKG_VERSION"));
    if !may_colour() {
        builder = builder.plain();
    }
    let logs = builder.settings(settings).build().map_err(refused)?;
    logs.install().map_err(refused)?;
    Ok(logs)
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
