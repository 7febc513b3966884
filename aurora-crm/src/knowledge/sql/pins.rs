//! Which answers stand in for which questions.

use std::collections::HashMap;

use aurora_core::store::{Connection, execute_on, on_connection};
use sqlx::AssertSqlSafe;
use sqlx::types::Json;

use super::feedback;
use crate::context::Context;
use crate::error::Error;
use crate::knowledge::{ChunkId, DocumentId};
use crate::store::placeholders::places;

aurora_core::store::statements! {
    IN_FORCE = "select document_version from knowledge_pins where workspace_id = $1 and document_id = $2
        and replaced_in is null and reverted_in is null";
    REPLACE = "update knowledge_pins set replaced_in = $3 where workspace_id = $1 and document_id = $2
        and replaced_in is null and reverted_in is null";
    PIN = "insert into knowledge_pins (workspace_id, document_id, document_version, title, terms, version, since)
        values ($1, $2, $3, $4, $5, $6, $6)";
}

/// The question of a correction, and whether it was taken back.
#[derive(Debug, Clone)]
pub(in crate::knowledge) struct Pin {
    pub(in crate::knowledge) terms: Vec<String>,
    pub(in crate::knowledge) is_reverted: bool,
}

pub(super) async fn is_pinned(
    tx: &mut Connection<'_>,
    context: &Context,
    document: DocumentId,
) -> Result<bool, Error> {
    let version: Option<i64> = on_connection!(tx, |tx| sqlx::query_scalar(IN_FORCE)
        .bind(context.workspace)
        .bind(document)
        .fetch_optional(&mut *tx))?;
    Ok(version.is_some())
}

/// Lets a version of a correction answer a question; in the transaction that writes the correction.
pub(super) async fn pin(
    tx: &mut Connection<'_>,
    context: &Context,
    (document, document_version): (DocumentId, i64),
    title: &str,
    terms: &[String],
) -> Result<(), Error> {
    let version = feedback::next(tx, context).await?;
    execute_on!(
        tx,
        sqlx::query(REPLACE)
            .bind(context.workspace)
            .bind(document)
            .bind(version)
    )?;
    execute_on!(
        tx,
        sqlx::query(PIN)
            .bind(context.workspace)
            .bind(document)
            .bind(document_version)
            .bind(title)
            .bind(Json(terms))
            .bind(version)
    )?;
    Ok(())
}

/// The pins of candidates that are corrections.
pub(in crate::knowledge) async fn pins(
    tx: &mut Connection<'_>,
    context: &Context,
    chunks: &[ChunkId],
) -> Result<HashMap<ChunkId, Pin>, Error> {
    if chunks.is_empty() {
        return Ok(HashMap::new());
    }
    let sql = format!(
        "select c.id, p.terms from knowledge_chunks c
            join knowledge_documents d on d.workspace_id = $1 and d.id = c.document_id and d.source_kind = 'correction'
            left join knowledge_pins p on p.workspace_id = $1 and p.document_id = c.document_id
                and p.replaced_in is null and p.reverted_in is null
            where c.workspace_id = $1 and c.id in ({})",
        places(2, chunks.len())
    );
    let rows: Vec<(ChunkId, Option<Json<Vec<String>>>)> = on_connection!(tx, |tx| {
        let mut query = sqlx::query_as(AssertSqlSafe(sql.as_str())).bind(context.workspace);
        for id in chunks {
            query = query.bind(*id);
        }
        query.fetch_all(&mut *tx)
    })?;
    let pins = rows.into_iter().map(|(chunk, terms)| {
        let is_reverted = terms.is_none();
        let terms = terms.map(|terms| terms.0).unwrap_or_default();
        (chunk, Pin { terms, is_reverted })
    });
    Ok(pins.collect())
}
