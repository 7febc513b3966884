//! Other credentials for a calendar, and an application that Google refuses.

use aurora_core::resilience::{Deadline, RetryPolicy};

use super::clinic::{CALENDAR, Clinic, HOUR, MINUTE};
use crate::appointments::AppointmentStatus;
use crate::channels::google_calendar::event_id::event_id;
use crate::channels::google_calendar::testing::{CLIENT_ID, Fault, Operation};
use crate::channels::google_calendar::{
    GoogleBuilder, GoogleErrorKind, LinkCredentials, LinkState, NewCalendarLink, OAuthApp,
};
use crate::testing::{TestDatabase, each_database};

impl Clinic {
    async fn relink(&self, link: &super::super::CalendarLink, is_read_first: bool) {
        self.clock.advance(MINUTE);
        let relinked = self
            .calendar
            .relink(&self.context, link.id, link.version, self.credentials());
        assert_eq!(relinked.await.unwrap().state, LinkState::Active);
        self.work_in_order(is_read_first).await;
    }
}

async fn another_calendar(db: TestDatabase, is_read_first: bool) {
    let (clinic, link) = Clinic::linked(db.database).await;
    let (one, two) = (clinic.book(9).await, clinic.book(11).await);
    clinic.work().await;
    clinic.sync(&link).await;
    clinic.work().await;
    let before = clinic.fake.events(CALENDAR);
    assert_eq!(before.len(), 2);
    // As `primary` of another account: an empty one.
    clinic.fake.calendar(CALENDAR, chrono_tz::America::Sao_Paulo);
    clinic.relink(&link, is_read_first).await;
    assert_eq!(clinic.fake.events(CALENDAR), before);
    clinic.sync(&link).await;
    assert_eq!(clinic.fake.events(CALENDAR), before);
    for appointment in [&one, &two] {
        let now = clinic.now(appointment).await;
        assert_eq!((now.status, now.version), (AppointmentStatus::Confirmed, 1));
    }
    assert_eq!(clinic.linked_as(&link).await.conflicts, 0);
    // From there on as ever.
    clinic
        .fake
        .move_to(CALENDAR, &before[0].0, clinic.at(15), clinic.at(16));
    clinic.fake.remove(CALENDAR, &before[1].0);
    clinic.sync(&link).await;
    assert_eq!(clinic.now(&one).await.starts_at, clinic.at(15));
    assert_eq!(clinic.now(&two).await.status, AppointmentStatus::Cancelled);
}

#[tokio::test]
async fn another_calendar_that_is_filled_first_calls_nothing_off() {
    each_database(|db| another_calendar(db, false)).await;
}

#[tokio::test]
async fn another_calendar_that_is_read_first_calls_nothing_off() {
    each_database(|db| another_calendar(db, true)).await;
}

async fn the_same_calendar(db: TestDatabase, is_read_first: bool) {
    let (clinic, link) = Clinic::linked(db.database).await;
    let (moved, deleted) = (clinic.book(9).await, clinic.book(11).await);
    let (both, stays) = (clinic.book(13).await, clinic.book(15).await);
    clinic.work().await;
    clinic
        .fake
        .fail_next(Operation::List, Fault::Forbidden("requiredAccessLevel"));
    clinic.sync(&link).await;
    assert_eq!(clinic.linked_as(&link).await.state, LinkState::Refused);
    let (fake, at) = (&clinic.fake, |hour| clinic.at(hour));
    fake.move_to(CALENDAR, &event_id(moved.id.uuid(), 0), at(17), at(18));
    fake.remove(CALENDAR, &event_id(deleted.id.uuid(), 0));
    fake.move_to(CALENDAR, &event_id(both.id.uuid(), 0), at(19), at(20));
    clinic.reschedule(&both, 14).await;
    clinic.work().await;
    clinic.relink(&link, is_read_first).await;
    assert_eq!(clinic.now(&moved).await.starts_at, at(17));
    assert_eq!(clinic.now(&deleted).await.status, AppointmentStatus::Cancelled);
    assert_eq!(clinic.now(&both).await.starts_at, at(14));
    assert_eq!(clinic.now(&stays).await.version, 1);
    assert_eq!(
        clinic.events(),
        [(at(14), at(15)), (at(15), at(16)), (at(17), at(18))]
    );
    assert_eq!(clinic.linked_as(&link).await.conflicts, 1, "moved here and there");
}

#[tokio::test]
async fn what_people_did_while_it_was_refused_counts_when_it_is_filled_first() {
    each_database(|db| the_same_calendar(db, false)).await;
}

#[tokio::test]
async fn what_people_did_while_it_was_refused_counts_when_it_is_read_first() {
    each_database(|db| the_same_calendar(db, true)).await;
}

#[tokio::test]
async fn a_wrong_secret_of_the_application_is_waited_for_and_refuses_no_calendar() {
    each_database(|db| async move {
        let mut clinic = Clinic::new(db.database).await;
        let settings = || -> GoogleBuilder {
            let settings = clinic.fake.settings();
            settings.timeout(MINUTE).retry(RetryPolicy::never())
        };
        let google = settings().build().unwrap();
        let app = OAuthApp::new(CLIENT_ID, "of another", "https://crm.example/google/callback");
        let wrong = settings().app(app.unwrap()).build().unwrap();
        let going = google.authorize_person(None).unwrap();
        let (_, code) = clinic.fake.agree(&going.url).unwrap();
        let refused = wrong.exchange_code(&code, &going.verifier, Deadline::NONE).await;
        assert_eq!(refused.unwrap_err().kind(), GoogleErrorKind::App);
        let given = google.exchange_code(&code, &going.verifier, Deadline::NONE).await;
        let right = std::mem::replace(
            &mut clinic.calendar,
            clinic
                .crm
                .google_calendar(wrong, clinic.sealer.clone())
                .build()
                .unwrap(),
        );
        let new = NewCalendarLink::new(
            clinic.professional,
            CALENDAR,
            LinkCredentials::Person(given.unwrap()),
        );
        let link = clinic.calendar.link(&clinic.context, new).await.unwrap();
        let booked = clinic.book(9).await;
        for _ in 0..3 {
            clinic.work().await;
            clinic.clock.advance(MINUTE);
        }
        let now = clinic.linked_as(&link).await;
        assert_eq!((now.state, now.problem), (LinkState::Active, None));
        assert_eq!(clinic.recorded("calendar_link.refused").await, 0);
        assert_eq!(clinic.fake.count(Operation::Insert), 0);
        // Set right: nothing was lost, and nobody had to connect anything.
        clinic.calendar = right;
        clinic.clock.advance(HOUR);
        clinic.work().await;
        assert_eq!(clinic.events(), [(clinic.at(9), clinic.at(10))]);
        assert!(clinic.linked_as(&link).await.synced_at.is_some());
        // Access that was taken back is another thing.
        clinic.fake.revoke();
        clinic.clock.advance(HOUR);
        clinic.cancel(&booked).await;
        clinic.work().await;
        let now = clinic.linked_as(&link).await;
        assert_eq!(
            (now.state, now.problem.as_deref()),
            (LinkState::Refused, Some("invalid_grant"))
        );
    })
    .await;
}
