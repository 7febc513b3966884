//! What model calls used, and budgets that hold.
//!
//! Before an attempt the most that it can cost is *reserved* in every account that limits it, all or nothing; after it
//! the reservation is *settled*: it makes room, the true amount is booked, and an [`Entry`] is written, in one
//! transaction. So what is spent and what may still be spent by calls under way never exceed a limit together,
//! however many ask at once, from however many processes. A reservation ends with its lease, so that a process that
//! dies leaves none behind.
//!
//! | ledger | keeps | shared |
//! | --- | --- | --- |
//! | [`MemoryLedger`] | the last entries, totals by day | by the clones in one process |
//! | `SqlLedger` (features `sqlite`, `postgres`) | entries as long as told, totals by day for ever | by all processes on the database |
//!
//! [`Budgets`] puts a ledger and limits into a client; [`Allowances`] keeps limits that differ from tenant to tenant, from
//! virtual key to virtual key and from model to model.

mod account;
mod allowance;
mod budgets;
#[cfg(feature = "testing")]
pub mod contract;
mod entry;
mod error;
mod memory;
mod period;
mod report;
mod reservation;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod sql;
#[cfg(test)]
mod tests;

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aurora_core::page::{Page, PageRequest};

pub(crate) use account::is_id;
pub use account::{Account, Budget, BudgetScope};
pub use allowance::{Allowance, AllowanceKey, Allowances, Granted, Quota};
pub(crate) use budgets::MOST_BUDGETS;
pub use budgets::{BudgetEvent, BudgetSource, Budgets, Unpriced};
pub use entry::{Entry, EntryId, Tokens};
pub use error::{Error, ErrorKind};
pub use memory::MemoryLedger;
pub use period::Period;
pub use report::{EntryQuery, GroupBy, Swept, UsageQuery, UsageRow};
pub(crate) use reservation::Balance;
pub use reservation::{Amount, Decision, Limit, Measure, Refusal, Reservation, Standing};
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub use sql::{MIGRATIONS, SqlLedger};

/// Where spending is kept.
///
/// Everything may be repeated: what was done already is not done twice. An implementation is held to
/// `ledger::contract` (feature `testing`).
#[async_trait]
pub trait Ledger: Debug + Send + Sync + 'static {
    /// Holds the reservation's amount in every account that limits it, if all have room; else in none.
    ///
    /// Reservations whose lease has run out count no more from that instant on. Reserving again under the same id while
    /// it is held does nothing.
    ///
    /// # Errors
    /// Whatever keeps the ledger from deciding; nothing is held then, or only until the lease runs out.
    ///
    /// # Cancel safety
    /// Dropping the future can leave the amount held until the lease runs out, or until [`Ledger::release`].
    async fn reserve(&self, reservation: &Reservation) -> Result<Decision, Error>;

    /// Books an entry: ends the reservation of the same id, adds the entry's amount to every one of `accounts`, sorted
    /// and each once, and writes the entry. All of it happens or nothing.
    ///
    /// What was spent is booked whatever became of the reservation and whatever the limits say. An entry that is booked
    /// already is not booked again. Gives where the accounts stand after it; nothing when it had been booked before.
    ///
    /// # Errors
    /// Whatever keeps the ledger from booking.
    ///
    /// # Cancel safety
    /// After a drop the entry may be booked or not; book it again to be sure.
    async fn settle(&self, entry: &Entry, accounts: &[Account]) -> Result<Vec<Standing>, Error>;

    /// Gives a reservation back unused. One that is not held any more is none.
    ///
    /// # Errors
    /// Whatever keeps the ledger from it; the reservation ends with its lease.
    async fn release(&self, reservation: &Reservation) -> Result<(), Error>;

    /// Holds a reservation for another lease from now, and anew if its lease has run out: the call that it is for goes on
    /// and spends in any case.
    ///
    /// # Errors
    /// Whatever keeps the ledger from it.
    async fn renew(&self, reservation: &Reservation) -> Result<(), Error>;

    /// Where these accounts stand now, in their order.
    ///
    /// # Errors
    /// Whatever keeps the ledger from answering.
    async fn standings(&self, accounts: &[Account]) -> Result<Vec<Standing>, Error>;

    /// A page of totals by group, sorted by the group's text.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] when the range is empty or longer than ten years, or the cursor belongs to another query.
    async fn usage(&self, query: &UsageQuery, page: &PageRequest) -> Result<Page<UsageRow>, Error>;

    /// A page of entries, newest first.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] when the cursor belongs to another query.
    async fn entries(&self, query: &EntryQuery, page: &PageRequest) -> Result<Page<Entry>, Error>;

    /// Forgets entries older than `keep`, at least a day, reservations whose lease has run out, and accounts whose period
    /// ended more than a day ago; totals by day stay. To be called now and then, such as once an hour: it bounds what
    /// is kept, nothing else depends on it.
    ///
    /// # Errors
    /// Whatever keeps the ledger from it.
    async fn sweep(&self, keep: Duration) -> Result<Swept, Error>;
}

#[async_trait]
impl<L: Ledger + ?Sized> Ledger for Arc<L> {
    async fn reserve(&self, reservation: &Reservation) -> Result<Decision, Error> {
        (**self).reserve(reservation).await
    }

    async fn settle(&self, entry: &Entry, accounts: &[Account]) -> Result<Vec<Standing>, Error> {
        (**self).settle(entry, accounts).await
    }

    async fn release(&self, reservation: &Reservation) -> Result<(), Error> {
        (**self).release(reservation).await
    }

    async fn renew(&self, reservation: &Reservation) -> Result<(), Error> {
        (**self).renew(reservation).await
    }

    async fn standings(&self, accounts: &[Account]) -> Result<Vec<Standing>, Error> {
        (**self).standings(accounts).await
    }

    async fn usage(&self, query: &UsageQuery, page: &PageRequest) -> Result<Page<UsageRow>, Error> {
        (**self).usage(query, page).await
    }

    async fn entries(&self, query: &EntryQuery, page: &PageRequest) -> Result<Page<Entry>, Error> {
        (**self).entries(query, page).await
    }

    async fn sweep(&self, keep: Duration) -> Result<Swept, Error> {
        (**self).sweep(keep).await
    }
}

/// The youngest entry or account that a sweep takes.
const YOUNGEST_SWEPT: Duration = Duration::from_secs(24 * 3_600);

/// What no ledger takes.
fn check(reservation: &Reservation) -> Result<(), Error> {
    let wrong = |words| Err(Error::new(ErrorKind::Invalid, words));
    if reservation.limits.len() > Reservation::MOST_LIMITS {
        return wrong("a call counts in at most 32 accounts");
    }
    if !(Duration::from_secs(1)..=Duration::from_secs(86_400)).contains(&reservation.lease) {
        return wrong("a reservation lasts 1 second to 1 day");
    }
    if reservation.amount.cost < aurora_core::money::NanoUsd::ZERO {
        return wrong("a reservation is not below zero");
    }
    Ok(())
}
