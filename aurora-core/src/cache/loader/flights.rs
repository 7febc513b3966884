//! Who waits for which load: the bookkeeping alone, without time, tasks or locks.

use std::collections::HashMap;
use std::hash::Hash;

/// The loads that are under way, each with the number of callers that wait for it.
///
/// Every operation is one step under the owner's lock. A load belongs to the table, not to the caller that began it.
#[derive(Debug)]
pub(super) struct Flights<K, S> {
    flights: HashMap<K, Flight<S>>,
    next: u64,
    limit: usize,
}

#[derive(Debug)]
struct Flight<S> {
    id: u64,
    waiters: usize,
    /// A refresh goes on although nobody waits for it.
    is_kept: bool,
    slot: S,
}

/// What came of wanting to join.
#[derive(Debug)]
pub(super) enum Joined<S> {
    /// There was no load; now there is, and the caller must start it.
    Begun { id: u64, slot: S },
    /// There is one already.
    Under { id: u64, slot: S },
    /// There are too many loads.
    Full,
}

/// Why somebody joins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// To wait for the outcome; what joins must leave.
    Wait,
    /// To have the value renewed; nobody waits.
    Refresh,
}

impl<K: Hash + Eq + Clone, S: Clone> Flights<K, S> {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            flights: HashMap::new(),
            next: 0,
            limit,
        }
    }

    /// Joins the load of `key`, or begins one whose slot `make` makes.
    pub(super) fn join(&mut self, key: &K, purpose: Purpose, make: impl FnOnce() -> S) -> Joined<S> {
        let waits = usize::from(purpose == Purpose::Wait);
        if let Some(flight) = self.flights.get_mut(key) {
            flight.waiters += waits;
            return Joined::Under {
                id: flight.id,
                slot: flight.slot.clone(),
            };
        }
        if self.flights.len() >= self.limit {
            return Joined::Full;
        }
        let (id, slot) = (self.next, make());
        self.next += 1;
        let flight = Flight {
            id,
            waiters: waits,
            is_kept: purpose == Purpose::Refresh,
            slot: slot.clone(),
        };
        self.flights.insert(key.clone(), flight);
        Joined::Begun { id, slot }
    }

    /// One who waited does so no more; the slot when nobody is left who wants the outcome.
    pub(super) fn leave(&mut self, key: &K, id: u64) -> Option<S> {
        let flight = self.flights.get_mut(key).filter(|flight| flight.id == id)?;
        flight.waiters = flight.waiters.saturating_sub(1);
        (flight.waiters == 0 && !flight.is_kept).then(|| flight.slot.clone())
    }

    /// Ends a load that nobody waits for; says whether it is to be given up.
    pub(super) fn abandon(&mut self, key: &K, id: u64) -> bool {
        let is_unwanted = self
            .flights
            .get(key)
            .is_some_and(|flight| flight.id == id && flight.waiters == 0 && !flight.is_kept);
        if is_unwanted {
            self.flights.remove(key);
        }
        is_unwanted
    }

    /// Ends a refresh that another replica is about; says whether it did, which it does not when somebody waits here.
    pub(super) fn give_way(&mut self, key: &K, id: u64) -> bool {
        let is_unwanted = self
            .flights
            .get(key)
            .is_some_and(|flight| flight.id == id && flight.waiters == 0);
        if is_unwanted {
            self.flights.remove(key);
        }
        is_unwanted
    }

    /// The load has ended, however it did.
    pub(super) fn finish(&mut self, key: &K, id: u64) {
        if self.flights.get(key).is_some_and(|flight| flight.id == id) {
            self.flights.remove(key);
        }
    }

    pub(super) fn len(&self) -> usize {
        self.flights.len()
    }
}
