//! Nobody is in two places: many at once, and a long random course of changes against a plain list.

use std::collections::BTreeMap;
use std::sync::Arc;

use aurora_core::rng::Random;
use aurora_core::store::on_reader;
use aurora_core::time::{Clock as _, Timestamp};
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use super::{Clinic, HOUR, MINUTE, time};
use crate::appointments::{Actor, Appointment, AppointmentFilter, AppointmentId, AppointmentStatus, Booking};
use crate::clients::{ClientId, NewClient};
use crate::error::{Error, ErrorKind};
use crate::testing::{TestDatabase, each_database};

/// Pairs that block the same professional or room at the same time, as the database sees them.
const OVERLAPS: &str = "select count(*) from appointments a join appointments b
    on a.workspace_id = b.workspace_id and a.id < b.id
        and (a.professional_id = b.professional_id or a.room_id = b.room_id)
        and a.blocked_from < b.blocked_until and a.blocked_until > b.blocked_from
    where a.status in ('held', 'requested', 'confirmed', 'checked_in', 'in_progress')
        and b.status in ('held', 'requested', 'confirmed', 'checked_in', 'in_progress')";

fn booking(clinic: &Clinic, random: &Random) -> Booking {
    let pick = |most: u64| random.below(most);
    let at = time("02T08:00") + 10 * MINUTE * u32::try_from(pick(18)).unwrap();
    let service = if pick(2) == 0 {
        clinic.checkup.id
    } else {
        clinic.surgery.id
    };
    let professional = if pick(2) == 0 {
        clinic.lima.id
    } else {
        clinic.reis.id
    };
    let client = if pick(2) == 0 { clinic.ana } else { clinic.bruno };
    Booking::new(client, service, professional, at, Actor::Client)
}

/// Makes every attempt at once, each in a task of its own. Who waits in vain for a connection is told so, and asks again.
async fn all_at_once(clinic: &Clinic, attempts: &[Booking]) -> Vec<Result<Appointment, Error>> {
    let gate = Arc::new(Barrier::new(attempts.len()));
    let mut tasks = JoinSet::new();
    for booking in attempts {
        let (crm, context, booking) = (clinic.crm.clone(), clinic.context.clone(), booking.clone());
        let gate = Arc::clone(&gate);
        tasks.spawn(async move {
            gate.wait().await;
            for _ in 0..100 {
                let answer = crm.appointments().book(&context, booking.clone()).await;
                let is_busy =
                    |error: &Error| matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::Timeout);
                if !answer.as_ref().is_err_and(is_busy) {
                    return answer;
                }
            }
            panic!("the database is busy for ever");
        });
    }
    tasks.join_all().await
}

/// How many were booked; the others were told that the time is taken, and nothing else.
fn count_booked(answers: &[Result<Appointment, Error>]) -> usize {
    let refusals = answers.iter().filter_map(|answer| answer.as_ref().err());
    let told = (ErrorKind::Conflict, Some("slot_taken"));
    let refused = refusals.inspect(|error| assert_eq!((error.kind(), error.code()), told, "{error:?}"));
    answers.len() - refused.count()
}

async fn count(db: &TestDatabase, sql: &'static str) -> i64 {
    on_reader!(db.owner, |pool| sqlx::query_scalar(sql).fetch_one(pool)).unwrap()
}

