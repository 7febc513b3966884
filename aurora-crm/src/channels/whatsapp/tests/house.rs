//! A house with numbers, on a clock that stands still, and a graph that stands in for Meta's. Its conversations are its own
//! ([`House::live`]), or somebody who only remembers what it was told ([`House::open`]).

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use aurora_core::access::seal::{LocalKeys, Sealer};
use aurora_core::rng::Random;
use aurora_core::store::Database;
use aurora_core::store::outbox::{Handler, Outbox, Outcome, Schedule};
use aurora_core::time::{Clock as _, ManualClock};

use super::*;
use crate::channels::whatsapp::intake::Conversing;
use crate::channels::whatsapp::testing::{Posted, Webhooks};
use crate::channels::whatsapp::{Intake, MEDIA_QUEUE, MetaApp, NewNumber, QUEUE, WhatsApp, WhatsAppNumber};
use crate::channels::{DeliveryUpdate, Inbound};
use crate::context::Context;
use crate::conversations::{Conversation, MESSAGES, MessageId};
use crate::crm::Crm;
use crate::error::{Error, ErrorKind};
use crate::files::{Files, ObjectBlobs};
use crate::workspaces::{NewWorkspace, WorkspaceId, WorkspaceKind};

pub(super) const SECRET: &str = "app secret";
pub(super) const OTHER: &str = "206540352242922";
const MINUTE: Duration = Duration::from_secs(60);

/// Remembers what it was told, each thing once, as conversations do.
#[derive(Debug, Clone, Default)]
pub(super) struct Told(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    inbound: Vec<(WorkspaceId, Inbound)>,
    echoes: usize,
    updates: Vec<(WorkspaceId, DeliveryUpdate)>,
    calls: usize,
    /// How many calls fail after they have taken what they were told.
    failing: usize,
}

impl State {
    fn outcome(&mut self) -> Result<(), Error> {
        self.calls += 1;
        if self.failing == 0 {
            return Ok(());
        }
        self.failing -= 1;
        Err(Error::new(ErrorKind::Unavailable))
    }
}

impl Told {
    pub(super) fn inbound(&self) -> Vec<(WorkspaceId, Inbound)> {
        self.0.lock().unwrap().inbound.clone()
    }

    pub(super) fn updates(&self) -> Vec<(WorkspaceId, DeliveryUpdate)> {
        self.0.lock().unwrap().updates.clone()
    }

    pub(super) fn calls(&self) -> usize {
        self.0.lock().unwrap().calls
    }

    pub(super) fn fail(&self, calls: usize) {
        self.0.lock().unwrap().failing = calls;
    }
}

#[async_trait]
impl Conversing for Told {
    async fn ingest(&self, context: &Context, inbound: &Inbound) -> Result<MessageId, Error> {
        let mut state = self.0.lock().unwrap();
        let is_known = |(workspace, known): &(WorkspaceId, Inbound)| {
            *workspace == context.workspace && known.provider_id == inbound.provider_id
        };
        if !state.inbound.iter().any(is_known) {
            state.inbound.push((context.workspace, inbound.clone()));
        }
        state.outcome().map(|()| MessageId::new(AT))
    }

    async fn echo(&self, _: &Context, _: &Inbound) -> Result<MessageId, Error> {
        let mut state = self.0.lock().unwrap();
        state.echoes += 1;
        state.outcome().map(|()| MessageId::new(AT))
    }

    async fn delivery(&self, context: &Context, update: &DeliveryUpdate) -> Result<(), Error> {
        let mut state = self.0.lock().unwrap();
        state.updates.push((context.workspace, update.clone()));
        state.outcome()
    }
}

pub(super) struct House {
    pub(super) crm: Crm,
    pub(super) whatsapp: WhatsApp,
    pub(super) intake: Intake,
    /// Instead of conversations.
    pub(super) told: Told,
    is_live: bool,
    pub(super) files: Files,
    pub(super) graph: FakeGraph,
    pub(super) clock: ManualClock,
    pub(super) sealer: Sealer,
    pub(super) context: Context,
    pub(super) number: WhatsAppNumber,
}

impl House {
    pub(super) async fn open(database: Database) -> Self {
        Self::with(database, false).await
    }

    /// With conversations and files.
    pub(super) async fn live(database: Database) -> Self {
        Self::with(database, true).await
    }

