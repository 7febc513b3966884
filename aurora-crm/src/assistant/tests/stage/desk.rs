//! Conversations, times and appointments in memory, by the rules of the house.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use aurora_core::time::{Clock as _, ManualClock, Timestamp};
use chrono_tz::Tz;

use super::ZONE;
use crate::appointments::{Appointment, AppointmentId, AppointmentStatus};
use crate::assistant::desk::{Catalogue, Desk, House, Wanted};
use crate::assistant::offer::Offer;
use crate::clients::{Client, ClientId, OwnerId};
use crate::context::Context;
use crate::conversations::{
    Assignee, Author, ContactId, Content, Conversation, ConversationId, Direction, Message, MessageId,
    Reactions,
};
use crate::error::{Error, ErrorKind};
use crate::knowledge::Hit;
use crate::scheduling::Slot;
use crate::workspaces::WorkspaceId;

#[derive(Debug, Default)]
pub(in crate::assistant::tests) struct Inner {
    pub(in crate::assistant::tests) conversations: HashMap<(WorkspaceId, ConversationId), Conversation>,
    pub(in crate::assistant::tests) messages: Vec<(WorkspaceId, Message)>,
    posted: HashMap<(ConversationId, String), MessageId>,
    pub(in crate::assistant::tests) slots: Vec<Slot>,
    pub(in crate::assistant::tests) appointments: Vec<(WorkspaceId, Appointment)>,
    keys: HashMap<(WorkspaceId, String), AppointmentId>,
    pub(in crate::assistant::tests) waiting: Vec<(ClientId, Wanted)>,
    pub(in crate::assistant::tests) passages: Vec<Hit>,
    /// Changes of appointments, to see that nothing is done twice.
    pub(in crate::assistant::tests) changes: Vec<(AppointmentId, &'static str)>,
    /// Posting is refused, as after 24 hours.
    pub(in crate::assistant::tests) is_window_closed: bool,
    /// A person takes over when the assistant searches for times.
    pub(in crate::assistant::tests) takes_over: bool,
    /// Calls of the house that fail.
    pub(in crate::assistant::tests) failing: Vec<&'static str>,
    /// Whether a search for times never ends, and how many have begun.
    pub(in crate::assistant::tests) hangs: bool,
    pub(in crate::assistant::tests) hung: u32,
    position: i64,
}

/// The desk of the tests.
#[derive(Debug, Clone)]
pub(in crate::assistant::tests) struct Stage {
    pub(super) inner: Arc<Mutex<Inner>>,
    pub(super) house: House,
    pub(super) clock: ManualClock,
}

impl Stage {
    pub(in crate::assistant::tests) fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answers(&self, call: &'static str) -> Result<(), Error> {
        if self.inner().failing.contains(&call) {
            return Err(Error::new(ErrorKind::Internal));
        }
        Ok(())
    }
}

pub(in crate::assistant::tests) fn appointment(
    client: ClientId,
    (service_id, professional_id): (crate::scheduling::ServiceId, crate::scheduling::ProfessionalId),
    (starts_at, ends_at): (Timestamp, Timestamp),
    now: Timestamp,
) -> Appointment {
    Appointment {
        id: AppointmentId::new(now),
        client_id: client,
        service_id,
        professional_id,
        room_id: None,
        starts_at,
        ends_at,
        blocked_from: starts_at,
        blocked_until: ends_at,
        time_zone: ZONE,
        status: AppointmentStatus::Confirmed,
        hold_expires_at: None,
        reminded_at: None,
        acknowledged_at: None,
        reason: None,
        note: None,
        moves: 0,
        fee_due: false,
        version: 1,
        created_at: now,
        updated_at: now,
    }
}

pub(super) fn push(
    inner: &mut Inner,
    workspace: WorkspaceId,
    conversation: ConversationId,
    direction: Direction,
    author: Author,
    content: Content,
    now: Timestamp,
) -> MessageId {
    inner.position += 1;
    let message = Message {
        id: MessageId::new(now),
        conversation_id: conversation,
        position: inner.position,
        direction,
        author,
        content,
        delivery: None,
        failure: None,
        provider_id: None,
        reply_to: None,
        reactions: Reactions::default(),
        sent_at: now,
        created_at: now,
    };
    let id = message.id;
    inner.messages.push((workspace, message));
    id
}

/// Whether a time is free.
fn is_free(inner: &Inner, slot: (Timestamp, Timestamp), except: Option<AppointmentId>) -> bool {
    inner.appointments.iter().all(|(_, it)| {
        !it.status.blocks() || Some(it.id) == except || it.ends_at <= slot.0 || it.starts_at >= slot.1
    })
}

fn changed<'a>(
    inner: &'a mut Inner,
    workspace: WorkspaceId,
    seen: &Appointment,
    what: &'static str,
) -> Result<&'a mut Appointment, Error> {
    inner.changes.push((seen.id, what));
    let found = inner
        .appointments
        .iter_mut()
        .find(|(of, it)| *of == workspace && it.id == seen.id);
    let (_, found) = found.ok_or(Error::not_found("appointment"))?;
    if found.version != seen.version {
        return Err(Error::conflict("appointment", found.version));
    }
    found.version += 1;
    Ok(found)
}

