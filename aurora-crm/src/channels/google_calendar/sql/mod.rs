//! All SQL of calendars.

pub(super) mod channels;
pub(super) mod events;
pub(super) mod links;

/// Every statement of calendars.
#[cfg(test)]
pub(crate) const STATEMENTS: [(&str, &[(&str, &str)]); 3] = [
    ("google_calendar::links", links::ALL),
    ("google_calendar::channels", channels::ALL),
    ("google_calendar::events", events::ALL),
];
