//! The house itself.

use async_trait::async_trait;
use aurora_core::page::PageRequest;
use chrono_tz::Tz;

use super::{Catalogue, Desk, Wanted};
use crate::appointments::{Actor, Answer, Answered, Appointment, Booking, NewWaitingEntry};
use crate::assistant::offer::Offer;
use crate::assistant::sql;
use crate::assistant::tools::PartOfDay;
use crate::clients::{Client, ClientId};
use crate::context::Context;
use crate::conversations::{
    Assignee, Author, ContactId, Content, Conversation, ConversationId, Message, MessageId, NewMessage,
};
use crate::crm::Crm;
use crate::error::Error;
use crate::knowledge::{Hit, Knowledge, Query};
use crate::privacy::NewConsent;
use crate::scheduling::{self, Listed, Slot, SlotQuery, Spread};

/// What a consent is for that the assistant asks for (LGPD, art. 7, I).
const PURPOSE: &str = "atendimento";
const CHANNEL: &str = "chat";
/// Times of one day in an offer, so that it spans several days.
const PER_PART: u8 = 2;
/// Services and professionals that a model is told of.
const LISTED: u32 = 100;

/// The handles that a turn works through.
#[derive(Debug, Clone)]
pub(in crate::assistant) struct House {
    crm: Crm,
    knowledge: Option<Knowledge>,
}

impl House {
    pub(in crate::assistant) const fn new(crm: Crm, knowledge: Option<Knowledge>) -> Self {
        Self { crm, knowledge }
    }
}

#[async_trait]
impl Desk for House {
    async fn conversation(&self, context: &Context, id: ConversationId) -> Result<Conversation, Error> {
        self.crm.conversations().get(context, id).await
    }

    async fn recent(&self, context: &Context, id: ConversationId, most: u32) -> Result<Vec<Message>, Error> {
        self.crm.conversations().recent(context, id, most).await
    }

    async fn post(
        &self,
        context: &Context,
        id: ConversationId,
        content: &Content,
        key: &str,
    ) -> Result<MessageId, Error> {
        let message = NewMessage::new(Author::Assistant, content.clone()).idempotency_key(key);
        let message = self.crm.conversations().post(context, id, message).await?;
        Ok(message.id)
    }

    async fn release(
        &self,
        context: &Context,
        id: ConversationId,
        version: i64,
        reason: &str,
    ) -> Result<(), Error> {
        let conversations = self.crm.conversations();
        conversations
            .hand_over(context, id, version, Assignee::Nobody, reason)
            .await
            .map(drop)
    }

    async fn link(&self, context: &Context, contact: ContactId, client: ClientId) -> Result<(), Error> {
        let conversations = self.crm.conversations();
        conversations
            .link_client(context, contact, client)
            .await
            .map(drop)
    }

    async fn client(&self, context: &Context, id: ClientId) -> Result<Client, Error> {
        self.crm.clients().get(context, id).await
    }

    async fn is_blocked(&self, context: &Context, client: ClientId) -> Result<bool, Error> {
        sql::blocked::is_blocked(self.crm.store(), context, client).await
    }

    async fn agree(&self, context: &Context, client: ClientId, text: &str) -> Result<(), Error> {
        let privacy = self.crm.privacy();
        if privacy.current_consent(context, client, PURPOSE).await?.is_some() {
            return Ok(());
        }
        let given = NewConsent::given(client, PURPOSE, CHANNEL, "assistant", text);
        privacy.record_consent(context, given).await.map(drop)
    }

    async fn zone(&self, context: &Context) -> Result<Tz, Error> {
        let workspace = self.crm.workspaces().get(context).await?;
        // One that is not in the time zone database is told where the workspace is changed; times are Brasília's until then.
        Ok(workspace
            .time_zone
            .parse()
            .unwrap_or(chrono_tz::America::Sao_Paulo))
    }

