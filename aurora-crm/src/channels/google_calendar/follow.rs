//! From a change of an appointment to the message that brings it into a calendar: in the transaction of the change.

use aurora_core::store::Connection;

use super::jobs::Ticket;
use super::sql::links;
use crate::appointments::Appointment;
use crate::context::Context;
use crate::error::Error;
use crate::store::Store;

/// Called after each change of an appointment. Nothing is enqueued where nobody has a calendar.
pub(crate) async fn follow(
    store: &Store,
    tx: &mut Connection<'_>,
    context: &Context,
    before: Option<&Appointment>,
    after: &Appointment,
) -> Result<(), Error> {
    let professional = before.map_or(after.professional_id, |before| before.professional_id);
    if links::is_written(tx, context, (professional, after.professional_id)).await? {
        let message = Ticket::push(context.workspace, after.id, after.version)?;
        store.outbox().enqueue_in(tx, &message).await?;
    }
    Ok(())
}
