//! Google Calendar: appointments in the calendars of professionals, and what stands there as time that is taken.
//!
//! | part | what it gives |
//! | --- | --- |
//! | [`Google`] | where Google is; settings of requests; connecting people with OAuth 2 |
//! | [`Credentials`] | a service account, or the refresh token of a person |
//! | [`GoogleCalendar`] | links, the worker, notifications, free or taken |
//! | [`NewCalendarLink`], [`CalendarLink`] | the calendar of a professional, and how it does |
//! | [`GoogleClient`] | the calls of the API, typed, with tokens, repetition and errors that say what to do |
//!
//! The rules of both ways, and of conflicts, stand in `docs/crm/calendar.md`.
//!
//! Titles, texts and places of events are not asked for and so never arrive here; of guests only whether the calendar's owner has
//! declined.

mod adopt;
mod availability;
mod builder;
mod client;
mod clients;
mod credentials;
mod event_id;
mod follow;
mod handle;
mod hear;
mod input;
mod jobs;
mod link;
mod notify;
mod push;
mod sql;
mod sync;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
#[cfg(test)]
mod tests;
mod watch;
mod worker;
mod writing;

/// The page whose example is compiled and run with the documentation tests.
#[cfg(all(doctest, feature = "sqlite"))]
#[doc = include_str!("../../../../docs/crm/calendar.md")]
mod guide {}

pub use self::availability::Availability;
pub use self::builder::GoogleCalendarBuilder;
pub use self::client::{
    Busy, Channel, Event, EventList, EventPage, EventStatus, EventTime, EventWrite, ExtendedProperties,
    FreeBusy, FreeBusyError, Google, GoogleBuilder, GoogleClient, GoogleError, GoogleErrorKind, NewChannel,
    Transparency,
};
pub use self::credentials::{Authorization, Credentials, OAuthApp, ServiceAccount};
pub(crate) use self::follow::follow;
pub use self::handle::GoogleCalendar;
pub use self::input::{LinkCredentials, NewCalendarLink};
pub use self::jobs::QUEUE;
pub use self::link::{CalendarLink, CalendarLinkId, Direction, LinkState, Titles};
#[cfg(test)]
pub(crate) use self::sql::STATEMENTS;
