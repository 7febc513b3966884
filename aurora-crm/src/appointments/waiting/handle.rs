use super::{NewWaitingEntry, WaitingEntry, WaitingEntryId};
use crate::appointments::{Appointments, sql};
use crate::context::Context;
use crate::error::Error;
use crate::scheduling::ServiceId;

/// The waiting list.
impl Appointments {
    /// Puts somebody on the waiting list. When a fitting time becomes free, the first in line gets it held for as long as the policy
    /// says and is told; who does not answer lets it go to the next, and after three times is offered no more. Who cannot be told keeps
    /// its place, and the time goes to the next at once.
    ///
    /// Who waits for the same already (service, professional, part of the day and last time) keeps the entry and its place, which is
    /// the answer then.
    ///
    /// # Errors
    /// `Invalid` with every wrong field; `NotFound` for a client, service or professional that there is not.
    pub async fn wait(&self, context: &Context, new: NewWaitingEntry) -> Result<WaitingEntry, Error> {
        let entry = new.check(self.store.now())?;
        let work = sql::waiting::add(&self.store, context, entry);
        self.store.run(context, "appointments.wait", work).await
    }

    /// One entry of the waiting list.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn waiting_entry(&self, context: &Context, id: WaitingEntryId) -> Result<WaitingEntry, Error> {
        let work = sql::waiting::get(&self.store, context, id);
        self.store.run(context, "appointments.waiting_entry", work).await
    }

    /// The first 200 who wait or have an offer, of one service or of all, in the order in which they are served.
    ///
    /// # Errors
    /// What keeps the database from answering.
    pub async fn waiting(
        &self,
        context: &Context,
        service: Option<ServiceId>,
    ) -> Result<Vec<WaitingEntry>, Error> {
        let work = sql::waiting::list(&self.store, context, service);
        self.store.run(context, "appointments.waiting", work).await
    }

    /// Takes an entry off the list. An offer that stands is cancelled first, as any appointment is.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` with the stored version; `Invalid` when it has an offer or is not on the list any more.
    pub async fn stop_waiting(
        &self,
        context: &Context,
        id: WaitingEntryId,
        expected_version: i64,
    ) -> Result<(), Error> {
        let work = sql::waiting::remove(&self.store, context, id, expected_version);
        self.store.run(context, "appointments.stop_waiting", work).await
    }
}
