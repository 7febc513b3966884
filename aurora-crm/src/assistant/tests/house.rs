//! The house itself: real conversations, times and appointments, the queue between them, messages delivered twice.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use aurora_core::page::PageRequest;
use aurora_core::store::outbox::Handler as _;
use aurora_core::time::{Clock as _, ManualClock, Timestamp};
use aurora_llm::LlmClient;

use super::model::receptionist;
use crate::appointments::{Appointment, AppointmentFilter, AppointmentStatus};
use crate::assistant::engine::mortal::Mortal;
use crate::assistant::{Assistant, AssistantSettings, QUEUE, TurnLimits};
use crate::channels::{Address, AddressKind, ChannelId, Inbound, Sender};
use crate::clients::ClientId;
use crate::context::Context;
use crate::conversations::{
    Assignee, Author, Content, ConversationId, ConversationSettings, FirstAssignee, Message,
};
use crate::crm::Crm;
use crate::privacy::Anonymisation;
use crate::scheduling::{NewProfessional, NewService, WallTime, Weekday, WorkingHours};
use crate::testing::{TestDatabase, each_database};
use crate::workspaces::{NewWorkspace, WorkspaceKind};

pub(super) struct House {
    pub(super) crm: Crm,
    pub(super) context: Context,
    pub(super) clock: ManualClock,
    pub(super) channel: ChannelId,
    heard: AtomicU32,
}

impl House {
    pub(super) async fn open(db: &TestDatabase) -> Self {
        // A Monday, 7:00 in São Paulo.
        let clock = ManualClock::at(Timestamp::parse("2027-03-01T07:00:00-03:00").unwrap());
        let crm = Crm::builder(db.database.clone())
            .clock(clock.clone())
            .build()
            .await
            .unwrap();
        let new = NewWorkspace::new(WorkspaceKind::Clinic, "Clínica Sol");
        let context = Context::new(crm.workspaces().create(new).await.unwrap().id, "test");
        let scheduling = crm.scheduling();
        let new = NewProfessional::new("Dra. Bia").time_zone("America/Sao_Paulo");
        let bia = scheduling.create_professional(&context, new).await.unwrap();
        let (from, until): (WallTime, WallTime) = ("08:00".parse().unwrap(), "18:00".parse().unwrap());
        let days = [
            Weekday::Mon,
            Weekday::Tue,
            Weekday::Wed,
            Weekday::Thu,
            Weekday::Fri,
        ];
        let week = days.map(|day| WorkingHours::new(day, from, until)).into();
        scheduling
            .set_hours(&context, bia.id, bia.version, week)
            .await
            .unwrap();
        let service = NewService::new("Consulta", 60)
            .professional(bia.id)
            .confirms_itself();
        scheduling.create_service(&context, service).await.unwrap();
        let settings = ConversationSettings::default().first_assignee(FirstAssignee::Assistant);
        crm.conversations().configure(&context, &settings).await.unwrap();
        let house = Self {
            channel: ChannelId::new(clock.now()),
            crm,
            context,
            clock,
            heard: AtomicU32::new(0),
        };
        let own =
            AssistantSettings::new("Lia", "Clínica Sol").limits(TurnLimits::default().gather_seconds(0));
        let assistant = house.assistant(&receptionist("front", |_| false).client());
        assistant.configure(&house.context, 0, &own).await.unwrap();
        house
    }

    pub(super) fn assistant(&self, llm: &LlmClient) -> Assistant {
        self.crm.assistant(llm.clone()).build()
    }

    /// A message comes in, twice as webhooks do.
    async fn hears(&self, from: &str, content: Content) -> ConversationId {
        let number = self.heard.fetch_add(1, Ordering::SeqCst);
        let inbound = Inbound {
            channel: self.channel,
            from: Sender {
                addresses: vec![Address::new(AddressKind::WaId, from)],
                name: Some("Ana".to_owned()),
            },
            provider_id: format!("wamid.{number}"),
            sent_at: self.clock.now(),
            content,
            reply_to: None,
            extra: None,
        };
        let talks = self.crm.conversations();
        let first = talks.ingest(&self.context, &inbound).await.unwrap();
        let second = talks.ingest(&self.context, &inbound).await.unwrap();
        assert!(first.fresh && !second.fresh);
        first.conversation
    }

