//! The agenda of a small clinic in a SQLite database: a service with its hours, free times, a booking and one that comes too late, a
//! reminder that the patient answers, somebody of the waiting list, and a patient who does not come.
//!
//! ```sh
//! cargo run --example appointments
//! ```
//!
//! It needs no key, no network and no database server. Time is moved by hand, so that a week passes at once.

use std::time::Duration;

use async_trait::async_trait;
use aurora::core::store::Database;
use aurora::core::store::outbox::Failed;
use aurora::core::time::{Clock as _, ManualClock, SystemClock, Timestamp};
use aurora::crm::appointments::{
    Actor, Answer, AppointmentNotice, AppointmentPolicy, AppointmentReminderSink, Booking, NewReminderRule,
    NewWaitingEntry,
};
use aurora::crm::clients::{NewClient, OwnerId};
use aurora::crm::scheduling::{NewProfessional, NewService, SlotQuery, WallTime, Weekday, WorkingHours};
use aurora::crm::workspaces::{NewWorkspace, WorkspaceKind};
use aurora::crm::{Context, Crm, Error};

const HOUR: Duration = Duration::from_secs(3_600);

/// Prints what a client would read on its phone.
#[derive(Debug)]
struct Phone;

#[async_trait]
impl AppointmentReminderSink for Phone {
    async fn send(&self, _: &Context, notice: &AppointmentNotice) -> Result<(), Failed> {
        let buttons: Vec<&str> = notice
            .choices
            .iter()
            .map(|choice| choice.title.as_str())
            .collect();
        println!("message    {}\n           {buttons:?}", notice.text);
        Ok(())
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let clock = ManualClock::at(Timestamp::parse("2027-03-01T07:00:00-03:00")?);
    let database = Database::open(&"sqlite::memory:".into()).await?;
    let crm = Crm::builder(database).clock(clock.clone()).build().await?;
    let clinic = NewWorkspace::new(WorkspaceKind::Clinic, "Clínica Sul");
    let context = Context::new(crm.workspaces().create(clinic).await?.id, "example");
    let (scheduling, appointments) = (crm.scheduling(), crm.appointments());

    let lima = NewProfessional::new("Dra. Lima");
    let lima = scheduling.create_professional(&context, lima).await?;
    let (from, until): (WallTime, WallTime) = ("08:00".parse()?, "12:00".parse()?);
    let week = [Weekday::Mon, Weekday::Wed].map(|day| WorkingHours::new(day, from, until));
    let lima = scheduling
        .set_hours(&context, lima.id, lima.version, week.into())
        .await?;
    let checkup = NewService::new("Consulta", 30)
        .buffers(0, 10)
        .professional(lima.id)
        .confirms_itself();
    let checkup = scheduling.create_service(&context, checkup).await?;
    let policy = AppointmentPolicy {
        cancel_notice_hours: 12,
        no_show_fee: true,
        ..AppointmentPolicy::default()
    };
    appointments.set_policy(&context, policy).await?;
    for minutes in [24 * 60, 2 * 60] {
        appointments
            .add_reminder_rule(&context, NewReminderRule::before(minutes))
            .await?;
    }
    let ana = crm
        .clients()
        .create(&context, NewClient::person("Ana Souza"))
        .await?;
    let bruno = crm
        .clients()
        .create(&context, NewClient::person("Bruno Dias"))
        .await?;

    let next_week = clock.now() + 24 * HOUR;
    let query = SlotQuery::new(checkup.id, next_week, next_week + 7 * 24 * HOUR).most(3);
    let slots = scheduling.free_slots(&context, &query).await?;
    for slot in &slots {
        println!("free       {}", slot.starts_at);
    }
    let slot = *slots.first().ok_or("nothing is free")?;
    let booking = Booking::new(
        ana.id,
        checkup.id,
        slot.professional_id,
        slot.starts_at,
        Actor::Client,
    );
    let visit = appointments.book(&context, booking.clone()).await?;
    println!("booked     {} {}", visit.id, visit.status);
    let late = Booking {
        client: bruno.id,
        ..booking
    };
    if let Err(error) = appointments.book(&context, late).await {
        println!("refused    {error}");
    }
    let wish = NewWaitingEntry::new(bruno.id, checkup.id, next_week..slot.ends_at);
    appointments.wait(&context, wish).await?;

    let worker = appointments.worker(Phone);
    pass(&clock, &worker, (slot.starts_at - 23 * HOUR).since(clock.now())).await?;
    let answered = appointments
        .respond(&context, ana.id, visit.id, Answer::Cancel)
        .await?;
    println!("answered   {answered:?}");
    pass(&clock, &worker, HOUR / 2).await?;
    let offers = appointments.of_client(&context, bruno.id, true).await?;
    let offer = offers.first().ok_or("nothing was offered")?;
    appointments
        .respond(&context, bruno.id, offer.id, Answer::Confirm)
        .await?;
    pass(&clock, &worker, 24 * HOUR).await?;

    let doctor = Actor::Staff(OwnerId::new(clock.now()));
    let visit = appointments.get(&context, offer.id).await?;
    let missed = appointments
        .no_show(&context, visit.id, visit.version, doctor)
        .await?;
    println!("no-show    fee due: {}", missed.fee_due);
    for change in appointments.history(&context, missed.id).await?.iter().rev() {
        println!(
            "history    {} {} by {}",
            change.at,
            change.action,
            change.actor.as_str()
        );
    }
    Ok(())
}

/// Moves time on, half an hour at a time, with the worker at work in between.
async fn pass(
    clock: &ManualClock,
    worker: &aurora::crm::appointments::AppointmentWorker,
    long: Duration,
) -> Result<(), Error> {
    let end = clock.now() + long;
    let worker = worker.worker().build()?;
    let stop = async {
        // In the program of a clinic time passes by itself. Here it jumps, and after each jump it goes on slowly for a moment, so that
        // the worker looks at what is due and has done with it before the next.
        work(clock, 8).await;
        while clock.now() < end {
            clock.advance((HOUR / 2).min(end.since(clock.now())));
            work(clock, 8).await;
        }
        work(clock, 100).await;
    };
    worker.run(stop).await;
    Ok(())
}

async fn work(clock: &ManualClock, moments: u32) {
    for _ in 0..moments {
        SystemClock.sleep(Duration::from_millis(5)).await;
        clock.advance(Duration::from_millis(250));
    }
}
