mod busy;
mod catalogue;
mod checks;
mod free;
mod holidays;
mod hours;
mod isolation;
mod names;
mod oracle;
mod plans;
mod search;
mod zones;

use aurora_core::store::Database;
use aurora_core::time::{ManualClock, Timestamp};
use chrono::{NaiveDate, Weekday};

use super::{
    NewProfessional, NewRoom, NewService, Professional, Room, Scheduling, Service, WallSpan, WallTime,
    WorkingHours,
};
use crate::context::Context;
use crate::crm::Crm;
use crate::workspaces::{NewWorkspace, WorkspaceKind};

pub(super) fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

pub(super) fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

pub(super) fn wall(text: &str) -> WallTime {
    text.parse().unwrap()
}

pub(super) fn span(from: &str, until: &str) -> WallSpan {
    WallSpan {
        from: wall(from),
        until: wall(until),
    }
}

pub(super) fn weekly(weekday: Weekday, from: &str, until: &str) -> WorkingHours {
    WorkingHours::new(weekday, wall(from), wall(until))
}

/// Monday to Friday, 08:00 to 12:00 and 13:00 to 18:00.
pub(super) fn office() -> Vec<WorkingHours> {
    use Weekday::{Fri, Mon, Thu, Tue, Wed};

    let days = [Mon, Tue, Wed, Thu, Fri].into_iter();
    days.flat_map(|day| [weekly(day, "08:00", "12:00"), weekly(day, "13:00", "18:00")])
        .collect()
}

/// A clinic in São Paulo, on Sunday 2026-03-01 at 09:00 there.
pub(super) struct Clinic {
    pub(super) crm: Crm,
    pub(super) context: Context,
    pub(super) clock: ManualClock,
}

impl Clinic {
    pub(super) async fn open(database: Database) -> Self {
        let clock = ManualClock::at(at("2026-03-01T12:00:00Z"));
        let crm = Crm::builder(database).clock(clock.clone()).build().await.unwrap();
        let context = clinic(&crm).await;
        Self { crm, context, clock }
    }

    pub(super) fn scheduling(&self) -> Scheduling {
        self.crm.scheduling()
    }

    /// Works office hours.
    pub(super) async fn professional(&self, name: &str) -> Professional {
        let scheduling = self.scheduling();
        let new = NewProfessional::new(name);
        let made = scheduling.create_professional(&self.context, new).await.unwrap();
        scheduling
            .set_hours(&self.context, made.id, 1, office())
            .await
            .unwrap()
    }

    pub(super) async fn room(&self, name: &str) -> Room {
        let new = NewRoom::new(name);
        self.scheduling().create_room(&self.context, new).await.unwrap()
    }

    pub(super) async fn service(&self, new: NewService) -> Service {
        self.scheduling()
            .create_service(&self.context, new)
            .await
            .unwrap()
    }
}

pub(super) async fn clinic(crm: &Crm) -> Context {
    let new = NewWorkspace::new(WorkspaceKind::Clinic, "Clínica");
    Context::new(crm.workspaces().create(new).await.unwrap().id, "test")
}
