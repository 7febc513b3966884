//! Contacts that turn out to be one.

use aurora_core::store::{Connection, execute_on, on_connection};
use aurora_core::time::Timestamp;
use sqlx::types::Json;

use super::rows::ContactRow;
use super::{allowed, contacts, feed};
use crate::channels::ChannelId;
use crate::context::Context;
use crate::conversations::{Contact, ContactId, ConversationId, identity};
use crate::error::{Error, ErrorKind};

aurora_core::store::statements! {
    MOVE_ADDRESSES = "update contact_addresses set contact_id = $3 where workspace_id = $1 and contact_id = $2";
    CONVERSATIONS = "select id, channel_id, status, assignee, tags, unread, last_inbound_at, last_message_at from conversations
        where workspace_id = $1 and contact_id = $2 and merged_into is null";
    MOVE_CONVERSATIONS = "update conversations set contact_id = $3 where workspace_id = $1 and contact_id = $2";
    /// What is posted again under a key finds what was posted before, unless another message of the one that stays has the key.
    MOVE_MESSAGES = "update messages set conversation_id = $3,
            idempotency_key = case when exists (select 1 from messages k where k.workspace_id = $1 and k.conversation_id = $3
                and k.idempotency_key = messages.idempotency_key) then null else idempotency_key end
        where workspace_id = $1 and conversation_id = $2";
    DROP_TAGS = "delete from conversation_tags where workspace_id = $1 and conversation_id = $2";
    ADD_TAG = "insert into conversation_tags (workspace_id, conversation_id, tag, last_message_at) values ($1, $2, $3, $4)
        on conflict do nothing";
    JOINED = "update conversations set merged_into = $3, contact_id = $4, unread = 0, changed_seq = $5
        where workspace_id = $1 and id = $2";
    JOINED_BEFORE = "update conversations set merged_into = $3 where workspace_id = $1 and merged_into = $2";
    TAKE_OVER = "update conversations set tags = $3, unread = $4, last_inbound_at = $5, last_message_at = $6,
            version = version + 1, changed_seq = $7, status = $8, assignee = $9
        where workspace_id = $1 and id = $2";
    /// Files that came from the contact are still found with it, for a copy and for an erasure.
    MOVE_FILES = "update files set subject_id = $3 where workspace_id = $1 and subject_kind = 'ctc' and subject_id = $2";
    /// How far each of two conversations has named times that can be chosen.
    NEXT_REFS = "select conversation_id, next_ref from assistant_threads where workspace_id = $1 and conversation_id in ($2, $3)";
    /// Positions are of the workspace, so that the later one counts for both: nothing is answered twice. What is below it and had no
    /// answer yet is seen by the next turn, in the history.
    JOIN_THREADS = "insert into assistant_threads
            (workspace_id, conversation_id, covered_through, next_ref, client_id, client_key, updated_at)
        select workspace_id, $3, covered_through, next_ref, client_id, client_key, $4 from assistant_threads
            where workspace_id = $1 and conversation_id = $2
        on conflict (workspace_id, conversation_id) do update set
            covered_through = case when excluded.covered_through > assistant_threads.covered_through
                then excluded.covered_through else assistant_threads.covered_through end,
            next_ref = case when excluded.next_ref > assistant_threads.next_ref
                then excluded.next_ref else assistant_threads.next_ref end,
            client_id = case when assistant_threads.client_id is null then excluded.client_id else assistant_threads.client_id end,
            client_key = case when assistant_threads.client_id is null then excluded.client_key else assistant_threads.client_key end,
            updated_at = excluded.updated_at";
    MOVE_OFFERS = "update assistant_offers set conversation_id = $3 where workspace_id = $1 and conversation_id = $2";
    DROP_OFFERS = "delete from assistant_offers where workspace_id = $1 and conversation_id in ($2, $3)";
    /// What a turn has begun goes on in the conversation that stays.
    MOVE_TURN = "update assistant_turns set conversation_id = $3 where workspace_id = $1 and conversation_id = $2 and status = 'open'
        and not exists (select 1 from assistant_turns k where k.workspace_id = $1 and k.conversation_id = $3 and k.status = 'open')";
    /// Where both have one: the one that stays answers with the whole history.
    END_TURN = "update assistant_turns set status = 'silent', reason = 'taken_over', ended_at = $3
        where workspace_id = $1 and conversation_id = $2 and status = 'open'";
    SAVE = "update contacts set name = $3, addresses = $4, client_id = $5, unlinked_at = $6, blocked_at = $7, has_words = 1
        where workspace_id = $1 and id = $2";
    DROP_CONTACT = "delete from contacts where workspace_id = $1 and id = $2";
}

