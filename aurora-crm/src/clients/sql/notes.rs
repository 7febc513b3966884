//! Notes about clients.

use aurora_core::id::Id;
use aurora_core::page::{Page, PageRequest};
use aurora_core::store::{Connection, on_connection};
use aurora_core::time::Timestamp;
use sqlx::types::Uuid;

use super::list::key;
use super::merge::hold;
use super::{SqlClients, VERSION, rows};
use crate::clients::{ClientId, ClientNote, ClientNoteId, words, wrong_cursor};
use crate::context::Context;
use crate::error::Error;
use crate::journal::Record;
use crate::privacy::{RecordClass, refuse_held_in};
use crate::store::{END_OF_TIME, TIMES, reading, writing};

aurora_core::store::statements! {
    INSERT = "insert into client_notes (workspace_id, id, client_id, author, text, version, created_at, updated_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8)";
    GET = "select id, client_id, author, text, version, created_at, updated_at from client_notes
        where workspace_id = $1 and id = $2";
    UPDATE = "update client_notes set text = $4, version = $5, updated_at = $6
        where workspace_id = $1 and id = $2 and version = $3";
    /// Changes nothing; a legal hold on the client is then either seen or comes after.
    LOCK_CLIENT = "update clients set version = version where workspace_id = $1 and id = $2";
    DELETE = "delete from client_notes where workspace_id = $1 and id = $2 and version = $3";
    PAGE = "select id, client_id, author, text, version, created_at, updated_at from client_notes
        where workspace_id = $1 and client_id = $2 and (created_at, id) < ($3, $4)
        order by created_at desc, id desc limit $5";
}

