//! The rows of scheduling.

pub(super) mod busy;
pub(super) mod exceptions;
pub(super) mod holidays;
pub(super) mod hours;
pub(super) mod links;
pub(super) mod names;
pub(super) mod offerings;
pub(super) mod professionals;
pub(super) mod rooms;
pub(super) mod slots;
pub(super) mod taken;

use std::fmt;
use std::future::Future;

use aurora_core::store;

use crate::error::Error;
use crate::leads::refused;

/// What a refusal of the database means where something is made or renamed: its name may be taken, and `holder` finds by whom.
async fn told<I: fmt::Display + Send>(
    error: Error,
    what: &'static str,
    taken: &str,
    holder: impl Future<Output = Result<Option<I>, Error>> + Send,
) -> Error {
    if is_missing(&error) {
        return Error::not_found("workspace");
    }
    if !is_taken_name(&error, taken) {
        return error;
    }
    match holder.await {
        Ok(Some(id)) => Error::already_exists(what, id),
        Ok(None) => error,
        Err(error) => error,
    }
}

fn is_taken_name(error: &Error, constraint: &str) -> bool {
    error.stored().is_some_and(|stored| {
        stored.kind() == store::ErrorKind::Conflict && stored.constraint() == Some(constraint)
    })
}

fn is_missing(error: &Error) -> bool {
    error.stored().map(store::Error::kind) == Some(store::ErrorKind::ForeignKey)
}

/// Something else refers to what was to be deleted.
fn in_use(error: Error) -> Error {
    if is_missing(&error) {
        refused(
            "id",
            "in_use",
            "something is booked or linked with it; deactivate it instead",
        )
    } else {
        error
    }
}

/// Every statement of the folder, by module.
#[cfg(test)]
pub(crate) const STATEMENTS: [(&str, &[(&str, &str)]); 10] = [
    ("scheduling::busy", busy::ALL),
    ("scheduling::exceptions", exceptions::ALL),
    ("scheduling::holidays", holidays::ALL),
    ("scheduling::hours", hours::ALL),
    ("scheduling::links", links::ALL),
    ("scheduling::names", names::ALL),
    ("scheduling::professionals", professionals::ALL),
    ("scheduling::rooms", rooms::ALL),
    ("scheduling::offerings", offerings::ALL),
    ("scheduling::taken", taken::ALL),
];
