//! Vectors of chunks.

use aurora_core::store::outbox::{Delivery, Enqueued};
use aurora_core::store::{self, Connection, execute_on, on_connection};
use sqlx::types::{Json, Uuid};

use super::scopes;
use crate::context::Context;
use crate::error::Error;
use crate::knowledge::indexer::Ticket;
use crate::knowledge::vectors::{Matrix, Packed};
use crate::knowledge::{ChunkId, DocumentId};
use crate::store::{Store, reading, writing};

aurora_core::store::statements! {
    /// In pages, so that no answer holds a whole scope.
    PAGE = "select chunk_id, scale, numbers from knowledge_vectors
        where workspace_id = $1 and scope_id = $2 and model = $3 and chunk_id > $4 order by chunk_id limit 5000";
    MISSING = "select c.id, d.title, c.headings, c.text from knowledge_chunks c
        join knowledge_documents d on d.workspace_id = $1 and d.id = c.document_id
        left join knowledge_vectors v on v.workspace_id = $1 and v.chunk_id = c.id and v.model = $3
        where c.workspace_id = $1 and c.document_id = $2 and v.chunk_id is null order by c.ordinal limit 64";
    SCOPE = "select scope_id from knowledge_documents where workspace_id = $1 and id = $2";
    PUT = "insert into knowledge_vectors (workspace_id, chunk_id, scope_id, model, scale, numbers)
        select c.workspace_id, c.id, c.scope_id, $3, $4, $5 from knowledge_chunks c where c.workspace_id = $1 and c.id = $2
        on conflict (workspace_id, chunk_id) do update set model = excluded.model, scale = excluded.scale,
            numbers = excluded.numbers";
    LACKING = "select count(*) from knowledge_chunks c left join knowledge_vectors v
        on v.workspace_id = $1 and v.chunk_id = c.id and v.model = $3
        where c.workspace_id = $1 and c.document_id = $2 and v.chunk_id is null";
    EMBEDDED = "update knowledge_documents set embedded_model = $3 where workspace_id = $1 and id = $2";
    /// Documents whose vectors are not all of the model.
    STALE = "select id, version from knowledge_documents where workspace_id = $1 and id > $3
        and (embedded_model <> $2 or embedded_model is null) order by id limit 500";
}

/// What is read of a chunk to embed it.
#[derive(Debug, sqlx::FromRow)]
pub(in crate::knowledge) struct Missing {
    pub(in crate::knowledge) id: ChunkId,
    pub(in crate::knowledge) title: String,
    pub(in crate::knowledge) headings: Json<Vec<String>>,
    pub(in crate::knowledge) text: String,
}

/// The vectors of a scope by one model.
pub(in crate::knowledge) async fn matrix(
    store: &Store,
    context: &Context,
    scope: Uuid,
    model: &str,
    dimensions: usize,
) -> Result<Matrix, Error> {
    let mut matrix = Matrix::new(dimensions);
    let mut after = ChunkId::from_uuid(Uuid::nil());
    loop {
        let rows: Vec<(ChunkId, f64, Vec<u8>)> = reading!(store, context, |tx| {
            Ok(sqlx::query_as(PAGE)
                .bind(context.workspace)
                .bind(scope)
                .bind(model)
                .bind(after)
                .fetch_all(&mut *tx)
                .await?)
        })?;
        let Some((last, ..)) = rows.last() else {
            return Ok(matrix);
        };
        after = *last;
        for (id, scale, numbers) in rows {
            matrix.push(id, scale, &numbers);
        }
    }
}

/// Up to 64 chunks of a document that have no vector of the model.
pub(in crate::knowledge) async fn missing(
    store: &Store,
    context: &Context,
    document: DocumentId,
    model: &str,
) -> Result<Vec<Missing>, Error> {
    reading!(store, context, |tx| {
        Ok(sqlx::query_as(MISSING)
            .bind(context.workspace)
            .bind(document)
            .bind(model)
            .fetch_all(&mut *tx)
            .await?)
    })
}

