//! Pages of files.

use aurora_core::id::Id;
use aurora_core::page::{InvalidCursor, Page, PageRequest};
use aurora_core::time::Timestamp;
use sqlx::types::Uuid;

use super::row::Row;
use super::{NEWEST, NEWEST_OF_SUBJECT, NEWEST_WITHOUT};
use crate::clients::wrong_cursor;
use crate::context::Context;
use crate::error::Error;
use crate::files::{File, FileFilter, FileId};
use crate::store::{END_OF_TIME, Store, TIMES, reading};

pub(in crate::files) async fn page(
    store: &Store,
    context: &Context,
    filter: &FileFilter,
    request: &PageRequest,
) -> Result<Page<File>, Error> {
    let subject = filter.subject.as_ref();
    let scope = match subject {
        Some(subject) => format!("files/{}/{subject}", context.workspace),
        None => format!("files/{}", context.workspace),
    };
    let (micros, id): (i64, FileId) = match request.cursor() {
        Some(cursor) => cursor.key(&scope).map_err(wrong_cursor)?,
        None => (END_OF_TIME.as_micros(), Id::from_uuid(Uuid::max())),
    };
    // Anybody can forge a cursor, and PostgreSQL does not take every time.
    if !TIMES.contains(&micros) {
        return Err(wrong_cursor(InvalidCursor));
    }
    if subject.is_some_and(|subject| filter.without.contains(&subject.kind())) {
        return Ok(Page {
            items: Vec::new(),
            next: None,
        });
    }
    let limit = i64::from(request.limit()) + 1;
    let statement = match subject {
        Some(_) => NEWEST_OF_SUBJECT,
        None if filter.without.is_empty() => NEWEST,
        None => NEWEST_WITHOUT,
    };
    let rows: Vec<Row> = reading!(store, context, |tx| {
        let query = sqlx::query_as(statement).bind(context.workspace);
        let query = query.bind(Timestamp::from_micros(micros)).bind(id).bind(limit);
        let query = match subject {
            Some(subject) => query.bind(&subject.kind).bind(subject.id),
            None if filter.without.is_empty() => query,
            None => query.bind(format!(",{},", filter.without.join(","))),
        };
        Ok(query.fetch_all(&mut *tx).await?)
    })?;
    let key = |row: &Row| (row.created_at.as_micros(), row.id);
    let Page { items, next } = Page::from_rows(rows, request, &scope, key).map_err(wrong_cursor)?;
    let items: Result<_, Error> = items.into_iter().map(|row| Ok(row.read()?.0)).collect();
    Ok(Page { items: items?, next })
}
