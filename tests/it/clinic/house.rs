//! A clinic with a WhatsApp number, an assistant and a doctor whose calendar is at Google. The database is real; Meta and Google
//! stand in as servers on real sockets. Processes can be killed and started again on what they left.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use aurora::core::access::seal::{LocalKeys, Sealer};
use aurora::core::http::Egress;
use aurora::core::page::PageRequest;
use aurora::core::resilience::RetryPolicy;
use aurora::core::store::Database;
use aurora::core::store::outbox::{Outbox, State, Worker};
use aurora::core::time::{Clock as _, ManualClock, SystemClock, Timestamp};
use aurora::crm::appointments::{Appointment, AppointmentFilter, ConversationNotices, NewReminderRule};
use aurora::crm::assistant::AssistantSettings;
use aurora::crm::channels::Messenger;
use aurora::crm::channels::google_calendar::testing::FakeGoogle;
use aurora::crm::channels::google_calendar::{GoogleCalendar, LinkCredentials, NewCalendarLink};
use aurora::crm::channels::whatsapp::graph::WhatsAppClient;
use aurora::crm::channels::whatsapp::testing::{FakeGraph, Posted, Webhooks};
use aurora::crm::channels::whatsapp::{MetaApp, NewNumber, WhatsApp};
use aurora::crm::conversations::{
    ConversationFilter, ConversationSettings, Direction, FirstAssignee, Message,
};
use aurora::crm::scheduling::{NewProfessional, NewService, Tz, Weekday, WorkingHours};
use aurora::crm::workspaces::{NewWorkspace, WorkspaceKind};
use aurora::crm::{Context, Crm};
use aurora::llm::LlmClient;
use serde_json::Value;

pub(super) const NUMBER: &str = "106540352242922";
pub(super) const PATIENT: &str = "5511987654321";
pub(super) const CALENDAR: &str = "dra.lima@clinic.example";
const SECRET: &str = "app secret";
pub(super) const MINUTE: Duration = Duration::from_secs(60);
pub(super) const HOUR: Duration = Duration::from_secs(3_600);

/// What outlives every process: the world outside, the time, the database and the keys.
pub(super) struct World {
    pub(super) clock: ManualClock,
    pub(super) graph: FakeGraph,
    pub(super) google: FakeGoogle,
    database: Database,
    sealer: Sealer,
}

/// One process.
pub(super) struct Process {
    pub(super) crm: Crm,
    pub(super) whatsapp: WhatsApp,
    outbox: Outbox,
    clock: ManualClock,
    workers: Vec<Worker>,
}

impl World {
    pub(super) async fn new(database: Database) -> Self {
        // A Monday, early in the morning in São Paulo.
        let clock = ManualClock::at(Timestamp::parse("2027-03-01T07:00:00-03:00").unwrap());
        let graph = FakeGraph::start_at(clock.clone()).await.unwrap();
        graph.add_number(NUMBER, "token");
        let google = FakeGoogle::start(clock.clone()).await.unwrap();
        google.calendar(CALENDAR, Tz::America__Sao_Paulo);
        Self {
            clock,
            graph,
            google,
            database,
            sealer: Sealer::new(LocalKeys::generate("test").unwrap()),
        }
    }

    /// Starts a process that answers with `llm`.
    pub(super) async fn start(&self, llm: LlmClient) -> Process {
        let crm = Crm::builder(self.database.clone())
            .clock(self.clock.clone())
            .build()
            .await
            .unwrap();
        let client = WhatsAppClient::builder()
            .base(self.graph.base())
            // Meta stands in on this machine, and time goes faster than a slow one answers.
            .egress(Egress::Any)
            .timeout(2 * MINUTE)
            .clock(self.clock.clone())
            .build()
            .unwrap();
        let whatsapp = crm
            .whatsapp(self.sealer.clone())
            .client(client)
            .app(MetaApp::new("main", SECRET, "verify me"))
            .build()
            .unwrap();
        let calendar = self.calendar(&crm);
        let messenger: Arc<dyn Messenger> = Arc::new(whatsapp.messenger());
        let notices = ConversationNotices::new(crm.conversations().clone());
        let workers = vec![
            whatsapp.intake().worker().build().unwrap(),
            crm.assistant(llm).build().worker().build().unwrap(),
            crm.conversations().sender([messenger]).worker().build().unwrap(),
            crm.appointments().worker(notices).worker().build().unwrap(),
            calendar.worker().unwrap(),
        ];
        let outbox = Outbox::builder(self.database.clone())
            .clock(self.clock.clone())
            .open()
            .await
            .unwrap();
        Process {
            crm,
            whatsapp,
            outbox,
            clock: self.clock.clone(),
            workers,
        }
    }

