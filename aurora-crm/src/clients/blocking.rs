//! Blocking (`bloqueio`): the data of a client is kept, and nothing else is done with it.

use super::{Blocked, Client, ClientId, Clients};
use crate::context::Context;
use crate::error::Error;
use crate::fields::Fields;

const MAX_REASON: usize = 500;

impl Clients {
    /// Suspends what is done with the data of a client (LGPD, art. 18, IV), for `reason`, one line of up to 500
    /// characters: lists, searches and exports leave it out unless they are asked for it, no reminder about it is sent, and
    /// it is not merged. Whoever reads it by its id is told by [`Client::blocked`].
    ///
    /// A reminder whose time comes meanwhile is not sent later. Messages that others send are theirs to hold back.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` with the stored version when somebody was faster; `Invalid` when the reason is wrong, or the
    /// client is blocked already (code `not_allowed`).
    ///
    /// # Cancel safety
    /// Dropping the future leaves the client either blocked or not blocked.
    pub async fn block(
        &self,
        context: &Context,
        id: ClientId,
        expected_version: i64,
        reason: &str,
    ) -> Result<Client, Error> {
        let work = async {
            let mut fields = Fields::default();
            let reason = fields.line("reason", reason, MAX_REASON);
            let at = self.store.now();
            let blocked = fields.finish(Blocked { at, reason })?;
            self.repository
                .set_blocked(context, id, expected_version, Some(blocked), at)
                .await
        };
        self.store.run(context, "clients.block", work).await
    }

    /// Ends what [`Self::block`] began.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` with the stored version when somebody was faster; `Invalid` when the client is not blocked
    /// (code `not_allowed`).
    ///
    /// # Cancel safety
    /// Dropping the future leaves the client either blocked or not blocked.
    pub async fn unblock(
        &self,
        context: &Context,
        id: ClientId,
        expected_version: i64,
    ) -> Result<Client, Error> {
        let now = self.store.now();
        let work = self
            .repository
            .set_blocked(context, id, expected_version, None, now);
        self.store.run(context, "clients.unblock", work).await
    }
}
