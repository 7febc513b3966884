//! What happens beside this program, and what its channels tell of it.

use super::{Conversations, Ingested, MessageId, sql};
use crate::channels::{ChannelId, Inbound, SendError};
use crate::context::Context;
use crate::error::Error;

impl Conversations {
    /// Writes down a message that the workspace has sent with another program, such as the WhatsApp Business app; `echo.from` is
    /// the contact that it went to. The same one again (by channel and provider's name) changes nothing.
    ///
    /// It counts as sent by a person: the assistant does not answer what came before it. Its author is
    /// [`Author::Person`](super::Author::Person) with the nil id, because nobody can tell who it was.
    ///
    /// # Errors
    /// As [`ingest`](Self::ingest).
    ///
    /// # Cancel safety
    /// As [`ingest`](Self::ingest).
    pub async fn echo(&self, context: &Context, echo: &Inbound) -> Result<Ingested, Error> {
        let work = sql::beside::echo(&self.store, context, echo);
        let outcome = self.store.run(context, "conversations.echo", work).await;
        self.told(context, outcome)
    }

    /// Sends nothing from an end of a channel until [`resume_channel`](Self::resume_channel); the messages wait. Gives whether it
    /// is paused by this call.
    ///
    /// # Errors
    /// What keeps the database from answering.
    pub async fn pause_channel(
        &self,
        context: &Context,
        channel: ChannelId,
        why: &SendError,
    ) -> Result<bool, Error> {
        let work = sql::beside::pause(&self.store, context, channel, why);
        self.store.run(context, "conversations.pause_channel", work).await
    }

    /// Tells those who read the history that the bytes of a message's media will not come, and why in a word.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn media_lost(&self, context: &Context, message: MessageId, why: &str) -> Result<(), Error> {
        let work = sql::beside::media_lost(&self.store, context, message, why);
        let outcome = self.store.run(context, "conversations.media_lost", work).await;
        self.told(context, outcome)
    }
}
