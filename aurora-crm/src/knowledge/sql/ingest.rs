//! Documents, written.

use aurora_core::store::{self, Connection, execute_on};
use aurora_core::time::Timestamp;
use sqlx::types::{Json, Uuid};

use super::chunks::{self, Draft, signed};
use super::{documents, pins, scopes};
use crate::clients::{ClientId, within as clients};
use crate::context::Context;
use crate::error::Error;
use crate::journal::Record;
use crate::knowledge::indexer::Ticket;
use crate::knowledge::reading::Normal;
use crate::knowledge::{Document, DocumentId, Ingested, Language, Source};
use crate::leads::refused;
use crate::store::{Store, reading, writing};

#[cfg(test)]
pub(super) use self::statements::ALL;

mod statements {
    aurora_core::store::statements! {
        INSERT = "insert into knowledge_documents (workspace_id, id, scope_id, client_id, external_id, title, source_kind,
                source_ref, language, content_hash, chunks, version, created_at, updated_at)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13)";
        UPDATE = "update knowledge_documents set title = $3, source_kind = $4, source_ref = $5, language = $6,
                content_hash = $7, chunks = $8, embedded_model = null, version = $9, updated_at = $10
            where workspace_id = $1 and id = $2";
        RECHUNKED = "update knowledge_documents set chunks = $3, embedded_model = null, updated_at = $4
            where workspace_id = $1 and id = $2";
        INSERT_VERSION = "insert into knowledge_versions (workspace_id, document_id, version, content_hash, text, blocks,
                created_at)
            values ($1, $2, $3, $4, $5, $6, $7)";
        /// The last ten stay, and what feedback can go back to.
        FORGET_VERSIONS = "delete from knowledge_versions where workspace_id = $1 and document_id = $2 and version <= $3
            and version not in (select p.document_version from knowledge_pins p
                where p.workspace_id = $1 and p.document_id = $2)";
        DELETE = "delete from knowledge_documents where workspace_id = $1 and id = $2";
    }
}

/// A document that was read and cut.
#[derive(Debug)]
pub(in crate::knowledge) struct Prepared {
    /// Its id if it is new.
    pub(in crate::knowledge) id: DocumentId,
    pub(in crate::knowledge) external_id: String,
    pub(in crate::knowledge) title: String,
    pub(in crate::knowledge) source: Source,
    pub(in crate::knowledge) client: Option<ClientId>,
    pub(in crate::knowledge) language: Language,
    pub(in crate::knowledge) hash: [u8; 32],
    pub(in crate::knowledge) normal: Normal,
    pub(in crate::knowledge) drafts: Vec<Draft>,
    /// Of a correction, the terms of the question that it answers.
    pub(in crate::knowledge) question: Option<Vec<String>>,
}

pub(in crate::knowledge) async fn ingest(
    store: &Store,
    context: &Context,
    prepared: &Prepared,
    model: Option<&str>,
) -> Result<Ingested, Error> {
    let outcome = writing!(store, context, |tx| {
        ingest_in(store, &mut (&mut *tx).into(), context, prepared, model).await
    });
    outcome.map_err(|error: Error| match error.stored().map(store::Error::kind) {
        Some(store::ErrorKind::ForeignKey) => Error::not_found("workspace"),
        _ => error,
    })
}