    pub(super) async fn says(&self, from: &str, text: &str) -> ConversationId {
        self.hears(from, Content::text(text)).await
    }

    pub(super) async fn chooses(&self, from: &str, id: &str) -> ConversationId {
        let title = "escolhido".to_owned();
        self.hears(
            from,
            Content::Chosen {
                id: id.to_owned(),
                title,
            },
        )
        .await
    }

    /// Works on the queue until it is empty.
    pub(super) async fn work(&self, assistant: &Assistant) {
        let outbox = self.crm.store().outbox();
        loop {
            let claimed = outbox.claim(QUEUE, 10, Duration::from_secs(60)).await.unwrap();
            if claimed.is_empty() {
                return;
            }
            for delivery in claimed {
                assistant.engine.handle(&delivery).await.unwrap();
                outbox.done(&delivery).await.unwrap();
            }
        }
    }

    pub(super) async fn replies(&self, talk: ConversationId) -> Vec<Message> {
        let mut all = self
            .crm
            .conversations()
            .recent(&self.context, talk, 100)
            .await
            .unwrap();
        all.retain(|message| message.author == Author::Assistant);
        all.sort_by_key(|message| message.position);
        all
    }

    pub(super) async fn choices(&self, talk: ConversationId) -> Vec<String> {
        match self.replies(talk).await.pop().map(|message| message.content) {
            Some(Content::List { sections, .. }) => sections
                .into_iter()
                .flat_map(|section| section.rows)
                .map(|row| row.id)
                .collect(),
            _ => Vec::new(),
        }
    }

    pub(super) async fn appointments(&self) -> Vec<Appointment> {
        let (filter, page) = (AppointmentFilter::all(), PageRequest::first(200));
        self.crm
            .appointments()
            .list(&self.context, &filter, &page)
            .await
            .unwrap()
            .items
    }

    pub(super) async fn configure(&self, change: impl FnOnce(&mut AssistantSettings)) {
        let assistant = self.assistant(&receptionist("front", |_| false).client());
        let mut stored = assistant.settings(&self.context).await.unwrap();
        change(&mut stored.settings);
        let stored = assistant.configure(&self.context, stored.version, &stored.settings);
        stored.await.unwrap();
    }

    /// Staff give the conversation to somebody.
    pub(super) async fn assign(&self, talk: ConversationId, to: Assignee) {
        let talks = self.crm.conversations();
        let version = talks.get(&self.context, talk).await.unwrap().version;
        talks.assign(&self.context, talk, version, to).await.unwrap();
    }

    pub(super) async fn assignee(&self, talk: ConversationId) -> Assignee {
        let talk = self.crm.conversations().get(&self.context, talk).await;
        talk.unwrap().assignee
    }

    pub(super) async fn client_of(&self, talk: ConversationId) -> Option<ClientId> {
        let talk = self.crm.conversations().get(&self.context, talk).await.unwrap();
        talk.contact.client_id
    }
}

