//! A clinic whose professional has a calendar at the Google that stands in.

use std::time::Duration;

use aurora_core::access::seal::{LocalKeys, Sealer};
use aurora_core::page::PageRequest;
use aurora_core::resilience::RetryPolicy;
use aurora_core::rng::Random;
use aurora_core::store::outbox::{Delivery, Handler as _, Outcome, Schedule};
use aurora_core::store::{Connection, Database, execute};
use aurora_core::time::{Clock as _, ManualClock, SystemClock, Timestamp};

use crate::appointments::{Actor, Appointment, Booking};
use crate::audit::AuditFilter;
use crate::channels::google_calendar::handle::GoogleCalendar;
use crate::channels::google_calendar::jobs::{Job, QUEUE, Ticket};
use crate::channels::google_calendar::testing::{FakeGoogle, Fault, Operation};
use crate::channels::google_calendar::worker::Jobs;
use crate::channels::google_calendar::{CalendarLink, LinkCredentials, NewCalendarLink};
use crate::clients::{ClientId, NewClient};
use crate::context::Context;
use crate::crm::Crm;
use crate::leads::OwnerId;
use crate::scheduling::{NewProfessional, NewService, ProfessionalId, ServiceChange, ServiceId, busy};
use crate::store::reading;
use crate::workspaces::{NewWorkspace, WorkspaceKind};

pub(super) const CALENDAR: &str = "dra.lima@clinic.example";
pub(super) const ADDRESS: &str = "https://crm.example/google/notifications";
pub(super) const MINUTE: Duration = Duration::from_secs(60);
pub(super) const HOUR: Duration = Duration::from_secs(3_600);
pub(super) const DAY: Duration = Duration::from_secs(24 * 3_600);

pub(super) struct Clinic {
    pub(super) crm: Crm,
    pub(super) calendar: GoogleCalendar,
    pub(super) fake: FakeGoogle,
    pub(super) clock: ManualClock,
    pub(super) context: Context,
    pub(super) professional: ProfessionalId,
    pub(super) service: ServiceId,
    pub(super) client: ClientId,
    pub(super) staff: Actor,
    pub(super) sealer: Sealer,
}

impl Clinic {
    /// With a calendar that exists, and is not linked yet.
    pub(super) async fn new(database: Database) -> Self {
        let clock = ManualClock::default();
        let crm = Crm::builder(database).clock(clock.clone()).build().await.unwrap();
        let fake = FakeGoogle::start(clock.clone()).await.unwrap();
        fake.calendar(CALENDAR, chrono_tz::America::Sao_Paulo);
        // What fails is repeated by the outbox alone, so that nobody has to move time meanwhile.
        let google = fake
            .settings()
            .timeout(MINUTE)
            .retry(RetryPolicy::never())
            .build()
            .unwrap();
        let sealer = Sealer::new(LocalKeys::generate("test").unwrap());
        let calendar = crm
            .google_calendar(google, sealer.clone())
            .address(ADDRESS)
            .random(Random::seeded(7));
        let new = NewWorkspace::new(WorkspaceKind::Clinic, "Clínica");
        let context = Context::new(crm.workspaces().create(new).await.unwrap().id, "test");
        let scheduling = crm.scheduling();
        let professional = NewProfessional::new("Dra. Lima").time_zone("America/Sao_Paulo");
        let professional = scheduling
            .create_professional(&context, professional)
            .await
            .unwrap()
            .id;
        let service = NewService::new("Limpeza", 60).professional(professional);
        let service = scheduling.create_service(&context, service).await.unwrap().id;
        let client = crm
            .clients()
            .create(&context, NewClient::person("Ana Souza"))
            .await
            .unwrap()
            .id;
        Self {
            calendar: calendar.build().unwrap(),
            staff: Actor::Staff(OwnerId::new(clock.now())),
            crm,
            fake,
            clock,
            context,
            professional,
            service,
            client,
            sealer,
        }
    }

    /// With its calendar linked both ways, and everything done that follows from it.
    pub(super) async fn linked(database: Database) -> (Self, CalendarLink) {
        let clinic = Self::new(database).await;
        let link = clinic.link().await;
        clinic.work().await;
        (clinic, link)
    }

    pub(super) fn credentials(&self) -> LinkCredentials {
        LinkCredentials::ServiceAccount {
            key_file: self.fake.key_file(),
            acting_for: None,
        }
    }

    pub(super) async fn link(&self) -> CalendarLink {
        let new = NewCalendarLink::new(self.professional, CALENDAR, self.credentials());
        self.calendar.link(&self.context, new).await.unwrap()
    }

    pub(super) async fn linked_as(&self, link: &CalendarLink) -> CalendarLink {
        self.calendar.get(&self.context, link.id).await.unwrap()
    }

    /// A time of tomorrow.
    pub(super) fn at(&self, hour: u32) -> Timestamp {
        ManualClock::default().now() + DAY + HOUR * hour
    }

    pub(super) async fn book(&self, hour: u32) -> Appointment {
        let booking = Booking::new(
            self.client,
            self.service,
            self.professional,
            self.at(hour),
            self.staff,
        );
        let booked = self
            .crm
            .appointments()
            .book(&self.context, booking.outside_hours())
            .await;
        booked.unwrap()
    }