    fn calendar(&self, crm: &Crm) -> GoogleCalendar {
        let google = self
            .google
            .settings()
            .timeout(MINUTE)
            .retry(RetryPolicy::never())
            .build()
            .unwrap();
        crm.google_calendar(google, self.sealer.clone()).build().unwrap()
    }

    /// The clinic: a doctor who sees patients in the mornings and whose calendar is linked, an assistant that answers, and a reminder
    /// a day before.
    pub(super) async fn furnish(&self, process: &Process) -> Context {
        let crm = &process.crm;
        let clinic = NewWorkspace::new(WorkspaceKind::Clinic, "Clínica Sol");
        let context = Context::new(crm.workspaces().create(clinic).await.unwrap().id, "test");
        let number = NewNumber::new(NUMBER, "+55 11 3876-5432", "main", "token");
        process.whatsapp.add(&context, number).await.unwrap();
        let lima = NewProfessional::new("Dra. Lima").time_zone("America/Sao_Paulo");
        let lima = crm
            .scheduling()
            .create_professional(&context, lima)
            .await
            .unwrap();
        let (from, until) = ("08:00".parse().unwrap(), "12:00".parse().unwrap());
        let week = [Weekday::Wed, Weekday::Thu, Weekday::Fri].map(|day| WorkingHours::new(day, from, until));
        crm.scheduling()
            .set_hours(&context, lima.id, lima.version, week.into())
            .await
            .unwrap();
        let service = NewService::new("Consulta", 30)
            .professional(lima.id)
            .confirms_itself();
        crm.scheduling().create_service(&context, service).await.unwrap();
        let rule = NewReminderRule::before(24 * 60).template("lembrete_consulta");
        crm.appointments()
            .add_reminder_rule(&context, rule)
            .await
            .unwrap();
        let settings = ConversationSettings::default().first_assignee(FirstAssignee::Assistant);
        crm.conversations().configure(&context, &settings).await.unwrap();
        let assistant = crm.assistant(super::receptionist("set up")).build();
        assistant
            .configure(&context, 0, &AssistantSettings::new("Sol", "Clínica Sol"))
            .await
            .unwrap();
        let credentials = LinkCredentials::ServiceAccount {
            key_file: self.google.key_file(),
            acting_for: None,
        };
        let link = NewCalendarLink::new(lima.id, CALENDAR, credentials);
        self.calendar(crm).link(&context, link).await.unwrap();
        context
    }

    /// Something that the patient writes; `id` is Meta's name of it.
    pub(super) fn text(&self, id: &str, words: &str) -> Webhooks {
        Webhooks::new().text(NUMBER, PATIENT, id, self.clock.now(), words)
    }

    /// Something that the patient chooses.
    pub(super) fn message(&self, id: &str, message: Value) -> Webhooks {
        Webhooks::new().message(NUMBER, PATIENT, id, self.clock.now(), message)
    }

    /// What Meta tells of each message that it took.
    pub(super) async fn told(&self, process: &Process, context: &Context, state: &str) -> Vec<Webhooks> {
        let history = process.history(context).await;
        let sent = self.sent(0).into_iter();
        let sent = sent.filter_map(|message| message["biz_opaque_callback_data"].as_str().map(str::to_owned));
        sent.map(|ours| {
            let known = history.iter().find(|message| message.id.to_string() == ours);
            let id = known.and_then(|message| message.provider_id.clone());
            // Whoever sent it died before it was told the name; Meta has one all the same.
            let id = id.unwrap_or_else(|| format!("wamid.of.{ours}"));
            Webhooks::new().status(NUMBER, PATIENT, &id, self.clock.now(), state, Some(&ours))
        })
        .collect()
    }