#[async_trait]
impl Desk for Stage {
    async fn conversation(&self, context: &Context, id: ConversationId) -> Result<Conversation, Error> {
        tokio::task::yield_now().await;
        let found = self.inner().conversations.get(&(context.workspace, id)).cloned();
        found.ok_or(Error::not_found("conversation"))
    }

    async fn recent(&self, context: &Context, id: ConversationId, most: u32) -> Result<Vec<Message>, Error> {
        self.answers("recent")?;
        let inner = self.inner();
        let own = inner.messages.iter().filter(|(workspace, message)| {
            *workspace == context.workspace
                && message.conversation_id == id
                && message.direction != Direction::Note
        });
        let mut own: Vec<Message> = own.map(|(_, message)| message.clone()).collect();
        let from = own.len().saturating_sub(usize::try_from(most).unwrap());
        Ok(own.split_off(from))
    }

    async fn post(
        &self,
        context: &Context,
        id: ConversationId,
        content: &Content,
        key: &str,
    ) -> Result<MessageId, Error> {
        self.answers("post")?;
        tokio::task::yield_now().await;
        let mut inner = self.inner();
        if inner.is_window_closed {
            return Err(Error::new(ErrorKind::Invalid));
        }
        let key = (id, key.to_owned());
        if let Some(known) = inner.posted.get(&key) {
            return Ok(*known);
        }
        let (author, now) = (Author::Assistant, self.clock.now());
        let message = push(
            &mut inner,
            context.workspace,
            id,
            Direction::Out,
            author,
            content.clone(),
            now,
        );
        inner.posted.insert(key, message);
        Ok(message)
    }

    async fn release(
        &self,
        context: &Context,
        id: ConversationId,
        version: i64,
        _: &str,
    ) -> Result<(), Error> {
        let mut inner = self.inner();
        let found = inner.conversations.get_mut(&(context.workspace, id));
        let found = found.ok_or(Error::not_found("conversation"))?;
        if found.version != version {
            return Err(Error::conflict("conversation", found.version));
        }
        (found.assignee, found.version) = (Assignee::Nobody, version + 1);
        Ok(())
    }

    async fn link(&self, context: &Context, contact: ContactId, client: ClientId) -> Result<(), Error> {
        let mut inner = self.inner();
        let of_house = inner
            .conversations
            .iter_mut()
            .filter(|((workspace, _), _)| *workspace == context.workspace);
        for (_, conversation) in of_house {
            if conversation.contact.id == contact {
                conversation.contact.client_id = Some(client);
            }
        }
        Ok(())
    }

    async fn client(&self, context: &Context, id: ClientId) -> Result<Client, Error> {
        self.house.client(context, id).await
    }

    async fn is_blocked(&self, context: &Context, client: ClientId) -> Result<bool, Error> {
        self.house.is_blocked(context, client).await
    }

    async fn agree(&self, context: &Context, client: ClientId, text: &str) -> Result<(), Error> {
        self.house.agree(context, client, text).await
    }

    async fn zone(&self, context: &Context) -> Result<Tz, Error> {
        self.house.zone(context).await
    }

    async fn catalogue(&self, context: &Context) -> Result<Catalogue, Error> {
        self.answers("catalogue")?;
        self.house.catalogue(context).await
    }

