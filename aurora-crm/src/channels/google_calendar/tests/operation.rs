//! Replicas, tenants, and the end of a link.

use aurora_core::page::PageRequest;
use aurora_core::store::on_reader;

use super::clinic::{CALENDAR, Clinic, DAY};
use crate::channels::google_calendar::testing::{Fault, Operation};
use crate::channels::google_calendar::{Availability, Direction, LinkState, NewCalendarLink};
use crate::context::Context;
use crate::error::ErrorKind;
use crate::testing::each_database;
use crate::workspaces::{NewWorkspace, WorkspaceKind};

#[tokio::test]
async fn two_replicas_write_each_appointment_once() {
    each_database(|db| async move {
        let (clinic, link) = Clinic::linked(db.database).await;
        let mut booked = Vec::new();
        for hour in 0..12 {
            booked.push(clinic.book(hour * 2).await);
        }
        // Each with claims of its own, as two processes have them.
        let replica = async || {
            let mut jobs = 0;
            while let Some(delivery) = clinic.claim().await.pop() {
                clinic.settle(delivery).await;
                jobs += 1;
            }
            jobs
        };
        let (one, two) = futures::join!(replica(), replica());
        assert!(one + two >= 12, "{one} {two}");
        clinic.work().await;
        assert_eq!(clinic.fake.events(CALENDAR).len(), 12);
        assert_eq!(clinic.fake.count(Operation::Insert), 12);
        clinic.sync(&link).await;
        for appointment in &booked {
            assert_eq!(clinic.now(appointment).await.version, 1);
        }
    })
    .await;
}

#[tokio::test]
async fn a_link_ends_with_its_times_channels_and_credentials() {
    each_database(|db| async move {
        let (clinic, link) = Clinic::linked(db.database.clone()).await;
        let booked = clinic.book(9).await;
        clinic.fake.add(CALENDAR, "x", clinic.at(12), clinic.at(13));
        clinic.sync(&link).await;
        assert_eq!(clinic.busy().await.len(), 1);
        let twice = NewCalendarLink::new(clinic.professional, "other", clinic.credentials());
        let twice = clinic.calendar.link(&clinic.context, twice).await.unwrap_err();
        assert_eq!(twice.existing(), Some(link.id.to_string().as_str()));
        let stored = |column: &'static str| {
            let owner = db.owner.clone();
            async move {
                let query = match column {
                    "credentials" => "select credentials from calendar_links",
                    _ => "select token_hash from calendar_channels",
                };
                let rows: Vec<String> =
                    on_reader!(owner, |pool| sqlx::query_scalar(query).fetch_all(pool)).unwrap();
                rows
            }
        };
        let sealed = stored("credentials").await;
        assert!(sealed[0].starts_with("aurs1.") && !sealed[0].contains("PRIVATE"));
        assert_eq!(stored("channels").await.len(), 1);
        clinic
            .calendar
            .unlink(&clinic.context, link.id, link.version)
            .await
            .unwrap();
        assert_eq!(clinic.busy().await, []);
        clinic.work().await;
        assert!(clinic.fake.channels().is_empty());
        assert_eq!(
            (stored("credentials").await, stored("channels").await),
            (vec![String::new()], vec![])
        );
        assert_eq!(clinic.linked_as(&link).await.state, LinkState::Ended);
        assert_eq!(
            clinic.fake.events(CALENDAR).len(),
            2,
            "what is booked stays for the professional to see"
        );
        // Nothing goes there any more, and late notifications are refused.
        for notification in clinic.fake.notifications() {
            assert_eq!(
                clinic.receive(&notification).await,
                Err(ErrorKind::Unauthenticated)
            );
        }
        let calls = clinic.fake.calls().len();
        let appointments = clinic.crm.appointments();
        appointments
            .cancel(&clinic.context, booked.id, 1, clinic.staff, None)
            .await
            .unwrap();
        clinic.clock.advance(DAY);
        clinic.work().await;
        assert_eq!(clinic.fake.calls().len(), calls);
        // And another can be linked.
        let new = NewCalendarLink::new(clinic.professional, CALENDAR, clinic.credentials())
            .direction(Direction::In);
        clinic.calendar.link(&clinic.context, new).await.unwrap();
        clinic.work().await;
        assert_eq!(
            clinic.busy().await.len(),
            1,
            "what the ended link has written is an appointment's, and not time of others"
        );
    })
    .await;
}

