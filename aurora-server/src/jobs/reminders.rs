//! Reminds of tasks: rings when the time of a reminder has come.

use std::time::Duration;

use crate::state::AppState;

/// Between two attempts to begin.
const PAUSE: Duration = Duration::from_secs(30);

/// Hands out reminders until the app stops.
pub(super) async fn run(state: &AppState) {
    let reminders = state.crm.reminders(state.bell.clone());
    while let Err(error) = reminders.run(state.stop.clone().cancelled_owned()).await {
        tracing::error!(%error, "nobody is reminded of tasks");
        tokio::select! {
            biased;
            () = state.stop.cancelled() => return,
            () = state.clock.sleep(PAUSE) => {}
        }
    }
}
