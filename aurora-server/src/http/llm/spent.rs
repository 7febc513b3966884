//! What model calls cost today and in the last minute, for a beat that asks no database.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use aurora_core::money::NanoUsd;
use aurora_core::page::{Page, PageRequest};
use aurora_core::time::Timestamp;
use aurora_llm::ledger::{
    Account, Decision, Entry, EntryQuery, Error, GroupBy, Ledger, Reservation, Standing, Swept, UsageQuery,
    UsageRow,
};

/// In seconds.
const MINUTE: i64 = 60;
/// In seconds.
const DAY: i64 = 86_400;

/// What was booked; clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Spent(Arc<Mutex<Sums>>);

#[derive(Debug, Default)]
struct Sums {
    /// What this process booked in each second of the last minute, the oldest first.
    seconds: VecDeque<(i64, NanoUsd)>,
    /// The day that was read last, and what all processes had booked on it by then.
    read: Option<(i64, NanoUsd)>,
    /// How often it was read.
    reads: u64,
    /// The last day on which this process booked, and what it booked on it since it was read.
    own: (i64, NanoUsd),
}

impl Spent {
    /// What all processes booked today (UTC), as last read, with what this one booked since; `None` before the first read.
    pub(crate) fn today(&self, now: Timestamp) -> Option<NanoUsd> {
        let sums = self.sums();
        let today = day_of(now);
        let on = |(day, cost): (i64, NanoUsd)| if day == today { cost } else { NanoUsd::ZERO };
        sums.read.map(|read| on(read) + on(sums.own))
    }

    /// What this process booked in the last minute.
    pub(crate) fn last_minute(&self, now: Timestamp) -> NanoUsd {
        let end = now.as_secs();
        let sums = self.sums();
        let recent = sums.seconds.iter().filter(|(at, _)| *at > end - MINUTE);
        recent.map(|(_, cost)| *cost).sum()
    }

    /// Reads what all processes have booked today.
    ///
    /// # Errors
    /// When the ledger does not answer; what was read before stays.
    pub(crate) async fn read(&self, ledger: &dyn Ledger, now: Timestamp) -> Result<(), Error> {
        let day = day_of(now);
        let begin = Timestamp::from_secs(day.saturating_mul(DAY));
        let end = begin + Duration::from_secs(DAY.unsigned_abs());
        let query = UsageQuery::of_all(GroupBy::Day, begin..end);
        let Page { items, .. } = ledger.usage(&query, &PageRequest::first(1)).await?;
        let booked = items.first().map_or(NanoUsd::ZERO, |row| row.cost);
        let mut sums = self.sums();
        sums.read = Some((day, booked));
        sums.reads += 1;
        // What was booked during the read may be missing until the next: too little for half a minute, never too much.
        if sums.own.0 <= day {
            sums.own = (day, NanoUsd::ZERO);
        }
        Ok(())
    }

    fn reads(&self) -> u64 {
        self.sums().reads
    }

    /// `reads` is how often it had been read before the booking began: what was read since may hold it.
    fn add(&self, at: Timestamp, cost: NanoUsd, reads: u64) {
        let second = at.as_secs();
        let mut sums = self.sums();
        let seconds = &mut sums.seconds;
        // What is booked late is not the newest.
        let place = seconds.partition_point(|(known, _)| *known < second);
        if seconds.get(place).is_none_or(|(known, _)| *known != second) {
            seconds.insert(place, (second, NanoUsd::ZERO));
        }
        if let Some((_, sum)) = seconds.get_mut(place) {
            *sum += cost;
        }
        let newest = seconds.back().map_or(second, |(last, _)| *last);
        while seconds
            .front()
            .is_some_and(|(first, _)| *first <= newest - MINUTE)
        {
            seconds.pop_front();
        }
        let day = day_of(at);
        if day > sums.own.0 {
            sums.own = (day, NanoUsd::ZERO);
        }
        if day == sums.own.0 && reads == sums.reads {
            sums.own.1 += cost;
        }
    }

    fn sums(&self) -> MutexGuard<'_, Sums> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn day_of(at: Timestamp) -> i64 {
    at.as_secs().div_euclid(DAY)
}

/// A ledger that tells what is booked through it.
#[derive(Debug)]
pub(super) struct Metered<L> {
    ledger: L,
    spent: Spent,
}

impl<L> Metered<L> {
    pub(super) const fn new(ledger: L, spent: Spent) -> Self {
        Self { ledger, spent }
    }
}

#[async_trait]
impl<L: Ledger> Ledger for Metered<L> {
    async fn reserve(&self, reservation: &Reservation) -> Result<Decision, Error> {
        self.ledger.reserve(reservation).await
    }

    async fn settle(&self, entry: &Entry, accounts: &[Account]) -> Result<Vec<Standing>, Error> {
        let reads = self.spent.reads();
        let standings = self.ledger.settle(entry, accounts).await?;
        let cost = entry.cost.amount().unwrap_or_default();
        self.spent.add(entry.at, cost, reads);
        Ok(standings)
    }

    async fn release(&self, reservation: &Reservation) -> Result<(), Error> {
        self.ledger.release(reservation).await
    }

