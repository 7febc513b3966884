//! Chunks of a document and their terms.

use std::collections::{BTreeMap, BTreeSet};

use aurora_core::store::{Connection, execute_on, on_connection};
use sqlx::AssertSqlSafe;
use sqlx::types::{Json, Uuid};

use super::batch::rows;
use super::scopes;
use crate::context::Context;
use crate::error::Error;
use crate::knowledge::{Chunk, ChunkId, DocumentId};
use crate::store::placeholders::values;

aurora_core::store::statements! {
    OF_DOCUMENT = "select id, document_id, ordinal, start_byte, end_byte, headings, text from knowledge_chunks
        where workspace_id = $1 and document_id = $2 order by ordinal limit 10000";
    IDS = "select id, words from knowledge_chunks where workspace_id = $1 and document_id = $2";
    MOVE = "update knowledge_chunks set ordinal = $3, start_byte = $4, end_byte = $5, headings = $6
        where workspace_id = $1 and id = $2";
    /// One chunk less has each of its terms.
    FORGET_TERMS = "update knowledge_terms set chunks = chunks - 1 where workspace_id = $1 and scope_id = $2
        and term in (select p.term from knowledge_postings p where p.workspace_id = $1 and p.chunk_id = $3)";
    DROP_TERMS = "delete from knowledge_terms where workspace_id = $1 and scope_id = $2 and chunks <= 0";
    FORGET_POSTINGS = "delete from knowledge_postings where workspace_id = $1 and chunk_id = $2";
    FORGET_VECTOR = "delete from knowledge_vectors where workspace_id = $1 and chunk_id = $2";
    SET_WORDS = "update knowledge_chunks set words = $3 where workspace_id = $1 and id = $2";
    /// Terms, vector and ratings go with it.
    DELETE = "delete from knowledge_chunks where workspace_id = $1 and id = $2";
}

#[derive(Debug, sqlx::FromRow)]
pub(super) struct Row {
    id: ChunkId,
    document_id: DocumentId,
    ordinal: i64,
    start_byte: i64,
    end_byte: i64,
    headings: Json<Vec<String>>,
    text: String,
}

impl From<Row> for Chunk {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            document_id: row.document_id,
            ordinal: u32::try_from(row.ordinal).unwrap_or(u32::MAX),
            start: usize::try_from(row.start_byte).unwrap_or_default(),
            end: usize::try_from(row.end_byte).unwrap_or_default(),
            headings: row.headings.0,
            text: row.text,
        }
    }
}

/// A chunk to be stored.
#[derive(Debug)]
pub(in crate::knowledge) struct Draft {
    pub(in crate::knowledge) id: ChunkId,
    pub(in crate::knowledge) ordinal: u32,
    pub(in crate::knowledge) start: usize,
    pub(in crate::knowledge) end: usize,
    pub(in crate::knowledge) headings: Vec<String>,
    pub(in crate::knowledge) text: String,
    pub(in crate::knowledge) terms: BTreeMap<String, i64>,
}

impl Draft {
    fn words(&self) -> i64 {
        self.terms.values().sum()
    }
}

pub(super) async fn of_document(
    tx: &mut Connection<'_>,
    context: &Context,
    document: DocumentId,
) -> Result<Vec<Chunk>, Error> {
    let rows: Vec<Row> = on_connection!(tx, |tx| sqlx::query_as(OF_DOCUMENT)
        .bind(context.workspace)
        .bind(document)
        .fetch_all(&mut *tx))?;
    Ok(rows.into_iter().map(Chunk::from).collect())
}

/// Puts these chunks in place of those that there are; the scope is locked. One that is there already keeps its ratings, and
/// its terms and vector unless it is read anew.
pub(super) async fn replace(
    tx: &mut Connection<'_>,
    context: &Context,
    scope: Uuid,
    document: DocumentId,
    drafts: &[Draft],
    anew: bool,
) -> Result<(), Error> {
    let stored: Vec<(ChunkId, i64)> = on_connection!(tx, |tx| sqlx::query_as(IDS)
        .bind(context.workspace)
        .bind(document)
        .fetch_all(&mut *tx))?;
    let wanted: BTreeSet<ChunkId> = drafts.iter().map(|draft| draft.id).collect();
    let known: BTreeMap<ChunkId, i64> = stored.iter().copied().collect();
    let gone: Vec<(ChunkId, i64)> = stored
        .into_iter()
        .filter(|(id, _)| !wanted.contains(id))
        .collect();
    delete(tx, context, scope, &gone).await?;
    let new: Vec<&Draft> = drafts
        .iter()
        .filter(|draft| !known.contains_key(&draft.id))
        .collect();
    insert(tx, context, (scope, document), &new).await?;
    let mut words: i64 = new.iter().map(|draft| draft.words()).sum();
    scopes::count(tx, context, scope, signed(new.len()), 0).await?;
    let mut read = new;
    for draft in drafts {
        let Some(before) = known.get(&draft.id) else {
            continue;
        };
        move_one(tx, context, draft).await?;
        if anew {
            forget_terms(tx, context, scope, draft).await?;
            words += draft.words() - before;
            read.push(draft);
        }
    }
    insert_postings(tx, context, scope, &read).await?;
    insert_terms(tx, context, scope, &read).await?;
    execute_on!(tx, sqlx::query(DROP_TERMS).bind(context.workspace).bind(scope))?;
    scopes::count(tx, context, scope, 0, words).await?;
    if anew {
        scopes::count_vectors(tx, context, scope).await?;
    }
    Ok(())
}

