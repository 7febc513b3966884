//! Scheduling (`agenda`): what can be booked, with whom, where and when, and which times are free.
//!
//! | type | what it gives |
//! | --- | --- |
//! | [`Scheduling`] | all calls |
//! | [`Service`], [`Professional`], [`Room`] | what can be booked, with whom and where |
//! | [`WorkingHours`], [`HoursException`] | weekly hours, and dates that are not as usual |
//! | [`HolidayRules`], [`NationalHoliday`], [`LocalHoliday`] | holidays, and which of them close the house |
//! | [`SlotQuery`], [`Slot`] | free times |
//! | [`Wish`], [`Terms`] | whether one time can be booked by hours, and what it would take |

pub(crate) mod busy;
mod entity;
mod exception;
mod handle;
mod holidays;
mod hours;
mod input;
mod slots;
mod sql;
#[cfg(test)]
mod tests;
mod wall_time;
pub(crate) mod within;

pub use chrono::{NaiveDate, Weekday};
pub use chrono_tz::Tz;

pub use self::entity::{Listed, Professional, ProfessionalId, Room, RoomId, Service, ServiceId, Slot};
pub use self::exception::{HoursException, NewException, Whose};
pub use self::handle::{CatalogueNames, Scheduling};
pub use self::holidays::{
    Holiday, HolidayRules, LocalHoliday, LocalHolidayId, LocalKind, NationalHoliday, NewHoliday, Yearly,
    easter,
};
pub use self::hours::{WallSpan, WorkingHours};
pub use self::input::{NewProfessional, NewRoom, NewService, ProfessionalChange, RoomChange, ServiceChange};
pub use self::slots::{PartOfDay, SlotQuery, Spread};
#[cfg(test)]
pub(crate) use self::sql::STATEMENTS;
pub use self::wall_time::{ParseWallTimeError, WallTime};
pub use self::within::{Terms, Wish};
