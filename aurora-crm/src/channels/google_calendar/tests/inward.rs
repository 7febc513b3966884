//! From what people do in their calendar to what it says here.

use super::clinic::{CALENDAR, Clinic, DAY, HOUR};
use crate::appointments::AppointmentStatus;
use crate::channels::google_calendar::event_id::event_id;
use crate::channels::google_calendar::testing::{Fault, Operation};
use crate::testing::each_database;
use aurora_core::time::{Clock as _, Timestamp};

#[tokio::test]
async fn events_of_others_take_time_and_nothing_of_what_they_say_is_kept() {
    each_database(|db| async move {
        let (clinic, link) = Clinic::linked(db.database).await;
        let (fake, at) = (&clinic.fake, |hour| clinic.at(hour));
        let lunch = fake.add(CALENDAR, "Almoço com Maria", at(12), at(13));
        fake.add_free(CALENDAR, "Lembrete", at(8), at(9));
        // Of two invitations one is declined.
        for (hour, own, other) in [(14, "declined", "accepted"), (15, "needsAction", "declined")] {
            let invited = fake.add(CALENDAR, "Café", at(hour), at(hour + 1));
            let guests = serde_json::json!([
                {"email": "maria@clinic.example", "responseStatus": other},
                {"email": CALENDAR, "self": true, "responseStatus": own},
            ]);
            fake.edit(CALENDAR, &invited, serde_json::json!({"attendees": guests}));
        }
        fake.add_days(
            CALENDAR,
            "Feriado",
            "2026-01-10".parse().unwrap(),
            "2026-01-11".parse().unwrap(),
        );
        let series = fake.add_series(CALENDAR, "Reunião", (at(17), at(18)), 7, 3);
        clinic.sync(&link).await;
        let day = |text: &str| Timestamp::parse(text).unwrap();
        let holiday = (day("2026-01-10T00:00:00-03:00"), day("2026-01-11T00:00:00-03:00"));
        let weekly = |n: u32| (at(17) + 7 * DAY * n, at(18) + 7 * DAY * n);
        assert_eq!(
            clinic.busy().await,
            [
                (at(12), at(13)),
                (at(15), at(16)),
                weekly(0),
                weekly(1),
                holiday,
                weekly(2)
            ]
        );
        fake.move_to(CALENDAR, &lunch, at(11), at(12));
        fake.remove(CALENDAR, &series[1]);
        fake.edit(
            CALENDAR,
            &series[2],
            serde_json::json!({"transparency": "transparent"}),
        );
        clinic.sync(&link).await;
        assert_eq!(
            clinic.busy().await,
            [(at(11), at(12)), (at(15), at(16)), weekly(0), holiday]
        );
        let lists = fake
            .calls()
            .into_iter()
            .filter(|call| call.operation == Operation::List);
        for call in lists {
            let fields = call.query["fields"].replace("attendees(self,responseStatus)", "");
            assert_eq!(call.query["maxAttendees"], "1");
            assert!(
                !fields.contains("summary")
                    && !fields.contains("description")
                    && !fields.contains("attendees")
            );
        }
        assert!(clinic.linked_as(&link).await.synced_at.is_some());
    })
    .await;
}

#[tokio::test]
async fn an_event_that_is_moved_moves_its_appointment_and_our_own_echo_moves_nothing() {
    each_database(|db| async move {
        let (clinic, link) = Clinic::linked(db.database).await;
        let booked = clinic.book(9).await;
        clinic.work().await;
        clinic.sync(&link).await;
        assert_eq!(clinic.now(&booked).await.version, 1, "an echo");
        let id = event_id(booked.id.uuid(), 0);
        clinic.fake.move_to(CALENDAR, &id, clinic.at(15), clinic.at(16));
        clinic.sync(&link).await;
        let moved = clinic.now(&booked).await;
        assert_eq!((moved.starts_at, moved.version), (clinic.at(15), 2));
        assert_eq!(
            clinic.fake.event(CALENDAR, &id).unwrap()["extendedProperties"]["private"]["aurora_version"],
            "2"
        );
        let writes = clinic.fake.count(Operation::Patch);
        for _ in 0..3 {
            clinic.sync(&link).await;
        }
        assert_eq!(clinic.fake.count(Operation::Patch), writes, "no echo of an echo");
        assert_eq!(clinic.now(&booked).await.version, 2);
        // Moved and made longer: the appointment is as long as it is.
        clinic.fake.move_to(CALENDAR, &id, clinic.at(17), clinic.at(20));
        clinic.sync(&link).await;
        assert_eq!(clinic.now(&booked).await.starts_at, clinic.at(17));
        assert_eq!(
            clinic.fake.events(CALENDAR),
            [(id.clone(), clinic.at(17), clinic.at(18))]
        );
        assert_eq!(clinic.linked_as(&link).await.conflicts, 0);
        // Its colour is nobody's concern.
        clinic
            .fake
            .edit(CALENDAR, &id, serde_json::json!({"colorId": "7"}));
        clinic.sync(&link).await;
        assert_eq!(clinic.now(&booked).await.version, 3);
        assert_eq!(clinic.busy().await, [], "our own events take no time twice");
    })
    .await;
}

