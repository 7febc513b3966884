//! What is to be sent, and notes.

use aurora_core::store::outbox::Message as Letter;
use aurora_core::store::{Connection, execute_on, on_connection};
use aurora_core::time::Timestamp;
use serde_json::json;
use sqlx::types::Json;

use super::ingest::{find_or_open, opened, save};
use super::insert::{self, Draft, insert};
use super::{allowed, contacts, feed, list, messages, settings};
use crate::channels::{Address, AddressKind, ChannelId, ChannelKind};
use crate::clients::{ClientId, within as clients};
use crate::contacts::Phone;
use crate::context::Context;
use crate::conversations::input::Checked;
use crate::conversations::sender::{Job, What};
use crate::conversations::{
    Author, Content, Conversation, ConversationId, ConversationStatus, Direction, MESSAGES, Message,
    MessageId, NewMessage, Recipient, fallback, identity,
};
use crate::error::Error;
use crate::journal::Record;
use crate::leads::refused;
use crate::store::{Store, writing};

/// The most attempts of a letter: with two minutes between them time ends first, for what is a day old is not sent any more.
pub(in super::super) const ATTEMPTS: u16 = 1_000;

aurora_core::store::statements! {
    SET_CONTENT = "update messages set content = $3, changed_seq = $4 where workspace_id = $1 and id = $2";
    /// The file belongs to whoever the contact of the message is by now: it may have been joined with another while bytes came in.
    OWN_FILE = "update files set subject_id = (select v.contact_id from messages m join conversations v
                on v.workspace_id = m.workspace_id and v.id = m.conversation_id where m.workspace_id = $1 and m.id = $2)
        where workspace_id = $1 and id = $3 and subject_kind = 'ctc'";
    /// Where a client was last heard from.
    HEARD_AT = "select c.addresses from contacts c cross join conversations v
        where c.workspace_id = $1 and c.client_id = $2 and v.workspace_id = $1 and v.contact_id = c.id
            and v.channel_kind = $3 and v.merged_into is null
        order by v.last_message_at desc, v.id limit 1";
    WHATSAPP_ID = "select value from client_contacts
        where workspace_id = $1 and client_id = $2 and channel = 'whatsapp' and kind = 'wa_id' and deleted_at is null
        order by id limit 1";
    PHONES = "select phones from clients where workspace_id = $1 and id = $2";
}

pub(in super::super) async fn post(
    store: &Store,
    context: &Context,
    id: ConversationId,
    Checked(new): Checked,
) -> Result<Message, Error> {
    writing!(store, context, |tx| {
        let tx = &mut Connection::from(&mut *tx);
        let seq = feed::next(tx, context).await?;
        let conversation = list::live_in(tx, context, id).await?;
        post_in(store, tx, context, (conversation, false), &new, seq).await
    })
}

pub(in super::super) async fn start(
    store: &Store,
    context: &Context,
    channel: ChannelId,
    to: &Recipient,
    Checked(new): Checked,
) -> Result<Message, Error> {
    writing!(store, context, |tx| {
        let (now, tx) = (store.now(), &mut Connection::from(&mut *tx));
        let seq = feed::next(tx, context).await?;
        let address = match to {
            Recipient::Address(address) => address.clone(),
            Recipient::Client(client) => address_of(tx, context, channel, *client).await?,
        };
        let addresses = [address];
        let kind = identity::check("to", &addresses)?;
        let contact = contacts::of_sender(tx, context, &addresses, None, now).await?;
        let place = (channel, kind);
        // It waits for the contact from the beginning.
        let found = find_or_open(tx, context, &contact, place, ConversationStatus::Pending, now).await?;
        post_in(store, tx, context, found, &new, seq).await
    })
}

