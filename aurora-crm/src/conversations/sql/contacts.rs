//! Contacts and what they are recognised by.

use aurora_core::store::{self, Connection, execute_on, on_connection};
use aurora_core::time::Timestamp;
use sqlx::types::Json;

use super::rows::ContactRow;
use super::{feed, joining, list};
use crate::channels::{Address, ChannelId};
use crate::clients::{ClientId, within as clients};
use crate::context::Context;
use crate::conversations::{Contact, ContactId, Conversation, identity};
use crate::error::Error;
use crate::store::{Store, reading, writing};

macro_rules! columns {
    () => {
        "id, name, addresses, client_id, unlinked_at, blocked_at, created_at"
    };
}

aurora_core::store::statements! {
    GET = concat!("select ", columns!(), " from contacts where workspace_id = $1 and id = $2");
    INSERT = "insert into contacts (workspace_id, id, name, addresses, client_id, created_at, has_words)
        values ($1, $2, $3, $4, $5, $6, 1)";
    OF_ADDRESS = "select contact_id from contact_addresses where workspace_id = $1 and kind = $2 and key = $3";
    ADD_ADDRESS = "insert into contact_addresses (workspace_id, kind, key, contact_id) values ($1, $2, $3, $4)
        on conflict do nothing";
    DROP_ADDRESS = "delete from contact_addresses where workspace_id = $1 and kind = $2 and key = $3 and contact_id = $4";
    SEEN = "update contacts set name = $3, addresses = $4, client_id = $5, has_words = 1 where workspace_id = $1 and id = $2";
    DROP_WORDS = "delete from contact_words where workspace_id = $1 and contact_id = $2";
    ADD_WORD = "insert into contact_words (workspace_id, contact_id, word) values ($1, $2, $3) on conflict do nothing";
    /// Those of before there were words.
    WITHOUT_WORDS = concat!("select ", columns!(), " from contacts
        where workspace_id = $1 and has_words = 0 order by id limit $2");
    HAS_WORDS = "update contacts set has_words = 1 where workspace_id = $1 and id = $2";
    /// Two are enough to know that there is not exactly one.
    CLIENTS = "select distinct client_id from client_contacts
        where workspace_id = $1 and key in ($2, $3) and deleted_at is null order by client_id limit 2";
}

pub(in super::super) async fn get(store: &Store, context: &Context, id: ContactId) -> Result<Contact, Error> {
    let row = reading!(store, context, |tx| {
        row_in(&mut (&mut *tx).into(), context, id).await
    })?;
    Ok(row.into())
}

pub(in super::super) async fn with_address(
    store: &Store,
    context: &Context,
    channel: ChannelId,
    address: &Address,
) -> Result<Option<Conversation>, Error> {
    reading!(store, context, |tx| {
        let tx = &mut Connection::from(&mut *tx);
        match known(tx, context, std::slice::from_ref(address)).await?.first() {
            Some(contact) => list::of_contact(tx, context, *contact, channel).await,
            None => Ok(None),
        }
    })
}

pub(super) async fn row_in(
    tx: &mut Connection<'_>,
    context: &Context,
    id: ContactId,
) -> Result<ContactRow, Error> {
    let row: Option<ContactRow> = on_connection!(tx, |tx| sqlx::query_as(GET)
        .bind(context.workspace)
        .bind(id)
        .fetch_optional(&mut *tx))?;
    row.ok_or(Error::not_found("contact"))
}

/// The contacts that have one of the addresses.
async fn known(
    tx: &mut Connection<'_>,
    context: &Context,
    addresses: &[Address],
) -> Result<Vec<ContactId>, Error> {
    let mut found: Vec<ContactId> = Vec::new();
    for address in addresses {
        let id: Option<ContactId> = on_connection!(tx, |tx| sqlx::query_scalar(OF_ADDRESS)
            .bind(context.workspace)
            .bind(address.kind.as_str())
            .bind(identity::key(address))
            .fetch_optional(&mut *tx))?;
        if let Some(id) = id
            && !found.contains(&id)
        {
            found.push(id);
        }
    }
    Ok(found)
}

/// The contact with these addresses, which are its own from now on: found, made, or joined out of several.
///
/// `seen` says whether the contact was heard from at them: they then come first.
pub(super) async fn of_sender(
    tx: &mut Connection<'_>,
    context: &Context,
    addresses: &[Address],
    name: Option<&str>,
    now: Timestamp,
) -> Result<Contact, Error> {
    let found = known(tx, context, addresses).await?;
    let name = identity::name(name);
    let before = match found.as_slice() {
        [] => return insert(tx, context, addresses, name, now).await,
        [one] => row_in(tx, context, *one).await?,
        several => joining::join(tx, context, several, now).await?,
    };
    let may_link = before.unlinked_at.is_none();
    let mut contact = Contact::from(before);
    let (kept, gone) = identity::seen(&contact, addresses);
    let name = name.or_else(|| contact.name.clone());
    let client = match contact.client_id {
        None if may_link => client_of(tx, context, &kept).await?,
        client => client,
    };
    if (&kept, &name, client) == (&contact.addresses, &contact.name, contact.client_id) {
        return Ok(contact);
    }
    for address in &gone {
        execute_on!(
            tx,
            sqlx::query(DROP_ADDRESS)
                .bind(context.workspace)
                .bind(address.kind.as_str())
                .bind(identity::key(address))
                .bind(contact.id)
        )?;
    }
    add_addresses(tx, context, contact.id, &kept).await?;
    (contact.addresses, contact.name, contact.client_id) = (kept, name, client);
    save(tx, context, &contact).await?;
    Ok(contact)
}

async fn insert(
    tx: &mut Connection<'_>,
    context: &Context,
    addresses: &[Address],
    name: Option<String>,
    now: Timestamp,
) -> Result<Contact, Error> {
    let nobody = Contact {
        id: ContactId::new(now),
        name,
        addresses: Vec::new(),
        client_id: client_of(tx, context, addresses).await?,
        blocked_at: None,
        created_at: now,
    };
    let (kept, _) = identity::seen(&nobody, addresses);
    execute_on!(
        tx,
        sqlx::query(INSERT)
            .bind(context.workspace)
            .bind(nobody.id)
            .bind(nobody.name.as_deref())
            .bind(Json(&kept))
            .bind(nobody.client_id)
            .bind(now)
    )?;
    add_addresses(tx, context, nobody.id, &kept).await?;
    add_words(tx, context, nobody.id, (nobody.name.as_deref(), &kept)).await?;
    Ok(Contact {
        addresses: kept,
        ..nobody
    })
}

pub(super) async fn save(tx: &mut Connection<'_>, context: &Context, contact: &Contact) -> Result<(), Error> {
    execute_on!(
        tx,
        sqlx::query(SEEN)
            .bind(context.workspace)
            .bind(contact.id)
            .bind(contact.name.as_deref())
            .bind(Json(&contact.addresses))
            .bind(contact.client_id)
    )?;
    forget_words(tx, context, contact.id).await?;
    let found_by = (contact.name.as_deref(), contact.addresses.as_slice());
    add_words(tx, context, contact.id, found_by).await?;
    Ok(())
}

pub(super) async fn forget_words(
    tx: &mut Connection<'_>,
    context: &Context,
    contact: ContactId,
) -> Result<(), store::Error> {
    execute_on!(tx, sqlx::query(DROP_WORDS).bind(context.workspace).bind(contact))?;
    Ok(())
}

/// What a contact of this name and with these addresses is found by.
pub(super) async fn add_words(
    tx: &mut Connection<'_>,
    context: &Context,
    contact: ContactId,
    (name, addresses): (Option<&str>, &[Address]),
) -> Result<(), store::Error> {
    for word in identity::words(name, addresses) {
        execute_on!(
            tx,
            sqlx::query(ADD_WORD)
                .bind(context.workspace)
                .bind(contact)
                .bind(word.as_str())
        )?;
    }
    Ok(())
}

/// Writes the words of up to `most` contacts whose words were not written yet, and tells of how many it has.
pub(in super::super) async fn give_words(store: &Store, context: &Context, most: u32) -> Result<u64, Error> {
    let waiting = reading!(store, context, |tx| {
        without_words(&mut (&mut *tx).into(), context, 1).await
    })?;
    if waiting.is_empty() {
        return Ok(0);
    }
    writing!(store, context, |tx| {
        let tx = &mut Connection::from(&mut *tx);
        // Nobody renames a contact between what is read here and what is written.
        feed::next(tx, context).await?;
        let mut given: u64 = 0;
        for row in without_words(tx, context, most).await? {
            let contact = Contact::from(row);
            forget_words(tx, context, contact.id).await?;
            let found_by = (contact.name.as_deref(), contact.addresses.as_slice());
            add_words(tx, context, contact.id, found_by).await?;
            execute_on!(
                tx,
                sqlx::query(HAS_WORDS).bind(context.workspace).bind(contact.id)
            )?;
            given += 1;
        }
        Ok(given)
    })
}

async fn without_words(
    tx: &mut Connection<'_>,
    context: &Context,
    most: u32,
) -> Result<Vec<ContactRow>, Error> {
    Ok(on_connection!(tx, |tx| sqlx::query_as(WITHOUT_WORDS)
        .bind(context.workspace)
        .bind(i64::from(most))
        .fetch_all(&mut *tx))?)
}

async fn add_addresses(
    tx: &mut Connection<'_>,
    context: &Context,
    contact: ContactId,
    addresses: &[Address],
) -> Result<(), store::Error> {
    for address in addresses {
        execute_on!(
            tx,
            sqlx::query(ADD_ADDRESS)
                .bind(context.workspace)
                .bind(address.kind.as_str())
                .bind(identity::key(address))
                .bind(contact)
        )?;
    }
    Ok(())
}

/// The client that has one of the addresses, if exactly one has; it is held until the transaction ends.
async fn client_of(
    tx: &mut Connection<'_>,
    context: &Context,
    addresses: &[Address],
) -> Result<Option<ClientId>, Error> {
    let mut found: Vec<ClientId> = Vec::new();
    for keys in addresses.iter().filter_map(identity::client_keys) {
        let [first, second] = &keys;
        let clients: Vec<ClientId> = on_connection!(tx, |tx| sqlx::query_scalar(CLIENTS)
            .bind(context.workspace)
            .bind(first)
            .bind(second)
            .fetch_all(&mut *tx))?;
        for client in clients {
            if !found.contains(&client) {
                found.push(client);
            }
        }
    }
    let [client] = found.as_slice() else {
        return Ok(None);
    };
    match clients::hold(tx, context, *client).await {
        Ok(client) => Ok(Some(client)),
        // It was deleted a moment ago.
        Err(error) if error.kind() == crate::error::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// The address that a provider knows a contact by, unless it is somebody else's.
pub(super) async fn learn(
    tx: &mut Connection<'_>,
    context: &Context,
    contact: &Contact,
    address: &Address,
) -> Result<(), Error> {
    if identity::check("address", std::slice::from_ref(address)).is_err()
        || contact.addresses.contains(address)
    {
        return Ok(());
    }
    let found = known(tx, context, std::slice::from_ref(address)).await?;
    if found.iter().any(|other| *other != contact.id) {
        return Ok(());
    }
    let (kept, _) = identity::seen(contact, std::slice::from_ref(address));
    add_addresses(tx, context, contact.id, &kept).await?;
    let known_now = Contact {
        addresses: kept,
        ..contact.clone()
    };
    save(tx, context, &known_now).await
}
