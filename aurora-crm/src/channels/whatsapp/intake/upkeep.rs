//! Removes what came in once nobody needs it. Each day on which something comes in puts a message into the outbox that does so
//! when its time is over, so that nobody has to think of it.

use std::time::Duration;

use aurora_core::store::outbox::{Failed, Message};
use aurora_core::time::Timestamp;

use super::sql::{self, Ticket, What};
use super::{Intake, KEPT, QUEUE};
use crate::channels::whatsapp::metrics;
use crate::context::Context;
use crate::error::Error;

const DAY: Duration = Duration::from_secs(24 * 3_600);

/// The message that removes what came in on this day; the same one for all of the day.
pub(super) fn letter(context: &Context, now: Timestamp) -> Result<Message, Error> {
    let ticket = Ticket {
        workspace: context.workspace,
        what: What::Upkeep,
    };
    Ok(Message::json(QUEUE, &ticket)?
        .tenant(context.workspace)
        .idempotency_key(format!("upkeep/{}", now.as_secs().div_euclid(86_400)))
        .delay(KEPT + DAY)
        .max_attempts(1_000))
}

impl Intake {
    /// Ends what was never understood, removes what is over its time, and comes again for what is left.
    pub(super) async fn tidy(&self, context: &Context) -> Result<(), Failed> {
        let store = &self.whatsapp.store;
        let before = store.now() - KEPT;
        let ended = sql::give_up(store, context, before).await?;
        if ended > 0 {
            tracing::warn!(workspace = %context.workspace, ended, "what came in from WhatsApp was never understood");
            metrics::came_in("failed", usize::try_from(ended).unwrap_or(usize::MAX));
        }
        while sql::purge(store, context, before).await? >= sql::BATCH.unsigned_abs() {}
        sql::come_again(store, context, before).await?;
        Ok(())
    }
}