#[derive(Debug, Clone, sqlx::FromRow)]
struct Talk {
    id: ConversationId,
    channel_id: ChannelId,
    status: String,
    assignee: String,
    tags: Json<Vec<String>>,
    unread: i64,
    last_inbound_at: Option<Timestamp>,
    last_message_at: Timestamp,
}

/// Makes one contact of several: the one that was known first stays, with the addresses and conversations of the others.
pub(super) async fn join(
    tx: &mut Connection<'_>,
    context: &Context,
    found: &[ContactId],
    now: Timestamp,
) -> Result<ContactRow, Error> {
    let mut rows = Vec::with_capacity(found.len());
    for id in found {
        let row = contacts::row_in(tx, context, *id).await?;
        rows.push((row.unlinked_at, Contact::from(row)));
    }
    rows.sort_by_key(|(_, contact)| (contact.created_at, contact.id));
    let mut others = rows.into_iter();
    let (mut unlinked_at, mut kept) = others.next().ok_or(Error::new(ErrorKind::Internal))?;
    for (lost_unlinked_at, lost) in others {
        let (addresses, _) = identity::seen(&kept, &lost.addresses);
        // That a person has said that it is no client holds against a number, not against what protects a client.
        let is_client = unlinked_at.is_none() || allowed::is_client_blocked(tx, context, &lost).await?;
        kept.addresses = addresses;
        kept.name = kept.name.or(lost.name);
        kept.client_id = kept.client_id.or(lost.client_id.filter(|_| is_client));
        kept.blocked_at = earliest(kept.blocked_at, lost.blocked_at);
        unlinked_at = earliest(unlinked_at, lost_unlinked_at);
        execute_on!(
            tx,
            sqlx::query(MOVE_ADDRESSES)
                .bind(context.workspace)
                .bind(lost.id)
                .bind(kept.id)
        )?;
        execute_on!(
            tx,
            sqlx::query(MOVE_FILES)
                .bind(context.workspace)
                .bind(lost.id)
                .bind(kept.id)
        )?;
        take_over(tx, context, lost.id, kept.id, now).await?;
        contacts::forget_words(tx, context, lost.id).await?;
        execute_on!(
            tx,
            sqlx::query(DROP_CONTACT).bind(context.workspace).bind(lost.id)
        )?;
    }
    execute_on!(
        tx,
        sqlx::query(SAVE)
            .bind(context.workspace)
            .bind(kept.id)
            .bind(kept.name.as_deref())
            .bind(Json(&kept.addresses))
            .bind(kept.client_id)
            .bind(unlinked_at)
            .bind(kept.blocked_at)
    )?;
    contacts::forget_words(tx, context, kept.id).await?;
    let found_by = (kept.name.as_deref(), kept.addresses.as_slice());
    contacts::add_words(tx, context, kept.id, found_by).await?;
    contacts::row_in(tx, context, kept.id).await
}

fn earliest(one: Option<Timestamp>, other: Option<Timestamp>) -> Option<Timestamp> {
    one.into_iter().chain(other).min()
}

/// The conversations of one contact become those of another; two on one end of a channel become one.
async fn take_over(
    tx: &mut Connection<'_>,
    context: &Context,
    lost: ContactId,
    kept: ContactId,
    now: Timestamp,
) -> Result<(), Error> {
    let theirs = talks(tx, context, lost).await?;
    let own = talks(tx, context, kept).await?;
    for talk in &theirs {
        let Some(same) = own.iter().find(|own| own.channel_id == talk.channel_id) else {
            continue;
        };
        merge(tx, context, talk, same, kept).await?;
        join_threads(tx, context, talk.id, same.id, now).await?;
    }
    execute_on!(
        tx,
        sqlx::query(MOVE_CONVERSATIONS)
            .bind(context.workspace)
            .bind(lost)
            .bind(kept)
    )?;
    Ok(())
}

async fn talks(tx: &mut Connection<'_>, context: &Context, contact: ContactId) -> Result<Vec<Talk>, Error> {
    Ok(on_connection!(tx, |tx| sqlx::query_as(CONVERSATIONS)
        .bind(context.workspace)
        .bind(contact)
        .fetch_all(&mut *tx))?)
}