    async fn with(database: Database, is_live: bool) -> Self {
        let clock = ManualClock::default();
        let crm = Crm::builder(database).clock(clock.clone()).build().await.unwrap();
        let graph = FakeGraph::start_at(clock.clone()).await.unwrap();
        graph.add_number(NUMBER, "token");
        let sealer = Sealer::new(LocalKeys::generate("test").unwrap());
        let told = Told::default();
        let files = crm.files(ObjectBlobs::memory());
        let live = is_live.then_some(&files);
        let whatsapp = start(&crm, &graph, (&clock, &sealer), &told, live);
        let context = workspace(&crm).await;
        let number = whatsapp.add(&context, new_number(NUMBER)).await.unwrap();
        Self {
            intake: whatsapp.intake(),
            crm,
            whatsapp,
            told,
            is_live,
            files,
            graph,
            clock,
            sealer,
            context,
            number,
        }
    }

    /// As another process would begin.
    pub(super) fn restart(&mut self) {
        let live = self.is_live.then_some(&self.files);
        let by = (&self.clock, &self.sealer);
        self.whatsapp = start(&self.crm, &self.graph, by, &self.told, live);
        self.intake = self.whatsapp.intake();
    }

    pub(super) async fn post(&self, posted: &Posted) -> crate::channels::whatsapp::Received {
        self.intake
            .receive(&posted.body, Some(&posted.signature))
            .await
            .unwrap()
    }

    pub(super) fn outbox(&self) -> &Outbox {
        self.whatsapp.store.outbox()
    }

    /// Does what a worker does until nothing is due; tells how many there were.
    pub(super) async fn work(&self) -> usize {
        self.work_on(QUEUE, &self.intake, true).await
    }

    /// Fetches the media that are to be fetched now.
    pub(super) async fn fetch(&self) -> usize {
        self.work_on(MEDIA_QUEUE, &self.intake.fetcher(), false).await
    }

    /// Sends what is to be sent now.
    pub(super) async fn send(&self) -> usize {
        let sender = self
            .crm
            .conversations()
            .sender([Arc::new(self.whatsapp.messenger()) as _]);
        self.work_on(MESSAGES, &sender, false).await
    }

    async fn work_on(&self, queue: &str, handler: &dyn Handler, is_again_at_once: bool) -> usize {
        let mut count = 0;
        loop {
            let claimed = self.outbox().claim(queue, 10, MINUTE).await.unwrap();
            if claimed.is_empty() {
                return count;
            }
            for message in claimed {
                count += 1;
                match handler.handle(&message).await {
                    // What was settled has ended its message already.
                    Ok(()) => drop(self.outbox().done(&message).await),
                    Err(failed) if is_again_at_once => {
                        let outcome = self.outbox().retry(&message, Duration::ZERO, failed).await;
                        outcome.unwrap();
                    }
                    Err(failed) => {
                        let outcome: Outcome =
                            Schedule::default().decide(&message, failed, &Random::seeded(1));
                        self.outbox().settle(&[(message, outcome)]).await.unwrap();
                    }
                }
            }
        }
    }

    /// What Ana writes, understood.
    pub(super) async fn hear(&self, id: &str, text: &str) -> Conversation {
        let posted = Webhooks::new().text(NUMBER, ANA, id, self.clock.now(), text);
        self.post(&posted.signed(&SECRET.into())).await;
        self.work().await;
        self.conversation().await
    }

    /// The one with Ana.
    pub(super) async fn conversation(&self) -> Conversation {
        let talks = self.crm.conversations();
        let ana = crate::channels::Address::new(crate::channels::AddressKind::WaId, ANA);
        let found = talks.with_address(&self.context, self.number.id, &ana).await;
        found.unwrap().unwrap()
    }
}

fn start(
    crm: &Crm,
    graph: &FakeGraph,
    (clock, sealer): (&ManualClock, &Sealer),
    told: &Told,
    live: Option<&Files>,
) -> WhatsApp {
    let client = settings(graph).clock(clock.clone()).build().unwrap();
    let mut builder = crm.whatsapp(sealer.clone()).client(client);
    builder = match live {
        Some(files) => builder.files(files.clone()),
        None => builder.conversing(told.clone()),
    };
    let builder = builder.app(MetaApp::new("main", SECRET, "verify me").also("next secret"));
    builder
        .app(MetaApp::new("other", "other secret", "other token"))
        .build()
        .unwrap()
}

pub(super) fn new_number(id: &str) -> NewNumber {
    NewNumber::new(id, "+55 11 3876-5432", "main", "token")
}

pub(super) async fn workspace(crm: &Crm) -> Context {
    let new = NewWorkspace::new(WorkspaceKind::Clinic, "Clínica");
    Context::new(crm.workspaces().create(new).await.unwrap().id, "test")
}