    async fn renew(&self, reservation: &Reservation) -> Result<(), Error> {
        self.ledger.renew(reservation).await
    }

    async fn standings(&self, accounts: &[Account]) -> Result<Vec<Standing>, Error> {
        self.ledger.standings(accounts).await
    }

    async fn usage(&self, query: &UsageQuery, page: &PageRequest) -> Result<Page<UsageRow>, Error> {
        self.ledger.usage(query, page).await
    }

    async fn entries(&self, query: &EntryQuery, page: &PageRequest) -> Result<Page<Entry>, Error> {
        self.ledger.entries(query, page).await
    }

    async fn sweep(&self, keep: Duration) -> Result<Swept, Error> {
        self.ledger.sweep(keep).await
    }
}

#[cfg(test)]
mod tests {
    use aurora_llm::client::Caller;
    use aurora_llm::ledger::{EntryId, MemoryLedger, Tokens};
    use aurora_llm::pricing::Cost;

    use super::*;

    /// A moment of a day in November 2026.
    const NOON: Timestamp = Timestamp::from_secs(1_795_176_000);

    fn usd(text: &str) -> NanoUsd {
        text.parse().unwrap()
    }

    async fn book(ledger: &dyn Ledger, at: Timestamp, cost: Cost) {
        let entry = Entry::new(EntryId::new(at), at, Caller::default(), "sim", "m");
        let entry = entry.used(Tokens::default(), cost);
        ledger.settle(&entry, &[]).await.unwrap();
    }

    fn metered() -> (Metered<Arc<MemoryLedger>>, Arc<MemoryLedger>, Spent) {
        let (whole, spent) = (Arc::new(MemoryLedger::new()), Spent::default());
        (Metered::new(Arc::clone(&whole), spent.clone()), whole, spent)
    }

    #[tokio::test]
    async fn a_minute_is_what_this_process_booked_in_it() {
        let (ledger, _, spent) = metered();
        let second = Duration::from_secs(1);
        book(&ledger, NOON, Cost::Priced(usd("0.5"))).await;
        book(&ledger, NOON + 30 * second, Cost::Priced(usd("0.25"))).await;
        book(&ledger, NOON + 30 * second, Cost::Unpriced).await;
        // It was booked late, by a call that was given up before the one above.
        book(&ledger, NOON + 10 * second, Cost::Priced(usd("1"))).await;
        assert_eq!(spent.last_minute(NOON + 59 * second), usd("1.75"));
        assert_eq!(spent.last_minute(NOON + 60 * second), usd("1.25"));
        assert_eq!(spent.last_minute(NOON + 90 * second), NanoUsd::ZERO);
        book(&ledger, NOON + 90 * second, Cost::Priced(usd("2"))).await;
        assert_eq!(spent.last_minute(NOON + 90 * second), usd("2"));
        assert_eq!(spent.sums().seconds.len(), 1, "what is older is gone");
    }

    #[tokio::test]
    async fn today_is_what_was_read_and_what_this_process_booked_since() {
        let (ledger, whole, spent) = metered();
        // Another process booked on the same ledger.
        book(&*whole, NOON, Cost::Priced(usd("3"))).await;
        book(&ledger, NOON, Cost::Priced(usd("1"))).await;
        assert_eq!(spent.today(NOON), None, "nothing is known yet of the others");
        spent.read(&ledger, NOON).await.unwrap();
        assert_eq!(spent.today(NOON), Some(usd("4")), "each counts once");
        book(&ledger, NOON, Cost::Priced(usd("0.5"))).await;
        book(&*whole, NOON, Cost::Priced(usd("7"))).await;
        assert_eq!(spent.today(NOON), Some(usd("4.5")), "it moves between two reads");
        spent.read(&ledger, NOON).await.unwrap();
        assert_eq!(spent.today(NOON), Some(usd("11.5")));
    }

    #[tokio::test]
    async fn what_was_read_while_it_was_booked_counts_once() {
        let (_, whole, spent) = metered();
        let reads = spent.reads();
        book(&*whole, NOON, Cost::Priced(usd("1"))).await;
        spent.read(&*whole, NOON).await.unwrap();
        spent.add(NOON, usd("1"), reads);
        assert_eq!(spent.today(NOON), Some(usd("1")));
        assert_eq!(spent.last_minute(NOON), usd("1"));
    }

    #[tokio::test]
    async fn a_day_begins_at_nothing() {
        let (ledger, _, spent) = metered();
        book(&ledger, NOON, Cost::Priced(usd("1"))).await;
        spent.read(&ledger, NOON).await.unwrap();
        book(&ledger, NOON, Cost::Priced(usd("1"))).await;
        let tomorrow = NOON + Duration::from_secs(DAY.unsigned_abs());
        assert_eq!(spent.today(tomorrow), Some(NanoUsd::ZERO));
        book(&ledger, tomorrow, Cost::Priced(usd("0.25"))).await;
        // Of a call of yesterday that is booked today.
        book(&ledger, NOON, Cost::Priced(usd("5"))).await;
        assert_eq!(spent.today(tomorrow), Some(usd("0.25")));
        spent.read(&ledger, tomorrow).await.unwrap();
        assert_eq!(spent.today(tomorrow), Some(usd("0.25")));
    }
}