/// Where a client is written to first.
async fn address_of(
    tx: &mut Connection<'_>,
    context: &Context,
    channel: ChannelId,
    client: ClientId,
) -> Result<Address, Error> {
    let client = clients::hold(tx, context, client).await?;
    let kind: Option<String> = on_connection!(tx, |tx| sqlx::query_scalar(list::KIND_OF)
        .bind(context.workspace)
        .bind(channel)
        .fetch_optional(&mut *tx))?;
    let kind = kind.unwrap_or_else(|| ChannelKind::Whatsapp.as_str().to_owned());
    let heard: Option<Json<Vec<Address>>> = on_connection!(tx, |tx| sqlx::query_scalar(HEARD_AT)
        .bind(context.workspace)
        .bind(client)
        .bind(&kind)
        .fetch_optional(&mut *tx))?;
    let of_kind = |address: &Address| identity::channel(address.kind).as_str() == kind;
    if let Some(address) = heard.and_then(|heard| heard.0.into_iter().find(of_kind)) {
        return Ok(address);
    }
    let nowhere = || refused("to", "no_address", "the client has no address on this channel");
    if kind != ChannelKind::Whatsapp.as_str() {
        return Err(nowhere());
    }
    let id: Option<String> = on_connection!(tx, |tx| sqlx::query_scalar(WHATSAPP_ID)
        .bind(context.workspace)
        .bind(client)
        .fetch_optional(&mut *tx))?;
    if let Some(id) = id {
        return Ok(Address::new(AddressKind::WaId, id));
    }
    let phones: Option<Json<Vec<Phone>>> = on_connection!(tx, |tx| sqlx::query_scalar(PHONES)
        .bind(context.workspace)
        .bind(client)
        .fetch_optional(&mut *tx))?;
    let phones = phones.map(|phones| phones.0).unwrap_or_default();
    let mobile = phones.iter().find(|phone| is_mobile(phone));
    let number = mobile.map(|phone| phone.as_str().trim_start_matches('+'));
    number
        .map(|digits| Address::new(AddressKind::WaId, digits))
        .ok_or_else(nowhere)
}

/// Whether a number can have WhatsApp without more: abroad nobody can tell.
fn is_mobile(phone: &Phone) -> bool {
    match phone.as_str().strip_prefix("+55") {
        Some(national) => national.len() == 11,
        None => true,
    }
}

async fn post_in(
    store: &Store,
    tx: &mut Connection<'_>,
    context: &Context,
    (conversation, is_new): (Conversation, bool),
    new: &NewMessage,
    seq: i64,
) -> Result<Message, Error> {
    let now = store.now();
    if let Some(key) = &new.idempotency_key
        && let Some(known) = messages::by_key(tx, context, conversation.id, key).await?
    {
        return Ok(known);
    }
    allowed::check(tx, context, &conversation, new, now).await?;
    let reply_to = match new.reply_to {
        Some(id) => Some(answered(tx, context, &conversation, id).await?),
        None => None,
    };
    let is_closed = conversation.status == ConversationStatus::Closed;
    // What the program sends, such as a reminder, opens nothing.
    let stays = new.author == Author::System && is_closed;
    let message = enqueue(
        store,
        tx,
        context,
        &Draft {
            id: MessageId::new(now),
            conversation: conversation.id,
            channel: conversation.channel_id,
            seq,
            direction: Direction::Out,
            author: new.author,
            content: &new.content,
            extra: None,
            provider_id: None,
            reply_to: reply_to.as_deref(),
            key: new.idempotency_key.as_deref(),
            despite_closed: new.closes || stays,
            sent_at: now,
            now,
        },
    )
    .await?;
    let mut after = conversation.clone();
    after.status = match after.status {
        _ if new.closes => ConversationStatus::Closed,
        ConversationStatus::Closed if !stays => ConversationStatus::Open,
        status => status,
    };
    if after.status != conversation.status {
        after.version = after.version.saturating_add(1);
    }
    after.last_message_at = after.last_message_at.max(now);
    save(tx, context, &after).await?;
    let mut records = Vec::with_capacity(2);
    if is_new {
        records.push(opened(&conversation, now));
    }
    records.push(posted(&message, now));
    store.record(tx, context, now, &records).await?;
    Ok(message)
}

fn posted(message: &Message, now: Timestamp) -> Record {
    Record::new("message.posted", "message", message.id, now)
        .with("conversation", message.conversation_id.to_string())
        .with("kind", message.content.kind())
}

/// What the provider calls the message that is answered.
async fn answered(
    tx: &mut Connection<'_>,
    context: &Context,
    conversation: &Conversation,
    id: MessageId,
) -> Result<String, Error> {
    let row = messages::row_in(tx, context, id).await?;
    let message = row.map(Message::try_from).transpose()?;
    message
        .filter(|message| message.conversation_id == conversation.id)
        .and_then(|message| message.provider_id)
        .ok_or_else(|| {
            let text = "there is no such message in the conversation that its channel knows";
            refused("reply_to", "invalid", text)
        })
}

/// Writes an outgoing message down, and with it the letter by which it is sent.
async fn enqueue(
    store: &Store,
    tx: &mut Connection<'_>,
    context: &Context,
    draft: &Draft<'_>,
) -> Result<Message, Error> {
    let message = insert(tx, context, draft).await?;
    let job = Job {
        workspace: context.workspace,
        what: What::Send(message.id),
    };
    let letter = job.letter(message.conversation_id)?;
    store
        .outbox()
        .enqueue_in(tx, &letter.idempotency_key(message.id))
        .await?;
    Ok(message)
}