async fn ingest_in(
    store: &Store,
    tx: &mut Connection<'_>,
    context: &Context,
    prepared: &Prepared,
    model: Option<&str>,
) -> Result<Ingested, Error> {
    let client = match prepared.client {
        Some(client) => Some(clients::hold(tx, context, client).await?),
        None => None,
    };
    let (scope, generation) = scopes::lock(tx, context, client).await?;
    let stored = documents::by_external_id(tx, context, &prepared.external_id).await?;
    if let Some(stored) = &stored {
        if stored.scope_id != scope {
            let message = "a document stays about whom it is about: delete it first";
            return Err(refused("about", "not_allowed", message));
        }
        if stored.content_hash == prepared.hash {
            // It may have been taken back.
            if let Some(terms) = &prepared.question
                && !pins::is_pinned(tx, context, stored.id).await?
            {
                pins::pin(tx, context, (stored.id, stored.version), &stored.title, terms).await?;
            }
            let row = documents::get_in(tx, context, stored.id).await?;
            return Ok(Ingested::Unchanged(row.document(model)?));
        }
    }
    let place = Place {
        scope,
        generation,
        client,
        before: stored.map(|row| (row.id, row.version)),
    };
    write(store, tx, context, &place, prepared, model).await?;
    let (id, version) = place.now(prepared);
    if let Some(terms) = &prepared.question {
        pins::pin(tx, context, (id, version), &prepared.title, terms).await?;
    }
    let document = documents::get_in(tx, context, id).await?.document(model)?;
    Ok(if version == 1 {
        Ingested::Created(document)
    } else {
        Ingested::Updated(document)
    })
}

/// Where a document is written; the scope is locked.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) scope: Uuid,
    /// How often the scope was changed.
    pub(super) generation: i64,
    pub(super) client: Option<ClientId>,
    /// The document that there is, and its version.
    pub(super) before: Option<(DocumentId, i64)>,
}

impl Place {
    /// The document and its version once it is written.
    fn now(&self, prepared: &Prepared) -> (DocumentId, i64) {
        self.before
            .map_or((prepared.id, 1), |(id, version)| (id, version + 1))
    }
}

/// Writes a document, or a new version of it.
pub(super) async fn write(
    store: &Store,
    tx: &mut Connection<'_>,
    context: &Context,
    place: &Place,
    prepared: &Prepared,
    model: Option<&str>,
) -> Result<(), Error> {
    let now = store.now();
    let (id, version) = place.now(prepared);
    let numbers = (id, version, signed(prepared.drafts.len()));
    let action = if place.before.is_none() {
        let about = (place.scope, place.client);
        insert(tx, context, about, numbers, prepared, now).await?;
        "knowledge.created"
    } else {
        update(tx, context, numbers, prepared, now).await?;
        "knowledge.updated"
    };
    add_version(tx, context, id, version, prepared, now).await?;
    chunks::replace(tx, context, place.scope, id, &prepared.drafts, false).await?;
    if model.is_some() {
        let message = Ticket::message(context.workspace, id, &format!("{id}/{}", place.generation))?;
        store.outbox().enqueue_in(tx, &message).await?;
    }
    let record = Record::new(action, "knowledge_document", id, now)
        .with("version", version)
        .with("source", prepared.source.kind().as_str());
    store.record(tx, context, now, &[record]).await?;
    Ok(())
}

async fn insert(
    tx: &mut Connection<'_>,
    context: &Context,
    (scope, client): (Uuid, Option<ClientId>),
    (id, version, chunks): (DocumentId, i64, i64),
    prepared: &Prepared,
    now: Timestamp,
) -> Result<(), Error> {
    execute_on!(
        tx,
        sqlx::query(statements::INSERT)
            .bind(context.workspace)
            .bind(id)
            .bind(scope)
            .bind(client)
            .bind(&prepared.external_id)
            .bind(&prepared.title)
            .bind(prepared.source.kind().as_str())
            .bind(prepared.source.reference())
            .bind(prepared.language.as_str())
            .bind(prepared.hash.as_slice())
            .bind(chunks)
            .bind(version)
            .bind(now)
    )?;
    Ok(())
}

async fn update(
    tx: &mut Connection<'_>,
    context: &Context,
    (id, version, chunks): (DocumentId, i64, i64),
    prepared: &Prepared,
    now: Timestamp,
) -> Result<(), Error> {
    execute_on!(
        tx,
        sqlx::query(statements::UPDATE)
            .bind(context.workspace)
            .bind(id)
            .bind(&prepared.title)
            .bind(prepared.source.kind().as_str())
            .bind(prepared.source.reference())
            .bind(prepared.language.as_str())
            .bind(prepared.hash.as_slice())
            .bind(chunks)
            .bind(version)
            .bind(now)
    )?;
    Ok(())
}

