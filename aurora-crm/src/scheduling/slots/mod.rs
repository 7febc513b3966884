//! Free times: what is read in a handful of statements, and then pure computing.

mod choose;
mod days;
mod gathered;
mod interval;
mod local;
mod query;
mod starts;

pub(super) use self::days::Days;
pub(super) use self::gathered::{Gathered, Taken};
pub(super) use self::interval::{Interval, MINUTE, cover, meet};
pub(super) use self::local::{dates, open, stretches};
pub(super) use self::query::is_in_range;
pub use self::query::{PartOfDay, SlotQuery, Spread};
