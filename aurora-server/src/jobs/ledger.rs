//! Keeps the ledger of model calls small: entries go after a while, totals by day stay.

use std::time::Duration;

use crate::state::AppState;

const EVERY: Duration = Duration::from_secs(60 * 60);
/// How long single entries are kept.
const KEPT: Duration = Duration::from_secs(90 * 24 * 60 * 60);

pub(super) async fn run(state: &AppState) {
    loop {
        tokio::select! {
            biased;
            () = state.stop.cancelled() => return,
            () = state.clock.sleep(EVERY) => {}
        }
        tokio::select! {
            biased;
            () = state.stop.cancelled() => return,
            swept = state.gateway.books().ledger.sweep(KEPT) => match swept {
                Ok(swept) => tracing::debug!(entries = swept.entries, accounts = swept.accounts, "the ledger is tidy"),
                // The next hour does what this one could not.
                Err(error) => tracing::warn!(%error, "the ledger could not be tidied up"),
            },
        }
    }
}
