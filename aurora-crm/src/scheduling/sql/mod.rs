//! The rows of scheduling.

pub(super) mod busy;
pub(super) mod exceptions;
pub(super) mod holidays;
pub(super) mod hours;
pub(super) mod links;
pub(super) mod offerings;
pub(super) mod professionals;
pub(super) mod rooms;
pub(super) mod slots;
pub(super) mod taken;

use aurora_core::store;

use crate::error::Error;
use crate::leads::refused;

/// What a refusal of the database means where rows are made or changed: the other one of the name is looked for by the
/// caller.
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
pub(crate) const STATEMENTS: [(&str, &[(&str, &str)]); 9] = [
    ("scheduling::busy", busy::ALL),
    ("scheduling::exceptions", exceptions::ALL),
    ("scheduling::holidays", holidays::ALL),
    ("scheduling::hours", hours::ALL),
    ("scheduling::links", links::ALL),
    ("scheduling::professionals", professionals::ALL),
    ("scheduling::rooms", rooms::ALL),
    ("scheduling::offerings", offerings::ALL),
    ("scheduling::taken", taken::ALL),
];
