//! The calls of the Google Calendar API that a two-way synchronisation needs.
//!
//! Reference: <https://developers.google.com/workspace/calendar/api/v3/reference>.

mod calls;
mod error;
mod event;
mod exchange;
mod free_busy;
mod list;
mod settings;
mod time;
mod watch;

use std::fmt;

pub use self::error::{GoogleError, GoogleErrorKind};
pub use self::event::{Event, EventStatus, EventWrite, ExtendedProperties, Transparency};
pub(super) use self::exchange::Exchange;
pub use self::free_busy::{Busy, FreeBusy, FreeBusyError};
pub use self::list::{EventList, EventPage};
pub use self::settings::{Google, GoogleBuilder};
pub use self::time::EventTime;
pub use self::watch::{Channel, NewChannel};
use super::credentials::Tokens;

/// The Calendar API with the credentials of one calendar link; a cheap handle.
///
/// Each call is repeated a little where that helps and harms nothing: after a quota error, a 5xx or a lost connection,
/// with exponential waits and jitter, within the deadline. A 401 is answered with a new access token, once.
#[derive(Clone)]
pub struct GoogleClient {
    exchange: Exchange,
    tokens: Tokens,
}

impl GoogleClient {
    pub(super) const fn new(exchange: Exchange, tokens: Tokens) -> Self {
        Self { exchange, tokens }
    }
}

impl fmt::Debug for GoogleClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GoogleClient").finish_non_exhaustive()
    }
}
