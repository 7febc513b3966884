use super::feed::Bell;
use super::{
    Author, Burst, ConversationId, Ingested, Message, MessageId, NewMessage, Recipient, Sender, input, sql,
};
use crate::channels::{ChannelId, DeliveryUpdate, Inbound, Messenger};
use crate::context::Context;
use crate::error::Error;
use crate::store::Store;
use std::sync::Arc;

/// The most contacts whose words are written in one transaction, for which the writers of a workspace wait.
const MOST_INDEXED: u32 = 1_000;

/// What can be done with conversations; a cheap handle.
///
/// The writers of one workspace take turns, so that messages and changes have one order.
#[derive(Debug, Clone)]
pub struct Conversations {
    pub(super) store: Store,
    pub(super) bell: Bell,
}

impl Conversations {
    pub(crate) fn new(store: Store) -> Self {
        Self {
            store,
            bell: Bell::new(),
        }
    }

    /// Wakes those who watch, when something was written.
    pub(super) fn told<T>(&self, context: &Context, outcome: Result<T, Error>) -> Result<T, Error> {
        if outcome.is_ok() {
            self.bell.ring(context.workspace);
        }
        outcome
    }

    /// Writes down a message that came in on a channel; the same one again (by channel and provider's name) changes nothing.
    ///
    /// Its sender becomes a contact, or is one by any of its addresses; addresses that come together belong to one contact from
    /// then on. A contact whose number exactly one client has is linked to it. The conversation is made or opened again, and
    /// when the assistant answers it, a [`Turn`](super::Turn) is put into the queue [`TURNS`](super::TURNS) in the same
    /// transaction. Reactions and notices make no turn, count as read and open nothing.
    ///
    /// # Errors
    /// `Invalid` when it names no sender, an address of it cannot be one, or it is larger than 1 MiB.
    ///
    /// # Cancel safety
    /// Dropping the future leaves the message either written or not; ingest it again.
    pub async fn ingest(&self, context: &Context, inbound: &Inbound) -> Result<Ingested, Error> {
        let work = sql::ingest::ingest(&self.store, context, inbound, None);
        let outcome = self.store.run(context, "conversations.ingest", work).await;
        self.told(context, outcome)
    }

    /// As [`Self::ingest`], for channels on which anybody may write as much as he likes: what comes in beyond `burst` is not taken,
    /// however many come at the same moment. What was taken before is known again all the same.
    ///
    /// # Errors
    /// As [`Self::ingest`]; `Invalid` with the code `too_many`.
    ///
    /// # Cancel safety
    /// As [`Self::ingest`].
    pub async fn ingest_within(
        &self,
        context: &Context,
        inbound: &Inbound,
        burst: Burst,
    ) -> Result<Ingested, Error> {
        let work = sql::ingest::ingest(&self.store, context, inbound, Some(burst));
        let outcome = self.store.run(context, "conversations.ingest", work).await;
        self.told(context, outcome)
    }

    /// Takes what a channel tells of an outgoing message; a state is never followed by a lower one. What it tells before the
    /// message has its provider's name is kept for up to seven days and applied when it has.
    ///
    /// Gives the message when it was changed.
    ///
    /// # Errors
    /// `Invalid` when the provider's name is empty or too long.
    pub async fn delivery(
        &self,
        context: &Context,
        update: &DeliveryUpdate,
    ) -> Result<Option<Message>, Error> {
        let work = sql::delivery::take(&self.store, context, update);
        let outcome = self.store.run(context, "conversations.delivery", work).await;
        self.told(context, outcome)
    }

    /// Writes down a message that is to be sent; the [`Sender`] sends it. A closed conversation is opened by it.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` with every wrong field; with the code `window_closed` when the contact wrote too long ago for
    /// anything but a template, `contact_blocked` when nothing is sent to the contact, `client_blocked` when the
    /// data of the client may not be used (LGPD art. 18, IV), `taken_over` when the assistant writes where a person answers.
    ///
    /// # Cancel safety
    /// Dropping the future leaves the message either to be sent or not written; with an idempotency key it can be posted again.
    pub async fn post(
        &self,
        context: &Context,
        conversation: ConversationId,
        message: NewMessage,
    ) -> Result<Message, Error> {
        let work = async {
            let checked = input::check(message)?;
            sql::outgoing::post(&self.store, context, conversation, checked).await
        };
        let outcome = self.store.run(context, "conversations.post", work).await;
        self.told(context, outcome)
    }

    /// Writes to somebody first: finds or makes the contact and the conversation on this end of a channel, and posts. On WhatsApp
    /// it must be a template unless the contact has written within 24 hours.
    ///
    /// # Errors
    /// As [`Self::post`]; `Invalid` with the code `no_address` when the client cannot be reached.
    pub async fn start(
        &self,
        context: &Context,
        channel: ChannelId,
        to: impl Into<Recipient> + Send,
        message: NewMessage,
    ) -> Result<Message, Error> {
        let to = to.into();
        let work = async {
            let checked = input::check(message)?;
            sql::outgoing::start(&self.store, context, channel, &to, checked).await
        };
        let outcome = self.store.run(context, "conversations.start", work).await;
        self.told(context, outcome)
    }

    /// Writes a note among the people who answer; it is never sent, and not shown to the assistant.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` when the text is empty or longer than 4096 characters.
    pub async fn note(
        &self,
        context: &Context,
        conversation: ConversationId,
        author: Author,
        text: &str,
    ) -> Result<Message, Error> {
        let work = async {
            let text = input::check_note(text)?;
            sql::outgoing::note(&self.store, context, conversation, author, text).await
        };
        let outcome = self.store.run(context, "conversations.note", work).await;
        self.told(context, outcome)
    }

    /// Says where the bytes of a message's media are kept now.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` when the message has no media.
    pub async fn media_stored(
        &self,
        context: &Context,
        message: MessageId,
        file_id: &str,
    ) -> Result<Message, Error> {
        let work = sql::outgoing::media_stored(&self.store, context, message, file_id);
        let outcome = self.store.run(context, "conversations.media_stored", work).await;
        self.told(context, outcome)
    }

    /// Writes the words by which contacts are found for up to `most` contacts (1,000 at most) that were stored before there were
    /// any, in one transaction, and tells of how many it has; fewer than `most` when none is left. For a job, which goes on until
    /// then; where nothing is left to do it costs one look into an index.
    ///
    /// # Errors
    /// When the database cannot be read or written.
    ///
    /// # Cancel safety
    /// Dropping the future leaves the words of all of them either written or not.
    pub async fn index_contacts(&self, context: &Context, most: u32) -> Result<u64, Error> {
        let work = sql::contacts::give_words(&self.store, context, most.clamp(1, MOST_INDEXED));
        self.store
            .run(context, "conversations.index_contacts", work)
            .await
    }

    /// What sends messages, once it is run: one messenger for each kind of channel.
    pub fn sender(&self, messengers: impl IntoIterator<Item = Arc<dyn Messenger>>) -> Sender {
        Sender::new(self.clone(), messengers)
    }
}