    async fn catalogue(&self, context: &Context) -> Result<Catalogue, Error> {
        let (scheduling, page) = (self.crm.scheduling(), PageRequest::first(LISTED));
        let mut services = scheduling.services(context, Listed::Active, &page).await?.items;
        services.retain(|service| !service.professionals.is_empty());
        let professionals = scheduling
            .professionals(context, Listed::Active, &page)
            .await?
            .items;
        Ok(Catalogue {
            services,
            professionals,
        })
    }

    async fn free(&self, context: &Context, wanted: &Wanted) -> Result<Vec<Slot>, Error> {
        let mut query = SlotQuery::new(wanted.service, wanted.from, wanted.until)
            .most(wanted.most)
            .spread(Spread::PerPart(PER_PART));
        if let Some(professional) = wanted.professional {
            query = query.professional(professional);
        }
        if let Some(part) = part_of_day(wanted.part) {
            query = query.part_of_day(part);
        }
        self.crm.scheduling().free_slots(context, &query).await
    }

    async fn appointments(&self, context: &Context, client: ClientId) -> Result<Vec<Appointment>, Error> {
        let appointments = self.crm.appointments();
        let mut own = appointments.of_client(context, client, true).await?;
        for appointment in appointments.of_client(context, client, false).await? {
            if own.iter().all(|known| known.id != appointment.id) {
                own.push(appointment);
            }
        }
        Ok(own)
    }

    async fn book(
        &self,
        context: &Context,
        client: ClientId,
        offer: &Offer,
        key: &str,
    ) -> Result<Appointment, Error> {
        let (service, professional) = (offer.service_id, offer.professional_id);
        let booking = Booking::new(client, service, professional, offer.starts_at, Actor::Client);
        // The room of the offer is advice: any free one of the service's will do.
        let booking = booking.idempotency_key(key);
        self.crm.appointments().book(context, booking).await
    }

    async fn reschedule(
        &self,
        context: &Context,
        appointment: &Appointment,
        offer: &Offer,
    ) -> Result<Appointment, Error> {
        let (id, version) = (appointment.id, appointment.version);
        let professional = Some(offer.professional_id);
        let appointments = self.crm.appointments();
        appointments
            .reschedule(context, id, version, offer.starts_at, professional, Actor::Client)
            .await
    }

    async fn cancel(
        &self,
        context: &Context,
        appointment: &Appointment,
        reason: Option<&str>,
    ) -> Result<Appointment, Error> {
        let (id, version) = (appointment.id, appointment.version);
        let appointments = self.crm.appointments();
        appointments
            .cancel(context, id, version, Actor::Client, reason)
            .await
    }

    async fn confirm(&self, context: &Context, appointment: &Appointment) -> Result<Appointment, Error> {
        let appointments = self.crm.appointments();
        let (client, id) = (appointment.client_id, appointment.id);
        let answered = appointments.respond(context, client, id, Answer::Confirm).await?;
        Ok(match answered {
            Answered::Acknowledged(it)
            | Answered::Taken(it)
            | Answered::Cancelled(it)
            | Answered::WantsToMove(it) => it,
        })
    }

    async fn wait(&self, context: &Context, client: ClientId, wanted: &Wanted) -> Result<(), Error> {
        let mut new = NewWaitingEntry::new(client, wanted.service, wanted.from..wanted.until);
        if let Some(professional) = wanted.professional {
            new = new.professional(professional);
        }
        if let Some(part) = part_of_day(wanted.part) {
            new = new.part_of_day(part);
        }
        self.crm.appointments().wait(context, new).await.map(drop)
    }

    async fn search(&self, context: &Context, text: &str, most: u32) -> Result<Vec<Hit>, Error> {
        let Some(knowledge) = &self.knowledge else {
            return Ok(Vec::new());
        };
        // What is about a client in particular is for the people of the house.
        knowledge.search(context, &Query::new(text).most(most)).await
    }
}

const fn part_of_day(part: PartOfDay) -> Option<scheduling::PartOfDay> {
    match part {
        PartOfDay::Any => None,
        PartOfDay::Morning => Some(scheduling::PartOfDay::Morning),
        PartOfDay::Afternoon => Some(scheduling::PartOfDay::Afternoon),
        PartOfDay::Evening => Some(scheduling::PartOfDay::Evening),
    }
}
