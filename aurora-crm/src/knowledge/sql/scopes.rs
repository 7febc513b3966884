//! What is searched together.

use aurora_core::store::{Connection, execute_on, on_connection};
use sqlx::types::Uuid;

use crate::clients::ClientId;
use crate::context::Context;
use crate::error::Error;

aurora_core::store::statements! {
    ADD = "insert into knowledge_scopes (workspace_id, id, client_id, chunks, words, generation, vectors)
        values ($1, $2, $3, 0, 0, 0, 0) on conflict do nothing";
    /// Whoever changes chunks or terms of a scope holds this row: they take turns.
    LOCK = "update knowledge_scopes set generation = generation + 1 where workspace_id = $1 and id = $2
        returning generation";
    COUNT = "update knowledge_scopes set chunks = chunks + $3, words = words + $4 where workspace_id = $1 and id = $2";
    COUNT_VECTORS = "update knowledge_scopes set vectors = vectors + 1 where workspace_id = $1 and id = $2";
    /// Everything that is about nobody, and what is about a client or about those who were merged into it.
    OPEN = "select id, chunks, words, vectors from knowledge_scopes where workspace_id = $1 and (client_id is null
            or client_id = $2 or client_id in (select c.merged_into from clients c where c.workspace_id = $1 and c.id = $2))
        order by id limit 100";
}

/// A scope, as a search sees it.
#[derive(Debug, Clone, Copy, sqlx::FromRow)]
pub(in crate::knowledge) struct Scope {
    pub(in crate::knowledge) id: Uuid,
    pub(in crate::knowledge) chunks: i64,
    pub(in crate::knowledge) words: i64,
    pub(in crate::knowledge) vectors: i64,
}

/// Locks the scope of a client, or of nobody, and makes it if there is none. Gives its id and how often it was changed.
pub(super) async fn lock(
    tx: &mut Connection<'_>,
    context: &Context,
    client: Option<ClientId>,
) -> Result<(Uuid, i64), Error> {
    let id = client.map_or(Uuid::nil(), ClientId::uuid);
    execute_on!(tx, sqlx::query(ADD).bind(context.workspace).bind(id).bind(client))?;
    let generation = relock(tx, context, id).await?;
    Ok((id, generation))
}

/// Locks a scope that there is.
pub(super) async fn relock(tx: &mut Connection<'_>, context: &Context, id: Uuid) -> Result<i64, Error> {
    let generation: Option<i64> = on_connection!(tx, |tx| sqlx::query_scalar(LOCK)
        .bind(context.workspace)
        .bind(id)
        .fetch_optional(&mut *tx))?;
    generation.ok_or(Error::not_found("document"))
}

pub(super) async fn count(
    tx: &mut Connection<'_>,
    context: &Context,
    id: Uuid,
    chunks: i64,
    words: i64,
) -> Result<(), Error> {
    execute_on!(
        tx,
        sqlx::query(COUNT)
            .bind(context.workspace)
            .bind(id)
            .bind(chunks)
            .bind(words)
    )?;
    Ok(())
}

pub(super) async fn count_vectors(tx: &mut Connection<'_>, context: &Context, id: Uuid) -> Result<(), Error> {
    execute_on!(tx, sqlx::query(COUNT_VECTORS).bind(context.workspace).bind(id))?;
    Ok(())
}

pub(in crate::knowledge) async fn open(
    tx: &mut Connection<'_>,
    context: &Context,
    about: Option<ClientId>,
) -> Result<Vec<Scope>, Error> {
    Ok(on_connection!(tx, |tx| sqlx::query_as(OPEN)
        .bind(context.workspace)
        .bind(about)
        .fetch_all(&mut *tx))?)
}
