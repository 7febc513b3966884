use super::Scheduling;
use crate::context::Context;
use crate::error::Error;
use crate::scheduling::sql::slots as sql;
use crate::scheduling::{Slot, SlotQuery, Terms, Wish};

/// Free times.
impl Scheduling {
    /// Times that are free, in order: within the hours of the professional and the house, not taken by appointments or
    /// another calendar, and, where the service needs a room, with one that is free. Ones in the past are none.
    ///
    /// For one time several professionals can be free: the answer names whoever has been named least, and among those
    /// whoever is booked least in the time that is searched.
    ///
    /// # Errors
    /// `Invalid` with every wrong field, or when service, professional or room are inactive or do not go together; `NotFound`.
    pub async fn free_slots(&self, context: &Context, query: &SlotQuery) -> Result<Vec<Slot>, Error> {
        query.check()?;
        let work = sql::free(&self.store, context, query);
        self.store.run(context, "scheduling.free_slots", work).await
    }

    /// Whether a time can be booked by service, people, rooms, hours, exceptions and holidays, and what it would take;
    /// whether it is taken already is told by booking it.
    ///
    /// # Errors
    /// `NotFound` for a service, professional or room that there is not. `Invalid` with every reason: `service`,
    /// `professional` or `room` is `not_allowed` (inactive, or does not do it); `starts_at` is `too_soon`, `too_late` or
    /// `outside_hours`; `room` is `outside_hours`.
    pub async fn check(&self, context: &Context, wish: &Wish) -> Result<Terms, Error> {
        let work = sql::terms(&self.store, context, wish);
        self.store.run(context, "scheduling.check", work).await
    }
}
