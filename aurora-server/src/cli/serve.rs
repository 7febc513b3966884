//! `aurora serve`.

use std::io::Write as _;
use std::net::SocketAddr;

use super::{Options, block_on, signals, start_text};
use crate::app::only_loopback;
use crate::error::Error;
use crate::{logs, telemetry, wiring};

pub(super) fn run(options: &Options) -> Result<(), Error> {
    let settings = options.settings()?;
    let address = SocketAddr::new(settings.server.host, settings.server.port);
    only_loopback(address)?; // before anything is made or changed
    logs::install(&settings)?;
    install_crypto();
    block_on(async move {
        let mut builder = wiring::builder(settings).await?;
        if let Some(handle) = telemetry::install_metrics() {
            builder = builder.metrics(handle);
        }
        let app = builder.build().await?;
        let bound = app.listen(address).await?;
        let text = start_text::serve(app.state(), bound.local_addr());
        say(&text);
        let (stop, hurry) = signals::listen()?;
        bound.run_until(stop, hurry).await
    })
}

/// Writes to standard output. A reader that went away is no reason not to serve.
pub(super) fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    if out.write_all(text.as_bytes()).and_then(|()| out.flush()).is_err() {
        tracing::debug!("nobody reads the standard output");
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
