//! What every change leaves behind: an entry in the audit chain, and an event for whoever listens.

pub(crate) mod chain;
mod record;
mod sql;
#[cfg(test)]
mod tests;

use aurora_core::id::{Id, IdKind};
use aurora_core::store::{self, Connection};
use aurora_core::time::Timestamp;

use crate::context::Context;
use crate::store::Store;
use crate::webhooks;

pub(crate) use self::record::Record;
#[cfg(test)]
pub(crate) use self::sql::ALL as STATEMENTS;

/// Names a domain event: `evt_` and 32 hexadecimal digits.
pub type EventId = Id<Event>;

/// Something that happened in a workspace.
#[derive(Debug)]
pub struct Event;

impl IdKind for Event {
    const PREFIX: &'static str = "evt";
}

/// Writes the records of one change; see [`Store::record`].
pub(crate) async fn write(
    store: &Store,
    connection: &mut Connection<'_>,
    context: &Context,
    now: Timestamp,
    records: &[Record],
) -> Result<(), store::Error> {
    if records.is_empty() {
        return Ok(());
    }
    sql::add_events(connection, context, now, records).await?;
    webhooks::fan_out(store, connection, context, now, records).await?;
    // Last: from here on the chain of the workspace is locked until the transaction ends.
    sql::add_entries(connection, context, now, records).await
}
