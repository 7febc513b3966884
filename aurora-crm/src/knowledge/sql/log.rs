//! What changed the feedback, version by version.

use aurora_core::page::{Page, PageRequest};
use aurora_core::store;
use aurora_core::time::Timestamp;

use crate::clients::wrong_cursor;
use crate::context::Context;
use crate::error::Error;
use crate::knowledge::{ChunkId, DocumentId, FeedbackEntry};
use crate::store::{Store, reading};

aurora_core::store::statements! {
    /// As they were given: what goes back or forth makes copies that begin in a later version.
    RATINGS = "select f.version, f.at, f.rated_by, f.kind, f.chunk_id, d.id, d.title,
            (select count(*) from knowledge_feedback n where n.workspace_id = $1 and n.id = f.id
                and n.replaced_in is null and n.reverted_in is null)
        from knowledge_feedback f
        join knowledge_chunks c on c.workspace_id = $1 and c.id = f.chunk_id
        join knowledge_documents d on d.workspace_id = $1 and d.id = c.document_id
        where f.workspace_id = $1 and f.since < $2 and f.since = f.version order by f.since desc limit $3";
    CORRECTIONS = "select p.version, v.created_at, p.document_id, p.title,
            (select count(*) from knowledge_pins n where n.workspace_id = $1 and n.document_id = p.document_id
                and n.version = p.version and n.replaced_in is null and n.reverted_in is null)
        from knowledge_pins p
        join knowledge_versions v on v.workspace_id = $1 and v.document_id = p.document_id
            and v.version = p.document_version
        where p.workspace_id = $1 and p.since < $2 and p.since = p.version order by p.since desc limit $3";
}

type Rated = (i64, Timestamp, String, String, ChunkId, DocumentId, String, i64);
type Corrected = (i64, Timestamp, DocumentId, String, i64);

/// One page of what is still there of it, the newest first.
pub(in crate::knowledge) async fn page(
    store: &Store,
    context: &Context,
    request: &PageRequest,
) -> Result<Page<FeedbackEntry>, Error> {
    let scope = format!("knowledge/{}/feedback", context.workspace);
    let before: i64 = match request.cursor() {
        Some(cursor) => cursor.key(&scope).map_err(wrong_cursor)?,
        None => i64::MAX,
    };
    let most = i64::from(request.limit()) + 1;
    let (rated, corrected) = reading!(store, context, |tx| {
        let rated: Vec<Rated> = sqlx::query_as(RATINGS)
            .bind(context.workspace)
            .bind(before)
            .bind(most)
            .fetch_all(&mut *tx)
            .await?;
        let corrected: Vec<Corrected> = sqlx::query_as(CORRECTIONS)
            .bind(context.workspace)
            .bind(before)
            .bind(most)
            .fetch_all(&mut *tx)
            .await?;
        Ok((rated, corrected))
    })?;
    let ratings = rated.into_iter().map(of_rating);
    let mut entries = ratings.collect::<Result<Vec<_>, store::Error>>()?;
    entries.extend(corrected.into_iter().map(of_correction));
    entries.sort_unstable_by_key(|entry| std::cmp::Reverse(entry.version));
    Page::from_rows(entries, request, &scope, |entry| entry.version).map_err(wrong_cursor)
}

fn of_rating(
    (version, at, by, kind, chunk, document_id, title, in_force): Rated,
) -> Result<FeedbackEntry, store::Error> {
    Ok(FeedbackEntry {
        version,
        at,
        by: Some(by),
        rating: Some(kind.parse().map_err(store::Error::corrupt)?),
        chunk_id: Some(chunk),
        document_id,
        title,
        is_in_force: in_force > 0,
    })
}

fn of_correction((version, at, document_id, title, in_force): Corrected) -> FeedbackEntry {
    FeedbackEntry {
        version,
        at,
        by: None,
        rating: None,
        chunk_id: None,
        document_id,
        title,
        is_in_force: in_force > 0,
    }
}