/// Clients of their own: whoever books for one client takes turns anyway.
async fn clients(clinic: &Clinic, count: usize) -> Vec<ClientId> {
    let mut clients = Vec::new();
    for n in 0..count {
        let new = NewClient::person(format!("P {n}"));
        let made = clinic.crm.clients().create(&clinic.context, new).await;
        clients.push(made.unwrap().id);
    }
    clients
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_a_thousand_attempts_at_once_as_many_are_booked_as_there_are_times() {
    each_database(|db| async move {
        let clinic = Clinic::open(db.database.clone()).await;
        let clients = clients(&clinic, 100).await;
        // 30 minutes and 10 after them, with two professionals: 24 times that do not touch, each wanted by more than forty.
        let (times, people) = (12, [clinic.lima.id, clinic.reis.id]);
        let attempts: Vec<Booking> = (0..1_000_u32)
            .map(|n| {
                let at = time("02T08:00") + 40 * MINUTE * (n % times);
                let place = usize::try_from(n).unwrap();
                let professional = people[place / 12 % 2];
                let client = clients[place % clients.len()];
                Booking::new(client, clinic.checkup.id, professional, at, Actor::Client)
                    .idempotency_key(format!("attempt {n}"))
            })
            .collect();
        let answers = all_at_once(&clinic, &attempts).await;
        assert_eq!((answers.len(), count_booked(&answers)), (1_000, 24));
        assert_eq!(count(&db, "select count(*) from appointments").await, 24);
        assert_eq!(count(&db, OVERLAPS).await, 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn attempts_at_times_that_overlap_leave_no_overlap_and_no_time_that_was_refused_for_nothing() {
    each_database(|db| async move {
        let clinic = Clinic::open(db.database.clone()).await;
        let clients = clients(&clinic, 20).await;
        let random = Random::seeded(7);
        let attempts: Vec<Booking> = (0..200)
            .map(|n| {
                let mut booking = booking(&clinic, &random);
                booking.client = clients[n % clients.len()];
                booking.idempotency_key(format!("attempt {n}"))
            })
            .collect();
        let answers = all_at_once(&clinic, &attempts).await;
        let booked: Vec<Appointment> = answers
            .iter()
            .filter_map(|answer| answer.as_ref().ok().cloned())
            .collect();
        assert_eq!(booked.len(), count_booked(&answers));
        let stored = count(&db, "select count(*) from appointments").await;
        assert_eq!(usize::try_from(stored), Ok(booked.len()));
        assert_eq!(count(&db, OVERLAPS).await, 0);
        for attempt in &attempts {
            let minutes = if attempt.service == clinic.checkup.id {
                40
            } else {
                60
            };
            let until = attempt.starts_at + MINUTE * minutes;
            let is_in_the_way = |other: &Appointment| {
                let shares_rooms = attempt.service == clinic.surgery.id && other.room_id.is_some();
                let is_same = other.professional_id == attempt.professional;
                (is_same || shares_rooms)
                    && other.blocked_from < until
                    && other.blocked_until > attempt.starts_at
            };
            assert!(booked.iter().any(is_in_the_way), "{attempt:?}");
        }
    })
    .await;
}

/// The database refuses by itself, also what does not come through the program.
#[tokio::test]
async fn the_database_itself_refuses_what_overlaps() {
    each_database(|db| async move {
        let clinic = Clinic::open(db.database.clone()).await;
        let made = clinic.booked(clinic.surgery("02T09:00")).await;
        let later = clinic.booked(clinic.surgery("02T11:00")).await;
        let shifted = |column: &str| {
            format!(
                "insert into appointments (workspace_id, id, client_id, service_id, professional_id, room_id, starts_at, ends_at,
                    blocked_from, blocked_until, time_zone, status, fee_due, moves, plan, content_hash, version, created_at, updated_at)
                select workspace_id, $1, client_id, service_id, {column}, starts_at, ends_at, blocked_from, blocked_until,
                    time_zone, 'confirmed', fee_due, moves, plan, content_hash, version, created_at, updated_at
                from appointments where id = $2"
            )
        };
        for (columns, constraint) in [
            ("professional_id, null", "appointments_professional_no_overlap"),
            ("$3, room_id", "appointments_room_no_overlap"),
        ] {
            let id = AppointmentId::new(clinic.clock.now());
            let sql = shifted(columns);
            let query = sqlx::AssertSqlSafe(sql.as_str());
            let with_third = columns.contains("$3");
            let refused = if with_third {
                aurora_core::store::execute!(
                    db.owner,
                    sqlx::query(query).bind(id).bind(made.id).bind(clinic.reis.id)
                )
            } else {
                aurora_core::store::execute!(db.owner, sqlx::query(query).bind(id).bind(made.id))
            };
            assert_eq!(refused.unwrap_err().constraint(), Some(constraint));
        }
        let moved = "update appointments set blocked_from = $1, starts_at = $1 where id = $2";
        let refused = aurora_core::store::execute!(
            db.owner,
            sqlx::query(moved).bind(made.starts_at + HOUR / 2).bind(later.id)
        )
        .unwrap_err();
        assert!(refused.constraint().unwrap().ends_with("_no_overlap"));
    })
    .await;
}

/// What blocks whom and when, as a plain list.
#[derive(Default)]
struct Model(BTreeMap<AppointmentId, Appointment>);

impl Model {
    fn is_free(&self, wanted: &Appointment, but: Option<AppointmentId>) -> bool {
        let collides = |other: &Appointment| {
            other.status.blocks()
                && Some(other.id) != but
                && other.professional_id == wanted.professional_id
                && other.blocked_from < wanted.blocked_until
                && other.blocked_until > wanted.blocked_from
        };
        !self.0.values().any(collides)
    }
}

#[tokio::test]
async fn a_random_course_agrees_with_a_list() {
    each_database(|db| async move {
        let clinic = Clinic::open(db.database.clone()).await;
        let (appointments, context) = (clinic.crm.appointments(), &clinic.context);
        let random = Random::seeded(11);
        let mut model = Model::default();
        let mut refusals = 0;
        for _ in 0..150 {
            let ids: Vec<AppointmentId> = model.0.keys().copied().collect();
            let some =
                (!ids.is_empty()).then(|| ids[usize::try_from(random.below(ids.len() as u64)).unwrap()]);
            let step = random.below(4);
            match (step, some) {
                (2, Some(id)) => {
                    let known = model.0[&id].clone();
                    let outcome = appointments
                        .cancel(context, id, known.version, clinic.person, None)
                        .await;
                    assert_eq!(
                        outcome.is_ok(),
                        known.status.may_become(AppointmentStatus::Cancelled)
                    );
                    if let Ok(after) = outcome {
                        model.0.insert(id, after);
                    }
                }
                (3, Some(id)) => {
                    let known = model.0[&id].clone();
                    let wish = booking(&clinic, &random);
                    let mut wanted = known.clone();
                    let by = |time: Timestamp| wish.starts_at + time.since(known.starts_at);
                    wanted.professional_id = wish.professional;
                    (wanted.blocked_from, wanted.blocked_until) = (wish.starts_at, by(known.blocked_until));
                    let outcome = appointments
                        .reschedule(
                            context,
                            id,
                            known.version,
                            wish.starts_at,
                            Some(wish.professional),
                            clinic.person,
                        )
                        .await;
                    let expected = known.status.may_move() && model.is_free(&wanted, Some(id));
                    assert_eq!(outcome.is_ok(), expected, "{outcome:?}");
                    refusals += usize::from(!expected);
                    if let Ok(after) = outcome {
                        model.0.insert(id, after);
                    }
                }
                _ => {
                    let wish = booking(&clinic, &random);
                    let outcome = clinic.book(wish.clone()).await;
                    let minutes = if wish.service == clinic.checkup.id { 40 } else { 60 };
                    let until = wish.starts_at + MINUTE * minutes;
                    let is_free = model.0.values().all(|other| {
                        !other.status.blocks()
                            || other.professional_id != wish.professional
                            || other.blocked_from >= until
                            || other.blocked_until <= wish.starts_at
                    });
                    assert_eq!(outcome.is_ok(), is_free, "{outcome:?}");
                    refusals += usize::from(!is_free);
                    if let Ok(made) = outcome {
                        model.0.insert(made.id, made);
                    }
                }
            }
        }
        assert!(
            refusals > 10 && model.0.len() > 10,
            "{refusals} {}",
            model.0.len()
        );
        let page = aurora_core::page::PageRequest::first(200);
        let stored = appointments
            .list(context, &AppointmentFilter::all(), &page)
            .await
            .unwrap();
        let stored: BTreeMap<AppointmentId, Appointment> = stored
            .items
            .into_iter()
            .map(|appointment| (appointment.id, appointment))
            .collect();
        assert_eq!(stored, model.0);
    })
    .await;
}
