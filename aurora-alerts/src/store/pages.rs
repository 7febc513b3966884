//! The order of the history, and what a cursor of it is good for.

use aurora_core::page::{InvalidCursor, Page, PageRequest};
use aurora_core::time::Timestamp;
use serde_json::json;

use super::{StoreError, StoreErrorKind};
use crate::history::{HistoryQuery, Record};

/// Where a record stands: by its time, and by its number where several have the same.
pub(super) type Place = (Timestamp, i64);

pub(super) fn place(record: &Record) -> Place {
    (storable(record.at), record.seq)
}

/// The place of which everything on the page lies before; `None` for the first page.
pub(super) fn start(
    engine: &str,
    query: &HistoryQuery,
    page: &PageRequest,
) -> Result<Option<Place>, StoreError> {
    let Some(cursor) = page.cursor() else {
        return Ok(None);
    };
    let (micros, seq): (i64, i64) = cursor.key(&scope(engine, query)).map_err(wrong_cursor)?;
    Ok(Some((storable(Timestamp::from_micros(micros)), seq)))
}

/// The page of up to one record more than it can hold.
pub(super) fn page(
    engine: &str,
    query: &HistoryQuery,
    page: &PageRequest,
    records: Vec<Record>,
) -> Result<Page<Record>, StoreError> {
    let key = |record: &Record| {
        let (at, seq) = place(record);
        (at.as_micros(), seq)
    };
    Page::from_rows(records, page, &scope(engine, query), key).map_err(wrong_cursor)
}

/// What every database can hold as a time; anybody can forge a cursor or ask for the year 300,000.
pub(super) fn storable(at: Timestamp) -> Timestamp {
    // 0001-01-01 and 9999-12-31
    at.clamp(
        Timestamp::from_secs(-62_135_596_800),
        Timestamp::from_secs(253_402_214_400),
    )
}

fn scope(engine: &str, query: &HistoryQuery) -> String {
    let micros = |at: Option<Timestamp>| at.map(Timestamp::as_micros);
    json!([
        "alerts/history",
        engine,
        micros(query.from),
        micros(query.to),
        query.fingerprint,
        query.rule,
        query.channel,
        query.kind,
        query.outcome
    ])
    .to_string()
}

fn wrong_cursor(_: InvalidCursor) -> StoreError {
    StoreError::new(StoreErrorKind::Invalid, "the cursor belongs to another query")
}
