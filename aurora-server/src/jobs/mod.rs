//! What the server does by itself while it runs: evaluates alerts and delivers their notifications, observes itself,
//! tidies up.

pub(crate) mod observe;
mod upkeep;

use std::future::pending;

use crate::state::AppState;

/// Runs every job until the app stops; alerts until their engine is shut down.
pub(crate) async fn run(state: &AppState) {
    tokio::join!(
        state.alerts.run(pending()),
        observe::run(state),
        upkeep::run(state)
    );
}
