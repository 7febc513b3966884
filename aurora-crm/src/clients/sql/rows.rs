//! The rows by which clients are listed, found and recognised. They follow each change in its transaction.

use aurora_core::store::{self, Connection, execute_on};
use sqlx::types::Uuid;

use super::super::name::name_key;
use super::super::reach::{self, Contact, ContactId};
use super::super::words::{self, Words};
use super::super::{Client, ClientId, facets, similarity};
use crate::context::Context;

/// How many rows the statements below take; what is missing is filled up with repetitions, which do nothing.
const FACETS: usize = 8;
const WORDS: usize = 16;
const BANDS: usize = 16;

aurora_core::store::statements! {
    ADD_FACETS = "insert into client_facets (workspace_id, client_id, created_at, name_key, facet)
        values ($1, $2, $3, $4, $5), ($1, $2, $3, $4, $6), ($1, $2, $3, $4, $7), ($1, $2, $3, $4, $8),
            ($1, $2, $3, $4, $9), ($1, $2, $3, $4, $10), ($1, $2, $3, $4, $11), ($1, $2, $3, $4, $12)
        on conflict do nothing";
    DROP_FACETS = "delete from client_facets where workspace_id = $1 and client_id = $2";
    ADD_WORDS = "insert into client_words (workspace_id, client_id, source_id, word, weight)
        values ($1, $2, $3, $4, $5), ($1, $2, $3, $6, $7), ($1, $2, $3, $8, $9), ($1, $2, $3, $10, $11),
            ($1, $2, $3, $12, $13), ($1, $2, $3, $14, $15), ($1, $2, $3, $16, $17), ($1, $2, $3, $18, $19),
            ($1, $2, $3, $20, $21), ($1, $2, $3, $22, $23), ($1, $2, $3, $24, $25), ($1, $2, $3, $26, $27),
            ($1, $2, $3, $28, $29), ($1, $2, $3, $30, $31), ($1, $2, $3, $32, $33), ($1, $2, $3, $34, $35)
        on conflict do nothing";
    DROP_WORDS = "delete from client_words where workspace_id = $1 and source_id = $2";
    ADD_BANDS = "insert into client_bands (workspace_id, client_id, band)
        values ($1, $2, $3), ($1, $2, $4), ($1, $2, $5), ($1, $2, $6), ($1, $2, $7), ($1, $2, $8), ($1, $2, $9),
            ($1, $2, $10), ($1, $2, $11), ($1, $2, $12), ($1, $2, $13), ($1, $2, $14), ($1, $2, $15), ($1, $2, $16),
            ($1, $2, $17), ($1, $2, $18)
        on conflict do nothing";
    DROP_BANDS = "delete from client_bands where workspace_id = $1 and client_id = $2";
    ADD_CONTACT = "insert into client_contacts (workspace_id, id, client_id, channel, kind, value, key)
        values ($1, $2, $3, $4, $5, $6, $7)";
    /// Those that the client shows; what a channel knows it by stays.
    DROP_CONTACTS = "delete from client_contacts where workspace_id = $1 and client_id = $2 and channel <> 'whatsapp'";
}

/// Writes the rows of a client that has none.
pub(super) async fn add(
    connection: &mut Connection<'_>,
    context: &Context,
    client: &Client,
) -> Result<(), store::Error> {
    add_contacts(connection, context, client).await?;
    add_facets(connection, context, client).await?;
    add_words(
        connection,
        context,
        client.id,
        client.id.uuid(),
        &words::of_client(client),
    )
    .await?;
    add_bands(connection, context, client).await
}

/// Rewrites the rows of what has changed.
pub(super) async fn change(
    connection: &mut Connection<'_>,
    context: &Context,
    before: &Client,
    after: &Client,
) -> Result<(), store::Error> {
    let id = after.id;
    if reach::of_client(before) != reach::of_client(after) {
        execute_on!(
            connection,
            sqlx::query(DROP_CONTACTS).bind(context.workspace).bind(id)
        )?;
        add_contacts(connection, context, after).await?;
    }
    let sorts_alike = name_key(&before.legal_name) == name_key(&after.legal_name);
    if !sorts_alike || facets::of_client(before) != facets::of_client(after) {
        execute_on!(
            connection,
            sqlx::query(DROP_FACETS).bind(context.workspace).bind(id)
        )?;
        add_facets(connection, context, after).await?;
    }
    let found_by = words::of_client(after);
    if words::of_client(before) != found_by {
        drop_words(connection, context, id.uuid()).await?;
        add_words(connection, context, id, id.uuid(), &found_by).await?;
    }
    if similarity::of_client(before) != similarity::of_client(after) {
        execute_on!(
            connection,
            sqlx::query(DROP_BANDS).bind(context.workspace).bind(id)
        )?;
        add_bands(connection, context, after).await?;
    }
    Ok(())
}

