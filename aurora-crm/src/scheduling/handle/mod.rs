//! The calls, by what they are about.

mod holidays;
mod hours;
mod names;
mod offerings;
mod professionals;
mod rooms;
mod slots;

pub use self::names::CatalogueNames;
use crate::store::Store;

/// What can be booked, with whom, where and when; a cheap handle.
#[derive(Debug, Clone)]
pub struct Scheduling {
    store: Store,
}

impl Scheduling {
    pub(crate) const fn new(store: Store) -> Self {
        Self { store }
    }
}
