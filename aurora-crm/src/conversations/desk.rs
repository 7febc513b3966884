//! What those who answer do with conversations.

use super::settings::check;
use super::sql::desk::Turned;
use super::{
    Assignee, ChannelPause, Contact, ContactId, Conversation, ConversationId, ConversationSettings,
    ConversationStatus, Conversations, input, sql,
};
use crate::channels::ChannelId;
use crate::clients::ClientId;
use crate::context::Context;
use crate::error::Error;

impl Conversations {
    /// Gives a conversation, at the version that the caller has seen, to somebody; the history tells.
    ///
    /// Given to the assistant while the contact waits for an answer, it takes its turn at once. What it has handed over without an
    /// answer waits still (it was away, turned off or at a limit, or no model could be reached); where a person was asked for
    /// it has said all that it can. A contact that is blocked, and a client whose data may not be used, get no turn.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` with the stored version.
    pub async fn assign(
        &self,
        context: &Context,
        id: ConversationId,
        expected_version: i64,
        to: Assignee,
    ) -> Result<Conversation, Error> {
        self.turn(context, id, expected_version, Turned::Assigned(to, None))
            .await
    }

    /// As [`Self::assign`], with a reason that whoever takes over finds in the history: from the assistant to a person and back.
    ///
    /// # Errors
    /// As [`Self::assign`]; `Invalid` when the reason is empty or longer than 500 characters.
    pub async fn hand_over(
        &self,
        context: &Context,
        id: ConversationId,
        expected_version: i64,
        to: Assignee,
        reason: &str,
    ) -> Result<Conversation, Error> {
        let reason = input::check_reason(reason)?;
        self.turn(context, id, expected_version, Turned::Assigned(to, Some(reason)))
            .await
    }

    /// Ends a conversation; the contact's next message opens it again. What is still to be sent in it is not sent, unless it was
    /// posted as [`closing`](super::NewMessage::closing).
    ///
    /// # Errors
    /// `NotFound`; `Conflict` with the stored version.
    pub async fn close(
        &self,
        context: &Context,
        id: ConversationId,
        expected_version: i64,
    ) -> Result<Conversation, Error> {
        let to = Turned::Status(ConversationStatus::Closed);
        self.turn(context, id, expected_version, to).await
    }

    /// Opens a conversation.
    ///
    /// # Errors
    /// As [`Self::close`].
    pub async fn reopen(
        &self,
        context: &Context,
        id: ConversationId,
        expected_version: i64,
    ) -> Result<Conversation, Error> {
        let to = Turned::Status(ConversationStatus::Open);
        self.turn(context, id, expected_version, to).await
    }

    /// Says that a conversation waits for the contact, whose next message opens it again.
    ///
    /// # Errors
    /// As [`Self::close`].
    pub async fn set_pending(
        &self,
        context: &Context,
        id: ConversationId,
        expected_version: i64,
    ) -> Result<Conversation, Error> {
        let to = Turned::Status(ConversationStatus::Pending);
        self.turn(context, id, expected_version, to).await
    }

    async fn turn(
        &self,
        context: &Context,
        id: ConversationId,
        expected_version: i64,
        to: Turned,
    ) -> Result<Conversation, Error> {
        let work = sql::desk::turn(&self.store, context, id, expected_version, to);
        let outcome = self.store.run(context, "conversations.turn", work).await;
        self.told(context, outcome)
    }

    /// Puts a label on a conversation, 1 to 50 characters; up to 20 stay on one.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` when the label cannot be one, or there are too many.
    pub async fn tag(&self, context: &Context, id: ConversationId, tag: &str) -> Result<Conversation, Error> {
        let tag = input::check_tag(tag)?;
        let work = sql::desk::tag(&self.store, context, id, &tag, true);
        let outcome = self.store.run(context, "conversations.tag", work).await;
        self.told(context, outcome)
    }

    /// Takes a label off a conversation; nothing happens when it is not there.
    ///
    /// # Errors
    /// As [`Self::tag`].
    pub async fn untag(
        &self,
        context: &Context,
        id: ConversationId,
        tag: &str,
    ) -> Result<Conversation, Error> {
        let tag = input::check_tag(tag)?;
        let work = sql::desk::tag(&self.store, context, id, &tag, false);
        let outcome = self.store.run(context, "conversations.untag", work).await;
        self.told(context, outcome)
    }

