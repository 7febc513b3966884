use std::time::Duration;

use aurora_core::time::Clock as _;

use super::token::{Grant, Visitor};
use super::{
    VisitorMessage, VisitorMessages, VisitorSession, VisitorView, WebChatEnd, WebChatKeys, WebChatMessenger,
    sql,
};
use crate::channels::{Address, AddressKind, ChannelId, DeliveryState, DeliveryUpdate, Inbound, Sender};
use crate::context::Context;
use crate::conversations::{
    Burst, ContactId, Content, Conversation, Conversations, Direction, Message, Seen,
};
use crate::error::{Error, ErrorKind};
use crate::fields::Fields;
use crate::store::Store;

/// How long a visitor's token counts; each call with [`WebChat::renew`] gives a new one.
const LIFETIME: Duration = Duration::from_hours(30 * 24);
/// Who a visitor is in the audit log.
const PRINCIPAL: &str = "visitor";
/// The most messages of one answer.
const MOST: u32 = 100;
/// The longest that a page waits.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// So many messages of one visitor are taken.
const BURST: Burst = Burst::new(30, Duration::from_secs(60));

/// Chats on pages of workspaces; a cheap handle.
///
/// A page carries the key of [`Self::page_key`], which is no secret: it says which workspace and which chat. With it a visitor
/// begins, and is from then on known by the token of its session. Limit how often an address on the internet may begin
/// before it gets here.
#[derive(Debug, Clone)]
pub struct WebChat {
    store: Store,
    conversations: Conversations,
    keys: WebChatKeys,
}

impl WebChat {
    pub(crate) const fn new(store: Store, conversations: Conversations, keys: WebChatKeys) -> Self {
        Self {
            store,
            conversations,
            keys,
        }
    }

    /// What sends on these chats; give it to [`Conversations::sender`].
    #[must_use]
    pub const fn messenger(&self) -> WebChatMessenger {
        WebChatMessenger
    }

    /// Makes a chat for a page.
    ///
    /// # Errors
    /// `Invalid` when the name is empty or longer than 100 characters; `NotFound` when there is no such workspace.
    pub async fn create(&self, context: &Context, name: &str) -> Result<WebChatEnd, Error> {
        let mut fields = Fields::default();
        let name = fields.line("name", name, 100);
        let name = fields.finish(name)?;
        let work = sql::insert(&self.store, context, &name);
        self.store.run(context, "web_chat.create", work).await
    }

