//! What the server does by itself while it runs: evaluates alerts and delivers their notifications, observes itself, works at
//! the reception, reminds of tasks, sends webhooks and letters, has documents embedded, applies rules of retention, makes
//! backups, books what model calls used, tidies up.

mod accounts;
mod announce;
mod ledger;
mod library;
mod mail;
pub(crate) mod observe;
mod reception;
mod reminders;
mod rules;
mod upkeep;

use std::future::{Future, pending};

use crate::state::AppState;

/// Runs every job until the app stops; alerts until their engine is shut down, and letters until they are sent, within a limit
/// that `hurry` ends.
pub(crate) async fn run(state: &AppState, hurry: impl Future<Output = ()> + Send) {
    tokio::join!(
        state.alerts.run(pending()),
        accounts::run(state),
        Box::pin(announce::run(state)),
        ledger::run(state),
        Box::pin(library::run(state)),
        mail::run(state, hurry),
        observe::run(state),
        Box::pin(reception::run(state)),
        reminders::run(state),
        Box::pin(rules::run(state)),
        upkeep::run(state),
    );
}
