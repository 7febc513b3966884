//! Knowledge as rows: the only part of it that knows sqlx.

mod batch;
pub(super) mod chunks;
pub(super) mod documents;
pub(super) mod feedback;
pub(super) mod ingest;
pub(super) mod log;
pub(super) mod pins;
pub(super) mod ranking;
pub(super) mod reverting;
pub(super) mod scopes;
pub(super) mod search;
pub(super) mod vectors;

/// Every statement, by module.
#[cfg(test)]
pub(crate) const STATEMENTS: &[(&str, &[(&str, &str)])] = &[
    ("knowledge::chunks", chunks::ALL),
    ("knowledge::documents", documents::ALL),
    ("knowledge::feedback", feedback::ALL),
    ("knowledge::ingest", ingest::ALL),
    ("knowledge::log", log::ALL),
    ("knowledge::pins", pins::ALL),
    ("knowledge::ranking", ranking::ALL),
    ("knowledge::reverting", reverting::ALL),
    ("knowledge::scopes", scopes::ALL),
    ("knowledge::search", search::ALL),
    ("knowledge::vectors", vectors::ALL),
];
