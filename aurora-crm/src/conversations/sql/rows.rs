//! Rows and what they mean.

use aurora_core::store;
use aurora_core::time::Timestamp;
use sqlx::types::{Json, Uuid};

use crate::channels::{Address, ChannelId, ChannelKind, DeliveryState};
use crate::clients::{ClientId, OwnerId};
use crate::conversations::{
    Assignee, Author, Contact, ContactId, Content, Conversation, ConversationId, Direction, Message,
    MessageId, Reactions,
};

/// `select … from messages m where m.workspace_id = $1` and what follows.
macro_rules! select_messages {
    ($rest:expr) => {
        $crate::conversations::sql::rows::select_messages!("", $rest)
    };
    ($join:expr, $rest:expr) => {
        concat!(
            "select m.id, m.conversation_id, m.channel_id, m.position, m.direction, m.author, m.content, m.delivery, m.failure,
            m.provider_id, m.reply_to, m.reaction_in, m.reaction_out, m.despite_closed, m.attempt_at, m.resent, m.sent_at,
            m.created_at, m.visible_seq from ",
            $join,
            " messages m where m.workspace_id = $1 ",
            $rest
        )
    };
}

/// `select … from conversations v … where v.workspace_id = $1` and what follows.
macro_rules! select_conversations {
    ($rest:expr) => {
        $crate::conversations::sql::rows::select_conversations!("", $rest)
    };
    ($join:expr, $rest:expr) => {
        concat!(
            "select v.id, v.channel_kind, v.channel_id, v.status, v.assignee, v.tags, v.unread, v.last_inbound_at,
            v.last_message_at, v.version, v.merged_into, v.created_at, v.contact_id, c.name, c.addresses, c.client_id,
            c.blocked_at, c.created_at as contact_created_at from ",
            $join,
            " conversations v cross join contacts c
            where v.workspace_id = $1 and c.workspace_id = $1 and c.id = v.contact_id ",
            $rest
        )
    };
}

pub(super) use {select_conversations, select_messages};

#[derive(Debug, sqlx::FromRow)]
pub(super) struct ContactRow {
    pub(super) id: ContactId,
    name: Option<String>,
    addresses: Json<Vec<Address>>,
    client_id: Option<ClientId>,
    pub(super) unlinked_at: Option<Timestamp>,
    blocked_at: Option<Timestamp>,
    created_at: Timestamp,
}

impl From<ContactRow> for Contact {
    fn from(row: ContactRow) -> Self {
        Self {
            id: row.id,
            name: row.name,
            addresses: row.addresses.0,
            client_id: row.client_id,
            blocked_at: row.blocked_at,
            created_at: row.created_at,
        }
    }
}

#[derive(Debug, sqlx::FromRow)]
pub(super) struct ConversationRow {
    pub(super) id: ConversationId,
    channel_kind: String,
    channel_id: ChannelId,
    status: String,
    assignee: String,
    tags: Json<Vec<String>>,
    unread: i64,
    last_inbound_at: Option<Timestamp>,
    pub(super) last_message_at: Timestamp,
    version: i64,
    pub(super) merged_into: Option<ConversationId>,
    created_at: Timestamp,
    contact_id: ContactId,
    name: Option<String>,
    addresses: Json<Vec<Address>>,
    client_id: Option<ClientId>,
    blocked_at: Option<Timestamp>,
    contact_created_at: Timestamp,
}

impl TryFrom<ConversationRow> for Conversation {
    type Error = store::Error;

    fn try_from(row: ConversationRow) -> Result<Self, store::Error> {
        let kind: ChannelKind = row.channel_kind.parse().map_err(store::Error::corrupt)?;
        let window = |from: Timestamp| kind.window().map(|window| from + window);
        Ok(Self {
            id: row.id,
            channel_kind: kind,
            channel_id: row.channel_id,
            contact: Contact {
                id: row.contact_id,
                name: row.name,
                addresses: row.addresses.0,
                client_id: row.client_id,
                blocked_at: row.blocked_at,
                created_at: row.contact_created_at,
            },
            status: row.status.parse().map_err(store::Error::corrupt)?,
            assignee: assignee_of(&row.assignee)?,
            tags: row.tags.0,
            unread: row.unread,
            last_inbound_at: row.last_inbound_at,
            last_message_at: row.last_message_at,
            window_expires_at: row.last_inbound_at.and_then(window),
            version: row.version,
            created_at: row.created_at,
        })
    }
}