#[tokio::test]
async fn in_the_house_itself_a_contact_books_moves_calls_off_and_is_forgotten() {
    each_database(|db| async move {
        let house = House::open(&db).await;
        let assistant = house.assistant(&receptionist("front", |_| false).client());
        let ana = "5511987654321";
        let talk = house.says(ana, "Oi, quero marcar uma consulta").await;
        house.work(&assistant).await;
        let times = house.choices(talk).await;
        assert_eq!(times.len(), 10, "{:?}", house.replies(talk).await);
        house.chooses(ana, &times[6]).await;
        house.work(&assistant).await;
        house.says(ana, "meu nome é Ana Souza").await;
        house.work(&assistant).await;
        let client = house.client_of(talk).await.unwrap();
        let booked = house.appointments().await;
        assert_eq!(
            (booked.len(), booked[0].client_id, booked[0].status),
            (1, client, AppointmentStatus::Confirmed)
        );

        house.says(ana, "preciso remarcar").await;
        house.work(&assistant).await;
        let times = house.choices(talk).await;
        house.chooses(ana, &times[9]).await;
        house.work(&assistant).await;
        let moved = house.appointments().await;
        assert_eq!((moved.len(), moved[0].id, moved[0].moves), (1, booked[0].id, 1));
        assert_ne!(moved[0].starts_at, booked[0].starts_at);

        house.says(ana, "quero cancelar").await;
        house.work(&assistant).await;
        assert_eq!(house.appointments().await[0].status, AppointmentStatus::Cancelled);
        house.says(ana, "quero falar com uma pessoa").await;
        house.work(&assistant).await;
        let conversation = house.crm.conversations().get(&house.context, talk).await.unwrap();
        assert_eq!(conversation.assignee, Assignee::Nobody);
        assert_eq!(house.replies(talk).await.len(), 7, "one to each message");
        let talks = house.crm.conversations();
        talks
            .assign(&house.context, talk, conversation.version, Assignee::Assistant)
            .await
            .unwrap();
        house.work(&assistant).await;
        house.says(ana, "bom dia").await;
        house.work(&assistant).await;
        assert_eq!(house.replies(talk).await.len(), 8);

        let page = PageRequest::first(100);
        assert!(
            assistant
                .steps(&house.context, talk, &page)
                .await
                .unwrap()
                .items
                .len()
                > 20
        );
        house
            .crm
            .privacy()
            .anonymise(&house.context, client, &Anonymisation::new())
            .await
            .unwrap();
        assert!(
            assistant
                .steps(&house.context, talk, &page)
                .await
                .unwrap()
                .items
                .is_empty()
        );
    })
    .await;
}

#[tokio::test]
async fn in_the_house_itself_a_killed_turn_books_once() {
    each_database(|db| async move {
        let house = House::open(&db).await;
        let llm = receptionist("front", |_| false).client();
        let assistant = house.assistant(&llm);
        for point in 1..40 {
            let number = format!("5511987{point:06}");
            let talk = house.says(&number, "marcar uma consulta").await;
            house.work(&assistant).await;
            let times = house.choices(talk).await;
            house.chooses(&number, &times[0]).await;
            house.work(&assistant).await;
            house.says(&number, "meu nome é Ana Souza").await;
            let mut mortal = house.assistant(&llm);
            mortal.engine.mortal = Mortal::dies_at(point);
            let died = {
                let turn = mortal.engine.attend(&house.context, talk, false);
                tokio::select! {
                    outcome = turn => { outcome.unwrap(); false }
                    () = mortal.engine.mortal.death() => true,
                }
            };
            house.work(&assistant).await;
            let booked = house.appointments().await.len();
            assert_eq!(booked, usize::try_from(point).unwrap(), "point {point}");
            assert_eq!(house.replies(talk).await.len(), 3, "point {point}");
            if !died {
                assert!(point > 20);
                return;
            }
        }
        panic!("it died everywhere");
    })
    .await;
}

#[tokio::test]
async fn what_staff_answer_with_their_phone_is_not_answered_again() {
    each_database(|db| async move {
        let house = House::open(&db).await;
        let assistant = house.assistant(&receptionist("front", |_| false).client());
        let talk = house.says("5511987654321", "Oi, quero marcar uma consulta").await;
        let echo = Inbound {
            channel: house.channel,
            from: Sender {
                addresses: vec![Address::new(AddressKind::WaId, "5511987654321")],
                name: None,
            },
            provider_id: "wamid.phone".to_owned(),
            sent_at: house.clock.now(),
            content: Content::text("Oi Ana! Já te ligo."),
            reply_to: None,
            extra: None,
        };
        let talks = house.crm.conversations();
        assert!(talks.echo(&house.context, &echo).await.unwrap().fresh);
        assert!(!talks.echo(&house.context, &echo).await.unwrap().fresh);
        house.work(&assistant).await;
        assert_eq!(house.replies(talk).await, []);
        house.says("5511987654321", "Oi, quero marcar uma consulta").await;
        house.work(&assistant).await;
        assert_eq!(house.replies(talk).await.len(), 1);
    })
    .await;
}
