use aurora_core::store::on_reader;
use aurora_core::time::Clock as _;

use super::{Clinic, DAY, HOUR, code, time};
use crate::appointments::{Actor, AppointmentId, AppointmentPolicy, AppointmentStatus, QuietHours};
use crate::error::ErrorKind;
use crate::leads::tests::{field, kind, wrong};
use crate::testing::each_database;

use AppointmentStatus::{Cancelled, CheckedIn, Completed, Confirmed, InProgress, NoShow, Rejected};

#[tokio::test]
async fn a_visit_goes_its_way_and_every_step_is_written_down() {
    each_database(|db| async move {
        let clinic = Clinic::open(db.database.clone()).await;
        let (appointments, context, person) = (clinic.crm.appointments(), &clinic.context, clinic.person);
        let made = clinic.booked(clinic.surgery("01T10:00")).await;
        let id = made.id;
        appointments.confirm(context, id, 1, person).await.unwrap();
        let known = appointments
            .acknowledge(context, id, 2, Actor::Client)
            .await
            .unwrap();
        assert_eq!(known.acknowledged_at, Some(clinic.clock.now()));
        appointments.check_in(context, id, 3, person).await.unwrap();
        appointments.begin(context, id, 4, person).await.unwrap();
        let done = appointments.complete(context, id, 5, person).await.unwrap();
        assert_eq!((done.status, done.version), (Completed, 6));
        let history = appointments.history(context, id).await.unwrap();
        let actions: Vec<&str> = history
            .iter()
            .rev()
            .map(|change| change.action.as_str())
            .collect();
        let expected = [
            "appointment.booked",
            "appointment.confirmed",
            "appointment.acknowledged",
            "appointment.checked_in",
            "appointment.started",
            "appointment.completed",
        ];
        assert_eq!(actions, expected);
        let told: Vec<String> = on_reader!(db.owner, |pool| {
            sqlx::query_scalar(
                "select type from events where type like 'appointment.%' order by occurred_at, type",
            )
            .fetch_all(pool)
        })
        .unwrap();
        let mut sorted = expected.map(str::to_owned);
        sorted.sort_unstable();
        assert_eq!(told, sorted, "an event for each");
        // it is over: nothing follows
        let over = appointments.cancel(context, id, 6, person, None).await;
        assert_eq!(wrong(over), [field("status", "illegal_transition")]);
        // somebody was faster; there is none
        let stale = appointments
            .cancel(context, id, 5, person, None)
            .await
            .unwrap_err();
        assert_eq!(
            (stale.kind(), stale.current_version()),
            (ErrorKind::Conflict, Some(6))
        );
        let nobody = AppointmentId::new(clinic.clock.now());
        let missing = appointments.cancel(context, nobody, 1, person, None).await;
        assert_eq!(kind(missing), Some(ErrorKind::NotFound));
    })
    .await;
}

#[tokio::test]
async fn of_many_changes_at_once_one_wins() {
    each_database(|db| async move {
        let clinic = Clinic::open(db.database).await;
        let (appointments, context, person) = (clinic.crm.appointments(), &clinic.context, clinic.person);
        let made = clinic.booked(clinic.surgery("02T10:00")).await;
        let all = (0..12).map(|n| async move {
            match n % 3 {
                0 => appointments.confirm(context, made.id, 1, person).await,
                1 => {
                    appointments
                        .reject(context, made.id, 1, person, Some("sem vaga"))
                        .await
                }
                _ => {
                    let at = time("02T14:00");
                    appointments
                        .reschedule(context, made.id, 1, at, None, person)
                        .await
                }
            }
        });
        let all = futures::future::join_all(all).await;
        let won = all.iter().filter(|outcome| outcome.is_ok()).count();
        assert_eq!(won, 1);
        for error in all.into_iter().filter_map(Result::err) {
            assert_eq!(
                (error.kind(), error.current_version()),
                (ErrorKind::Conflict, Some(2))
            );
        }
        let history = appointments.history(context, made.id).await.unwrap();
        assert_eq!(history.len(), 2);
    })
    .await;
}

