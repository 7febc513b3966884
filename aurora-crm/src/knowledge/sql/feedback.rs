//! Ratings.

use std::collections::HashMap;

use aurora_core::store::{self, Connection, execute_on, on_connection};
use aurora_core::time::Timestamp;
use sha2::{Digest as _, Sha256};
use sqlx::AssertSqlSafe;
use sqlx::types::Json;

use crate::context::Context;
use crate::error::Error;
use crate::journal::Record;
use crate::knowledge::{ChunkId, DocumentId, FeedbackId, FeedbackState, Rating, RatingKind};
use crate::store::placeholders::places;
use crate::store::{Store, reading, writing};

aurora_core::store::statements! {
    ADD_STATE = "insert into knowledge_feedback_states (workspace_id, version) values ($1, 0) on conflict do nothing";
    /// Whoever changes feedback holds this row.
    NEXT = "update knowledge_feedback_states set version = version + 1 where workspace_id = $1 returning version";
    STATE = "select version from knowledge_feedback_states where workspace_id = $1";
    COUNTS = "select count(*), coalesce(sum(case when f.reverted_in is null then 0 else 1 end), 0) from knowledge_feedback f
        where f.workspace_id = $1 and f.replaced_in is null and not exists (select 1 from knowledge_feedback n
            where n.workspace_id = $1 and n.id = f.id and n.since > f.since)";
    /// Only if it is still at the version that was read.
    NEXT_AFTER = "update knowledge_feedback_states set version = version + 1 where workspace_id = $1 and version = $2
        returning version";
    CHUNK = "select document_id from knowledge_chunks where workspace_id = $1 and id = $2";
    REPLACE = "update knowledge_feedback set replaced_in = $5 where workspace_id = $1 and chunk_id = $2 and rated_by = $3
        and terms_hash = $4 and replaced_in is null and reverted_in is null";
    RATE = "insert into knowledge_feedback (workspace_id, id, chunk_id, kind, terms, terms_hash, rated_by, version, since, at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9)";
    /// Each as it is now: what was replaced is not told.
    OF_CHUNK = "select f.id, f.chunk_id, f.kind, f.version, f.reverted_in, f.at from knowledge_feedback f
        where f.workspace_id = $1 and f.chunk_id = $2 and f.replaced_in is null and not exists (select 1
            from knowledge_feedback n where n.workspace_id = $1 and n.id = f.id and n.since > f.since)
        order by f.version desc limit 200";
}

/// A rating as a search weighs it.
#[derive(Debug, Clone)]
pub(in crate::knowledge) struct Weighed {
    pub(in crate::knowledge) kind: RatingKind,
    pub(in crate::knowledge) terms: Vec<String>,
    pub(in crate::knowledge) at: Timestamp,
}

#[derive(Debug, sqlx::FromRow)]
struct RatingRow {
    id: FeedbackId,
    chunk_id: ChunkId,
    kind: String,
    version: i64,
    reverted_in: Option<i64>,
    at: Timestamp,
}

/// The next version of the workspace's feedback; nobody else changes it until the transaction ends.
pub(super) async fn next(tx: &mut Connection<'_>, context: &Context) -> Result<i64, Error> {
    execute_on!(tx, sqlx::query(ADD_STATE).bind(context.workspace))?;
    Ok(on_connection!(tx, |tx| sqlx::query_scalar(NEXT)
        .bind(context.workspace)
        .fetch_one(&mut *tx))?)
}

/// The version after one, unless there is another by now.
pub(super) async fn next_after(
    tx: &mut Connection<'_>,
    context: &Context,
    version: i64,
) -> Result<Option<i64>, Error> {
    execute_on!(tx, sqlx::query(ADD_STATE).bind(context.workspace))?;
    Ok(on_connection!(tx, |tx| sqlx::query_scalar(NEXT_AFTER)
        .bind(context.workspace)
        .bind(version)
        .fetch_optional(&mut *tx))?)
}

/// The version of the workspace's feedback.
pub(super) async fn version(tx: &mut Connection<'_>, context: &Context) -> Result<i64, Error> {
    let version: Option<i64> = on_connection!(tx, |tx| sqlx::query_scalar(STATE)
        .bind(context.workspace)
        .fetch_optional(&mut *tx))?;
    Ok(version.unwrap_or_default())
}