    /// Says that all messages up to the position `up_to` were read: that of the last one that was shown. What came in since stays
    /// unread. The contact is told through the channel, if that works.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn mark_read(
        &self,
        context: &Context,
        id: ConversationId,
        up_to: i64,
    ) -> Result<Conversation, Error> {
        let work = sql::desk::mark_read(&self.store, context, id, up_to);
        let outcome = self.store.run(context, "conversations.mark_read", work).await;
        self.told(context, outcome)
    }

    /// One contact.
    ///
    /// # Errors
    /// `NotFound`, also when it was joined with another.
    pub async fn contact(&self, context: &Context, id: ContactId) -> Result<Contact, Error> {
        let work = sql::contacts::get(&self.store, context, id);
        self.store.run(context, "conversations.contact", work).await
    }

    /// Says which client a contact is.
    ///
    /// # Errors
    /// `NotFound` when there is no such contact or client.
    pub async fn link_client(
        &self,
        context: &Context,
        contact: ContactId,
        client: ClientId,
    ) -> Result<Contact, Error> {
        let work = sql::linking::link(&self.store, context, contact, Some(client));
        let outcome = self.store.run(context, "conversations.link_client", work).await;
        self.told(context, outcome)
    }

    /// Says that a contact is no client.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn unlink_client(&self, context: &Context, contact: ContactId) -> Result<Contact, Error> {
        let work = sql::linking::link(&self.store, context, contact, None);
        let outcome = self.store.run(context, "conversations.unlink_client", work).await;
        self.told(context, outcome)
    }

    /// Sends nothing to a contact any more; what it writes is kept, and begins no turn.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn block(&self, context: &Context, contact: ContactId) -> Result<Contact, Error> {
        let work = sql::linking::block(&self.store, context, contact, true);
        let outcome = self.store.run(context, "conversations.block", work).await;
        self.told(context, outcome)
    }

    /// Takes back [`Self::block`].
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn unblock(&self, context: &Context, contact: ContactId) -> Result<Contact, Error> {
        let work = sql::linking::block(&self.store, context, contact, false);
        let outcome = self.store.run(context, "conversations.unblock", work).await;
        self.told(context, outcome)
    }

    /// How the workspace works with conversations.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn settings(&self, context: &Context) -> Result<ConversationSettings, Error> {
        Ok(self.stored_settings(context).await?.0)
    }

    /// The same with its version; 0 while nothing was ever said.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn stored_settings(&self, context: &Context) -> Result<(ConversationSettings, i64), Error> {
        let work = sql::settings::get(&self.store, context);
        self.store.run(context, "conversations.settings", work).await
    }

    /// Changes how the workspace works with conversations, whatever it was before.
    ///
    /// # Errors
    /// `Invalid` with every wrong field; `NotFound` when there is no such workspace.
    pub async fn configure(&self, context: &Context, settings: &ConversationSettings) -> Result<(), Error> {
        self.set_settings(context, settings, None).await.map(drop)
    }

    /// Changes how the workspace works with conversations, if it is still as it was read: at `expected_version`. Gives the
    /// new version.
    ///
    /// # Errors
    /// `Invalid` with every wrong field; `Conflict` when somebody was faster; `NotFound` when there is no such workspace.
    pub async fn configure_at(
        &self,
        context: &Context,
        expected_version: i64,
        settings: &ConversationSettings,
    ) -> Result<i64, Error> {
        self.set_settings(context, settings, Some(expected_version)).await
    }

    async fn set_settings(
        &self,
        context: &Context,
        settings: &ConversationSettings,
        expected: Option<i64>,
    ) -> Result<i64, Error> {
        check(settings)?;
        let work = sql::settings::set(&self.store, context, settings, expected);
        self.store.run(context, "conversations.configure", work).await
    }

    /// The ends of channels from which nothing is sent.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn paused_channels(&self, context: &Context) -> Result<Vec<ChannelPause>, Error> {
        let work = sql::settings::paused(&self.store, context);
        self.store
            .run(context, "conversations.paused_channels", work)
            .await
    }

    /// Sends from an end of a channel again: what was wrong with it has been seen to. Gives whether it was paused.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn resume_channel(&self, context: &Context, channel: ChannelId) -> Result<bool, Error> {
        let work = sql::settings::resume(&self.store, context, channel);
        self.store
            .run(context, "conversations.resume_channel", work)
            .await
    }
}
