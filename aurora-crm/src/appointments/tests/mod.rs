mod booking;
mod concurrency;
mod isolation;
mod lists;
mod notices;
mod offers;
mod plan;
mod reminders;
mod schema;
mod states;
mod steps;
mod waiting;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use aurora_core::failure::FailureClass;
use aurora_core::store::Database;
use aurora_core::store::outbox::{DeadReason, Failed, Handler as _, Outcome};
use aurora_core::time::{Clock as _, ManualClock, Timestamp};

use super::{
    Actor, Appointment, AppointmentNotice, AppointmentReminderSink, AppointmentWorker, Booking, NoticeKind,
    QUEUE,
};
use crate::clients::{ClientId, NewClient};
use crate::context::Context;
use crate::crm::Crm;
use crate::error::Error;
use crate::leads::OwnerId;
use crate::scheduling::{
    NewProfessional, NewRoom, NewService, Professional, RoomId, Service, WallTime, Weekday, WorkingHours,
};
use crate::workspaces::{NewWorkspace, WorkspaceKind};

pub(super) const MINUTE: Duration = Duration::from_secs(60);
pub(super) const HOUR: Duration = Duration::from_secs(3_600);
pub(super) const DAY: Duration = Duration::from_secs(24 * 3_600);

/// A clinic on a Monday at 7:00 in São Paulo, open from 8:00 to 18:00 on every day of the week.
pub(super) struct Clinic {
    pub(super) crm: Crm,
    pub(super) context: Context,
    pub(super) clock: ManualClock,
    /// 30 minutes and 10 after it, in no room, confirmed at once.
    pub(super) checkup: Service,
    /// 60 minutes, in a room, agreed to by a person.
    pub(super) surgery: Service,
    pub(super) lima: Professional,
    pub(super) reis: Professional,
    pub(super) rooms: [RoomId; 2],
    pub(super) ana: ClientId,
    pub(super) bruno: ClientId,
    pub(super) person: Actor,
}

pub(super) fn time(text: &str) -> Timestamp {
    Timestamp::parse(&format!("2027-03-{text}:00-03:00")).unwrap()
}

impl Clinic {
    pub(super) async fn open(database: Database) -> Self {
        let clock = ManualClock::at(time("01T07:00"));
        let crm = Crm::builder(database).clock(clock.clone()).build().await.unwrap();
        Self::furnish(crm, clock).await
    }

    /// The same at 8:00, when clients may be written to.
    pub(super) async fn by_day(database: Database) -> Self {
        let clinic = Self::open(database).await;
        clinic.clock.advance(HOUR);
        clinic
    }

    pub(super) async fn furnish(crm: Crm, clock: ManualClock) -> Self {
        let house = NewWorkspace::new(WorkspaceKind::Clinic, "Clínica");
        let context = Context::new(crm.workspaces().create(house).await.unwrap().id, "test");
        let scheduling = crm.scheduling();
        let mut people = Vec::new();
        for name in ["Dra. Lima", "Dr. Reis"] {
            let new = NewProfessional::new(name);
            let made = scheduling.create_professional(&context, new).await.unwrap();
            let week = week("08:00", "18:00");
            let open = scheduling.set_hours(&context, made.id, made.version, week).await;
            people.push(open.unwrap());
        }
        let [lima, reis]: [Professional; 2] = people.try_into().unwrap();
        let mut rooms = Vec::new();
        for name in ["Sala 1", "Sala 2"] {
            rooms.push(
                scheduling
                    .create_room(&context, NewRoom::new(name))
                    .await
                    .unwrap()
                    .id,
            );
        }
        // Rooms are tried in the order of their ids.
        rooms.sort_unstable();
        let rooms: [RoomId; 2] = rooms.try_into().unwrap();
        let checkup = NewService::new("Consulta", 30)
            .buffers(0, 10)
            .granularity_minutes(10)
            .professional(lima.id)
            .professional(reis.id)
            .confirms_itself();
        let surgery = NewService::new("Cirurgia", 60)
            .professional(lima.id)
            .professional(reis.id)
            .room(rooms[0])
            .room(rooms[1]);
        let checkup = scheduling.create_service(&context, checkup).await.unwrap();
        let surgery = scheduling.create_service(&context, surgery).await.unwrap();
        let mut clients = Vec::new();
        for name in ["Ana Souza", "Bruno Dias"] {
            let made = crm.clients().create(&context, NewClient::person(name)).await;
            clients.push(made.unwrap().id);
        }
        let person = Actor::Staff(OwnerId::new(clock.now()));
        Self {
            crm,
            context,
            clock,
            checkup,
            surgery,
            lima,
            reis,
            rooms,
            ana: clients[0],
            bruno: clients[1],
            person,
        }
    }

