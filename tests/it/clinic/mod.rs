//! A patient and a clinic: somebody writes on WhatsApp, is offered times, books, is reminded, confirms, and the doctor's calendar
//! holds it. Then the same while everything goes wrong.

#![expect(
    clippy::indexing_slicing,
    reason = "what a JSON value does not have reads as null"
)]

mod house;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use aurora::core::resilience::RetryPolicy;
use aurora::core::rng::Random;
use aurora::crm::Context;
use aurora::crm::appointments::AppointmentStatus;
use aurora::crm::assistant::Receptionist;
use aurora::crm::channels::DeliveryState;
use aurora::crm::channels::whatsapp::testing::Webhooks;
use aurora::crm::conversations::{Author, Direction};
use aurora::crm::testing::{TestDatabase, each_database};
use aurora::llm::LlmClient;
use aurora::llm::chat::{ChatResponse, ChatStream, Role};
use aurora::llm::provider::{Call, Capabilities, LlmProvider, ProviderId};
use serde_json::{Value, json};

use self::house::{CALENDAR, HOUR, MINUTE, Process, World};

/// A model by rule.
fn receptionist(name: &str) -> LlmClient {
    LlmClient::builder()
        .provider(Receptionist::new(name), "receptionist")
        .build()
        .unwrap()
}

/// The patient's side of it: writes, and answers what comes back as a person would.
struct Patient {
    /// How many of the messages that Meta took it has seen.
    seen: usize,
    /// How often it wrote.
    wrote: usize,
}

impl Patient {
    const fn new() -> Self {
        Self { seen: 0, wrote: 0 }
    }

    /// What it does about what came since; when it waits, an hour passes.
    fn turn(&mut self, world: &World) -> Option<Webhooks> {
        let wrote = self.write(world);
        if wrote.is_none() {
            world.clock.advance(HOUR);
        }
        wrote
    }

    fn write(&mut self, world: &World) -> Option<Webhooks> {
        let came = world.sent(self.seen);
        self.seen += came.len();
        let id = format!("wamid.patient.{}", self.wrote);
        let reply = match came.last() {
            None if self.wrote == 0 => Some(world.text(&id, "Oi, quero marcar uma consulta")),
            None => None,
            Some(message) => answer(message).map(|answer| match answer {
                Answer::Words(words) => world.text(&id, words),
                Answer::Choice(choice) => world.message(&id, choice),
            }),
        };
        self.wrote += usize::from(reply.is_some());
        reply
    }
}

