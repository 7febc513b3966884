//! Writing messages down.

use aurora_core::store::{Connection, execute_on, on_connection};
use aurora_core::time::Timestamp;
use serde_json::Value;
use sqlx::types::Json;

use super::messages::get_in;
use super::rows::{author_name, direction_name};
use crate::channels::{ChannelId, DeliveryState};
use crate::clients::words_of_text;
use crate::context::Context;
use crate::conversations::{Author, Content, ConversationId, Direction, Message, MessageId};
use crate::error::{Error, ErrorKind};

/// How many words one statement adds.
const WORDS: usize = 16;
/// The distinct words of one message by which it is found.
const MAX_WORDS: usize = 500;

aurora_core::store::statements! {
    MESSAGE = "insert into messages (workspace_id, id, conversation_id, channel_id, position, changed_seq, direction, author,
            content, extra, delivery, provider_id, reply_to, reaction_to, idempotency_key, despite_closed, resent, sent_at,
            created_at, visible_seq)
        values ($1, $2, $3, $4, $5, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, 0, $16, $17, $18)";
    ADD_WORDS = "insert into message_words (workspace_id, message_id, position, word)
        values ($1, $2, $3, $4), ($1, $2, $3, $5), ($1, $2, $3, $6), ($1, $2, $3, $7), ($1, $2, $3, $8), ($1, $2, $3, $9),
            ($1, $2, $3, $10), ($1, $2, $3, $11), ($1, $2, $3, $12), ($1, $2, $3, $13), ($1, $2, $3, $14), ($1, $2, $3, $15),
            ($1, $2, $3, $16), ($1, $2, $3, $17), ($1, $2, $3, $18), ($1, $2, $3, $19)
        on conflict do nothing";
    REACTED_IN = "update messages set reaction_in = $4, changed_seq = $5
        where workspace_id = $1 and channel_id = $2 and provider_id = $3";
    REACTED_OUT = "update messages set reaction_out = $4, changed_seq = $5
        where workspace_id = $1 and channel_id = $2 and provider_id = $3";
    /// The signs that came before the message had its name.
    EARLY_REACTIONS = "select direction, content from messages
        where workspace_id = $1 and channel_id = $2 and reaction_to = $3 order by position desc limit 20";
    SET_REACTIONS = "update messages set reaction_in = $3, reaction_out = $4 where workspace_id = $1 and id = $2";
}

/// A message that is about to be written.
#[derive(Debug)]
pub(in super::super) struct Draft<'a> {
    pub(in super::super) id: MessageId,
    pub(in super::super) conversation: ConversationId,
    pub(in super::super) channel: ChannelId,
    pub(in super::super) seq: i64,
    pub(in super::super) direction: Direction,
    pub(in super::super) author: Author,
    pub(in super::super) content: &'a Content,
    pub(in super::super) extra: Option<&'a Value>,
    pub(in super::super) provider_id: Option<&'a str>,
    pub(in super::super) reply_to: Option<&'a str>,
    pub(in super::super) key: Option<&'a str>,
    pub(in super::super) despite_closed: bool,
    pub(in super::super) sent_at: Timestamp,
    pub(in super::super) now: Timestamp,
}

