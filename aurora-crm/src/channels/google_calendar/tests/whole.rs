//! Reading everything: what a list does not hold is not deleted for that.

use super::clinic::{CALENDAR, Clinic, DAY, MINUTE};
use crate::appointments::{Appointment, AppointmentStatus};
use crate::channels::google_calendar::event_id::event_id;
use crate::channels::google_calendar::testing::{Fault, Operation};
use crate::testing::each_database;

impl Clinic {
    async fn stand(&self, booked: &[Appointment]) {
        let mut times = Vec::new();
        for appointment in booked {
            let now = self.now(appointment).await;
            assert_eq!(now.status, AppointmentStatus::Confirmed);
            times.push((now.starts_at, now.ends_at));
        }
        assert_eq!(self.events(), times);
    }
}

#[tokio::test]
async fn what_is_written_while_everything_is_read_is_not_taken_for_deleted() {
    each_database(|db| async move {
        // A calendar is linked: it is filled while it is read.
        let clinic = Clinic::new(db.database).await;
        let mut booked = vec![clinic.book(9).await, clinic.book(11).await];
        let link = clinic.link().await;
        clinic.work_while_everything_is_read().await;
        clinic.stand(&booked).await;
        // And booked while everything is read again.
        Clinic::go_on_from(&db.owner, None).await;
        booked.push(clinic.book(13).await);
        clinic.calendar.sync_soon(&clinic.context, link.id).await.unwrap();
        clinic.work_while_everything_is_read().await;
        clinic.stand(&booked).await;
        assert_eq!(clinic.fake.count(Operation::Get), 0);
        clinic.sync(&link).await;
        clinic.stand(&booked).await;
        assert_eq!(clinic.linked_as(&link).await.conflicts, 0);
    })
    .await;
}

#[tokio::test]
async fn only_what_google_says_to_be_deleted_is_called_off() {
    each_database(|db| async move {
        let (clinic, link) = Clinic::linked(db.database).await;
        let (lost, far) = (clinic.book(9).await, clinic.book(11).await);
        let (deleted, gone) = (clinic.book(13).await, clinic.book(15).await);
        clinic.work().await;
        let id = |appointment: &Appointment| event_id(appointment.id.uuid(), 0);
        let read_everything = async || {
            clinic.clock.advance(MINUTE);
            Clinic::go_on_from(&db.owner, None).await;
            clinic.sync(&link).await;
        };
        // Forgotten by Google, out of what is read, and deleted.
        clinic.fake.remove(CALENDAR, &id(&lost));
        clinic.fake.forget_deleted(CALENDAR);
        let (start, end) = (clinic.at(11) + 700 * DAY, clinic.at(12) + 700 * DAY);
        clinic.fake.move_to(CALENDAR, &id(&far), start, end);
        clinic.fake.remove(CALENDAR, &id(&deleted));
        read_everything().await;
        assert_eq!(clinic.now(&deleted).await.status, AppointmentStatus::Cancelled);
        // Nobody books that far ahead: the event is put back to its time.
        clinic.stand(&[lost.clone(), far.clone(), gone.clone()]).await;
        assert_eq!(clinic.now(&far).await.starts_at, far.starts_at);
        assert_eq!(clinic.fake.events(CALENDAR)[0].0, event_id(lost.id.uuid(), 1));
        assert_eq!(clinic.linked_as(&link).await.conflicts, 2);
        // The other way in which Google tells it.
        clinic.fake.remove(CALENDAR, &id(&gone));
        clinic.fake.fail_next(Operation::Get, Fault::Deleted);
        read_everything().await;
        assert_eq!(clinic.now(&gone).await.status, AppointmentStatus::Cancelled);
        clinic.stand(&[lost, far]).await;
        assert_eq!(clinic.linked_as(&link).await.conflicts, 2);
    })
    .await;
}