pub(in crate::knowledge) async fn rate(
    store: &Store,
    context: &Context,
    chunk: ChunkId,
    kind: RatingKind,
    terms: &[String],
) -> Result<Rating, Error> {
    let now = store.now();
    let hash = Sha256::digest(terms.join(" ").as_bytes()).to_vec();
    writing!(store, context, |tx| {
        let tx = &mut Connection::from(&mut *tx);
        let document: Option<DocumentId> = on_connection!(tx, |tx| sqlx::query_scalar(CHUNK)
            .bind(context.workspace)
            .bind(chunk)
            .fetch_optional(&mut *tx))?;
        let document = document.ok_or(Error::not_found("chunk"))?;
        let version = next(tx, context).await?;
        execute_on!(
            tx,
            sqlx::query(REPLACE)
                .bind(context.workspace)
                .bind(chunk)
                .bind(&context.principal)
                .bind(hash.as_slice())
                .bind(version)
        )?;
        let id = FeedbackId::new(now);
        execute_on!(
            tx,
            sqlx::query(RATE)
                .bind(context.workspace)
                .bind(id)
                .bind(chunk)
                .bind(kind.as_str())
                .bind(Json(terms))
                .bind(hash.as_slice())
                .bind(&context.principal)
                .bind(version)
                .bind(now)
        )?;
        let record = Record::new("knowledge.rated", "knowledge_document", document, now)
            .with("rating", kind.as_str())
            .with("version", version);
        store.record(tx, context, now, &[record]).await?;
        Ok(Rating {
            id,
            chunk_id: chunk,
            kind,
            version,
            is_reverted: false,
            at: now,
        })
    })
}

pub(in crate::knowledge) async fn of_chunk(
    store: &Store,
    context: &Context,
    chunk: ChunkId,
) -> Result<Vec<Rating>, Error> {
    let rows: Vec<RatingRow> = reading!(store, context, |tx| {
        Ok(sqlx::query_as(OF_CHUNK)
            .bind(context.workspace)
            .bind(chunk)
            .fetch_all(&mut *tx)
            .await?)
    })?;
    let ratings = rows.into_iter().map(|row| {
        Ok(Rating {
            id: row.id,
            chunk_id: row.chunk_id,
            kind: row.kind.parse().map_err(store::Error::corrupt)?,
            version: row.version,
            is_reverted: row.reverted_in.is_some(),
            at: row.at,
        })
    });
    ratings.collect()
}

pub(in crate::knowledge) async fn state(store: &Store, context: &Context) -> Result<FeedbackState, Error> {
    reading!(store, context, |tx| {
        let version = version(&mut (&mut *tx).into(), context).await?;
        let (ratings, reverted): (i64, i64) = sqlx::query_as(COUNTS)
            .bind(context.workspace)
            .fetch_one(&mut *tx)
            .await?;
        Ok(FeedbackState {
            version,
            ratings,
            reverted,
        })
    })
}

/// The ratings in force of candidates, the newest 5,000.
pub(in crate::knowledge) async fn of_candidates(
    tx: &mut Connection<'_>,
    context: &Context,
    chunks: &[ChunkId],
) -> Result<HashMap<ChunkId, Vec<Weighed>>, Error> {
    let mut found: HashMap<ChunkId, Vec<Weighed>> = HashMap::new();
    if chunks.is_empty() {
        return Ok(found);
    }
    let sql = format!(
        "select chunk_id, kind, terms, at from knowledge_feedback where workspace_id = $1 and chunk_id in ({})
            and replaced_in is null and reverted_in is null order by version desc limit 5000",
        places(2, chunks.len())
    );
    let rows: Vec<(ChunkId, String, Json<Vec<String>>, Timestamp)> = on_connection!(tx, |tx| {
        let mut query = sqlx::query_as(AssertSqlSafe(sql.as_str())).bind(context.workspace);
        for id in chunks {
            query = query.bind(*id);
        }
        query.fetch_all(&mut *tx)
    })?;
    for (chunk, kind, terms, at) in rows {
        let kind = kind.parse().map_err(store::Error::corrupt)?;
        found.entry(chunk).or_default().push(Weighed {
            kind,
            terms: terms.0,
            at,
        });
    }
    Ok(found)
}