/// Removes everything but what a channel knows the client by.
pub(super) async fn remove(
    connection: &mut Connection<'_>,
    context: &Context,
    id: ClientId,
) -> Result<(), store::Error> {
    execute_on!(
        connection,
        sqlx::query(DROP_CONTACTS).bind(context.workspace).bind(id)
    )?;
    execute_on!(
        connection,
        sqlx::query(DROP_FACETS).bind(context.workspace).bind(id)
    )?;
    execute_on!(
        connection,
        sqlx::query(DROP_BANDS).bind(context.workspace).bind(id)
    )?;
    drop_words(connection, context, id.uuid()).await
}

/// Writes the words of a client, or of a note about it.
pub(super) async fn add_words(
    connection: &mut Connection<'_>,
    context: &Context,
    client: ClientId,
    source: Uuid,
    words: &Words,
) -> Result<(), store::Error> {
    let words: Vec<(&String, &i64)> = words.iter().collect();
    for chunk in words.chunks(WORDS) {
        execute_on!(connection, {
            let mut query = sqlx::query(ADD_WORDS)
                .bind(context.workspace)
                .bind(client)
                .bind(source);
            for (word, weight) in filled(chunk, WORDS) {
                query = query.bind(*word).bind(**weight);
            }
            query
        })?;
    }
    Ok(())
}

/// Removes the words of a client itself, or of a note.
pub(super) async fn drop_words(
    connection: &mut Connection<'_>,
    context: &Context,
    source: Uuid,
) -> Result<(), store::Error> {
    execute_on!(
        connection,
        sqlx::query(DROP_WORDS).bind(context.workspace).bind(source)
    )?;
    Ok(())
}

async fn add_facets(
    connection: &mut Connection<'_>,
    context: &Context,
    client: &Client,
) -> Result<(), store::Error> {
    let facets: Vec<String> = facets::of_client(client).into_iter().collect();
    let key = name_key(&client.legal_name);
    for chunk in facets.chunks(FACETS) {
        execute_on!(connection, {
            let mut query = sqlx::query(ADD_FACETS)
                .bind(context.workspace)
                .bind(client.id)
                .bind(client.created_at)
                .bind(&key);
            for facet in filled(chunk, FACETS) {
                query = query.bind(facet);
            }
            query
        })?;
    }
    Ok(())
}

async fn add_bands(
    connection: &mut Connection<'_>,
    context: &Context,
    client: &Client,
) -> Result<(), store::Error> {
    let bands: Vec<i64> = similarity::of_client(client).into_iter().collect();
    for chunk in bands.chunks(BANDS) {
        execute_on!(connection, {
            let mut query = sqlx::query(ADD_BANDS).bind(context.workspace).bind(client.id);
            for band in filled(chunk, BANDS) {
                query = query.bind(*band);
            }
            query
        })?;
    }
    Ok(())
}

async fn add_contacts(
    connection: &mut Connection<'_>,
    context: &Context,
    client: &Client,
) -> Result<(), store::Error> {
    for contact in reach::of_client(client) {
        let id = ContactId::new(client.updated_at);
        add_contact(connection, context, client.id, id, &contact).await?;
    }
    Ok(())
}

pub(super) async fn add_contact(
    connection: &mut Connection<'_>,
    context: &Context,
    client: ClientId,
    id: ContactId,
    contact: &Contact,
) -> Result<(), store::Error> {
    execute_on!(
        connection,
        sqlx::query(ADD_CONTACT)
            .bind(context.workspace)
            .bind(id)
            .bind(client)
            .bind(contact.channel)
            .bind(contact.kind)
            .bind(&contact.value)
            .bind(&contact.key)
    )?;
    Ok(())
}

/// As many as a statement takes: the last is repeated.
fn filled<T>(items: &[T], size: usize) -> impl Iterator<Item = &T> {
    items.iter().chain(items.last().into_iter().cycle()).take(size)
}