async fn merge(
    tx: &mut Connection<'_>,
    context: &Context,
    lost: &Talk,
    kept: &Talk,
    contact: ContactId,
) -> Result<(), Error> {
    for statement in [MOVE_MESSAGES, JOINED_BEFORE] {
        execute_on!(
            tx,
            sqlx::query(statement)
                .bind(context.workspace)
                .bind(lost.id)
                .bind(kept.id)
        )?;
    }
    let mut tags = kept.tags.0.clone();
    tags.extend(
        lost.tags
            .0
            .iter()
            .filter(|tag| !kept.tags.0.contains(tag))
            .cloned(),
    );
    let last_message_at = kept.last_message_at.max(lost.last_message_at);
    execute_on!(tx, sqlx::query(DROP_TAGS).bind(context.workspace).bind(lost.id))?;
    execute_on!(tx, sqlx::query(DROP_TAGS).bind(context.workspace).bind(kept.id))?;
    for tag in &tags {
        execute_on!(
            tx,
            sqlx::query(ADD_TAG)
                .bind(context.workspace)
                .bind(kept.id)
                .bind(tag)
                .bind(last_message_at)
        )?;
    }
    let seq = feed::next(tx, context).await?;
    execute_on!(
        tx,
        sqlx::query(JOINED)
            .bind(context.workspace)
            .bind(lost.id)
            .bind(kept.id)
            .bind(contact)
            .bind(seq)
    )?;
    let seq = feed::next(tx, context).await?;
    execute_on!(
        tx,
        sqlx::query(TAKE_OVER)
            .bind(context.workspace)
            .bind(kept.id)
            .bind(Json(&tags))
            .bind(kept.unread.saturating_add(lost.unread))
            .bind(kept.last_inbound_at.max(lost.last_inbound_at))
            .bind(last_message_at)
            .bind(seq)
            .bind(liveliest(&kept.status, &lost.status))
            .bind(answering(&kept.assignee, &lost.assignee))
    )?;
    Ok(())
}

/// What the assistant has answered in one conversation is answered in the other.
async fn join_threads(
    tx: &mut Connection<'_>,
    context: &Context,
    lost: ConversationId,
    kept: ConversationId,
    now: Timestamp,
) -> Result<(), Error> {
    let refs: Vec<(ConversationId, i64)> = on_connection!(tx, |tx| sqlx::query_as(NEXT_REFS)
        .bind(context.workspace)
        .bind(lost)
        .bind(kept)
        .fetch_all(&mut *tx))?;
    let has_offered = |which| refs.iter().any(|(id, next)| *id == which && *next > 1);
    execute_on!(
        tx,
        sqlx::query(JOIN_THREADS)
            .bind(context.workspace)
            .bind(lost)
            .bind(kept)
            .bind(now)
    )?;
    // A ref names one time: where both have offered, a list that is still on the screen could name the other's.
    let offers = if has_offered(kept) {
        DROP_OFFERS
    } else {
        MOVE_OFFERS
    };
    let moved = if has_offered(lost) {
        &[offers, MOVE_TURN][..]
    } else {
        &[MOVE_TURN]
    };
    for statement in moved {
        execute_on!(
            tx,
            sqlx::query(*statement)
                .bind(context.workspace)
                .bind(lost)
                .bind(kept)
        )?;
    }
    execute_on!(
        tx,
        sqlx::query(END_TURN).bind(context.workspace).bind(lost).bind(now)
    )?;
    Ok(())
}

/// What goes on in one goes on in both: what is still to be sent is not lost.
fn liveliest<'a>(kept: &'a str, lost: &'a str) -> &'a str {
    let known = ["open", "pending", "closed"];
    let found = known.into_iter().find(|status| [kept, lost].contains(status));
    found.unwrap_or(kept)
}

/// Who answers: a person who has taken one, else whoever waits for a person; the assistant alone only where it had both.
fn answering<'a>(kept: &'a str, lost: &'a str) -> &'a str {
    let is_taken = |assignee: &&str| !["nobody", "assistant"].contains(assignee);
    let both = [kept, lost];
    let person = both.into_iter().find(is_taken);
    person
        .or_else(|| both.into_iter().find(|assignee| *assignee == "nobody"))
        .unwrap_or(kept)
}
