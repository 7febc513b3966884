//! Which client a contact is, and whether it is blocked.

use aurora_core::store::{Connection, execute_on, on_connection};

use super::contacts::row_in;
use super::feed;
use crate::clients::{ClientId, within as clients};
use crate::context::Context;
use crate::conversations::{Contact, ContactId, ConversationId};
use crate::error::Error;
use crate::journal::Record;
use crate::store::{Store, writing};

aurora_core::store::statements! {
    LINK = "update contacts set client_id = $3, unlinked_at = $4 where workspace_id = $1 and id = $2";
    BLOCK = "update contacts set blocked_at = $3 where workspace_id = $1 and id = $2";
    CONVERSATIONS = "select id from conversations
        where workspace_id = $1 and contact_id = $2 and merged_into is null order by channel_id limit 100";
    TOUCH = "update conversations set changed_seq = $3 where workspace_id = $1 and id = $2";
}

pub(in super::super) async fn link(
    store: &Store,
    context: &Context,
    id: ContactId,
    client: Option<ClientId>,
) -> Result<Contact, Error> {
    writing!(store, context, |tx| {
        let (now, tx) = (store.now(), &mut Connection::from(&mut *tx));
        feed::next(tx, context).await?;
        let before = row_in(tx, context, id).await?;
        let client = match client {
            Some(client) => Some(clients::hold(tx, context, client).await?),
            None => None,
        };
        let unlinked_at = client.is_none().then_some(now);
        execute_on!(
            tx,
            sqlx::query(LINK)
                .bind(context.workspace)
                .bind(before.id)
                .bind(client)
                .bind(unlinked_at)
        )?;
        touch(tx, context, id).await?;
        let mut record = Record::new("contact.unlinked", "contact", id, now);
        if let Some(client) = client {
            record = Record::new("contact.linked", "contact", id, now).with("client", client.to_string());
        }
        let contact = row_in(tx, context, id).await?.into();
        store.record(tx, context, now, &[record]).await?;
        Ok(contact)
    })
}

pub(in super::super) async fn block(
    store: &Store,
    context: &Context,
    id: ContactId,
    on: bool,
) -> Result<Contact, Error> {
    writing!(store, context, |tx| {
        let (now, tx) = (store.now(), &mut Connection::from(&mut *tx));
        feed::next(tx, context).await?;
        let before = Contact::from(row_in(tx, context, id).await?);
        if before.blocked_at.is_some() == on {
            return Ok(before);
        }
        execute_on!(
            tx,
            sqlx::query(BLOCK)
                .bind(context.workspace)
                .bind(id)
                .bind(on.then_some(now))
        )?;
        touch(tx, context, id).await?;
        let action = if on {
            "contact.blocked"
        } else {
            "contact.unblocked"
        };
        let contact = row_in(tx, context, id).await?.into();
        let record = Record::new(action, "contact", id, now);
        store.record(tx, context, now, &[record]).await?;
        Ok(contact)
    })
}

/// Those who watch are told of the conversations of a contact, which change with it.
async fn touch(tx: &mut Connection<'_>, context: &Context, id: ContactId) -> Result<(), Error> {
    let found: Vec<ConversationId> = on_connection!(tx, |tx| sqlx::query_scalar(CONVERSATIONS)
        .bind(context.workspace)
        .bind(id)
        .fetch_all(&mut *tx))?;
    for conversation in found {
        let seq = feed::next(tx, context).await?;
        execute_on!(
            tx,
            sqlx::query(TOUCH)
                .bind(context.workspace)
                .bind(conversation)
                .bind(seq)
        )?;
    }
    Ok(())
}