/// Stores vectors of chunks that there still are.
pub(in crate::knowledge) async fn put(
    store: &Store,
    context: &Context,
    document: DocumentId,
    model: &str,
    vectors: &[(ChunkId, Packed)],
) -> Result<(), Error> {
    writing!(store, context, |tx| {
        let tx = &mut Connection::from(&mut *tx);
        let Some(scope) = scope(tx, context, document).await? else {
            return Ok(());
        };
        scopes::relock(tx, context, scope).await?;
        for (chunk, packed) in vectors {
            execute_on!(
                tx,
                sqlx::query(PUT)
                    .bind(context.workspace)
                    .bind(*chunk)
                    .bind(model)
                    .bind(packed.scale)
                    .bind(packed.numbers.as_slice())
            )?;
        }
        scopes::count_vectors(tx, context, scope).await
    })
}

async fn scope(
    tx: &mut Connection<'_>,
    context: &Context,
    document: DocumentId,
) -> Result<Option<Uuid>, Error> {
    Ok(on_connection!(tx, |tx| sqlx::query_scalar(SCOPE)
        .bind(context.workspace)
        .bind(document)
        .fetch_optional(&mut *tx))?)
}

/// Ends a message: the document has all its vectors, or more of it is to be done.
pub(in crate::knowledge) async fn done(
    store: &Store,
    context: &Context,
    document: DocumentId,
    model: &str,
    delivery: &Delivery,
) -> Result<(), Error> {
    writing!(store, context, |tx| {
        let tx = &mut Connection::from(&mut *tx);
        store.outbox().done_in(tx, delivery).await?;
        let Some(scope) = scope(tx, context, document).await? else {
            return Ok(());
        };
        scopes::relock(tx, context, scope).await?;
        let lacking: i64 = on_connection!(tx, |tx| sqlx::query_scalar(LACKING)
            .bind(context.workspace)
            .bind(document)
            .bind(model)
            .fetch_one(&mut *tx))?;
        if lacking == 0 {
            execute_on!(
                tx,
                sqlx::query(EMBEDDED)
                    .bind(context.workspace)
                    .bind(document)
                    .bind(model)
            )?;
        } else {
            let key = format!("{}/on", delivery.id);
            let message = Ticket::message(context.workspace, document, &key)?;
            store.outbox().enqueue_in(tx, &message).await?;
        }
        Ok(())
    })
}

/// Asks for the vectors of up to 500 documents that lack some, after one; gives the last of them and the messages.
pub(in crate::knowledge) async fn ask(
    store: &Store,
    context: &Context,
    model: &str,
    after: DocumentId,
) -> Result<Option<(DocumentId, Vec<Enqueued>)>, Error> {
    writing!(store, context, |tx| {
        let tx = &mut Connection::from(&mut *tx);
        let stale: Vec<(DocumentId, i64)> = on_connection!(tx, |tx| sqlx::query_as(STALE)
            .bind(context.workspace)
            .bind(model)
            .bind(after)
            .fetch_all(&mut *tx))?;
        let Some((last, _)) = stale.last() else {
            return Ok(None);
        };
        let messages = stale.iter().map(|(id, version)| {
            let key = format!("{id}/{version}/{model}");
            Ticket::message(context.workspace, *id, &key)
        });
        let messages = messages.collect::<Result<Vec<_>, _>>()?;
        let asked = store.outbox().enqueue_all_in(tx, &messages).await?;
        Ok(Some((*last, asked)))
    })
}

/// Asks again where a message was asked for before and has ended: it died, or was done before the document lacked vectors
/// again, as it does after one has gone back to an earlier model.
pub(in crate::knowledge) async fn ask_again(store: &Store, asked: &[Enqueued]) -> Result<(), Error> {
    for message in asked.iter().filter(|message| !message.is_new()) {
        match store.outbox().requeue(message.id()).await {
            // It waits, or somebody works on it.
            Err(error) if error.kind() == store::ErrorKind::NotFound => {}
            requeued => requeued?,
        }
    }
    Ok(())
}