#[derive(Debug, sqlx::FromRow)]
pub(super) struct MessageRow {
    id: MessageId,
    conversation_id: ConversationId,
    pub(super) channel_id: ChannelId,
    position: i64,
    direction: String,
    author: String,
    content: Json<Content>,
    delivery: Option<String>,
    failure: Option<String>,
    provider_id: Option<String>,
    reply_to: Option<String>,
    reaction_in: Option<String>,
    reaction_out: Option<String>,
    pub(super) despite_closed: i64,
    pub(super) attempt_at: Option<Timestamp>,
    pub(super) resent: i64,
    pub(super) visible_seq: Option<i64>,
    sent_at: Timestamp,
    created_at: Timestamp,
}

impl TryFrom<MessageRow> for Message {
    type Error = store::Error;

    fn try_from(row: MessageRow) -> Result<Self, store::Error> {
        let delivery = row.delivery.as_deref().map(str::parse::<DeliveryState>);
        Ok(Self {
            id: row.id,
            conversation_id: row.conversation_id,
            position: row.position,
            direction: direction_of(&row.direction)?,
            author: author_of(&row.author)?,
            content: row.content.0,
            delivery: delivery.transpose().map_err(store::Error::corrupt)?,
            failure: row.failure,
            provider_id: row.provider_id,
            reply_to: row.reply_to,
            reactions: Reactions {
                contact: row.reaction_in,
                workspace: row.reaction_out,
            },
            sent_at: row.sent_at,
            created_at: row.created_at,
        })
    }
}

pub(super) const fn direction_name(direction: Direction) -> &'static str {
    match direction {
        Direction::In => "in",
        Direction::Out => "out",
        Direction::Note => "note",
    }
}

fn direction_of(text: &str) -> Result<Direction, store::Error> {
    match text {
        "in" => Ok(Direction::In),
        "out" => Ok(Direction::Out),
        "note" => Ok(Direction::Note),
        _ => Err(store::Error::corrupt("a message goes in, out or is a note")),
    }
}

pub(super) fn author_name(author: Author) -> String {
    match author {
        Author::Contact => "contact".to_owned(),
        Author::Assistant => "assistant".to_owned(),
        Author::System => "system".to_owned(),
        Author::Person(id) => person_name(id),
    }
}

fn author_of(text: &str) -> Result<Author, store::Error> {
    match text {
        "contact" => Ok(Author::Contact),
        "assistant" => Ok(Author::Assistant),
        "system" => Ok(Author::System),
        _ => person_of(text).map(Author::Person),
    }
}

pub(super) fn assignee_name(assignee: Assignee) -> String {
    match assignee {
        Assignee::Nobody => "nobody".to_owned(),
        Assignee::Assistant => "assistant".to_owned(),
        Assignee::Person(id) => person_name(id),
    }
}

pub(super) fn assignee_of(text: &str) -> Result<Assignee, store::Error> {
    match text {
        "nobody" => Ok(Assignee::Nobody),
        "assistant" => Ok(Assignee::Assistant),
        _ => person_of(text).map(Assignee::Person),
    }
}

fn person_name(id: OwnerId) -> String {
    format!("person:{}", id.uuid().as_simple())
}

fn person_of(text: &str) -> Result<OwnerId, store::Error> {
    let uuid = text
        .strip_prefix("person:")
        .and_then(|hex| Uuid::try_parse(hex).ok());
    uuid.map(OwnerId::from_uuid)
        .ok_or_else(|| store::Error::corrupt("neither a person nor the assistant"))
}
