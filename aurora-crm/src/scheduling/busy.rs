//! Times at which professionals are busy elsewhere (`calendar_busy`), which the calendar part writes in its own
//! transactions.

use std::ops::Range;

use aurora_core::store::Connection;
use aurora_core::time::Timestamp;

use super::ProfessionalId;
use super::sql::busy as sql;
use crate::context::Context;
use crate::error::Error;
use crate::leads::refused;

/// The longest name of a source, and of what a source calls its events.
const MAX_BYTES: usize = 1_024;
/// The most that is read at once.
const MOST: u32 = 1_000;

/// One busy time of a source: the end does not belong to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Busy {
    /// What the source calls it, such as the id of an event; unique within (professional, source). 1 to 1,024 bytes.
    pub(crate) key: String,
    /// From when until when; not empty.
    pub(crate) time: Range<Timestamp>,
}

/// Puts these in the place of all that the source has said of the professional. The last of several with one key counts.
///
/// # Errors
/// `NotFound` when there is no such professional; `Invalid` for an empty time or a key that is too long.
#[cfg_attr(not(test), expect(dead_code, reason = "for the part that knows calendars"))]
pub(crate) async fn replace(
    tx: &mut Connection<'_>,
    context: &Context,
    professional: ProfessionalId,
    source: &str,
    all: &[Busy],
) -> Result<(), Error> {
    for busy in all {
        check(source, busy)?;
    }
    sql::remove(tx, context, professional, source, None).await?;
    for busy in all {
        sql::put(tx, context, professional, source, busy).await?;
    }
    Ok(())
}

/// Adds one, or changes the one of this key.
///
/// # Errors
/// As [`replace`].
#[cfg_attr(
    not(any(test, feature = "google-calendar")),
    expect(dead_code, reason = "for the part that knows calendars")
)]
pub(crate) async fn put(
    tx: &mut Connection<'_>,
    context: &Context,
    professional: ProfessionalId,
    source: &str,
    busy: &Busy,
) -> Result<(), Error> {
    check(source, busy)?;
    sql::put(tx, context, professional, source, busy).await
}

/// Removes the one of this key, or, without one, all that the source has said of the professional. How many there were.
///
/// # Errors
/// Only what the database refuses.
#[cfg_attr(
    not(any(test, feature = "google-calendar")),
    expect(dead_code, reason = "for the part that knows calendars")
)]
pub(crate) async fn remove(
    tx: &mut Connection<'_>,
    context: &Context,
    professional: ProfessionalId,
    source: &str,
    key: Option<&str>,
) -> Result<u64, Error> {
    sql::remove(tx, context, professional, source, key).await
}

/// When the professional is busy elsewhere within `range`, in order of when it begins, as the sources have said it: what
/// two of them say can overlap. At most 1,000.
///
/// # Errors
/// Only what the database refuses.
pub(crate) async fn read(
    tx: &mut Connection<'_>,
    context: &Context,
    professional: ProfessionalId,
    range: Range<Timestamp>,
) -> Result<Vec<Range<Timestamp>>, Error> {
    sql::of_one(tx, context, professional, range, MOST).await
}

fn check(source: &str, busy: &Busy) -> Result<(), Error> {
    for (field, text) in [("source", source), ("key", &busy.key)] {
        if text.is_empty() || text.len() > MAX_BYTES || text.contains('\0') {
            let message = "must have 1 to 1024 bytes and no character U+0000";
            return Err(refused(field, "invalid", message));
        }
    }
    if busy.time.is_empty() {
        return Err(refused("time", "invalid", "must end after it begins"));
    }
    Ok(())
}