    async fn free(&self, context: &Context, wanted: &Wanted) -> Result<Vec<Slot>, Error> {
        self.answers("free")?;
        let hangs = {
            let mut inner = self.inner();
            inner.hung += u32::from(inner.hangs);
            inner.hangs
        };
        if hangs {
            std::future::pending::<()>().await;
        }
        tokio::task::yield_now().await;
        let mut inner = self.inner();
        if inner.takes_over {
            let person = Assignee::Person(OwnerId::new(self.clock.now()));
            let own = inner
                .conversations
                .iter_mut()
                .filter(|((of, _), _)| *of == context.workspace);
            own.for_each(|(_, conversation)| conversation.assignee = person);
        }
        let inner = &*inner;
        let fits = |slot: &&Slot| {
            slot.service_id == wanted.service
                && (wanted.from..wanted.until).contains(&slot.starts_at)
                && is_free(inner, (slot.starts_at, slot.ends_at), None)
        };
        let most = usize::try_from(wanted.most).unwrap();
        Ok(inner.slots.iter().filter(fits).take(most).copied().collect())
    }

    async fn appointments(&self, context: &Context, client: ClientId) -> Result<Vec<Appointment>, Error> {
        let inner = self.inner();
        let own = inner
            .appointments
            .iter()
            .filter(|(of, it)| *of == context.workspace && it.client_id == client);
        Ok(own.map(|(_, appointment)| appointment.clone()).collect())
    }

    async fn book(
        &self,
        context: &Context,
        client: ClientId,
        offer: &Offer,
        key: &str,
    ) -> Result<Appointment, Error> {
        tokio::task::yield_now().await;
        let mut inner = self.inner();
        let key = (context.workspace, key.to_owned());
        if let Some(known) = inner.keys.get(&key).copied() {
            let mut all = inner.appointments.iter();
            return Ok(all.find(|(_, it)| it.id == known).unwrap().1.clone());
        }
        if !is_free(&inner, (offer.starts_at, offer.ends_at), None) {
            return Err(Error::conflict("appointment", 1));
        }
        let place = (offer.service_id, offer.professional_id);
        let made = appointment(client, place, (offer.starts_at, offer.ends_at), self.clock.now());
        inner.keys.insert(key, made.id);
        inner.changes.push((made.id, "book"));
        inner.appointments.push((context.workspace, made.clone()));
        Ok(made)
    }

    async fn reschedule(
        &self,
        context: &Context,
        seen: &Appointment,
        offer: &Offer,
    ) -> Result<Appointment, Error> {
        tokio::task::yield_now().await;
        let mut inner = self.inner();
        if !is_free(&inner, (offer.starts_at, offer.ends_at), Some(seen.id)) {
            return Err(Error::conflict("appointment", seen.version));
        }
        let moved = changed(&mut inner, context.workspace, seen, "move")?;
        (moved.starts_at, moved.ends_at, moved.moves) = (offer.starts_at, offer.ends_at, moved.moves + 1);
        Ok(moved.clone())
    }

    async fn cancel(
        &self,
        context: &Context,
        seen: &Appointment,
        _: Option<&str>,
    ) -> Result<Appointment, Error> {
        let mut inner = self.inner();
        let cancelled = changed(&mut inner, context.workspace, seen, "cancel")?;
        cancelled.status = AppointmentStatus::Cancelled;
        Ok(cancelled.clone())
    }

    async fn confirm(&self, context: &Context, seen: &Appointment) -> Result<Appointment, Error> {
        let now = self.clock.now();
        let mut inner = self.inner();
        let confirmed = changed(&mut inner, context.workspace, seen, "confirm")?;
        confirmed.acknowledged_at = Some(now);
        Ok(confirmed.clone())
    }

    async fn wait(&self, _: &Context, client: ClientId, wanted: &Wanted) -> Result<(), Error> {
        let mut inner = self.inner();
        let entry = (client, wanted.clone());
        if !inner.waiting.contains(&entry) {
            inner.waiting.push(entry);
        }
        Ok(())
    }

    async fn search(&self, _: &Context, _: &str, most: u32) -> Result<Vec<Hit>, Error> {
        let most = usize::try_from(most).unwrap();
        Ok(self.inner().passages.iter().take(most).cloned().collect())
    }
}
