//! The library's own work: webhooks are sent, documents embedded, contacts given their words, rules of retention applied, files swept,
//! backups made.

use std::time::Duration;

use aurora_core::store::backup::Manifest;
use aurora_crm::Context;
use aurora_crm::files::Files;

use crate::http::backups;
use crate::state::AppState;

/// How long after a failure, and after the start, work that nobody waits for is begun.
const PAUSE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 3_600);
/// Contacts whose words are written in one transaction.
const AT_ONCE: u32 = 100;

pub(super) async fn run(state: &AppState) {
    tokio::join!(
        webhooks(state),
        Box::pin(index(state)),
        Box::pin(tidy(state)),
        Box::pin(back_up(state))
    );
}

/// Sends what is due.
async fn webhooks(state: &AppState) {
    match state.library.webhooks.worker() {
        Ok(worker) => Box::pin(worker.run(state.stop.cancelled())).await,
        Err(error) => tracing::error!(%error, "webhooks are not sent"),
    }
}

/// Has passages embedded, if a model does.
async fn index(state: &AppState) {
    let Some(indexer) = state.library.knowledge.indexer() else {
        return;
    };
    while let Err(error) = indexer.run(state.stop.cancelled()).await {
        tracing::error!(%error, "documents are not embedded; it is tried again");
        if stopped_within(state, PAUSE).await {
            return;
        }
    }
}

/// Once a day: contacts from before there were words get theirs, what the workspaces' rules no longer keep goes, and so does what
/// uploads left that never ended.
async fn tidy(state: &AppState) {
    let mut wait = PAUSE;
    while !stopped_within(state, wait).await {
        let work = async {
            let kept = index_contacts(state).await & retain(state).await;
            kept & sweep(state).await
        };
        let done = tokio::select! {
            () = state.stop.cancelled() => return,
            done = work => done,
        };
        wait = if done { DAY } else { PAUSE * 10 };
    }
}

/// Writes the words by which contacts are found where they are missing, workspace by workspace.
async fn index_contacts(state: &AppState) -> bool {
    let (mut after, mut is_done) = (None, true);
    loop {
        let ids = match state.crm.workspaces().ids(after).await {
            Ok(ids) => ids,
            Err(error) => {
                tracing::error!(%error, "the words of contacts were not written; it is tried again");
                return false;
            }
        };
        let Some(last) = ids.last() else { return is_done };
        after = Some(*last);
        for workspace in ids {
            match index_contacts_of(state, &Context::new(workspace, "upkeep")).await {
                Ok(0) => {}
                Ok(contacts) => tracing::info!(%workspace, contacts, "contacts are found by their words now"),
                Err(error) => {
                    tracing::warn!(%workspace, %error, "the words of contacts were not written; it is tried again");
                    is_done = false;
                }
            }
        }
    }
}

async fn index_contacts_of(state: &AppState, context: &Context) -> Result<u64, aurora_crm::Error> {
    let mut contacts: u64 = 0;
    loop {
        let indexed = state.crm.conversations().index_contacts(context, AT_ONCE).await?;
        contacts += indexed;
        if indexed < u64::from(AT_ONCE) {
            return Ok(contacts);
        }
    }
}

async fn retain(state: &AppState) -> bool {
    match state.library.privacy.apply_retention_everywhere().await {
        Ok(Some(run)) => {
            if run.count > 0 || run.accounts > 0 {
                let (records, accounts) = (run.count, run.accounts);
                tracing::info!(records, accounts, "removed what is no longer kept");
            }
            run.failures == 0
        }
        Ok(None) => true, // another server is at it
        Err(error) => {
            tracing::error!(%error, "the rules of retention were not applied; it is tried again");
            false
        }
    }
}

async fn sweep(state: &AppState) -> bool {
    let mut after = None;
    loop {
        let ids = match state.crm.workspaces().ids(after).await {
            Ok(ids) => ids,
            Err(error) => {
                tracing::error!(%error, "left-over bytes were not swept; it is tried again");
                return false;
            }
        };
        let Some(last) = ids.last() else { return true };
        after = Some(*last);
        for workspace in ids {
            let context = Context::new(workspace, "sweep");
            let swept = state.library.files.sweep(&context, Files::MIN_SWEEP_AGE).await;
            match swept {
                Ok(removed) if removed.blobs > 0 => {
                    tracing::info!(%workspace, contents = removed.blobs, "swept left-over bytes");
                }
                Ok(_) => {}
                Err(error) => tracing::warn!(%workspace, %error, "left-over bytes were not swept"),
            }
        }
    }
}

/// Makes backups, if the settings want them.
async fn back_up(state: &AppState) {
    let library = &state.library;
    let Some(schedule) = &library.schedule else {
        return;
    };
    let database = state.crm.database();
    let context = &Context::installation("backup schedule");
    let tell = move |made: Manifest| async move { backups::note(state, context, &made).await };
    while let Err(error) = library
        .backups
        .run_telling(database, schedule, state.stop.cancelled(), tell)
        .await
    {
        tracing::error!(%error, "no backups are made; it is tried again");
        if stopped_within(state, PAUSE).await {
            return;
        }
    }
}

/// Waits, and tells whether the app stops.
async fn stopped_within(state: &AppState, time: Duration) -> bool {
    tokio::select! {
        biased;
        () = state.stop.cancelled() => true,
        () = state.clock.sleep(time) => false,
    }
}
