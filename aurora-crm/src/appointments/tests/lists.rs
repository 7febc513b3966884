use aurora_core::page::PageRequest;
use aurora_core::store::on_reader;
use chrono::NaiveDate;

use super::{Clinic, time};
use crate::analytics::Period;
use crate::appointments::{AppointmentFilter, AppointmentStatus, NewWaitingEntry};
use crate::clients::{MergeChoices, NewClient};
use crate::error::ErrorKind;
use crate::leads::tests::{kind, wrong};
use crate::testing::each_database;

#[tokio::test]
async fn figures_count_what_begins_in_the_period_by_its_status() {
    each_database(|db| async move {
        let clinic = Clinic::open(db.database).await;
        let (analytics, context) = (clinic.crm.analytics(), &clinic.context);
        let first = clinic.booked(clinic.checkup("02T08:00")).await;
        clinic.booked(clinic.checkup("02T10:00")).await;
        clinic.booked(clinic.surgery("02T12:00")).await;
        clinic.booked(clinic.checkup("03T08:00")).await;
        clinic.cancelled(&first).await;
        let day = Period::new(time("02T00:00"), time("03T00:00")).unwrap();
        let found = analytics.appointments(context, day).await.unwrap();
        let of = |status| found.in_status(status);
        assert_eq!(found.total, 3);
        assert_eq!(of(AppointmentStatus::Cancelled), 1);
        assert_eq!(of(AppointmentStatus::Confirmed), 1);
        assert_eq!(of(AppointmentStatus::Requested), 1);
        assert_eq!(
            (of(AppointmentStatus::NoShow), found.no_show_rate()),
            (0, None),
            "nothing is over"
        );
        let edge = Period::new(time("03T08:00"), time("03T08:01")).unwrap();
        assert_eq!(analytics.appointments(context, edge).await.unwrap().total, 1);
        let before = Period::new(time("03T07:00"), time("03T08:00")).unwrap();
        assert_eq!(analytics.appointments(context, before).await.unwrap().total, 0);
    })
    .await;
}

