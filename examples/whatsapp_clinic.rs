//! A clinic's reception on WhatsApp: a patient writes, the assistant offers times and books one, a reminder goes out the day before,
//! the patient confirms, and one question is left to a person.
//!
//! ```sh
//! cargo run --example whatsapp_clinic --features whatsapp,assistant,testing
//! ```
//!
//! It needs no key and no network: Meta stands in as a server on this machine that speaks its Graph API, the webhooks are signed as
//! Meta signs them, and the model is `Receptionist`, which follows rules. In a program of your own `WhatsAppClient::builder()` keeps
//! its default address, the route of the webhook hands body and `X-Hub-Signature-256` to `WhatsAppIntake::receive`, and any client of
//! `aurora-llm` answers. Time is moved by hand, so that days pass at once.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use aurora::core::access::seal::{LocalKeys, Sealer};
use aurora::core::http::Egress;
use aurora::core::page::PageRequest;
use aurora::core::store::Database;
use aurora::core::time::{Clock as _, ManualClock, SystemClock, Timestamp};
use aurora::crm::appointments::{AppointmentFilter, ConversationNotices, NewReminderRule};
use aurora::crm::assistant::{AssistantSettings, Receptionist};
use aurora::crm::channels::Messenger;
use aurora::crm::channels::whatsapp::graph::WhatsAppClient;
use aurora::crm::channels::whatsapp::testing::{FakeGraph, Webhooks};
use aurora::crm::channels::whatsapp::{MetaApp, NewNumber, WhatsApp};
use aurora::crm::conversations::{ConversationFilter, ConversationSettings, FirstAssignee};
use aurora::crm::scheduling::{NewProfessional, NewService, Weekday, WorkingHours};
use aurora::crm::workspaces::{NewWorkspace, WorkspaceKind};
use aurora::crm::{Context, Crm};
use aurora::llm::LlmClient;
use serde_json::{Value, json};

const NUMBER: &str = "106540352242922";
const PATIENT: &str = "5511987654321";
const SECRET: &str = "the secret of the Meta app";
const MINUTE: Duration = Duration::from_secs(60);

type Outcome<T> = Result<T, Box<dyn Error>>;

#[tokio::main]
async fn main() -> Outcome<()> {
    let clock = ManualClock::at(Timestamp::parse("2027-03-01T07:00:00-03:00")?);
    let meta = FakeGraph::start_at(clock.clone()).await?;
    meta.add_number(NUMBER, "token");
    let database = Database::open(&"sqlite::memory:".into()).await?;
    let crm = Crm::builder(database).clock(clock.clone()).build().await?;
    let client = WhatsAppClient::builder()
        .base(meta.base())
        .egress(Egress::Any) // Meta stands in on this machine
        .timeout(2 * MINUTE)
        .clock(clock.clone())
        .build()?;
    let whatsapp = crm
        .whatsapp(Sealer::new(LocalKeys::generate("example")?))
        .client(client)
        .app(MetaApp::new("main", SECRET, "the word of the handshake"))
        .build()?;
    let llm = LlmClient::builder()
        .provider(Receptionist::new("demo"), "receptionist")
        .build()?;
    let assistant = crm.assistant(llm).build();
    let context = furnish(&crm, &whatsapp).await?;
    let settings = AssistantSettings::new("Sol", "Clínica Sol");
    assistant.configure(&context, 0, &settings).await?;

    let messenger: Arc<dyn Messenger> = Arc::new(whatsapp.messenger());
    let sender = crm.conversations().sender([messenger]);
    let notices = ConversationNotices::new(crm.conversations().clone());
    let appointments = crm.appointments().worker(notices);
    let intake = whatsapp.intake();
    let patient = Patient {
        clock,
        meta,
        whatsapp: whatsapp.clone(),
    };
    // Each of them could run in a process of its own, and in many.
    tokio::select! {
        ended = intake.run(std::future::pending()) => ended?,
        ended = assistant.run(std::future::pending()) => ended?,
        ended = sender.run(std::future::pending()) => ended?,
        ended = appointments.run(std::future::pending()) => ended?,
        visit = visit(&patient) => visit?,
    }
    report(&crm, &context).await
}

/// The clinic: a doctor who sees patients on two mornings, and a reminder a day before.
async fn furnish(crm: &Crm, whatsapp: &WhatsApp) -> Outcome<Context> {
    let clinic = NewWorkspace::new(WorkspaceKind::Clinic, "Clínica Sol");
    let context = Context::new(crm.workspaces().create(clinic).await?.id, "example");
    let number = NewNumber::new(NUMBER, "+55 11 3876-5432", "main", "token");
    whatsapp.add(&context, number).await?;

    let scheduling = crm.scheduling();
    let lima = NewProfessional::new("Dra. Lima").time_zone("America/Sao_Paulo");
    let lima = scheduling.create_professional(&context, lima).await?;
    let (from, until) = ("08:00".parse()?, "12:00".parse()?);
    let week = [Weekday::Wed, Weekday::Thu].map(|day| WorkingHours::new(day, from, until));
    let lima = scheduling
        .set_hours(&context, lima.id, lima.version, week.into())
        .await?;
    let visit = NewService::new("Consulta", 30)
        .professional(lima.id)
        .confirms_itself();
    scheduling.create_service(&context, visit).await?;
    let rule = NewReminderRule::before(24 * 60).template("lembrete_consulta");
    crm.appointments().add_reminder_rule(&context, rule).await?;

    let settings = ConversationSettings::default().first_assignee(FirstAssignee::Assistant);
    crm.conversations().configure(&context, &settings).await?;
    Ok(context)
}