    /// A checkup of Ana's with Dra. Lima.
    pub(super) fn checkup(&self, at: &str) -> Booking {
        Booking::new(self.ana, self.checkup.id, self.lima.id, time(at), Actor::Client)
    }

    /// A surgery of Ana's with Dra. Lima.
    pub(super) fn surgery(&self, at: &str) -> Booking {
        Booking::new(self.ana, self.surgery.id, self.lima.id, time(at), Actor::Client)
    }

    pub(super) async fn book(&self, booking: Booking) -> Result<Appointment, Error> {
        self.crm.appointments().book(&self.context, booking).await
    }

    pub(super) async fn booked(&self, booking: Booking) -> Appointment {
        self.book(booking).await.unwrap()
    }

    pub(super) async fn now(&self, appointment: &Appointment) -> Appointment {
        self.crm
            .appointments()
            .get(&self.context, appointment.id)
            .await
            .unwrap()
    }

    pub(super) async fn cancelled(&self, appointment: &Appointment) -> Appointment {
        let appointments = self.crm.appointments();
        let version = self.now(appointment).await.version;
        appointments
            .cancel(&self.context, appointment.id, version, self.person, None)
            .await
            .unwrap()
    }

    /// Hands to the worker what is due by now, and what that leads to.
    pub(super) async fn work(&self, worker: &AppointmentWorker) {
        let outbox = self.crm.store().outbox();
        loop {
            let due = outbox.claim(QUEUE, 50, MINUTE).await.unwrap();
            if due.is_empty() {
                return;
            }
            for delivery in due {
                let outcome = match worker.handle(&delivery).await {
                    Ok(()) => Outcome::Done,
                    Err(failed) if failed.class() == FailureClass::Rejected => {
                        Outcome::Dead(DeadReason::Rejected, failed)
                    }
                    Err(failed) => panic!("{failed:?}"),
                };
                // It may be done already, in the transaction of its effect.
                drop(outbox.settle(&[(delivery, outcome)]).await);
            }
        }
    }

    /// Moves time on in steps of ten minutes, with a worker at work.
    pub(super) async fn pass(&self, worker: &AppointmentWorker, long: Duration) {
        let end = self.clock.now() + long;
        while self.clock.now() < end {
            self.clock.advance((10 * MINUTE).min(end.since(self.clock.now())));
            self.work(worker).await;
        }
    }
}

pub(super) fn week(from: &str, until: &str) -> Vec<WorkingHours> {
    let (from, until): (WallTime, WallTime) = (from.parse().unwrap(), until.parse().unwrap());
    let days = [
        Weekday::Mon,
        Weekday::Tue,
        Weekday::Wed,
        Weekday::Thu,
        Weekday::Fri,
        Weekday::Sat,
        Weekday::Sun,
    ];
    days.map(|day| WorkingHours::new(day, from, until)).into()
}

/// Notes what it is told.
#[derive(Debug, Clone, Default)]
pub(super) struct Sink {
    told: Arc<Mutex<Vec<AppointmentNotice>>>,
    /// Who cannot be told anything.
    unreachable: Arc<Mutex<Vec<ClientId>>>,
}

#[async_trait]
impl AppointmentReminderSink for Sink {
    async fn send(&self, context: &Context, notice: &AppointmentNotice) -> Result<(), Failed> {
        assert_eq!(context.principal, "appointments");
        if self
            .unreachable
            .lock()
            .unwrap()
            .contains(&notice.appointment.client_id)
        {
            return Err(Failed::rejected("window_closed"));
        }
        self.told.lock().unwrap().push(notice.clone());
        Ok(())
    }
}

impl Sink {
    /// Who cannot be told anything from now on.
    pub(super) fn set_unreachable(&self, clients: &[ClientId]) {
        *self.unreachable.lock().unwrap() = clients.to_vec();
    }

    /// What was told since the last time.
    pub(super) fn take(&self) -> Vec<AppointmentNotice> {
        std::mem::take(&mut *self.told.lock().unwrap())
    }

    pub(super) fn kinds(&self) -> Vec<(NoticeKind, Appointment)> {
        let notices = self.take();
        notices
            .into_iter()
            .map(|notice| (notice.kind, notice.appointment))
            .collect()
    }
}

pub(super) fn code<T: std::fmt::Debug>(outcome: Result<T, Error>) -> &'static str {
    let error = outcome.unwrap_err();
    error.code().unwrap_or_else(|| panic!("{error}: {error:?}"))
}
