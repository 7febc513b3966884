//! Which calls are under way that others may join.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use super::upstream::Upstream;
use super::{Flight, Seat};
use crate::client::cache::canonical::Digest;

/// What is asked, and whether it is asked anew although an answer may be kept.
pub(in crate::client::cache) type Place = (Digest, bool);

/// The flights of one client. It holds none of them: each ends with the last of those who read it.
#[derive(Debug)]
pub(in crate::client::cache) struct Flights {
    table: Mutex<Table>,
    limit: usize,
}

#[derive(Debug, Default)]
struct Table {
    flights: HashMap<Place, (u64, Weak<Flight>)>,
    next: u64,
}

impl Flights {
    pub(in crate::client::cache) fn new(limit: usize) -> Self {
        Self {
            table: Mutex::default(),
            limit,
        }
    }

    /// A seat in the flight to `place`, or in a new one; `None` when there are too many.
    pub(in crate::client::cache) fn join(
        self: &Arc<Self>,
        place: Place,
        make: impl FnOnce() -> Upstream,
    ) -> Option<Seat> {
        let mut table = self.lock();
        let is_full = table.flights.len() >= self.limit;
        let next = table.next;
        let flight = match table.flights.entry(place) {
            Entry::Occupied(mut entry) => {
                if let Some(flight) = entry.get().1.upgrade() {
                    drop(table);
                    return Some(Seat::beside(flight));
                }
                // The last of those who read it is just leaving.
                let flight = self.begin(next, place, make());
                entry.insert((next, Arc::downgrade(&flight)));
                flight
            }
            Entry::Vacant(_) if is_full => return None,
            Entry::Vacant(entry) => {
                let flight = self.begin(next, place, make());
                entry.insert((next, Arc::downgrade(&flight)));
                flight
            }
        };
        table.next += 1;
        Some(Seat::first(flight))
    }

    #[cfg(test)]
    pub(in crate::client::cache) fn len(&self) -> usize {
        self.lock().flights.len()
    }

    fn begin(self: &Arc<Self>, id: u64, place: Place, upstream: Upstream) -> Arc<Flight> {
        let ticket = Ticket {
            flights: Arc::clone(self),
            place,
            id,
        };
        Arc::new(Flight::new(upstream, Some(ticket)))
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A flight's entry in the table; dropping it takes it out.
#[derive(Debug)]
pub(super) struct Ticket {
    flights: Arc<Flights>,
    place: Place,
    id: u64,
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let mut table = self.flights.lock();
        if let Entry::Occupied(entry) = table.flights.entry(self.place)
            && entry.get().0 == self.id
        {
            entry.remove();
        }
    }
}