    /// The messages that Meta took for the patient from a place on, the oldest first.
    pub(super) fn sent(&self, from: usize) -> Vec<Value> {
        let all = self.graph.messages();
        let told = all.into_iter().filter(|message| message.get("type").is_some());
        told.skip(from).collect()
    }
}

impl Process {
    /// What Meta posts, each time to be answered with 200.
    pub(super) async fn post(&self, webhooks: &Webhooks) {
        let Posted { body, signature, .. } = webhooks.signed(&SECRET.into());
        self.whatsapp
            .intake()
            .receive(&body, Some(&signature))
            .await
            .unwrap();
    }

    /// Works until nothing is due.
    pub(super) async fn work(&self) {
        let idle = async {
            let mut quiet = 0;
            while quiet < 3 {
                SystemClock.sleep(Duration::from_millis(15)).await;
                // Workers look again after a while by their clock, and nobody else moves it.
                self.clock.advance(Duration::from_millis(100));
                quiet = if self.is_idle().await { quiet + 1 } else { 0 };
            }
        };
        let (stop, stopped) = tokio::sync::watch::channel(false);
        let runs = self.workers.iter().map(|worker| {
            let mut stopped = stopped.clone();
            worker.run(async move {
                if stopped.wait_for(|is_stopped| *is_stopped).await.is_err() {
                    pending::<()>().await;
                }
            })
        });
        let watch = async {
            idle.await;
            stop.send_replace(true);
        };
        let all = async { tokio::join!(futures::future::join_all(runs), watch) };
        tokio::time::timeout(Duration::from_secs(120), all).await.unwrap();
    }

    /// Works, and is killed after `moments` have passed, wherever it is.
    pub(super) async fn die_after(self, moments: Duration) {
        let runs = self.workers.iter().map(|worker| worker.run(pending()));
        let work = futures::future::join_all(runs);
        tokio::time::timeout(moments, work).await.ok();
    }

    /// Whether somebody has, or died with, work in its hands.
    pub(super) async fn is_something_leased(&self) -> bool {
        let counts = self.outbox.counts().await.unwrap();
        counts.iter().any(|count| count.state == State::Leased)
    }

    async fn is_idle(&self) -> bool {
        let now = self.clock.now();
        if self.is_something_leased().await {
            return false;
        }
        for count in self.outbox.counts().await.unwrap() {
            if count.state == State::Ready {
                let page = PageRequest::first(200);
                let page = self
                    .outbox
                    .page(&count.queue, State::Ready, None, &page)
                    .await
                    .unwrap();
                if page.items.iter().any(|message| message.due_at <= now) {
                    return false;
                }
            }
        }
        true
    }

    /// The appointments of the clinic.
    pub(super) async fn appointments(&self, context: &Context) -> Vec<Appointment> {
        let page = PageRequest::first(200);
        let all = self
            .crm
            .appointments()
            .list(context, &AppointmentFilter::all(), &page)
            .await;
        all.unwrap().items
    }

    /// Everything that was said with the patient, the oldest first.
    pub(super) async fn history(&self, context: &Context) -> Vec<Message> {
        let page = PageRequest::first(200);
        let conversations = self.crm.conversations();
        let all = conversations
            .list(context, &ConversationFilter::default(), &page)
            .await
            .unwrap()
            .items;
        assert!(all.len() <= 1, "one patient, one conversation");
        let Some(conversation) = all.first() else {
            return Vec::new();
        };
        let mut messages = conversations
            .messages(context, conversation.id, &page)
            .await
            .unwrap()
            .items;
        messages.sort_by_key(|message| message.position);
        messages
    }

    /// Meta's names of what came in, in the order of arrival.
    pub(super) async fn heard(&self, context: &Context) -> Vec<String> {
        let all = self.history(context).await;
        let heard = all
            .into_iter()
            .filter(|message| message.direction == Direction::In);
        heard.filter_map(|message| message.provider_id).collect()
    }
}
