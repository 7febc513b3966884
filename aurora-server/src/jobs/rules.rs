//! Works by the rules that are kept, also by those that another replica has kept.

use std::time::Duration;

use crate::state::AppState;

const EVERY: Duration = Duration::from_secs(1);

/// Follows until the app stops.
pub(super) async fn run(state: &AppState) {
    let mut failures: u64 = 0;
    loop {
        tokio::select! {
            biased;
            () = state.stop.cancelled() => return,
            () = state.clock.sleep(EVERY) => {}
        }
        match state.rulebook.follow().await {
            Ok(()) => failures = 0,
            Err(error) => {
                failures += 1;
                // Ever more rarely.
                if failures.is_power_of_two() {
                    tracing::warn!(%error, failures, "the kept rules cannot be followed; it is tried again");
                }
            }
        }
    }
}
