//! Reading conversations and their messages.

use std::collections::HashMap;

use aurora_core::page::{Page, PageRequest};

use super::{
    Conversation, ConversationFilter, ConversationId, Conversations, LabelCount, Message, MessageId, Seen,
    UnreadCount, input, sql,
};
use crate::channels::{Address, ChannelId};
use crate::context::Context;
use crate::error::Error;

/// The most messages of [`Conversations::recent`].
const MOST_RECENT: u32 = 200;

impl Conversations {
    /// One conversation; one that was joined with another is that one.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn get(&self, context: &Context, id: ConversationId) -> Result<Conversation, Error> {
        let work = sql::list::get(&self.store, context, id);
        self.store.run(context, "conversations.get", work).await
    }

    /// One page of conversations, the one with the newest message first.
    ///
    /// Of the word that the fewest contacts have, the first 5,000 in the order of words are looked at.
    ///
    /// # Errors
    /// `Invalid` when the cursor is damaged or belongs to another list, or there is no word in what a contact is looked for by, or
    /// more than eight.
    pub async fn list(
        &self,
        context: &Context,
        filter: &ConversationFilter,
        page: &PageRequest,
    ) -> Result<Page<Conversation>, Error> {
        let work = sql::list::page(&self.store, context, filter, page);
        self.store.run(context, "conversations.list", work).await
    }

    /// One page of the messages of a conversation, the newest by the provider's clock first.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` when the cursor is damaged or belongs to another list.
    pub async fn messages(
        &self,
        context: &Context,
        id: ConversationId,
        page: &PageRequest,
    ) -> Result<Page<Message>, Error> {
        let work = sql::messages::page(&self.store, context, id, page);
        self.store.run(context, "conversations.messages", work).await
    }

    /// The last message that one side wrote to the other in each of these conversations, also one that was not sent: without notes,
    /// reactions and notices. Conversations without any, and ids of none, are left out.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn last_messages(
        &self,
        context: &Context,
        ids: &[ConversationId],
    ) -> Result<HashMap<ConversationId, Message>, Error> {
        let work = sql::messages::last(&self.store, context, ids);
        self.store.run(context, "conversations.last_messages", work).await
    }

    /// The conversation with whoever has an address, on this end of a channel.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn with_address(
        &self,
        context: &Context,
        channel: ChannelId,
        address: &Address,
    ) -> Result<Option<Conversation>, Error> {
        let work = sql::contacts::with_address(&self.store, context, channel, address);
        self.store.run(context, "conversations.with_address", work).await
    }

    /// Up to `most` (1 to 200) messages between both sides that could be seen by both after the place `after` ([`Seen::after`], or 0),
    /// in that order: what comes in at once, what goes out once the channel has taken it. A message that is taken late comes
    /// late, and is not missed; its `position` says where it belongs.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn after(
        &self,
        context: &Context,
        id: ConversationId,
        after: i64,
        most: u32,
    ) -> Result<Seen, Error> {
        let work = sql::messages::after(&self.store, context, id, after, most.clamp(1, MOST_RECENT));
        self.store.run(context, "conversations.after", work).await
    }

    /// One message.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn message(&self, context: &Context, id: MessageId) -> Result<Message, Error> {
        let work = sql::messages::get(&self.store, context, id);
        self.store.run(context, "conversations.message", work).await
    }

    /// The last `most` (1 to 200) messages between both sides, the oldest first, as context for a model: without notes, reactions
    /// and notices, and without what was not sent.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn recent(
        &self,
        context: &Context,
        id: ConversationId,
        most: u32,
    ) -> Result<Vec<Message>, Error> {
        let work = sql::messages::recent(&self.store, context, id, most.clamp(1, MOST_RECENT));
        self.store.run(context, "conversations.recent", work).await
    }

    /// One page of the messages that have words beginning with each word of `text`, the newest written down first; case and
    /// accents do not matter.
    ///
    /// Of the word that the fewest messages have, the first 5,000 in the order of words are looked at.
    ///
    /// # Errors
    /// `Invalid` when there is no word in it, more than eight, or the cursor is damaged or belongs to another search.
    pub async fn search(
        &self,
        context: &Context,
        text: &str,
        page: &PageRequest,
    ) -> Result<Page<Message>, Error> {
        let work = async {
            let words = input::check_query(text)?;
            sql::search::search(&self.store, context, &words, page).await
        };
        self.store.run(context, "conversations.search", work).await
    }

    /// The labels in use, in order, with the number of conversations that carry them; up to 1,000.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn tags(&self, context: &Context) -> Result<Vec<LabelCount>, Error> {
        let work = sql::list::tag_counts(&self.store, context);
        self.store.run(context, "conversations.tags", work).await
    }

    /// How much each assignee has not read.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn unread_counts(&self, context: &Context) -> Result<Vec<UnreadCount>, Error> {
        let work = sql::list::unread_counts(&self.store, context);
        self.store.run(context, "conversations.unread_counts", work).await
    }
}