/// Writes a message with its words, and puts a reaction where it belongs.
pub(in super::super) async fn insert(
    tx: &mut Connection<'_>,
    context: &Context,
    draft: &Draft<'_>,
) -> Result<Message, Error> {
    let reaction = match draft.content {
        Content::Reaction { to, emoji } => Some((without_nul(to), emoji.as_deref().map(without_nul))),
        _ => None,
    };
    let delivery = (draft.direction == Direction::Out).then_some(DeliveryState::Queued.as_str());
    let content = json(draft.content)?;
    execute_on!(
        tx,
        sqlx::query(MESSAGE)
            .bind(context.workspace)
            .bind(draft.id)
            .bind(draft.conversation)
            .bind(draft.channel)
            .bind(draft.seq)
            .bind(direction_name(draft.direction))
            .bind(author_name(draft.author))
            .bind(Json(&content))
            .bind(draft.extra.cloned().map(scrubbed).map(Json))
            .bind(delivery)
            .bind(draft.provider_id)
            .bind(draft.reply_to.map(without_nul))
            .bind(reaction.as_ref().map(|(to, _)| to))
            .bind(draft.key)
            .bind(i64::from(draft.despite_closed))
            .bind(draft.sent_at)
            .bind(draft.now)
            .bind((draft.direction == Direction::In).then_some(draft.seq))
    )?;
    add_words(tx, context, draft.id, draft.seq, draft.content.words()).await?;
    if let Some((to, emoji)) = reaction {
        let statement = match draft.direction {
            Direction::In => REACTED_IN,
            Direction::Out | Direction::Note => REACTED_OUT,
        };
        let seq = super::feed::next(tx, context).await?;
        execute_on!(
            tx,
            sqlx::query(statement)
                .bind(context.workspace)
                .bind(draft.channel)
                .bind(&to)
                .bind(emoji.filter(|emoji| !emoji.is_empty()))
                .bind(seq)
        )?;
    }
    if let Some(provider_id) = draft.provider_id {
        early_reactions(tx, context, draft.id, draft.channel, provider_id).await?;
    }
    get_in(tx, context, draft.id).await
}

/// Puts signs on a message that came before it had its name at the provider.
pub(super) async fn early_reactions(
    tx: &mut Connection<'_>,
    context: &Context,
    id: MessageId,
    channel: ChannelId,
    provider_id: &str,
) -> Result<(), Error> {
    let found: Vec<(String, Json<Content>)> = on_connection!(tx, |tx| sqlx::query_as(EARLY_REACTIONS)
        .bind(context.workspace)
        .bind(channel)
        .bind(provider_id)
        .fetch_all(&mut *tx))?;
    if found.is_empty() {
        return Ok(());
    }
    // The newest is first, and the last that a side gave counts.
    let of = |side: &str| {
        let newest = found.iter().find(|(direction, _)| direction == side)?;
        match &newest.1.0 {
            Content::Reaction { emoji, .. } => emoji.clone().filter(|emoji| !emoji.is_empty()),
            _ => None,
        }
    };
    execute_on!(
        tx,
        sqlx::query(SET_REACTIONS)
            .bind(context.workspace)
            .bind(id)
            .bind(of("in"))
            .bind(of("out"))
    )?;
    Ok(())
}

async fn add_words(
    tx: &mut Connection<'_>,
    context: &Context,
    id: MessageId,
    position: i64,
    text: &str,
) -> Result<(), Error> {
    let mut words = words_of_text(text);
    words.truncate(MAX_WORDS);
    for chunk in words.chunks(WORDS) {
        let Some(last) = chunk.last() else { continue };
        execute_on!(tx, {
            let mut query = sqlx::query(ADD_WORDS)
                .bind(context.workspace)
                .bind(id)
                .bind(position);
            // What is missing is filled with what is there.
            for word in chunk.iter().chain(std::iter::repeat(last)).take(WORDS) {
                query = query.bind(word);
            }
            query
        })?;
    }
    Ok(())
}

/// A content as JSON that both databases take.
pub(super) fn json(content: &Content) -> Result<Value, Error> {
    let value = serde_json::to_value(content).map_err(|_| Error::new(ErrorKind::Internal))?;
    Ok(scrubbed(value))
}

/// PostgreSQL cannot store the character U+0000.
pub(super) fn scrubbed(mut value: Value) -> Value {
    fn scrub(value: &mut Value) {
        match value {
            Value::String(text) if text.contains('\0') => *text = without_nul(text),
            Value::Array(items) => items.iter_mut().for_each(scrub),
            Value::Object(object) => {
                if object.keys().any(|key| key.contains('\0')) {
                    let entries = std::mem::take(object).into_iter();
                    object.extend(entries.map(|(key, value)| (without_nul(&key), value)));
                }
                object.values_mut().for_each(scrub);
            }
            _ => {}
        }
    }
    scrub(&mut value);
    value
}

pub(super) fn without_nul(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}