#[tokio::test]
async fn a_link_after_another_takes_over_what_that_has_written() {
    each_database(|db| async move {
        let (clinic, link) = Clinic::linked(db.database).await;
        let (stays, goes) = (clinic.book(9).await, clinic.book(11).await);
        clinic.work().await;
        clinic
            .calendar
            .unlink(&clinic.context, link.id, link.version)
            .await
            .unwrap();
        clinic.work().await;
        let appointments = clinic.crm.appointments();
        appointments
            .cancel(&clinic.context, goes.id, 1, clinic.staff, None)
            .await
            .unwrap();
        let before = clinic.fake.events(CALENDAR);
        assert_eq!(before.len(), 2);
        let again = clinic.link().await;
        clinic.work().await;
        clinic.sync(&again).await;
        assert_eq!(
            clinic.fake.events(CALENDAR),
            before[..1],
            "no second one, and none of what was called off"
        );
        let event = clinic.fake.event(CALENDAR, &before[0].0).unwrap();
        assert_eq!(
            event["extendedProperties"]["private"]["aurora_link"],
            again.id.to_string()
        );
        assert_eq!(
            (clinic.busy().await, clinic.now(&stays).await.version),
            (vec![], 1)
        );
    })
    .await;
}

#[tokio::test]
async fn other_workspaces_see_and_touch_nothing() {
    each_database(|db| async move {
        let (clinic, link) = Clinic::linked(db.database).await;
        let new = NewWorkspace::new(WorkspaceKind::Clinic, "Outra");
        let other = Context::new(clinic.crm.workspaces().create(new).await.unwrap().id, "other");
        let (calendar, all) = (&clinic.calendar, PageRequest::first(10));
        let kinds = [
            calendar
                .get(&other, link.id)
                .await
                .err()
                .map(|error| error.kind()),
            calendar
                .sync_soon(&other, link.id)
                .await
                .err()
                .map(|error| error.kind()),
            calendar
                .unlink(&other, link.id, 1)
                .await
                .err()
                .map(|error| error.kind()),
            calendar
                .relink(&other, link.id, 1, clinic.credentials())
                .await
                .err()
                .map(|error| error.kind()),
            calendar
                .link(
                    &other,
                    NewCalendarLink::new(clinic.professional, CALENDAR, clinic.credentials()),
                )
                .await
                .err()
                .map(|error| error.kind()),
        ];
        assert_eq!(kinds, [Some(ErrorKind::NotFound); 5]);
        assert!(calendar.links(&other, &all).await.unwrap().items.is_empty());
        assert_eq!(
            calendar
                .of_professional(&other, clinic.professional)
                .await
                .unwrap(),
            None
        );
        let range = (clinic.at(9), clinic.at(10));
        let told = calendar
            .availability(&other, clinic.professional, range)
            .await
            .unwrap();
        assert_eq!(told, Availability::Unknown);
        let own = calendar.links(&clinic.context, &all).await.unwrap().items;
        assert_eq!(own, [clinic.linked_as(&link).await]);
        assert!(!format!("{own:?} {calendar:?}").contains("lima"));
    })
    .await;
}

#[tokio::test]
async fn google_is_asked_at_booking_and_our_own_appointments_do_not_count() {
    each_database(|db| async move {
        let (clinic, _) = Clinic::linked(db.database).await;
        clinic.book(9).await;
        clinic.work().await;
        let ask = async |from: u32, to: u32| {
            let range = (clinic.at(from), clinic.at(to));
            let told = clinic
                .calendar
                .availability(&clinic.context, clinic.professional, range);
            told.await.unwrap()
        };
        // Not read yet.
        clinic.fake.add(CALENDAR, "x", clinic.at(12), clinic.at(13));
        assert_eq!(ask(12, 13).await, Availability::Taken);
        assert_eq!(ask(13, 14).await, Availability::Free);
        assert_eq!(ask(9, 10).await, Availability::Free);
        assert_eq!(ask(8, 13).await, Availability::Taken);
        clinic.fake.fail_next(Operation::FreeBusy, Fault::Status(500));
        assert_eq!(ask(13, 14).await, Availability::Unknown);
    })
    .await;
}

#[tokio::test]
async fn a_change_of_the_keys_of_the_system_takes_the_credentials_along() {
    each_database(|db| async move {
        use aurora_core::access::seal::{LocalKeys, Sealer};
        let (clinic, link) = Clinic::linked(db.database).await;
        let sealed = {
            let stored = clinic
                .calendar
                .stored(&clinic.context, link.id)
                .await
                .unwrap()
                .unwrap();
            stored.credentials.parse().unwrap()
        };
        let place = super::super::link::place(clinic.context.workspace, link.id);
        // `Accounts::rewrap` goes by the same place.
        let written = aurora_core::access::seal::Place::new(
            "calendar_links",
            clinic.context.workspace,
            format!("clk_{}", link.id.uuid().as_simple()),
            "credentials",
        );
        let opened = clinic.sealer.open_text(&written, &sealed).await.unwrap();
        assert!(opened.matches(clinic.sealer.open_text(&place, &sealed).await.unwrap().expose()));
        let other = Sealer::new(LocalKeys::generate("other").unwrap());
        assert!(other.open_text(&place, &sealed).await.is_err());
    })
    .await;
}
