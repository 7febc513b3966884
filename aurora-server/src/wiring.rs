//! Where the concrete types meet: from settings to the parts of an app.

mod alerts;
mod llm;
mod storage;

use std::sync::Arc;

use aurora_core::config::Settings;
use aurora_core::health::{CacheCheck, Criticality, FallbackCheck};
use aurora_core::monitor::Monitor;
use aurora_core::time::{Clock, SystemClock};

pub(crate) use storage::{default_workspace, open};

use crate::app::{App, AppBuilder};
use crate::error::{Error, ErrorKind};

/// The parts that the settings ask for.
pub(crate) async fn builder(settings: Settings) -> Result<AppBuilder, Error> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let crm = storage::open(&settings, &clock).await?;
    let alerts = alerts::engine(&settings, crm.database(), &clock).await?;
    let monitor = Monitor::builder()
        .metrics("llm")
        .clock(Arc::clone(&clock))
        .build();
    let monitor = monitor
        .map_err(|error| Error::new(ErrorKind::Internal, "the measurements cannot begin").caused_by(error))?;
    let client = llm::client(&settings, &monitor, &clock)?;
    let cache = storage::cache(&settings).await?;

    let mut builder = App::builder(crm, alerts)?
        .clock(clock)
        .monitor(monitor)
        .settings(settings);
    if let Some(client) = client {
        let targets = client.clone();
        let providers = FallbackCheck::of("providers", move || targets.status());
        builder = builder.llm(client).check(Criticality::Degraded, providers);
    }
    if let Some(cache) = cache {
        builder = builder.check(Criticality::Degraded, CacheCheck::new(cache));
    }
    Ok(builder)
}
