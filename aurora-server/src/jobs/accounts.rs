//! Deletes what is of no use any more: expired sessions, tokens and challenges.

use std::time::Duration;

use aurora_crm::Context;

use crate::state::AppState;

const EVERY: Duration = Duration::from_secs(3_600);
/// After a failure.
const PAUSE: Duration = Duration::from_secs(60);
/// Rows of each kind in one transaction.
const AT_ONCE: u32 = 500;

pub(super) async fn run(state: &AppState) {
    loop {
        let pause = match tidy(state).await {
            Ok(()) => EVERY,
            Err(error) => {
                tracing::error!(%error, "what has expired of accounts could not be deleted");
                PAUSE
            }
        };
        tokio::select! {
            biased;
            () = state.stop.cancelled() => return,
            () = state.clock.sleep(pause) => {}
        }
    }
}

async fn tidy(state: &AppState) -> Result<(), aurora_crm::Error> {
    let context = Context::installation("accounts upkeep");
    let accounts = state.doors.accounts();
    while !state.stop.is_cancelled() {
        let deleted = accounts.purge(&context, AT_ONCE).await?;
        if deleted < u64::from(AT_ONCE) {
            break;
        }
        tracing::info!(rows = deleted, "what has expired of accounts was deleted");
    }
    Ok(())
}
