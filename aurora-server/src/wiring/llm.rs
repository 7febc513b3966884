//! The model client: the providers of the settings, in their order.

use std::sync::Arc;

use aurora_core::config::Settings;
use aurora_core::monitor::Monitor;
use aurora_core::time::Clock;
use aurora_llm::{LlmClient, setup};

use crate::error::{Error, ErrorKind};

/// The client; `None` when no provider is configured and none may be simulated.
pub(super) fn client(
    settings: &Settings,
    monitor: &Monitor,
    clock: &Arc<dyn Clock>,
) -> Result<Option<LlmClient>, Error> {
    let targets = setup::targets(&settings.llm, settings.environment, clock).map_err(wrong)?;
    if targets.is_empty() {
        return Ok(None);
    }
    let builder = LlmClient::builder()
        .monitor(monitor.clone())
        .clock(Arc::clone(clock));
    let builder = targets
        .into_iter()
        .fold(builder, |builder, target| builder.target(target));
    builder.build().map(Some).map_err(wrong)
}

fn wrong(source: aurora_llm::Error) -> Error {
    Error::new(ErrorKind::Settings, "the model providers cannot be set up").caused_by(source)
}