impl Job {
    /// A letter of the queue, in the order of its conversation.
    pub(super) fn letter(self, conversation: ConversationId) -> Result<Letter, Error> {
        Ok(Letter::json(MESSAGES, &self)?
            .tenant(self.workspace)
            .ordering_key(conversation)
            .max_attempts(ATTEMPTS.into()))
    }
}

pub(in super::super) async fn note(
    store: &Store,
    context: &Context,
    id: ConversationId,
    author: Author,
    text: String,
) -> Result<Message, Error> {
    writing!(store, context, |tx| {
        let (now, tx) = (store.now(), &mut Connection::from(&mut *tx));
        feed::next(tx, context).await?;
        let conversation = list::live_in(tx, context, id).await?;
        let content = Content::text(text);
        let message = add_note(
            tx,
            context,
            (conversation.id, conversation.channel_id),
            author,
            &content,
            now,
        )
        .await?;
        let record = Record::new("message.noted", "message", message.id, now)
            .with("conversation", conversation.id.to_string());
        store.record(tx, context, now, &[record]).await?;
        Ok(message)
    })
}

/// Tells something to those who read the history.
pub(super) async fn add_note(
    tx: &mut Connection<'_>,
    context: &Context,
    (conversation, channel): (ConversationId, ChannelId),
    author: Author,
    content: &Content,
    now: Timestamp,
) -> Result<Message, Error> {
    let seq = feed::next(tx, context).await?;
    let draft = Draft {
        id: MessageId::new(now),
        conversation,
        channel,
        seq,
        direction: Direction::Note,
        author,
        content,
        extra: None,
        provider_id: None,
        reply_to: None,
        key: None,
        despite_closed: false,
        sent_at: now,
        now,
    };
    insert(tx, context, &draft).await
}

/// Sends the template of the workspace instead of a message that came too late, if there is one.
pub(super) async fn fall_back(
    store: &Store,
    tx: &mut Connection<'_>,
    context: &Context,
    late: &Message,
    now: Timestamp,
) -> Result<Option<Record>, Error> {
    if matches!(late.content, Content::Template { .. }) {
        return Ok(None);
    }
    let Some(template) = settings::get_in(tx, context).await?.fallback else {
        return Ok(None);
    };
    let conversation = list::live_in(tx, context, late.conversation_id).await?;
    let key = fallback::key(&template, late, &conversation);
    if messages::by_key(tx, context, conversation.id, &key)
        .await?
        .is_some()
    {
        return Ok(None);
    }
    let content = fallback::content(&template, late, conversation.contact.name.as_deref());
    let seq = feed::next(tx, context).await?;
    let draft = Draft {
        id: MessageId::new(now),
        conversation: conversation.id,
        channel: conversation.channel_id,
        seq,
        direction: Direction::Out,
        author: Author::System,
        content: &content,
        extra: Some(&json!({"instead_of": late.id.to_string()})),
        provider_id: None,
        reply_to: None,
        key: Some(&key),
        despite_closed: conversation.status == ConversationStatus::Closed,
        sent_at: now,
        now,
    };
    let message = enqueue(store, tx, context, &draft).await?;
    Ok(Some(posted(&message, now)))
}

pub(in super::super) async fn media_stored(
    store: &Store,
    context: &Context,
    id: MessageId,
    file_id: &str,
) -> Result<Message, Error> {
    writing!(store, context, |tx| {
        let (now, tx) = (store.now(), &mut Connection::from(&mut *tx));
        let seq = feed::next(tx, context).await?;
        let mut message = messages::get_in(tx, context, id).await?;
        let Content::Media { media, .. } = &mut message.content else {
            return Err(refused("message", "invalid", "the message has no media"));
        };
        media.file_id = Some(file_id.to_owned());
        execute_on!(
            tx,
            sqlx::query(SET_CONTENT)
                .bind(context.workspace)
                .bind(id)
                .bind(Json(insert::json(&message.content)?))
                .bind(seq)
        )?;
        #[cfg(feature = "files")]
        if let Ok(file) = file_id.parse::<crate::files::FileId>() {
            execute_on!(
                tx,
                sqlx::query(OWN_FILE).bind(context.workspace).bind(id).bind(file)
            )?;
        }
        let record = Record::new("message.media_stored", "message", id, now);
        store.record(tx, context, now, &[record]).await?;
        Ok(message)
    })
}
