//! A clinic on a stage: conversations, times and appointments are kept in memory by the rules of the house; everything else is the
//! house.

mod desk;

use std::sync::Arc;
use std::time::Duration;

use aurora_core::page::PageRequest;
use aurora_core::time::{Clock as _, ManualClock, Timestamp};
use aurora_llm::LlmClient;
use chrono_tz::Tz;

use crate::appointments::Appointment;
use crate::assistant::desk::House;
use crate::assistant::engine::mortal::Mortal;
use crate::assistant::{Assistant, AssistantSettings, Reason, TurnLimits, TurnOutcome, TurnStep};
use crate::channels::{Address, AddressKind, ChannelId, ChannelKind};
use crate::clients::{ClientId, NewClient, OwnerId};
use crate::context::Context;
use crate::conversations::{
    Assignee, Author, Contact, ContactId, Content, Conversation, ConversationId, ConversationStatus,
    Direction, MessageId,
};
use crate::crm::Crm;
use crate::scheduling::{NewProfessional, NewService, Professional, Service, Slot};
use crate::testing::TestDatabase;
use crate::workspaces::{NewWorkspace, WorkspaceKind};

use self::desk::{Stage, appointment, push};

pub(super) const ZONE: Tz = chrono_tz::America::Sao_Paulo;
pub(super) const HOUR: Duration = Duration::from_secs(3_600);

/// A clinic with one service, one professional and an assistant.
pub(super) struct Clinic {
    pub(super) crm: Crm,
    pub(super) context: Context,
    pub(super) clock: ManualClock,
    pub(super) stage: Stage,
    pub(super) service: Service,
    pub(super) professional: Professional,
}

impl Clinic {
    pub(super) async fn open(db: &TestDatabase) -> Self {
        let clock = ManualClock::default();
        let crm = Crm::builder(db.database.clone())
            .clock(clock.clone())
            .build()
            .await
            .unwrap();
        let new = NewWorkspace::new(WorkspaceKind::Clinic, "Clínica Sol");
        let context = Context::new(crm.workspaces().create(new).await.unwrap().id, "test");
        let stage = Stage {
            inner: Arc::default(),
            house: House::new(crm.clone(), None),
            clock: clock.clone(),
        };
        let (service, professional) = furnish(&crm, &context).await;
        let clinic = Self {
            crm,
            context,
            clock,
            stage,
            service,
            professional,
        };
        clinic.offer_times(clinic.clock.now() + 30 * HOUR, 12);
        clinic.configure(|settings| settings).await;
        clinic
    }

    /// Stores settings; `change` gets those of the tests, without a pause for more messages.
    pub(super) async fn configure(&self, change: impl FnOnce(AssistantSettings) -> AssistantSettings) {
        let assistant = self.assistant(super::model::obedient().client());
        let current = assistant.settings(&self.context).await.unwrap();
        let own =
            AssistantSettings::new("Lia", "Clínica Sol").limits(TurnLimits::default().gather_seconds(0));
        let settings = change(own);
        assistant
            .configure(&self.context, current.version, &settings)
            .await
            .unwrap();
    }

    /// Times of an hour each, one after the other.
    pub(super) fn offer_times(&self, first: Timestamp, count: u32) {
        let slots = (0..count).map(|n| Slot {
            service_id: self.service.id,
            professional_id: self.professional.id,
            room_id: None,
            starts_at: first + HOUR * n,
            ends_at: first + HOUR * (n + 1),
        });
        self.stage.inner().slots.extend(slots);
    }

    pub(super) fn assistant(&self, llm: LlmClient) -> Assistant {
        Assistant::with(
            self.crm.store().clone(),
            Arc::new(self.stage.clone()),
            llm,
            true,
            3,
        )
    }

    /// One that dies at a point of its next turn.
    pub(super) fn mortal(&self, llm: LlmClient, point: u32) -> Assistant {
        let mut assistant = self.assistant(llm);
        assistant.engine.mortal = Mortal::dies_at(point);
        assistant
    }

    /// Somebody who writes for the first time, and is this client if any.
    pub(super) fn contact(&self, number: &str, client: Option<ClientId>) -> ConversationId {
        let now = self.clock.now();
        let id = ConversationId::new(now);
        let contact = Contact {
            id: ContactId::new(now),
            name: Some("Ana".to_owned()),
            addresses: vec![Address::new(AddressKind::WaId, number)],
            client_id: client,
            blocked_at: None,
            created_at: now,
        };
        let conversation = Conversation {
            id,
            channel_kind: ChannelKind::Whatsapp,
            channel_id: ChannelId::new(now),
            contact,
            status: ConversationStatus::Open,
            assignee: Assignee::Assistant,
            tags: Vec::new(),
            unread: 0,
            last_inbound_at: Some(now),
            last_message_at: now,
            window_expires_at: Some(now + 24 * HOUR),
            version: 1,
            created_at: now,
        };
        let key = (self.context.workspace, id);
        self.stage.inner().conversations.insert(key, conversation);
        id
    }

    pub(super) async fn client(&self, name: &str) -> ClientId {
        let new = NewClient::person(name);
        self.crm.clients().create(&self.context, new).await.unwrap().id
    }