enum Answer {
    Words(&'static str),
    Choice(Value),
}

/// The second of the offered times, the name when it is asked for, and that it comes when it is reminded.
fn answer(message: &Value) -> Option<Answer> {
    let row = &message["interactive"]["action"]["sections"][0]["rows"][1];
    if row["id"].is_string() {
        let reply = json!({"id": row["id"], "title": row["title"]});
        let chosen =
            json!({"type": "interactive", "interactive": {"type": "list_reply", "list_reply": reply}});
        return Some(Answer::Choice(chosen));
    }
    if message["text"]["body"]
        .as_str()
        .is_some_and(|text| text.contains("nome completo"))
    {
        return Some(Answer::Words("Meu nome é Ana Souza"));
    }
    // Within 24 hours of what the patient wrote last, a reminder needs no template.
    let buttons = message["interactive"]["action"]["buttons"].as_array();
    let replies = buttons.into_iter().flatten().map(|button| &button["reply"]);
    if let Some(confirm) = replies
        .into_iter()
        .find(|reply| reply["id"].as_str().is_some_and(|id| id.ends_with(":confirm")))
    {
        let pressed =
            json!({"type": "interactive", "interactive": {"type": "button_reply", "button_reply": confirm}});
        return Some(Answer::Choice(pressed));
    }
    let components = message["template"]["components"].as_array()?;
    let mut payloads = components
        .iter()
        .filter_map(|part| part["parameters"][0]["payload"].as_str());
    let confirm = payloads.rfind(|payload| payload.ends_with(":confirm"))?;
    let pressed = json!({"type": "button", "button": {"payload": confirm, "text": "Confirmar"}});
    Some(Answer::Choice(pressed))
}

/// How often the patient or the clinic has a turn: long enough for the reminder of the day before, and for the answer to it.
const TURNS: usize = 60;

/// What has to be true in the end, whatever happened on the way.
async fn check(world: &World, process: &Process, context: &Context) {
    let appointments = process.appointments(context).await;
    assert_eq!(appointments.len(), 1, "{appointments:?}");
    let appointment = &appointments[0];
    assert_eq!(appointment.status, AppointmentStatus::Confirmed);
    assert!(appointment.reminded_at.is_some(), "a reminder went out");
    assert!(appointment.acknowledged_at.is_some(), "the patient has confirmed");

    let events = world.google.events(CALENDAR);
    assert_eq!(events.len(), 1, "{events:?}");
    assert_eq!(
        (events[0].1, events[0].2),
        (appointment.starts_at, appointment.ends_at)
    );

    let mut heard = process.heard(context).await;
    heard.sort();
    let mut wrote: Vec<String> = (0..heard.len()).map(|n| format!("wamid.patient.{n}")).collect();
    wrote.sort();
    assert_eq!(heard, wrote, "every message once");
    assert_eq!(heard.len(), 4, "a wish, a time, a name and a confirmation");

    let history = process.history(context).await;
    let said: Vec<_> = history
        .iter()
        .filter(|message| message.direction == Direction::Out)
        .collect();
    let answers = said
        .iter()
        .filter(|message| message.author == Author::Assistant)
        .count();
    assert_eq!(answers, 4, "one answer to each message: {said:?}");
    assert_eq!(said.len(), 5, "and one reminder: {said:?}");
    assert_eq!(world.sent(0).len(), 5, "each of them was sent once");
    let client = process
        .crm
        .clients()
        .get(context, appointment.client_id)
        .await
        .unwrap();
    assert_eq!(client.legal_name, "Ana Souza");
}

/// The whole of it where nothing comes twice and nobody dies.
async fn visit(world: &World, process: &Process) {
    let mut patient = Patient::new();
    for _ in 0..TURNS {
        if let Some(webhooks) = patient.turn(world) {
            process.post(&webhooks).await;
        }
        process.work().await;
    }
}

#[tokio::test]
async fn a_patient_books_is_reminded_and_confirms() {
    each_database(|db: TestDatabase| async move {
        let world = World::new(db.database).await;
        let process = world.start(receptionist("front")).await;
        let context = world.furnish(&process).await;
        visit(&world, &process).await;
        check(&world, &process, &context).await;
    })
    .await;
}

#[tokio::test]
async fn a_model_that_fails_in_the_middle_costs_nothing() {
    each_database(|db: TestDatabase| async move {
        let world = World::new(db.database).await;
        let (first, calls) = Frail::new("first");
        let llm = LlmClient::builder()
            .provider(first, "receptionist")
            .provider(Receptionist::new("second"), "receptionist")
            .retry(RetryPolicy::never())
            .clock(world.clock.clone())
            .build()
            .unwrap();
        let process = world.start(llm).await;
        let context = world.furnish(&process).await;
        visit(&world, &process).await;
        check(&world, &process, &context).await;
        assert!(
            calls.load(Ordering::Relaxed) >= 2,
            "it answered, and then failed between two steps"
        );
    })
    .await;
}

#[tokio::test]
async fn killed_between_any_two_steps() {
    each_database(|db: TestDatabase| async move {
        let world = World::new(db.database).await;
        // It takes what Meta posts, and works on nothing while others die.
        let process = world.start(receptionist("front")).await;
        let context = world.furnish(&process).await;
        let random = Random::seeded(11);
        let mut patient = Patient::new();
        let mut torn = 0;
        for turn in 0..TURNS {
            let wrote = patient.turn(&world);
            let deaths = match wrote {
                Some(_) => 8,
                None => usize::from(turn % 3 == 0),
            };
            if let Some(webhooks) = wrote {
                process.post(&webhooks).await;
            }
            for _ in 0..deaths {
                let moments = Duration::from_micros(random.below(60_000));
                world.start(receptionist("front")).await.die_after(moments).await;
                torn += usize::from(process.is_something_leased().await);
                // The leases of whoever died run out, and Meta tells what became of what it took.
                world.clock.advance(15 * MINUTE);
                for told in world.told(&process, &context, "sent").await {
                    process.post(&told).await;
                }
            }
            process.work().await;
        }
        check(&world, &process, &context).await;
        assert!(torn >= 3, "some died with work in their hands: {torn}");
    })
    .await;
}

#[tokio::test]
async fn every_webhook_twice_and_out_of_order() {
    each_database(|db: TestDatabase| async move {
        let world = World::new(db.database).await;
        let process = world.start(receptionist("front")).await;
        let context = world.furnish(&process).await;
        let random = Random::seeded(7);
        let mut posted: Vec<Webhooks> = Vec::new();
        let mut patient = Patient::new();
        for _ in 0..TURNS {
            let wrote = patient.turn(&world);
            let is_news = wrote.is_some();
            let mut now: Vec<Webhooks> = wrote.into_iter().flat_map(|new| [new.clone(), new]).collect();
            if is_news {
                // Meta repeats what it is not sure of, and tells the states of what it delivered in no order.
                now.extend(posted.iter().cloned());
                for state in ["read", "sent", "delivered", "sent"] {
                    now.extend(world.told(&process, &context, state).await);
                }
            }
            while !now.is_empty() {
                let at = usize::try_from(random.below(now.len() as u64)).unwrap();
                let next = now.swap_remove(at);
                process.post(&next).await;
                if random.below(2) == 0 {
                    process.work().await;
                }
                posted.push(next);
            }
            process.work().await;
        }
        check(&world, &process, &context).await;
        let history = process.history(&context).await;
        let first = history
            .iter()
            .find(|message| message.direction == Direction::Out)
            .unwrap();
        assert_eq!(
            first.delivery,
            Some(DeliveryState::Read),
            "a state never goes back"
        );
    })
    .await;
}

/// A provider that dies after its first answer to each question, so that another has to go on in the middle.
#[derive(Debug)]
struct Frail {
    inner: Receptionist,
    calls: Arc<AtomicUsize>,
}

impl Frail {
    fn new(name: &str) -> (Self, Arc<AtomicUsize>) {
        let calls = Arc::<AtomicUsize>::default();
        let inner = Receptionist::new(name);
        (
            Self {
                inner,
                calls: Arc::clone(&calls),
            },
            calls,
        )
    }
}

#[async_trait]
impl LlmProvider for Frail {
    fn id(&self) -> &ProviderId {
        self.inner.id()
    }

    fn kind(&self) -> &'static str {
        self.inner.kind()
    }

    fn capabilities(&self, model: &str) -> Capabilities {
        self.inner.capabilities(model)
    }

    async fn chat(&self, call: &Call) -> Result<ChatResponse, aurora::llm::Error> {
        let has_begun = call
            .request
            .messages
            .last()
            .is_some_and(|last| last.role == Role::Tool);
        self.calls.fetch_add(1, Ordering::Relaxed);
        if has_begun {
            return Err(aurora::llm::Error::new(aurora::llm::ErrorKind::ServerError));
        }
        self.inner.chat(call).await
    }

    async fn chat_stream(&self, call: &Call) -> Result<ChatStream, aurora::llm::Error> {
        self.inner.chat_stream(call).await
    }
}
