//! From appointments to events.

use aurora_core::time::Timestamp;

use super::clinic::{CALENDAR, Clinic, DAY, HOUR, MINUTE};
use crate::appointments::{Appointment, AppointmentStatus};
use crate::channels::google_calendar::event_id::event_id;
use crate::channels::google_calendar::testing::{Fault, Operation};
use crate::channels::google_calendar::{LinkState, NewCalendarLink, Titles};
use crate::error::ErrorKind;
use crate::scheduling::ProfessionalId;
use crate::testing::each_database;

fn id(appointment: &Appointment, generation: u32) -> String {
    event_id(appointment.id.uuid(), generation)
}

impl Clinic {
    pub(super) fn events(&self) -> Vec<(Timestamp, Timestamp)> {
        let events = self.fake.events(CALENDAR);
        events.into_iter().map(|(_, start, end)| (start, end)).collect()
    }

    pub(super) async fn reschedule(&self, appointment: &Appointment, hour: u32) -> Appointment {
        let (id, version) = (appointment.id, self.now(appointment).await.version);
        let moved =
            self.crm
                .appointments()
                .reschedule(&self.context, id, version, self.at(hour), None, self.staff);
        moved.await.unwrap()
    }

    async fn hand_over(&self, appointment: &Appointment, hour: u32, to: ProfessionalId) {
        let (id, version) = (appointment.id, self.now(appointment).await.version);
        let appointments = self.crm.appointments();
        let moved = appointments.reschedule(&self.context, id, version, self.at(hour), Some(to), self.staff);
        moved.await.unwrap();
    }

    pub(super) async fn cancel(&self, appointment: &Appointment) {
        let (id, version) = (appointment.id, self.now(appointment).await.version);
        let cancelled = self
            .crm
            .appointments()
            .cancel(&self.context, id, version, self.staff, None);
        cancelled.await.unwrap();
    }
}

#[tokio::test]
async fn an_appointment_is_written_moved_and_deleted_without_telling_who_comes() {
    each_database(|db| async move {
        let (clinic, _) = Clinic::linked(db.database).await;
        let booked = clinic.book(9).await;
        clinic.work().await;
        let event = clinic.fake.event(CALENDAR, &id(&booked, 0)).unwrap();
        assert_eq!(
            (&event["summary"], &event["status"]),
            (&"Agendamento".into(), &"confirmed".into())
        );
        assert_eq!(event["start"]["timeZone"], "America/Sao_Paulo");
        let notes = &event["extendedProperties"]["private"];
        assert_eq!(notes["aurora_appointment_id"], booked.id.to_string());
        assert_eq!(notes["aurora_version"], "1");
        assert!(!event.to_string().contains("Ana"));
        assert_eq!(clinic.events(), [(clinic.at(9), clinic.at(10))]);
        clinic.reschedule(&booked, 14).await;
        clinic.work().await;
        assert_eq!(clinic.events(), [(clinic.at(14), clinic.at(15))]);
        let patches = || {
            clinic
                .fake
                .calls()
                .into_iter()
                .filter(|call| call.operation == Operation::Patch)
        };
        assert!(patches().all(|call| call.if_match.is_some()));
        // Nothing has changed: nothing is written.
        let writes = patches().count();
        let message = super::super::jobs::Ticket::push(clinic.context.workspace, booked.id, "again").unwrap();
        clinic.crm.store().outbox().enqueue(&message).await.unwrap();
        clinic.work().await;
        assert_eq!(patches().count(), writes);
        clinic.cancel(&booked).await;
        clinic.work().await;
        assert_eq!(clinic.events(), []);
        assert_eq!(clinic.fake.count(Operation::Delete), 1);
    })
    .await;
}

#[tokio::test]
async fn an_answer_that_is_lost_and_a_process_that_dies_make_no_second_event() {
    each_database(|db| async move {
        let (clinic, link) = Clinic::linked(db.database).await;
        for fault in [Fault::Lost, Fault::BadJson] {
            clinic.fake.fail_next(Operation::Insert, fault);
        }
        let booked = clinic.book(9).await;
        for _ in 0..4 {
            clinic.work().await;
            clinic.clock.advance(MINUTE);
        }
        assert_eq!(
            clinic.fake.count(Operation::Insert),
            3,
            "those after the first are told that it is there"
        );
        assert_eq!(clinic.fake.count(Operation::Get), 1);
        assert_eq!(clinic.events(), [(clinic.at(9), clinic.at(10))]);
        // Dies after writing to Google and before writing that down; meanwhile the appointment is moved.
        Clinic::forget_events(&db.owner).await;
        clinic.reschedule(&booked, 11).await;
        clinic.work().await;
        assert_eq!(clinic.events(), [(clinic.at(11), clinic.at(12))]);
        // The answer to a change is lost: what comes back is our own, and no conflict.
        clinic.fake.fail_next(Operation::Patch, Fault::Lost);
        clinic.reschedule(&booked, 15).await;
        clinic.work().await;
        clinic.clock.advance(MINUTE);
        clinic.work().await;
        clinic.sync(&link).await;
        assert_eq!(clinic.events(), [(clinic.at(15), clinic.at(16))]);
        assert_eq!(clinic.linked_as(&link).await.conflicts, 0);
        // Deleting: lost, and then gone already.
        clinic.fake.fail_next(Operation::Delete, Fault::Lost);
        clinic.cancel(&booked).await;
        clinic.work().await;
        clinic.clock.advance(MINUTE);
        clinic.work().await;
        assert_eq!(
            (clinic.events(), clinic.fake.count(Operation::Delete)),
            (vec![], 2)
        );
        clinic.sync(&link).await;
        assert_eq!(clinic.now(&booked).await.status, AppointmentStatus::Cancelled);
    })
    .await;
}

