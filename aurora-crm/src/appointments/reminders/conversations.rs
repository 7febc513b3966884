use async_trait::async_trait;
use aurora_core::page::PageRequest;
use aurora_core::store::outbox::Failed;

use super::{AppointmentNotice, AppointmentReminderSink};
use crate::channels::ChannelKind;
use crate::clients::ClientId;
use crate::context::Context;
use crate::conversations::{
    Author, Content, Conversation, ConversationFilter, ConversationId, Conversations, NewMessage,
};
use crate::error::{Error, ErrorKind};
use crate::leads::refused;

/// Sends notices as messages on WhatsApp: in the client's newest conversation there, or else in a new one on the end of a channel that
/// the workspace sends notices from (`notices_from` of its settings). Only a client who has no number there, or whose workspace names no
/// such end, is told in a conversation of another kind: a chat on a page is seldom open when the message comes. With buttons where
/// free texts are allowed, and otherwise by the approved template of the rule, or that of the policy for offers.
#[derive(Debug, Clone)]
pub struct ConversationNotices {
    conversations: Conversations,
}

impl ConversationNotices {
    /// Sends in these conversations, of any workspace.
    #[must_use]
    pub const fn new(conversations: Conversations) -> Self {
        Self { conversations }
    }

    async fn write(
        &self,
        context: &Context,
        notice: &AppointmentNotice,
        content: Content,
    ) -> Result<(), Error> {
        let message = NewMessage::new(Author::System, content).idempotency_key(&notice.idempotency_key);
        let client = notice.appointment.client_id;
        let (whatsapp, other) = self.places(context, client).await?;
        if let Some(id) = whatsapp {
            return self.conversations.post(context, id, message).await.map(drop);
        }
        let settings = self.conversations.settings(context).await?;
        let begun = match settings.notices_from {
            Some(channel) => {
                let message = message.clone();
                self.conversations.start(context, channel, client, message).await
            }
            None => Err(refused(
                "notices_from",
                "no_channel",
                "the client has no conversation, and the workspace no channel for notices",
            )),
        };
        let is_nowhere = |error: &Error| is(error, "no_channel") || is(error, "no_address");
        match (begun, other) {
            (Err(error), Some(id)) if is_nowhere(&error) => {
                self.conversations.post(context, id, message).await.map(drop)
            }
            (begun, _) => begun.map(drop),
        }
    }

    /// The client's newest conversation on WhatsApp, and elsewhere.
    async fn places(
        &self,
        context: &Context,
        client: ClientId,
    ) -> Result<(Option<ConversationId>, Option<ConversationId>), Error> {
        let theirs = ConversationFilter::all().client(client);
        let page = PageRequest::first(PageRequest::MAX_LIMIT);
        let newest = self.conversations.list(context, &theirs, &page).await?.items;
        let first = |is_whatsapp: bool| {
            let is_it = |it: &&Conversation| (it.channel_kind == ChannelKind::Whatsapp) == is_whatsapp;
            newest.iter().find(is_it).map(|it| it.id)
        };
        Ok((first(true), first(false)))
    }
}

#[async_trait]
impl AppointmentReminderSink for ConversationNotices {
    async fn send(&self, context: &Context, notice: &AppointmentNotice) -> Result<(), Failed> {
        let outcome = match self.write(context, notice, notice.content()).await {
            Err(error) if is(&error, "window_closed") => match notice.template_content() {
                Some(template) => self.write(context, notice, template).await,
                None => Err(error),
            },
            outcome => outcome,
        };
        outcome.map_err(|error| match error.kind() {
            // No address, a blocked contact, no template: another attempt meets the same.
            ErrorKind::Invalid | ErrorKind::NotFound => Failed::rejected(error.to_string()),
            _ => error.into(),
        })
    }
}

fn is(error: &Error, code: &str) -> bool {
    error.fields().iter().any(|field| field.code == code)
}
