//! What changes, for whoever watches.

use std::time::Duration;

use aurora_core::time::Clock as _;
use serde::Serialize;
use tokio::sync::broadcast;

use super::{ConversationId, Conversations, Message, MessageId, sql};
use crate::context::Context;
use crate::error::Error;
use crate::workspaces::WorkspaceId;

/// The most changes of one answer.
const MOST: u32 = 500;
/// How long another replica's change is not seen at most, while one waits.
const POLL: Duration = Duration::from_secs(1);
/// The longest that one waits.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// How many wakes are kept for a watcher that is slow; after more it looks anyway.
const WAKES: usize = 64;

/// Something that is new or has changed. Read it with its id: a conversation or message appears once, at its last change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Change {
    /// Its place in the order of changes of the workspace.
    pub seq: i64,
    /// The conversation.
    pub conversation: ConversationId,
    /// The message, when it is one that is new or has changed.
    pub message: Option<MessageId>,
}

/// Changes in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Changes {
    /// The changes.
    pub items: Vec<Change>,
    /// What to ask with next.
    pub after: i64,
}

/// Messages of a conversation in the order in which both sides came to see them.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Seen {
    /// The messages.
    pub items: Vec<Message>,
    /// What to ask with next.
    pub after: i64,
}

/// Wakes those who watch a workspace in this process.
#[derive(Debug, Clone)]
pub(super) struct Bell(broadcast::Sender<WorkspaceId>);

impl Bell {
    pub(super) fn new() -> Self {
        Self(broadcast::Sender::new(WAKES))
    }

    pub(super) fn ring(&self, workspace: WorkspaceId) {
        // Nobody listens: nobody has to be woken.
        drop(self.0.send(workspace));
    }

    /// Waits until the workspace is rung for, or some wakes were missed.
    async fn rung(listener: &mut broadcast::Receiver<WorkspaceId>, workspace: WorkspaceId) {
        loop {
            match listener.recv().await {
                Ok(rung) if rung != workspace => {}
                Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => return,
                Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
            }
        }
    }
}

impl Conversations {
    /// Where the order of changes ends now: to watch from here on.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn last_change(&self, context: &Context) -> Result<i64, Error> {
        let work = sql::feed::last(&self.store, context);
        self.store.run(context, "conversations.last_change", work).await
    }

    /// Up to `most` (1 to 500) changes after `after`, in order. Nothing that is committed later comes before what was told: to ask
    /// again with [`Changes::after`] misses nothing, in whatever process.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn changes(&self, context: &Context, after: i64, most: u32) -> Result<Changes, Error> {
        let work = sql::feed::changes(&self.store, context, after, most.clamp(1, MOST));
        self.store.run(context, "conversations.changes", work).await
    }

    /// As [`Self::changes`], but waits up to `limit`, at most a minute, until there is one. What this process changes is told at
    /// once, what another changes within a second.
    ///
    /// # Errors
    /// As [`Self::changes`].
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing.
    pub async fn wait_for_changes(
        &self,
        context: &Context,
        after: i64,
        most: u32,
        limit: Duration,
    ) -> Result<Changes, Error> {
        let clock = self.store.clock();
        let until = clock.elapsed() + limit.min(LONGEST_WAIT);
        let mut listener = self.bell.0.subscribe();
        loop {
            let found = self.changes(context, after, most).await?;
            let left = until.saturating_sub(clock.elapsed());
            if !found.items.is_empty() || left.is_zero() {
                return Ok(found);
            }
            tokio::select! {
                () = Bell::rung(&mut listener, context.workspace) => {}
                () = clock.sleep(left.min(POLL)) => {}
            }
        }
    }
}