#[tokio::test]
async fn pages_hold_what_fits_once_and_in_order() {
    each_database(|db| async move {
        let clinic = Clinic::open(db.database).await;
        let (appointments, context) = (clinic.crm.appointments(), &clinic.context);
        let mut all = Vec::new();
        for day in 2..6 {
            for (n, hour) in [8, 10, 12].into_iter().enumerate() {
                let at = format!("{day:02}T{hour:02}:00");
                let mut booking = if n == 1 {
                    clinic.surgery(&at)
                } else {
                    clinic.checkup(&at)
                };
                if n == 2 {
                    (booking.client, booking.professional) = (clinic.bruno, clinic.reis.id);
                }
                all.push(clinic.booked(booking).await);
            }
        }
        all[0] = clinic.cancelled(&all[0]).await;
        let page = async |filter: &AppointmentFilter| {
            let mut found = Vec::new();
            let mut request = PageRequest::first(5);
            loop {
                let page = appointments.list(context, filter, &request).await.unwrap();
                found.extend(page.items);
                match page.next {
                    Some(next) => request = PageRequest::first(5).after(next),
                    None => return found,
                }
            }
        };
        let none = AppointmentFilter::all;
        assert_eq!(page(&none()).await, all);
        let day = time("03T00:00")..time("04T00:00");
        type Test<'a> = &'a (dyn Fn(&crate::appointments::Appointment) -> bool + Sync);
        let checks: [(AppointmentFilter, Test<'_>); 8] = [
            (none().professional(clinic.reis.id), &|it| {
                it.professional_id == clinic.reis.id
            }),
            (none().client(clinic.ana), &|it| it.client_id == clinic.ana),
            (none().room(clinic.rooms[0]), &|it| {
                it.room_id == Some(clinic.rooms[0])
            }),
            (none().service(clinic.surgery.id), &|it| {
                it.service_id == clinic.surgery.id
            }),
            (none().status(AppointmentStatus::Requested), &|it| {
                it.status == AppointmentStatus::Requested
            }),
            (none().blocking(), &|it| it.status.blocks()),
            (none().begins(day.clone()), &|it| day.contains(&it.starts_at)),
            (
                none().client(clinic.ana).service(clinic.checkup.id).blocking(),
                &|it| it.client_id == clinic.ana && it.service_id == clinic.checkup.id && it.status.blocks(),
            ),
        ];
        for (filter, fits) in &checks {
            let expected: Vec<_> = all.iter().filter(|it| fits(it)).cloned().collect();
            assert!(!expected.is_empty() && expected.len() < all.len());
            assert_eq!(page(filter).await, expected, "{filter:?}");
        }
        let first = appointments
            .list(context, &none(), &PageRequest::first(1))
            .await
            .unwrap();
        let foreign = PageRequest::first(5).after(first.next.unwrap());
        let refused = appointments.list(context, &none().blocking(), &foreign).await;
        assert_eq!(wrong(refused)[0].0, "cursor");

        let agenda = appointments.day(
            context,
            clinic.lima.id,
            NaiveDate::from_ymd_opt(2027, 3, 2).unwrap(),
        );
        assert_eq!(
            agenda.await.unwrap(),
            [all[1].clone()],
            "without what was cancelled"
        );
        let upcoming = appointments.of_client(context, clinic.ana, true).await.unwrap();
        assert_eq!(upcoming.len(), 7);
        assert_eq!(upcoming[0], all[1]);
        let latest = appointments.of_client(context, clinic.ana, false).await.unwrap();
        assert_eq!((latest.len(), &latest[7]), (8, &all[0]));
    })
    .await;
}

#[tokio::test]
async fn pages_come_from_an_index() {
    each_database(|db| async move {
        if db.owner.engine_name() != "sqlite" {
            return;
        }
        let lists = [
            "BY_START",
            "OF_PROFESSIONAL",
            "OF_ROOM",
            "OF_CLIENT",
            "UPCOMING",
            "LATEST",
            "RUN_OUT",
            "UNANSWERED",
            "RUN_OUT_WITHIN",
            "BUSY_PROFESSIONAL",
            "CANDIDATES",
        ];
        let statements = crate::appointments::STATEMENTS;
        let all = statements.iter().flat_map(|(_, statements)| statements.iter());
        let mut seen = 0;
        for (name, sql) in all.filter(|(name, _)| lists.contains(name)) {
            let explain = sqlx::AssertSqlSafe(format!("explain query plan {sql}"));
            let plan: Vec<(i64, i64, i64, String)> =
                on_reader!(db.owner, |pool| sqlx::query_as(explain).fetch_all(pool)).unwrap();
            let plan: Vec<&str> = plan.iter().map(|row| row.3.as_str()).collect();
            assert!(
                plan.iter()
                    .all(|step| !step.starts_with("SCAN appointments") && !step.starts_with("SCAN waiting")),
                "{name}: {plan:?}"
            );
            let sorts = plan.iter().any(|step| step.contains("TEMP B-TREE FOR ORDER BY"));
            assert!(
                !sorts || matches!(*name, "UPCOMING" | "LATEST" | "RUN_OUT_WITHIN"),
                "{name}: {plan:?}"
            );
            seen += 1;
        }
        assert_eq!(seen, lists.len());
    })
    .await;
}

#[tokio::test]
async fn a_merge_takes_appointments_and_wishes_along() {
    each_database(|db| async move {
        let clinic = Clinic::open(db.database).await;
        let (appointments, context) = (clinic.crm.appointments(), &clinic.context);
        let mine = clinic
            .booked(clinic.checkup("02T09:00").idempotency_key("k"))
            .await;
        let new = NewWaitingEntry::new(clinic.ana, clinic.checkup.id, time("02T00:00")..time("09T00:00"));
        let wish = appointments.wait(context, new).await.unwrap();
        let clients = clinic.crm.clients();
        let choices = MergeChoices::new();
        clients
            .merge(context, (clinic.bruno, 1), (clinic.ana, 1), &choices)
            .await
            .unwrap();
        assert_eq!(clinic.now(&mine).await.client_id, clinic.bruno);
        assert_eq!(
            appointments
                .waiting_entry(context, wish.id)
                .await
                .unwrap()
                .client_id,
            clinic.bruno
        );
        // the old id still finds them, and books for who stays
        for client in [clinic.ana, clinic.bruno] {
            assert_eq!(
                appointments.get_of(context, client, mine.id).await.unwrap().id,
                mine.id
            );
            assert_eq!(
                appointments.of_client(context, client, true).await.unwrap().len(),
                1
            );
        }
        let again = clinic
            .booked(clinic.checkup("02T09:00").idempotency_key("k"))
            .await;
        assert_eq!(again.id, mine.id);
        assert_eq!(
            clinic.booked(clinic.checkup("02T10:00")).await.client_id,
            clinic.bruno
        );
        let other = clients.create(context, NewClient::person("Outra")).await.unwrap();
        let theirs = appointments.get_of(context, other.id, mine.id).await;
        assert_eq!(kind(theirs), Some(ErrorKind::NotFound));
    })
    .await;
}