#[derive(Debug, sqlx::FromRow)]
struct Row {
    id: ClientNoteId,
    client_id: ClientId,
    author: String,
    text: String,
    version: i64,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl From<Row> for ClientNote {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            client: row.client_id,
            author: row.author,
            text: row.text,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

async fn get_in(tx: &mut Connection<'_>, context: &Context, id: ClientNoteId) -> Result<ClientNote, Error> {
    let row: Option<Row> = on_connection!(tx, |tx| sqlx::query_as(GET)
        .bind(context.workspace)
        .bind(id)
        .fetch_optional(&mut *tx))?;
    Ok(row.ok_or(Error::not_found("note"))?.into())
}

impl SqlClients {
    /// Adds a note, to the one that stays when the client was merged.
    pub(in super::super) async fn insert_note(
        &self,
        context: &Context,
        note: ClientNote,
    ) -> Result<ClientNote, Error> {
        let now = note.created_at;
        writing!(self.store, context, |tx| {
            let mut note = note;
            note.client = hold(&mut (&mut *tx).into(), context, note.client).await?;
            sqlx::query(INSERT)
                .bind(context.workspace)
                .bind(note.id)
                .bind(note.client)
                .bind(&note.author)
                .bind(&note.text)
                .bind(note.version)
                .bind(note.created_at)
                .bind(note.updated_at)
                .execute(&mut *tx)
                .await?;
            let words = words::of_note(&note);
            let (client, source) = (note.client, note.id.uuid());
            rows::add_words(&mut (&mut *tx).into(), context, client, source, &words).await?;
            let record =
                Record::new("client.note_added", "client", client, now).with("note", note.id.to_string());
            self.store
                .record(&mut (&mut *tx).into(), context, now, &[record])
                .await?;
            Ok(note)
        })
    }

    pub(in super::super) async fn note(
        &self,
        context: &Context,
        id: ClientNoteId,
    ) -> Result<ClientNote, Error> {
        reading!(self.store, context, |tx| {
            get_in(&mut (&mut *tx).into(), context, id).await
        })
    }

    pub(in super::super) async fn update_note(
        &self,
        context: &Context,
        id: ClientNoteId,
        expected: i64,
        text: &str,
        now: Timestamp,
    ) -> Result<ClientNote, Error> {
        writing!(self.store, context, |tx| {
            let seen = get_in(&mut (&mut *tx).into(), context, id).await?;
            let client = hold(&mut (&mut *tx).into(), context, seen.client).await?;
            // Read again: only now does nobody move, change or erase it.
            let mut note = get_in(&mut (&mut *tx).into(), context, id).await?;
            if note.version != expected {
                return Err(Error::conflict("note", note.version));
            }
            note.client = client;
            let class = Some(RecordClass::Notes);
            refuse_held_in(&mut (&mut *tx).into(), context, client, class, now).await?;
            text.clone_into(&mut note.text);
            note.version = expected.saturating_add(1);
            note.updated_at = now.max(note.updated_at);
            let done = sqlx::query(UPDATE)
                .bind(context.workspace)
                .bind(id)
                .bind(expected)
                .bind(&note.text)
                .bind(note.version)
                .bind(note.updated_at)
                .execute(&mut *tx)
                .await?;
            if done.rows_affected() == 0 {
                return Err(Error::conflict("note", note.version));
            }
            rows::drop_words(&mut (&mut *tx).into(), context, id.uuid()).await?;
            let words = words::of_note(&note);
            rows::add_words(&mut (&mut *tx).into(), context, note.client, id.uuid(), &words).await?;
            let record =
                Record::new("client.note_changed", "client", note.client, now).with("note", id.to_string());
            self.store
                .record(&mut (&mut *tx).into(), context, now, &[record])
                .await?;
            Ok(note)
        })
    }

    pub(in super::super) async fn delete_note(
        &self,
        context: &Context,
        id: ClientNoteId,
        expected: i64,
        now: Timestamp,
    ) -> Result<(), Error> {
        writing!(self.store, context, |tx| {
            let row: Option<Row> = sqlx::query_as(GET)
                .bind(context.workspace)
                .bind(id)
                .fetch_optional(&mut *tx)
                .await?;
            let note = row.ok_or(Error::not_found("note"))?;
            sqlx::query(LOCK_CLIENT)
                .bind(context.workspace)
                .bind(note.client_id)
                .execute(&mut *tx)
                .await?;
            let class = Some(RecordClass::Notes);
            refuse_held_in(&mut (&mut *tx).into(), context, note.client_id, class, now).await?;
            let done = sqlx::query(DELETE)
                .bind(context.workspace)
                .bind(id)
                .bind(expected)
                .execute(&mut *tx)
                .await?;
            if done.rows_affected() == 0 {
                return Err(Error::conflict("note", note.version));
            }
            rows::drop_words(&mut (&mut *tx).into(), context, id.uuid()).await?;
            let record = Record::new("client.note_deleted", "client", note.client_id, now)
                .with("note", id.to_string());
            self.store
                .record(&mut (&mut *tx).into(), context, now, &[record])
                .await?;
            Ok(())
        })
    }

    /// One page of a living client's notes, the newest first.
    pub(in super::super) async fn notes(
        &self,
        context: &Context,
        client: ClientId,
        request: &PageRequest,
    ) -> Result<Page<ClientNote>, Error> {
        let scope = format!("clients.notes/{}/{client}", context.workspace);
        let (micros, id) = match request.cursor() {
            Some(cursor) => key(cursor, &scope, |(micros, _): &(i64, ClientNoteId)| {
                TIMES.contains(micros)
            })?,
            None => (END_OF_TIME.as_micros(), Id::from_uuid(Uuid::max())),
        };
        let rows: Vec<Row> = reading!(self.store, context, |tx| {
            let living: Option<i64> = sqlx::query_scalar(VERSION)
                .bind(context.workspace)
                .bind(client)
                .fetch_optional(&mut *tx)
                .await?;
            living.ok_or(Error::not_found("client"))?;
            Ok(sqlx::query_as(PAGE)
                .bind(context.workspace)
                .bind(client)
                .bind(Timestamp::from_micros(micros))
                .bind(id)
                .bind(i64::from(request.limit()) + 1)
                .fetch_all(&mut *tx)
                .await?)
        })?;
        let page = Page::from_rows(rows, request, &scope, |row: &Row| {
            (row.created_at.as_micros(), row.id)
        });
        Ok(page.map_err(wrong_cursor)?.map(ClientNote::from))
    }
}