#[tokio::test]
async fn the_policy_of_the_workspace_binds_clients() {
    each_database(|db| async move {
        let clinic = Clinic::open(db.database).await;
        let (appointments, context) = (clinic.crm.appointments(), &clinic.context);
        let policy = appointments.policy(context).await.unwrap();
        assert_eq!(policy, AppointmentPolicy::default());
        let strict = AppointmentPolicy {
            cancel_notice_hours: 48,
            no_show_fee: true,
            quiet: QuietHours::NONE,
            offer_template: Some("vaga".to_owned()),
            ..policy.clone()
        };
        let strict = appointments.set_policy(context, strict).await.unwrap();
        assert_eq!(
            (strict.version, strict.cancel_notice_hours, strict.no_show_fee),
            (1, 48, true)
        );
        assert_eq!(appointments.policy(context).await.unwrap(), strict);
        let stale = appointments.set_policy(context, policy).await.unwrap_err();
        assert_eq!(
            (stale.kind(), stale.current_version()),
            (ErrorKind::Conflict, Some(1))
        );
        let wild = AppointmentPolicy {
            cancel_notice_hours: 721,
            hold_minutes: 0,
            offer_minutes: 4,
            quiet: QuietHours {
                from: 1_440,
                until: 0,
            },
            offer_template: Some("a\nb".to_owned()),
            ..strict.clone()
        };
        let expected = [
            "cancel_notice_hours",
            "hold_minutes",
            "offer_minutes",
            "quiet.from",
            "offer_template",
        ];
        let told = wrong(appointments.set_policy(context, wild).await);
        assert_eq!(told, expected.map(|name| field(name, "invalid")));

        let plain = AppointmentPolicy {
            offer_template: None,
            ..strict
        };
        let plain = appointments.set_policy(context, plain).await.unwrap();
        assert_eq!((plain.version, plain.offer_template), (2, None));

        let made = clinic.booked(by_person(&clinic)).await;
        let late = appointments
            .cancel(context, made.id, 1, Actor::Client, None)
            .await;
        assert_eq!(wrong(late), [field("starts_at", "too_late")]);
        let later = appointments
            .reschedule(context, made.id, 1, time("09T09:00"), None, Actor::Client)
            .await;
        assert_eq!(code(later), "too_late");
        let early = appointments.no_show(context, made.id, 1, clinic.person).await;
        assert_eq!(code(early), "too_early");
        clinic.clock.advance(2 * DAY);
        let missed = appointments
            .no_show(context, made.id, 1, clinic.person)
            .await
            .unwrap();
        assert_eq!((missed.status, missed.fee_due), (NoShow, true));
        let since = clinic.clock.now() - 30 * DAY;
        assert_eq!(
            appointments.no_shows(context, clinic.ana, since).await.unwrap(),
            1
        );
        assert_eq!(
            appointments.no_shows(context, clinic.bruno, since).await.unwrap(),
            0
        );
        // she came after all
        let person = clinic.person.person().unwrap();
        let empty = appointments
            .correct(context, made.id, 2, Completed, person, " ")
            .await;
        assert_eq!(wrong(empty), [field("reason", "required")]);
        let reason = "chegou por outra porta";
        let right = appointments
            .correct(context, made.id, 2, Completed, person, reason)
            .await
            .unwrap();
        assert_eq!(
            (right.status, right.fee_due, right.version),
            (Completed, false, 3)
        );
        assert_eq!(
            appointments.no_shows(context, clinic.ana, since).await.unwrap(),
            0
        );
        let history = appointments.history(context, made.id).await.unwrap();
        assert_eq!(history[0].reason.as_deref(), Some(reason));
        assert!(!format!("{history:?}").contains(reason));
        let same = appointments
            .correct(context, made.id, 3, Completed, person, reason)
            .await;
        assert_eq!(code(same), "illegal_transition");
    })
    .await;
}

#[tokio::test]
async fn reasons_stay_with_what_was_called_off_and_out_of_the_journal() {
    each_database(|db| async move {
        let clinic = Clinic::open(db.database.clone()).await;
        let (appointments, context) = (clinic.crm.appointments(), &clinic.context);
        let first = clinic.booked(clinic.surgery("02T10:00")).await;
        let why = "viajou com a família";
        let cancelled = appointments
            .cancel(context, first.id, 1, Actor::Client, Some(why))
            .await
            .unwrap();
        assert_eq!(
            (cancelled.status, cancelled.reason.as_deref()),
            (Cancelled, Some(why))
        );
        let second = clinic.booked(clinic.surgery("02T10:00")).await;
        let rejected = appointments
            .reject(context, second.id, 1, clinic.person, Some(why))
            .await
            .unwrap();
        assert_eq!(
            (rejected.status, rejected.reason.as_deref()),
            (Rejected, Some(why))
        );
        let long = appointments
            .cancel(context, second.id, 2, clinic.person, Some(&"x".repeat(501)))
            .await;
        assert_eq!(wrong(long), [field("reason", "too_long")]);
        let leaks = "select (select count(*) from events where data like '%viajou%')
            + (select count(*) from audit_entries where detail like '%viajou%')";
        let leaks: i64 = on_reader!(db.owner, |pool| sqlx::query_scalar(leaks).fetch_one(pool)).unwrap();
        assert_eq!(leaks, 0);
        // what was held, requested or confirmed can be cancelled by its client; what has begun cannot
        let third = clinic.booked(clinic.checkup("01T10:00")).await;
        appointments
            .check_in(context, third.id, 1, clinic.person)
            .await
            .unwrap();
        let denied = appointments
            .cancel(context, third.id, 2, Actor::Client, None)
            .await;
        assert_eq!(wrong(denied), [field("status", "not_allowed")]);
        let begun = appointments
            .begin(context, third.id, 2, clinic.person)
            .await
            .unwrap();
        assert_eq!(begun.status, InProgress);
        let back = appointments
            .transition(context, third.id, 3, CheckedIn, clinic.person, None)
            .await;
        assert_eq!(code(back), "illegal_transition");
        let late = clinic.clock.now() + 30 * HOUR;
        let known = clinic.booked(clinic.checkup("03T10:00")).await;
        clinic.clock.advance(late.since(clinic.clock.now()));
        appointments
            .acknowledge(context, known.id, 1, Actor::Client)
            .await
            .unwrap();
        assert_eq!(clinic.now(&known).await.status, Confirmed);
    })
    .await;
}

/// A minute less than 48 hours from now, and before the clinic opens.
fn by_person(clinic: &Clinic) -> crate::appointments::Booking {
    let mut booking = clinic.checkup("03T06:59").outside_hours();
    booking.actor = clinic.person;
    booking
}
