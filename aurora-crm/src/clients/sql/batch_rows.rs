//! The rows by which clients are listed, found and recognised, of many new clients at once.

use aurora_core::store::{Connection, execute_on};
use sqlx::AssertSqlSafe;

use crate::clients::name::name_key;
use crate::clients::reach::{self, ContactId};
use crate::clients::{Client, facets, similarity, words};
use crate::context::Context;
use crate::error::Error;
use crate::store::placeholders::values;

/// Rows a statement: 7 × 1,000 stays below what both databases take.
const ROWS: usize = 1_000;

fn insert(table: &str, columns: &str, count: usize, width: usize) -> String {
    format!(
        "insert into {table} (workspace_id, client_id, {columns}) values {} on conflict do nothing",
        values(count, width)
    )
}

/// Does for many what [`super::rows::add`] does for one.
pub(super) async fn add(
    connection: &mut Connection<'_>,
    context: &Context,
    clients: &[&Client],
) -> Result<(), Error> {
    let contacts: Vec<_> = clients
        .iter()
        .flat_map(|client| {
            reach::of_client(client)
                .into_iter()
                .map(|contact| (*client, contact))
        })
        .collect();
    for chunk in contacts.chunks(ROWS) {
        let sql = insert("client_contacts", "id, channel, kind, value, key", chunk.len(), 7);
        execute_on!(connection, {
            let mut query = sqlx::query(AssertSqlSafe(sql.as_str()));
            for (client, contact) in chunk {
                query = query
                    .bind(context.workspace)
                    .bind(client.id)
                    .bind(ContactId::new(client.updated_at))
                    .bind(contact.channel)
                    .bind(contact.kind)
                    .bind(&contact.value)
                    .bind(&contact.key);
            }
            query
        })?;
    }
    let facets: Vec<_> = clients
        .iter()
        .map(|client| (*client, name_key(&client.legal_name)))
        .flat_map(|(client, key)| {
            facets::of_client(client)
                .into_iter()
                .map(move |facet| (client, key.clone(), facet))
        })
        .collect();
    for chunk in facets.chunks(ROWS) {
        let sql = insert("client_facets", "created_at, name_key, facet", chunk.len(), 5);
        execute_on!(connection, {
            let mut query = sqlx::query(AssertSqlSafe(sql.as_str()));
            for (client, key, facet) in chunk {
                query = query
                    .bind(context.workspace)
                    .bind(client.id)
                    .bind(client.created_at)
                    .bind(key)
                    .bind(facet);
            }
            query
        })?;
    }
    let words: Vec<_> = clients
        .iter()
        .flat_map(|client| {
            words::of_client(client)
                .into_iter()
                .map(|(word, weight)| (client.id, word, weight))
        })
        .collect();
    for chunk in words.chunks(ROWS) {
        let sql = insert("client_words", "source_id, word, weight", chunk.len(), 5);
        execute_on!(connection, {
            let mut query = sqlx::query(AssertSqlSafe(sql.as_str()));
            for (client, word, weight) in chunk {
                query = query
                    .bind(context.workspace)
                    .bind(*client)
                    .bind(client.uuid())
                    .bind(word)
                    .bind(*weight);
            }
            query
        })?;
    }
    let bands: Vec<_> = clients
        .iter()
        .flat_map(|client| {
            similarity::of_client(client)
                .into_iter()
                .map(|band| (client.id, band))
        })
        .collect();
    for chunk in bands.chunks(ROWS) {
        let sql = insert("client_bands", "band", chunk.len(), 3);
        execute_on!(connection, {
            let mut query = sqlx::query(AssertSqlSafe(sql.as_str()));
            for (client, band) in chunk {
                query = query.bind(context.workspace).bind(*client).bind(*band);
            }
            query
        })?;
    }
    Ok(())
}