    /// The contact writes.
    pub(super) fn hears(&self, conversation: ConversationId, content: Content) -> MessageId {
        self.write(conversation, Direction::In, Author::Contact, content)
    }

    pub(super) fn says(&self, conversation: ConversationId, text: &str) -> MessageId {
        self.hears(conversation, Content::text(text))
    }

    pub(super) fn chooses(&self, conversation: ConversationId, id: &str) -> MessageId {
        let title = "escolhido".to_owned();
        self.hears(
            conversation,
            Content::Chosen {
                id: id.to_owned(),
                title,
            },
        )
    }

    pub(super) fn person_writes(&self, conversation: ConversationId, text: &str) -> MessageId {
        let person = Author::Person(OwnerId::new(self.clock.now()));
        self.write(conversation, Direction::Out, person, Content::text(text))
    }

    fn write(
        &self,
        conversation: ConversationId,
        direction: Direction,
        author: Author,
        content: Content,
    ) -> MessageId {
        let mut inner = self.stage.inner();
        push(
            &mut inner,
            self.context.workspace,
            conversation,
            direction,
            author,
            content,
            self.clock.now(),
        )
    }

    /// Runs what waits in a conversation.
    pub(super) async fn attend(&self, llm: &LlmClient, conversation: ConversationId) {
        let assistant = self.assistant(llm.clone());
        assistant
            .engine
            .attend(&self.context, conversation, false)
            .await
            .unwrap();
    }

    pub(super) fn replies(&self, conversation: ConversationId) -> Vec<Content> {
        let inner = self.stage.inner();
        let out = inner.messages.iter().filter(|(_, message)| {
            message.conversation_id == conversation && message.author == Author::Assistant
        });
        out.map(|(_, message)| message.content.clone()).collect()
    }

    pub(super) fn last_reply(&self, conversation: ConversationId) -> String {
        let replies = self.replies(conversation);
        replies
            .last()
            .map(|content| content.words().to_owned())
            .unwrap_or_default()
    }

    /// The choices of the latest reply.
    pub(super) fn choices(&self, conversation: ConversationId) -> Vec<String> {
        match self.replies(conversation).last() {
            Some(Content::List { sections, .. }) => {
                let rows = sections.iter().flat_map(|section| &section.rows);
                rows.map(|row| row.id.clone()).collect()
            }
            _ => Vec::new(),
        }
    }

    pub(super) fn assignee(&self, conversation: ConversationId) -> Assignee {
        self.stage.inner().conversations[&(self.context.workspace, conversation)].assignee
    }

    pub(super) fn assign(&self, conversation: ConversationId, to: Assignee) {
        let mut inner = self.stage.inner();
        let conversation = inner
            .conversations
            .get_mut(&(self.context.workspace, conversation))
            .unwrap();
        conversation.assignee = to;
        conversation.version += 1;
    }

    pub(super) fn client_of(&self, conversation: ConversationId) -> Option<ClientId> {
        self.stage.inner().conversations[&(self.context.workspace, conversation)]
            .contact
            .client_id
    }

    pub(super) fn appointments(&self) -> Vec<Appointment> {
        let inner = self.stage.inner();
        inner
            .appointments
            .iter()
            .map(|(_, appointment)| appointment.clone())
            .collect()
    }

    /// An appointment that was made at the desk.
    pub(super) fn booked(&self, client: ClientId, starts_at: Timestamp) -> Appointment {
        let made = self.appointment(client, starts_at);
        let mut inner = self.stage.inner();
        inner.appointments.push((self.context.workspace, made.clone()));
        made
    }

    fn appointment(&self, client: ClientId, starts_at: Timestamp) -> Appointment {
        appointment(
            client,
            (self.service.id, self.professional.id),
            (starts_at, starts_at + HOUR),
            self.clock.now(),
        )
    }

    pub(super) async fn steps(&self, conversation: ConversationId) -> Vec<TurnStep> {
        let assistant = self.assistant(super::model::obedient().client());
        let page = PageRequest::first(200);
        let mut steps = assistant
            .steps(&self.context, conversation, &page)
            .await
            .unwrap()
            .items;
        steps.reverse();
        steps
    }

    /// How the turns of a conversation have ended, in order.
    pub(super) async fn ends(&self, conversation: ConversationId) -> Vec<Reason> {
        let steps = self.steps(conversation).await;
        steps.iter().filter_map(|step| step.reason).collect()
    }
}

async fn furnish(crm: &Crm, context: &Context) -> (Service, Professional) {
    let scheduling = crm.scheduling();
    let professional = scheduling
        .create_professional(
            context,
            NewProfessional::new("Dra. Bia").time_zone("America/Sao_Paulo"),
        )
        .await
        .unwrap();
    let service = scheduling
        .create_service(
            context,
            NewService::new("Consulta", 60).professional(professional.id),
        )
        .await
        .unwrap();
    (service, professional)
}

/// How the last turn of a conversation has ended, by the table itself.
pub(super) async fn outcome(clinic: &Clinic, conversation: ConversationId) -> Option<(TurnOutcome, Reason)> {
    let reason = clinic.ends(conversation).await.pop()?;
    let outcome = match clinic.assignee(conversation) {
        Assignee::Nobody => TurnOutcome::HandedOver,
        _ => TurnOutcome::Replied,
    };
    Some((outcome, reason))
}
