use serde_json::{Map, Value};

use super::{rows, subjects};
use crate::context::Context;
use crate::error::Error;
use crate::privacy::DataSubject;
use crate::privacy::registry::{Document, holdings};
use crate::store::{Store, reading, writing};

/// The rows of a document.
pub(in crate::privacy) type Rows = Vec<Map<String, Value>>;

/// All documents of a subject, as they are at one moment, with at most `limit` rows each.
pub(in crate::privacy) async fn documents(
    store: &Store,
    context: &Context,
    subject: DataSubject,
    limit: i64,
) -> Result<Vec<(&'static Document, Rows)>, Error> {
    reading!(store, context, |tx| {
        subjects::check_person_in(&mut (&mut *tx).into(), context, subject).await?;
        let mut documents = Vec::new();
        for document in holdings().filter_map(|holding| holding.document.as_ref()) {
            let found = sqlx::query(document.statement)
                .bind(context.workspace)
                .bind(subject.uuid())
                .bind(limit)
                .fetch_all(&mut *tx)
                .await?;
            let read: Result<Rows, sqlx::Error> = found
                .iter()
                .map(|row| rows::read(row, document.columns))
                .collect();
            documents.push((document, read?));
        }
        Ok(documents)
    })
}

/// Writes down that a copy was made.
pub(in crate::privacy) async fn record(
    store: &Store,
    context: &Context,
    subject: DataSubject,
    rows: usize,
    manifest_hash: &str,
) -> Result<(), Error> {
    let now = store.now();
    let record = subjects::record("subject.exported", subject, now)
        .detail("rows", rows)
        .detail("manifest_sha256", manifest_hash);
    writing!(store, context, |tx| {
        store
            .record(&mut (&mut *tx).into(), context, now, &[record])
            .await?;
        Ok(())
    })
}
