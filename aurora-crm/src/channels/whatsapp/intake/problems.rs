//! What came in and is in no conversation.

use aurora_core::page::{Page, PageRequest};
use aurora_core::time::Timestamp;
use serde::Serialize;

use super::{InboundId, LATE, sql};
use crate::channels::ChannelId;
use crate::channels::whatsapp::metrics;
use crate::channels::whatsapp::numbers::WhatsApp;
use crate::context::Context;
use crate::error::Error;

/// Something that came in and is in no conversation. What it says is not shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Unplaced {
    /// Its name for programs.
    pub id: InboundId,
    /// The number that it came in on.
    pub channel: ChannelId,
    /// `message`, `echo`, `status`, `error`, `other` or `malformed`.
    pub kind: String,
    /// Why it is in none.
    pub state: UnplacedState,
    /// What went wrong.
    pub error: Option<String>,
    /// When it came in.
    pub received_at: Timestamp,
}

/// Why something is in no conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum UnplacedState {
    /// It could not be placed.
    Failed,
    /// Nothing here reads its kind.
    Kept,
    /// It waits for longer than an hour.
    Late,
}

impl WhatsApp {
    /// One page of what came in and is in no conversation, the oldest first: what failed, what nothing here reads, and what waits
    /// for longer than an hour. It is removed 30 days after that was decided.
    ///
    /// # Errors
    /// `Invalid` when the cursor is damaged or belongs to another list.
    pub async fn failed(&self, context: &Context, page: &PageRequest) -> Result<Page<Unplaced>, Error> {
        let work = sql::unplaced(&self.store, context, page, self.store.now() - LATE);
        self.store.run(context, "whatsapp.failed", work).await
    }

    /// Hands something of [`failed`](Self::failed) to conversations once more, after what it waits for. What is there already
    /// is not doubled.
    ///
    /// # Errors
    /// `NotFound` when there is no such thing, or it does not need it.
    pub async fn retry(&self, context: &Context, id: InboundId) -> Result<(), Error> {
        let work = sql::retry(&self.store, context, id, self.store.now() - LATE);
        self.store.run(context, "whatsapp.retry", work).await?;
        metrics::came_in("retried", 1);
        Ok(())
    }
}