async fn forget_terms(
    tx: &mut Connection<'_>,
    context: &Context,
    scope: Uuid,
    draft: &Draft,
) -> Result<(), Error> {
    let id = draft.id;
    execute_on!(
        tx,
        sqlx::query(FORGET_TERMS)
            .bind(context.workspace)
            .bind(scope)
            .bind(id)
    )?;
    for statement in [FORGET_POSTINGS, FORGET_VECTOR] {
        execute_on!(tx, sqlx::query(statement).bind(context.workspace).bind(id))?;
    }
    execute_on!(
        tx,
        sqlx::query(SET_WORDS)
            .bind(context.workspace)
            .bind(id)
            .bind(draft.words())
    )?;
    Ok(())
}

/// Takes everything of a document out of the index.
pub(super) async fn clear(
    tx: &mut Connection<'_>,
    context: &Context,
    scope: Uuid,
    document: DocumentId,
) -> Result<(), Error> {
    replace(tx, context, scope, document, &[], false).await
}

async fn delete(
    tx: &mut Connection<'_>,
    context: &Context,
    scope: Uuid,
    gone: &[(ChunkId, i64)],
) -> Result<(), Error> {
    for (id, _) in gone {
        execute_on!(
            tx,
            sqlx::query(FORGET_TERMS)
                .bind(context.workspace)
                .bind(scope)
                .bind(*id)
        )?;
        execute_on!(tx, sqlx::query(DELETE).bind(context.workspace).bind(*id))?;
    }
    if !gone.is_empty() {
        let words: i64 = gone.iter().map(|(_, words)| *words).sum();
        scopes::count(tx, context, scope, -signed(gone.len()), -words).await?;
        scopes::count_vectors(tx, context, scope).await?;
    }
    Ok(())
}

async fn move_one(tx: &mut Connection<'_>, context: &Context, chunk: &Draft) -> Result<(), Error> {
    execute_on!(
        tx,
        sqlx::query(MOVE)
            .bind(context.workspace)
            .bind(chunk.id)
            .bind(i64::from(chunk.ordinal))
            .bind(signed(chunk.start))
            .bind(signed(chunk.end))
            .bind(Json(&chunk.headings))
    )?;
    Ok(())
}

async fn insert(
    tx: &mut Connection<'_>,
    context: &Context,
    (scope, document): (Uuid, DocumentId),
    new: &[&Draft],
) -> Result<(), Error> {
    const WIDTH: usize = 10;
    for some in new.chunks(rows(WIDTH)) {
        let sql = format!(
            "insert into knowledge_chunks (workspace_id, id, document_id, scope_id, ordinal, start_byte, end_byte,
                headings, text, words) values {}",
            values(some.len(), WIDTH)
        );
        execute_on!(tx, {
            let mut query = sqlx::query(AssertSqlSafe(sql.as_str()));
            for draft in some {
                query = query
                    .bind(context.workspace)
                    .bind(draft.id)
                    .bind(document)
                    .bind(scope)
                    .bind(i64::from(draft.ordinal))
                    .bind(signed(draft.start))
                    .bind(signed(draft.end))
                    .bind(Json(&draft.headings))
                    .bind(&draft.text)
                    .bind(draft.words());
            }
            query
        })?;
    }
    Ok(())
}

async fn insert_postings(
    tx: &mut Connection<'_>,
    context: &Context,
    scope: Uuid,
    new: &[&Draft],
) -> Result<(), Error> {
    const WIDTH: usize = 6;
    let postings: Vec<(ChunkId, i64, &String, i64)> = new
        .iter()
        .flat_map(|draft| {
            let (id, words) = (draft.id, draft.words());
            draft
                .terms
                .iter()
                .map(move |(term, frequency)| (id, words, term, *frequency))
        })
        .collect();
    for some in postings.chunks(rows(WIDTH)) {
        let sql = format!(
            "insert into knowledge_postings (workspace_id, scope_id, term, chunk_id, frequency, words) values {}",
            values(some.len(), WIDTH)
        );
        execute_on!(tx, {
            let mut query = sqlx::query(AssertSqlSafe(sql.as_str()));
            for (chunk, words, term, frequency) in some {
                query = query
                    .bind(context.workspace)
                    .bind(scope)
                    .bind(*term)
                    .bind(*chunk)
                    .bind(*frequency)
                    .bind(*words);
            }
            query
        })?;
    }
    Ok(())
}

async fn insert_terms(
    tx: &mut Connection<'_>,
    context: &Context,
    scope: Uuid,
    new: &[&Draft],
) -> Result<(), Error> {
    const WIDTH: usize = 4;
    let mut counts: BTreeMap<&String, i64> = BTreeMap::new();
    for term in new.iter().flat_map(|draft| draft.terms.keys()) {
        *counts.entry(term).or_default() += 1;
    }
    let counts: Vec<(&String, i64)> = counts.into_iter().collect();
    for some in counts.chunks(rows(WIDTH)) {
        let sql = format!(
            "insert into knowledge_terms (workspace_id, scope_id, term, chunks) values {}
                on conflict (workspace_id, scope_id, term) do update set chunks = knowledge_terms.chunks + excluded.chunks",
            values(some.len(), WIDTH)
        );
        execute_on!(tx, {
            let mut query = sqlx::query(AssertSqlSafe(sql.as_str()));
            for (term, chunks) in some {
                query = query
                    .bind(context.workspace)
                    .bind(scope)
                    .bind(*term)
                    .bind(*chunks);
            }
            query
        })?;
    }
    Ok(())
}

pub(super) fn signed(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