    /// The chats of a workspace, up to 200.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn list(&self, context: &Context) -> Result<Vec<WebChatEnd>, Error> {
        let work = sql::list(&self.store, context);
        self.store.run(context, "web_chat.list", work).await
    }

    /// Takes visitors or takes none: a chat that is off answers as if there were none.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn set_enabled(&self, context: &Context, id: ChannelId, on: bool) -> Result<WebChatEnd, Error> {
        let work = sql::switch(&self.store, context, id, on);
        self.store.run(context, "web_chat.set_enabled", work).await
    }

    /// What the page carries.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn page_key(&self, context: &Context, id: ChannelId) -> Result<String, Error> {
        let end = sql::get(&self.store, context, id);
        let end = self.store.run(context, "web_chat.page_key", end).await?;
        Ok(self.keys.sign(Grant::Page(context.workspace, end.id)))
    }

    /// Begins the session of a visitor on a page.
    ///
    /// # Errors
    /// `Unauthenticated` when the key was not made here; `NotFound` when the chat is off.
    pub async fn begin(&self, page_key: &str) -> Result<VisitorSession, Error> {
        let Some(Grant::Page(workspace, channel)) = self.keys.read(page_key) else {
            return Err(Error::new(ErrorKind::Unauthenticated));
        };
        let context = Context::new(workspace, PRINCIPAL);
        self.living(&context, channel).await?;
        Ok(self.session(Visitor {
            workspace,
            channel,
            id: ContactId::new(self.store.now()).uuid(),
            expires_at: self.store.now() + LIFETIME,
        }))
    }

    /// The same visitor's token for another 30 days.
    ///
    /// # Errors
    /// `Unauthenticated` when the token was not made here or has expired; `NotFound` when the chat is off.
    pub async fn renew(&self, token: &str) -> Result<VisitorSession, Error> {
        let (visitor, _) = self.visitor(token).await?;
        let expires_at = self.store.now() + LIFETIME;
        Ok(self.session(Visitor {
            expires_at,
            ..visitor
        }))
    }

    fn session(&self, visitor: Visitor) -> VisitorSession {
        VisitorSession {
            token: self.keys.sign(Grant::Visitor(visitor)),
            expires_at: visitor.expires_at,
        }
    }

    async fn living(&self, context: &Context, channel: ChannelId) -> Result<(), Error> {
        let work = sql::get(&self.store, context, channel);
        let end = self.store.run(context, "web_chat.get", work).await?;
        match end.disabled_at {
            None => Ok(()),
            Some(_) => Err(Error::not_found("web chat")),
        }
    }

    async fn visitor(&self, token: &str) -> Result<(Visitor, Context), Error> {
        let now = self.store.now();
        match self.keys.read(token) {
            Some(Grant::Visitor(visitor)) if now < visitor.expires_at => {
                let context = Context::new(visitor.workspace, PRINCIPAL);
                self.living(&context, visitor.channel).await?;
                Ok((visitor, context))
            }
            _ => Err(Error::new(ErrorKind::Unauthenticated)),
        }
    }

    async fn conversation(&self, context: &Context, visitor: Visitor) -> Result<Option<Conversation>, Error> {
        self.conversations
            .with_address(context, visitor.channel, &address(visitor))
            .await
    }

    /// Takes a message of a visitor. The same key again is the same message, however many came since.
    ///
    /// # Errors
    /// `Unauthenticated`; `NotFound` when the chat is off; `Invalid` with every wrong field, or with the code `too_many` after
    /// 30 messages in a minute.
    pub async fn post(&self, token: &str, message: &VisitorMessage) -> Result<VisitorView, Error> {
        let (visitor, context) = self.visitor(token).await?;
        let content = message.check()?;
        let inbound = Inbound {
            channel: visitor.channel,
            from: Sender {
                addresses: vec![address(visitor)],
                name: message.name.clone(),
            },
            provider_id: format!("{}/{}", visitor.id.as_simple(), message.key),
            sent_at: self.store.now(),
            content,
            reply_to: None,
            extra: None,
        };
        let ingested = self
            .conversations
            .ingest_within(&context, &inbound, BURST)
            .await?;
        Ok(view(ingested.message))
    }

    /// Up to `most` (1 to 100) messages that the page has not fetched yet, which it says with `after` (0, or that of the answer
    /// before); waits up to `wait`, at most a minute, until there is one. Those of the workspace count as delivered.
    ///
    /// A message of the workspace that took its time to be sent comes after what the visitor wrote meanwhile; the page shows
    /// messages by their `position`.
    ///
    /// # Errors
    /// `Unauthenticated`; `NotFound` when the chat is off.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing: what was not given is given again.
    pub async fn poll(
        &self,
        token: &str,
        after: i64,
        most: u32,
        wait: Duration,
    ) -> Result<VisitorMessages, Error> {
        let (visitor, context) = self.visitor(token).await?;
        let clock = self.store.clock();
        let until = clock.elapsed() + wait.min(LONGEST_WAIT);
        let mut seen = self.conversations.last_change(&context).await?;
        loop {
            let found = match self.conversation(&context, visitor).await? {
                Some(conversation) => {
                    let most = most.clamp(1, MOST);
                    let work = self.conversations.after(&context, conversation.id, after, most);
                    Some(work.await?)
                }
                None => None,
            };
            if let Some(found) = found.filter(|found| !found.items.is_empty()) {
                return self.hand_over(&context, visitor, found).await;
            }
            let left = until.saturating_sub(clock.elapsed());
            if left.is_zero() {
                let items = Vec::new();
                return Ok(VisitorMessages { items, after });
            }
            seen = self
                .conversations
                .wait_for_changes(&context, seen, 500, left)
                .await?
                .after;
        }
    }

    async fn hand_over(
        &self,
        context: &Context,
        visitor: Visitor,
        found: Seen,
    ) -> Result<VisitorMessages, Error> {
        for message in &found.items {
            let is_new = message.direction == Direction::Out
                && message
                    .delivery
                    .is_some_and(|state| state.takes(DeliveryState::Delivered));
            let Some(provider_id) = message.provider_id.clone().filter(|_| is_new) else {
                continue;
            };
            let update = DeliveryUpdate {
                channel: visitor.channel,
                provider_id,
                message: Some(message.id),
                state: DeliveryState::Delivered,
                at: self.store.now(),
                error: None,
            };
            self.conversations.delivery(context, &update).await?;
        }
        Ok(VisitorMessages {
            after: found.after,
            items: found.items.into_iter().filter(is_shown).map(view).collect(),
        })
    }
}

/// Signs on other messages are no messages of a page.
fn is_shown(message: &Message) -> bool {
    !matches!(message.content, Content::Reaction { .. } | Content::Notice { .. })
}

fn address(visitor: Visitor) -> Address {
    Address::new(AddressKind::Visitor, visitor.id.as_simple().to_string())
}

fn view(message: Message) -> VisitorView {
    VisitorView {
        id: message.id,
        position: message.position,
        own: message.direction == Direction::In,
        content: message.content,
        sent_at: message.sent_at,
    }
}
