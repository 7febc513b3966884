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

use std::future::pending;

use crate::state::AppState;

/// Runs every job until the app stops; alerts until their engine is shut down.
pub(crate) async fn run(state: &AppState) {
    tokio::join!(
        state.alerts.run(pending()),
        accounts::run(state),
        Box::pin(announce::run(state)),
        ledger::run(state),
        Box::pin(library::run(state)),
        mail::run(state),
        observe::run(state),
        Box::pin(reception::run(state)),
        reminders::run(state),
        Box::pin(rules::run(state)),
        upkeep::run(state),
    );
}
