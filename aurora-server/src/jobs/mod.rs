//! What the server does by itself while it runs: evaluates alerts and delivers their notifications, observes itself,
//! tidies up.

pub(crate) mod observe;
mod upkeep;

use crate::state::AppState;

/// Runs every job until the app stops.
pub(crate) async fn run(state: &AppState) {
    tokio::join!(
        state.alerts.run(state.stop.cancelled()),
        observe::run(state),
        upkeep::run(state)
    );
}
