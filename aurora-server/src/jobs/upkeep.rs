//! Keeps the metrics recorder small: its samples would pile up between two scrapes.

use std::time::Duration;

use crate::state::AppState;

const EVERY: Duration = Duration::from_secs(5);

pub(super) async fn run(state: &AppState) {
    let Some(handle) = &state.metrics else { return };
    loop {
        tokio::select! {
            biased;
            () = state.stop.cancelled() => return,
            () = state.clock.sleep(EVERY) => handle.run_upkeep(),
        }
    }
}