#[tokio::test]
async fn an_event_that_was_moved_before_its_answer_came_is_put_back_and_noted() {
    each_database(|db| async move {
        let (clinic, link) = Clinic::linked(db.database).await;
        clinic.fake.fail_next(Operation::Insert, Fault::Lost);
        let booked = clinic.book(9).await;
        clinic.work().await;
        clinic
            .fake
            .move_to(CALENDAR, &id(&booked, 0), clinic.at(15), clinic.at(16));
        clinic.clock.advance(MINUTE);
        clinic.work().await;
        assert_eq!(clinic.events(), [(clinic.at(9), clinic.at(10))]);
        clinic.sync(&link).await;
        assert_eq!(clinic.events(), [(clinic.at(9), clinic.at(10))]);
        let now = clinic.now(&booked).await;
        assert_eq!((now.starts_at, now.version), (clinic.at(9), 1));
        assert_eq!(clinic.linked_as(&link).await.conflicts, 1);
    })
    .await;
}

#[tokio::test]
async fn a_quota_is_waited_out_and_nothing_is_lost() {
    each_database(|db| async move {
        let (clinic, _) = Clinic::linked(db.database).await;
        clinic
            .fake
            .fail_next(Operation::Insert, Fault::TooMany(Some(120)));
        clinic
            .fake
            .fail_next(Operation::Insert, Fault::Forbidden("rateLimitExceeded"));
        clinic.fake.fail_next(Operation::Insert, Fault::Status(503));
        clinic.book(9).await;
        clinic.work().await;
        clinic.clock.advance(2 * MINUTE - MINUTE / 60);
        clinic.work().await;
        assert_eq!(
            clinic.fake.count(Operation::Insert),
            1,
            "not before the time that Google names"
        );
        for _ in 0..5 {
            clinic.clock.advance(MINUTE);
            clinic.work().await;
        }
        assert_eq!(clinic.fake.count(Operation::Insert), 4);
        assert_eq!(clinic.events().len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_revoked_grant_stops_the_link_is_told_once_and_a_new_one_makes_up_for_it() {
    each_database(|db| async move {
        let (clinic, link) = Clinic::linked(db.database).await;
        let kept = clinic.credentials();
        let (off, away, later) = (
            clinic.book(13).await,
            clinic.book(15).await,
            clinic.book(17).await,
        );
        clinic.work().await;
        clinic
            .fake
            .fail_next(Operation::Insert, Fault::Forbidden("requiredAccessLevel"));
        let one = clinic.book(9).await;
        clinic.work().await;
        clinic.book(11).await;
        clinic.cancel(&off).await;
        clinic.hand_over(&away, 15, clinic.colleague().await).await;
        clinic.reschedule(&later, 19).await;
        clinic.sync_is_refused(&link).await;
        let refused = clinic.linked_as(&link).await;
        assert_eq!(
            (refused.state, refused.problem.as_deref()),
            (LinkState::Refused, Some("requiredAccessLevel"))
        );
        clinic.work().await;
        clinic.clock.advance(DAY / 2);
        clinic.work().await;
        assert_eq!(
            clinic.fake.count(Operation::Insert),
            3 + 1,
            "not asked again and again"
        );
        assert_eq!(clinic.recorded("calendar_link.refused").await, 1);
        let stale = clinic
            .calendar
            .relink(&clinic.context, link.id, 7, kept.clone())
            .await;
        assert_eq!(stale.unwrap_err().kind(), ErrorKind::Conflict);
        let again = clinic
            .calendar
            .relink(&clinic.context, link.id, link.version, kept)
            .await
            .unwrap();
        assert_eq!((again.state, again.problem), (LinkState::Active, None));
        clinic.work().await;
        let hour = |hour: u32| (clinic.at(hour), clinic.at(hour + 1));
        assert_eq!(
            clinic.events(),
            [hour(9), hour(11), hour(19)],
            "and not what was called off or handed over"
        );
        assert_eq!(clinic.linked_as(&link).await.conflicts, 0);
        // And for good, when the key is deleted.
        clinic.fake.revoke();
        clinic.clock.advance(HOUR);
        clinic.cancel(&one).await;
        clinic.work().await;
        let refused = clinic.linked_as(&link).await;
        assert_eq!(
            (refused.state, refused.problem.as_deref()),
            (LinkState::Refused, Some("invalid_grant"))
        );
    })
    .await;
}

impl Clinic {
    async fn sync_is_refused(&self, link: &super::super::CalendarLink) {
        let refused = self.calendar.sync_soon(&self.context, link.id).await;
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::NotFound);
    }
}

#[tokio::test]
async fn changed_here_and_there_what_is_booked_here_stands() {
    each_database(|db| async move {
        let (clinic, link) = Clinic::linked(db.database).await;
        let booked = clinic.book(9).await;
        clinic.work().await;
        clinic
            .fake
            .move_to(CALENDAR, &id(&booked, 0), clinic.at(20), clinic.at(21));
        clinic.reschedule(&booked, 14).await;
        clinic.work().await;
        assert_eq!(clinic.events(), [(clinic.at(14), clinic.at(15))]);
        clinic.sync(&link).await;
        let now = clinic.now(&booked).await;
        assert_eq!((now.starts_at, now.version), (clinic.at(14), 2));
        assert_eq!(clinic.linked_as(&link).await.conflicts, 1);
        assert_eq!(clinic.recorded("appointment.calendar_conflict").await, 1);
        // Only its title was changed there: no conflict, and the title is ours again.
        clinic.fake.edit(
            CALENDAR,
            &id(&booked, 0),
            serde_json::json!({"summary": "Ana!", "colorId": "5"}),
        );
        clinic.reschedule(&booked, 16).await;
        clinic.work().await;
        let event = clinic.fake.event(CALENDAR, &id(&booked, 0)).unwrap();
        assert_eq!(
            (&event["summary"], &event["colorId"]),
            (&"Agendamento".into(), &"5".into())
        );
        // Deleted there while it was moved here: it stands again, under another id.
        clinic.fake.remove(CALENDAR, &id(&booked, 0));
        clinic.reschedule(&booked, 18).await;
        clinic.sync(&link).await;
        assert_eq!(clinic.events(), [(clinic.at(18), clinic.at(19))]);
        assert_eq!(clinic.fake.events(CALENDAR)[0].0, id(&booked, 1));
        assert_eq!(clinic.linked_as(&link).await.conflicts, 2);
        assert_eq!(clinic.now(&booked).await.status, AppointmentStatus::Confirmed);
    })
    .await;
}

#[tokio::test]
async fn an_appointment_goes_along_to_another_professional() {
    each_database(|db| async move {
        let (clinic, _) = Clinic::linked(db.database).await;
        let other = clinic.colleague().await;
        clinic.fake.calendar("souza", chrono_tz::America::Manaus);
        let new = NewCalendarLink::new(other, "souza", clinic.credentials()).titles(Titles::Service);
        clinic.calendar.link(&clinic.context, new).await.unwrap();
        let booked = clinic.book(9).await;
        clinic.work().await;
        clinic.hand_over(&booked, 10, other).await;
        clinic.work().await;
        assert_eq!(clinic.events(), []);
        let events = clinic.fake.events("souza");
        assert_eq!((events.len(), events[0].1), (1, clinic.at(10)));
        let event = clinic.fake.event("souza", &id(&booked, 0)).unwrap();
        assert_eq!(event["summary"], "Limpeza");
    })
    .await;
}

#[tokio::test]
async fn what_was_booked_before_the_calendar_was_linked_is_written_too() {
    each_database(|db| async move {
        let clinic = Clinic::new(db.database).await;
        let booked = [clinic.book(9).await, clinic.book(11).await];
        clinic.cancel(&booked[1]).await;
        assert_eq!(clinic.work().await, 0, "nobody has a calendar");
        clinic.link().await;
        clinic.work().await;
        assert_eq!(clinic.events(), [(clinic.at(9), clinic.at(10))]);
        let held = crate::appointments::Booking::new(
            clinic.client,
            clinic.service,
            clinic.professional,
            clinic.at(16),
            clinic.staff,
        );
        let held = held.outside_hours().hold_for(10 * MINUTE);
        clinic
            .crm
            .appointments()
            .book(&clinic.context, held)
            .await
            .unwrap();
        clinic.work().await;
        assert_eq!(
            clinic.events().len(),
            1,
            "what is held for minutes does not stand in a calendar"
        );
    })
    .await;
}
