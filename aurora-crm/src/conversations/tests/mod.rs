mod desk;
mod erasure;
mod giving_back;
mod incoming;
mod isolation;
mod joining;
mod lists;
mod outcomes;
mod outgoing;
mod plans;
mod reactions;
mod sending;

use std::sync::Arc;
use std::time::Duration;

use aurora_core::rng::Random;
use aurora_core::store::Database;
use aurora_core::store::outbox::{Handler as _, Outcome, Schedule};
use aurora_core::time::{Clock as _, ManualClock};

use super::{
    Author, Content, Conversation, ConversationId, ConversationSettings, Conversations, FirstAssignee,
    Ingested, MESSAGES, Message, NewMessage, Sender, TURNS, Turn,
};
use crate::channels::{Address, AddressKind, ChannelId, ChannelKind, DeliveryState, DeliveryUpdate, Inbound};
use crate::context::Context;
use crate::crm::Crm;
use crate::error::Error;
use crate::testing::ScriptedMessenger;
use crate::workspaces::{NewWorkspace, WorkspaceKind};

pub(super) const HOUR: Duration = Duration::from_secs(3_600);
pub(super) const ANA: &str = "5511987654321";
/// The same number as WhatsApp writes it for accounts of many years' standing.
pub(super) const ANA_WITHOUT_NINE: &str = "551187654321";
pub(super) const BIA: &str = "5521999998888";

/// A workspace with one end of a channel.
pub(super) struct Desk {
    pub(super) crm: Crm,
    pub(super) context: Context,
    pub(super) clock: ManualClock,
    pub(super) channel: ChannelId,
    pub(super) messenger: ScriptedMessenger,
}

pub(super) fn wa(id: &str) -> Address {
    Address::new(AddressKind::WaId, id)
}

pub(super) fn inbound(channel: ChannelId, from: &[Address], provider_id: &str, text: &str) -> Inbound {
    Inbound {
        channel,
        from: crate::channels::Sender {
            addresses: from.to_vec(),
            name: Some("Ana".to_owned()),
        },
        provider_id: provider_id.to_owned(),
        sent_at: aurora_core::time::Timestamp::from_secs(1_767_225_600),
        content: Content::text(text),
        reply_to: None,
        extra: None,
    }
}

impl Desk {
    pub(super) async fn open(database: Database) -> Self {
        let clock = ManualClock::default();
        let crm = Crm::builder(database).clock(clock.clone()).build().await.unwrap();
        let context = workspace(&crm).await;
        let channel = ChannelId::new(clock.now());
        Self {
            crm,
            context,
            clock,
            channel,
            messenger: ScriptedMessenger::new(ChannelKind::Whatsapp),
        }
    }

    pub(super) fn talks(&self) -> &Conversations {
        self.crm.conversations()
    }

    pub(super) async fn assisted(&self) {
        let settings = ConversationSettings::default().first_assignee(FirstAssignee::Assistant);
        self.talks().configure(&self.context, &settings).await.unwrap();
    }

    pub(super) fn inbound(&self, from: &str, provider_id: &str, text: &str) -> Inbound {
        Inbound {
            sent_at: self.clock.now(),
            ..inbound(self.channel, &[wa(from)], provider_id, text)
        }
    }

    pub(super) async fn hear(&self, from: &str, provider_id: &str, text: &str) -> Ingested {
        let inbound = self.inbound(from, provider_id, text);
        self.talks().ingest(&self.context, &inbound).await.unwrap()
    }

    pub(super) async fn say(&self, id: ConversationId, text: &str) -> Result<Message, Error> {
        let new = NewMessage::text(Author::Assistant, text);
        self.talks().post(&self.context, id, new).await
    }

    pub(super) async fn get(&self, id: ConversationId) -> Conversation {
        self.talks().get(&self.context, id).await.unwrap()
    }

    pub(super) async fn message(&self, message: &Message) -> Message {
        self.talks().message(&self.context, message.id).await.unwrap()
    }

    pub(super) fn sender(&self) -> Sender {
        self.talks().sender([Arc::new(self.messenger.clone()) as _])
    }

    /// Does what the outbox has for the sender now, as a worker would, until there is nothing.
    pub(super) async fn send(&self) {
        let (sender, outbox) = (self.sender(), self.crm.store().outbox());
        for _ in 0..200 {
            let letters = outbox.claim(MESSAGES, 10, HOUR).await.unwrap();
            if letters.is_empty() {
                return;
            }
            for letter in letters {
                let outcome = match sender.handle(&letter).await {
                    Ok(()) => Outcome::Done,
                    Err(failed) => {
                        let schedule = Schedule::listed(vec![Duration::from_secs(5); 2_000]);
                        schedule.decide(&letter, failed, &Random::seeded(1))
                    }
                };
                outbox.settle(&[(letter, outcome)]).await.unwrap();
            }
        }
        panic!("the outbox does not become empty");
    }

    pub(super) fn update(
        &self,
        provider_id: &str,
        message: Option<&Message>,
        state: DeliveryState,
    ) -> DeliveryUpdate {
        DeliveryUpdate {
            channel: self.channel,
            provider_id: provider_id.to_owned(),
            message: message.map(|message| message.id),
            state,
            at: self.clock.now(),
            error: None,
        }
    }

    /// The turns that wait for the assistant; they are taken.
    pub(super) async fn turns(&self) -> Vec<Turn> {
        let outbox = self.crm.store().outbox();
        let mut turns = Vec::new();
        loop {
            let letters = outbox.claim(TURNS, 100, HOUR).await.unwrap();
            if letters.is_empty() {
                return turns;
            }
            for letter in letters {
                turns.push(letter.json().unwrap());
                outbox.done(&letter).await.unwrap();
            }
        }
    }
}

pub(super) async fn workspace(crm: &Crm) -> Context {
    let new = NewWorkspace::new(WorkspaceKind::Clinic, "Clínica");
    Context::new(crm.workspaces().create(new).await.unwrap().id, "test")
}

pub(super) use crate::leads::tests::{field, kind, wrong};

pub(super) fn template_of() -> NewMessage {
    NewMessage::new(Author::System, outgoing::template())
}
