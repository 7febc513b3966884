use aurora_core::page::PageRequest;

use super::{Clinic, time};
use crate::appointments::{
    Answer, AppointmentFilter, AppointmentPolicy, AppointmentStatus, NewReminderRule, NewWaitingEntry,
};
use crate::error::ErrorKind;
use crate::leads::tests::{kind, workspace};
use crate::testing::each_database;

/// Sweeps every call with the ids of another workspace.
#[tokio::test]
async fn another_workspace_finds_nothing() {
    each_database(|db| async move {
        let clinic = Clinic::open(db.database).await;
        let (appointments, mine) = (clinic.crm.appointments(), &clinic.context);
        let theirs = &workspace(&clinic.crm).await;
        let not_found = Some(ErrorKind::NotFound);
        let made = clinic
            .booked(clinic.checkup("02T09:00").idempotency_key("k"))
            .await;
        let rule = appointments
            .add_reminder_rule(mine, NewReminderRule::before(60))
            .await
            .unwrap();
        let wish = NewWaitingEntry::new(clinic.ana, clinic.checkup.id, time("02T00:00")..time("09T00:00"));
        let entry = appointments.wait(mine, wish.clone()).await.unwrap();
        let policy = AppointmentPolicy {
            no_show_fee: true,
            ..AppointmentPolicy::default()
        };
        appointments.set_policy(mine, policy).await.unwrap();
        let (id, person) = (made.id, clinic.person);

        let same = clinic.checkup("02T09:00").idempotency_key("k");
        assert_eq!(kind(appointments.book(theirs, same).await), not_found);
        assert_eq!(kind(appointments.get(theirs, id).await), not_found);
        assert_eq!(kind(appointments.get_of(theirs, clinic.ana, id).await), not_found);
        assert_eq!(kind(appointments.history(theirs, id).await), not_found);
        for to in AppointmentStatus::ALL {
            let outcome = appointments.transition(theirs, id, 1, to, person, None).await;
            assert_eq!(kind(outcome), not_found);
        }
        let at = time("02T11:00");
        assert_eq!(
            kind(appointments.reschedule(theirs, id, 1, at, None, person).await),
            not_found
        );
        assert_eq!(
            kind(appointments.acknowledge(theirs, id, 1, person).await),
            not_found
        );
        assert_eq!(kind(appointments.take(theirs, id, 1).await), not_found);
        let (to, who) = (AppointmentStatus::Completed, person.person().unwrap());
        assert_eq!(
            kind(appointments.correct(theirs, id, 1, to, who, "engano").await),
            not_found
        );
        let answer = appointments.respond(theirs, clinic.ana, id, Answer::Cancel).await;
        assert_eq!(kind(answer), not_found);
        let page = PageRequest::default();
        let listed = appointments
            .list(theirs, &AppointmentFilter::all().client(clinic.ana), &page)
            .await;
        assert_eq!(listed.unwrap().items, []);
        let listed = appointments.list(theirs, &AppointmentFilter::all(), &page).await;
        assert_eq!(listed.unwrap().items, []);
        let day = chrono::NaiveDate::from_ymd_opt(2027, 3, 2).unwrap();
        assert_eq!(
            kind(appointments.day(theirs, clinic.lima.id, day).await),
            not_found
        );
        assert_eq!(
            appointments.of_client(theirs, clinic.ana, true).await.unwrap(),
            []
        );
        assert_eq!(
            appointments.of_client(theirs, clinic.ana, false).await.unwrap(),
            []
        );
        assert_eq!(
            appointments
                .no_shows(theirs, clinic.ana, time("01T00:00"))
                .await
                .unwrap(),
            0
        );
        assert_eq!(
            appointments.policy(theirs).await.unwrap(),
            AppointmentPolicy::default()
        );
        assert_eq!(appointments.reminder_rules(theirs).await.unwrap(), []);
        assert_eq!(
            kind(appointments.remove_reminder_rule(theirs, rule.id).await),
            not_found
        );
        let foreign = NewReminderRule::before(60).service(clinic.checkup.id);
        assert_eq!(
            kind(appointments.add_reminder_rule(theirs, foreign).await),
            not_found
        );
        assert_eq!(kind(appointments.wait(theirs, wish).await), not_found);
        assert_eq!(
            kind(appointments.waiting_entry(theirs, entry.id).await),
            not_found
        );
        assert_eq!(appointments.waiting(theirs, None).await.unwrap(), []);
        assert_eq!(
            kind(appointments.stop_waiting(theirs, entry.id, 1).await),
            not_found
        );
        assert_eq!(appointments.expire_due(theirs).await.unwrap(), 0);

        assert_eq!(clinic.now(&made).await, made);
        assert_eq!(appointments.reminder_rules(mine).await.unwrap(), [rule]);
        assert_eq!(appointments.waiting(mine, None).await.unwrap(), [entry]);
    })
    .await;
}
