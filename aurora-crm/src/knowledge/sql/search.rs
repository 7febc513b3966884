//! What candidates of a search are.

use std::collections::{HashMap, HashSet};

use aurora_core::store::{Connection, on_connection};
use sqlx::AssertSqlSafe;
use sqlx::types::{Json, Uuid};

use super::documents::source;
use super::scopes::Scope;
use crate::context::Context;
use crate::error::Error;
use crate::knowledge::{Chunk, ChunkId, Citation, DocumentFilter, DocumentId, Language, SourceKind};
use crate::store::placeholders::places;

aurora_core::store::statements! {
    /// The chunks that a filter lets through.
    FILTERED = "select c.id, c.document_id from knowledge_chunks c
        join knowledge_documents d on d.workspace_id = $1 and d.id = c.document_id
        where c.workspace_id = $1 and c.scope_id = $2 and (d.source_kind = $3 or $3 is null)
            and (d.language = $4 or $4 is null)";
    OF_DOCUMENT = "select id, document_id from knowledge_chunks where workspace_id = $1 and scope_id = $2
        and document_id = $3";
}

/// The chunks that a filter lets through; `None` for all.
pub(in crate::knowledge) async fn filtered(
    tx: &mut Connection<'_>,
    context: &Context,
    scopes: &[Scope],
    filter: &DocumentFilter,
) -> Result<Option<HashSet<ChunkId>>, Error> {
    if filter.is_all() {
        return Ok(None);
    }
    let mut found: HashSet<ChunkId> = HashSet::new();
    for scope in scopes {
        let by_kind = filter.source.is_some() || filter.language.is_some();
        let kept: Option<HashSet<ChunkId>> = if by_kind {
            let rows: Vec<(ChunkId, DocumentId)> = on_connection!(tx, |tx| sqlx::query_as(FILTERED)
                .bind(context.workspace)
                .bind(scope.id)
                .bind(filter.source.map(SourceKind::as_str))
                .bind(filter.language.map(Language::as_str))
                .fetch_all(&mut *tx))?;
            Some(rows.into_iter().map(|(chunk, _)| chunk).collect())
        } else {
            None
        };
        if filter.documents.is_empty() {
            found.extend(kept.unwrap_or_default());
            continue;
        }
        for document in &filter.documents {
            let rows: Vec<(ChunkId, DocumentId)> = on_connection!(tx, |tx| sqlx::query_as(OF_DOCUMENT)
                .bind(context.workspace)
                .bind(scope.id)
                .bind(*document)
                .fetch_all(&mut *tx))?;
            let chunks = rows.into_iter().map(|(chunk, _)| chunk);
            found.extend(chunks.filter(|chunk| kept.as_ref().is_none_or(|kept| kept.contains(chunk))));
        }
    }
    Ok(Some(found))
}

/// A chunk with all that is shown of it.
#[derive(Debug, Clone)]
pub(in crate::knowledge) struct Shown {
    pub(in crate::knowledge) chunk: Chunk,
    pub(in crate::knowledge) citation: Citation,
}

#[derive(Debug, sqlx::FromRow)]
struct Row {
    id: ChunkId,
    document_id: DocumentId,
    ordinal: i64,
    start_byte: i64,
    end_byte: i64,
    headings: Json<Vec<String>>,
    text: String,
    title: String,
    source_kind: String,
    source_ref: Option<String>,
    version: i64,
}

/// What is shown of chunks; of those that are gone meanwhile, or are not in one of these scopes, nothing.
pub(in crate::knowledge) async fn show(
    tx: &mut Connection<'_>,
    context: &Context,
    scopes: &[Scope],
    chunks: &[ChunkId],
) -> Result<HashMap<ChunkId, Shown>, Error> {
    const AT_ONCE: usize = 200;
    let mut shown = HashMap::with_capacity(chunks.len());
    for some in chunks.chunks(AT_ONCE) {
        let sql = format!(
            "select c.id, c.document_id, c.ordinal, c.start_byte, c.end_byte, c.headings, c.text, d.title, d.source_kind,
                d.source_ref, d.version
            from knowledge_chunks c join knowledge_documents d on d.workspace_id = $1 and d.id = c.document_id
            where c.workspace_id = $1 and c.id in ({}) and c.scope_id in ({})",
            places(2, some.len()),
            places(2 + some.len(), scopes.len().max(1)),
        );
        let rows: Vec<Row> = on_connection!(tx, |tx| {
            let mut query = sqlx::query_as(AssertSqlSafe(sql.as_str())).bind(context.workspace);
            for id in some {
                query = query.bind(*id);
            }
            for scope in scopes {
                query = query.bind(scope.id);
            }
            if scopes.is_empty() {
                query = query.bind(Uuid::nil());
            }
            query.fetch_all(&mut *tx)
        })?;
        for row in rows {
            shown.insert(row.id, row.shown()?);
        }
    }
    Ok(shown)
}

impl Row {
    fn shown(self) -> Result<Shown, Error> {
        let chunk = Chunk {
            id: self.id,
            document_id: self.document_id,
            ordinal: u32::try_from(self.ordinal).unwrap_or(u32::MAX),
            start: usize::try_from(self.start_byte).unwrap_or_default(),
            end: usize::try_from(self.end_byte).unwrap_or_default(),
            headings: self.headings.0,
            text: self.text,
        };
        let citation = Citation {
            document_id: self.document_id,
            version: self.version,
            chunk_id: self.id,
            title: self.title,
            source: source(&self.source_kind, self.source_ref)?,
            headings: chunk.headings.clone(),
            start: chunk.start,
            end: chunk.end,
            quote: chunk.text.clone(),
        };
        Ok(Shown { chunk, citation })
    }
}