async fn add_version(
    tx: &mut Connection<'_>,
    context: &Context,
    id: DocumentId,
    version: i64,
    prepared: &Prepared,
    now: Timestamp,
) -> Result<(), Error> {
    /// How many versions are kept.
    const KEPT: i64 = 10;
    execute_on!(
        tx,
        sqlx::query(statements::INSERT_VERSION)
            .bind(context.workspace)
            .bind(id)
            .bind(version)
            .bind(prepared.hash.as_slice())
            .bind(&prepared.normal.text)
            .bind(Json(&prepared.normal.blocks))
            .bind(now)
    )?;
    execute_on!(
        tx,
        sqlx::query(statements::FORGET_VERSIONS)
            .bind(context.workspace)
            .bind(id)
            .bind(version - KEPT)
    )?;
    Ok(())
}

/// A document and its text, to be cut anew.
pub(in crate::knowledge) async fn stored(
    store: &Store,
    context: &Context,
    id: DocumentId,
) -> Result<(Document, Normal), Error> {
    reading!(store, context, |tx| {
        let tx = &mut Connection::from(&mut *tx);
        let document = documents::get_in(tx, context, id).await?.document(None)?;
        let normal = documents::normal(tx, context, id, document.version).await?;
        Ok((document, normal))
    })
}

/// Puts what a version was cut into in place of what it was cut into before; `None` when there is another version by now.
pub(in crate::knowledge) async fn reindex(
    store: &Store,
    context: &Context,
    (id, version): (DocumentId, i64),
    drafts: &[Draft],
    model: Option<&str>,
) -> Result<Option<Document>, Error> {
    writing!(store, context, |tx| {
        let (now, tx) = (store.now(), &mut Connection::from(&mut *tx));
        let scope = documents::get_in(tx, context, id).await?.scope_id;
        let generation = scopes::relock(tx, context, scope).await?;
        // Nobody changes it from here on.
        if documents::get_in(tx, context, id).await?.version != version {
            return Ok(None);
        }
        chunks::replace(tx, context, scope, id, drafts, true).await?;
        execute_on!(
            tx,
            sqlx::query(statements::RECHUNKED)
                .bind(context.workspace)
                .bind(id)
                .bind(signed(drafts.len()))
                .bind(now)
        )?;
        if model.is_some() {
            let message = Ticket::message(context.workspace, id, &format!("{id}/{generation}"))?;
            store.outbox().enqueue_in(tx, &message).await?;
        }
        let record = Record::new("knowledge.reindexed", "knowledge_document", id, now);
        store.record(tx, context, now, &[record]).await?;
        Ok(Some(documents::get_in(tx, context, id).await?.document(model)?))
    })
}

pub(in crate::knowledge) async fn delete(
    store: &Store,
    context: &Context,
    id: DocumentId,
    expected: i64,
) -> Result<(), Error> {
    writing!(store, context, |tx| {
        let (now, tx) = (store.now(), &mut Connection::from(&mut *tx));
        let row = documents::get_in(tx, context, id).await?;
        scopes::relock(tx, context, row.scope_id).await?;
        // Whoever took a new version in held the lock until now.
        let version = documents::get_in(tx, context, id).await?.version;
        if version != expected {
            return Err(Error::conflict("document", version));
        }
        chunks::clear(tx, context, row.scope_id, id).await?;
        let deleted = execute_on!(
            tx,
            sqlx::query(statements::DELETE).bind(context.workspace).bind(id)
        )?;
        if deleted == 0 {
            return Err(Error::not_found("document"));
        }
        let record = Record::new("knowledge.deleted", "knowledge_document", id, now);
        store.record(tx, context, now, &[record]).await?;
        Ok(())
    })
}