    pub(super) async fn now(&self, appointment: &Appointment) -> Appointment {
        self.crm
            .appointments()
            .get(&self.context, appointment.id)
            .await
            .unwrap()
    }

    pub(super) async fn claim(&self) -> Vec<Delivery> {
        let outbox = self.crm.store().outbox();
        outbox.claim(QUEUE, 1, 10 * MINUTE).await.unwrap()
    }

    pub(super) async fn settle(&self, delivery: Delivery) {
        let outcome = match Jobs(self.calendar.clone()).handle(&delivery).await {
            Ok(()) => Outcome::Done,
            Err(failed) => Schedule::default().decide(&delivery, failed, &Random::seeded(7)),
        };
        let lost = self
            .crm
            .store()
            .outbox()
            .settle(&[(delivery, outcome)])
            .await
            .unwrap();
        assert!(lost.is_empty());
    }

    /// Does what a worker does until nothing is due; tells how many jobs there were.
    pub(super) async fn work(&self) -> usize {
        for count in 0..500 {
            let mut claimed = self.claim().await;
            let Some(delivery) = claimed.pop() else {
                return count;
            };
            self.settle(delivery).await;
        }
        panic!("there is no end of work");
    }

    /// Has the calendar read, and does what follows.
    pub(super) async fn sync(&self, link: &CalendarLink) {
        self.calendar.sync_soon(&self.context, link.id).await.unwrap();
        self.work().await;
    }

    /// When the professional is busy elsewhere.
    pub(super) async fn busy(&self) -> Vec<(Timestamp, Timestamp)> {
        let range = self.clock.now() - 10 * DAY..self.clock.now() + 300 * DAY;
        let (store, context) = (self.crm.store(), &self.context);
        let times = reading!(store, context, |tx| {
            let mut tx = Connection::from(&mut *tx);
            busy::read(&mut tx, context, self.professional, range).await
        });
        times
            .unwrap()
            .into_iter()
            .map(|time| (time.start, time.end))
            .collect()
    }

    /// What was recorded under these actions.
    pub(super) async fn recorded(&self, action: &str) -> usize {
        let filter = AuditFilter::all().action(action);
        let page = self
            .crm
            .audit()
            .list(&self.context, &filter, &PageRequest::first(200))
            .await;
        page.unwrap().items.len()
    }

    /// Has everything read while all that is due is done: Google gives its list before that, and it arrives after it.
    pub(super) async fn work_while_everything_is_read(&self) {
        let mut others = Vec::new();
        let sync = loop {
            let delivery = self.claim().await.pop().expect("a reading is due");
            match delivery.json::<Ticket>().unwrap().job {
                Job::Sync { .. } => break delivery,
                Job::Push { .. } => others.push(delivery),
                _ => self.settle(delivery).await,
            }
        };
        let lists = self.fake.count(Operation::List);
        self.fake.fail_next(Operation::List, Fault::Slow(MINUTE / 2));
        let meanwhile = async {
            while self.fake.count(Operation::List) == lists {
                SystemClock.sleep(Duration::from_millis(1)).await;
            }
            self.clock.advance(MINUTE / 60);
            for delivery in others {
                self.settle(delivery).await;
            }
            self.work().await;
            self.clock.advance(MINUTE / 2);
        };
        futures::join!(self.settle(sync), meanwhile);
        self.work().await;
    }

    /// Does what a new link needs, with the reading before the writing, or after it.
    pub(super) async fn work_in_order(&self, is_read_first: bool) {
        let mut later = Vec::new();
        while let Some(delivery) = self.claim().await.pop() {
            match delivery.json::<Ticket>().unwrap().job {
                Job::Fill { .. } if is_read_first => later.push(delivery),
                Job::Poll { .. } if !is_read_first => later.push(delivery),
                _ => self.settle(delivery).await,
            }
        }
        for delivery in later {
            self.settle(delivery).await;
        }
        self.work().await;
    }

    /// Writes as the owner of the tables where the next reading goes on; without it everything is read.
    pub(super) async fn go_on_from(owner: &Database, token: Option<&str>) {
        const QUERY: &str = "update calendar_links set sync_token = $1";
        execute!(owner, sqlx::query(QUERY).bind(token)).unwrap();
    }

    /// Somebody else whom the service can be booked with.
    pub(super) async fn colleague(&self) -> ProfessionalId {
        let scheduling = self.crm.scheduling();
        let other = NewProfessional::new("Dr. Souza").time_zone("America/Manaus");
        let other = scheduling
            .create_professional(&self.context, other)
            .await
            .unwrap()
            .id;
        let both = ServiceChange::new().professionals([self.professional, other]);
        scheduling
            .update_service(&self.context, self.service, 1, both)
            .await
            .unwrap();
        other
    }

    /// Writes as the owner of the tables: what a process that has died has not written.
    pub(super) async fn forget_events(owner: &Database) {
        execute!(owner, sqlx::query("delete from calendar_events")).unwrap();
    }
}