#[tokio::test]
async fn what_may_not_be_is_put_back_and_noted() {
    each_database(|db| async move {
        let (clinic, link) = Clinic::linked(db.database).await;
        let (one, two) = (clinic.book(9).await, clinic.book(11).await);
        clinic.work().await;
        let (first, second) = (event_id(one.id.uuid(), 0), event_id(two.id.uuid(), 0));
        let as_booked = [
            (first.clone(), clinic.at(9), clinic.at(10)),
            (second.clone(), clinic.at(11), clinic.at(12)),
        ];
        // Onto another appointment.
        clinic.fake.move_to(CALENDAR, &first, clinic.at(11), clinic.at(12));
        clinic.sync(&link).await;
        assert_eq!(clinic.fake.events(CALENDAR), as_booked);
        assert_eq!(clinic.linked_as(&link).await.conflicts, 1);
        // Into the past, and into a whole day.
        clinic.fake.move_to(CALENDAR, &first, clinic.at(9) - 10 * DAY, clinic.at(10) - 10 * DAY);
        let day = serde_json::json!({"start": {"date": "2026-01-05", "dateTime": null}, "end": {"date": "2026-01-06", "dateTime": null}});
        clinic.fake.edit(CALENDAR, &second, day);
        clinic.sync(&link).await;
        assert_eq!(clinic.fake.events(CALENDAR), as_booked);
        assert_eq!(clinic.linked_as(&link).await.conflicts, 3);
        assert_eq!((clinic.now(&one).await.version, clinic.now(&two).await.version), (1, 1));
        // One that is under way is not called off by deleting it: it stands again.
        clinic.clock.advance(DAY + 9 * HOUR);
        let appointments = clinic.crm.appointments();
        let begun = appointments.begin(&clinic.context, one.id, 1, clinic.staff).await.unwrap();
        clinic.work().await;
        clinic.fake.remove(CALENDAR, &first);
        clinic.sync(&link).await;
        assert_eq!(clinic.now(&one).await.status, AppointmentStatus::InProgress);
        assert_eq!(clinic.fake.events(CALENDAR)[0].0, event_id(one.id.uuid(), 1));
        // What is over may be tidied away.
        appointments.complete(&clinic.context, one.id, begun.version, clinic.staff).await.unwrap();
        clinic.work().await;
        clinic.fake.remove(CALENDAR, &event_id(one.id.uuid(), 1));
        clinic.sync(&link).await;
        assert_eq!(clinic.fake.events(CALENDAR).len(), 1);
        let link = clinic.linked_as(&link).await;
        assert_eq!((link.conflicts, link.conflict_at), (4, Some(clinic.clock.now())));
    })
    .await;
}

#[tokio::test]
async fn an_event_that_is_deleted_calls_its_appointment_off() {
    each_database(|db| async move {
        let (clinic, link) = Clinic::linked(db.database).await;
        let booked = clinic.book(9).await;
        clinic.work().await;
        clinic.fake.remove(CALENDAR, &event_id(booked.id.uuid(), 0));
        let history = async || {
            clinic
                .crm
                .appointments()
                .history(&clinic.context, booked.id)
                .await
                .unwrap()
                .len()
        };
        let token = async || {
            let stored = clinic.calendar.stored(&clinic.context, link.id).await.unwrap();
            stored.unwrap().sync_token
        };
        let before = token().await;
        clinic.sync(&link).await;
        assert_eq!(clinic.now(&booked).await.status, AppointmentStatus::Cancelled);
        assert_eq!(history().await, 2);
        // Read, and dies before it is written where to go on: the same again changes nothing.
        assert_ne!(token().await, before);
        Clinic::go_on_from(&db.owner, before.as_deref()).await;
        clinic.sync(&link).await;
        assert_ne!(token().await, before);
        assert_eq!((history().await, clinic.fake.events(CALENDAR).len()), (2, 0));
        assert_eq!(clinic.linked_as(&link).await.conflicts, 0);
    })
    .await;
}

#[tokio::test]
async fn a_token_that_has_run_out_reads_everything_and_misses_no_deletion() {
    each_database(|db| async move {
        let (clinic, link) = Clinic::linked(db.database).await;
        clinic.fake.page_size(2);
        let (stays, goes) = (clinic.book(9).await, clinic.book(11).await);
        let mut foreign = Vec::new();
        for hour in 12..18 {
            foreign.push(
                clinic
                    .fake
                    .add(CALENDAR, "x", clinic.at(hour), clinic.at(hour + 1)),
            );
        }
        clinic.sync(&link).await;
        assert_eq!(clinic.busy().await.len(), 6);
        for id in &foreign[..2] {
            clinic.fake.remove(CALENDAR, id);
        }
        clinic.fake.remove(CALENDAR, &event_id(goes.id.uuid(), 0));
        clinic.fake.expire_sync_tokens(CALENDAR);
        // In the middle of it Google stumbles: what was known stays until everything is read.
        let before = clinic.fake.count(Operation::List);
        clinic.fake.fail_next(Operation::List, Fault::Status(500));
        clinic
            .fake
            .fail_next(Operation::List, Fault::Forbidden("quotaExceeded"));
        clinic.sync_until_done(&link).await;
        assert!(clinic.fake.count(Operation::List) > before + 3);
        assert_eq!(clinic.busy().await.len(), 4);
        assert_eq!(clinic.now(&goes).await.status, AppointmentStatus::Cancelled);
        assert_eq!(clinic.now(&stays).await.status, AppointmentStatus::Confirmed);
    })
    .await;
}

impl Clinic {
    async fn sync_until_done(&self, link: &super::super::CalendarLink) {
        self.sync(link).await;
        for _ in 0..5 {
            self.clock.advance(HOUR / 60);
            self.work().await;
        }
    }
}
