//! Asking when a calendar is taken.

use std::collections::BTreeMap;

use aurora_core::http::Method;
use aurora_core::resilience::Deadline;
use aurora_core::time::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::exchange::Call;
use super::{GoogleClient, GoogleError, GoogleErrorKind};

/// The most calendars of one question.
const MOST: usize = 50;

/// A time that is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub struct Busy {
    /// From here on.
    pub start: Timestamp,
    /// Until here, which is not part of it.
    pub end: Timestamp,
}

/// Why it is not told when a calendar is taken: `notFound`, `internalError`, `groupTooBig` and others.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FreeBusyError {
    /// Google's code.
    pub reason: String,
}

/// Of each calendar the times that are taken, or why that is not known: an error of one calendar comes inside of a
/// successful answer, and an empty list must not be taken for "free".
pub type FreeBusy = BTreeMap<String, Result<Vec<Busy>, FreeBusyError>>;

#[derive(Deserialize)]
struct Wire {
    #[serde(default)]
    calendars: BTreeMap<String, OfCalendar>,
}

#[derive(Deserialize)]
struct OfCalendar {
    #[serde(default)]
    busy: Vec<Busy>,
    #[serde(default)]
    errors: Vec<Value>,
}

impl GoogleClient {
    /// When calendars are taken between two times (`freebusy.query`), 50 calendars at most.
    ///
    /// # Errors
    /// `Invalid` for more calendars; `Unavailable` when the answer does not tell of all; see [`GoogleErrorKind`].
    pub async fn free_busy(
        &self,
        calendars: &[&str],
        (from, to): (Timestamp, Timestamp),
        deadline: Deadline,
    ) -> Result<FreeBusy, GoogleError> {
        if calendars.len() > MOST {
            return Err(GoogleError::new(GoogleErrorKind::Invalid));
        }
        let items: Vec<Value> = calendars.iter().map(|id| json!({"id": id})).collect();
        let body = json!({"timeMin": from, "timeMax": to, "items": items});
        let path = ["freeBusy"];
        let call = Call::new(Method::POST, &path).body(body);
        let mut wire: Wire = self.exchange.json(&self.tokens, call, deadline).await?;
        let mut told = FreeBusy::new();
        for id in calendars {
            let of_calendar = wire
                .calendars
                .remove(*id)
                .ok_or(GoogleError::new(GoogleErrorKind::Unavailable))?;
            let outcome = match of_calendar.errors.first() {
                None => Ok(of_calendar.busy),
                Some(error) => Err(FreeBusyError {
                    reason: error["reason"].as_str().unwrap_or("unknown").to_owned(),
                }),
            };
            told.insert((*id).to_owned(), outcome);
        }
        Ok(told)
    }
}