/// What the patient does.
async fn visit(patient: &Patient) -> Outcome<()> {
    let offer = patient.says("Oi, quero marcar uma consulta").await?;
    let row = "/interactive/action/sections/0/rows/1";
    let (id, title) = (
        words(&offer, &format!("{row}/id")),
        words(&offer, &format!("{row}/title")),
    );
    let chosen = json!({"id": id, "title": title});
    let chosen = json!({"type": "interactive", "interactive": {"type": "list_reply", "list_reply": chosen}});
    patient.does(&format!("[{title}]"), chosen).await?;
    patient.says("Meu nome é Ana Souza").await?;

    println!("           … a day before …");
    let reminder = patient.waits_until("2027-03-02T08:16:00-03:00").await?;
    let parts = list(&reminder, "/template/components");
    let mut payloads = parts.map(|part| words(part, "/parameters/0/payload"));
    let confirm = payloads
        .rfind(|payload| payload.ends_with(":confirm"))
        .ok_or("no button to confirm")?;
    let pressed = json!({"type": "button", "button": {"payload": confirm, "text": "Confirmar"}});
    patient.does("[Confirmar]", pressed).await?;
    patient.says("Quero falar com uma pessoa, por favor").await?;
    Ok(())
}

struct Patient {
    clock: ManualClock,
    meta: FakeGraph,
    whatsapp: WhatsApp,
}

impl Patient {
    async fn says(&self, text: &str) -> Outcome<Value> {
        let message = json!({"type": "text", "text": {"body": text}});
        self.does(text, message).await
    }

    /// Meta posts what the patient did; what comes back.
    async fn does(&self, shown: &str, message: Value) -> Outcome<Value> {
        println!("{}  patient  {shown}", self.time());
        let before = self.came().len();
        let id = format!("wamid.{}", self.clock.now());
        let webhooks = Webhooks::new().message(NUMBER, PATIENT, &id, self.clock.now(), message);
        let posted = webhooks.signed(&SECRET.into());
        self.whatsapp
            .intake()
            .receive(&posted.body, Some(&posted.signature))
            .await?;
        self.next(before).await
    }

    /// One jump, not many: work that is under way when time jumps loses its lease and is done again.
    async fn waits_until(&self, time: &str) -> Outcome<Value> {
        let before = self.came().len();
        let wait = Timestamp::parse(time)?.since(self.clock.now());
        self.clock.advance(wait);
        self.next(before).await
    }

    /// The next message of the clinic, while time goes on in small steps.
    async fn next(&self, before: usize) -> Outcome<Value> {
        for _ in 0..2_000 {
            if let Some(message) = self.came().into_iter().nth(before) {
                println!("{}  clinic   {}", self.time(), shown(&message));
                return Ok(message);
            }
            self.clock.advance(Duration::from_millis(100));
            SystemClock.sleep(Duration::from_millis(15)).await;
        }
        Err("the clinic does not answer".into())
    }

    /// The messages that Meta took for the patient; marks of reading are not among them.
    fn came(&self) -> Vec<Value> {
        let mut all = self.meta.messages();
        all.retain(|message| message.get("type").is_some());
        all
    }

    fn time(&self) -> String {
        let at = self.clock.now() - 3 * 60 * MINUTE; // São Paulo, without daylight saving time since 2019
        at.to_string().get(5..16).unwrap_or_default().replace('T', " ")
    }
}

/// A message as a phone shows it.
fn shown(message: &Value) -> String {
    let template = words(message, "/template/name");
    if !template.is_empty() {
        let values = list(message, "/template/components/0/parameters");
        let values: Vec<&str> = values.map(|value| words(value, "/text")).collect();
        return format!("template {template} {values:?}");
    }
    let mut lines = vec![
        words(message, "/text/body"),
        words(message, "/interactive/body/text"),
    ];
    let rows = list(message, "/interactive/action/sections/0/rows");
    lines.extend(rows.map(|row| words(row, "/title")));
    lines.retain(|line| !line.is_empty());
    lines.join("\n                      ")
}

fn words<'a>(value: &'a Value, at: &str) -> &'a str {
    value.pointer(at).and_then(Value::as_str).unwrap_or_default()
}

fn list<'a>(value: &'a Value, at: &str) -> impl DoubleEndedIterator<Item = &'a Value> {
    let items = value.pointer(at).and_then(Value::as_array);
    items.into_iter().flatten()
}

/// What the people at the reception find.
async fn report(crm: &Crm, context: &Context) -> Outcome<()> {
    let page = PageRequest::first(10);
    let visits = crm
        .appointments()
        .list(context, &AppointmentFilter::all(), &page)
        .await?;
    for visit in visits.items {
        let client = crm.clients().get(context, visit.client_id).await?;
        println!(
            "appointment  {} {} {}",
            visit.starts_at, client.legal_name, visit.status
        );
    }
    let inbox = crm
        .conversations()
        .list(context, &ConversationFilter::default(), &page)
        .await?;
    for conversation in inbox.items {
        println!(
            "inbox        {:?}, {} unread",
            conversation.assignee, conversation.unread
        );
    }
    Ok(())
}
