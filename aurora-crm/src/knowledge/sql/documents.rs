//! Documents, read.

use aurora_core::page::{Cursor, Page, PageRequest};
use aurora_core::store::{self, Connection, on_connection};
use aurora_core::time::Timestamp;
use sqlx::types::{Json, Uuid};

use super::chunks;
use crate::clients::{ClientId, wrong_cursor};
use crate::context::Context;
use crate::error::Error;
use crate::knowledge::reading::{Block, Normal};
use crate::knowledge::{Chunk, Document, DocumentId, DocumentStatus, DocumentVersion, ListFilter, Source};
use crate::store::{Store, reading};

/// How many rows are read at a time where each is looked at.
const BATCH: usize = 500;
/// How often rows are read for one page: what is not found among these is left to the next.
const MOST_BATCHES: usize = 20;

macro_rules! columns {
    () => {
        "id, scope_id, client_id, external_id, title, source_kind, source_ref, language, content_hash, chunks,
            embedded_model, version, created_at, updated_at"
    };
}

aurora_core::store::statements! {
    GET = concat!("select ", columns!(), " from knowledge_documents where workspace_id = $1 and id = $2");
    BY_EXTERNAL_ID = concat!("select ", columns!(), " from knowledge_documents
        where workspace_id = $1 and external_id = $2");
    /// Newest first; `$6` is the model that made the vectors, `$7` one that did not make all of them.
    PAGE = concat!("select ", columns!(), " from knowledge_documents where workspace_id = $1 and id < $2
            and (source_kind = $4 or $4 is null) and (language = $5 or $5 is null)
            and (embedded_model = $6 or $6 is null) and (embedded_model <> $7 or $7 is null or embedded_model is null)
            order by id desc limit $3");
    VERSION = "select version, content_hash, text, blocks, created_at from knowledge_versions
        where workspace_id = $1 and document_id = $2 and version = $3";
    VERSIONS = "select version, content_hash, text, blocks, created_at from knowledge_versions
        where workspace_id = $1 and document_id = $2 order by version desc limit 20";
}

/// A document as it is stored.
#[derive(Debug, sqlx::FromRow)]
pub(super) struct Row {
    pub(super) id: DocumentId,
    pub(super) scope_id: Uuid,
    client_id: Option<ClientId>,
    external_id: String,
    pub(super) title: String,
    pub(super) source_kind: String,
    source_ref: Option<String>,
    language: String,
    pub(super) content_hash: Vec<u8>,
    chunks: i64,
    embedded_model: Option<String>,
    pub(super) version: i64,
    pub(super) created_at: Timestamp,
    updated_at: Timestamp,
}

impl Row {
    fn status(&self, model: Option<&str>) -> DocumentStatus {
        match (model, self.embedded_model.as_deref()) {
            (None, _) => DocumentStatus::Words,
            (Some(model), Some(embedded)) if model == embedded => DocumentStatus::Ready,
            (Some(_), _) => DocumentStatus::Embedding,
        }
    }

    pub(super) fn document(self, model: Option<&str>) -> Result<Document, store::Error> {
        let status = self.status(model);
        Ok(Document {
            id: self.id,
            external_id: self.external_id,
            title: self.title,
            source: source(&self.source_kind, self.source_ref)?,
            client_id: self.client_id,
            language: self.language.parse().map_err(store::Error::corrupt)?,
            status,
            chunks: u32::try_from(self.chunks).unwrap_or(u32::MAX),
            content_hash: hex(&self.content_hash),
            version: self.version,
            created_at: self.created_at,
            updated_at: self.updated_at,
        })
    }
}

pub(super) fn source(kind: &str, reference: Option<String>) -> Result<Source, store::Error> {
    Source::read(kind, reference).ok_or_else(|| store::Error::corrupt("an unknown source of a document"))
}

pub(in crate::knowledge) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[derive(Debug, sqlx::FromRow)]
struct VersionRow {
    version: i64,
    content_hash: Vec<u8>,
    text: String,
    blocks: Json<Vec<Block>>,
    created_at: Timestamp,
}

pub(in crate::knowledge) async fn get(
    store: &Store,
    context: &Context,
    id: DocumentId,
    model: Option<&str>,
) -> Result<Document, Error> {
    let row: Option<Row> = reading!(store, context, |tx| {
        Ok(sqlx::query_as(GET)
            .bind(context.workspace)
            .bind(id)
            .fetch_optional(&mut *tx)
            .await?)
    })?;
    Ok(row.ok_or(Error::not_found("document"))?.document(model)?)
}

pub(super) async fn get_in(tx: &mut Connection<'_>, context: &Context, id: DocumentId) -> Result<Row, Error> {
    let row: Option<Row> = on_connection!(tx, |tx| sqlx::query_as(GET)
        .bind(context.workspace)
        .bind(id)
        .fetch_optional(&mut *tx))?;
    row.ok_or(Error::not_found("document"))
}

pub(super) async fn by_external_id(
    tx: &mut Connection<'_>,
    context: &Context,
    external_id: &str,
) -> Result<Option<Row>, Error> {
    Ok(on_connection!(tx, |tx| sqlx::query_as(BY_EXTERNAL_ID)
        .bind(context.workspace)
        .bind(external_id)
        .fetch_optional(&mut *tx))?)
}

pub(in crate::knowledge) async fn find(
    store: &Store,
    context: &Context,
    external_id: &str,
    model: Option<&str>,
) -> Result<Option<Document>, Error> {
    let row = reading!(store, context, |tx| {
        by_external_id(&mut (&mut *tx).into(), context, external_id).await
    })?;
    Ok(row.map(|row| row.document(model)).transpose()?)
}

pub(in crate::knowledge) async fn page(
    store: &Store,
    context: &Context,
    filter: &ListFilter,
    request: &PageRequest,
    model: Option<&str>,
) -> Result<Page<Document>, Error> {
    let scope = format!("knowledge/{}/{}", context.workspace, filter.scope());
    let before = match request.cursor() {
        Some(cursor) => cursor.key(&scope).map_err(wrong_cursor)?,
        None => DocumentId::from_uuid(Uuid::max()),
    };
    let (source, language) = (filter.documents.source, filter.documents.language);
    // With a model none is found by its words alone, without one all are.
    let (embedded, embedding) = match (filter.status, model) {
        (None, _) | (Some(DocumentStatus::Words), None) => (None, None),
        (Some(DocumentStatus::Ready), Some(model)) => (Some(model), None),
        (Some(DocumentStatus::Embedding), Some(model)) => (None, Some(model)),
        (Some(DocumentStatus::Words), Some(_))
        | (Some(DocumentStatus::Ready | DocumentStatus::Embedding), None) => {
            return Ok(Page {
                items: Vec::new(),
                next: None,
            });
        }
    };
    let wanted = usize::try_from(request.limit())
        .unwrap_or(BATCH)
        .saturating_add(1);
    let batch = if filter.looks_within() { BATCH } else { wanted };
    let (rows, looked_at): (Vec<Row>, Option<DocumentId>) = reading!(store, context, |tx| {
        let mut shown: Vec<Row> = Vec::new();
        let mut before = before;
        for _ in 0..MOST_BATCHES {
            let rows: Vec<Row> = sqlx::query_as(PAGE)
                .bind(context.workspace)
                .bind(before)
                .bind(i64::try_from(batch).unwrap_or(i64::MAX))
                .bind(source.map(crate::knowledge::SourceKind::as_str))
                .bind(language.map(crate::knowledge::Language::as_str))
                .bind(embedded)
                .bind(embedding)
                .fetch_all(&mut *tx)
                .await?;
            let is_last = rows.len() < batch;
            if let Some(row) = rows.last() {
                before = row.id;
            }
            let rows = rows.into_iter();
            shown.extend(rows.filter(|row| filter.shows(&row.title)));
            if is_last || shown.len() >= wanted {
                shown.truncate(wanted);
                return Ok((shown, None));
            }
        }
        Ok((shown, Some(before)))
    })?;
    let page = Page::from_rows(rows, request, &scope, |row: &Row| row.id).map_err(wrong_cursor)?;
    // A short page goes on after the last row that was looked at, whether it is shown or not.
    let next = match (page.next, looked_at) {
        (None, Some(last)) => Some(Cursor::new(&scope, &last).map_err(wrong_cursor)?),
        (next, _) => next,
    };
    let items = page.items.into_iter().map(|row| row.document(model));
    Ok(Page {
        items: items.collect::<Result<_, _>>()?,
        next,
    })
}

pub(in crate::knowledge) async fn chunks(
    store: &Store,
    context: &Context,
    id: DocumentId,
) -> Result<Vec<Chunk>, Error> {
    reading!(store, context, |tx| {
        let mut tx: Connection<'_> = (&mut *tx).into();
        get_in(&mut tx, context, id).await?;
        chunks::of_document(&mut tx, context, id).await
    })
}

pub(in crate::knowledge) async fn versions(
    store: &Store,
    context: &Context,
    id: DocumentId,
) -> Result<Vec<DocumentVersion>, Error> {
    let rows: Vec<VersionRow> = reading!(store, context, |tx| {
        get_in(&mut (&mut *tx).into(), context, id).await?;
        Ok(sqlx::query_as(VERSIONS)
            .bind(context.workspace)
            .bind(id)
            .fetch_all(&mut *tx)
            .await?)
    })?;
    let versions = rows.into_iter().map(|row| DocumentVersion {
        version: row.version,
        content_hash: hex(&row.content_hash),
        text: row.text,
        created_at: row.created_at,
    });
    Ok(versions.collect())
}

/// The text of a version and its blocks.
pub(super) async fn normal(
    tx: &mut Connection<'_>,
    context: &Context,
    id: DocumentId,
    version: i64,
) -> Result<Normal, Error> {
    let row: Option<VersionRow> = on_connection!(tx, |tx| sqlx::query_as(VERSION)
        .bind(context.workspace)
        .bind(id)
        .bind(version)
        .fetch_optional(&mut *tx))?;
    let row = row.ok_or_else(|| store::Error::corrupt("a document without its text"))?;
    Ok(Normal {
        text: row.text,
        blocks: row.blocks.0,
    })
}
