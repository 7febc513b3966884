//! What it costs to find free times: 20 professionals, 20 rooms, thousands of appointments, 4 weeks, on a SQLite file.
//!
//! `AURORA_BENCH_APPOINTMENTS` says how many appointments there are: 3,000 unless told. Half of them lie in the 4 weeks that
//! are searched.
//!
//! `first` asks for the first 10 times, `per_day` for the first of each day, `dense` for 500 times of everybody, `one` for one
//! professional, and `nothing` for a part of the day in which nobody works, so that all of the time is looked at.
//!
//! ```sh
//! cargo bench --bench slots
//! ```
#![expect(clippy::unwrap_used, reason = "a benchmark that fails has nothing to measure")]
#![expect(
    clippy::disallowed_methods,
    reason = "how much to measure is no setting of an application"
)]

use std::hint::black_box;
use std::time::Duration;

use aurora::core::store::{Database, Durability};
use aurora::core::time::{ManualClock, Timestamp};
use aurora::crm::appointments::{Actor, Booking};
use aurora::crm::clients::NewClient;
use aurora::crm::scheduling::{
    NewProfessional, NewRoom, NewService, PartOfDay, ProfessionalId, ServiceId, SlotQuery, Spread, Weekday,
    WorkingHours,
};
use aurora::crm::workspaces::{NewWorkspace, WorkspaceKind};
use aurora::crm::{Context, Crm};
use criterion::{Criterion, criterion_group, criterion_main};
use tokio::runtime::Runtime;

const WEEK: Duration = Duration::from_secs(7 * 24 * 3_600);
const PEOPLE: usize = 20;

struct House {
    crm: Crm,
    context: Context,
    service: ServiceId,
    people: Vec<ProfessionalId>,
    from: Timestamp,
}

impl House {
    async fn open(folder: &tempfile::TempDir) -> Self {
        let from = Timestamp::parse("2026-03-01T03:00:00Z").unwrap();
        let url = format!("sqlite://{}/slots.db", folder.path().display());
        let database = Database::builder(url)
            .durability(Durability::Process)
            .open()
            .await
            .unwrap();
        let crm = Crm::builder(database)
            .clock(ManualClock::at(from))
            .build()
            .await
            .unwrap();
        let new = NewWorkspace::new(WorkspaceKind::Clinic, "Bench");
        let context = Context::new(crm.workspaces().create(new).await.unwrap().id, "bench");
        let scheduling = crm.scheduling();
        let mut new = NewService::new("Consulta", 30).buffers(0, 10).confirms_itself();
        let mut people = Vec::new();
        for number in 0..PEOPLE {
            let person = NewProfessional::new(format!("Professional {number}"));
            let person = scheduling.create_professional(&context, person).await.unwrap();
            scheduling
                .set_hours(&context, person.id, 1, week())
                .await
                .unwrap();
            new = new.professional(person.id);
            people.push(person.id);
        }
        // as many rooms as people, so that rooms are looked for and found
        for number in 0..PEOPLE {
            let room = NewRoom::new(format!("Room {number}"));
            new = new.room(scheduling.create_room(&context, room).await.unwrap().id);
        }
        let service = scheduling.create_service(&context, new).await.unwrap().id;
        Self {
            crm,
            context,
            service,
            people,
            from,
        }
    }

    /// Books what is free, spread over 8 weeks.
    async fn fill(&self, count: usize) {
        let client = self
            .crm
            .clients()
            .create(&self.context, NewClient::person("Ana"))
            .await
            .unwrap()
            .id;
        let mut booked = 0;
        for week in (0_u32..8).cycle().take(64) {
            let from = self.from + WEEK * week;
            let query = SlotQuery::new(self.service, from, from + WEEK)
                .spread(Spread::PerPart(20))
                .most(500);
            let slots = self
                .crm
                .scheduling()
                .free_slots(&self.context, &query)
                .await
                .unwrap();
            for slot in slots {
                if booked == count {
                    return;
                }
                let actor = Actor::Client;
                let booking = Booking::new(client, self.service, slot.professional_id, slot.starts_at, actor);
                match self.crm.appointments().book(&self.context, booking).await {
                    Ok(_) => booked += 1,
                    // two that were offered can overlap
                    Err(error) => assert_eq!(error.code(), Some("slot_taken"), "{error}"),
                }
            }
        }
    }

    fn query(&self) -> SlotQuery {
        SlotQuery::new(self.service, self.from, self.from + WEEK * 4)
    }
}

fn week() -> Vec<WorkingHours> {
    use Weekday::{Fri, Mon, Thu, Tue, Wed};

    let wall = |text: &str| text.parse().unwrap();
    let days = [Mon, Tue, Wed, Thu, Fri].into_iter();
    days.flat_map(|day| {
        [("08:00", "12:00"), ("13:00", "18:00")]
            .map(|(from, until)| WorkingHours::new(day, wall(from), wall(until)))
    })
    .collect()
}

fn slots(criterion: &mut Criterion) {
    let count = std::env::var("AURORA_BENCH_APPOINTMENTS").map_or(3_000, |text| text.parse().unwrap());
    let runtime = Runtime::new().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let house = runtime.block_on(async {
        let house = House::open(&folder).await;
        house.fill(count).await;
        house
    });
    let one = *house.people.first().unwrap();
    for (name, query) in [
        ("first", house.query().most(10)),
        ("per_day", house.query().spread(Spread::PerDay(1)).most(500)),
        ("dense", house.query().each_professional().most(500)),
        ("one", house.query().professional(one).most(500)),
        ("nothing", house.query().part_of_day(PartOfDay::Evening)),
    ] {
        criterion.bench_function(&format!("slots/sqlite/{name}"), |bencher| {
            bencher.to_async(&runtime).iter(|| async {
                let scheduling = house.crm.scheduling();
                black_box(scheduling.free_slots(&house.context, &query).await.unwrap())
            });
        });
    }
}

criterion_group!(benches, slots);
criterion_main!(benches);
